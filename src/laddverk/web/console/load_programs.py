"""Programs of OpenADR that limit a site: connect one, see what it said and what is wrong, ask it now, let it go."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import LimitFrom, PerPhase, Signal
from laddverk.energy.signals import listening, rules, sealing, service, store
from laddverk.energy.signals.asking import Answer
from laddverk.energy.signals.model import Heard, Setup, Unheard, Vtn, VtnId, Why
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, new_id, shown
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Transaction
from laddverk.web.console import program_words
from laddverk.web.console.circuit_forms import number, per_phase
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import Known, href, known_of, told
from laddverk.web.visit import named

PLACE: Final = "/console/sites/{site_id:str}/load/programs"
SHOWN_MAX: Final = 100  # limits of one program on its page; all are in the list of limits
USUAL: Final = {"every": "60", "silent_after": "15"}
SECONDS: Final = 60


@get(f"{PLACE}/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_program(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The form that connects a program."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    return _form(desk, known, USUAL, {})


@post(f"{PLACE}/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def add_program(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Connect a program."""
    form = await desk.form()
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    vtn_id = VtnId(new_id())
    try:
        setup, secret = _setup(form), _secret(desk, form, vtn_id)
        async with desk.transaction() as tx:
            made = await service.add(
                tx, desk.actor, SiteId(known.site.id), _circuit(form), form.get("name", ""), setup, desk.now,
                reason=form.get("reason", ""), private_hosts=listening.private_hosts(desk.house), secret=secret,
                vtn_id=vtn_id,
            )  # fmt: skip
    except Problem as problem:
        return _form(desk, known, form, desk.errors(problem), problem.status)
    return desk.go(_place(known.site.id, made.id), desk.words("The program is connected. It is asked within seconds."))


@get(f"{PLACE}/{{vtn_id:str}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_program(desk: AtDesk, site_id: FromPath[str], vtn_id: FromPath[str]) -> Response[str]:
    """A program: how it does, what it said, what was strange, and how it is asked."""
    return await _page(desk, site_id, vtn_id, {}, {})


@post(f"{PLACE}/{{vtn_id:str}}", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def do_program(desk: AtDesk, site_id: FromPath[str], vtn_id: FromPath[str]) -> Response[Any]:
    """Change a program, let it go, or ask it now."""
    form, identity = await desk.form(), named("vtn", vtn_id)
    async with desk.transaction() as tx:
        site = (await known_of(desk, tx, site_id)).site.id
        vtn = await service.seen(tx, desk.actor, identity, Permission.STATIONS_WRITE)
        found(vtn if vtn.site_id == site else None)
    if form.get("what") == "ask":
        return await _ask(desk, site_id, vtn_id, vtn)
    try:
        async with desk.transaction() as tx:
            if form.get("what") == "remove":
                await service.remove(tx, desk.actor, identity, desk.now, reason=form.get("reason", ""))
                return desk.go(f"{href(site)}/limits", desk.words("The program limits no more."))
            await service.change(
                tx, desk.actor, identity, _circuit(form), form.get("name", ""), _setup(form), desk.now,
                reason=form.get("reason", ""), private_hosts=listening.private_hosts(desk.house),
                secret=_secret(desk, form, vtn.id),
            )  # fmt: skip
    except Problem as problem:
        return await _page(desk, site_id, vtn_id, form, desk.errors(problem), status=problem.status)
    return desk.go(_place(site, identity), desk.words("The program is changed."))


async def _ask(desk: Desk, site_id: str, vtn_id: str, vtn: Vtn) -> Response[Any]:
    """Ask now, while somebody looks; what came is kept as always."""
    came = await listening.once(desk.house, vtn)
    seen: list[tuple[str, str]] = []
    if isinstance(came, Unheard) and came.why is Why.NO_PROGRAM:
        client = listening.client_of(desk.house, vtn)
        try:
            seen = await client.programs() if client is not None else []
        except Unheard:
            seen = []
    async with desk.transaction() as tx:
        await listening.kept(tx, vtn, came, desk.house.clock())
    return await _page(desk, site_id, vtn_id, {}, {}, is_asked=True, seen=seen, came=came)


async def _page(
    desk: Desk, site_id: str, vtn_id: str, values: dict[str, str], errors: dict[str, str], *, status: int = 200,
    is_asked: bool = False, seen: list[tuple[str, str]] | None = None, came: Answer | Unheard | None = None,
) -> Response[str]:  # fmt: skip
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        vtn = await service.seen(tx, desk.actor, named("vtn", vtn_id), Permission.STATIONS_READ)
        found(vtn if vtn.site_id == known.site.id else None)
        heard = (await store.heard(tx, [vtn.id])).get(vtn.id, Heard())
        limits = await _limits(tx, vtn, desk)
    names_of = {circuit.id: circuit.name for circuit in known.tree.circuits}
    return _form(
        desk, known, _values(vtn) | values, errors, status, vtn=vtn, heard=heard, limits=limits[:SHOWN_MAX],
        state=program_words.state_of(heard, vtn.setup.silent_a is not None),
        silent_at=program_words.silent_at(heard, vtn.changed_at, vtn.setup.silent_after_s),
        circuit_name=names_of.get(vtn.circuit_id, ""), is_asked=is_asked, seen=seen or [],
        raw=came.events[:3] if isinstance(came, Answer) else [],
    )  # fmt: skip


async def _limits(tx: Transaction, vtn: Vtn, desk: Desk) -> list[Signal]:
    of_site = await circuits.signals(tx, [vtn.site_id], desk.now)
    prefix = rules.prefix_of(vtn)
    return [one for one in of_site if one.source is LimitFrom.OPENADR and one.key.startswith(prefix)]


def _form(
    desk: Desk, known: Known, values: dict[str, str], errors: dict[str, str], status: int = 200, **more: object
) -> Response[str]:
    return desk.page(
        "console/load/program.html",
        status=status,
        values=values,
        errors=errors,
        names=program_words,
        **({"vtn": None} | more),
        **told(desk, known),
    )


def _place(site: UUID, vtn_id: UUID) -> str:
    return f"{href(site)}/programs/{shown('vtn', vtn_id)}"


def _circuit(form: dict[str, str]) -> UUID:
    return named("cir", form.get("circuit", ""))


def _setup(form: dict[str, str]) -> Setup:
    names = tuple(one.strip() for one in form.get("targets", "").split(",") if one.strip())
    return Setup(
        url=form.get("url", "").strip().rstrip("/"), program=form.get("program", "").strip(),
        client_id=form.get("client_id", "").strip(), token_url=form.get("token_url", "").strip(),
        scope=form.get("scope", "").strip(), targets=names, every_s=number(form, "every", 60.0),
        silent_after_s=number(form, "silent_after", 15.0) * SECONDS, silent_a=_silent(form),
    )  # fmt: skip


def _silent(form: dict[str, str]) -> PerPhase | None:
    if not any(form.get(f"silent_limit_{phase}", "").strip() for phase in (1, 2, 3)):
        return None
    return per_phase(form, "silent_limit")


def _secret(desk: Desk, form: dict[str, str], vtn_id: VtnId) -> bytes | None:
    secret = form.get("secret", "")
    return sealing.sealed(desk.house.secrets, secret, vtn_id) if secret else None


def _values(vtn: Vtn) -> dict[str, str]:
    """Return a program as its form shows it; its secret never."""
    setup = vtn.setup
    silent = {f"silent_limit_{phase + 1}": f"{amperes:g}" for phase, amperes in enumerate(setup.silent_a or ())}
    return {
        "name": vtn.name, "circuit": shown("cir", vtn.circuit_id), "url": setup.url, "program": setup.program,
        "client_id": setup.client_id, "token_url": setup.token_url, "scope": setup.scope,
        "targets": ", ".join(setup.targets), "every": f"{setup.every_s:g}",
        "silent_after": f"{setup.silent_after_s / SECONDS:g}",
    } | silent  # fmt: skip


ROUTES: Final = [new_program, add_program, show_program, do_program]

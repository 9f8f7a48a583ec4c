"""The editor of a site's circuits: add, change, move and remove them, hang outlets up, take the last change back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.energy.allocating import explaining
from laddverk.energy.circuits import editing, hanging, queries, service, store
from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import (
    FUSES_A,
    Circuit,
    CircuitId,
    CircuitKind,
    Place,
    SourceId,
    Version,
    Wiring,
)
from laddverk.energy.meters import store as meters_store
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.web.console import circuit_forms as forms
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import Known, href, known_of, told
from laddverk.web.console.load_picture import picture
from laddverk.web.visit import named

PLACE: Final = "/console/sites/{site_id:str}/load"
REASON_KEPT: Final = timedelta(hours=1)  # somebody who enters a whole site does it for one reason


async def _known(desk: Desk, tx: Transaction, site_id: str) -> tuple[Known, Version | None]:
    known = await known_of(desk, tx, site_id)
    return known, await store.newest_change(tx, SiteId(known.site.id))


def _reason(desk: Desk, newest: Version | None) -> str:
    """Return the reason that this person gave last, if that was lately."""
    mine = newest is not None and newest.made_by == desk.actor.name and desk.now - newest.made_at < REASON_KEPT
    return newest.reason if newest is not None and mine else ""


@get(f"{PLACE}/edit", opt={NEEDS: Permission.STATIONS_WRITE})
async def edit_tree(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The editor."""
    return await _editor(desk, site_id, {"source": desk.asked("source")}, {})


async def _editor(
    desk: Desk, site_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        known, newest = await _known(desk, tx, site_id)
        meters = [(shown("mtr", one.id), one.name) for one in await meters_store.of_site(tx, SiteId(known.site.id))]
    places = {place.key: place for place in known.tree.places}
    changed = next((one for one in known.tree.sources if shown("src", one.id) == values.get("source")), None)
    return desk.page(
        "console/load/edit.html",
        status=status,
        values={"reason": _reason(desk, newest)} | (forms.values_of_source(changed) if changed else {}) | values,
        changed=changed,
        meters=meters,
        errors=errors,
        newest=newest,
        placed=places,
        names_of={circuit.id: circuit.name for circuit in known.tree.circuits},
        parts=partial(explaining.parts, language=desk.language),
        strays=[place for place in places.values() if place.key not in {row.key for row in known.outlets}],
        **told(desk, known),
    )


@get(f"{PLACE}/circuits/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_circuit(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The form of a new circuit: of the grid connection where there is none."""
    async with desk.transaction() as tx:
        known, newest = await _known(desk, tx, site_id)
    kind = CircuitKind.BOARD if known.tree.circuits else CircuitKind.GRID
    name = "" if known.tree.circuits else desk.words("Grid connection")
    values = {"kind": kind.value, "name": name, "parent": desk.asked("parent"), "reason": _reason(desk, newest)}
    return _form(desk, known, None, values, {})


def _form(
    desk: Desk, known: Known, circuit: Circuit | None, values: dict[str, str], errors: dict[str, str],
    status: int = 200,
) -> Response[str]:  # fmt: skip
    below = editing.below(known.tree, circuit.id) if circuit else frozenset()
    return desk.page(
        "console/load/circuit.html",
        status=status,
        circuit=circuit,
        parents=[one for one in known.tree.circuits if one.id not in below],
        fuses=FUSES_A,
        clock=forms.clock,
        values=values,
        errors=errors,
        **told(desk, known),
    )


@post(f"{PLACE}/circuits/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def add_circuit(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Add a circuit."""
    return await _put(desk, site_id, None)


@get(f"{PLACE}/circuits/{{circuit_id:str}}", opt={NEEDS: Permission.STATIONS_WRITE})
async def show_circuit(desk: AtDesk, site_id: FromPath[str], circuit_id: FromPath[str]) -> Response[str]:
    """The form of a circuit."""
    async with desk.transaction() as tx:
        known, newest = await _known(desk, tx, site_id)
    circuit = editing.circuit_in(known.tree, named("cir", circuit_id))
    return _form(desk, known, circuit, forms.values_of(circuit) | {"reason": _reason(desk, newest)}, {})


@post(f"{PLACE}/circuits/{{circuit_id:str}}", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def save_circuit(desk: AtDesk, site_id: FromPath[str], circuit_id: FromPath[str]) -> Response[Any]:
    """Change a circuit, or its hours with a lower limit."""
    return await _put(desk, site_id, named("cir", circuit_id))


async def _put(desk: Desk, site_id: str, circuit_id: UUID | None) -> Response[Any]:
    form, days = await desk.form(), await desk.choices("days")
    async with desk.transaction() as tx:
        known, _newest = await _known(desk, tx, site_id)
    before = editing.circuit_in(known.tree, circuit_id) if circuit_id else None
    site, how = SiteId(known.site.id), _how(form)
    try:
        async with desk.transaction() as tx:
            if before is not None and form.get("what") == "window":
                window = forms.window_of(form, days)
                await service.add_window(tx, desk.actor, site, before.id, window, desk.now, **how)
            elif before is not None and form.get("what") == "drop-window":
                place = int(forms.number(form, "window"))
                await service.drop_window(tx, desk.actor, site, before.id, place, desk.now, **how)
            else:
                await service.put_circuit(tx, desk.actor, site, forms.circuit_of(form, before), desk.now, **how)
    except Problem as problem:
        values = (forms.values_of(before) if before else {}) | form
        return _form(desk, known, before, values, desk.errors(problem), problem.status)
    return _done(desk, site)


def _how(form: dict[str, str]) -> dict[str, Any]:
    return {"reason": form.get("reason", ""), "version": forms.version_of(form)}


def _done(desk: Desk, site: SiteId) -> Response[Any]:
    desk.tell(f"site:{site}")
    return desk.go(f"{href(site)}/edit", desk.words("The circuits are changed."))


@post(f"{PLACE}/do", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def do_something(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Move or remove a circuit, hang outlets up or take them out, enter a source, set what holds for all, or undo."""
    form, keys = await desk.form(), await desk.choices("outlet")
    async with desk.transaction() as tx:
        known, _newest = await _known(desk, tx, site_id)
    try:
        async with desk.transaction() as tx:
            await _do(desk, tx, known, form, keys)
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        return await _editor(desk, site_id, form, desk.errors(problem), problem.status)
    if form.get("what") == "measured":
        desk.tell(f"site:{known.site.id}")
        return desk.go(href(known.site.id), desk.words("The circuits are changed."))
    return _done(desk, SiteId(known.site.id))


async def _do(desk: Desk, tx: Transaction, known: Known, form: dict[str, str], keys: list[str]) -> None:
    site, how = SiteId(known.site.id), _how(form)
    match form.get("what"):
        case "up" | "down":
            by = -1 if form["what"] == "up" else 1
            await service.step_circuit(tx, desk.actor, site, _circuit(form), by, desk.now, **how)
        case "remove":
            await service.remove_circuit(tx, desk.actor, site, _circuit(form), desk.now, **how)
        case "hang":
            chosen = [row for row in known.outlets if _key(row.station_id, row.evse_number) in keys]
            present: dict[Key, Place] = {place.key: place for place in known.tree.places}
            places = hanging.hung(chosen, present, forms.said_of(form)) if _some(chosen) else []
            await service.hang(tx, desk.actor, site, places, desk.now, **how)
        case "measured":
            measured = {_key(*key): seen for key, seen in known.measured.items()}
            seen = found(measured.get(next(iter(keys), "")))
            outlet = (seen.station_id, seen.evse_number)
            await service.enter_measured(tx, desk.actor, site, outlet, seen.phase, desk.now, **how)
        case "take":
            gone = {place.key for place in known.tree.places if _key(*place.key) in keys}
            await service.take_out(tx, desk.actor, site, gone if _some(gone) else (), desk.now, **how)
        case "wire" | "ask":
            await _set_for_all(desk, tx, site, form)
        case "source":
            await _put_source(desk, tx, known, form)
        case "drop-source":
            source = SourceId(named("src", form.get("source", "")))
            await service.remove_source(tx, desk.actor, site, source, desk.now, **how)
        case "undo":
            await service.undo(tx, desk.actor, site, forms.version_of(form) or 0, desk.now)
        case _:
            raise Invalid("Choose from the list.", field="what")


async def _set_for_all(desk: Desk, tx: Transaction, site: SiteId, form: dict[str, str]) -> None:
    """Say what grid the site has, or whether drivers may ask to come first."""
    if form["what"] == "wire":
        wiring = forms.chosen(Wiring, form, "wiring")
        await service.wire(tx, desk.actor, site, wiring, desk.now, **_how(form))
    else:
        lets_ask = form.get("lets_ask") == "yes"
        await service.let_ask(tx, desk.actor, site, lets_ask, desk.now, **_how(form))


async def _put_source(desk: Desk, tx: Transaction, known: Known, form: dict[str, str]) -> None:
    """Enter a source, or change one. A meter of another site is none, and neither is its source."""
    given, site = forms.source_of(form), SiteId(known.site.id)
    if given.meter_id is not None:
        found(given if given.meter_id in {one.id for one in await meters_store.of_site(tx, site)} else None)
    if form.get("source"):
        found(given if any(one.id == given.id for one in known.tree.sources) else None)
    await service.put_source(tx, desk.actor, site, given, desk.now, **_how(form))


def _circuit(form: dict[str, str]) -> CircuitId:
    return CircuitId(named("cir", form.get("circuit", "")))


def _key(station_id: UUID, evse_number: int) -> str:
    return f"{shown('sta', station_id)}/{evse_number}"


def _some(chosen: object) -> bool:
    """Return True. Raises `Invalid` when nothing was chosen."""
    if not chosen:
        raise Invalid("Choose the outlets first.", field="outlet", remedy="Tick them in the list.")
    return True


@get(f"{PLACE}/checklist", opt={NEEDS: Permission.STATIONS_READ})
async def show_checklist(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """What an electrician should look at."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    return desk.page("console/load/checklist.html", **told(desk, known))


@get(f"{PLACE}/diagram", opt={NEEDS: Permission.STATIONS_READ})
async def show_diagram(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The single-line diagram, to look at and to print."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    return desk.page("console/load/diagram.html", picture=picture(known.tree, known.lines), **told(desk, known))


@get(f"{PLACE}/history", opt={NEEDS: Permission.STATIONS_READ})
async def show_history(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """What was changed, by whom and why."""
    listing = desk.listing("version")
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        rows = await queries.versions(tx, known.site.id, limit=PAGE_SIZE, offset=listing.offset)
        total = await queries.count_versions(tx, known.site.id)
    return desk.page("console/load/history.html", rows_of=rows, total=total, listing=listing, **told(desk, known))


@get(f"{PLACE}/versions/{{tree_version:int}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_version(desk: AtDesk, site_id: FromPath[str], tree_version: FromPath[int]) -> Response[str]:
    """The tree as it was."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        was = found(await store.at_version(tx, SiteId(known.site.id), tree_version))
    names_of = {circuit.id: circuit.name for circuit in was.circuits}
    return desk.page("console/load/version.html", was=was, names_of=names_of, version=tree_version, **told(desk, known))


ROUTES: Final = [
    edit_tree,
    new_circuit,
    add_circuit,
    show_circuit,
    save_circuit,
    do_something,
    show_checklist,
    show_diagram,
    show_history,
    show_version,
]

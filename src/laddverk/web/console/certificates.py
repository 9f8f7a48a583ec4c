"""Certificates and security events of the whole network: what ends when, which roots are trusted, what was noticed."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.certificates import queries
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewAnchor
from laddverk.certificates.service.roots import ROOT_USES
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.ocpp.commands import Use
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.stations.service.batching import BATCH_MAX
from laddverk.web.console import certificate_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

ADDRESS: Final = "/console/certificates"
EVENTS: Final = "/console/security-events"


@get(ADDRESS, opt={NEEDS: Permission.STATIONS_READ})
async def list_certificates(desk: AtDesk) -> Response[str]:
    """The certificates of chargers, the one that ends first before all, and what the planner does about it."""
    listing = desk.listing("ends")
    state = desk.asked("state")
    async with desk.transaction() as tx:
        return desk.page(
            "console/certificates/list.html",
            own=certificate_words,
            listing=listing,
            rows=await queries.certificates(
                tx, desk.sites, None, listing.search, state, limit=PAGE_SIZE, offset=listing.offset
            ),
            total=await queries.count_certificates(tx, desk.sites, listing.search, state),
            endings=await queries.endings(tx, desk.sites),
            alarms=await queries.count_events(tx, desk.sites, "", "open"),
        )


@get(f"{ADDRESS}/roots", opt={NEEDS: Permission.STATIONS_WRITE})
async def list_roots(desk: AtDesk) -> Response[str]:
    """The roots that are trusted, and for what."""
    return await _roots(desk, {}, {})


async def _roots(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    if desk.sites is not None:
        raise NotFound("There is no such page.")
    async with desk.transaction() as tx:
        rows = await queries.anchors(tx)
    uses = [(use.value, desk.words(certificate_words.USES[use.value])) for use in ROOT_USES]
    return desk.page(
        "console/certificates/roots.html",
        status=status,
        own=certificate_words,
        rows=rows,
        uses=uses,
        values=values,
        errors=errors,
    )


@post(f"{ADDRESS}/roots", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def add_root(desk: AtDesk) -> Response[Any]:
    """Trust a root."""
    values = dict(await desk.form())
    try:
        async with desk.transaction() as tx:
            await certificates.add_anchor(tx, desk.actor, _new(values), desk.now, reason=values.get("reason", ""))
    except Problem as problem:
        return await _roots(desk, values, desk.errors(problem), problem.status)
    return desk.go(f"{ADDRESS}/roots", desk.words("The root is trusted from now on."))


def _new(values: dict[str, str]) -> NewAnchor:
    if values.get("use") not in {use.value for use in ROOT_USES}:
        raise Invalid("A root cannot have this use.", field="use")
    return NewAnchor(
        use=Use(values["use"]),
        pem=values.get("pem", ""),
        name=values.get("name", ""),
        ecosystem=values.get("ecosystem", ""),
        responders=tuple(values.get("responders", "").split()),
        provisioning_url=values.get("provisioning_url", ""),
    )


@post(f"{ADDRESS}/roots/{{root:str}}/retire", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def retire_root(desk: AtDesk, root: FromPath[str]) -> Response[Any]:
    """Trust a root no longer."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await certificates.retire_anchor(tx, desk.actor, identity(root), desk.now, reason=form.get("reason", ""))
    return desk.go(f"{ADDRESS}/roots", desk.words("The root is no longer trusted."))


@get(f"{ADDRESS}/roots/{{root:str}}/file", opt={NEEDS: Permission.STATIONS_WRITE})
async def root_file(desk: AtDesk, root: FromPath[str]) -> Response[bytes]:
    """A root as a file, for chargers that are set up by hand."""
    async with desk.transaction() as tx:
        row = found(next((one for one in await queries.anchors(tx) if one.id == identity(root)), None))
    headers = {"Content-Disposition": f'attachment; filename="root-{row.fingerprint_sha256.hex()[:16]}.pem"'}
    return Response(row.pem.encode(), media_type="application/x-pem-file", headers=headers)


@get(f"{ADDRESS}/roots/{{root:str}}/install", opt={NEEDS: Permission.COMMANDS_SEND})
async def choose_stations(desk: AtDesk, root: FromPath[str]) -> Response[str]:
    """Choose the chargers that are to trust a root."""
    return await _choosing(desk, identity(root), {}, frozenset(), {})


async def _choosing(
    desk: Desk, root: UUID, values: dict[str, str], ticked: frozenset[str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    listing = desk.listing("name")
    site = desk.asked("site")
    wanted = queries.Wanted(
        search=listing.search,
        site_id=named("sit", site) if site else None,
        model=desk.asked("model"),
        without=desk.asked("which") != "all",
    )
    async with desk.transaction() as tx:
        anchor = next((row for row in await queries.anchors(tx) if row.id == root), None)
        return desk.page(
            "console/certificates/install.html",
            status=status,
            own=certificate_words,
            root=found(anchor),
            rows=await queries.candidates(tx, desk.sites, root, wanted, limit=BATCH_MAX),
            most=BATCH_MAX,
            sites=await stations_queries.sites(tx, desk.sites),
            models=await queries.models(tx, desk.sites),
            values=values,
            ticked=ticked,
            errors=errors,
        )


@post(f"{ADDRESS}/roots/{{root:str}}/install", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def install_root(desk: AtDesk, root: FromPath[str]) -> Response[Any]:
    """Have the chosen chargers trust a root; how far it is stands on the page of the batch."""
    form, ticked = await desk.form(), await desk.choices("station")
    try:
        chosen = [StationId(named("sta", text)) for text in ticked[: BATCH_MAX + 1]]
        async with desk.transaction() as tx:
            batch_id = await certificates.install_in_many(
                tx, desk.actor, identity(root), chosen, desk.now, reason=form.get("reason", "")
            )
    except Invalid as problem:
        return await _choosing(
            desk, identity(root), dict(form), frozenset(ticked), desk.errors(problem), problem.status
        )
    desk.tell(COMMANDS_TOPIC, *(f"station:{one}" for one in chosen))
    return desk.go(f"/console/batches/{shown('bat', batch_id)}", desk.words("The chargers are asked."))


def identity(text: str) -> UUID:
    """Return the id in an address. Raises `NotFound`."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such page.") from None


@get(f"{ADDRESS}/contracts", opt={NEEDS: Permission.DRIVERS_READ})
async def list_questions(desk: AtDesk) -> Response[str]:
    """What chargers asked: contracts of cars, revocation, certificates for cars."""
    async with desk.transaction() as tx:
        rows = await queries.questions(tx, desk.sites, limit=200)
    return desk.page(
        "console/certificates/questions.html",
        own=certificate_words,
        rows=rows,
        refuses_unknown=desk.house.settings.pnc_refuses_unknown,
    )


@get(EVENTS, opt={NEEDS: Permission.STATIONS_READ})
async def list_events(desk: AtDesk) -> Response[str]:
    """What may be an attack, told by chargers or noticed here."""
    listing = desk.listing("latest")
    only = desk.asked("only")
    async with desk.transaction() as tx:
        return desk.page(
            "console/certificates/events.html",
            own=certificate_words,
            listing=listing,
            rows=await queries.events(
                tx, desk.sites, None, listing.search, only, limit=PAGE_SIZE, offset=listing.offset
            ),
            total=await queries.count_events(tx, desk.sites, listing.search, only),
            alarms=await queries.count_events(tx, desk.sites, "", "open"),
        )


@post(f"{EVENTS}/{{event:str}}/seen", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def acknowledge_event(desk: AtDesk, event: FromPath[str]) -> Response[Any]:
    """Say that somebody has looked at an event, and what it was."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await certificates.acknowledge(tx, desk.actor, [identity(event)], form.get("reason", ""), desk.now)
    desk.tell()
    return desk.go(EVENTS, desk.words("It is noted that somebody has looked."))


ROUTES: Final = [
    list_certificates,
    list_roots,
    add_root,
    retire_root,
    root_file,
    choose_stations,
    install_root,
    list_questions,
    list_events,
    acknowledge_event,
]

"""The API's circuits: a site's tree read, replaced and taken back; what flows; lower limits from outside."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.energy.circuits import decisions, limits, loads, queries, senders, service, store
from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import (
    CIRCUITS_MAX,
    PLACES_MAX,
    SOURCES_MAX,
    WINDOWS_MAX,
    Circuit,
    CircuitId,
    CircuitKind,
    LimitFrom,
    PerPhase,
    Place,
    Rotation,
    Signal,
    Source,
    SourceId,
    SourceKind,
    Tree,
    Window,
    Wiring,
)
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, new_id, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, checked_limit
from laddverk.web.api.shapes import Page, page

Reason = Annotated[str, Meta(min_length=service.REASON_MIN, max_length=service.REASON_MAX)]
Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=500)]


class CircuitShape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A circuit. Its name is its own within the site; `parent` is the name of what feeds it, null for the grid."""

    name: Text
    kind: CircuitKind
    limit_a: PerPhase
    parent: Text | None = None
    margin_a: float = 0.0
    unmetered_a: PerPhase = (0.0, 0.0, 0.0)
    windows: Annotated[list[Window], Meta(max_length=WINDOWS_MAX)] = []
    note: Text = ""
    id: str | None = None
    """Given in answers, and ignored in requests: a circuit of the same name is the same circuit."""


class OutletShape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an outlet hangs. `phases` is 1, 3, or 0 for DC."""

    station: str
    evse: int
    circuit: Text
    phases: int = 3
    rotation: Rotation = Rotation.RST
    is_rotation_known: bool = False
    current_max_a: float = 32.0
    power_max_w: float = 0.0
    rank: int = 0
    reserved_a: float = 0.0
    weight: float = 1.0
    """Its share of a full circuit beside the others': 0.1 to 10."""


class SourceShape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What feeds the site besides the grid."""

    name: Text
    kind: SourceKind
    circuit: Text
    power_max_w: float
    energy_wh: float = 0.0


class Circuits(Struct, frozen=True, kw_only=True):
    """All of a site's electricity, as it is entered."""

    site: str
    version: int
    wiring: Wiring
    drivers_may_ask: bool
    """Drivers may ask to come first."""
    circuits: list[CircuitShape]
    outlets: list[OutletShape]
    sources: list[SourceShape]


class CircuitsToSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What takes the place of a site's tree; `version` is the one that was read."""

    version: int
    reason: Reason
    wiring: Wiring = Wiring.STAR_400
    drivers_may_ask: bool | None = None
    """Null: as it is."""
    circuits: Annotated[list[CircuitShape], Meta(max_length=CIRCUITS_MAX)]
    outlets: Annotated[list[OutletShape], Meta(max_length=PLACES_MAX)] = []
    sources: Annotated[list[SourceShape], Meta(max_length=SOURCES_MAX)] = []


class Undo(Struct, frozen=True, forbid_unknown_fields=True):
    """The version that is to be taken back: the present one."""

    version: int


class Flow(Struct, frozen=True):
    """What flows through a circuit now. `measured_at` is null where the other load is an estimate."""

    circuit: str
    limit_a: PerPhase
    limited_by: LimitFrom | None
    until: datetime | None
    charging_a: PerPhase
    other_a: PerPhase
    measured_at: datetime | None


class Flows(Struct, frozen=True):
    """What flows at a site now, from the grid down."""

    site: str
    version: int
    flows: list[Flow]


class SignalToSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lower limit of a circuit between two instants."""

    circuit: Text
    starts_at: Instant
    ends_at: Instant
    limit_a: PerPhase


class LimitToSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lower limit between two instants, in amperes on each phase."""

    starts_at: Instant
    ends_at: Instant
    limit_a: PerPhase


class LimitsToSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a sender says of a circuit. What is over is left out by the sender."""

    circuit: Text
    sender: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    """Who says it, of several that speak for the same source."""
    limits: Annotated[list[LimitToSet], Meta(max_length=service.SIGNALS_MAX)]
    note: Annotated[str, Meta(max_length=100)] = ""


class SignalToEnd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose signal is taken back."""

    circuit: Text


def shape_of(tree: Tree) -> Circuits:
    """Return a tree as programs see it."""
    names = {circuit.id: circuit.name for circuit in tree.circuits}
    return Circuits(
        site=shown("sit", tree.site_id), version=tree.version, wiring=tree.wiring,
        drivers_may_ask=tree.lets_ask,
        circuits=[
            CircuitShape(
                id=shown("cir", one.id), name=one.name, kind=one.kind, limit_a=one.limit_a, margin_a=one.margin_a,
                parent=names[one.parent_id] if one.parent_id else None, unmetered_a=one.unmetered_a,
                windows=list(one.windows), note=one.note,
            )
            for one in tree.circuits
        ],
        outlets=[
            OutletShape(
                station=shown("sta", one.station_id), evse=one.evse_number, circuit=names[one.circuit_id],
                phases=one.phases, rotation=one.rotation, is_rotation_known=one.is_rotation_known,
                current_max_a=one.current_max_a, power_max_w=one.power_max_w, rank=one.rank, reserved_a=one.reserved_a,
                weight=one.weight,
            )
            for one in tree.places
        ],
        sources=[
            SourceShape(
                name=one.name, kind=one.kind, circuit=names[one.circuit_id], power_max_w=one.power_max_w,
                energy_wh=one.energy_wh,
            )
            for one in tree.sources
        ],
    )  # fmt: skip


def tree_of(given: CircuitsToSet, before: Tree) -> Tree:
    """Return the tree that a program wants; circuits and sources of the same name stay the same. Raises `Invalid`."""
    known = {one.name: one for one in before.circuits}
    ids = {one.name: known[one.name].id if one.name in known else CircuitId(new_id()) for one in given.circuits}
    sources = {one.name: one for one in before.sources}

    def on(name: str, field: str) -> CircuitId:
        if name not in ids:
            raise Invalid("There is no circuit called %(name)s.", field=field, name=name)
        return ids[name]

    return Tree(
        site_id=before.site_id, version=before.version, wiring=given.wiring,
        lets_ask=before.lets_ask if given.drivers_may_ask is None else given.drivers_may_ask,
        circuits=tuple(
            Circuit(
                id=ids[one.name], name=one.name, kind=one.kind, limit_a=one.limit_a, margin_a=one.margin_a,
                parent_id=None if one.parent is None else on(one.parent, "parent"), unmetered_a=one.unmetered_a,
                meter_id=known[one.name].meter_id if one.name in known else None, windows=tuple(one.windows),
                note=one.note,
            )
            for one in given.circuits
        ),
        places=tuple(
            Place(
                station_id=StationId(parsed("sta", one.station, field="station")), evse_number=one.evse,
                circuit_id=on(one.circuit, "circuit"), phases=one.phases, rotation=one.rotation,
                is_rotation_known=one.is_rotation_known, current_max_a=one.current_max_a, power_max_w=one.power_max_w,
                rank=one.rank, reserved_a=one.reserved_a, weight=one.weight,
            )
            for one in given.outlets
        ),
        sources=tuple(
            Source(
                id=sources[one.name].id if one.name in sources else SourceId(new_id()), name=one.name, kind=one.kind,
                circuit_id=on(one.circuit, "circuit"), power_max_w=one.power_max_w, energy_wh=one.energy_wh,
                meter_id=sources[one.name].meter_id if one.name in sources else None,
            )
            for one in given.sources
        ),
    )  # fmt: skip


async def _site(asked: Asked, tx: Transaction, site: str) -> stations_queries.SiteRow:
    row = await stations_queries.site(tx, asked.actor.site_ids, parsed("sit", site))
    if row is None:
        raise NotFound("There is no such site.", field="site_id")
    return row


@get("/circuits", opt=needs(Permission.STATIONS_READ))
async def list_circuits(
    asked: Asking, search: FromQuery[str] = "", limit: FromQuery[int] = LIMIT_DEFAULT, offset: FromQuery[int] = 0
) -> Page[Circuits]:
    """List the sites whose electricity is entered, with all of it."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.sites(tx, asked.actor.site_ids, search, "with", limit=limit, offset=offset)
        total = await queries.count_sites(tx, asked.actor.site_ids, search, "with")
        trees = {tree.site_id: tree for tree in await store.trees(tx, [row.id for row in rows])}
    return page([shape_of(trees[row.id]) for row in rows], limit=limit, offset=offset, total=total)


@get("/circuits/{site:str}", opt=needs(Permission.STATIONS_READ))
async def show_circuits(asked: Asking, site: FromPath[str]) -> Circuits:
    """Show a site's circuits, outlets and sources. Version 0 is a site that has none yet."""
    async with asked.transaction() as tx:
        return shape_of(await store.tree(tx, SiteId((await _site(asked, tx, site)).id)))


@put("/circuits/{site:str}", opt=needs(Permission.STATIONS_WRITE))
async def set_circuits(asked: Asking, site: FromPath[str], data: JSONBody[CircuitsToSet]) -> Circuits:
    """Put another tree in the place of a site's. 409 when it was changed since the version that was read."""
    async with asked.transaction() as tx:
        before = await store.tree(tx, SiteId((await _site(asked, tx, site)).id))
        made = await service.replace_tree(
            tx, asked.actor, tree_of(data, before), asked.now, reason=data.reason, version=data.version
        )
    return shape_of(made)


@post("/circuits/{site:str}/undo", opt=needs(Permission.STATIONS_WRITE))
async def undo_circuits(asked: Asking, site: FromPath[str], data: JSONBody[Undo]) -> Circuits:
    """Take the last change back."""
    async with asked.transaction() as tx:
        site_id = SiteId((await _site(asked, tx, site)).id)
        return shape_of(await service.undo(tx, asked.actor, site_id, data.version, asked.now))


@get("/circuits/{site:str}/flows", opt=needs(Permission.STATIONS_READ))
async def show_flows(asked: Asking, site: FromPath[str]) -> Flows:
    """Show what flows through each circuit of a site now, and what may."""
    async with asked.transaction() as tx:
        row = await _site(asked, tx, site)
        tree = await store.tree(tx, SiteId(row.id))
        drawn = {outlet.key: outlet.drawn for outlet in await queries.outlets(tx, [row.id])}
        signals = await store.signals(tx, [row.id], asked.now)
        readings = await decisions.readings(tx, [row.id], asked.now)
    currents: dict[Key, PerPhase] = {
        place.key: loads.on_grid(place, said, tree.wiring) for place in tree.places if (said := drawn.get(place.key))
    }
    found, zone = loads.loads(tree, currents, readings), ZoneInfo(row.timezone)
    flows = [_flow(one, found[one.id], limits.holding(one, signals, asked.now, zone)) for one in tree.circuits]
    return Flows(shown("sit", row.id), tree.version, flows)


def _flow(circuit: Circuit, load: loads.Load, holding: limits.Holding) -> Flow:
    return Flow(
        circuit.name, holding.limit_a, holding.source, holding.until, load.charging_a, load.other_a, load.measured_at
    )


def _circuit(tree: Tree, name: str) -> UUID:
    for one in tree.circuits:
        if one.name == name:
            return one.id
    raise NotFound("There is no such circuit.", field="circuit")


@put("/circuits/{site:str}/signals/{source:str}/{key:str}", opt=needs(Permission.STATIONS_WRITE))
async def set_signal(
    asked: Asking, site: FromPath[str], source: FromPath[LimitFrom], key: FromPath[str], data: JSONBody[SignalToSet]
) -> SignalToSet:
    """Limit a circuit between two instants, as `dso` or `openadr`; the same key replaces what was said before."""
    async with asked.transaction() as tx:
        site_id = SiteId((await _site(asked, tx, site)).id)
        circuit_id = CircuitId(_circuit(await store.tree(tx, site_id), data.circuit))
        given = Signal(
            circuit_id=circuit_id, source=source, key=key, starts_at=data.starts_at, ends_at=data.ends_at,
            limit_a=data.limit_a,
        )  # fmt: skip
        await service.signal(tx, asked.actor, site_id, given, asked.now)
    return data


@post("/circuits/{site:str}/signals/{source:str}/{key:str}/end", opt=needs(Permission.STATIONS_WRITE))
async def end_signal(
    asked: Asking, site: FromPath[str], source: FromPath[LimitFrom], key: FromPath[str], data: JSONBody[SignalToEnd]
) -> SignalToEnd:
    """Take a limit back before its end."""
    async with asked.transaction() as tx:
        site_id = SiteId((await _site(asked, tx, site)).id)
        circuit_id = _circuit(await store.tree(tx, site_id), data.circuit)
        await service.unsignal(tx, asked.actor, site_id, circuit_id, source, key, asked.now)
    return data


@put("/circuits/{site:str}/limits/{source:str}", opt=needs(Permission.STATIONS_WRITE))
async def set_limits(
    asked: Asking, site: FromPath[str], source: FromPath[LimitFrom], data: JSONBody[LimitsToSet]
) -> LimitsToSet:
    """Limit a circuit by a series, which replaces all that the same sender said before; empty: it limits no more."""
    async with asked.transaction() as tx:
        site_id = SiteId((await _site(asked, tx, site)).id)
        circuit_id = CircuitId(_circuit(await store.tree(tx, site_id), data.circuit))
        given = [
            Signal(
                circuit_id=circuit_id, source=source, key=f"{data.sender}:{place:04}", starts_at=one.starts_at,
                ends_at=one.ends_at, limit_a=one.limit_a, note=data.note,
            )
            for place, one in enumerate(data.limits)
        ]  # fmt: skip
        await senders.said(tx, asked.actor, site_id, circuit_id, source, f"{data.sender}:", given, asked.now)
    return data


HANDLERS: Final = [
    list_circuits,
    show_circuits,
    set_circuits,
    undo_circuits,
    show_flows,
    set_signal,
    end_signal,
    set_limits,
]

"""Load management: the sites with their circuits, and the live tree of one: what flows, what may, who has what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.energy.circuits import checklist, decisions, queries, store
from laddverk.energy.circuits.checklist import Remark
from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import Place, Signal, Tree, Wiring
from laddverk.energy.planning_ahead import expecting, store_wishes
from laddverk.energy.planning_ahead.store_wishes import Told
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, shown
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.web import spreadsheets
from laddverk.web.console import circuit_words, load_lines, load_reasons
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load_lines import Line
from laddverk.web.live import Parts
from laddverk.web.visit import named

KNOWN: Final = ("all", "with", "without")
LIVE: Final = ("sentence", "tree", "outlets")


class Known(Struct, frozen=True):
    """What there is to know of a site's load."""

    site: stations_queries.SiteRow
    tree: Tree
    outlets: list[queries.OutletRow]
    lines: list[Line]
    remarks: list[Remark]
    signals: list[Signal]
    shares: dict[Key, decisions.Share]
    step: decisions.Step | None
    measured: dict[Key, decisions.Measured]


class Other(Struct, frozen=True):
    """An outlet that was measured on a phase which nobody has entered or checked."""

    name: str
    place: Place
    seen: decisions.Measured


class Row(Struct, frozen=True):
    """A site in the list."""

    site: queries.SiteRow
    lines: list[Line]
    charging: int
    placed: int
    grave: int


def href(site_id: UUID) -> str:
    """Return the address of a site's load."""
    return f"/console/sites/{shown('sit', site_id)}/load"


@get("/console/load", opt={NEEDS: Permission.STATIONS_READ})
async def list_loads(desk: AtDesk) -> Response[str]:
    """The sites, with how full their circuits are and what is unknown about them."""
    listing, known = desk.listing("name"), _known_asked(desk)
    async with desk.transaction() as tx:
        rows = await queries.sites(
            tx, desk.sites, listing.search, known, limit=PAGE_SIZE, offset=listing.offset
        )  # fmt: skip
        total = await queries.count_sites(tx, desk.sites, listing.search, known)
        made = await _rows(desk, tx, rows)
    return desk.page(
        "console/load/list.html", sites=made, total=total, listing=listing, known=known, words_of=circuit_words
    )


@get("/console/load.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_loads(desk: AtDesk) -> Response[bytes]:
    """Every circuit of the same sites with what flows through it now, as CSV."""
    listing = desk.listing("name")
    async with desk.transaction() as tx:
        rows = await queries.sites(tx, desk.sites, listing.search, _known_asked(desk), limit=500)
        made = await _rows(desk, tx, rows)
    return spreadsheets.answer(
        "load",
        ("site", "circuit", "kind", "phase", "fuse_a", "limit_now_a", "other_a", "charging_a", "measured_at"),
        [
            (
                row.site.name, line.circuit.name, line.circuit.kind.value, phase.name, phase.fuse_a, phase.limit_a,
                round(phase.other_a, 2), round(phase.charging_a, 2), line.load.measured_at,
            )
            for row in made for line in row.lines for phase in line.phases
        ],
    )  # fmt: skip


def _known_asked(desk: Desk) -> str:
    known = desk.asked("known", "all")
    return known if known in KNOWN else "all"


async def _rows(desk: Desk, tx: Transaction, sites: list[queries.SiteRow]) -> list[Row]:
    ids = [site.id for site in sites]
    trees = {tree.site_id: tree for tree in await store.trees(tx, ids)}
    signals = await store.signals(tx, ids, desk.now)
    readings = await decisions.readings(tx, ids, desk.now)
    outlets: dict[SiteId, list[queries.OutletRow]] = {}
    for outlet in await queries.outlets(tx, ids):
        outlets.setdefault(outlet.site_id, []).append(outlet)
    made = []
    for site in sites:
        tree, here = trees.get(site.id, Tree(site_id=site.id)), outlets.get(site.id, [])
        zone = ZoneInfo(site.timezone)
        lines = load_lines.lines(tree, site.name, here, readings, signals, desk.now, zone)
        grave = sum(remark.is_grave for remark in checklist.remarks(tree, _standing(here)))
        charging = sum(1 for outlet in here if outlet.drawn is not None)
        made.append(Row(site, lines, charging, len(tree.places), grave))
    return made


def _standing(
    outlets: list[queries.OutletRow], forgetting: Collection[Key] = frozenset()
) -> list[checklist.Standing]:  # fmt: skip
    return [
        checklist.Standing(key=row.key, has_fallback=row.has_fallback, forgets=row.key in forgetting) for row in outlets
    ]


async def known_of(desk: Desk, tx: Transaction, site_id: str) -> Known:
    """Return what there is to know of a site's load. Raises `NotFound`."""
    site: stations_queries.SiteRow = found(await stations_queries.site(tx, desk.sites, named("sit", site_id)))
    tree = await store.tree(tx, SiteId(site.id))
    outlets = await queries.outlets(tx, [site.id])
    signals = await store.signals(tx, [site.id], desk.now)
    readings = await decisions.readings(tx, [site.id], desk.now)
    shares = await decisions.shares(tx, site.id, [place.key for place in tree.places])
    step = await decisions.step(tx, site.id)
    lines = load_lines.lines(tree, site.name, outlets, readings, signals, desk.now, ZoneInfo(site.timezone))
    measured = await decisions.phases(tx, site.id)
    remarks = checklist.remarks(tree, _standing(outlets, await decisions.forgetting(tx, site.id)))
    return Known(site, tree, outlets, lines, remarks, signals, shares, step, measured)


def told(desk: Desk, known: Known) -> dict[str, Any]:
    """Return what every page of a site's load shows."""
    labels = load_lines.labels(known.outlets, known.site.name)
    names = {str(circuit.id): circuit.name for circuit in known.tree.circuits}
    return {
        "site": known.site,
        "tree": known.tree,
        "lines": known.lines,
        "outlets": known.outlets,
        "remarks": known.remarks,
        "signals": known.signals,
        "labels": labels,
        "words_of": circuit_words,
        "phase_text": load_lines.phase_text,
        "href": href(known.site.id),
        "steered": known.step is not None and desk.now - known.step.stepped_at < decisions.STEP_AGE_MAX,
        "given": _given(desk, known, names),
        "alarms": [
            load_reasons.alarm(alarm, names, labels, desk.language)
            for alarm in (known.step.alarms if known.step else ())
        ],
        "other_phases": _other_phases(known, labels),
        "charging": [row for row in known.outlets if row.drawn is not None],
        "fullest": max(known.lines, key=lambda line: line.fullest.share) if known.lines else None,
    }


def _other_phases(known: Known, labels: Mapping[Key, str]) -> list[Other]:
    """Return the outlets that were measured on a phase which nobody has entered or checked, with the evidence."""
    if known.tree.wiring is not Wiring.STAR_400:
        return []
    return [
        Other(labels.get(place.key, "–"), place, seen)
        for place in known.tree.places
        if place.phases and (seen := known.measured.get(place.key)) is not None
        if not place.is_rotation_known or place.rotation.phases[0] != seen.phase
    ]


def _given(desk: Desk, known: Known, names: dict[str, str]) -> dict[Key, load_reasons.Given]:
    """Return what outlets get and why, of those that somebody charges at or that are away."""
    rows: dict[Key, queries.OutletRow] = {row.key: row for row in known.outlets}
    return {
        key: load_reasons.given(share, names, desk.language, known.site.timezone, desk.now)
        for key, share in known.shares.items()
        if (row := rows.get(key)) is not None and (row.session_id is not None or not row.is_connected)
    }


async def _wishes(desk: Desk, tx: Transaction, known: Known) -> Mapping[Key, Told]:
    """Return what is said of the cars that are plugged in, by outlet."""
    said = await store_wishes.running_at(tx, known.site.id, desk.now)
    return {(StationId(each.station_id), each.evse_number): each for each in said}


@get("/console/sites/{site_id:str}/load", opt={NEEDS: Permission.STATIONS_READ})
async def show_load(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The live tree of a site."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        wishes = await _wishes(desk, tx, known)
        cars = await expecting.known_of(tx, known.tree, desk.now)
    forecasts = await expecting.expected(cars)
    return desk.page("console/load/detail.html", wishes=wishes, forecasts=forecasts, **told(desk, known))


async def live_parts(desk: Desk, site_id: str) -> Parts:
    """Return the parts of the page that change by themselves."""
    async with desk.transaction() as tx:
        site = await known_of(desk, tx, site_id)
        known = told(desk, site) | {"wishes": await _wishes(desk, tx, site)}
    return {f"load-{name}": desk.template(f"console/load/{name}.html", **known) for name in LIVE}


ROUTES: Final = [list_loads, export_loads, show_load]

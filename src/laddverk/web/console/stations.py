"""Chargers: the list, one charger with its timeline, frames and configuration, and its life from new to retired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction
from laddverk.provisioning.queries import device_model, monitoring
from laddverk.sessions import queries as sessions_queries
from laddverk.stations import door_queries, queries, quirk_queries
from laddverk.web import spreadsheets
from laddverk.web.console import happening_words, provisioning_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

SORTS: Final = ("name", "site", "model", "seen", "condition")
HAPPENINGS_SHOWN: Final = 25
ALARMS_SHOWN_FOR: Final = timedelta(days=7)


def wanted(desk: Desk, search: str) -> queries.StationFilter:
    """Return what the list is narrowed to, from the address."""
    site = desk.asked("site")
    return queries.StationFilter(
        search=search,
        site_id=named("sit", site) if site else None,
        condition=desk.asked("state"),
        protocol=desk.asked("protocol"),
    )


@get("/console/stations", opt={NEEDS: Permission.STATIONS_READ})
async def list_stations(desk: AtDesk) -> Response[str]:
    """The chargers, with what each can do right now."""
    listing = desk.listing(*SORTS)
    chosen = wanted(desk, listing.search)
    async with desk.transaction() as tx:
        rows = await queries.stations(tx, desk.sites, chosen, listing.sort, limit=PAGE_SIZE, offset=listing.offset)
        return desk.page(
            "console/stations/list.html",
            rows=rows,
            listing=listing,
            total=await queries.count_stations(tx, desk.sites, chosen),
            counts=await queries.condition_counts(tx, desk.sites),
            protocols=await queries.protocols(tx),
            site=await queries.site(tx, desk.sites, chosen.site_id) if chosen.site_id else None,
            knocks=await queries.count_knocks(tx) if desk.sites is None else 0,
        )


@get("/console/stations.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_stations(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    listing = desk.listing(*SORTS)
    async with desk.transaction() as tx:
        rows = await queries.stations(
            tx, desk.sites, wanted(desk, listing.search), listing.sort, limit=spreadsheets.ROWS_MAX
        )
    return spreadsheets.answer(
        "stations",
        ("id", "name", "identity", "site", "state", "since", "vendor", "model", "firmware", "protocol", "last_seen"),
        [
            (
                shown("sta", row.id), row.name, row.identity, row.site_name, row.condition, row.condition_since,
                row.vendor, row.model, row.firmware, row.protocol, row.last_seen_at,
            )
            for row in rows
        ],
    )  # fmt: skip


async def seen_station(desk: Desk, tx: Transaction, station_id: str) -> queries.StationDetail:
    """Return the station in the address, when this person may see it."""
    detail: queries.StationDetail = found(await queries.station(tx, desk.sites, named("sta", station_id)))
    return detail


async def live_facts(desk: Desk, tx: Transaction, station: queries.StationDetail) -> dict[str, Any]:
    """Return what changes by itself on a station's page."""
    sessions = sessions_queries.SessionFilter(station_id=station.id)
    return {
        "station": station,
        "connectors": await queries.connectors(tx, station.id),
        "outlets": [
            outlet
            for outlet in await sessions_queries.outlets(tx, desk.sites, station.site_id)
            if outlet.station_id == station.id
        ],
        "sessions": await sessions_queries.sessions(tx, desk.sites, sessions, limit=10),
        "happenings": await happening_words.happened(
            desk, tx, station.id, None, happening_words.kinds(desk), limit=HAPPENINGS_SHOWN
        ),
        **happening_words.of_time(),
        "commands": await queries.commands(tx, station.id, 8),
        "alarms": await monitoring.alarms(tx, desk.sites, monitoring.AlarmFilter(station_id=station.id), limit=5),
        "drifted": [one for one in await device_model.standings(tx, station.id) if one.state == "drifted"],
        "own": provisioning_words,
        "boot": await quirk_queries.boot(tx, station.id),
    }


@get("/console/stations/{station_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_station(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """One charger: can it charge, what happens there, what happened."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        known = await live_facts(desk, tx, station)
        waiting = await queries.quarantined(tx, desk.sites, station.id, limit=5)
        reports = await queries.reports(tx, station.id, 10)
        bent = await quirk_queries.ways(tx, station.id, 5)
        meters = await sessions_queries.meters(tx, station.id)
    model = quirks.registry_of(desk.house.settings.quirks_dir).known(station.vendor, station.model, station.firmware)
    return desk.page(
        "console/stations/detail.html",
        **known,
        quarantined=waiting,
        reports=reports,
        bent=bent,
        meters=meters,
        known=model,
        tab="overview",
    )


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return the parts of a station's page that change by themselves."""
    async with desk.transaction() as tx:
        known = await live_facts(desk, tx, await seen_station(desk, tx, station_id))
    names = ("pill", "state", "outlets", "sessions", "timeline", "commands", "troubles")
    return {f"station-{name}": desk.template(f"console/stations/{name}.html", **known) for name in names}


@get("/console/knocks", opt={NEEDS: Permission.STATIONS_WRITE})
async def list_knocks(desk: AtDesk) -> Response[str]:
    """Who tried to connect and was not let in."""
    async with desk.transaction() as tx:
        rows = await queries.knocks(tx, desk.listing("last").search)
        alarms = await door_queries.alarms(tx, desk.now - ALARMS_SHOWN_FOR)
    return desk.page("console/knocks.html", rows=rows, alarms=alarms)


ROUTES: Final = [
    list_stations,
    export_stations,
    show_station,
    list_knocks,
]

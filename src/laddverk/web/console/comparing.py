"""Chargers beside each other: versions of firmware, cars that fail everywhere, outlets against their model and site."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath

from laddverk.diagnostics.cohorts import queries
from laddverk.diagnostics.cohorts.model import Version
from laddverk.diagnostics.cohorts.queries import VersionRow
from laddverk.diagnostics.cohorts.rules import COMPARED
from laddverk.kernel.actors import Permission
from laddverk.web import spreadsheets
from laddverk.web.console import diagnosis_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts

VERSIONS: Final = "/console/diagnosis/versions"
CARS: Final = "/console/diagnosis/cars"
OUTLETS: Final = "/console/diagnosis/outlets"
SINCE: Final = timedelta(days=30)
MAKES_SHOWN: Final = 12
CAR_STATES: Final = ("open", "cleared")


def version_href(version: Version) -> str:
    """Return the address of a version's page."""
    named = {"vendor": version.vendor, "model": version.model, "firmware": version.firmware}
    return f"{VERSIONS}/one?{urlencode(named)}"


async def _versions(desk: Desk) -> list[VersionRow]:
    """Return the versions that match the search and the filter."""
    async with desk.transaction() as tx:
        rows = await queries.versions(tx, desk.sites, desk.now)
    wanted, only = desk.listing("model").search.casefold(), desk.asked("only")
    return [
        row
        for row in rows
        if wanted in row.compared.version.name.casefold() and (only != "worse" or row.compared.is_worse)
    ]


def _parts(desk: Desk, page: str, names: tuple[str, ...], known: dict[str, Any]) -> Parts:
    """Return those parts of one of these pages that are kept live."""
    desk.kept_live = f"/console/diagnosis/{page}"
    return {f"{page}-{name}": desk.template(f"console/comparing/{page}_{name}.html", **known) for name in names}


@get(VERSIONS, opt={NEEDS: Permission.STATIONS_READ})
async def list_versions(desk: AtDesk) -> Response[Any]:
    """Every version of every model, with how often it fails and whether it is worse than those before it."""
    return desk.page("console/comparing/versions.html", **await _compared(desk))


async def live_versions(desk: Desk) -> Parts:
    """Return the parts of the list of versions that change."""
    return _parts(desk, "versions", ("sentence", "rows"), await _compared(desk))


async def _compared(desk: Desk) -> dict[str, Any]:
    rows, listing = await _versions(desk), desk.listing("model")
    return {
        "rows": rows[listing.offset : listing.offset + PAGE_SIZE],
        "total": len(rows),
        "listing": listing,
        "worse": [row for row in rows if row.compared.is_worse],
        "days": COMPARED.days,
        "href_of": version_href,
    }


@get(f"{VERSIONS}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_versions(desk: AtDesk) -> Response[bytes]:
    """The same as CSV."""
    return spreadsheets.answer(
        "versions",
        ("vendor", "model", "firmware", "since", "stations", "stations_now", "station_days", "people", "failed",
         "share_low", "share_high", "troubles", "chance_worse", "worse"),
        [
            (
                one.version.vendor, one.version.model, one.version.firmware, one.version.first_day.date().isoformat(),
                one.version.stations, row.stations_now, one.version.days, one.version.attempts, one.version.failed,
                round(row.low, 4), round(row.high, 4), one.version.troubles,
                "" if one.chance is None else round(one.chance, 4), "yes" if one.is_worse else "no",
            )
            for row in await _versions(desk)
            for one in [row.compared]
        ],
    )  # fmt: skip


@get(f"{VERSIONS}/one", opt={NEEDS: Permission.STATIONS_READ})
async def show_version(desk: AtDesk) -> Response[Any]:
    """One version (`?vendor=…&model=…&firmware=…`): what it is compared by, and its stations, the worst first."""
    named = (desk.asked("vendor"), desk.asked("model"), desk.asked("firmware"))
    listing = desk.listing("share")
    async with desk.transaction() as tx:
        rows = await queries.versions(tx, desk.sites, desk.now)
        here = [row for row in rows if row.compared.version.name == " ".join(named)]
        stations = await queries.version_stations(tx, desk.sites, named, desk.now, PAGE_SIZE, listing.offset)
    row = found(next(iter(here), None))
    return desk.page(
        "console/comparing/version.html",
        row=row, one=row.compared, version=row.compared.version, stations=stations, listing=listing,
        days=COMPARED.days,
    )  # fmt: skip


def _state(desk: Desk) -> str:
    state = desk.asked("state")
    return state if state in CAR_STATES else "all"


@get(CARS, opt={NEEDS: Permission.STATIONS_READ})
async def list_cars(desk: AtDesk) -> Response[Any]:
    """Cars that fail at several chargers where others charge, and how cars of each make fare."""
    return desk.page("console/comparing/cars.html", **await _cars(desk))


async def live_cars(desk: Desk) -> Parts:
    """Return the part of the list of cars that changes."""
    return _parts(desk, "cars", ("rows",), await _cars(desk))


async def _cars(desk: Desk) -> dict[str, Any]:
    listing = desk.listing("noticed")
    async with desk.transaction() as tx:
        rows = await queries.cars(tx, desk.sites, _state(desk), listing.search, PAGE_SIZE + 1, listing.offset)
        makes = await queries.makes(tx, desk.sites, desk.now - SINCE, MAKES_SHOWN)
    return {
        "rows": rows[:PAGE_SIZE],
        "has_next": len(rows) > PAGE_SIZE,
        "listing": listing,
        "makes": makes,
        "days": SINCE.days,
    }


@get(f"{CARS}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_cars(desk: AtDesk) -> Response[bytes]:
    """The same as CSV."""
    async with desk.transaction() as tx:
        rows = await queries.cars(tx, desk.sites, _state(desk), desk.listing("noticed").search, queries.WHOLE, 0)
    return spreadsheets.answer(
        "cars",
        ("key", "is_car", "make", "since", "noticed_at", "cleared_at", "stations", "visits", "failed", "last_station"),
        [
            (
                row.key, "yes" if row.is_car else "no", row.make or "", row.since, row.noticed_at, row.cleared_at,
                row.stations, row.visits, row.failed, row.station_name,
            )
            for row in rows
        ],
    )  # fmt: skip


@get(f"{CARS}/{{car:str}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_car(desk: AtDesk, car: FromPath[str]) -> Response[Any]:
    """One car: where it tried, and how that went."""
    async with desk.transaction() as tx:
        row = found(await queries.car(tx, desk.sites, car.replace("\0", "")))
        attempts = await queries.car_attempts(tx, desk.sites, row.key, min(row.since, desk.now - SINCE))
    return desk.page("console/comparing/car.html", row=row, attempts=attempts, dia=diagnosis_words)


@get(OUTLETS, opt={NEEDS: Permission.STATIONS_READ})
async def list_outlets(desk: AtDesk) -> Response[Any]:
    """Every outlet beside the others of its model and of its site."""
    return desk.page("console/comparing/outlets.html", **await _outlets(desk))


async def live_outlets(desk: Desk) -> Parts:
    """Return the parts of the list of outlets that change."""
    return _parts(desk, "outlets", ("sentence", "rows"), await _outlets(desk))


async def _outlets(desk: Desk) -> dict[str, Any]:
    listing = desk.listing(*queries.ORDERS)
    order = listing.sort.lstrip("-")
    async with desk.transaction() as tx:
        rows = await queries.peers(tx, desk.sites, desk.now - SINCE, listing.search, order, PAGE_SIZE, listing.offset)
    return {
        "rows": rows,
        "total": rows[0].total if rows else 0,
        "listing": listing,
        "days": SINCE.days,
        "standing_out": sum(row.stands_out for row in rows),
    }


@get(f"{OUTLETS}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_outlets(desk: AtDesk) -> Response[bytes]:
    """The same as CSV."""
    listing = desk.listing(*queries.ORDERS)
    async with desk.transaction() as tx:
        rows = await queries.peers(tx, desk.sites, desk.now - SINCE, listing.search, listing.sort.lstrip("-"))
    return spreadsheets.answer(
        "outlets",
        ("site", "station", "evse", "vendor", "model", "attempts", "failed", "share_low", "share_high",
         "model_attempts", "model_failed", "site_attempts", "site_failed", "times_usual", "median_energy_wh"),
        [
            (
                row.site_name, row.name, row.evse_number, row.vendor, row.model, row.attempts, row.failed,
                round(row.interval[0], 4), round(row.interval[1], 4), row.model_attempts, row.model_failed,
                row.site_attempts, row.site_failed, round(row.times_usual, 2), row.energy_wh,
            )
            for row in rows
        ],
    )  # fmt: skip


ROUTES: Final = [
    list_versions, export_versions, show_version, list_cars, export_cars, show_car, list_outlets, export_outlets,
]  # fmt: skip

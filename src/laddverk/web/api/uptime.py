"""The API's uptime: reports on a site, a charger or all sites of a host by every policy, with each outage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import get
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from laddverk.diagnostics.uptime import queries
from laddverk.diagnostics.uptime.hours import Length, period_named, period_of
from laddverk.diagnostics.uptime.jobs import POLICIES
from laddverk.diagnostics.uptime.model import Count
from laddverk.diagnostics.uptime.policies import policies_of
from laddverk.diagnostics.uptime.queries import Place
from laddverk.diagnostics.uptime.reports import Asked as Wanted
from laddverk.diagnostics.uptime.reports import Report, report
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking


class Figure(Struct, frozen=True):
    """What a policy makes of an outlet or of all of them. Shares are 0 to 1, null where no time counts."""

    policy: str
    version: int
    eligible_s: float
    outage_s: float
    excluded_s: float
    uptime_raw: float | None
    uptime: float | None


class Outlet(Struct, frozen=True):
    """One outlet by every policy that concerns it."""

    station: str
    evse: int
    code: str
    figures: list[Figure]
    outages: int
    lost_wh: int


class OutageSeen(Struct, frozen=True):
    """One outage as drivers saw it. `end` is null while it goes on, or beyond the period."""

    station: str
    evse: int
    start: datetime
    end: datetime | None
    seconds: float
    state: str
    why: str


class Uptime(Struct, frozen=True):
    """The report on a site, a charger, or all sites of a host (`site` is empty then).

    Seconds and shares are null where there is nothing to make them of. `outages` is null where there are too many to
    list: ask for a shorter period or one charger. `states` are seconds of all outlets together.
    """

    site: str
    station: str | None
    host: str | None
    period: str
    start: datetime
    end: datetime
    figures: list[Figure]
    outlets: list[Outlet]
    states: dict[str, float]
    attempts: int
    success: float | None
    first_time: float | None
    visit_success: float | None
    between_failures_s: float | None
    to_mend_s: float | None
    to_notice_s: float | None
    to_take_on_s: float | None
    repeat_share: float | None
    remote_fix_share: float | None
    first_time_fix_share: float | None
    lost_wh: int
    lost_minor: int | None
    repair_minor: int
    currency: str
    outages: list[OutageSeen] | None
    not_worked_out: int


class Ids(Struct, frozen=True):
    """What is asked for: one of them."""

    site: UUID | None = None
    station: UUID | None = None
    host: UUID | None = None


def _figure(count: Count) -> Figure:
    return Figure(
        policy=count.policy, version=count.version, eligible_s=count.eligible.total_seconds(),
        outage_s=count.outage.total_seconds(), excluded_s=count.excluded.total_seconds(), uptime_raw=count.raw,
        uptime=count.uptime,
    )  # fmt: skip


def _seconds(lasted: timedelta | None) -> float | None:
    return None if lasted is None else lasted.total_seconds()


def uptime_of(made: Report, currency: str) -> Uptime:
    """Return a report as programs see it."""
    tried, place = made.attempts, made.place
    return Uptime(
        site=shown("sit", place.site_id) if place.site_id else "",
        station=shown("sta", place.station_id) if place.station_id else None,
        host=shown("opr", place.host_id) if place.host_id else None,
        period=made.period.key, start=made.start, end=made.end,
        figures=[_figure(one) for one in made.totals.values() if one.eligible],
        outlets=[
            Outlet(
                shown("sta", one.outlet.station_id), one.outlet.evse_number, one.outlet.code,
                [_figure(count) for count in one.counts.values()], one.outages, one.lost_wh,
            )
            for one in made.lines
        ],
        states={state.value: lasted_s for state, lasted_s in made.states.items()},
        attempts=tried.attempts if tried else 0, success=tried.success if tried else None,
        first_time=tried.first_time if tried else None, visit_success=tried.visit_success if tried else None,
        between_failures_s=_seconds(made.between_failures), to_mend_s=_seconds(made.to_mend),
        to_notice_s=_seconds(made.to_notice), to_take_on_s=_seconds(made.to_take_on), repeat_share=made.repeat_share,
        remote_fix_share=made.fixes.remote_share, first_time_fix_share=made.fixes.first_time_share,
        lost_wh=made.lost_wh, lost_minor=made.lost_minor, repair_minor=made.repair_minor, currency=currency,
        outages=None if made.outages is None else [
            OutageSeen(
                shown("sta", one.outlet.station_id), one.outlet.evse_number, one.outage.start,
                one.outage.end if one.outage.is_over else None, one.outage.lasted.total_seconds(),
                one.outage.state.value, one.outage.why,
            )
            for one in made.outages
        ],
        not_worked_out=made.not_worked_out,
    )  # fmt: skip


async def _place(asked: Asked, tx: Transaction, given: Ids) -> Place:
    """Return what the report is about. Raises `NotFound` where it may not be seen; a host's sites must all be seen."""
    sites, place = asked.actor.site_ids, None
    if given.site is not None:
        place = await queries.site(tx, sites, given.site)
    elif given.station is not None:
        place = await queries.station(tx, sites, given.station)
    else:
        who = next((one for one in await queries.hosts(tx) if one.id == given.host), None)
        if who is not None and (sites is None or who.sites <= sites):
            zone = asked.house.settings.timezone
            place = Place(site_name=who.name, timezone=zone, host_id=who.id, host_sites=who.sites)
    if place is None:
        raise NotFound("There is nothing by that id.", field="id")
    return place


async def _made(asked: Asked, period: str, given: Ids) -> Uptime:
    settings = asked.house.settings
    known = policies_of(settings.state_dir / POLICIES)
    wanted = Wanted(
        policies=known.all, currency=settings.currency, margin_percent=settings.margin_percent, now=asked.now
    )
    async with asked.transaction() as tx:
        place = await _place(asked, tx, given)
        zone = ZoneInfo(place.timezone)
        today = asked.now.astimezone(zone).date()
        chosen = period_named(period) if period else period_of(Length.MONTH, today)
        if chosen.first > today:
            raise Invalid("Nothing is known of this time.", field="period", remedy="Choose an earlier or later one.")
        start, end = chosen.instants(zone)
        stations = await queries.stations(tx, place.sites, start, end, site=place.site_id, station=place.station_id)
        return uptime_of(await report(tx, place, stations, chosen, wanted), settings.currency)


@get("/uptime/sites/{site:str}", opt=needs(Permission.STATIONS_READ))
async def show_site_uptime(asked: Asking, site: FromPath[str], period: FromQuery[str] = "") -> Uptime:
    """Show the uptime of a site in a month (2026-10, the running one by default), a quarter (2026-Q4) or a year."""
    return await _made(asked, period, Ids(site=parsed("sit", site)))


@get("/uptime/stations/{station:str}", opt=needs(Permission.STATIONS_READ))
async def show_station_uptime(asked: Asking, station: FromPath[str], period: FromQuery[str] = "") -> Uptime:
    """Show the uptime of a charger in a month (2026-10, the running one by default), a quarter (2026-Q4) or a year."""
    return await _made(asked, period, Ids(station=parsed("sta", station)))


@get("/uptime/hosts/{host:str}", opt=needs(Permission.STATIONS_READ))
async def show_host_uptime(asked: Asking, host: FromPath[str], period: FromQuery[str] = "") -> Uptime:
    """Show the uptime of all sites of a host in a month (2026-10, the running one by default), a quarter or a year."""
    return await _made(asked, period, Ids(host=parsed("opr", host)))


HANDLERS: Final = [show_site_uptime, show_station_uptime, show_host_uptime]

"""Everything a page of usage says of what was chosen: read once, grouped in many ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.planning.usage import censoring, queries
from laddverk.planning.usage.censoring import Slot
from laddverk.planning.usage.figures import Figures, Standing, Sums, divided, stood, total
from laddverk.planning.usage.queries import Attempts, Chosen, Cost, DaySums, HourSums, Outlet, PoolSums, WeekHour
from laddverk.platform.database import Transaction

Key = tuple[UUID, int]
SEASONS: Final = ("winter", "spring", "summer", "autumn")


class By(StrEnum):
    """What figures are grouped by."""

    SITE = "site"
    MODEL = "model"
    PLUG = "plug"
    OUTLET = "outlet"
    HOUR = "hour"
    WEEKDAY = "weekday"
    MONTH = "month"
    SEASON = "season"


class Line(Struct, frozen=True, kw_only=True):
    """One group: its key, its name where the key is not one, and its figures."""

    key: str
    name: str = ""
    site_id: UUID | None = None
    station_id: UUID | None = None
    figures: Figures


class Peaks(Struct, frozen=True, kw_only=True):
    """The highest hour, and how often all were taken."""

    peak_w: int = 0
    peak_at: datetime | None = None
    coincidence: float | None = None
    """The highest hour, of the rated power of all chosen outlets."""
    taken_max: float | None = None
    full_s: float = 0.0
    pool_s: float = 0.0
    waits: int = 0
    unseen: float = 0.0

    @property
    def full_share(self) -> float | None:
        """The share of the time in which all were taken, over sites and plugs."""
        return divided(self.full_s, self.pool_s)


class Margin(Struct, frozen=True, kw_only=True):
    """What remains of the revenue of sites whose price of energy is known."""

    cost_minor: float = 0.0
    cost_wh: int = 0
    """Energy whose price is known, hour by hour."""
    revenue_minor: int = 0
    """Of the same sites."""
    energy_wh: int = 0
    """All energy, whether or not its price is known."""
    sites: int = 0

    @property
    def margin_minor(self) -> float | None:
        """Revenue less the cost of energy, where all of those sites' energy has a price."""
        return self.revenue_minor - self.cost_minor if self.sites else None


class Reading(Struct, frozen=True, kw_only=True):
    """All that is said of what was chosen."""

    chosen: Chosen
    outlets: list[Outlet]
    sums: dict[Key, Sums]
    days: list[DaySums]
    hours: list[HourSums]
    pools: list[PoolSums]
    week: list[WeekHour]
    attempts: Attempts
    peaks: Peaks
    margin: Margin
    now: datetime

    @property
    def until(self) -> datetime:
        """The end of the period, or now while it goes on."""
        return min(self.chosen.until, self.now)

    @property
    def whole(self) -> Figures:
        """The figures of everything that was chosen."""
        return Figures(sums=total(self.sums.values()), standing=self.standing(self.outlets))

    def standing(self, outlets: Iterable[Outlet]) -> Standing:
        """Return how long these outlets stood there in the period."""
        parts = [
            stood(one.opened_at, one.closed_at, one.power_w, self.chosen.since, self.until) for one in outlets
        ]  # fmt: skip
        return Standing(port_s=sum(one.port_s for one in parts), rated_wh=sum(one.rated_wh for one in parts))


OUTLET_KEYS: Final[dict[By, Callable[[Outlet], tuple[str, str]]]] = {
    By.SITE: lambda one: (str(one.site_id), one.site_name),
    By.MODEL: lambda one: (one.model_name, ""),
    By.PLUG: lambda one: (one.plug, ""),
    By.OUTLET: lambda one: (f"{one.station_id}/{one.evse_number}", f"{one.station_name} / {one.evse_number}"),
}


def season(month: int) -> str:
    """Return the season of a month as the Swedish meteorologists count by the calendar: winter is December on."""
    return SEASONS[month % 12 // 3]


DAY_KEYS: Final[dict[By, Callable[[date], str]]] = {
    By.WEEKDAY: lambda day: str(day.isoweekday()),
    By.MONTH: lambda day: f"{day:%Y-%m}",
    By.SEASON: lambda day: season(day.month),
}


def lines(reading: Reading, by: By) -> list[Line]:
    """Return the figures by group: those of outlets by name, those of time in its order."""
    if by in OUTLET_KEYS:
        return _by_outlet(reading, by)
    if by is By.HOUR:
        return _by_hour(reading)
    return _by_day(reading, by)


def _by_outlet(reading: Reading, by: By) -> list[Line]:
    groups: dict[tuple[str, str], list[Outlet]] = defaultdict(list)
    for one in reading.outlets:
        groups[OUTLET_KEYS[by](one)].append(one)
    found = [
        Line(
            key=key, name=name, site_id=members[0].site_id,
            station_id=members[0].station_id if by is By.OUTLET else None,
            figures=Figures(
                sums=total(reading.sums.get((one.station_id, one.evse_number), Sums()) for one in members),
                standing=reading.standing(members),
            ),
        )
        for (key, name), members in groups.items()
    ]  # fmt: skip
    return sorted(
        (one for one in found if one.figures.standing.port_s or one.figures.sums.busy_s),
        key=lambda one: (one.name or one.key).casefold(),
    )


def _by_day(reading: Reading, by: By) -> list[Line]:
    zone = reading.chosen.zone
    sums: dict[str, list[Sums]] = defaultdict(list)
    standing: dict[str, Standing] = defaultdict(Standing)
    for one in reading.days:
        sums[DAY_KEYS[by](one.day)].append(one)
    day = reading.chosen.first
    while day <= reading.chosen.last:
        part = Chosen(first=day, last=day, zone=zone)
        standing[DAY_KEYS[by](day)] += _standing_between(reading.outlets, part.since, min(part.until, reading.until))
        day += timedelta(days=1)
    keys = SEASONS if by is By.SEASON else sorted(standing)
    return [
        Line(key=key, figures=Figures(sums=total(sums[key]), standing=standing[key])) for key in keys if key in standing
    ]


def _standing_between(outlets: Sequence[Outlet], since: datetime, until: datetime) -> Standing:
    """Return how long outlets stood there; those that stood there all the time, which are most, are multiplied."""
    if until <= since:
        return Standing()
    always_w = [
        one.power_w for one in outlets if one.opened_at <= since and (one.closed_at is None or one.closed_at >= until)
    ]
    hours = (until - since).total_seconds() / 3_600
    found = Standing(port_s=len(always_w) * hours * 3_600, rated_wh=sum(always_w) * hours)
    if len(always_w) < len(outlets):
        for one in outlets:
            if not (one.opened_at <= since and (one.closed_at is None or one.closed_at >= until)):
                found += stood(one.opened_at, one.closed_at, one.power_w, since, until)
    return found


def _by_hour(reading: Reading) -> list[Line]:
    zone = ZoneInfo(reading.chosen.zone)
    sums: list[Sums] = [Sums() for _ in range(censoring.HOURS)]
    for one in reading.hours:
        here = one.hour.astimezone(zone).hour
        sums[here] += Sums(
            busy_s=one.busy_s, charging_s=one.charging_s, energy_wh=one.energy_wh, began=one.began
        )  # fmt: skip
    week = week_standing(reading)
    return [
        Line(
            key=f"{hour:02d}",
            figures=Figures(
                sums=sums[hour],
                standing=Standing(
                    port_s=sum(week[at].port_s for at in range(hour, censoring.WEEK_HOURS, censoring.HOURS)),
                    rated_wh=sum(week[at].rated_wh for at in range(hour, censoring.WEEK_HOURS, censoring.HOURS)),
                ),
            ),
        )
        for hour in range(censoring.HOURS)
    ]


def week_standing(reading: Reading) -> list[Standing]:
    """Return how long the outlets stood there in each hour of the local week, Monday 0 to 1 first."""
    spans: dict[tuple[datetime, datetime], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in reading.outlets:
        since = max(one.opened_at, reading.chosen.since)
        until = min(one.closed_at or reading.until, reading.until)
        if until > since:
            count, watts = spans[since, until]
            spans[since, until] = count + 1, watts + one.power_w
    ports, rated = [0.0] * censoring.WEEK_HOURS, [0.0] * censoring.WEEK_HOURS
    for (since, until), (count, watts) in spans.items():
        for at, hours in enumerate(censoring.hours_of_week(since, until, reading.chosen.zone)):
            ports[at] += count * hours * 3_600
            rated[at] += watts * hours
    return [Standing(port_s=port_s, rated_wh=wh) for port_s, wh in zip(ports, rated, strict=True)]


def heat(reading: Reading) -> list[float | None]:
    """Return the time utilisation of each hour of the local week, Monday 0 to 1 first; None where nothing stood."""
    zone = ZoneInfo(reading.chosen.zone)
    busy_s = [0.0] * censoring.WEEK_HOURS
    for one in reading.hours:
        here = one.hour.astimezone(zone)
        busy_s[here.weekday() * censoring.HOURS + here.hour] += one.busy_s
    return [divided(busy, standing.port_s) for busy, standing in zip(busy_s, week_standing(reading), strict=True)]


def duration_curve(reading: Reading, points: int = 100) -> list[int]:
    """Return the mean power of the hours of the period, the highest first, thinned to so many points, W."""
    hours = max(1, round((reading.until - reading.chosen.since).total_seconds() / 3_600))
    highest = sorted((one.energy_wh for one in reading.hours if one.energy_wh), reverse=True)[:hours]
    every = [*highest, *([0] * (hours - len(highest)))]
    return [every[min(len(every) - 1, round(at * (len(every) - 1) / (points - 1)))] for at in range(points)]


async def read(tx: Transaction, chosen: Chosen, currency: str, now: datetime) -> Reading:
    """Return everything that is said of what was chosen."""
    outlets = await queries.outlets(tx, chosen)
    known = {(one.station_id, one.evse_number) for one in outlets}
    by_outlet = await queries.by_outlet(tx, chosen, outlets)
    sums: dict[Key, Sums] = {
        (one.station_id, one.evse_number): one for one in by_outlet if (one.station_id, one.evse_number) in known
    }
    hours, pools, week = (
        await queries.by_hour(tx, chosen), await queries.pools(tx, chosen), await queries.week(tx, chosen)
    )  # fmt: skip
    until = min(chosen.until, now)
    return Reading(
        chosen=chosen, outlets=outlets, sums=sums, days=await queries.by_day(tx, chosen), hours=hours, pools=pools,
        week=week, attempts=await queries.attempts(tx, chosen),
        peaks=_peaks(outlets, hours, pools, week, chosen, until),
        margin=_margin(outlets, sums, await queries.costs(tx, chosen, currency)), now=now,
    )  # fmt: skip


def _peaks(
    outlets: list[Outlet], hours: list[HourSums], pools: list[PoolSums], week: list[WeekHour], chosen: Chosen,
    until: datetime,
) -> Peaks:  # fmt: skip
    highest = max(hours, key=lambda one: one.energy_wh, default=None)
    there = [
        one for one in outlets if one.opened_at < until and (one.closed_at is None or one.closed_at > chosen.since)
    ]
    spans = pool_spans(there, chosen.since, until)
    by_pool: dict[tuple[UUID, str], list[WeekHour]] = defaultdict(list)
    for one in week:
        by_pool[one.site_id, one.plug].append(one)
    return Peaks(
        peak_w=highest.energy_wh if highest else 0,
        peak_at=highest.hour if highest and highest.energy_wh else None,
        coincidence=divided(highest.energy_wh, sum(one.power_w for one in there)) if highest else None,
        taken_max=max((min(one.taken_max, 1.0) for one in pools if one.taken_max), default=None),
        full_s=sum(one.full_s for one in pools),
        pool_s=sum((end - start).total_seconds() for start, end, _zone in spans.values()),
        waits=sum(one.waited for one in pools),
        unseen=sum(unseen_at(spans[pool], rows) for pool, rows in by_pool.items() if pool in spans),
    )


Span = tuple[datetime, datetime, str]


def pool_spans(outlets: Iterable[Outlet], since: datetime, until: datetime) -> dict[tuple[UUID, str], Span]:
    """Return for each pool from when to when anything stood there in the period, and its time zone."""
    found: dict[tuple[UUID, str], Span] = {}
    for one in outlets:
        start, end = max(one.opened_at, since), min(one.closed_at or until, until)
        if end > start:
            before = found.get((one.site_id, one.plug), (start, end, one.timezone))
            found[one.site_id, one.plug] = min(start, before[0]), max(end, before[1]), one.timezone
    return found


def slots(span: Span, rows: Iterable[WeekHour]) -> dict[int, Slot]:
    """Return a pool by hour of its local week."""
    stood_h = censoring.hours_of_week(*span)
    seen = {one.weekday * censoring.HOURS + one.hour: one for one in rows}
    return {
        at: Slot(
            stood_h=hours, full_h=min((seen[at].full_s + seen[at].dark_s) / 3_600, hours) if at in seen else 0.0,
            began=seen[at].began if at in seen else 0,
        )
        for at, hours in enumerate(stood_h)
        if hours
    }  # fmt: skip


def unseen_at(span: Span, rows: Iterable[WeekHour]) -> float:
    """Return how many likely came to a pool while it had no room."""
    return censoring.unseen(slots(span, rows))


def _margin(outlets: list[Outlet], sums: dict[Key, Sums], costs: list[Cost]) -> Margin:
    sites = {one.site_id for one in costs}
    at = {(one.station_id, one.evse_number): one.site_id for one in outlets}
    return Margin(
        cost_minor=sum(one.cost_minor for one in costs),
        cost_wh=sum(one.energy_wh for one in costs),
        revenue_minor=sum(one.revenue_minor for key, one in sums.items() if at[key] in sites),
        energy_wh=sum(one.energy_wh for one in sums.values()),
        sites=len(sites),
    )

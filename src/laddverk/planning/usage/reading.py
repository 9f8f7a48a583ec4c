"""Everything a page of usage says of what was chosen: read once, grouped in many ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from laddverk.planning.usage import censoring, queries
from laddverk.planning.usage.censoring import Numbers
from laddverk.planning.usage.figures import Figures, Standing, Sums, divided, stood, total
from laddverk.planning.usage.park import Park
from laddverk.planning.usage.periods import cover
from laddverk.planning.usage.queries import (
    Attempts,
    Chosen,
    ClassStood,
    ClassSums,
    DaySums,
    Hours,
    HourSums,
    Outlet,
    PoolSpan,
    PoolSums,
)  # fmt: skip
from laddverk.planning.usage.weeks import SHUT, Weeks, weeks
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


class Class(Struct, frozen=True, kw_only=True):
    """The outlets of a site with the same plug and of the same model, and what happened at them."""

    stood: ClassStood
    sums: ClassSums

    @property
    def figures(self) -> Figures:
        """Its figures."""
        return Figures(sums=self.sums, standing=Standing(port_s=self.stood.port_s, rated_wh=self.stood.rated_wh))


class Reading(Struct, frozen=True, kw_only=True):
    """All that is said of what was chosen."""

    chosen: Chosen
    classes: list[Class]
    outlets: list[Outlet]
    """Where outlets were asked for one by one, and so their sums."""
    sums: dict[Key, Sums]
    days: list[DaySums]
    """Where weekdays, months or seasons were asked for."""
    day_hours: list[HourSums]
    """Where hours of the day were asked for."""
    hours: Hours
    park: Park
    attempts: Attempts
    peaks: Peaks
    now: datetime

    @property
    def until(self) -> datetime:
        """The end of the period, or now while it goes on."""
        return min(self.chosen.until, self.now)

    @property
    def outlet_count(self) -> int:
        """How many outlets are looked at, whether or not they stood there at that time."""
        return sum(one.stood.outlets for one in self.classes)

    @property
    def whole(self) -> Figures:
        """The figures of everything that was chosen."""
        return _together(one.figures for one in self.classes)


def _together(many: Iterable[Figures]) -> Figures:
    parts = list(many)
    return Figures(
        sums=total(one.sums for one in parts),
        standing=Standing(
            port_s=sum(one.standing.port_s for one in parts), rated_wh=sum(one.standing.rated_wh for one in parts)
        ),
    )


CLASS_KEYS: Final[dict[By, Callable[[ClassStood], tuple[str, str]]]] = {
    By.SITE: lambda one: (str(one.site_id), one.site_name),
    By.MODEL: lambda one: (one.model, ""),
    By.PLUG: lambda one: (one.plug, ""),
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
    """Return the figures by group, one that was asked for: those of outlets by name, those of time in its order."""
    if by in CLASS_KEYS:
        return _by_name(_by_class(reading, by))
    if by is By.OUTLET:
        return _by_name(_by_outlet(reading))
    if by is By.HOUR:
        return _by_hour(reading)
    return _by_day(reading, by)


def _by_name(found: Iterable[Line]) -> list[Line]:
    return sorted(
        (one for one in found if one.figures.standing.port_s or one.figures.sums.busy_s),
        key=lambda one: (one.name or one.key).casefold(),
    )


def _by_class(reading: Reading, by: By) -> Iterable[Line]:
    groups: dict[tuple[str, str], list[Class]] = defaultdict(list)
    for one in reading.classes:
        groups[CLASS_KEYS[by](one.stood)].append(one)
    for (key, name), members in groups.items():
        figures = _together(one.figures for one in members)
        yield Line(key=key, name=name, site_id=members[0].stood.site_id, figures=figures)


def _by_outlet(reading: Reading) -> Iterable[Line]:
    since, until, none = reading.chosen.since, reading.until, Sums()
    for one in reading.outlets:
        yield Line(
            key=f"{one.station_id}/{one.evse_number}", name=f"{one.station_name} / {one.evse_number}",
            site_id=one.site_id, station_id=one.station_id,
            figures=Figures(
                sums=reading.sums.get((one.station_id, one.evse_number), none),
                standing=stood(one.opened_at, one.closed_at, one.power_w, since, until),
            ),
        )  # fmt: skip


def _by_day(reading: Reading, by: By) -> list[Line]:
    chosen = reading.chosen
    days = [chosen.first + timedelta(days=at) for at in range(chosen.days)]
    midnights = np.array([_midnight_s(day, chosen.zone) for day in (*days, chosen.last + timedelta(days=1))])
    ports_s, rated_wh = reading.park.stood(midnights[:-1], np.minimum(midnights[1:], reading.until.timestamp()))
    sums: dict[str, list[Sums]] = defaultdict(list)
    standing: dict[str, Standing] = defaultdict(Standing)
    for one in reading.days:
        sums[DAY_KEYS[by](one.day)].append(one)
    for day, port_s, wh in zip(days, ports_s.tolist(), rated_wh.tolist(), strict=True):
        standing[DAY_KEYS[by](day)] += Standing(port_s=port_s, rated_wh=wh)
    keys = SEASONS if by is By.SEASON else sorted(standing)
    return [
        Line(key=key, figures=Figures(sums=total(sums[key]), standing=standing[key])) for key in keys if key in standing
    ]


def _midnight_s(day: date, zone: str) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()


def _by_hour(reading: Reading) -> list[Line]:
    sums = {one.hour: one for one in reading.day_hours}
    ports_s, rated_wh = (part.reshape(7, censoring.HOURS).sum(axis=0).tolist() for part in week_standing(reading))
    return [
        Line(
            key=f"{hour:02d}",
            figures=Figures(
                sums=sums.get(hour, Sums()), standing=Standing(port_s=ports_s[hour], rated_wh=rated_wh[hour])
            ),
        )
        for hour in range(censoring.HOURS)
    ]


def week_standing(reading: Reading) -> tuple[Numbers, Numbers]:
    """Return how long outlets stood there in each hour of the local week, s, and what they could have given, Wh."""
    since_s, until_s = reading.chosen.since.timestamp(), reading.until.timestamp()
    hours_s = np.arange(since_s // 3_600 * 3_600, until_s, 3_600.0)
    parts = reading.park.stood(np.maximum(hours_s, since_s), np.minimum(hours_s + 3_600, until_s))
    at = censoring.places(hours_s, reading.chosen.zone)
    ports_s, rated_wh = (np.zeros(censoring.WEEK_HOURS) for _ in parts)
    for total_, part in ((ports_s, parts[0]), (rated_wh, parts[1])):
        np.add.at(total_, at, part)
    return ports_s, rated_wh


def heat(reading: Reading) -> list[float | None]:
    """Return the time utilisation of each hour of the local week, Monday 0 to 1 first; None where nothing stood."""
    at = censoring.places(reading.hours.at_s, reading.chosen.zone)
    busy_s = np.bincount(at, weights=reading.hours.busy_s, minlength=censoring.WEEK_HOURS)
    ports_s, _ = week_standing(reading)
    return [divided(busy, port) for busy, port in zip(busy_s.tolist(), ports_s.tolist(), strict=True)]


def duration_curve(reading: Reading, points: int = 100) -> list[int]:
    """Return the mean power of the hours of the period, the highest first, thinned to so many points, W."""
    hours = max(1, round((reading.until - reading.chosen.since).total_seconds() / 3_600))
    every = np.zeros(hours)
    highest = np.sort(reading.hours.energy_wh)[::-1][:hours]
    every[: len(highest)] = highest
    at = [min(hours - 1, round(point * (hours - 1) / (points - 1))) for point in range(points)]
    return [round(each) for each in every[at].tolist()]


async def read(tx: Transaction, chosen: Chosen, now: datetime, by: By | None = By.SITE) -> Reading:
    """Return everything that is said of what was chosen, as far as groups `by` something need it; None: no groups."""
    until, zone = min(chosen.until, now), ZoneInfo(chosen.zone)
    covered = cover(chosen.first, chosen.last, now.astimezone(zone).date())
    await queries.as_asked(tx)
    is_by_site = by is By.SITE or chosen.sites is not None  # all sites together have rows of their own, far fewer
    counted = await queries.by_class(tx, chosen, covered, is_by_site=is_by_site)
    sums = {(one.site_id, one.plug, one.model): one for one in counted}
    classes = [
        Class(stood=one, sums=sums.get((one.site_id, one.plug, one.model)) or _nothing(one))
        for one in await queries.classes(tx, chosen, until, is_by_site=is_by_site)
    ]
    park, hours = Park(await queries.stood(tx, chosen)), await queries.by_hour(tx, chosen)
    outlets = await queries.outlets(tx, chosen) if by is By.OUTLET else []
    by_outlet = await queries.by_outlet(tx, chosen, outlets, covered) if by is By.OUTLET else []
    pools = await queries.pools(tx, chosen, covered)
    spans = await queries.pool_spans(tx, chosen, until)
    closed = [one for one in pools if one.full_s + one.dark_s > 0]
    week = await weeks(tx, [(one.site_id, one.plug) for one in closed], covered, SHUT)
    return Reading(
        chosen=chosen, classes=classes, outlets=outlets,
        sums={(one.station_id, one.evse_number): one for one in by_outlet},
        days=await queries.by_day(tx, chosen) if by in DAY_KEYS else [],
        day_hours=await queries.by_day_hour(tx, chosen) if by is By.HOUR else [], hours=hours, park=park,
        attempts=await queries.attempts(tx, chosen, covered),
        peaks=_peaks(park, hours, pools, spans, _unseen(closed, week, spans), chosen.since, until),
        now=now,
    )  # fmt: skip


def _nothing(one: ClassStood) -> ClassSums:
    return ClassSums(site_id=one.site_id, plug=one.plug, model=one.model)


def _peaks(
    park: Park, hours: Hours, pools: list[PoolSums], spans: list[PoolSpan], unseen: float, since: datetime,
    until: datetime,
) -> Peaks:  # fmt: skip
    highest = int(np.argmax(hours.energy_wh)) if len(hours.energy_wh) and hours.energy_wh.max() > 0 else None
    peak_w = 0 if highest is None else round(hours.energy_wh[highest])
    return Peaks(
        peak_w=peak_w,
        peak_at=None if highest is None else datetime.fromtimestamp(hours.at_s[highest], UTC),
        coincidence=divided(peak_w, park.rated_w(since.timestamp(), until.timestamp())) if len(hours.at_s) else None,
        taken_max=max((min(one.taken_max, 1.0) for one in pools if one.taken_max), default=None),
        full_s=sum(one.full_s for one in pools),
        pool_s=sum((one.until - one.since).total_seconds() for one in spans),
        waits=sum(one.waited for one in pools),
        unseen=unseen,
    )


def _unseen(closed: Sequence[PoolSums], week: Weeks, spans: Iterable[PoolSpan]) -> float:
    """Return how many likely came to pools while these had no room; `week` has the closed ones in their order."""
    at = {(one.site_id, one.plug): row for row, one in enumerate(closed)}
    rows: list[int] = []
    stood_h: list[list[float]] = []
    known: dict[tuple[datetime, datetime, str], list[float]] = {}
    for span in spans:
        if (row := at.get((span.site_id, span.plug))) is not None:
            bounds = span.since, span.until, span.timezone
            if bounds not in known:
                known[bounds] = censoring.hours_of_week(*bounds)
            rows.append(row)
            stood_h.append(known[bounds])
    if not rows:
        return 0.0
    hours = np.array(stood_h)
    return censoring.unseen(hours, np.minimum(week.closed_s[rows] / 3_600, hours), week.began[rows])

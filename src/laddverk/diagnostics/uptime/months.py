"""Months, worked out and kept: what each policy makes of each outlet's month. Reports add them up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.diagnostics.uptime import figures, gathering, store
from laddverk.diagnostics.uptime.counting import by_state, count
from laddverk.diagnostics.uptime.gathering import Course
from laddverk.diagnostics.uptime.hours import Length, Period, period_of
from laddverk.diagnostics.uptime.model import Count, Policy, State
from laddverk.diagnostics.uptime.policies import HONEST
from laddverk.diagnostics.uptime.whole import as_one
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

DEMAND_WEEKS: Final = 12  # of which an outlet's usual week is made
STATIONS_AT_ONCE: Final = 25  # in one reading: some hundred thousand states at the very most
MONTHS_BACK: Final = 13  # a year of the rule that looks at most: twelve whole months and the running one
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
STALE_AFTER: Final = timedelta(hours=20)  # a running month is worked out anew each night


class Month(Struct, frozen=True, kw_only=True):
    """What one policy makes of one outlet's month."""

    station_id: StationId
    evse_number: int
    month: date
    policy: str
    version: int
    eligible_s: float
    outage_s: float
    excluded_s: float
    outages: int
    mended: int
    mended_s: float
    repeats: int
    states: dict[State, float] = {}
    lost_wh: int = 0
    worked_out_at: datetime


def month_of(
    course: Course, policies: Iterable[Policy], month: Period, expected: Sequence[float], now: datetime
) -> list[Month]:
    """Return what each policy that concerns this outlet makes of its month; [] when it was not in service in it."""
    start, end = month.instants(course.zone)
    found = []
    for policy in policies:
        if course.outlet.power_max_w < policy.power_min_w:
            continue
        whole = count(policy, course.intervals, course.exempt, start - gathering.LOOK_BACK, end)
        own = count(policy, course.intervals, course.exempt, start, end)
        if not own.eligible:
            continue
        failures = figures.failures(whole.outages, start, end)
        is_honest = policy.name == HONEST
        states = by_state(course.intervals, start, end) if is_honest else {}
        found.append(
            Month(
                station_id=course.outlet.station_id, evse_number=course.outlet.evse_number, month=month.first,
                policy=policy.name, version=policy.version, eligible_s=own.eligible.total_seconds(),
                outage_s=own.outage.total_seconds(), excluded_s=own.excluded.total_seconds(),
                outages=failures.outages, mended=failures.mended, mended_s=failures.mended_s, repeats=failures.repeats,
                states={state: lasted.total_seconds() for state, lasted in states.items() if lasted},
                lost_wh=round(figures.lost_wh(own.outages, expected, course.zone)) if is_honest else 0,
                worked_out_at=now,
            )
        )  # fmt: skip
    return found


async def work_out(
    tx: Transaction, stations: Sequence[UUID], policies: Sequence[Policy], month: Period, now: datetime
) -> tuple[list[Month], list[Course]]:
    """Return the months of the outlets of `stations`, and their courses. Nothing is kept."""
    months: list[Month] = []
    courses: list[Course] = []
    for first in range(0, len(stations), STATIONS_AT_ONCE):
        some = stations[first : first + STATIONS_AT_ONCE]
        # A day more on both sides: the local month of any place lies in it.
        start, end = _reach(month)
        read = await gathering.courses(tx, some, start, end, now)
        usual = await _usual_weeks(tx, read, min(end, now))
        for course in read:
            expected = usual[course.outlet.station_id, course.outlet.evse_number]
            months += month_of(course, [one for one in policies if one.unit == "outlet"], month, expected, now)
        for policy in policies:
            if policy.unit == "station":
                for course in _stations_of(policy, read):
                    months += month_of(course, [policy], month, [0.0] * figures.HOURS, now)
        courses += read
    return months, courses


def _stations_of(policy: Policy, courses: Sequence[Course]) -> Iterable[Course]:
    by_station: dict[UUID, list[Course]] = defaultdict(list)
    for course in courses:
        by_station[course.outlet.station_id].append(course)
    return (as_one(policy, own) for own in by_station.values())


def _reach(month: Period) -> tuple[datetime, datetime]:
    day = timedelta(days=1)
    return (
        datetime.combine(month.first, datetime.min.time(), UTC) - day,
        datetime.combine(month.after, datetime.min.time(), UTC) + day,
    )


async def _usual_weeks(
    tx: Transaction, courses: Sequence[Course], until: datetime
) -> Mapping[tuple[UUID, int], Sequence[float]]:
    """Return what each outlet gives by hour of the week, drawn towards the mean of its site's outlets."""
    stations = sorted({one.outlet.station_id for one in courses})
    since = until - timedelta(weeks=DEMAND_WEEKS)
    own: dict[tuple[UUID, int], list[float]] = defaultdict(lambda: [0.0] * figures.HOURS)
    for row in await store.demand(tx, stations, since, until):
        own[row.station_id, row.evse_number][row.hour] += row.energy_wh
    sites: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    weeks: dict[tuple[UUID, int], float] = {}
    for course in courses:
        key = course.outlet.station_id, course.outlet.evse_number
        sites[course.outlet.site_id].append(key)
        began = max(since, course.outlet.first_at or since)
        weeks[key] = max((until - began) / timedelta(weeks=1), 1 / 7)
    found: dict[tuple[UUID, int], Sequence[float]] = {}
    for keys in sites.values():
        total_weeks = sum(weeks[key] for key in keys)
        site = [sum(own[key][hour] for key in keys) / total_weeks for hour in range(figures.HOURS)]
        found |= {key: figures.expected_wh(own[key], site, weeks[key]) for key in keys}
    return found


SAVE: Final = """
INSERT INTO uptime_month (station_id, evse_number, month, policy, version, eligible_s, outage_s, excluded_s, outages,
                          mended, mended_s, repeats, states, lost_wh, worked_out_at)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS m (station_id uuid, evse_number int, month date, policy text,
    version int, eligible_s float8, outage_s float8, excluded_s float8, outages int, mended int, mended_s float8,
    repeats int, states jsonb, lost_wh bigint, worked_out_at timestamptz)
ON CONFLICT (month, station_id, evse_number, policy) DO UPDATE SET version = excluded.version,
    eligible_s = excluded.eligible_s, outage_s = excluded.outage_s, excluded_s = excluded.excluded_s,
    outages = excluded.outages, mended = excluded.mended, mended_s = excluded.mended_s, repeats = excluded.repeats,
    states = excluded.states, lost_wh = excluded.lost_wh, worked_out_at = excluded.worked_out_at
"""


async def save(tx: Transaction, months: Sequence[Month]) -> None:
    """Keep these months; those that were kept before are replaced."""
    if months:
        await tx.execute(SAVE, [msgspec.to_builtins(one) for one in months])


KEPT: Final = """
SELECT * FROM uptime_month WHERE station_id = ANY($1) AND month >= $2 AND month < $3
"""


async def kept(tx: Transaction, stations: Sequence[UUID], first: date, after: date) -> list[Month]:
    """Return the months of these stations that were worked out, from the month of `first` until before `after`."""
    return await tx.fetch(Month, KEPT, list(stations), first, after)


DUE: Final = """
-- Stations whose month was never worked out, or too long ago, or before something came that changes it. A month that
-- is over is final ten days after its end unless an exclusion, a correction, opening hours or a policy came since.
SELECT s.id FROM station s
LEFT JOIN LATERAL (
    SELECT max(worked_out_at) AS at FROM uptime_month WHERE station_id = s.id AND month = $1) m ON true
WHERE s.epoch > 0 AND s.registered_at < $3 AND (s.retired_at IS NULL OR s.retired_at >= $2)
  AND (m.at IS NULL OR m.at < least($4, $3 + interval '10 days') OR m.at < $6
       OR EXISTS (SELECT FROM uptime_exclusion e WHERE e.site_id = s.site_id AND e.decided_at > m.at
                  AND e.from_at < $3 AND e.until_at > $2)
       OR EXISTS (SELECT FROM uptime_correction c WHERE c.station_id = s.id AND c.recorded_at > m.at
                  AND c.from_at < $3 AND c.until_at > $2)
       OR EXISTS (SELECT FROM site_hours h WHERE h.site_id = s.site_id AND h.changed_at > m.at))
ORDER BY s.id LIMIT $5
"""


async def due(
    tx: Transaction, month: Period, now: datetime, limit: int = STATIONS_AT_ONCE, *, policies_since: datetime = LONG_AGO
) -> list[UUID]:
    """Return some stations whose month is to be worked out again; `policies_since`: when the newest policy came."""
    start, end = _reach(month)
    return await tx.values(DUE, month.first, start, end, now - STALE_AFTER, limit, policies_since)


LEARN: Final = """
INSERT INTO uptime_policy (name, version, said, since)
SELECT said ->> 'name', (said ->> 'version')::int, said, $2 FROM jsonb_array_elements($1::jsonb) AS given (said)
ON CONFLICT (name, version) DO UPDATE SET said = excluded.said WHERE uptime_policy.said = 'null'::jsonb
"""
NEWEST: Final = """
SELECT max(kept.since) FROM uptime_policy AS kept JOIN jsonb_array_elements($1::jsonb) AS given (said)
    ON kept.name = given.said ->> 'name' AND kept.version = (given.said ->> 'version')::int
"""
CHANGED: Final = """
SELECT kept.name FROM uptime_policy AS kept JOIN jsonb_array_elements($1::jsonb) AS given (said)
    ON kept.name = given.said ->> 'name' AND kept.version = (given.said ->> 'version')::int
WHERE kept.said <> given.said AND kept.said <> 'null'::jsonb
"""


async def learn(tx: Transaction, policies: Sequence[Policy], now: datetime) -> datetime:
    """Keep what each version of each policy says, and return when the newest of these came."""
    said = [msgspec.to_builtins(one) for one in policies]
    await tx.execute(LEARN, said, now)
    newest: datetime = await tx.value(NEWEST, said)
    return newest


async def changed(tx: Transaction, policies: Sequence[Policy]) -> frozenset[str]:
    """Return the policies that say something else than months of the same version were worked out with."""
    return frozenset(await tx.values(CHANGED, [msgspec.to_builtins(one) for one in policies]))


async def keep_up(tx: Transaction, policies: Sequence[Policy], today: date, now: datetime) -> bool:
    """Work out some months that are due: the running one first, then back. Return whether there may be more."""
    month = period_of(Length.MONTH, today)
    newest = await learn(tx, policies, now)
    for _ in range(MONTHS_BACK):
        stations = await due(tx, month, now, policies_since=newest)
        if stations:
            months, _courses = await work_out(tx, stations, policies, month, now)
            await save(tx, [*months, *_nothing(stations, months, month, now)])
            return True
        month = month.before
    return False


def _nothing(stations: Iterable[UUID], months: Iterable[Month], month: Period, now: datetime) -> Iterable[Month]:
    """Return a mark for stations that were not in service in the month, lest they are looked at again at once."""
    for station in set(stations) - {one.station_id for one in months}:
        yield Month(
            station_id=StationId(station), evse_number=0, month=month.first, policy=HONEST, version=0, eligible_s=0,
            outage_s=0, excluded_s=0, outages=0, mended=0, mended_s=0, repeats=0, worked_out_at=now,
        )  # fmt: skip


def counted(policy: Policy, months: Iterable[Month]) -> Count:
    """Return the months of one outlet as one count."""
    own = [one for one in months if one.policy == policy.name and one.evse_number > 0]
    eligible = timedelta(seconds=sum(one.eligible_s for one in own))
    if policy.period_minutes is not None:
        eligible = min(eligible, timedelta(minutes=policy.period_minutes))
    return Count(
        policy=policy.name, version=policy.version, eligible=eligible,
        outage=timedelta(seconds=sum(one.outage_s for one in own)),
        excluded=timedelta(seconds=sum(one.excluded_s for one in own)),
    )  # fmt: skip

"""Follows what drifts and what is used: points of trends, what remains by them, and the counters of outlets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, structs

from laddverk.diagnostics import store_watch
from laddverk.diagnostics.detectors.wear import ContactorWear
from laddverk.diagnostics.memory import Kinds, Memory
from laddverk.diagnostics.upkeep.lasting import POINTS_MIN, Point, Remaining, remaining
from laddverk.diagnostics.upkeep.trends import FEATURES, Aim, Measured, has_begun_anew, is_new, next_aim
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

AT_ONCE: Final = 200  # stations in one turn
KEPT: Final = timedelta(days=90)  # of points: a trend looks at thirty of them
LATELY: Final = timedelta(days=90)
KINDS: Final = Kinds((*(feature.kind for feature in FEATURES.values()), ContactorWear))

STATIONS: Final = """
SELECT id FROM station WHERE retired_at IS NULL AND epoch > 0 AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2
"""
LAST: Final = """
SELECT DISTINCT ON (station_id, evse_number, detector) station_id, evse_number, detector, heard
FROM drift_day WHERE station_id = ANY($1) ORDER BY station_id, evse_number, detector, day DESC
"""
ANEW: Final = """
DELETE FROM drift_day USING unnest($1::uuid[], $2::int[], $3::text[]) AS gone (station_id, evse_number, detector)
WHERE drift_day.station_id = gone.station_id AND drift_day.evse_number = gone.evse_number
  AND drift_day.detector = gone.detector
"""
ADD: Final = """
INSERT INTO drift_day (station_id, evse_number, detector, day, value, usual, heard)
SELECT station_id, evse_number, detector, $7, value, usual, heard
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::float8[], $5::float8[], $6::int[])
     AS given (station_id, evse_number, detector, value, usual, heard)
ON CONFLICT (station_id, evse_number, detector, day) DO NOTHING
"""
FORGET: Final = "DELETE FROM drift_day WHERE day < $1"
POINTS: Final = """
SELECT station_id, evse_number, detector, array_agg(day ORDER BY day) AS days, array_agg(value ORDER BY day) AS points,
       (array_agg(usual ORDER BY day DESC))[1] AS usual
FROM drift_day WHERE station_id = ANY($1) GROUP BY 1, 2, 3 HAVING count(*) >= $2
"""
GONE: Final = "DELETE FROM remaining_life WHERE station_id = ANY($1)"
KEEP: Final = """
INSERT INTO remaining_life (station_id, evse_number, detector, aim, limit_value, level, usual, slope, points, span_days,
                            days, low_days, high_days, reckoned_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
COUNT: Final = """
-- What outlets were used; their contactors' switchings come from the memory of the detector that counts them.
INSERT INTO outlet_use (station_id, evse_number, sessions, energy_wh, lately, switchings, loaded, counted_at)
SELECT outlet.station_id, outlet.evse_number, count(session.id)::int, coalesce(sum(session.energy_wh), 0)::bigint,
       (count(session.id) FILTER (WHERE session.started_at > $6))::int, max(outlet.switchings), max(outlet.loaded), $5
FROM (SELECT DISTINCT connector.station_id, connector.evse_number, coalesce(given.switchings, 0) AS switchings,
             coalesce(given.loaded, 0) AS loaded
      FROM connector LEFT JOIN unnest($1::uuid[], $2::int[], $3::int[], $4::int[])
           AS given (station_id, evse_number, switchings, loaded) USING (station_id, evse_number)
      WHERE connector.station_id = ANY($7) AND connector.evse_number > 0) AS outlet
LEFT JOIN session ON session.station_id = outlet.station_id AND session.evse_number = outlet.evse_number
GROUP BY 1, 2
ON CONFLICT (station_id, evse_number) DO UPDATE
SET sessions = excluded.sessions, energy_wh = excluded.energy_wh, lately = excluded.lately, loaded = excluded.loaded,
    switchings = excluded.switchings, counted_at = excluded.counted_at
"""


class _Last(Struct, frozen=True):
    station_id: StationId
    evse_number: int
    detector: str
    heard: int


class _Row(Struct, frozen=True):
    station_id: StationId
    evse_number: int
    detector: str
    days: list[date]
    points: list[float]
    usual: float


class Reckoned(Struct, frozen=True, kw_only=True):
    """What remains of something at one outlet, until which limit."""

    aim: Aim
    remaining: Remaining


Key = tuple[UUID, int, str]


async def follow(tx: Transaction, after: UUID | None, now: datetime) -> UUID | None:
    """Take points, reckon what remains and count uses of the next stations; return where to go on, None at the end."""
    stations = [StationId(one) for one in await tx.values(STATIONS, after, AT_ONCE)]
    if stations:
        memories = {one.station_id: Memory(KINDS, one.memory) for one in (await _watches(tx, stations)).values()}
        await _take_points(tx, stations, memories, now)
        await _reckon(tx, stations, now)
        await _count(tx, stations, memories, now)
    if len(stations) == AT_ONCE:
        return stations[-1]
    await tx.execute(FORGET, (now - KEPT).astimezone(UTC).date())
    return None


async def _watches(tx: Transaction, stations: Sequence[StationId]) -> dict[StationId, store_watch.Watch]:
    return await store_watch.watches(tx, stations)


async def _take_points(
    tx: Transaction, stations: Sequence[UUID], memories: dict[StationId, Memory], now: datetime
) -> None:
    last: dict[Key, int] = {
        (one.station_id, one.evse_number, one.detector): one.heard
        for one in await tx.fetch(_Last, LAST, list(stations))
    }
    anew: list[Key] = []
    points: list[tuple[Key, Measured]] = []
    for key, measured in measured_in(memories):
        heard = last.get(key)
        if heard is not None and has_begun_anew(measured, heard):
            anew.append(key)
            heard = None
        if is_new(FEATURES[key[2]], measured, heard):
            points.append((key, measured))
    if anew:
        await tx.execute(ANEW, *(list(column) for column in zip(*anew, strict=True)))
    if points:
        await tx.execute(
            ADD, [key[0] for key, _ in points], [key[1] for key, _ in points], [key[2] for key, _ in points],
            [one.value for _, one in points], [one.usual for _, one in points], [one.heard for _, one in points],
            now.astimezone(UTC).date(),
        )  # fmt: skip


def measured_in(memories: dict[StationId, Memory]) -> Iterable[tuple[Key, Measured]]:
    """Yield what detectors that follow a drift say now, by station, outlet and detector."""
    for station_id, memory in memories.items():
        for number in sorted(memory.evses()):
            for name, feature in FEATURES.items():
                measured = feature.measured(memory.copy_of(feature.kind, number))
                if measured is not None:
                    yield (station_id, number, name), measured


async def _reckon(tx: Transaction, stations: Sequence[UUID], now: datetime) -> None:
    rows = await tx.fetch(_Row, POINTS, list(stations), POINTS_MIN)
    await tx.execute(GONE, list(stations))
    now_day = _day(now.astimezone(UTC).date())
    for row in rows:
        points = [Point(day=_day(day), value=value) for day, value in zip(row.days, row.points, strict=True)]
        found = reckoned(row.detector, row.usual, points, now_day)
        if found is not None:
            left, aim = found.remaining, found.aim
            await tx.execute(
                KEEP, row.station_id, row.evse_number, row.detector, aim.name, aim.value, left.level, row.usual,
                left.slope, left.points, left.span_days, left.days, left.low_days, left.high_days, now,
            )  # fmt: skip


def _day(day: date) -> float:
    return float(day.toordinal())


def reckoned(detector: str, usual: float, points: Sequence[Point], now_day: float) -> Reckoned | None:
    """Return what remains until the nearest limit that is not met yet; None where nothing can be said."""
    feature = FEATURES.get(detector)
    if feature is None:
        return None
    for upward in (True, False):
        first = next_aim(feature, usual, usual, upward=upward)
        found = remaining(points, first.value, now_day, upward=upward) if first else None
        if first is None or found is None:
            continue
        aim = next_aim(feature, usual, found.level, upward=upward)
        if aim is None or aim == first:
            return Reckoned(aim=first, remaining=found)
        further = remaining(points, aim.value, now_day, upward=upward)
        return Reckoned(aim=aim, remaining=further) if further else Reckoned(aim=first, remaining=found)
    return None


async def _count(
    tx: Transaction, stations: Sequence[StationId], memories: dict[StationId, Memory], now: datetime
) -> None:
    counted: dict[tuple[UUID, int], ContactorWear] = defaultdict(ContactorWear)
    for station_id, memory in memories.items():
        for number in memory.evses():
            one = memory.copy_of(ContactorWear, number)
            if isinstance(one, ContactorWear):
                counted[station_id, number] = structs.replace(one)
    await tx.execute(
        COUNT, [key[0] for key in counted], [key[1] for key in counted], [one.switchings for one in counted.values()],
        [one.loaded for one in counted.values()], now, now - LATELY, list(stations),
    )  # fmt: skip

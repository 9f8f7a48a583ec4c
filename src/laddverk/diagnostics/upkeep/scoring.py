"""Scores the health of outlets from what is kept, keeps it by day, and later writes beside it what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, to_builtins

from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.upkeep import queries_lasting
from laddverk.diagnostics.upkeep.health import LOOKED_BACK, Reason, Score, Seen, Tried, lasting, score, worn
from laddverk.diagnostics.upkeep.trends import FEATURES
from laddverk.diagnostics.uptime import gathering
from laddverk.diagnostics.uptime.counting import count
from laddverk.diagnostics.uptime.model import Policy
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

AT_ONCE: Final = 200  # stations in one turn: some ten thousand rows
CAME_AT_ONCE: Final = 25  # stations whose month of timelines is made in one turn
STALE_AFTER: Final = timedelta(minutes=50)
OUTCOME_AFTER: Final = timedelta(days=30)
KEPT: Final = timedelta(days=400)

# What was scored long ago, and what detectors have changed their minds about since.
DUE: Final = """
SELECT station.id FROM station
LEFT JOIN LATERAL (SELECT min(scored_at) AS at FROM health_now WHERE station_id = station.id) AS scored ON true
WHERE station.retired_at IS NULL AND station.epoch > 0 AND (scored.at IS NULL OR scored.at < $1 OR EXISTS (
      SELECT FROM finding WHERE finding.station_id = station.id AND finding.changed_at > scored.at))
  AND EXISTS (SELECT FROM connector WHERE station_id = station.id AND evse_number > 0)
ORDER BY scored.at NULLS FIRST, station.id LIMIT $2
"""
OUTLETS: Final = """
SELECT DISTINCT station_id, evse_number FROM connector WHERE station_id = ANY($1) AND evse_number > 0
ORDER BY station_id, evse_number
"""
SEEN: Final = """
SELECT finding.station_id, finding.evse_number, finding.detector, finding.family, finding.severity, finding.confidence,
       finding.cleared_at AS over_at,
       coalesce(incident.acknowledged_at IS NOT NULL OR incident.state = 'closed' AND EXISTS (
           SELECT FROM incident_closing AS closing WHERE closing.incident_id = incident.id AND closing.useful
       ), false) AS is_acknowledged
FROM finding LEFT JOIN incident ON incident.id = finding.incident_id
WHERE finding.station_id = ANY($1) AND incident.state IS DISTINCT FROM 'false'
  AND (finding.cleared_at IS NULL OR finding.cleared_at > $2 OR finding.severity = 0)
"""
TRIED: Final = """
SELECT station_id, evse_number, date_trunc('day', ended_at, 'UTC') AS at, count(*)::int AS attempts,
       (count(*) FILTER (WHERE outcome <> 'ok'))::int AS failed
FROM session_outcome
WHERE station_id = ANY($1) AND began_at > $2 AND outcome NOT IN ('excluded', 'no_auth')
GROUP BY 1, 2, 3
"""
RETURNED: Final = """
SELECT coalesce(station_id, stations[1]) AS station_id, evse_number, last_at AS at, repeats AS times FROM incident
WHERE station_id = ANY($1) AND repeats > 0 AND last_at > $2 AND state NOT IN ('held', 'false', 'merged')
"""
KEEP: Final = """
INSERT INTO health_now (station_id, evse_number, score, reasons, scored_at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::smallint[], $4::jsonb[], array_fill($5::timestamptz, ARRAY[$6::int]))
ON CONFLICT (station_id, evse_number) DO UPDATE
SET score = excluded.score, reasons = excluded.reasons, scored_at = excluded.scored_at
"""
GONE: Final = """
DELETE FROM health_now USING station WHERE station.id = health_now.station_id
  AND (station.retired_at IS NOT NULL OR NOT EXISTS (SELECT FROM connector WHERE connector.station_id = station.id
                                                     AND connector.evse_number = health_now.evse_number))
"""
KEEP_DAY: Final = """
INSERT INTO health_day (day, station_id, evse_number, score)
SELECT $1, station_id, evse_number, score FROM health_now
ON CONFLICT (day, station_id, evse_number) DO NOTHING
"""
FORGET: Final = "DELETE FROM health_day WHERE day < $1"
CAME_DUE: Final = """
SELECT day, array_agg(DISTINCT station_id ORDER BY station_id) AS stations FROM health_day
WHERE next_hours IS NULL AND extract(isodow FROM day) = 1 AND day < $1 GROUP BY day ORDER BY day LIMIT 1
"""
CAME: Final = """
UPDATE health_day SET next_hours = coalesce(came.hours, 0), next_down_hours = coalesce(came.down, 0)
FROM health_day AS old LEFT JOIN unnest($3::uuid[], $4::int[], $5::real[], $6::real[])
     AS came (station_id, evse_number, hours, down)
     ON came.station_id = old.station_id AND came.evse_number = old.evse_number
WHERE old.day = $1 AND old.station_id = ANY($2) AND health_day.day = old.day
  AND health_day.station_id = old.station_id AND health_day.evse_number = old.evse_number
"""


class _Outlet(Struct, frozen=True):
    station_id: StationId
    evse_number: int


class _Seen(Struct, frozen=True, kw_only=True):
    station_id: StationId
    evse_number: int
    detector: str
    family: Family
    severity: Severity
    confidence: float
    over_at: datetime | None
    is_acknowledged: bool

    def seen(self) -> Seen:
        """Return it as the score takes it."""
        return Seen(
            detector=self.detector, family=self.family, severity=self.severity, confidence=self.confidence,
            over_at=self.over_at, is_acknowledged=self.is_acknowledged,
        )  # fmt: skip


class _Tried(Struct, frozen=True, kw_only=True):
    station_id: StationId
    evse_number: int
    at: datetime
    attempts: int
    failed: int


class _Returned(Struct, frozen=True, kw_only=True):
    station_id: StationId
    evse_number: int
    at: datetime
    times: int


class _CameDue(Struct, frozen=True):
    day: date
    stations: list[UUID]


Outlet = tuple[UUID, int]


async def scores(tx: Transaction, stations: Sequence[UUID], now: datetime) -> dict[Outlet, Score]:
    """Return the health of the outlets of these stations as it is now."""
    given = list(stations)
    since = now - LOOKED_BACK
    seen: dict[Outlet, list[Seen]] = defaultdict(list)
    for finding in await tx.fetch(_Seen, SEEN, given, since):
        seen[finding.station_id, finding.evse_number].append(finding.seen())
    tried: dict[Outlet, list[Tried]] = defaultdict(list)
    for day in await tx.fetch(_Tried, TRIED, given, since):
        tried[day.station_id, day.evse_number].append(Tried(at=day.at, attempts=day.attempts, failed=day.failed))
    returned: dict[Outlet, list[datetime]] = defaultdict(list)
    for one in await tx.fetch(_Returned, RETURNED, given, since):
        returned[one.station_id, one.evse_number] += [one.at] * one.times
    ageing = await _ageing(tx, given)
    return {
        (outlet.station_id, outlet.evse_number): score(
            [*seen[outlet.station_id, outlet.evse_number], *seen[outlet.station_id, 0]],
            tried[outlet.station_id, outlet.evse_number],
            [*returned[outlet.station_id, outlet.evse_number], *returned[outlet.station_id, 0]],
            now,
            ageing[outlet.station_id, outlet.evse_number],
        )
        for outlet in await tx.fetch(_Outlet, OUTLETS, given)
    }


async def _ageing(tx: Transaction, stations: Sequence[UUID]) -> dict[Outlet, list[Reason]]:
    """Return what trends and counters say of the parts of outlets."""
    found: dict[Outlet, list[Reason]] = defaultdict(list)
    for life in await queries_lasting.remaining_at(tx, stations):
        if life.detector in FEATURES:
            family = FEATURES[life.detector].kind.ABOUT.family
            reason = lasting(
                life.detector, family, life.part, days=life.days, low_days=life.low_days, high_days=life.high_days
            )
            found[life.station_id, life.evse_number].append(reason)
    for use in await queries_lasting.uses_at(tx, stations):
        found[use.station_id, use.evse_number] += [worn(one.part, one.share) for one in use.worn]
    return found


async def keep_up(tx: Transaction, now: datetime) -> bool:
    """Score some stations: of most of an hour ago, or with newer findings. Return whether there may be more."""
    due: list[UUID] = await tx.values(DUE, now - STALE_AFTER, AT_ONCE)
    if due:
        made = await scores(tx, due, now)
        await tx.execute(
            KEEP,
            [station for station, _ in made],
            [number for _, number in made],
            [one.points for one in made.values()],
            [to_builtins(one.reasons) for one in made.values()],
            now,
            len(made),
        )
    return len(due) == AT_ONCE


async def keep_day(tx: Transaction, now: datetime) -> None:
    """Keep the scores as those of the day, once; drop outlets that are gone and days that nobody looks at any more."""
    today = now.astimezone(UTC).date()
    await tx.execute(GONE)
    await tx.execute(KEEP_DAY, today)
    await tx.execute(FORGET, today - KEPT)


async def look_back(tx: Transaction, honest: Policy, now: datetime) -> bool:
    """Write beside some scores what came of them in the 30 days after. Return whether there may be more."""
    reached = (now - OUTCOME_AFTER).astimezone(UTC).date()
    due = await tx.fetch_one(_CameDue, CAME_DUE, reached)
    if due is None:
        return False
    some = due.stations[:CAME_AT_ONCE]
    start = datetime.combine(due.day + timedelta(days=1), time(), UTC)
    end = start + OUTCOME_AFTER
    courses = await gathering.courses(tx, some, start, end, now)
    await _write(tx, due.day, some, honest, courses, start, end)
    return True


async def _write(
    tx: Transaction,
    day: date,
    stations: Sequence[UUID],
    honest: Policy,
    courses: Iterable[gathering.Course],
    start: datetime,
    end: datetime,
) -> None:
    keys: list[Outlet] = []
    hours: list[tuple[float, float]] = []
    for course in courses:
        counted = count(honest, course.intervals, course.exempt, start, end)
        keys.append((course.outlet.station_id, course.outlet.evse_number))
        hours.append((counted.eligible / timedelta(hours=1), counted.outage / timedelta(hours=1)))
    await tx.execute(
        CAME, day, list(stations), [one for one, _ in keys], [number for _, number in keys],
        [eligible for eligible, _ in hours], [down for _, down in hours],
    )  # fmt: skip

"""Comparisons in PostgreSQL: days counted anew, what rules need, and cases. Takes a transaction; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.diagnostics.cohorts.model import CarVisit, Quiet, StationDays
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

QUIET_MAX: Final = 2_000  # outlets in one turn, the longest quiet first
SECONDS_PER_WEEK: Final = 604_800.0
WEEKS_MIN: Final = 1.0  # of a past: else the first busy day of a new outlet would be taken for its habit
FROM_SOFTWARE: Final = ("D02", "D03", "D04", "D13", "D14", "D26", "D28", "D29")
"""Detectors of what a release can break; none of these is about a part that wears."""

# Every station stands there each day with the version it has; on a day of an update with both.
STAND: Final = """
INSERT INTO cohort_day (day, station_id, vendor, model, firmware)
SELECT ($1 AT TIME ZONE 'UTC')::date, id, vendor, model, firmware FROM station
WHERE retired_at IS NULL AND model <> '' AND firmware <> ''
ON CONFLICT DO NOTHING
"""
# One vote for each person and day: who tries again after a failure has not failed twice. Yesterday's may still change.
# An attempt from before the charger said its version counts with the one that it has.
COUNT_VOTES: Final = """
INSERT INTO cohort_day (day, station_id, vendor, model, firmware, attempts, failed)
SELECT day, station_id, vendor, model, firmware, count(*), count(*) FILTER (WHERE failed)
FROM (
    SELECT (o.ended_at AT TIME ZONE 'UTC')::date AS day, o.station_id,
           coalesce(nullif(o.vendor, ''), s.vendor) AS vendor,
           coalesce(nullif(o.model, ''), s.model) AS model, coalesce(nullif(o.firmware, ''), s.firmware) AS firmware,
           coalesce(nullif(o.car_key, ''), nullif(o.token_key, ''), o.attempt_key) AS who,
           bool_or(o.outcome <> 'ok') AS failed
    FROM session_outcome AS o JOIN station AS s ON s.id = o.station_id
    WHERE o.ended_at >= $1 AND o.outcome NOT IN ('excluded', 'no_auth') AND s.model <> '' AND s.firmware <> ''
      AND NOT coalesce(nullif(o.car_key, ''), o.token_key) = ANY($2::text[])
    GROUP BY 1, 2, 3, 4, 5, 6
) AS tried
GROUP BY day, station_id, vendor, model, firmware
ON CONFLICT (day, station_id, firmware) DO UPDATE SET attempts = excluded.attempts, failed = excluded.failed
WHERE (cohort_day.attempts, cohort_day.failed) IS DISTINCT FROM (excluded.attempts, excluded.failed)
"""
COUNT_TROUBLES: Final = """
UPDATE cohort_day SET troubles = found.times FROM (
    SELECT (raised_at AT TIME ZONE 'UTC')::date AS day, finding.station_id, station.firmware, count(*)::int AS times
    FROM finding JOIN station ON station.id = finding.station_id
    WHERE raised_at >= $1 AND detector = ANY($2::text[]) GROUP BY 1, 2, 3
) AS found
WHERE cohort_day.day = found.day AND cohort_day.station_id = found.station_id
  AND cohort_day.firmware = found.firmware AND cohort_day.troubles <> found.times
"""
COUNTED_BEFORE: Final = "SELECT EXISTS (SELECT FROM cohort_day WHERE day < ($1 AT TIME ZONE 'UTC')::date)"
HOURS_BEFORE: Final = "SELECT EXISTS (SELECT FROM demand_hour WHERE hour < $1)"
FORGET: Final = "DELETE FROM cohort_day WHERE day < ($1 AT TIME ZONE 'UTC')::date"
FORGET_HOURS: Final = "DELETE FROM demand_hour WHERE hour < $1"

STATION_DAYS: Final = """
SELECT c.vendor, c.model, c.firmware, c.station_id, station.site_id,
       min(c.day)::timestamp AT TIME ZONE 'UTC' AS first_day, count(*)::int AS days, sum(c.attempts)::int AS attempts,
       sum(c.failed)::int AS failed, sum(c.troubles)::int AS troubles
FROM cohort_day AS c JOIN station ON station.id = c.station_id
WHERE c.day >= ($1 AT TIME ZONE 'UTC')::date GROUP BY c.vendor, c.model, c.firmware, c.station_id, station.site_id
"""

# Cars that failed lately at three stations within the month, and those under suspicion: all their visits.
CAR_VISITS: Final = """
WITH lately AS (
    SELECT DISTINCT coalesce(nullif(car_key, ''), token_key) AS who FROM session_outcome
    WHERE ended_at >= $2 AND outcome NOT IN ('ok', 'excluded', 'no_auth', 'auth_fail', 'payment_fail')
      AND (car_key <> '' OR token_key <> '')
    UNION SELECT key FROM cohort_case WHERE kind = 'car' AND cleared_at IS NULL
), visit AS (
    SELECT lately.who AS key, bool_or(o.car_key <> '') AS is_car, max(o.car_make) AS make, o.station_id,
           max(o.ended_at) AS ended_at, bool_or(o.outcome = 'ok') AS ok
    FROM lately JOIN session_outcome AS o ON coalesce(nullif(o.car_key, ''), o.token_key) = lately.who
     AND (o.car_key <> '' OR o.token_key <> '') AND o.ended_at >= $1
    WHERE o.outcome NOT IN ('excluded', 'no_auth', 'auth_fail', 'payment_fail')
    GROUP BY lately.who, o.station_id, coalesce(nullif(o.visit_key, ''), o.attempt_key)
)
SELECT * FROM visit WHERE key IN (
    SELECT key FROM visit GROUP BY key HAVING count(DISTINCT station_id) FILTER (WHERE NOT ok) >= 3)
"""
# Votes of a station over the month, drawn towards 4 %.
FAIL_SHARES: Final = """
SELECT station_id, (sum(failed) + 0.8) / (sum(attempts) + 20)::float8 AS share FROM cohort_day
WHERE day >= ($1 AT TIME ZONE 'UTC')::date AND station_id = ANY($2::uuid[]) GROUP BY station_id
"""

OPEN_CASES: Final = """
SELECT kind, key, station_id, noticed_at FROM cohort_case WHERE kind = $1 AND cleared_at IS NULL
"""
KEEP_CASE: Final = """
INSERT INTO cohort_case (kind, key, station_id, since, noticed_at, last_at, detail)
VALUES ($1, $2, $3, $4, $5, $5, $6)
ON CONFLICT (kind, key) WHERE cleared_at IS NULL DO UPDATE SET last_at = excluded.last_at, detail = excluded.detail
"""
CLEAR_CASES: Final = """
UPDATE cohort_case SET cleared_at = $3 WHERE kind = $1 AND key = ANY($2::text[]) AND cleared_at IS NULL
"""
OPEN_FINDINGS: Final = "SELECT station_id, evse_number FROM finding WHERE detector = $1 AND cleared_at IS NULL"

COUNT_HOURS: Final = """
INSERT INTO demand_hour (hour, attempts)
SELECT date_trunc('hour', began_at), count(*) FROM session_outcome
WHERE ended_at >= $1 AND began_at >= $1 AND first_of_visit GROUP BY 1
ON CONFLICT (hour) DO UPDATE SET attempts = excluded.attempts WHERE demand_hour.attempts <> excluded.attempts
"""
HOURS: Final = "SELECT hour, attempts FROM demand_hour WHERE hour >= $1"

# Outlets that are free, connected and without a session, and at which nobody has tried for long, though people used to.
QUIET: Final = """
SELECT outlet.station_id, outlet.evse_number, site.id AS site_id, site.timezone AS zone, last.ended_at AS last_at,
       greatest(last.ended_at, outlet.status_since) AS quiet_since,
       greatest(last.ended_at - interval '56 days', station.registered_at) AS seen_from
FROM (
    SELECT station_id, evse_number, max(status_since) AS status_since FROM connector WHERE evse_number > 0
    GROUP BY station_id, evse_number HAVING bool_and(status = 'available')
) AS outlet
JOIN station ON station.id = outlet.station_id AND station.connected_at IS NOT NULL AND station.retired_at IS NULL
JOIN site ON site.id = station.site_id
CROSS JOIN LATERAL (
    SELECT ended_at FROM session_outcome AS o
    WHERE o.station_id = outlet.station_id AND o.evse_number = outlet.evse_number ORDER BY began_at DESC LIMIT 1
) AS last
WHERE greatest(last.ended_at, outlet.status_since) <= $1
ORDER BY quiet_since LIMIT $2
"""
OWN_HOURS: Final = """
SELECT given.station_id, given.evse_number,
       ((extract(isodow FROM o.began_at AT TIME ZONE given.zone)::int - 1) * 24
         + extract(hour FROM o.began_at AT TIME ZONE given.zone)::int) AS hour, count(*)::int AS attempts,
       min(o.began_at) AS first_at
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[])
     AS given (station_id, evse_number, zone, seen_from, last_at)
JOIN session_outcome AS o ON o.station_id = given.station_id AND o.evse_number = given.evse_number
 AND o.began_at >= given.seen_from AND o.began_at <= given.last_at AND o.first_of_visit
GROUP BY 1, 2, 3
"""
AROUND: Final = """
SELECT given.station_id, given.evse_number, count(*) FILTER (WHERE o.began_at >= given.quiet_since)::int AS site_now,
       count(*) FILTER (WHERE o.began_at < given.quiet_since)::int AS site_before,
       coalesce(extract(epoch FROM given.quiet_since - min(o.began_at)) / 604800, 0)::float8 AS site_weeks
FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::timestamptz[])
     AS given (station_id, evse_number, site_id, quiet_since)
JOIN session_outcome AS o ON o.site_id = given.site_id AND o.began_at >= given.quiet_since - interval '56 days'
 AND o.first_of_visit AND (o.station_id, o.evse_number) <> (given.station_id, given.evse_number)
-- A neighbour that is away or out of order says nothing of how many people come.
JOIN station ON station.id = o.station_id AND station.connected_at IS NOT NULL
WHERE NOT EXISTS (SELECT FROM connector WHERE connector.station_id = o.station_id
                  AND connector.evse_number = o.evse_number AND connector.status IN ('faulted', 'unavailable'))
GROUP BY 1, 2, given.quiet_since
"""

LOSSES: Final = """
INSERT INTO link_losses (usual, counted_at)
SELECT count(*) / 1008.0, $1::timestamptz FROM (
    SELECT DISTINCT station_id, date_trunc('hour', raised_at) FROM finding
    WHERE detector = 'D01' AND raised_at >= $1::timestamptz - interval '7 days'
) AS lost
ON CONFLICT (one) DO UPDATE SET usual = excluded.usual, counted_at = excluded.counted_at
"""


class Case(Struct, frozen=True):
    """A car or version under suspicion, and the station that its finding is held against."""

    kind: str
    key: str
    station_id: StationId
    noticed_at: datetime


class QuietRow(Struct, frozen=True):
    """An outlet that is quiet, without its history."""

    station_id: StationId
    evse_number: int
    site_id: Any
    zone: str
    last_at: datetime
    quiet_since: datetime
    seen_from: datetime


async def days_from(tx: Transaction, since: datetime, earliest: datetime) -> datetime:
    """Return from when days are to be counted: `since`, or `earliest` while nothing before `since` has been counted."""
    return since if await tx.value(COUNTED_BEFORE, since) else earliest


async def hours_from(tx: Transaction, since: datetime, earliest: datetime) -> datetime:
    """Return the same for the hours of the network."""
    return since if await tx.value(HOURS_BEFORE, since) else earliest


async def count(tx: Transaction, since: datetime, now: datetime, bad_cars: Sequence[str]) -> None:
    """Count the days from `since` on anew. The votes of cars that fail everywhere are no version's fault."""
    await tx.execute(STAND, now)
    await tx.execute(COUNT_VOTES, since, list(bad_cars))
    await tx.execute(COUNT_TROUBLES, since, list(FROM_SOFTWARE))
    await tx.execute(LOSSES, now)


async def count_hours(tx: Transaction, since: datetime) -> None:
    """Count how many tried in the whole network, hour by hour from `since` on."""
    await tx.execute(COUNT_HOURS, since)


async def forget(tx: Transaction, before: datetime) -> None:
    """Delete what is older than any comparison."""
    await tx.execute(FORGET, before)
    await tx.execute(FORGET_HOURS, before)


async def station_days(tx: Transaction, since: datetime) -> list[StationDays]:
    """Return how every station did with every version it had."""
    return await tx.fetch(StationDays, STATION_DAYS, since)


async def car_visits(tx: Transaction, since: datetime, lately: datetime) -> list[CarVisit]:
    """Return the visits since `since` of cars that failed since `lately` or are under suspicion."""
    return await tx.fetch(CarVisit, CAR_VISITS, since, lately)


async def fail_shares(tx: Transaction, since: datetime, stations: Sequence[StationId]) -> dict[StationId, float]:
    """Return the share of attempts that fail at each of these stations."""
    rows = await tx.rows(FAIL_SHARES, since, list(stations))
    return {row["station_id"]: float(row["share"]) for row in rows}


async def open_cases(tx: Transaction, kind: str) -> list[Case]:
    """Return the cases of that kind that are not over."""
    return await tx.fetch(Case, OPEN_CASES, kind)


async def keep_case(
    tx: Transaction, kind: str, key: str, station_id: StationId, since: datetime, now: datetime, detail: dict[str, Any]
) -> None:
    """Write a case, or that it still stands."""
    await tx.execute(KEEP_CASE, kind, key, station_id, since, now, detail)


async def clear_cases(tx: Transaction, kind: str, keys: Sequence[str], now: datetime) -> None:
    """End cases."""
    await tx.execute(CLEAR_CASES, kind, list(keys), now)


async def open_findings(tx: Transaction, detector: str) -> set[tuple[StationId, int]]:
    """Return the outlets against which that detector holds something."""
    return {(row["station_id"], row["evse_number"]) for row in await tx.rows(OPEN_FINDINGS, detector)}


async def hours(tx: Transaction, since: datetime) -> dict[datetime, int]:
    """Return how many tried in the network in each hour from `since` on."""
    return {row["hour"]: row["attempts"] for row in await tx.rows(HOURS, since)}


async def quiet(tx: Transaction, before: datetime) -> list[Quiet]:
    """Return the outlets at which nobody has tried since `before` or longer, with what they and their site saw."""
    rows = await tx.fetch(QuietRow, QUIET, before, QUIET_MAX)
    outlets = [row.station_id for row in rows], [row.evse_number for row in rows]
    own: dict[tuple[StationId, int], dict[int, int]] = {}
    first: dict[tuple[StationId, int], datetime] = {}
    for row in await tx.rows(
        OWN_HOURS, *outlets, [row.zone for row in rows], [row.seen_from for row in rows], [row.last_at for row in rows]
    ):
        place = (row["station_id"], row["evse_number"])
        own.setdefault(place, {})[row["hour"]] = row["attempts"]
        first[place] = min(first.get(place, row["first_at"]), row["first_at"])
    around = {
        (row["station_id"], row["evse_number"]): row
        for row in await tx.rows(AROUND, *outlets, [row.site_id for row in rows], [row.quiet_since for row in rows])
    }
    made = []
    for row in rows:
        place = (row.station_id, row.evse_number)
        made.append(_quiet(row, own.get(place, {}), first.get(place, row.seen_from), around.get(place)))
    return made


def _quiet(row: QuietRow, own: dict[int, int], first_at: datetime, around: Any) -> Quiet:
    """Return the outlet with its past, which begins with the first attempt that is known: before it nobody counted."""
    weeks = (row.last_at - max(row.seen_from, first_at)).total_seconds() / SECONDS_PER_WEEK
    return Quiet(
        station_id=row.station_id, evse_number=row.evse_number, quiet_since=row.quiet_since, zone=row.zone, hours=own,
        weeks=max(weeks, WEEKS_MIN), site_now=around["site_now"] if around else 0,
        site_before=around["site_before"] if around else 0, site_weeks=around["site_weeks"] if around else 0.0,
    )  # fmt: skip

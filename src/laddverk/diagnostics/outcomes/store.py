"""What attempts are made out of, read; and outcomes, written. Takes a transaction; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import OutcomeClass
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

ROWS_MAX: Final = 5_000  # of one kind in one look at some stations: a flood is made out piece by piece

ONE_AT_A_TIME: Final = "SELECT pg_try_advisory_xact_lock(hashtext('diagnostics.attempts'))"

DUE: Final = """
SELECT station_id, since FROM attempt_look WHERE look_at <= $1 ORDER BY look_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""

LOOKED: Final = "DELETE FROM attempt_look WHERE station_id = ANY($1::uuid[])"

LOOK_NOW: Final = """
INSERT INTO attempt_look (station_id, since, look_at)
SELECT station_id, min(started_at), $2 FROM session WHERE id = ANY($1::uuid[]) AND ended_at IS NOT NULL
GROUP BY station_id ORDER BY station_id
ON CONFLICT (station_id) DO UPDATE
    SET since = least(attempt_look.since, excluded.since), look_at = least(attempt_look.look_at, excluded.look_at)
"""

LOOK_FOR_STARTS: Final = """
INSERT INTO attempt_look (station_id, since, look_at)
SELECT station_id, min(created_at), $2 FROM start_request WHERE id = ANY($1::uuid[]) GROUP BY station_id
ORDER BY station_id
ON CONFLICT (station_id) DO UPDATE
    SET since = least(attempt_look.since, excluded.since), look_at = least(attempt_look.look_at, excluded.look_at)
"""

LOOK_AGAIN: Final = """
INSERT INTO attempt_look (station_id, since, look_at)
SELECT station_id, since, $3 FROM unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
ORDER BY station_id
ON CONFLICT (station_id) DO UPDATE SET since = least(attempt_look.since, excluded.since)
"""

PLACES: Final = """
SELECT station.id AS station_id, station.site_id, station.vendor, station.model, station.firmware,
       coalesce(array_agg(DISTINCT connector.evse_number) FILTER (WHERE connector.evse_number > 0), '{}') AS evses,
       coalesce(array_agg(DISTINCT connector.evse_number) FILTER (WHERE connector.power_type = 'dc'), '{}') AS dc
FROM station LEFT JOIN connector ON connector.station_id = station.id
WHERE station.id = ANY($1::uuid[]) GROUP BY station.id
"""

SESSIONS: Final = """
-- Sessions from `since` on, and those that were running then; with what the car had, and whether energy ever flowed.
SELECT s.id AS session_id, s.station_id, s.transaction_key, s.evse_number, s.started_at, s.ended_at, s.energy_wh,
       coalesce(s.token_uid, '') AS token_uid, coalesce(s.stop_token_uid, '') AS stop_token_uid, s.driver_id,
       coalesce(s.stop_reason, '') AS stop_reason, coalesce(driver.driver_group, '') AS driver_group,
       coalesce(token.kind, '') AS token_kind, NOT 'not_authorised' = ANY(s.doubts) AS accepted,
       (SELECT soc_percent FROM sample WHERE sample.station_id = s.station_id
          AND sample.transaction_key = s.transaction_key AND soc_percent IS NOT NULL ORDER BY at LIMIT 1) AS soc_start,
       EXISTS (SELECT FROM session_event AS e WHERE e.station_id = s.station_id
          AND e.transaction_key = s.transaction_key AND e.detail ->> 'charging_state' = 'charging')
       OR EXISTS (SELECT FROM connector_state AS c WHERE c.station_id = s.station_id
          AND c.evse_number = s.evse_number AND c.status = 'charging'
          AND c.started_at BETWEEN s.started_at - interval '10 seconds' AND coalesce(s.ended_at, 'infinity'))
       AS charged
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
JOIN session AS s ON s.station_id = given.station_id
     AND (s.started_at >= given.since OR s.ended_at >= given.since OR s.ended_at IS NULL)
LEFT JOIN driver ON driver.id = s.driver_id
LEFT JOIN token ON token.id = s.token_id
WHERE NOT s.reservation_expired
ORDER BY s.started_at LIMIT $3
"""

STATES: Final = """
SELECT c.station_id, c.evse_number, c.started_at AS at, c.status, coalesce(c.error_code, '') AS error_code,
       coalesce(c.vendor_error_code, '') AS vendor_error_code
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
JOIN connector_state AS c ON c.station_id = given.station_id AND c.started_at >= given.since
ORDER BY c.started_at LIMIT $3
"""

EVENTS: Final = """
SELECT e.station_id, e.component, e.at, coalesce(e.tech_code, e.variable) AS code
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
JOIN station_event AS e ON e.station_id = given.station_id AND e.at >= given.since
WHERE e.trigger = 'Alerting' AND NOT e.cleared
ORDER BY e.at LIMIT $3
"""

TOKENS: Final = """
SELECT a.station_id, a.at, a.token_uid, a.driver_id, a.status, coalesce(driver.driver_group, '') AS driver_group,
       coalesce(token.kind, '') AS token_kind
FROM authorisation AS a
JOIN unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
     ON a.station_id = given.station_id AND a.at >= given.since
LEFT JOIN driver ON driver.id = a.driver_id
LEFT JOIN token ON token.uid = a.token_uid
WHERE a.received_at >= $4
ORDER BY a.at LIMIT $3
"""

STARTS: Final = """
SELECT r.id, r.station_id, r.evse_number, r.created_at, r.cancelled_at, coalesce(r.cancelled_why, '') AS why,
       r.driver_id, r.token_uid
FROM start_request AS r
JOIN unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
     ON r.station_id = given.station_id AND r.created_at >= given.since
WHERE r.session_id IS NULL AND r.cancelled_at IS NOT NULL
ORDER BY r.created_at LIMIT $3
"""

ORDERS: Final = """
-- Limits of ours that chargers took, from a week before on.
SELECT c.station_id, coalesce(c.finished_at, c.created_at) AS at, c.command
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
JOIN command AS c ON c.station_id = given.station_id AND c.created_at >= given.since - interval '7 days'
WHERE c.kind IN ('set_profile', 'clear_profiles') AND c.state IN ('accepted', 'confirmed')
ORDER BY c.created_at LIMIT $3
"""

COVERED: Final = """
-- Outcomes that are made out anew: from `since` on, and those of sessions that may have begun elsewhere.
SELECT o.station_id, o.evse_number, o.began_at, o.attempt_key, o.ended_at, o.session_id, o.outcome, o.why,
       o.energy_wh, o.token_key, o.car_key, o.car_make, o.stop_reason, o.error_codes, o.limit_a
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (station_id, since)
JOIN session_outcome AS o ON o.station_id = given.station_id AND o.began_at >= given.since
UNION
SELECT o.station_id, o.evse_number, o.began_at, o.attempt_key, o.ended_at, o.session_id, o.outcome, o.why,
       o.energy_wh, o.token_key, o.car_key, o.car_make, o.stop_reason, o.error_codes, o.limit_a
FROM session_outcome AS o WHERE o.session_id = ANY($3::uuid[])
"""

DELETE: Final = """
DELETE FROM session_outcome AS o
USING unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[]) AS given (station_id, evse_number, began_at, key)
WHERE o.station_id = given.station_id AND o.evse_number = given.evse_number AND o.began_at = given.began_at
  AND o.attempt_key = given.key
"""

SAVE: Final = """
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, session_id, outcome, why,
    energy_wh, token_key, car_key, car_make, stop_reason, error_codes, firmware, site_id, vendor, model, limit_a)
SELECT station_id, evse_number, began_at, attempt_key, ended_at, session_id, outcome, why, energy_wh, token_key,
    car_key, car_make, stop_reason, error_codes, firmware, site_id, vendor, model, limit_a
FROM jsonb_to_recordset($1::jsonb) AS f (station_id uuid, evse_number int, began_at timestamptz, attempt_key text,
    ended_at timestamptz, session_id uuid, outcome text, why jsonb, energy_wh bigint, token_key text, car_key text,
    car_make text, stop_reason text, error_codes text[], firmware text, site_id uuid, vendor text, model text,
    limit_a real)
ON CONFLICT (station_id, evse_number, began_at, attempt_key) DO UPDATE SET
    ended_at = excluded.ended_at, session_id = excluded.session_id, outcome = excluded.outcome, why = excluded.why,
    energy_wh = excluded.energy_wh, token_key = excluded.token_key, car_key = excluded.car_key,
    car_make = excluded.car_make, stop_reason = excluded.stop_reason, error_codes = excluded.error_codes,
    limit_a = excluded.limit_a
"""

OF_SITES: Final = """
SELECT station_id, evse_number, began_at, attempt_key, ended_at,
       coalesce(nullif(token_key, ''), car_key) AS person, site_id, visit_key, first_of_visit
FROM session_outcome WHERE site_id = ANY($1::uuid[]) AND began_at >= $2
"""

SAVE_VISITS: Final = """
UPDATE session_outcome AS o SET visit_key = f.visit_key, first_of_visit = f.first
FROM jsonb_to_recordset($1::jsonb) AS f (station_id uuid, evse_number int, began_at timestamptz, attempt_key text,
    visit_key text, first boolean)
WHERE o.station_id = f.station_id AND o.evse_number = f.evse_number AND o.began_at = f.began_at
  AND o.attempt_key = f.attempt_key
"""

FORGET: Final = "DELETE FROM session_outcome WHERE ended_at < $1"

COUNT_SHARES: Final = """
-- How often attempts fail at each model, and at each of its versions, drawn towards what is usual anywhere.
INSERT INTO model_share (vendor, model, firmware, attempts, failed, fail_share, counted_at)
SELECT vendor, model, coalesce(firmware, ''), count(*), count(*) FILTER (WHERE outcome <> 'ok'),
       (count(*) FILTER (WHERE outcome <> 'ok') + $2::float8 * $3::float8) / (count(*) + $3::float8), $4
FROM session_outcome
WHERE ended_at >= $1 AND outcome NOT IN ('excluded', 'no_auth') AND model <> ''
GROUP BY GROUPING SETS ((vendor, model), (vendor, model, firmware))
HAVING coalesce(firmware, '-') <> ''
ON CONFLICT (vendor, model, firmware) DO UPDATE SET attempts = excluded.attempts, failed = excluded.failed,
    fail_share = excluded.fail_share, counted_at = excluded.counted_at
"""


class Due(Struct, frozen=True):
    """A station to be looked at, and from when on."""

    station_id: StationId
    since: datetime


class Place(Struct, frozen=True):
    """A station as its outcomes name it."""

    station_id: StationId
    site_id: UUID
    vendor: str
    model: str
    firmware: str
    evses: tuple[int, ...]
    dc: frozenset[int]


class Outcome(Struct, frozen=True, kw_only=True):
    """A row of `session_outcome`, without its visit and without what its station is called."""

    station_id: StationId
    evse_number: int
    began_at: datetime
    attempt_key: str
    ended_at: datetime
    session_id: UUID | None
    outcome: OutcomeClass
    why: tuple[str, ...]
    energy_wh: int
    token_key: str
    car_key: str
    car_make: str
    stop_reason: str
    error_codes: tuple[str, ...]
    limit_a: float | None


class SavedOutcome(Outcome, frozen=True, kw_only=True):
    """The same, with what its station was when it was first made out."""

    firmware: str
    site_id: UUID
    vendor: str
    model: str


class Visited(Struct, frozen=True, kw_only=True):
    """An attempt and the visit it is kept under."""

    station_id: StationId
    evse_number: int
    began_at: datetime
    attempt_key: str
    ended_at: datetime
    person: str
    site_id: UUID
    visit_key: str
    first_of_visit: bool


class SavedVisit(Struct, frozen=True, kw_only=True):
    """To which visit an attempt belongs."""

    station_id: UUID
    evse_number: int
    began_at: datetime
    attempt_key: str
    visit_key: str
    first: bool


async def alone(tx: Transaction) -> bool:
    """Return whether nobody else is making out attempts just now: visits of one site go over its stations."""
    return bool(await tx.value(ONE_AT_A_TIME))


async def due(tx: Transaction, now: datetime, limit: int) -> list[Due]:
    """Return stations where things have settled, locked and taken off the list."""
    found = await tx.fetch(Due, DUE, now, limit)
    if found:
        await tx.execute(LOOKED, [one.station_id for one in found])
    return found


async def look_now(tx: Transaction, session_ids: Sequence[UUID], now: datetime) -> None:
    """Have the stations of these sessions looked at, if the sessions have ended."""
    await tx.execute(LOOK_NOW, list(session_ids), now)


async def look_for_starts(tx: Transaction, start_request_ids: Sequence[UUID], now: datetime) -> None:
    """Have the stations looked at where a start from afar came to nothing."""
    await tx.execute(LOOK_FOR_STARTS, list(start_request_ids), now)


async def look_again(tx: Transaction, since: dict[StationId, datetime], at: datetime) -> None:
    """Have stations looked at later, where not all has settled."""
    if since:
        await tx.execute(LOOK_AGAIN, list(since), list(since.values()), at)


async def places(tx: Transaction, station_ids: Sequence[StationId]) -> dict[StationId, Place]:
    """Return the stations."""
    return {row.station_id: row for row in await tx.fetch(Place, PLACES, list(station_ids))}


async def told(tx: Transaction, sql: str, since: dict[StationId, datetime]) -> list[Any]:
    """Return what one of the statements above tells of stations, each from its own time on."""
    args: list[object] = [list(since), list(since.values()), ROWS_MAX]
    if sql is TOKENS:
        args.append(min(since.values()))
    return list(await tx.rows(sql, *args)) if since else []


async def covered(tx: Transaction, since: dict[StationId, datetime], session_ids: Sequence[UUID]) -> list[Outcome]:
    """Return the outcomes that are to be made out anew."""
    return await tx.fetch(Outcome, COVERED, list(since), list(since.values()), list(session_ids))


async def delete(tx: Transaction, gone: Sequence[Outcome]) -> None:
    """Take away outcomes that turned out otherwise."""
    if gone:
        await tx.execute(
            DELETE,
            [row.station_id for row in gone],
            [row.evse_number for row in gone],
            [row.began_at for row in gone],
            [row.attempt_key for row in gone],
        )


async def save(tx: Transaction, rows: Sequence[SavedOutcome]) -> None:
    """Write outcomes, new or changed."""
    if rows:
        await tx.execute(SAVE, rows)


async def of_sites(tx: Transaction, site_ids: Sequence[UUID], since: datetime) -> list[Visited]:
    """Return the attempts at sites from some time on."""
    return await tx.fetch(Visited, OF_SITES, list(site_ids), since)


async def save_visits(tx: Transaction, rows: Sequence[SavedVisit]) -> None:
    """Write to which visits attempts belong."""
    if rows:
        await tx.execute(SAVE_VISITS, rows)


async def forget(tx: Transaction, before: datetime) -> int:
    """Delete outcomes of attempts that ended before then."""
    return await tx.execute(FORGET, before)


async def count_shares(tx: Transaction, since: datetime, usual: float, weight: float, now: datetime) -> None:
    """Count anew how often attempts fail at each model: `weight` attempts of the `usual` share are added to each."""
    await tx.execute(COUNT_SHARES, since, usual, weight, now)

"""Sessions and their messages in PostgreSQL, as the recorders touch them: sets in, Structs out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import SessionId, StationId, new_id
from laddverk.platform.database import Transaction
from laddverk.sessions.model import OpenRow, StoredEvent

ROW: Final = """
s.id, s.number, s.station_id, s.evse_number, s.connector_number, s.transaction_key, s.token_uid, s.started_at,
s.ended_at, s.register_end_wh, s.energy_wh, s.charging_state, s.state_at, s.sampled_at
"""

BY_KEYS: Final = f"""
SELECT {ROW} FROM unnest($1::uuid[], $2::text[]) AS given (station_id, transaction_key)
JOIN session AS s USING (station_id, transaction_key)
"""  # noqa: S608 - ROW is the constant above

BY_NUMBERS: Final = f"SELECT {ROW} FROM session AS s WHERE s.number = ANY($1::int[])"  # noqa: S608 - as above

OPEN_AT: Final = f"""
SELECT {ROW} FROM session AS s WHERE s.station_id = ANY($1::uuid[]) AND s.ended_at IS NULL
"""  # noqa: S608 - as above

LOCK_BY_KEYS: Final = f"{BY_KEYS} ORDER BY s.id FOR NO KEY UPDATE OF s"

LOCK_BY_IDS: Final = f"""
SELECT {ROW} FROM session AS s WHERE s.id = ANY($1::uuid[]) ORDER BY s.id FOR NO KEY UPDATE
"""  # noqa: S608 - as above

OVER_AT: Final = """
-- The sessions that had ended and were running at these EVSEs at these instants.
SELECT DISTINCT latest.id
FROM unnest($1::uuid[], $2::int[], $3::timestamptz[]) AS given (station_id, evse_number, at)
CROSS JOIN LATERAL (
    SELECT id, ended_at FROM session
    WHERE station_id = given.station_id AND evse_number = given.evse_number AND started_at <= given.at
    ORDER BY started_at DESC LIMIT 1
) AS latest
WHERE latest.ended_at >= given.at
"""

INSERT_SESSIONS: Final = """
-- Rows for sessions that are heard of for the first time; the fold fills them in the same transaction.
INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, received_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::timestamptz[], $6::timestamptz[])
ON CONFLICT (station_id, transaction_key) DO NOTHING
RETURNING id
"""

INSERT_EVENTS: Final = """
INSERT INTO session_event (station_id, transaction_key, content_key, kind, at, said_at, received_at, detail)
SELECT station_id, transaction_key, content_key, kind, at, said_at, received_at, detail::jsonb
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
            $8::text[])
     AS given (station_id, transaction_key, content_key, kind, at, said_at, received_at, detail)
ON CONFLICT DO NOTHING
"""

INSERT_SAMPLES: Final = """
-- A second row for the same instant completes the first: registers by the greater value, so that order is nothing.
INSERT INTO sample AS kept (station_id, evse_number, at, context, transaction_key, said_at, received_at,
    energy_wh, energy_export_wh, power_w, current_l1_a, current_l2_a, current_l3_a,
    voltage_l1_v, voltage_l2_v, voltage_l3_v, soc_percent, temperature_c, offered_a, rest)
SELECT station_id, evse_number, at, context, transaction_key, said_at, received_at,
    energy_wh, energy_export_wh, power_w, current_l1_a, current_l2_a, current_l3_a,
    voltage_l1_v, voltage_l2_v, voltage_l3_v, soc_percent, temperature_c, offered_a, rest::jsonb
FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
            $8::bigint[], $9::bigint[], $10::int[], $11::real[], $12::real[], $13::real[],
            $14::real[], $15::real[], $16::real[], $17::real[], $18::real[], $19::real[], $20::text[])
     AS given (station_id, evse_number, at, context, transaction_key, said_at, received_at,
               energy_wh, energy_export_wh, power_w, current_l1_a, current_l2_a, current_l3_a,
               voltage_l1_v, voltage_l2_v, voltage_l3_v, soc_percent, temperature_c, offered_a, rest)
ON CONFLICT (station_id, transaction_key, at, context, evse_number) DO UPDATE SET
    energy_wh = greatest(kept.energy_wh, excluded.energy_wh),
    energy_export_wh = greatest(kept.energy_export_wh, excluded.energy_export_wh),
    power_w = greatest(kept.power_w, excluded.power_w),
    current_l1_a = greatest(kept.current_l1_a, excluded.current_l1_a),
    current_l2_a = greatest(kept.current_l2_a, excluded.current_l2_a),
    current_l3_a = greatest(kept.current_l3_a, excluded.current_l3_a),
    voltage_l1_v = greatest(kept.voltage_l1_v, excluded.voltage_l1_v),
    voltage_l2_v = greatest(kept.voltage_l2_v, excluded.voltage_l2_v),
    voltage_l3_v = greatest(kept.voltage_l3_v, excluded.voltage_l3_v),
    soc_percent = greatest(kept.soc_percent, excluded.soc_percent),
    temperature_c = greatest(kept.temperature_c, excluded.temperature_c),
    offered_a = greatest(kept.offered_a, excluded.offered_a),
    rest = greatest(kept.rest, excluded.rest)
WHERE (kept.energy_wh, kept.energy_export_wh, kept.power_w, kept.current_l1_a, kept.current_l2_a, kept.current_l3_a,
       kept.voltage_l1_v, kept.voltage_l2_v, kept.voltage_l3_v, kept.soc_percent, kept.temperature_c, kept.offered_a,
       kept.rest)
   IS DISTINCT FROM
      (excluded.energy_wh, excluded.energy_export_wh, excluded.power_w, excluded.current_l1_a, excluded.current_l2_a,
       excluded.current_l3_a, excluded.voltage_l1_v, excluded.voltage_l2_v, excluded.voltage_l3_v,
       excluded.soc_percent, excluded.temperature_c, excluded.offered_a, excluded.rest)
"""

TOUCH: Final = """
-- The hot path: what the latest reading of each running session says.
UPDATE session AS s SET energy_wh = given.energy_wh, register_end_wh = given.register_end_wh,
    power_w = coalesce(given.power_w, s.power_w), soc_percent = coalesce(given.soc_percent, s.soc_percent),
    sampled_at = given.sampled_at
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::int[], $6::timestamptz[])
     AS given (id, energy_wh, register_end_wh, power_w, soc_percent, sampled_at)
WHERE s.id = given.id
"""

TOUCH_STATE: Final = """
UPDATE session AS s SET charging_state = given.charging_state, state_at = given.state_at
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS given (id, charging_state, state_at)
WHERE s.id = given.id
"""

INSERT_ORPHANS: Final = """
INSERT INTO session_orphan (id, station_id, evse_number, transaction_ref, said_at, received_at, fact)
SELECT id, station_id, evse_number, transaction_ref, said_at, received_at, fact::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[])
     AS given (id, station_id, evse_number, transaction_ref, said_at, received_at, fact)
ON CONFLICT DO NOTHING
"""

INSERT_AUTHORISATIONS: Final = """
INSERT INTO authorisation (station_id, id, at, received_at, token_uid, driver_id, status, reason)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::uuid[], $7::text[],
                     $8::text[])
ON CONFLICT DO NOTHING
"""

REFUSE_AUTHORISATION: Final = """
UPDATE authorisation SET status = $4, reason = $5 WHERE station_id = $1 AND id = $2 AND token_uid = $3
"""

OVERTAKEN: Final = """
-- Sessions still open though another one started later on the same EVSE, and we have known that one for a while.
SELECT s.id, s.station_id, s.transaction_key, min(later.started_at) AS at
FROM session AS s
JOIN session AS later ON later.station_id = s.station_id AND later.evse_number = s.evse_number
     AND later.started_at > s.started_at
WHERE s.ended_at IS NULL AND later.received_at < $1
GROUP BY s.id LIMIT $2
"""


class NewSession(Struct, frozen=True):
    """A session heard of for the first time."""

    station_id: StationId
    transaction_key: str
    evse_number: int
    at: datetime
    received_at: datetime


class NewSample(Struct, frozen=True):
    """One row of `sample`, values in the order of the table after its key."""

    station_id: StationId
    evse_number: int
    at: datetime
    context: str
    transaction_key: str
    said_at: datetime | None
    received_at: datetime
    values: tuple[Any, ...]
    """energy_wh … offered_a, and rest as JSON text."""


class Touch(Struct, frozen=True):
    """What the latest readings make of a running session."""

    id: SessionId
    energy_wh: int
    register_end_wh: int | None
    power_w: int | None
    soc_percent: int | None
    sampled_at: datetime


class Orphan(Struct, frozen=True):
    """The end of a session that nobody saw start, as the charger told it."""

    station_id: StationId
    evse_number: int | None
    transaction_ref: str
    said_at: datetime
    received_at: datetime
    fact: str


class Shown(Struct, frozen=True):
    """A token that was shown, and what we said."""

    id: UUID
    station_id: StationId
    at: datetime
    received_at: datetime
    token_uid: str
    driver_id: UUID | None
    status: str
    reason: str


class Overtaken(Struct, frozen=True):
    """An open session that must be over, and since when."""

    id: SessionId
    station_id: StationId
    transaction_key: str
    at: datetime


async def by_keys(tx: Transaction, keys: Iterable[tuple[StationId, str]]) -> list[OpenRow]:
    """Return the sessions of these stations and transaction keys. Not locked: a station has one socket."""
    given = list(keys)
    return await tx.fetch(OpenRow, BY_KEYS, [k[0] for k in given], [k[1] for k in given]) if given else []


async def by_numbers(tx: Transaction, numbers: Iterable[int]) -> list[OpenRow]:
    """Return the sessions with these numbers, of whatever station."""
    given = list(numbers)
    return await tx.fetch(OpenRow, BY_NUMBERS, given) if given else []


async def open_at(tx: Transaction, stations: Iterable[StationId]) -> list[OpenRow]:
    """Return the sessions that are open at these stations."""
    given = list(stations)
    return await tx.fetch(OpenRow, OPEN_AT, given) if given else []


async def locked_by_keys(tx: Transaction, keys: Iterable[tuple[StationId, str]]) -> list[OpenRow]:
    """Return the sessions of these stations and transaction keys, locked until `tx` ends."""
    given = list(keys)
    return await tx.fetch(OpenRow, LOCK_BY_KEYS, [k[0] for k in given], [k[1] for k in given]) if given else []


async def locked_by_ids(tx: Transaction, ids: Iterable[SessionId]) -> list[OpenRow]:
    """Return these sessions, locked until `tx` ends."""
    given = list(ids)
    return await tx.fetch(OpenRow, LOCK_BY_IDS, given) if given else []


async def over_at(tx: Transaction, places: Iterable[tuple[StationId, int, datetime]]) -> list[SessionId]:
    """Return the sessions that are over and ran at these EVSEs at these instants."""
    given = list(places)
    if not given:
        return []
    stations, evses, instants = zip(*given, strict=True)
    return await tx.values(OVER_AT, stations, evses, instants)


async def insert_sessions(tx: Transaction, new: Sequence[NewSession]) -> set[SessionId]:
    """Make rows for `new` sessions where there are none; return the ids of those that were made."""
    made = await tx.values(
        INSERT_SESSIONS,
        [new_id() for _ in new],
        [session.station_id for session in new],
        [session.evse_number for session in new],
        [session.transaction_key for session in new],
        [session.at for session in new],
        [session.received_at for session in new],
    )
    return set(made)


async def insert_events(tx: Transaction, events: Sequence[StoredEvent]) -> int:
    """Keep messages that are not kept yet; return how many were new."""
    return await tx.execute(
        INSERT_EVENTS,
        [event.station_id for event in events],
        [event.transaction_key for event in events],
        [event.content_key for event in events],
        [event.kind.value for event in events],
        [event.at for event in events],
        [event.said_at for event in events],
        [event.received_at for event in events],
        [msgspec.json.encode(event.detail).decode() for event in events],
    )


async def insert_samples(tx: Transaction, samples: Sequence[NewSample]) -> None:
    """Keep readings. No two of them may have the same key: station, transaction, instant, context and EVSE."""
    columns = zip(*(sample.values for sample in samples), strict=True)
    await tx.execute(
        INSERT_SAMPLES,
        [sample.station_id for sample in samples],
        [sample.evse_number for sample in samples],
        [sample.at for sample in samples],
        [sample.context for sample in samples],
        [sample.transaction_key for sample in samples],
        [sample.said_at for sample in samples],
        [sample.received_at for sample in samples],
        *(list(column) for column in columns),
    )


async def touch(tx: Transaction, touches: Sequence[Touch]) -> None:
    """Write what the latest readings say of running sessions."""
    if touches:
        await tx.execute(
            TOUCH,
            [given.id for given in touches],
            [given.energy_wh for given in touches],
            [given.register_end_wh for given in touches],
            [given.power_w for given in touches],
            [given.soc_percent for given in touches],
            [given.sampled_at for given in touches],
        )


async def touch_states(tx: Transaction, states: Sequence[tuple[SessionId, str, datetime]]) -> None:
    """Write new charging states of running sessions."""
    if states:
        ids, words, instants = zip(*states, strict=True)
        await tx.execute(TOUCH_STATE, ids, words, instants)


async def insert_orphans(tx: Transaction, orphans: Sequence[Orphan]) -> None:
    """Keep ends that belong to no session, each once."""
    if orphans:
        await tx.execute(
            INSERT_ORPHANS,
            [new_id() for _ in orphans],
            [orphan.station_id for orphan in orphans],
            [orphan.evse_number for orphan in orphans],
            [orphan.transaction_ref for orphan in orphans],
            [orphan.said_at for orphan in orphans],
            [orphan.received_at for orphan in orphans],
            [orphan.fact for orphan in orphans],
        )


async def insert_authorisations(tx: Transaction, shown: Sequence[Shown]) -> None:
    """Keep what was said of tokens, each once."""
    if shown:
        await tx.execute(
            INSERT_AUTHORISATIONS,
            [row.station_id for row in shown],
            [row.id for row in shown],
            [row.at for row in shown],
            [row.received_at for row in shown],
            [row.token_uid for row in shown],
            [row.driver_id for row in shown],
            [row.status for row in shown],
            [row.reason for row in shown],
        )


async def refuse_authorisation(
    tx: Transaction, station_id: StationId, shown_id: UUID, token_uid: str, status: str, reason: str
) -> None:
    """Say that a token was refused after all."""
    await tx.execute(REFUSE_AUTHORISATION, station_id, shown_id, token_uid, status, reason)


async def overtaken(tx: Transaction, known_before: datetime, limit: int) -> list[Overtaken]:
    """Return open sessions that a later one, known since before `known_before`, shows to be over."""
    return await tx.fetch(Overtaken, OVERTAKEN, known_before, limit)

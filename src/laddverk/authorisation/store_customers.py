"""What stations are asked about drivers, and what they answered. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.authorisation.model import Kind, Memory
from laddverk.kernel.ids import DriverId, StationId, new_id
from laddverk.platform.database import Transaction

MEMORIES: Final = """
-- Stations that may remember a tag of the driver: it was shown there, it is in the list there, or we are told so ($2).
SELECT DISTINCT station.id AS station_id, token.uid AS token_uid, token.kind AS token_kind, station.protocol
FROM token
JOIN station ON station.retired_at IS NULL AND station.protocol IS NOT NULL
 AND (EXISTS (SELECT FROM token_presence AS seen WHERE seen.token_uid = token.uid AND seen.station_id = station.id)
      OR EXISTS (SELECT FROM local_list_entry AS listed
                 WHERE listed.token_uid = token.uid AND listed.station_id = station.id)
      OR station.id = ANY($2))
WHERE token.driver_id = $1 AND token.kind <> 'adhoc' AND ($3::uuid[] IS NULL OR station.site_id = ANY($3))
ORDER BY station.id, token.uid LIMIT $4
"""
DRIVER_EXISTS: Final = "SELECT EXISTS (SELECT FROM driver WHERE id = $1)"
INSERT: Final = """
INSERT INTO customer_request (id, driver_id, kind, requested_by, reason, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
INSERT_ANSWER: Final = """
INSERT INTO customer_answer (request_id, station_id, token_uid, state, word, ended_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING number
"""
SET_COMMAND: Final = "UPDATE customer_answer SET command_id = $2 WHERE number = $1"
NOT_ASKED: Final = "UPDATE customer_answer SET state = 'unreachable', word = $2, ended_at = $3 WHERE number = $1"
ANSWERED: Final = """
UPDATE customer_answer SET state = $2, word = $3, ended_at = $4
WHERE command_id = $1 AND state = 'asked' RETURNING request_id
"""
COMPLETE: Final = """
UPDATE customer_request AS r SET finished_at = $2
WHERE r.id = ANY($1) AND r.finished_at IS NULL
  AND NOT EXISTS (SELECT FROM customer_answer AS a WHERE a.request_id = r.id AND a.state = 'asked')
"""
KEEP_PARTS: Final = """
-- A station tells only of what it was asked for itself, and no more than so many parts of it.
INSERT INTO customer_part (station_id, number, part_number, data, received_at)
SELECT given.station_id, given.number, given.part_number, given.data, given.received_at
FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::timestamptz[])
     AS given (station_id, number, part_number, data, received_at)
JOIN customer_answer AS a ON a.number = given.number AND a.station_id = given.station_id
WHERE given.part_number < $6
ON CONFLICT DO NOTHING
"""
DROP_PARTS: Final = "DELETE FROM customer_part WHERE received_at < $1"


async def memories(
    tx: Transaction,
    driver_id: DriverId,
    also_at: Sequence[StationId],
    site_ids: Sequence[UUID] | None,
    limit: int,
) -> list[Memory]:
    """Return where the tags of a driver may be remembered."""
    return await tx.fetch(Memory, MEMORIES, driver_id, list(also_at), site_ids, limit)


async def driver_exists(tx: Transaction, driver_id: DriverId) -> bool:
    """Return whether there is such a driver."""
    return bool(await tx.value(DRIVER_EXISTS, driver_id))


async def insert(
    tx: Transaction, driver_id: DriverId, kind: Kind, requested_by: str, reason: str, now: datetime
) -> UUID:
    """Add a request and return its id."""
    request_id = new_id()
    await tx.execute(INSERT, request_id, driver_id, kind.value, requested_by, reason, now)
    return request_id


async def insert_answer(
    tx: Transaction, request_id: UUID, memory: Memory, *, state: str = "asked", word: str = "", now: datetime
) -> int:
    """Add what one station is asked about one tag, and return the number it is asked under."""
    ended_at = None if state == "asked" else now
    number: int = await tx.value(INSERT_ANSWER, request_id, memory.station_id, memory.token_uid, state, word, ended_at)
    return number


async def set_command(tx: Transaction, number: int, command_id: UUID) -> None:
    """Write which command asks."""
    await tx.execute(SET_COMMAND, number, command_id)


async def not_asked(tx: Transaction, number: int, why: str, now: datetime) -> None:
    """Write that a station could not be asked at all."""
    await tx.execute(NOT_ASKED, number, why, now)


async def answered(tx: Transaction, command_id: UUID, state: str, word: str, now: datetime) -> list[UUID]:
    """Write what came of a command; return the requests concerned."""
    return await tx.values(ANSWERED, command_id, state, word, now)


async def complete(tx: Transaction, request_ids: Sequence[UUID], now: datetime) -> None:
    """Finish the requests of which no answer is missing."""
    await tx.execute(COMPLETE, list(request_ids), now)


async def keep_parts(
    tx: Transaction, parts: Sequence[tuple[StationId, int, int, str, datetime]], parts_max: int
) -> None:
    """Keep parts of what stations know: (station, number, part, data, received). A part that is there stays."""
    columns = list(zip(*parts, strict=True))
    await tx.execute(KEEP_PARTS, *(list(column) for column in columns), parts_max)


async def drop_parts(tx: Transaction, before: datetime) -> None:
    """Forget what stations told before `before`."""
    await tx.execute(DROP_PARTS, before)

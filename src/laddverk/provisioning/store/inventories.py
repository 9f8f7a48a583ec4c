"""Reports that were asked for, and which of their parts have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CommandId, StationId
from laddverk.platform.database import Transaction

INSERT = """
INSERT INTO station_inventory (station_id, request_id, kind, what, is_whole, command_id, requested_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def insert(
    tx: Transaction,
    station_id: StationId,
    request_id: int,
    kind: str,
    what: str,
    *,
    is_whole: bool,
    command_id: CommandId,
    now: datetime,
) -> None:
    """Note that a report was asked for. `kind` is variables or monitors."""
    await tx.execute(INSERT, station_id, request_id, kind, what, is_whole, command_id, now)


class Part(Struct, frozen=True):
    """One part of a report that has come."""

    station_id: StationId
    request_id: int
    seq: int
    is_last: bool
    items: int
    received_at: datetime


ADD_PARTS = """
-- A part that comes twice is counted once. Of a report that was asked for by a plain command the command tells what it
-- is about; one that nobody asked for is noted too, up to a limit for each station.
INSERT INTO station_inventory AS i (station_id, request_id, kind, what, is_whole, command_id, requested_at, parts,
                                    last_part, items, received_at)
SELECT given.station_id, given.request_id, $7, coalesce(asked.what, ''), coalesce(asked.is_whole, false), asked.id,
       coalesce(asked.created_at, given.received_at), given.seqs, given.last_part, given.items, given.received_at
FROM (
    SELECT station_id, request_id, array_agg(DISTINCT seq) AS seqs, max(seq) FILTER (WHERE is_last) AS last_part,
           sum(items)::int AS items, max(received_at) AS received_at
    FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::bool[], $5::int[], $6::timestamptz[])
        AS g (station_id, request_id, seq, is_last, items, received_at)
    GROUP BY 1, 2
) AS given
LEFT JOIN LATERAL (
    SELECT id, created_at, coalesce(command->>'report', '') AS what,
           kind = 'request_monitoring_report' AND coalesce(jsonb_array_length(command->'criteria'), 0) = 0
           AND coalesce(jsonb_array_length(command->'selected'), 0) = 0 AS is_whole
    FROM command c
    WHERE c.station_id = given.station_id
      AND c.kind IN ('request_report', 'request_custom_report', 'request_monitoring_report')
      AND c.command->'request_id' = to_jsonb(given.request_id)
    ORDER BY created_at DESC LIMIT 1
) AS asked ON true
WHERE asked.id IS NOT NULL OR (SELECT count(*) FROM station_inventory o WHERE o.station_id = given.station_id) < $9
ON CONFLICT (station_id, request_id, kind) DO UPDATE
SET parts = (SELECT array_agg(DISTINCT n ORDER BY n) FROM unnest(i.parts || excluded.parts) AS n),
    last_part = coalesce(excluded.last_part, i.last_part), items = i.items + excluded.items,
    received_at = greatest(i.received_at, excluded.received_at)
WHERE cardinality(i.parts) < $8 AND NOT i.parts @> excluded.parts
"""


async def add_parts(tx: Transaction, kind: str, parts: Sequence[Part], parts_max: int, reports_max: int) -> None:
    """Add parts to their reports; at most `reports_max` reports of a station that nobody asked for are noted."""
    await tx.execute(
        ADD_PARTS,
        [part.station_id for part in parts],
        [part.request_id for part in parts],
        [part.seq for part in parts],
        [part.is_last for part in parts],
        [part.items for part in parts],
        [part.received_at for part in parts],
        kind,
        parts_max,
        reports_max,
    )


class Whole(Struct, frozen=True):
    """A report that asked for everything and has come whole."""

    station_id: StationId
    requested_at: datetime


WHOLE = """
SELECT i.station_id, i.requested_at FROM station_inventory i
JOIN unnest($1::uuid[], $2::bigint[]) AS g (station_id, request_id) USING (station_id, request_id)
WHERE i.kind = 'monitors' AND i.is_whole AND cardinality(i.parts) = i.last_part + 1
"""


async def whole(tx: Transaction, reports: Sequence[tuple[StationId, int]]) -> list[Whole]:
    """Return those of these monitoring reports that asked for all monitors and are complete."""
    return await tx.fetch(Whole, WHOLE, [station for station, _ in reports], [number for _, number in reports])


ANSWERED = """
UPDATE station_inventory SET parts = '{0}', last_part = 0, items = $2, received_at = $3
WHERE command_id = $1 AND cardinality(parts) = 0
"""


async def answered(tx: Transaction, command_id: UUID, items: int, now: datetime) -> None:
    """Note that the answer itself was the whole report, as in 1.6, or when there was nothing to report."""
    await tx.execute(ANSWERED, command_id, items, now)


DROP_OLD = "DELETE FROM station_inventory WHERE requested_at < $1"


async def drop_old(tx: Transaction, before: datetime) -> int:
    """Forget reports that were asked for before `before`."""
    return await tx.execute(DROP_OLD, before)

"""Streams of values (2.1), and their newest values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import StreamOpened, StreamReceived
from laddverk.platform.database import Transaction

OPEN_NOW = "SELECT station_id, stream_id FROM event_stream WHERE station_id = ANY($1) AND closed_at IS NULL"


class OpenStream(Struct, frozen=True):
    """A stream that is open."""

    station_id: StationId
    stream_id: int


async def open_now(tx: Transaction, station_ids: Sequence[StationId]) -> set[tuple[StationId, int]]:
    """Return the streams that are open at these stations."""
    rows = await tx.fetch(OpenStream, OPEN_NOW, list(station_ids))
    return {(row.station_id, row.stream_id) for row in rows}


OPEN_STREAM = """
INSERT INTO event_stream (station_id, stream_id, monitor_id, interval_s, values_max, opened_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (station_id, stream_id) DO UPDATE
SET monitor_id = excluded.monitor_id, interval_s = excluded.interval_s, values_max = excluded.values_max,
    opened_at = excluded.opened_at, closed_at = NULL
"""


async def open_stream(tx: Transaction, opened: StreamOpened) -> None:
    """Note that a stream is open."""
    await tx.execute(
        OPEN_STREAM, opened.station_id, opened.stream_id, opened.monitor_id, opened.interval_s, opened.values_max,
        opened.at,
    )  # fmt: skip


KEEP_OPEN_STREAM = """
INSERT INTO event_stream AS kept (station_id, stream_id, monitor_id, interval_s, values_max, opened_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (station_id, stream_id) DO UPDATE
SET monitor_id = excluded.monitor_id, interval_s = coalesce(excluded.interval_s, kept.interval_s),
    values_max = coalesce(excluded.values_max, kept.values_max), closed_at = NULL,
    opened_at = CASE WHEN kept.closed_at IS NULL THEN kept.opened_at ELSE excluded.opened_at END
WHERE kept.closed_at IS NULL OR kept.closed_at < excluded.opened_at
"""


async def keep_open_stream(tx: Transaction, told: StreamOpened) -> None:
    """Note that a charger says a stream is open, since when we know or from now on."""
    await tx.execute(
        KEEP_OPEN_STREAM, told.station_id, told.stream_id, told.monitor_id, told.interval_s, told.values_max, told.at
    )


CLOSE_STREAM = """
UPDATE event_stream SET closed_at = $3 WHERE station_id = $1 AND stream_id = $2 AND closed_at IS NULL
  AND opened_at <= $3
"""
CLOSE_OTHERS = """
UPDATE event_stream SET closed_at = $3
WHERE station_id = $1 AND NOT stream_id = ANY($2) AND closed_at IS NULL AND opened_at <= $3
"""
ADJUST_STREAM = """
UPDATE event_stream SET interval_s = coalesce($3, interval_s), values_max = coalesce($4, values_max)
WHERE station_id = $1 AND stream_id = $2
"""


async def close_stream(tx: Transaction, station_id: StationId, stream_id: int, at: datetime) -> None:
    """Note that a stream ended."""
    await tx.execute(CLOSE_STREAM, station_id, stream_id, at)


async def close_others(tx: Transaction, station_id: StationId, stream_ids: Sequence[int], at: datetime) -> None:
    """Note that no other streams than these are open."""
    await tx.execute(CLOSE_OTHERS, station_id, list(stream_ids), at)


async def adjust_stream(
    tx: Transaction, station_id: StationId, stream_id: int, interval_s: int | None, values_max: int | None
) -> None:
    """Note how often a stream tells from now on."""
    await tx.execute(ADJUST_STREAM, station_id, stream_id, interval_s, values_max)


KEEP_VALUES = """
WITH kept AS (
    INSERT INTO stream_value (station_id, stream_id, at, value)
    SELECT given.* FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[])
        AS given (station_id, stream_id, at, value)
    JOIN event_stream USING (station_id, stream_id)
    ON CONFLICT (station_id, stream_id, at) DO NOTHING RETURNING station_id, stream_id, at, value
), newest AS (
    SELECT DISTINCT ON (station_id, stream_id) * FROM kept ORDER BY station_id, stream_id, at DESC
)
UPDATE event_stream s SET last_at = n.at, last_value = n.value FROM newest n
WHERE s.station_id = n.station_id AND s.stream_id = n.stream_id AND (s.last_at IS NULL OR s.last_at <= n.at)
"""
SET_PENDING = "UPDATE event_stream SET pending = $3 WHERE station_id = $1 AND stream_id = $2"


async def keep_values(tx: Transaction, received: Sequence[StreamReceived]) -> None:
    """Keep values of streams that are known; a value that comes twice is kept once."""
    flat = {(one.station_id, one.stream_id, value.at): value.value for one in received for value in one.values}
    await tx.execute(
        KEEP_VALUES,
        [station for station, _, _ in flat],
        [stream for _, stream, _ in flat],
        [at for _, _, at in flat],
        list(flat.values()),
    )
    for one in received:
        await tx.execute(SET_PENDING, one.station_id, one.stream_id, one.pending)


DROP_VALUES = """
DELETE FROM stream_value v USING (
    SELECT station_id, stream_id, at, row_number() OVER (PARTITION BY station_id ORDER BY at DESC) AS place
    FROM stream_value
) AS ranked
WHERE (ranked.place > $2 OR ranked.at < $1)
  AND v.station_id = ranked.station_id AND v.stream_id = ranked.stream_id AND v.at = ranked.at
"""
DROP_STREAMS = "DELETE FROM event_stream WHERE closed_at < $1"


async def drop_old(tx: Transaction, since: datetime, values_max: int) -> None:
    """Drop values before `since`, those beyond so many of one station, and streams that ended before."""
    await tx.execute(DROP_VALUES, since, values_max)
    await tx.execute(DROP_STREAMS, since)

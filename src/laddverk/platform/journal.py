"""The frame journal (law 3): every frame as it went over the wire; new ones as rows, older ones in compressed segments.

A frame is in exactly one of the two places: it is moved in one transaction, and only one mover works at a time.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.platform.database import Transaction

SEGMENT_FRAMES_MAX: Final = 200  # about 60 kB unpacked: reading one page of frames unpacks one or two
COMPACT_FRAMES_MAX: Final = 20_000  # bounds one transaction, and the memory it takes to some tens of megabytes
LEFTOVER_AGE: Final = timedelta(hours=1)  # a station that says little still gets its frames packed, in small segments
SEGMENTS_AT_ONCE: Final = 4  # a page of frames seldom needs more
CODEC: Final = "zlib"
COMPRESSION_LEVEL: Final = 6  # level 9 saves 1 % more of JSON and takes twice the time
MOVER_LOCK: Final = 0x6C61_6464_0001  # advisory lock: there is one mover at a time

COLUMNS: Final = ("station_id", "received_at", "epoch", "number", "direction", "body")


class Frame(Struct, frozen=True):
    """One frame: `direction` is `>` from the charger or `<` to it, `number` counts within the connection `epoch`."""

    station_id: UUID
    received_at: datetime
    epoch: int
    number: int
    direction: str
    body: bytes


class _Packed(Struct, frozen=True, array_like=True):
    """A frame inside a segment, which knows its station."""

    received_at: datetime
    epoch: int
    number: int
    direction: str
    body: bytes


class _Row(Struct, frozen=True):
    station_id: UUID
    received_at: datetime
    epoch: int
    number: int
    direction: bytes
    body: bytes


class _Segment(Struct, frozen=True):
    last_at: datetime
    body: bytes


_decoder = msgspec.msgpack.Decoder(tuple[_Packed, ...])


async def write(tx: Transaction, frames: Sequence[Frame]) -> None:
    """Add `frames`. The pair of epoch and number must be new for its station."""
    if frames:
        await tx.copy("frame", COLUMNS, [_record(frame) for frame in frames])


def _record(frame: Frame) -> tuple[object, ...]:
    return (
        frame.station_id,
        frame.received_at,
        frame.epoch,
        frame.number,
        frame.direction.encode(),
        frame.body,
    )


READ_ROWS = """
SELECT station_id, received_at, epoch, number, direction, body FROM frame
WHERE station_id = $1 AND received_at < $2
ORDER BY received_at DESC, epoch DESC, number DESC LIMIT $3
"""

READ_SEGMENTS = """
SELECT last_at, body FROM frame_segment
WHERE station_id = $1 AND first_at < $2
ORDER BY last_at DESC, first_epoch DESC, first_number DESC LIMIT $3 OFFSET $4
"""


async def read(tx: Transaction, station_id: UUID, before: datetime, limit: int) -> list[Frame]:
    """Return the `limit` newest frames of a station that came before `before`, newest first."""
    rows = await tx.fetch(_Row, READ_ROWS, station_id, before, limit)
    found = [
        Frame(row.station_id, row.received_at, row.epoch, row.number, row.direction.decode(), row.body) for row in rows
    ]
    offset = 0
    while True:
        segments = await tx.fetch(_Segment, READ_SEGMENTS, station_id, before, SEGMENTS_AT_ONCE, offset)
        found += [
            frame for segment in segments for frame in _unpacked(station_id, segment) if frame.received_at < before
        ]
        found.sort(key=lambda frame: (frame.received_at, frame.epoch, frame.number), reverse=True)
        # What is still unread is older than the last segment seen, so a full page newer than it is the right page.
        complete = len(found) >= limit and bool(segments) and found[limit - 1].received_at > segments[-1].last_at
        if len(segments) < SEGMENTS_AT_ONCE or complete:
            return found[:limit]
        offset += SEGMENTS_AT_ONCE


def _unpacked(station_id: UUID, segment: _Segment) -> list[Frame]:
    packed = _decoder.decode(zlib.decompress(segment.body))
    return [Frame(station_id, one.received_at, one.epoch, one.number, one.direction, one.body) for one in packed]


BE_THE_MOVER = "SELECT pg_try_advisory_xact_lock($1)"

TAKE_OLD = """
WITH due AS (
    SELECT station_id FROM frame WHERE received_at < $1
    GROUP BY station_id HAVING count(*) >= $2 OR min(received_at) < $3
), taken AS (
    SELECT station_id, epoch, number FROM frame
    WHERE station_id IN (SELECT station_id FROM due) AND received_at < $1
    ORDER BY station_id, epoch, number LIMIT $4
)
DELETE FROM frame USING taken
WHERE frame.station_id = taken.station_id AND frame.epoch = taken.epoch AND frame.number = taken.number
RETURNING frame.station_id, frame.received_at, frame.epoch, frame.number, frame.direction, frame.body
"""

SEGMENT_COLUMNS: Final = (
    "station_id", "first_at", "last_at", "first_epoch", "first_number", "frames", "codec", "body",
)  # fmt: skip


async def compact(tx: Transaction, older_than: datetime) -> int:
    """Move frames received before `older_than` into segments, and return how many were moved.

    Only stations with enough frames for a full segment, or with frames an hour older still, are worth it. At most
    `COMPACT_FRAMES_MAX` at a time: call again when that many were moved. 0 when somebody else is moving.
    """
    if not await tx.value(BE_THE_MOVER, MOVER_LOCK):
        return 0
    rows = await tx.fetch(_Row, TAKE_OLD, older_than, SEGMENT_FRAMES_MAX, older_than - LEFTOVER_AGE, COMPACT_FRAMES_MAX)
    records = await asyncio.to_thread(lambda: list(_segments(rows)))  # zlib lets the event loop go on
    if records:
        await tx.copy("frame_segment", SEGMENT_COLUMNS, records)
    return len(rows)


def _segments(rows: Iterable[_Row]) -> Iterable[tuple[object, ...]]:
    """Yield the segments that hold `rows`: of one station each, in the order of the wire."""
    ordered = sorted(rows, key=lambda row: (row.station_id, row.epoch, row.number))
    for station_id, group in groupby(ordered, key=lambda row: row.station_id):
        own = list(group)
        for start in range(0, len(own), SEGMENT_FRAMES_MAX):
            part = own[start : start + SEGMENT_FRAMES_MAX]
            packed = [_Packed(row.received_at, row.epoch, row.number, row.direction.decode(), row.body) for row in part]
            yield (
                station_id,
                min(row.received_at for row in part),
                max(row.received_at for row in part),
                part[0].epoch,
                part[0].number,
                len(part),
                CODEC,
                zlib.compress(msgspec.msgpack.encode(packed), COMPRESSION_LEVEL),
            )


PRUNE_ROWS = "DELETE FROM frame WHERE received_at < $1"
PRUNE_SEGMENTS = "DELETE FROM frame_segment WHERE last_at < $1"


async def prune(tx: Transaction, before: datetime) -> int:
    """Delete what was received before `before` (whole segments only) and return how many rows went."""
    return await tx.execute(PRUNE_ROWS, before) + await tx.execute(PRUNE_SEGMENTS, before)

"""The inbox of observations and the memory of stations in PostgreSQL. Takes a transaction; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

ONE_AT_A_TIME: Final = "SELECT pg_try_advisory_xact_lock(hashtext('diagnostics.watch'))"

URGENT: Final = """
-- Stations with something that cannot wait, those for which time has come, and at times all that have anything.
SELECT station_id FROM (
    (SELECT DISTINCT station_id FROM observation WHERE urgent LIMIT $2)
    UNION (SELECT station_id FROM station_watch WHERE due_at <= $1 ORDER BY due_at LIMIT $2)
) AS wanted LIMIT $2
"""

WAITING: Final = "SELECT DISTINCT station_id FROM observation LIMIT $1"

TAKE: Final = """
DELETE FROM observation WHERE station_id = ANY($1::uuid[]) AND id <= $2 RETURNING station_id, id, body
"""

LAST: Final = "SELECT coalesce(max(id), 0) FROM observation"

WATCHES: Final = """
SELECT station_id, memory, observable FROM station_watch WHERE station_id = ANY($1::uuid[])
"""

KEEP: Final = """
INSERT INTO station_watch (station_id, memory, observable, heard_at, due_at)
SELECT station_id, memory, coalesce(observable, '{}'), $5, due_at
FROM unnest($1::uuid[], $2::bytea[], $3::jsonb[], $4::timestamptz[]) AS given (station_id, memory, observable, due_at)
ON CONFLICT (station_id) DO UPDATE SET memory = excluded.memory, heard_at = excluded.heard_at, due_at = excluded.due_at
"""

OBSERVABLE: Final = """
UPDATE station_watch SET observable = given.observable
FROM unnest($1::uuid[], $2::jsonb[]) AS given (station_id, observable)
WHERE station_watch.station_id = given.station_id
"""

SPAN: Final = "SELECT min(id) AS first, max(id) AS last FROM observation"

DROP: Final = "DELETE FROM observation WHERE id < $1"

LOST: Final = """
INSERT INTO observation_lost (at, dropped) VALUES ($1, $2)
ON CONFLICT (at) DO UPDATE SET dropped = observation_lost.dropped + excluded.dropped
"""

FORGET_LOST: Final = "DELETE FROM observation_lost WHERE at < $1"

FORGET_RETIRED: Final = """
DELETE FROM station_watch USING station
WHERE station.id = station_watch.station_id AND station.retired_at IS NOT NULL
"""


class Watch(Struct, frozen=True):
    """What is kept of a station's detectors."""

    station_id: StationId
    memory: bytes
    observable: dict[str, dict[str, datetime]]


class Kept(Struct, frozen=True, kw_only=True):
    """What is kept after a station was heard."""

    station_id: StationId
    memory: bytes
    due_at: datetime | None
    observable: dict[str, Any] | None
    """None: as it was."""


async def alone(tx: Transaction) -> bool:
    """Return whether nobody else is letting detectors hear just now; until `tx` ends nobody else will."""
    return bool(await tx.value(ONE_AT_A_TIME))


async def last_id(tx: Transaction) -> int:
    """Return the number of the newest observation."""
    return int(await tx.value(LAST))


async def wanting(tx: Transaction, now: datetime, limit: int, *, thorough: bool) -> list[StationId]:
    """Return stations to be heard now; `thorough`: also those where nothing is urgent."""
    wanted = await tx.values(URGENT, now, limit)
    if thorough and len(wanted) < limit:
        wanted = list(dict.fromkeys([*wanted, *await tx.values(WAITING, limit)]))[:limit]
    return [StationId(station_id) for station_id in wanted]


async def taken(tx: Transaction, station_ids: Sequence[StationId], last: int) -> list[tuple[StationId, bytes]]:
    """Take the observations of stations out of the inbox, in the order in which they were committed."""
    rows = await tx.rows(TAKE, list(station_ids), last)
    return [(StationId(row[0]), row[2]) for row in sorted(rows, key=_by_id)]


def _by_id(row: Any) -> int:
    number: int = row[1]
    return number


async def watches(tx: Transaction, station_ids: Sequence[StationId]) -> dict[StationId, Watch]:
    """Return what is kept of each station; nothing for one that was never heard."""
    rows = await tx.rows(WATCHES, list(station_ids))
    return {row[0]: Watch(StationId(row[0]), row[1], row[2]) for row in rows}


async def keep(tx: Transaction, kept: Sequence[Kept], now: datetime) -> None:
    """Write what is kept of stations."""
    if not kept:
        return
    await tx.execute(
        KEEP,
        [row.station_id for row in kept],
        [row.memory for row in kept],
        [row.observable for row in kept],
        [row.due_at for row in kept],
        now,
    )
    changed = [row for row in kept if row.observable is not None]
    if changed:
        await tx.execute(OBSERVABLE, [row.station_id for row in changed], [row.observable for row in changed])


async def bounded(tx: Transaction, rows_max: int, now: datetime) -> int:
    """Drop the oldest observations beyond `rows_max`, write down how many, and return that."""
    row = (await tx.rows(SPAN))[0]
    if row["last"] is None or row["last"] - row["first"] < rows_max:
        return 0
    dropped = await tx.execute(DROP, row["last"] - rows_max + 1)
    if dropped:
        await tx.execute(LOST, now, dropped)
    return dropped


async def forget(tx: Transaction, before: datetime) -> None:
    """Forget the memory of stations that were taken out of the network, and what was dropped before then."""
    await tx.execute(FORGET_RETIRED)
    await tx.execute(FORGET_LOST, before)

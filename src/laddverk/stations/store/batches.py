"""Batches, the same command to many stations, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import BatchId, StationId
from laddverk.ocpp.commands import AnyCommand
from laddverk.platform.database import Transaction
from laddverk.stations.store.commands import kind_of

SEEN = "SELECT id FROM station WHERE id = ANY($1) AND ($2::uuid[] IS NULL OR site_id = ANY($2)) ORDER BY id"
INSERT = """
INSERT INTO command_batch (id, kind, command, requested_by, reason, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
LEAVE_OUT = "UPDATE command_batch SET left_out = $2 WHERE id = $1"


class LeftOut(Struct, frozen=True):
    """A station that got no command, and why."""

    station_id: UUID
    why: str
    """retired or busy: too many commands wait already."""


async def seen(tx: Transaction, station_ids: Sequence[StationId], sites: Sequence[UUID] | None) -> list[StationId]:
    """Return those of `station_ids` that are there and at one of `sites` (None: anywhere)."""
    return await tx.values(SEEN, list(station_ids), None if sites is None else list(sites))


async def insert(tx: Transaction, batch_id: BatchId, command: AnyCommand, by: str, reason: str, now: datetime) -> None:
    """Begin a batch."""
    await tx.execute(INSERT, batch_id, kind_of(command), command, by, reason, now)


async def leave_out(tx: Transaction, batch_id: BatchId, left_out: Sequence[LeftOut]) -> None:
    """Write which stations got no command."""
    if left_out:
        await tx.execute(LEAVE_OUT, batch_id, list(left_out))

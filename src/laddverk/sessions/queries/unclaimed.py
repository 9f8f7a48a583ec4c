"""Messages that belong to no session. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.sessions.queries.sites import Sites


class OrphanRow(Struct, frozen=True, kw_only=True):
    """An end or a reading of a session that nobody saw start."""

    id: UUID
    station_id: UUID
    station_name: str
    evse_number: int | None
    transaction_ref: str
    said_at: datetime
    """What the charger said, however wrong its clock."""
    received_at: datetime
    fact: dict[str, Any]


ORPHANS = """
SELECT session_orphan.*, station.name AS station_name
FROM session_orphan JOIN station ON station.id = session_orphan.station_id
WHERE resolved_at IS NULL AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
ORDER BY received_at DESC LIMIT $2
"""
ORPHAN_COUNT = "SELECT count(*) FROM session_orphan WHERE resolved_at IS NULL"


async def orphans(tx: Transaction, sites: Sites, limit: int = 100) -> list[OrphanRow]:
    """Return what belongs to no session, the latest first."""
    return await tx.fetch(OrphanRow, ORPHANS, None if sites is None else list(sites), limit)


async def count_orphans(tx: Transaction) -> int:
    """Return how many messages belong to no session."""
    return int(await tx.value(ORPHAN_COUNT))

"""What people decide about sessions and orphans, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import SessionId, TariffVersionId
from laddverk.platform.database import Transaction
from laddverk.tariffs.model import Tariff

SETTLEMENT: Final = """
SELECT CASE WHEN ended_at IS NULL THEN 'running' ELSE settlement END FROM session WHERE id = $1 FOR NO KEY UPDATE
"""

APPROVE: Final = "UPDATE session SET approved_version = version, priced_at = NULL WHERE id = $1 RETURNING version"

WRITE_OFF: Final = """
UPDATE session SET doubts = doubts || 'written_off'::text, priced_at = NULL WHERE id = $1 RETURNING version
"""

ASSIGN_TARIFF: Final = """
UPDATE session SET tariff_version_id = $2, tariff = $3 WHERE id = $1 AND tariff_version_id IS NULL RETURNING version
"""

RESOLVE_ORPHAN: Final = """
UPDATE session_orphan SET resolved_at = $2 WHERE id = $1 AND resolved_at IS NULL RETURNING station_id
"""


async def settlement(tx: Transaction, session_id: SessionId) -> str | None:
    """Return how a session is settled, or `running`, and lock it; None when there is none."""
    found: str | None = await tx.value(SETTLEMENT, session_id)
    return found


async def approve(tx: Transaction, session_id: SessionId) -> int:
    """Approve the present version, to be priced again; return it."""
    version: int = await tx.value(APPROVE, session_id)
    return version


async def write_off(tx: Transaction, session_id: SessionId) -> int:
    """Add the doubt that nobody pays, to be priced again; return the version."""
    version: int = await tx.value(WRITE_OFF, session_id)
    return version


async def assign_tariff(
    tx: Transaction, session_id: SessionId, version_id: TariffVersionId, tariff: Tariff
) -> int | None:
    """Give a session without a tariff one; return its version, or None when it has one."""
    version: int | None = await tx.value(ASSIGN_TARIFF, session_id, version_id, tariff)
    return version


async def resolve_orphan(tx: Transaction, orphan_id: UUID, now: datetime) -> UUID | None:
    """Mark an orphan as looked at; return its station, or None when there is none left to look at."""
    station_id: UUID | None = await tx.value(RESOLVE_ORPHAN, orphan_id, now)
    return station_id

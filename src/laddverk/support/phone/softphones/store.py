"""Phones in browsers in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.platform.database import Transaction
from laddverk.support.phone.softphones.model import Phone

KEEP: Final = """
INSERT INTO softphone (operator_id, number, minted_at, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (operator_id) DO UPDATE
SET number = excluded.number, minted_at = excluded.minted_at, expires_at = excluded.expires_at
"""
OF: Final = "SELECT * FROM softphone WHERE operator_id = $1 FOR UPDATE"
EXPIRED: Final = "SELECT * FROM softphone WHERE expires_at <= $1 ORDER BY expires_at LIMIT 100 FOR UPDATE"
FORGET: Final = "DELETE FROM softphone WHERE number = $1 AND expires_at <= $2"
END: Final = "UPDATE softphone SET expires_at = $2 WHERE operator_id = $1"


async def keep(tx: Transaction, phone: Phone) -> None:
    """Keep until when somebody has a phone."""
    await tx.execute(KEEP, phone.operator_id, phone.number, phone.minted_at, phone.expires_at)


async def of(tx: Transaction, operator_id: UUID) -> Phone | None:
    """Return somebody's phone, locked."""
    return await tx.fetch_one(Phone, OF, operator_id)


async def expired(tx: Transaction, now: datetime) -> Sequence[Phone]:
    """Return the phones that Asterisk is to forget, locked."""
    return await tx.fetch(Phone, EXPIRED, now)


async def end(tx: Transaction, operator_id: UUID, now: datetime) -> None:
    """Note that somebody's phone has ended."""
    await tx.execute(END, operator_id, now)


async def forget(tx: Transaction, number: str, now: datetime) -> None:
    """Drop a phone that Asterisk has forgotten, unless it was made anew meanwhile."""
    await tx.execute(FORGET, number, now)

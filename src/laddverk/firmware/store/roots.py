"""Roots of manufacturers in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from laddverk.firmware.trust import Root, Signer
from laddverk.platform.database import Transaction

IN_USE = "SELECT vendor, certificate FROM maker_root WHERE retired_at IS NULL ORDER BY added_at LIMIT 1000"


async def in_use(tx: Transaction) -> list[Root]:
    """Return the roots in use; there is one or two for each manufacturer."""
    return await tx.fetch(Root, IN_USE)


INSERT = """
INSERT INTO maker_root (id, vendor, certificate, subject, sha256, not_before, not_after, added_by, added_at, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING
"""


async def insert(
    tx: Transaction, root_id: UUID, root: Root, read: Signer, *, by: str, reason: str, now: datetime
) -> bool:
    """Keep a root; return whether it was new for its manufacturer."""
    done = await tx.execute(
        INSERT, root_id, root.vendor, root.certificate, read.name, read.sha256, read.not_before, read.not_after, by,
        now, reason,
    )  # fmt: skip
    return done == 1


RETIRE = "UPDATE maker_root SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL"


async def retire(tx: Transaction, root_id: UUID, now: datetime) -> bool:
    """Take a root out of use; return whether it was in use."""
    return await tx.execute(RETIRE, root_id, now) == 1

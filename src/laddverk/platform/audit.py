"""The audit log: who changed what, and why (law 10). Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.platform.database import Transaction

WRITE = """
INSERT INTO audit_log (id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, reason, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def write(
    tx: Transaction,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: UUID | None,
    *,
    at: datetime,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Record that `actor` did `action` (past participle with a dot: `station.reset`) to an object, and why."""
    await tx.execute(
        WRITE, new_id(), at, actor.kind, actor.id, actor.name, action, object_kind, object_id, reason, detail or {}
    )

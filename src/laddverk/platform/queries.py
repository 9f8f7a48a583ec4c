"""What screens read of the audit log and of jobs that failed. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class AuditRow(Struct, frozen=True, kw_only=True):
    """One thing that somebody or some rule did."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    action: str
    object_kind: str
    object_id: UUID | None
    reason: str
    detail: dict[str, Any]


AUDIT = """
SELECT * FROM audit_log
WHERE ($1 = '' OR concat_ws(' ', actor_name, action, reason, object_id::text) ILIKE '%' || $1 || '%')
  AND ($2 = '' OR actor_kind = $2) AND ($3 = '' OR object_kind = $3) AND ($4::uuid IS NULL OR object_id = $4)
ORDER BY at DESC, id DESC LIMIT $5 OFFSET $6
"""
OBJECT_KINDS = "SELECT DISTINCT object_kind FROM audit_log ORDER BY object_kind LIMIT 50"


async def audit(
    tx: Transaction,
    search: str = "",
    actor_kind: str = "",
    object_kind: str = "",
    object_id: UUID | None = None,
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[AuditRow]:
    """Return a page of the audit log, newest first."""
    text = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await tx.fetch(AuditRow, AUDIT, text, actor_kind, object_kind, object_id, limit, offset)


async def audited_kinds(tx: Transaction) -> list[str]:
    """Return the kinds of things that the audit log speaks of."""
    return await tx.values(OBJECT_KINDS)


class JobRow(Struct, frozen=True, kw_only=True):
    """A job that failed, for good or so far."""

    id: UUID
    kind: str
    payload: dict[str, Any]
    run_at: datetime
    attempts: int
    last_error: str | None
    failed_at: datetime | None


FAILED_JOBS = """
SELECT * FROM job WHERE failed_at IS NOT NULL OR attempts > 0
ORDER BY failed_at DESC NULLS LAST, run_at LIMIT $1
"""
FAILED_JOB_COUNT = "SELECT count(*) FROM job WHERE failed_at IS NOT NULL"


async def failed_jobs(tx: Transaction, limit: int = 100) -> list[JobRow]:
    """Return the jobs that gave up, and those that failed and will be tried again."""
    return await tx.fetch(JobRow, FAILED_JOBS, limit)


async def count_failed_jobs(tx: Transaction) -> int:
    """Return how many jobs have given up."""
    return int(await tx.value(FAILED_JOB_COUNT))

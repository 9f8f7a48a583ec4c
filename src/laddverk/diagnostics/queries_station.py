"""What the page of one station's diagnosis shows: findings and inputs. SQL only."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import Evidence
from laddverk.platform.database import Transaction

FINDINGS: Final = """
SELECT id, detector, evse_number, family, severity, confidence, since, raised_at, last_at, times, evidence, cleared_at,
       incident_id
FROM finding WHERE station_id = $1 AND (cleared_at IS NULL OR cleared_at > $2)
ORDER BY cleared_at IS NOT NULL, severity, raised_at DESC LIMIT $3
"""

WATCHED: Final = "SELECT observable, heard_at FROM station_watch WHERE station_id = $1"

INBOX: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM observation WHERE station_id = $1 LIMIT 1000) AS waiting) AS waiting,
       (SELECT coalesce(sum(dropped), 0)::bigint FROM observation_lost WHERE at > $2) AS dropped,
       (SELECT max(heard_at) FROM station_watch) AS heard_at
"""


class FindingRow(Struct, frozen=True, kw_only=True):
    """A finding on its station's page."""

    id: UUID
    detector: str
    evse_number: int
    family: str
    severity: int
    confidence: float
    since: datetime
    raised_at: datetime
    last_at: datetime
    times: int
    evidence: tuple[Evidence, ...]
    cleared_at: datetime | None
    incident_id: UUID | None


class Watched(Struct, frozen=True):
    """What a station lets us see, and when it was last heard."""

    observable: dict[str, dict[str, datetime]]
    heard_at: datetime


class Inbox(Struct, frozen=True):
    """What waits to be heard, what had to be dropped, and when anything was heard last."""

    waiting: int
    dropped: int
    heard_at: datetime | None


async def findings(tx: Transaction, station_id: UUID, since: datetime, limit: int = 50) -> list[FindingRow]:
    """Return what is held against a station, the open ones first, and what was cleared since then."""
    return await tx.fetch(FindingRow, FINDINGS, station_id, since, limit)


async def watched(tx: Transaction, station_id: UUID) -> Watched | None:
    """Return what the station lets us see; None when it was never heard."""
    return await tx.fetch_one(Watched, WATCHED, station_id)


async def inbox(tx: Transaction, station_id: UUID, since: datetime) -> Inbox:
    """Return how the inbox stands."""
    found = await tx.fetch_one(Inbox, INBOX, station_id, since)
    assert found is not None
    return found

"""What the screens ask of commands: the history with its filters, and batches with how far they have come."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

Sites = Collection[UUID] | None
"""The only sites that the asker may see; None for all."""


class HistoryRow(Struct, frozen=True, kw_only=True):
    """A command in the history, with its station."""

    id: UUID
    station_id: UUID
    station_name: str
    site_name: str
    kind: str
    command: dict[str, Any]
    state: str
    requested_by: str
    reason: str
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    detail: dict[str, Any]
    batch_id: UUID | None


class HistoryFilter(Struct, frozen=True, kw_only=True):
    """What the history is narrowed to. `state` is a state, open or empty."""

    station_id: UUID | None = None
    batch_id: UUID | None = None
    state: str = ""
    kind: str = ""
    search: str = ""

    def of(self, sites: Sites) -> tuple[object, ...]:
        """Return the arguments of a statement."""
        text = self.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        listed = None if sites is None else list(sites)
        return listed, self.station_id, self.batch_id, self.state, self.kind, text


_HISTORY_NARROWED = """
FROM command AS c
JOIN station ON station.id = c.station_id JOIN site ON site.id = station.site_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND ($2::uuid IS NULL OR c.station_id = $2)
  AND ($3::uuid IS NULL OR c.batch_id = $3)
  AND CASE $4 WHEN '' THEN true WHEN 'open' THEN c.finished_at IS NULL
              WHEN 'cancelled' THEN c.state = 'expired' AND c.outcome = 'Cancelled' ELSE c.state = $4 END
  AND ($5 = '' OR c.kind = $5)
  AND ($6 = '' OR concat_ws(' ', c.requested_by, c.reason, c.outcome, station.name, station.identity)
       ILIKE '%' || $6 || '%')
"""
HISTORY: Final = f"""
SELECT c.id, c.station_id, station.name AS station_name, site.name AS site_name, c.kind, c.command, c.state,
       c.requested_by, c.reason, c.created_at, c.expires_at, c.sent_at, c.answered_at, c.finished_at, c.outcome,
       CASE WHEN length(c.detail::text) > 2000 THEN '{{}}'::jsonb ELSE c.detail END AS detail, c.batch_id
{_HISTORY_NARROWED}
ORDER BY c.created_at DESC, c.id DESC LIMIT $7 OFFSET $8
"""
HISTORY_COUNT: Final = f"SELECT count(*) {_HISTORY_NARROWED}"
KINDS: Final = "SELECT DISTINCT kind FROM command WHERE $1::uuid IS NULL OR station_id = $1 ORDER BY kind"


async def history(
    tx: Transaction, sites: Sites, wanted: HistoryFilter, *, limit: int = 50, offset: int = 0
) -> list[HistoryRow]:
    """Return a page of commands, newest first. A detail that is too long for a list is left out."""
    return await tx.fetch(HistoryRow, HISTORY, *wanted.of(sites), limit, offset)


async def count_history(tx: Transaction, sites: Sites, wanted: HistoryFilter) -> int:
    """Return how many commands a filter leaves."""
    return int(await tx.value(HISTORY_COUNT, *wanted.of(sites)))


async def kinds(tx: Transaction, station_id: UUID | None) -> list[str]:
    """Return the kinds of commands that were asked of a station, or of any."""
    return await tx.values(KINDS, station_id)


class BatchRow(Struct, frozen=True, kw_only=True):
    """The same command to many, with how far it has come at the sites that the asker sees."""

    id: UUID
    kind: str
    command: dict[str, Any]
    requested_by: str
    reason: str
    created_at: datetime
    asked: int
    waiting: int
    under_way: int
    confirmed: int

    @property
    def failed(self) -> int:
        """How many came to nothing."""
        return self.asked - self.waiting - self.under_way - self.confirmed

    @property
    def is_over(self) -> bool:
        """Whether each has its outcome."""
        return not self.waiting and not self.under_way


BATCHES: Final = """
SELECT b.id, b.kind, b.command, b.requested_by, b.reason, b.created_at, count(c.id) AS asked,
       count(c.id) FILTER (WHERE c.state = 'queued') AS waiting,
       count(c.id) FILTER (WHERE c.state IN ('sent', 'accepted')) AS under_way,
       count(c.id) FILTER (WHERE c.state = 'confirmed') AS confirmed
FROM command_batch AS b
LEFT JOIN (command AS c JOIN station ON station.id = c.station_id) ON c.batch_id = b.id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND ($2::uuid IS NULL OR b.id = $2)
GROUP BY b.id ORDER BY b.created_at DESC, b.id DESC LIMIT $3 OFFSET $4
"""


async def batches(tx: Transaction, sites: Sites, *, limit: int = 50, offset: int = 0) -> list[BatchRow]:
    """Return the latest batches with a station that the asker sees."""
    return await tx.fetch(BatchRow, BATCHES, None if sites is None else list(sites), None, limit, offset)


async def batch(tx: Transaction, sites: Sites, batch_id: UUID) -> BatchRow | None:
    """Return one batch; None when there is none with a station that the asker sees."""
    return await tx.fetch_one(BatchRow, BATCHES, None if sites is None else list(sites), batch_id, 1, 0)


class LeftOutRow(Struct, frozen=True):
    """A station that got no command, and why: retired or busy."""

    station_id: UUID
    station_name: str
    why: str


LEFT_OUT: Final = """
SELECT station.id AS station_id, station.name AS station_name, one->>'why' AS why
FROM command_batch CROSS JOIN jsonb_array_elements(left_out) AS one
JOIN station ON station.id = (one->>'station_id')::uuid
WHERE command_batch.id = $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
ORDER BY station.name
"""


async def left_out(tx: Transaction, sites: Sites, batch_id: UUID) -> list[LeftOutRow]:
    """Return the stations that a batch could not ask."""
    return await tx.fetch(LeftOutRow, LEFT_OUT, None if sites is None else list(sites), batch_id)

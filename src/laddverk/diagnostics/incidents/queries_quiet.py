"""What screens read of silences and maintenance windows. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class SpanRow(Struct, frozen=True, kw_only=True):
    """A quiet time in a list."""

    id: UUID
    kind: str
    site_id: UUID | None
    site_name: str | None
    station_id: UUID | None
    station_name: str | None
    family: str
    from_at: datetime
    until_at: datetime
    reason: str
    author: str
    created_at: datetime
    ended_at: datetime | None
    hides: int
    """How many incidents it hides now, at its place."""


_FROM: Final = """
FROM quiet_span AS span
LEFT JOIN station ON station.id = span.station_id
LEFT JOIN site ON site.id = coalesce(span.site_id, station.site_id)
WHERE ($1::uuid[] IS NULL OR coalesce(span.site_id, station.site_id) = ANY($1))
  AND CASE $2 WHEN 'open' THEN span.until_at > $4 AND (span.ended_at IS NULL OR span.ended_at > $4)
              WHEN 'over' THEN span.until_at <= $4 OR span.ended_at <= $4 ELSE true END
  AND ($3 = '' OR concat_ws(' ', span.reason, span.author, station.name, site.name) ILIKE '%' || $3 || '%')
"""
_COLUMNS: Final = """
SELECT span.*, station.name AS station_name, site.name AS site_name,
       (SELECT count(*) FROM incident WHERE incident.hidden_by = span.kind
        AND incident.state NOT IN ('closed', 'false', 'merged')
        AND (span.station_id IS NULL OR incident.stations = ARRAY[span.station_id])
        AND (span.site_id IS NULL OR incident.sites = ARRAY[span.site_id])
        AND (span.family = '' OR incident.family = span.family))::int AS hides
"""
SPANS: Final = _COLUMNS + _FROM + " ORDER BY span.until_at DESC, span.id LIMIT $5 OFFSET $6"
COUNT: Final = "SELECT count(*)" + _FROM


async def spans(
    tx: Transaction,
    sites: frozenset[UUID] | None,
    state: str,
    search: str,
    now: datetime,
    *,
    limit: int,
    offset: int = 0,
) -> list[SpanRow]:
    """Return a page of quiet times. `state` is open, over or all."""
    given = None if sites is None else list(sites)
    return await tx.fetch(SpanRow, SPANS, given, state, _plain(search), now, limit, offset)


async def count_spans(tx: Transaction, sites: frozenset[UUID] | None, state: str, search: str, now: datetime) -> int:
    """Return how many quiet times a filter leaves."""
    given = None if sites is None else list(sites)
    return int(await tx.value(COUNT, given, state, _plain(search), now))


def _plain(search: str) -> str:
    return search.replace("%", "").replace("_", "\\_")

"""What pages and reports read of the ledger of excluded outages."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.uptime.queries import Place, Sites, listed
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction

_EXCLUSIONS: Final = """
SELECT e.id, e.site_id, site.name AS site_name, e.station_id, station.name AS station_name, e.evse_number, e.from_at,
       e.until_at, e.reason, e.evidence, e.author_id, e.author, e.created_at, e.state, e.decided_by, e.decided_at,
       e.decided_why, site.timezone
FROM uptime_exclusion e JOIN site ON site.id = e.site_id LEFT JOIN station ON station.id = e.station_id
"""
EXCLUSIONS: Final = (
    _EXCLUSIONS
    + """
WHERE ($1::uuid[] IS NULL OR e.site_id = ANY($1)) AND ($2 = '' OR e.state = $2)
  AND ($3 = '' OR concat_ws(' ', site.name, station.name, e.evidence, e.author) ILIKE '%' || $3 || '%')
ORDER BY e.from_at DESC, e.id LIMIT $4 OFFSET $5
"""
)
COUNT_EXCLUSIONS: Final = """
SELECT count(*)
FROM uptime_exclusion e JOIN site ON site.id = e.site_id LEFT JOIN station ON station.id = e.station_id
WHERE ($1::uuid[] IS NULL OR e.site_id = ANY($1)) AND ($2 = '' OR e.state = $2)
  AND ($3 = '' OR concat_ws(' ', site.name, station.name, e.evidence, e.author) ILIKE '%' || $3 || '%')
"""
EXCLUSIONS_OF: Final = (
    _EXCLUSIONS
    + """
WHERE e.site_id = ANY($1) AND ($2::uuid IS NULL OR e.station_id IS NULL OR e.station_id = $2)
  AND e.from_at < $4 AND e.until_at > $3 AND e.state <> 'refused'
ORDER BY e.from_at DESC LIMIT 200
"""
)


class ExclusionRow(Struct, frozen=True, kw_only=True):
    """A line of the ledger of exclusions."""

    id: UUID
    site_id: SiteId
    site_name: str
    station_id: StationId | None
    station_name: str | None
    evse_number: int | None
    from_at: datetime
    until_at: datetime
    reason: str
    evidence: str
    author_id: UUID | None
    author: str
    created_at: datetime
    state: str
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    timezone: str


async def exclusions(
    tx: Transaction, sites: Sites, state: str = "", search: str = "", *, limit: int = 50, offset: int = 0
) -> list[ExclusionRow]:
    """Return the ledger, the latest outage first."""
    return await tx.fetch(ExclusionRow, EXCLUSIONS, listed(sites), state, search, limit, offset)


async def count_exclusions(tx: Transaction, sites: Sites, state: str = "", search: str = "") -> int:
    """Return how many there are."""
    return int(await tx.value(COUNT_EXCLUSIONS, listed(sites), state, search))


async def exclusions_of(tx: Transaction, place: Place, start: datetime, end: datetime) -> list[ExclusionRow]:
    """Return those that touch a place's period; refused ones say nothing."""
    return await tx.fetch(ExclusionRow, EXCLUSIONS_OF, list(place.sites), place.station_id, start, end)

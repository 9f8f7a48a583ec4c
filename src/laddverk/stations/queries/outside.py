"""Who knocked and was not let in, and frames that nobody could use. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.stations.queries.narrowing import Sites, as_list, like_text


class KnockRow(Struct, frozen=True, kw_only=True):
    """Somebody who tried to connect and was not let in."""

    identity: str
    remote_address: str
    reason: str
    first_at: datetime
    last_at: datetime
    count: int
    station_id: UUID | None
    """The station of that name, when there is one: then its key is wrong."""


KNOCKS = """
SELECT knock.*, station.id AS station_id FROM knock LEFT JOIN station ON station.identity = knock.identity
WHERE $1 = '' OR concat_ws(' ', knock.identity, knock.remote_address) ILIKE '%' || $1 || '%'
ORDER BY last_at DESC LIMIT $2
"""
KNOCK_COUNT = "SELECT count(*) FROM knock"


async def knocks(tx: Transaction, search: str = "", limit: int = 200) -> list[KnockRow]:
    """Return who knocked, the latest first."""
    return await tx.fetch(KnockRow, KNOCKS, like_text(search), limit)


async def count_knocks(tx: Transaction) -> int:
    """Return how many stand before the door."""
    return int(await tx.value(KNOCK_COUNT))


class QuarantineRow(Struct, frozen=True, kw_only=True):
    """A message that could not be understood or carried out."""

    id: UUID
    station_id: UUID
    station_name: str | None
    received_at: datetime
    action: str | None
    body: bytes
    reason: str
    reviewed_at: datetime | None
    reviewed_by: str | None


QUARANTINE = """
SELECT quarantine.*, station.name AS station_name
FROM quarantine LEFT JOIN station ON station.id = quarantine.station_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND ($2::uuid IS NULL OR quarantine.station_id = $2)
  AND ($3 OR reviewed_at IS NULL)
ORDER BY received_at DESC LIMIT $4
"""
QUARANTINE_COUNT = "SELECT count(*) FROM (SELECT 1 FROM quarantine WHERE reviewed_at IS NULL LIMIT 10001) AS waiting"


async def quarantined(
    tx: Transaction, sites: Sites, station_id: UUID | None = None, *, reviewed: bool = False, limit: int = 100
) -> list[QuarantineRow]:
    """Return what stands in quarantine, the latest first."""
    return await tx.fetch(QuarantineRow, QUARANTINE, as_list(sites), station_id, reviewed, limit)


async def count_quarantined(tx: Transaction) -> int:
    """Return how many messages wait for a look, up to `COUNT_MAX`."""
    return int(await tx.value(QUARANTINE_COUNT))

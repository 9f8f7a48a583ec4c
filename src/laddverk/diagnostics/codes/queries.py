"""The codes that chargers sent, as the page of codes reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

Sites = frozenset[UUID] | None

CODES: Final = """
SELECT seen.vendor, seen.model, raw, times, first_at, last_at, last_station, last_info, station.name AS station_name
FROM code_seen seen LEFT JOIN station ON station.id = seen.last_station
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
ORDER BY last_at DESC LIMIT $2
"""


class CodeRow(Struct, frozen=True, kw_only=True):
    """A code as chargers of a maker wrote it, and how often."""

    vendor: str
    model: str
    raw: str
    times: int
    first_at: datetime
    last_at: datetime
    last_station: StationId
    last_info: str
    station_name: str | None


async def codes(tx: Transaction, sites: Sites, limit: int = 5_000) -> list[CodeRow]:
    """Return the codes that came, the latest first."""
    return await tx.fetch(CodeRow, CODES, None if sites is None else list(sites), limit)

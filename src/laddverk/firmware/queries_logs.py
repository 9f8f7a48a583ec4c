"""What screens read of logs: those that were asked for, and those that came. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.firmware.model import FileKind
from laddverk.firmware.queries import Sites, like, listed
from laddverk.platform.database import Transaction


class LogRequestRow(Struct, frozen=True, kw_only=True):
    """A request for a log and what came of it."""

    id: UUID
    log: str
    oldest_at: datetime | None
    latest_at: datetime | None
    state: str
    status: str
    asked_by: str
    reason: str
    asked_at: datetime
    changed_at: datetime


LOG_REQUESTS = "SELECT * FROM log_request WHERE station_id = $1 ORDER BY asked_at DESC LIMIT $2"


async def log_requests(tx: Transaction, station_id: UUID, limit: int = 10) -> list[LogRequestRow]:
    """Return the latest requests for logs of a station."""
    return await tx.fetch(LogRequestRow, LOG_REQUESTS, station_id, limit)


class LogFileRow(Struct, frozen=True, kw_only=True):
    """A log that came in."""

    id: UUID
    station_id: UUID
    station_name: str
    site_id: UUID
    site_name: str
    log: str
    name: str
    kind: FileKind
    size_bytes: int
    sha256: bytes
    received_at: datetime
    received_by: str
    remote_address: str


LOG_FILES = """
SELECT f.*, s.name AS station_name, s.site_id, site.name AS site_name
FROM log_file f JOIN station s ON s.id = f.station_id JOIN site ON site.id = s.site_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($2::uuid IS NULL OR f.station_id = $2)
  AND ($3::uuid IS NULL OR f.id = $3) AND ($4 = '' OR f.name ILIKE '%' || $4 || '%')
ORDER BY f.received_at DESC, f.id LIMIT $5 OFFSET $6
"""


async def log_files(
    tx: Transaction, sites: Sites, station_id: UUID, search: str = "", *, limit: int = 50, offset: int = 0
) -> list[LogFileRow]:
    """Return the logs of a station, the latest first."""
    return await tx.fetch(LogFileRow, LOG_FILES, listed(sites), station_id, None, like(search), limit, offset)


LOG_FILE_COUNT = """
SELECT count(*) FROM log_file f JOIN station s ON s.id = f.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND f.station_id = $2 AND ($3 = '' OR f.name ILIKE '%' || $3 || '%')
"""


async def count_log_files(tx: Transaction, sites: Sites, station_id: UUID, search: str = "") -> int:
    """Return how many logs of a station there are."""
    return int(await tx.value(LOG_FILE_COUNT, listed(sites), station_id, like(search)))


async def log_file(tx: Transaction, sites: Sites, file_id: UUID) -> LogFileRow | None:
    """Return one log, when its station may be seen."""
    return await tx.fetch_one(LogFileRow, LOG_FILES, listed(sites), None, file_id, "", 1, 0)

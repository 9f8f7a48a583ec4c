"""Links in PostgreSQL. Each look at one is a statement that also counts the try."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from laddverk.firmware.model import Link, Way
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

INSERT = """
INSERT INTO file_link (id, way, station_id, image_id, log_request_id, size_max_bytes, tries_left, created_at,
                       expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def insert(tx: Transaction, link: Link, *, tries: int, now: datetime, lives: timedelta) -> None:
    """Make a link that is good for `tries` tries within `lives`."""
    await tx.execute(
        INSERT, link.id, link.way.value, link.station_id, link.image_id, link.log_request_id,
        link.size_max_bytes, tries, now, now + lives,
    )  # fmt: skip


TRY = """
UPDATE file_link SET tries_left = tries_left - 1, used_at = $3
WHERE id = $1 AND way = $2 AND tries_left > 0 AND ended_at IS NULL AND expires_at > $3
RETURNING id, way, station_id, size_max_bytes, image_id, log_request_id
"""


async def tried(tx: Transaction, link_id: UUID, way: Way, now: datetime) -> Link | None:
    """Return a link, with one try less; None when there is none that is good."""
    return await tx.fetch_one(Link, TRY, link_id, way.value, now)


END = "UPDATE file_link SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL"


async def end(tx: Transaction, link_id: UUID, now: datetime) -> bool:
    """End a link; return whether it was open: of two uploads at once, one is first."""
    return await tx.execute(END, link_id, now) == 1


END_OF = """
UPDATE file_link SET ended_at = $3
WHERE station_id = ANY($1) AND way = $2 AND ended_at IS NULL AND ($4::uuid[] IS NULL OR log_request_id = ANY($4))
"""


async def end_downloads(tx: Transaction, station_ids: Sequence[StationId], now: datetime) -> None:
    """End what these stations could still download."""
    await tx.execute(END_OF, list(station_ids), Way.DOWN.value, now, None)


async def end_uploads(
    tx: Transaction, station_ids: Sequence[StationId], request_ids: Sequence[UUID], now: datetime
) -> None:
    """End the links of these requests for logs."""
    await tx.execute(END_OF, list(station_ids), Way.UP.value, now, list(request_ids))


FORGET = "DELETE FROM file_link WHERE expires_at < $1"


async def forget(tx: Transaction, before: datetime) -> int:
    """Forget links that ended long ago."""
    return await tx.execute(FORGET, before)

"""SQL of the screen about vendors' own messages: which have come, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.stations.queries import like_text

MESSAGES_MAX: Final = 20_000  # the latest that are looked at; older ones are no news


class VendorMessageRow(Struct, frozen=True, kw_only=True):
    """A kind of vendor message that has come lately, or for which there is a rule."""

    vendor_id: str
    message_id: str
    count: int
    stations: int
    last_at: datetime | None
    example: Any
    status: str | None
    data: Any
    note: str | None


SEEN = """
WITH seen AS (
    SELECT coalesce(payload->>'vendor_id', '') AS vendor_id, coalesce(payload->>'message_id', '') AS message_id,
           count(*) AS count, count(DISTINCT station_id) AS stations, max(received_at) AS last_at,
           (array_agg(payload->'data' ORDER BY received_at DESC))[1] AS example
    FROM (SELECT * FROM station_report WHERE kind = 'DataTransfer' AND received_at > $1
          ORDER BY received_at DESC LIMIT $2) AS latest
    GROUP BY 1, 2
)
SELECT coalesce(seen.vendor_id, rule.vendor_id) AS vendor_id, coalesce(seen.message_id, rule.message_id) AS message_id,
       coalesce(seen.count, 0) AS count, coalesce(seen.stations, 0) AS stations, seen.last_at, seen.example,
       rule.status, rule.data, rule.note
FROM seen FULL JOIN vendor_rule rule ON rule.vendor_id = seen.vendor_id AND rule.message_id = seen.message_id
WHERE $3 = '' OR concat_ws(' ', seen.vendor_id, rule.vendor_id, seen.message_id, rule.message_id, rule.note)
      ILIKE '%' || $3 || '%'
ORDER BY seen.last_at DESC NULLS LAST, 1, 2 LIMIT $4
"""


async def vendor_messages(tx: Transaction, since: datetime, search: str, limit: int = 200) -> list[VendorMessageRow]:
    """Return the kinds of vendor messages since an instant, the latest first, with the rules; and rules unused yet."""
    return await tx.fetch(VendorMessageRow, SEEN, since, MESSAGES_MAX, like_text(search), limit)

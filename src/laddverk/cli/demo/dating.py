"""The demo's payments are made within a minute; here they get the days on which their drivers would have made them.

The ledger keeps the instant at which they were booked: nothing in it can be changed, in a demo neither.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

DAYS: Final = 18
# After the charge or the invoice that they are for; what drivers pay in stands in their balance as it was booked.
FRESH: Final = """
SELECT payment.id, payment.created_at, coalesce(session.ended_at, invoice.issued_at) AS since
FROM payment
LEFT JOIN session ON session.id = payment.session_id
LEFT JOIN invoice ON invoice.id = payment.invoice_id
WHERE payment.provider IN ('sandbox', 'swish') AND coalesce(session.ended_at, invoice.issued_at) IS NOT NULL
  AND payment.start_request_id IS NULL AND payment.state IN ('captured', 'failed')
ORDER BY payment.id
"""
MOVE: Final = """
WITH moved AS (SELECT * FROM unnest($1::uuid[], $2::interval[]) AS given (id, by)),
     events AS (
         UPDATE payment_event SET at = at - moved.by FROM moved WHERE payment_event.payment_id = moved.id
     ),
     bank AS (
         UPDATE sandbox_entry SET at = at - moved.by FROM moved WHERE sandbox_entry.order_id = moved.id::text
     )
UPDATE payment SET created_at = created_at - moved.by, updated_at = updated_at - moved.by
FROM moved WHERE payment.id = moved.id
"""


class _Fresh(Struct, frozen=True):
    id: UUID
    created_at: datetime
    since: datetime


async def spread(tx: Transaction, now: datetime, seed: int) -> int:
    """Move what was paid for charges and invoices to days of the last weeks; return how many payments."""
    random = Random(seed)
    fresh = await tx.fetch(_Fresh, FRESH)
    earliest = now - timedelta(days=DAYS)
    rooms = [max(timedelta(), each.created_at - max(each.since, earliest)) for each in fresh]
    await tx.execute(MOVE, [each.id for each in fresh], [room * random.random() for room in rooms])
    return len(fresh)

"""Who speaks to a provider about a payment just now, and what should be asked about: in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId
from laddverk.payments.model import Payment
from laddverk.platform.database import Transaction

LOCKED: Final = "SELECT * FROM payment WHERE id = ANY($1) ORDER BY id FOR UPDATE"
FREE: Final = f"{LOCKED} SKIP LOCKED"
CLAIM: Final = """
UPDATE payment SET calling_until = given.until
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (id, until) WHERE payment.id = given.id
"""
RELEASE: Final = "UPDATE payment SET calling_until = NULL WHERE id = ANY($1)"
# What banks collect is not asked for: their files say what became of it. A claim that ran out needs no patience.
# In Swish a person pays within minutes, and the money has moved: a callback that does not come is not waited for.
UNSETTLED: Final = """
SELECT id FROM payment
WHERE provider <> ALL (ARRAY['autogiro', 'sepa']) AND (calling_until IS NULL OR calling_until < $1) AND (
      (state = 'unknown' AND updated_at < $1::timestamptz - interval '5 seconds')
   OR (provider = 'swish' AND state = 'checkout' AND updated_at < $1::timestamptz - interval '30 seconds'
       AND created_at > $1::timestamptz - interval '10 minutes')
   OR (state = 'capturing' AND updated_at < $1::timestamptz - interval '1 minute')
   OR (state = 'authorised' AND wish = 'cancel' AND updated_at < $1::timestamptz - interval '1 minute')
   OR (state IN ('created', 'checkout', 'authorised') AND updated_at < $1::timestamptz - interval '10 minutes'))
ORDER BY updated_at LIMIT $2
"""
TOUCH: Final = """
UPDATE payment SET updated_at = $2
WHERE id IN (SELECT id FROM payment WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED)
"""
UNDER_WAY: Final = "SELECT count(*) FROM job WHERE kind = $1 AND failed_at IS NULL"
OPEN_REFUNDS: Final = """
SELECT payment_refund.id, payment_id FROM payment_refund JOIN payment ON payment.id = payment_id
WHERE payment_refund.state IN ('requested', 'unknown') AND provider <> ALL (ARRAY['autogiro', 'sepa'])
  AND payment_refund.updated_at < $1::timestamptz - interval '1 minute'
ORDER BY payment_refund.updated_at LIMIT 50
"""


class OpenRefund(Struct, frozen=True):
    """A refund that should have been answered by now."""

    id: UUID
    payment_id: PaymentId


async def locked(tx: Transaction, payment_ids: Sequence[PaymentId]) -> dict[PaymentId, Payment]:
    """Return payments by id, locked until `tx` ends; always in one order, so that two cannot wait for each other."""
    return {payment.id: payment for payment in await tx.fetch(Payment, LOCKED, sorted(set(payment_ids)))}


async def free(tx: Transaction, payment_ids: Collection[PaymentId]) -> dict[PaymentId, Payment]:
    """Return those of the payments that nobody holds just now, by id, locked until `tx` ends; waits for nobody."""
    if not payment_ids:
        return {}
    return {payment.id: payment for payment in await tx.fetch(Payment, FREE, sorted(set(payment_ids)))}


async def claim(tx: Transaction, payment: Payment, until: datetime) -> Payment:
    """Keep everybody else from speaking about the locked `payment` until then; return it as it is now."""
    tx.later(_claim, (payment.id, until))
    return replace(payment, calling_until=until)


async def _claim(tx: Transaction, claimed: Sequence[tuple[PaymentId, datetime]]) -> None:
    await tx.execute(CLAIM, [payment_id for payment_id, _ in claimed], [until for _, until in claimed])


async def release(tx: Transaction, payment_ids: Sequence[PaymentId]) -> None:
    """Let others speak about these locked payments again."""
    await tx.execute(RELEASE, payment_ids)


async def unsettled(tx: Transaction, now: datetime, count_max: int) -> list[PaymentId]:
    """Return payments that the provider should be asked about, those that waited longest first."""
    return await tx.values(UNSETTLED, now, count_max)


async def touch(tx: Transaction, payment_ids: Sequence[PaymentId], now: datetime) -> None:
    """Note that payments are being looked at, so that others get their turn; who holds one does so by that."""
    await tx.execute(TOUCH, payment_ids, now)


async def under_way(tx: Transaction, kind: str) -> int:
    """Return how many errands of a kind wait or are out."""
    return int(await tx.value(UNDER_WAY, kind))


async def open_refunds(tx: Transaction, now: datetime) -> list[OpenRefund]:
    """Return refunds that should have been answered by now."""
    return await tx.fetch(OpenRefund, OPEN_REFUNDS, now)

"""Payouts in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import PayoutId
from laddverk.payments.payouts.model import Item, ItemSeen, Ours, Payout, PayoutSeen
from laddverk.platform.database import Transaction

INSERT: Final = """
INSERT INTO payout (id, provider, provider_ref, state, currency, amount_minor, arrives_on, made_at)
VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7) ON CONFLICT (provider, provider_ref) DO NOTHING
"""
LOCKED: Final = "SELECT * FROM payout WHERE provider = $1 AND provider_ref = $2 FOR UPDATE"
SAVE: Final = """
UPDATE payout SET state = $2, amount_minor = $3, arrives_on = $4, failure_text = $5, items = $6, unmatched = $7,
       fees_minor = $8, difference_minor = $9, booked_bank = $10, booked_fees = $11, booked_difference = $12,
       bookings = $13, read_at = $14, seen_at = CASE WHEN difference_minor = $9 THEN seen_at END
WHERE id = $1
"""
DROP_ITEMS: Final = "DELETE FROM payout_item WHERE payout_id = $1"
ITEM_COLUMNS: Final = (
    "payout_id", "provider_ref", "kind", "source_ref", "text", "amount_minor", "fee_minor", "net_minor", "at",
    "payment_id", "refund_id", "dispute_id", "problem",
)  # fmt: skip
# What each item is in our books: by our own ids where the provider gives them back, else by its numbers.
OURS: Final = """
SELECT payment.id AS payment_id, payment.captured_minor, refund.id AS refund_id, refund.amount_minor AS refund_minor,
       dispute.id AS dispute_id,
       EXISTS (SELECT FROM payout_item JOIN payout ON payout.id = payout_item.payout_id
               WHERE payout_item.provider_ref = given.ref AND payout_item.payout_id <> $2
                 AND payout.state NOT IN ('failed', 'canceled')) AS elsewhere,
       EXISTS (SELECT FROM payout WHERE payout.provider = $1 AND payout.provider_ref = given.source_ref
               AND payout.state IN ('failed', 'canceled')) AS came_back
FROM unnest($3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::bigint[])
     WITH ORDINALITY AS given (ref, payment_ref, payment_id, refund_id, dispute_ref, source_ref, amount_minor, place)
LEFT JOIN payment_dispute AS dispute ON dispute.provider = $1 AND dispute.provider_ref = given.dispute_ref
LEFT JOIN LATERAL (
    SELECT payment.id, payment.captured_minor FROM payment
    WHERE payment.provider = $1 AND (payment.id = given.payment_id OR payment.provider_ref = given.payment_ref)
    LIMIT 1) AS payment ON true
-- A refund that somebody made at the provider carries no id of ours: it is known by its payment and its amount.
LEFT JOIN LATERAL (
    SELECT id, amount_minor FROM payment_refund
    WHERE state = 'succeeded' AND (id = given.refund_id OR (
        given.refund_id IS NULL AND payment_id = payment.id AND requested_by = $1
        AND amount_minor = -given.amount_minor))
    LIMIT 1) AS refund ON true
ORDER BY given.place
"""
REFERENCES_READ: Final = """
SELECT provider_ref FROM payout
WHERE provider = $1 AND (
      state IN ('failed', 'canceled') OR (state = 'paid' AND difference_minor = 0 AND read_at > $2) OR read_at >= $3)
"""
SEEN: Final = """
UPDATE payout SET seen_at = $2, seen_by = $3, seen_why = $4 WHERE id = $1 AND difference_minor <> 0 AND seen_at IS NULL
"""


async def locked(tx: Transaction, payout_id: PayoutId, provider: str, seen: PayoutSeen) -> Payout:
    """Return a payout, locked; written with `payout_id` when it is new."""
    await tx.execute(
        INSERT, payout_id, provider, seen.provider_ref, seen.currency, seen.amount_minor, seen.arrives_on, seen.made_at
    )
    found = await tx.fetch_one(Payout, LOCKED, provider, seen.provider_ref)
    assert found is not None
    return found


async def save(tx: Transaction, payout: Payout, now: datetime) -> None:
    """Write what can change of a payout."""
    await tx.execute(
        SAVE, payout.id, payout.state, payout.amount_minor, payout.arrives_on, payout.failure_text, payout.items,
        payout.unmatched, payout.fees_minor, payout.difference_minor, payout.booked_bank, payout.booked_fees,
        payout.booked_difference, payout.bookings, now,
    )  # fmt: skip


async def save_items(tx: Transaction, payout_id: PayoutId, items: Sequence[Item]) -> None:
    """Keep these as the items of a payout."""
    await tx.execute(DROP_ITEMS, payout_id)
    rows = [
        (
            payout_id, item.provider_ref, item.kind, item.source_ref, item.text, item.amount_minor, item.fee_minor,
            item.net_minor, item.at, item.payment_id, item.refund_id, item.dispute_id, item.problem,
        )
        for item in items
    ]  # fmt: skip
    await tx.copy("payout_item", ITEM_COLUMNS, rows)


async def ours(tx: Transaction, provider: str, payout_id: PayoutId, items: Sequence[ItemSeen]) -> list[Ours]:
    """Return what our books say of these items, in their order."""
    return await tx.fetch(
        Ours, OURS, provider, payout_id,
        [item.provider_ref for item in items],
        [item.payment_ref for item in items],
        [item.payment_id for item in items],
        [item.refund_id for item in items],
        [item.dispute_ref for item in items],
        [item.source_ref for item in items],
        [item.amount_minor for item in items],
    )  # fmt: skip


async def settled_references(
    tx: Transaction, provider: str, read_after: datetime, round_began: datetime
) -> frozenset[str]:
    """Return the payouts that need not be read again: over; paid, in agreement and read lately; or of this round."""
    return frozenset(await tx.values(REFERENCES_READ, provider, read_after, round_began))


async def seen(tx: Transaction, payout_id: UUID, by: str, why: str, now: datetime) -> bool:
    """Note that somebody looked at a difference; False when there was none to look at."""
    return await tx.execute(SEEN, payout_id, now, by, why) == 1

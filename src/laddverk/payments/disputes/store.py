"""Disputes in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DisputeId, InvoiceId, PaymentId
from laddverk.kernel.money import VatTotal, vat_summed
from laddverk.payments.disputes.model import Dispute
from laddverk.payments.model import Payment
from laddverk.platform.database import Transaction

ROWS_MAX: Final = 200

OF_PAYMENT: Final = "SELECT * FROM payment_dispute WHERE payment_id = $1 ORDER BY opened_at, id"
BY_ID: Final = "SELECT * FROM payment_dispute WHERE id = $1"
INSERT: Final = """
INSERT INTO payment_dispute (id, payment_id, provider, provider_ref, state, reason, currency, amount_minor, opened_at,
                             updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
SAVE: Final = """
UPDATE payment_dispute SET state = $2, withdrawn_minor = $3, returned_minor = $4, fee_minor = $5, fee_back_minor = $6,
       lost_minor = $7, due_at = $8, evidence_at = $9, evidence_by = $10, updated_at = $11, closed_at = $12
WHERE id = $1
"""
# Of those that are over some are decided anew: they are looked at for three months more, if seldom.
TO_ASK: Final = """
SELECT DISTINCT ON (payment_id) payment_id FROM payment_dispute
WHERE closed_at IS NULL AND updated_at < $1::timestamptz - interval '6 hours'
LIMIT $2
"""
TOUCH: Final = "UPDATE payment_dispute SET updated_at = $2 WHERE payment_id = $1 AND closed_at IS NULL"
HELD: Final = """
SELECT coalesce(sum(withdrawn_minor - returned_minor), 0)::bigint FROM payment_dispute WHERE payment_id = $1
"""
HAS_OPEN: Final = "SELECT EXISTS (SELECT FROM payment_dispute WHERE payment_id = $1 AND closed_at IS NULL)"
# A card that was typed in on a hosted page is the same as a saved one when its brand and last digits are.
FREEZE: Final = """
UPDATE payment_method SET frozen_at = coalesce(frozen_at, $3), frozen_why = $4
WHERE driver_id = $1 AND provider = $5 AND (id = $2 OR (brand, last4) IN (
    SELECT brand, last4 FROM payment_card WHERE payment_id = $6 AND last4 <> ''))
"""
# Another dispute of the same driver keeps it frozen.
THAW: Final = """
UPDATE payment_method SET frozen_at = NULL, frozen_why = ''
WHERE driver_id = $1 AND provider = $2 AND NOT EXISTS (
    SELECT FROM payment_dispute JOIN payment ON payment.id = payment_dispute.payment_id
    WHERE payment.driver_id = $1 AND payment_dispute.state NOT IN ('won', 'closed'))
"""
THAW_ALL: Final = """
UPDATE payment_method SET frozen_at = NULL, frozen_why = ''
WHERE driver_id = $1 AND provider = $2 AND frozen_at IS NOT NULL
"""
# An invoice with its credit notes.
SOLD_ON: Final = "SELECT vat FROM invoice WHERE id = $1 OR credits_invoice_id = $1"
LOST_ON: Final = """
SELECT coalesce(sum(lost_minor), 0)::bigint FROM payment_dispute
JOIN payment ON payment.id = payment_dispute.payment_id WHERE payment.invoice_id = $1
"""


async def of_payment(tx: Transaction, payment_id: PaymentId) -> list[Dispute]:
    """Return the disputes of a payment. Lock the payment before counting on them."""
    return await tx.fetch(Dispute, OF_PAYMENT, payment_id)


async def dispute(tx: Transaction, dispute_id: DisputeId) -> Dispute | None:
    """Return a dispute."""
    return await tx.fetch_one(Dispute, BY_ID, dispute_id)


async def insert(tx: Transaction, new: Dispute) -> None:
    """Write a new dispute."""
    await tx.execute(
        INSERT, new.id, new.payment_id, new.provider, new.provider_ref, new.state, new.reason, new.currency,
        new.amount_minor, new.opened_at, new.updated_at,
    )  # fmt: skip


async def save(tx: Transaction, kept: Dispute) -> None:
    """Write what can change of a dispute."""
    await tx.execute(
        SAVE, kept.id, kept.state, kept.withdrawn_minor, kept.returned_minor, kept.fee_minor, kept.fee_back_minor,
        kept.lost_minor, kept.due_at, kept.evidence_at, kept.evidence_by, kept.updated_at, kept.closed_at,
    )  # fmt: skip


async def to_ask(tx: Transaction, now: datetime) -> Sequence[PaymentId]:
    """Return payments whose open disputes nobody has spoken of for hours."""
    return await tx.values(TO_ASK, now, ROWS_MAX)


async def touch(tx: Transaction, payment_id: PaymentId, now: datetime) -> None:
    """Note that the disputes of a payment were asked about."""
    await tx.execute(TOUCH, payment_id, now)


async def held(tx: Transaction, payment_id: UUID) -> int:
    """Return what disputes took of a payment and did not give back, in minor units."""
    return int(await tx.value(HELD, payment_id))


async def has_open(tx: Transaction, payment_id: UUID) -> bool:
    """Return whether a payment is disputed just now."""
    return bool(await tx.value(HAS_OPEN, payment_id))


async def freeze(tx: Transaction, payment: Payment, why: str, now: datetime) -> int:
    """Freeze the card of a payment; return how many saved cards that are."""
    if payment.driver_id is None:
        return 0
    return await tx.execute(FREEZE, payment.driver_id, payment.method_id, now, why, payment.provider, payment.id)


async def thaw(tx: Transaction, payment: Payment, *, whatever_else: bool = False) -> int:
    """Let a driver's cards be debited again, unless another dispute forbids it; return how many were frozen."""
    if payment.driver_id is None:
        return 0
    return await tx.execute(THAW_ALL if whatever_else else THAW, payment.driver_id, payment.provider)


async def sold_on(tx: Transaction, invoice_id: InvoiceId) -> tuple[VatTotal, ...]:
    """Return what an invoice sold at each VAT rate, less what of it was credited."""
    rows = await tx.fetch(_Sold, SOLD_ON, invoice_id)
    return tuple(part for part in vat_summed(part for row in rows for part in row.vat) if part.gross_minor > 0)


async def lost_on(tx: Transaction, invoice_id: InvoiceId) -> int:
    """Return what of an invoice's payments was lost in disputes, and written off, in minor units."""
    return int(await tx.value(LOST_ON, invoice_id))


class _Sold(Struct, frozen=True):
    vat: tuple[VatTotal, ...]

"""Payments in PostgreSQL. SQL and nothing else; what a step means is decided in `rules`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId, SessionId, new_id
from laddverk.kernel.money import VatTotal
from laddverk.ledger.model import SALES_AND_VAT
from laddverk.ledger.rules import sold_in
from laddverk.payments.model import Card, Method, Payment, Refund, RefundState
from laddverk.payments.rules import Sold
from laddverk.platform.database import Transaction

INSERT: Final = """
INSERT INTO payment (id, purpose, state, currency, amount_minor, due_minor, wish, session_id, start_request_id,
                     invoice_id, driver_id, provider, method_id, return_url, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
"""
SAVE: Final = """
UPDATE payment SET state = given.state, authorised_minor = given.authorised_minor,
       captured_minor = given.captured_minor, refunded_minor = given.refunded_minor, due_minor = given.due_minor,
       wish = given.wish, session_id = given.session_id, provider_ref = given.provider_ref,
       checkout_ref = given.checkout_ref, checkout_url = given.checkout_url, method_id = given.method_id,
       failure_code = given.failure_code, failure_text = given.failure_text, updated_at = given.updated_at,
       unused_minor = given.unused_minor
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::uuid[],
            $9::text[], $10::text[], $11::text[], $12::uuid[], $13::text[], $14::text[], $15::timestamptz[],
            $16::bigint[])
     AS given (id, state, authorised_minor, captured_minor, refunded_minor, due_minor, wish, session_id, provider_ref,
               checkout_ref, checkout_url, method_id, failure_code, failure_text, updated_at, unused_minor)
WHERE payment.id = given.id
"""
BY_ID: Final = "SELECT * FROM payment WHERE id = $1"
BY_IDS: Final = "SELECT * FROM payment WHERE id = ANY($1)"
LOCKED: Final = "SELECT * FROM payment WHERE id = $1 FOR UPDATE"
BY_REFERENCE: Final = """
SELECT id FROM payment WHERE provider = $1 AND (provider_ref = $2 OR checkout_ref = $3) ORDER BY created_at DESC LIMIT 1
"""
# Locked by id, as all payments are.
OF_START: Final = """
SELECT * FROM (SELECT * FROM payment WHERE start_request_id = ANY($1) ORDER BY id FOR UPDATE) AS locked
ORDER BY created_at DESC, id DESC
"""
OF_SESSION: Final = "SELECT * FROM payment WHERE session_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE"
OPEN_FOR_INVOICE: Final = """
SELECT * FROM payment
WHERE invoice_id = $1 AND state IN ('created', 'checkout', 'submitted', 'authorised', 'capturing', 'unknown')
ORDER BY created_at DESC LIMIT 1 FOR UPDATE
"""
LOCK_START: Final = "SELECT payment_id, cancelled_at FROM start_request WHERE id = $1 FOR UPDATE"
LINK_START: Final = "UPDATE start_request SET payment_id = $2 WHERE id = $1"
LOCK_INVOICE: Final = "SELECT FROM invoice WHERE id = $1 FOR UPDATE"
# What remains is counted from the payments themselves: what the invoice says of it follows a moment later. It is read
# once the lock is held: a statement that waits for a lock sees other tables as they were before it waited.
INVOICE: Final = """
SELECT driver_id, currency, kind,
       (gross_minor - credited_minor - coalesce((
            SELECT sum(captured_minor - refunded_minor) FROM payment WHERE payment.invoice_id = invoice.id), 0)
       )::bigint AS remaining_minor
FROM invoice WHERE id = $1
"""

INSERT_EVENT: Final = """
INSERT INTO payment_event (id, payment_id, at, kind, amount_minor, detail)
SELECT id, payment_id, at, kind, amount_minor, detail::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[])
     AS given (id, payment_id, at, kind, amount_minor, detail)
"""

SOLD: Final = """
SELECT id, price_minor, coalesce(vat_minor, 0) AS vat_minor, coalesce(vat_percent, 0) AS vat_percent, vat
FROM session WHERE id = ANY($1) AND price_minor IS NOT NULL
"""
# What the books have of the sale of a session: taken or owed, less what went back.
STANDING: Final = """
SELECT account.number, sum(posting.amount_minor)::bigint AS amount_minor
FROM ledger_transaction AS entry
JOIN posting ON posting.transaction_id = entry.id JOIN account ON account.id = posting.account_id
WHERE entry.source_id IN (SELECT id FROM payment WHERE session_id = $1 UNION ALL SELECT $1::uuid)
  AND entry.kind IN ('capture', 'uncollected', 'refund') AND account.number = ANY($2)
GROUP BY account.number
"""
# What can no longer be taken at once goes to the driver's monthly invoice.
TO_INVOICE: Final = """
UPDATE session SET settlement = 'invoice' WHERE id = $1 AND settlement = 'payment' AND driver_id IS NOT NULL
RETURNING id
"""

INSERT_METHOD: Final = """
INSERT INTO payment_method (id, driver_id, provider, customer_ref, method_ref, brand, last4, expires, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (provider, method_ref) DO UPDATE SET brand = excluded.brand, last4 = excluded.last4,
    expires = excluded.expires, removed_at = NULL, stopped_code = '', stopped_at = NULL
WHERE payment_method.driver_id = excluded.driver_id
RETURNING id
"""
METHODS: Final = """
SELECT * FROM payment_method WHERE driver_id = $1 AND provider = $2 AND removed_at IS NULL ORDER BY created_at DESC
"""
METHOD: Final = "SELECT * FROM payment_method WHERE id = ANY($1)"
REMOVE_METHOD: Final = """
UPDATE payment_method SET removed_at = $3 WHERE id = $1 AND driver_id = $2 AND removed_at IS NULL
"""
DRIVER_EMAIL: Final = "SELECT email FROM driver WHERE id = $1"

# Of `invoice`: people gave nothing of it back. What a bank took back, or a deposit that was undone, bears the name of
# its rail and is owed as before.
NOT_GIVEN_BACK: Final = """
AND NOT EXISTS (
    SELECT FROM payment JOIN payment_refund ON payment_refund.payment_id = payment.id
    WHERE payment.invoice_id = invoice.id AND payment_refund.state <> 'failed'
      AND NOT (payment_refund.requested_by = payment.provider AND payment.provider IN ('autogiro', 'sepa', 'bankgiro')))
"""
INSERT_REFUND: Final = """
INSERT INTO payment_refund (id, payment_id, amount_minor, state, reason, requested_by, provider_ref, created_at,
                            updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
"""
REFUNDS: Final = "SELECT * FROM payment_refund WHERE payment_id = $1 ORDER BY created_at, id"
REFUND: Final = "SELECT * FROM payment_refund WHERE id = $1"
SAVE_REFUND: Final = """
UPDATE payment_refund SET state = $2, provider_ref = coalesce($3, provider_ref), failure_text = $4, updated_at = $5
WHERE id = $1
"""


class StartRow(Struct, frozen=True):
    """What a payment needs to know of a start request."""

    payment_id: PaymentId | None
    cancelled_at: datetime | None


class InvoiceRow(Struct, frozen=True):
    """What a payment needs to know of an invoice."""

    driver_id: DriverId
    currency: str
    remaining_minor: int
    kind: str


async def insert(tx: Transaction, payment: Payment) -> None:
    """Write a new payment."""
    await tx.execute(
        INSERT,
        payment.id,
        payment.purpose,
        payment.state,
        payment.currency,
        payment.amount_minor,
        payment.due_minor,
        payment.wish,
        payment.session_id,
        payment.start_request_id,
        payment.invoice_id,
        payment.driver_id,
        payment.provider,
        payment.method_id,
        payment.return_url,
        payment.created_at,
    )


async def save(tx: Transaction, payment: Payment) -> None:
    """Write what can change of a payment, together with others of the transaction. The caller holds its lock."""
    tx.later(_save, payment)


async def _save(tx: Transaction, payments: Sequence[Payment]) -> None:
    last = list({payment.id: payment for payment in payments}.values())
    await tx.execute(
        SAVE,
        [payment.id for payment in last],
        [payment.state for payment in last],
        [payment.authorised_minor for payment in last],
        [payment.captured_minor for payment in last],
        [payment.refunded_minor for payment in last],
        [payment.due_minor for payment in last],
        [payment.wish for payment in last],
        [payment.session_id for payment in last],
        [payment.provider_ref for payment in last],
        [payment.checkout_ref for payment in last],
        [payment.checkout_url for payment in last],
        [payment.method_id for payment in last],
        [payment.failure_code for payment in last],
        [payment.failure_text for payment in last],
        [payment.updated_at for payment in last],
        [payment.unused_minor for payment in last],
    )


async def payment(tx: Transaction, payment_id: PaymentId) -> Payment | None:
    """Return a payment."""
    return await tx.fetch_one(Payment, BY_ID, payment_id)


async def payments(tx: Transaction, payment_ids: Collection[PaymentId]) -> dict[PaymentId, Payment]:
    """Return payments by id."""
    return {found.id: found for found in await tx.fetch(Payment, BY_IDS, list(payment_ids))} if payment_ids else {}


async def locked(tx: Transaction, payment_id: PaymentId) -> Payment | None:
    """Return a payment, locked until `tx` ends."""
    return await tx.fetch_one(Payment, LOCKED, payment_id)


async def id_by_reference(
    tx: Transaction, provider: str, provider_ref: str | None, checkout_ref: str | None
) -> PaymentId | None:
    """Return the payment that a provider means."""
    found: PaymentId | None = await tx.value(BY_REFERENCE, provider, provider_ref, checkout_ref)
    return found


async def of_starts(tx: Transaction, start_request_ids: Sequence[UUID]) -> list[Payment]:
    """Return the payments for start requests, newest first, locked."""
    return await tx.fetch(Payment, OF_START, start_request_ids)


async def of_session(tx: Transaction, session_id: SessionId) -> Payment | None:
    """Return the newest payment that names this session, locked."""
    return await tx.fetch_one(Payment, OF_SESSION, session_id)


async def open_for_invoice(tx: Transaction, invoice_id: UUID) -> Payment | None:
    """Return the payment of an invoice that is under way, locked."""
    return await tx.fetch_one(Payment, OPEN_FOR_INVOICE, invoice_id)


async def lock_start(tx: Transaction, start_request_id: UUID) -> StartRow | None:
    """Return a start request, locked: two clicks on "pay" follow one another."""
    return await tx.fetch_one(StartRow, LOCK_START, start_request_id)


async def link_start(tx: Transaction, start_request_id: UUID, payment_id: PaymentId) -> None:
    """Tell a start request which payment is for it; its session inherits it."""
    await tx.execute(LINK_START, start_request_id, payment_id)


async def lock_invoice(tx: Transaction, invoice_id: UUID) -> InvoiceRow | None:
    """Return an invoice, locked."""
    await tx.execute(LOCK_INVOICE, invoice_id)
    return await tx.fetch_one(InvoiceRow, INVOICE, invoice_id)


async def note(
    tx: Transaction,
    payment_id: PaymentId,
    kind: str,
    now: datetime,
    *,
    amount_minor: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add to what happened to a payment."""
    written = msgspec.json.encode(detail or {}).decode()
    tx.later(_note, (new_id(), payment_id, now, kind, amount_minor, written))


async def _note(tx: Transaction, notes: Sequence[tuple[object, ...]]) -> None:
    await tx.execute(INSERT_EVENT, *(list(column) for column in zip(*notes, strict=True)))


async def sold(tx: Transaction, session_id: SessionId | None) -> Sold | None:
    """Return what a session was sold for; None until it is priced."""
    return None if session_id is None else await tx.fetch_one(Sold, SOLD, [session_id])


async def sold_of(tx: Transaction, session_ids: Collection[SessionId]) -> dict[SessionId, Sold]:
    """Return what sessions were sold for, without those that have no price yet."""
    rows = await tx.fetch(_SoldRow, SOLD, list(session_ids)) if session_ids else []
    return {row.id: Sold(row.price_minor, row.vat_minor, row.vat_percent, row.vat) for row in rows}


async def standing(tx: Transaction, session_id: SessionId) -> tuple[VatTotal, ...]:
    """Return what the books have as sold by a session, at each rate: what was taken or is owed, less what went back."""
    rows = await tx.rows(STANDING, session_id, [account for pair in SALES_AND_VAT.values() for account in pair])
    return sold_in({row["number"]: row["amount_minor"] for row in rows})


async def settle_by_invoice(tx: Transaction, session_id: SessionId) -> bool:
    """Let the monthly invoice take a session that could not be paid at once; return whether it has a driver."""
    return await tx.value(TO_INVOICE, session_id) is not None


async def save_method(tx: Transaction, driver_id: DriverId, provider: str, card: Card, now: datetime) -> UUID | None:
    """Keep a card of a driver; None when another driver has it already."""
    found: UUID | None = await tx.value(
        INSERT_METHOD,
        new_id(),
        driver_id,
        provider,
        card.customer_ref,
        card.method_ref,
        card.brand,
        card.last4,
        card.expires,
        now,
    )
    return found


async def methods(tx: Transaction, driver_id: DriverId, provider: str) -> list[Method]:
    """Return a driver's saved cards with one provider, the newest first."""
    return await tx.fetch(Method, METHODS, driver_id, provider)


async def method(tx: Transaction, method_id: PaymentMethodId) -> Method | None:
    """Return a saved card, also one that was removed since."""
    return await tx.fetch_one(Method, METHOD, [method_id])


async def methods_of(tx: Transaction, method_ids: Collection[PaymentMethodId]) -> dict[PaymentMethodId, Method]:
    """Return saved cards by id, also those that were removed since."""
    return {found.id: found for found in await tx.fetch(Method, METHOD, list(method_ids))} if method_ids else {}


async def remove_method(tx: Transaction, method_id: PaymentMethodId, driver_id: DriverId, now: datetime) -> bool:
    """Forget a driver's card; return whether it was there."""
    return await tx.execute(REMOVE_METHOD, method_id, driver_id, now) == 1


async def driver_email(tx: Transaction, driver_id: DriverId) -> str | None:
    """Return where a driver gets mail."""
    found: str | None = await tx.value(DRIVER_EMAIL, driver_id)
    return found


async def insert_refund(tx: Transaction, refund: Refund, requested_by: str) -> None:
    """Write a new refund."""
    await tx.execute(
        INSERT_REFUND,
        refund.id,
        refund.payment_id,
        refund.amount_minor,
        refund.state,
        refund.reason,
        requested_by,
        refund.provider_ref,
        refund.created_at,
    )


async def refunds(tx: Transaction, payment_id: PaymentId) -> list[Refund]:
    """Return all refunds of a payment, oldest first. Lock the payment before counting on them."""
    return await tx.fetch(Refund, REFUNDS, payment_id)


async def refund(tx: Transaction, refund_id: UUID) -> Refund | None:
    """Return a refund."""
    return await tx.fetch_one(Refund, REFUND, refund_id)


async def save_refund(
    tx: Transaction, refund_id: UUID, state: RefundState, provider_ref: str | None, failure: str | None, now: datetime
) -> None:
    """Write what became of a refund."""
    await tx.execute(SAVE_REFUND, refund_id, state, provider_ref, failure, now)


class _SoldRow(Struct, frozen=True):
    id: SessionId
    price_minor: int
    vat_minor: int
    vat_percent: Decimal
    vat: tuple[VatTotal, ...] | None

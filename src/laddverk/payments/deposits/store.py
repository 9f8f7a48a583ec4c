"""Deposits in PostgreSQL. SQL and nothing else; what a deposit comes to is decided in `rules`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import DepositId, InvoiceId
from laddverk.payments.deposits.model import Deposit, Owed
from laddverk.platform.database import Transaction

# What remains is counted from the payments themselves: what an invoice says of it follows a moment later.
_OWED: Final = """
SELECT invoice.id, series || '-' || lpad(number::text, greatest(5, length(number::text)), '0') AS label, reference,
       driver_id,
       buyer ->> 'name' AS buyer, currency, due_on,
       (gross_minor - credited_minor - coalesce((
            SELECT sum(captured_minor - refunded_minor) FROM payment WHERE payment.invoice_id = invoice.id), 0)
       )::bigint AS remaining_minor
FROM invoice
"""
LOCKED_OWED: Final = _OWED + "WHERE invoice.id = $1 AND kind = 'invoice' FOR UPDATE"
# Open ones, and the one that the payer names though it is paid: money may come twice.
OWED: Final = (
    _OWED
    + """
WHERE kind = 'invoice' AND currency = $1
  AND (reference = $2 OR gross_minor > paid_minor + credited_minor)
ORDER BY reference = $2 DESC, due_on, invoice.id LIMIT $3
"""
)
INSERT: Final = """
INSERT INTO deposit (id, form_key, way, state, received_on, amount_minor, currency, reference, payer, invoice_id,
                     driver_id, payment_id, settled_minor, rounding_minor, advance_minor, booked_at, booked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
ASSIGN: Final = """
UPDATE deposit SET state = 'booked', invoice_id = $2, driver_id = $3, payment_id = $4, settled_minor = $5,
       rounding_minor = $6, advance_minor = $7
WHERE id = $1
"""
CLOSE: Final = "UPDATE deposit SET state = $2, closed_at = $3, closed_by = $4, closed_why = $5 WHERE id = $1"
BY_KEY: Final = "SELECT * FROM deposit WHERE form_key = $1"
LOCKED: Final = "SELECT * FROM deposit WHERE id = $1 FOR UPDATE"
SAME: Final = """
SELECT EXISTS (SELECT 1 FROM deposit WHERE received_on = $1 AND amount_minor = $2 AND reference = $3 AND payer = $4
                                       AND state IN ('booked', 'aside'))
"""
# Two forms of the same money that are sent at once follow one another.
LOCK_BOOKING: Final = "SELECT pg_advisory_xact_lock(hashtext('deposit'), hashtext($1))"


async def locked_owed(tx: Transaction, invoice_id: InvoiceId) -> Owed | None:
    """Return an invoice with what remains of it, locked until `tx` ends."""
    return await tx.fetch_one(Owed, LOCKED_OWED, invoice_id)


async def owed(tx: Transaction, currency: str, reference: str, limit: int) -> list[Owed]:
    """Return up to `limit` invoices that are open, the longest due first, and the one with this reference."""
    return await tx.fetch(Owed, OWED, currency, reference, limit)


async def insert(tx: Transaction, deposit: Deposit) -> None:
    """Write a new deposit."""
    await tx.execute(
        INSERT,
        deposit.id,
        deposit.form_key,
        deposit.way,
        deposit.state,
        deposit.received_on,
        deposit.amount_minor,
        deposit.currency,
        deposit.reference,
        deposit.payer,
        deposit.invoice_id,
        deposit.driver_id,
        deposit.payment_id,
        deposit.settled_minor,
        deposit.rounding_minor,
        deposit.advance_minor,
        deposit.booked_at,
        deposit.booked_by,
    )


async def assign(tx: Transaction, deposit: Deposit) -> None:
    """Write what a deposit that was kept aside turned out to be for."""
    await tx.execute(
        ASSIGN,
        deposit.id,
        deposit.invoice_id,
        deposit.driver_id,
        deposit.payment_id,
        deposit.settled_minor,
        deposit.rounding_minor,
        deposit.advance_minor,
    )


async def close(tx: Transaction, deposit_id: DepositId, state: str, now: datetime, by: str, why: str) -> None:
    """Write that a deposit was undone or went back."""
    await tx.execute(CLOSE, deposit_id, state, now, by, why)


async def by_key(tx: Transaction, form_key: UUID) -> Deposit | None:
    """Return what a form booked before."""
    return await tx.fetch_one(Deposit, BY_KEY, form_key)


async def locked(tx: Transaction, deposit_id: DepositId) -> Deposit | None:
    """Return a deposit, locked until `tx` ends."""
    return await tx.fetch_one(Deposit, LOCKED, deposit_id)


async def lock_booking(tx: Transaction, day: date, amount_minor: int) -> None:
    """Let those who book the same amount of the same day follow one another."""
    await tx.value(LOCK_BOOKING, f"{day.isoformat()} {amount_minor}")


async def is_known(tx: Transaction, day: date, amount_minor: int, reference: str, payer: str) -> bool:
    """Return whether the very same was booked before and not undone."""
    return bool(await tx.value(SAME, day, amount_minor, reference, payer))

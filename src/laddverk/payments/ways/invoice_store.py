"""Debits of invoices in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import DriverId, InvoiceId
from laddverk.payments.ways.model import Debit
from laddverk.platform.database import Transaction

NEW_MAX: Final = 500
DUE_MAX: Final = 200  # bounds one run; the rest follows five minutes later

# Only of drivers who could be debited: they chose a way, or pay at once by a saved card and some sums wait for a month.
# While a mandate is active the bank's file collects, unless a card or the wallet was chosen first. An invoice that is
# older than the choice is left to its driver: who saves a card today is not debited for last month by surprise.
NEW: Final = """
SELECT invoice.id, invoice.driver_id, invoice.issued_at
FROM invoice JOIN driver ON driver.id = invoice.driver_id
LEFT JOIN driver_paying ON driver_paying.driver_id = driver.id
WHERE invoice.kind = 'invoice' AND invoice.gross_minor > invoice.credited_minor + invoice.paid_minor
  AND invoice.issued_at >= coalesce(driver_paying.chosen_at, (
      SELECT min(created_at) FROM payment_method WHERE payment_method.driver_id = driver.id AND removed_at IS NULL))
  AND (driver_paying.first_kind IN ('method', 'wallet')
       OR (NOT EXISTS (SELECT FROM mandate WHERE mandate.driver_id = driver.id AND state = 'active')
           AND ((driver_paying.first_kind = 'bank' AND driver_paying.fallback_kind IN ('method', 'wallet'))
                OR (driver_paying.first_kind IS NULL AND driver.settlement = 'card'))))
  AND NOT EXISTS (SELECT FROM invoice_debit WHERE invoice_debit.invoice_id = invoice.id)
ORDER BY invoice.issued_at, invoice.id LIMIT $1
"""
BEGIN: Final = """
INSERT INTO invoice_debit (invoice_id, driver_id, begins_at, next_at, ended_why)
VALUES ($1, $2, $3, CASE WHEN $4 = '' THEN $3::timestamptz END, $4) ON CONFLICT DO NOTHING
"""
DUE: Final = """
SELECT invoice_id FROM invoice_debit WHERE next_at <= $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
LOCKED: Final = "SELECT * FROM invoice_debit WHERE invoice_id = $1 FOR UPDATE"
SAVE: Final = "UPDATE invoice_debit SET round = $2, next_at = $3, ended_why = $4 WHERE invoice_id = $1"
REVIVE: Final = """
UPDATE invoice_debit SET next_at = $2, ended_why = ''
WHERE driver_id = $1 AND ended_why IN ('given_up', 'no_way')
  AND EXISTS (SELECT FROM invoice WHERE invoice.id = invoice_id AND gross_minor > credited_minor + paid_minor)
"""
OWED: Final = """
SELECT id, driver_id, series || '-' || lpad(number::text, greatest(5, length(number::text)), '0') AS number, currency,
       gross_minor, gross_minor - credited_minor - paid_minor AS remaining_minor
FROM invoice WHERE id = $1
"""


class NewInvoice(Struct, frozen=True):
    """An invoice that nobody has begun to debit."""

    id: InvoiceId
    driver_id: DriverId
    issued_at: datetime


class Owed(Struct, frozen=True, kw_only=True):
    """An invoice, as a debit needs it."""

    id: InvoiceId
    driver_id: DriverId
    number: str
    currency: str
    gross_minor: int
    remaining_minor: int


async def new(tx: Transaction) -> list[NewInvoice]:
    """Return invoices of drivers who may be debited, and of which no debit has begun."""
    return await tx.fetch(NewInvoice, NEW, NEW_MAX)


async def begin(tx: Transaction, invoice_id: InvoiceId, driver_id: DriverId, at: datetime, ended_why: str) -> None:
    """Write that an invoice is to be debited from `at` on, or why it is not."""
    await tx.execute(BEGIN, invoice_id, driver_id, at, ended_why)


async def due(tx: Transaction, now: datetime) -> list[InvoiceId]:
    """Return the invoices whose next try has come, locked; what another worker holds is left out."""
    return await tx.values(DUE, now, DUE_MAX)


async def locked(tx: Transaction, invoice_id: InvoiceId) -> Debit | None:
    """Return where the debit of an invoice stands, locked."""
    return await tx.fetch_one(Debit, LOCKED, invoice_id)


async def save(tx: Transaction, debit: Debit) -> None:
    """Write what can change of a debit. The caller holds its lock."""
    await tx.execute(SAVE, debit.invoice_id, debit.round, debit.next_at, debit.ended_why)


async def revive(tx: Transaction, driver_id: DriverId, at: datetime) -> int:
    """Let debits that were given up be tried once more: the driver has a new way. Return how many."""
    return await tx.execute(REVIVE, driver_id, at)


async def owed(tx: Transaction, invoice_id: InvoiceId) -> Owed | None:
    """Return an invoice as a debit needs it."""
    return await tx.fetch_one(Owed, OWED, invoice_id)

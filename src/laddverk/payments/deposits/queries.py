"""What screens read of deposits. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from laddverk.payments.queries import like
from laddverk.platform.database import Transaction


class DepositRow(Struct, frozen=True, kw_only=True):
    """A deposit in a list and on its own page."""

    id: UUID
    way: str
    state: str
    received_on: date
    amount_minor: int
    currency: str
    reference: str
    payer: str
    invoice_id: UUID | None
    invoice_label: str | None
    driver_id: UUID | None
    driver_name: str | None
    payment_id: UUID | None
    settled_minor: int
    rounding_minor: int
    advance_minor: int
    booked_at: datetime
    booked_by: str
    closed_at: datetime | None
    closed_by: str
    closed_why: str


_DEPOSIT_COLUMNS = """
SELECT deposit.*, driver.name AS driver_name,
       series || '-' || lpad(number::text, greatest(5, length(number::text)), '0') AS invoice_label
"""
_FROM = """
FROM deposit
LEFT JOIN invoice ON invoice.id = deposit.invoice_id
LEFT JOIN driver ON driver.id = deposit.driver_id
"""
_NARROWED = """
WHERE ($1 = '' OR concat_ws(' ', deposit.reference, payer, driver.name,
                          series || '-' || lpad(number::text, greatest(5, length(number::text)), '0'))
                ILIKE '%' || $1 || '%')
  AND ($2 = '' OR deposit.state = $2) AND ($3 = '' OR way = $3)
  AND ($4::date IS NULL OR received_on >= $4) AND ($5::date IS NULL OR received_on <= $5)
"""
DEPOSITS = _DEPOSIT_COLUMNS + _FROM + _NARROWED + "ORDER BY received_on DESC, deposit.id DESC LIMIT $6 OFFSET $7"
TOTALS = (
    """
SELECT count(*) AS rows,
       coalesce(sum(deposit.amount_minor) FILTER (WHERE deposit.state IN ('booked', 'aside')), 0)::bigint
           AS amount_minor
"""
    + _FROM
    + _NARROWED
)
DEPOSIT = _DEPOSIT_COLUMNS + _FROM + "WHERE deposit.id = $1"
OF_INVOICE = (
    _DEPOSIT_COLUMNS + _FROM + "WHERE deposit.invoice_id = $1 ORDER BY received_on DESC, deposit.id DESC LIMIT 20"
)
OF_PAYMENT = _DEPOSIT_COLUMNS + _FROM + "WHERE deposit.payment_id = $1"
ASIDE = "SELECT count(*) FROM deposit WHERE state = 'aside'"


class Totals(Struct, frozen=True):
    """What a filtered list adds up to; what was undone or went back does not count."""

    rows: int
    amount_minor: int


class DepositFilter(Struct, frozen=True, kw_only=True):
    """Which deposits a list shows; days are inclusive."""

    search: str = ""
    state: str = ""
    way: str = ""
    since: date | None = None
    until: date | None = None


async def deposits(tx: Transaction, chosen: DepositFilter, *, limit: int = 50, offset: int = 0) -> list[DepositRow]:
    """Return a page of deposits, the latest day first."""
    return await tx.fetch(DepositRow, DEPOSITS, *_given(chosen), limit, offset)


async def totals(tx: Transaction, chosen: DepositFilter) -> Totals:
    """Return how many deposits a filter leaves, and what they add up to."""
    found = await tx.fetch_one(Totals, TOTALS, *_given(chosen))
    return found or Totals(0, 0)


async def deposit(tx: Transaction, deposit_id: UUID) -> DepositRow | None:
    """Return one deposit."""
    return await tx.fetch_one(DepositRow, DEPOSIT, deposit_id)


async def of_invoice(tx: Transaction, invoice_id: UUID) -> list[DepositRow]:
    """Return what came to the bank account for an invoice, the latest first."""
    return await tx.fetch(DepositRow, OF_INVOICE, invoice_id)


async def of_payment(tx: Transaction, payment_id: UUID) -> DepositRow | None:
    """Return the deposit that a payment is; None for one that came otherwise."""
    return await tx.fetch_one(DepositRow, OF_PAYMENT, payment_id)


async def count_aside(tx: Transaction) -> int:
    """Return how many deposits wait for somebody who knows what they are for."""
    return int(await tx.value(ASIDE))


def _given(chosen: DepositFilter) -> tuple[object, ...]:
    return (like(chosen.search), chosen.state, chosen.way, chosen.since, chosen.until)

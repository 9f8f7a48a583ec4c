"""What screens read of invoices and credit notes. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class InvoiceRow(Struct, frozen=True, kw_only=True):
    """An invoice or a credit note in a list."""

    id: UUID
    series: str
    number: int
    kind: str
    credits_invoice_id: UUID | None
    driver_id: UUID
    driver_name: str
    period: date
    run: int
    currency: str
    gross_minor: int
    net_minor: int
    vat_minor: int
    paid_minor: int
    credited_minor: int
    issued_at: datetime
    due_on: date
    state: str
    """credit_note, credited, paid, overdue or open."""


class InvoiceDetail(InvoiceRow, frozen=True, kw_only=True):
    """An invoice on its own page."""

    vat: Any
    seller: dict[str, Any]
    buyer: dict[str, Any]
    reference: str
    reason: str
    pdf_sha256: dict[str, str]


_SHOWN = """
WITH shown AS (
    SELECT invoice.*, driver.name AS driver_name,
           CASE WHEN kind = 'credit_note' THEN 'credit_note'
                WHEN credited_minor >= gross_minor AND gross_minor > 0 THEN 'credited'
                WHEN paid_minor + credited_minor >= gross_minor THEN 'paid'
                WHEN due_on < $1::date THEN 'overdue'
                ELSE 'open' END AS state
    FROM invoice JOIN driver ON driver.id = invoice.driver_id
)
"""
_NARROWED = """
FROM shown
WHERE ($2 = '' OR driver_name ILIKE '%' || $2 || '%' OR series || number::text ILIKE $2 || '%'
       OR series || '-' || number::text ILIKE $2 || '%' OR reference = $2
       OR series || '-' || lpad(number::text, greatest(5, length(number::text)), '0') ILIKE $2 || '%')
  AND ($3 = '' OR state = $3) AND ($4::date IS NULL OR period = $4) AND ($5::uuid IS NULL OR driver_id = $5)
"""
INVOICES = (
    _SHOWN
    + "SELECT *"
    + _NARROWED
    + """
ORDER BY CASE WHEN $6 = 'amount' THEN gross_minor END, CASE WHEN $6 = '-amount' THEN gross_minor END DESC,
         CASE WHEN $6 = 'due' THEN due_on END, CASE WHEN $6 = '-due' THEN due_on END DESC,
         CASE WHEN $6 = 'issued' THEN issued_at END, issued_at DESC, number DESC
LIMIT $7 OFFSET $8
"""
)
TOTALS = (
    _SHOWN
    + """
SELECT count(*) AS invoices, coalesce(sum(gross_minor), 0)::bigint AS gross_minor,
       coalesce(sum(greatest(gross_minor - paid_minor - credited_minor, 0)) FILTER (WHERE kind = 'invoice'), 0)::bigint
           AS open_minor
"""
    + _NARROWED
)
INVOICE = _SHOWN + "SELECT * FROM shown WHERE id = $2"  # noqa: S608 - made of constants
MONTHS = "SELECT DISTINCT period FROM invoice ORDER BY period DESC LIMIT 36"
WAITING = """
SELECT date_trunc('month', session.ended_at AT TIME ZONE session.timezone)::date AS month, count(*) AS sessions,
       count(DISTINCT session.driver_id) AS drivers, coalesce(sum(price_minor), 0)::bigint AS gross_minor
FROM session
WHERE settlement = 'invoice' AND price_minor IS NOT NULL AND driver_id IS NOT NULL AND ended_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM invoiced_session WHERE invoiced_session.session_id = session.id)
GROUP BY month ORDER BY month DESC LIMIT 36
"""


class Totals(Struct, frozen=True):
    """What a filtered list adds up to."""

    invoices: int
    gross_minor: int
    open_minor: int


async def invoices(
    tx: Transaction,
    today: date,
    search: str = "",
    state: str = "",
    period: date | None = None,
    driver_id: UUID | None = None,
    sort: str = "-issued",
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[InvoiceRow]:
    """Return a page of invoices. `sort` is issued, due or amount, with `-` for descending."""
    return await tx.fetch(InvoiceRow, INVOICES, today, _like(search), state, period, driver_id, sort, limit, offset)


OF_DRIVER = _SHOWN + "SELECT * FROM shown WHERE driver_id = $2 ORDER BY issued_at DESC, number DESC LIMIT 200"  # noqa: S608 - made of constants


async def invoices_of(tx: Transaction, today: date, driver_id: UUID) -> list[InvoiceRow]:
    """Return a driver's invoices and credit notes, newest first."""
    return await tx.fetch(InvoiceRow, OF_DRIVER, today, driver_id)


async def totals(tx: Transaction, today: date, search: str = "", state: str = "", period: date | None = None) -> Totals:
    """Return how many invoices a filter leaves, and what they add up to."""
    found = await tx.fetch_one(Totals, TOTALS, today, _like(search), state, period, None)
    return found or Totals(0, 0, 0)


async def invoice(tx: Transaction, today: date, invoice_id: UUID) -> InvoiceDetail | None:
    """Return one invoice or credit note."""
    return await tx.fetch_one(InvoiceDetail, INVOICE, today, invoice_id)


async def months(tx: Transaction) -> list[date]:
    """Return the months that have invoices, the latest first."""
    return await tx.values(MONTHS)


class Waiting(Struct, frozen=True):
    """What is priced and stands on no invoice yet, by the local month it ended in."""

    month: date
    sessions: int
    drivers: int
    gross_minor: int


async def waiting(tx: Transaction) -> list[Waiting]:
    """Return what a run of the invoicing would take up, by month."""
    return await tx.fetch(Waiting, WAITING)


class LineRow(Struct, frozen=True, kw_only=True):
    """One session, or one fee of a subscription, on an invoice."""

    number: int
    session_id: UUID | None
    subscription_id: UUID | None
    driver_name: str
    """Who charged, when another pays."""
    sign: int
    text: str
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    gross_minor: int
    net_minor: int
    vat_minor: int
    vat_percent: Decimal


LINES = "SELECT * FROM invoice_line WHERE invoice_id = $1 ORDER BY number LIMIT 5000"


async def lines(tx: Transaction, invoice_id: UUID) -> list[LineRow]:
    """Return the sessions on an invoice."""
    return await tx.fetch(LineRow, LINES, invoice_id)


CREDITS = _SHOWN + "SELECT * FROM shown WHERE credits_invoice_id = $2 ORDER BY issued_at"  # noqa: S608 - made of constants


async def credits_of(tx: Transaction, today: date, invoice_id: UUID) -> list[InvoiceRow]:
    """Return the credit notes of an invoice."""
    return await tx.fetch(InvoiceRow, CREDITS, today, invoice_id)


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""What screens read of invoices and credit notes. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.money import VatTotal
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
    vat: tuple[VatTotal, ...]
    """At each rate."""
    paid_minor: int
    credited_minor: int
    issued_at: datetime
    due_on: date
    reference: str
    buyer_name: str
    """Who is invoiced; most often the driver."""
    state: str
    """credit_note, credited, paid, overdue or open."""


class InvoiceDetail(InvoiceRow, frozen=True, kw_only=True):
    """An invoice on its own page."""

    seller: dict[str, Any]
    buyer: dict[str, Any]
    reason: str
    pdf_sha256: dict[str, str]


_SHOWN = """
WITH shown AS (
    SELECT invoice.*, driver.name AS driver_name, coalesce(invoice.buyer ->> 'name', driver.name) AS buyer_name,
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
WHERE ($2 = '' OR driver_name ILIKE '%' || $2 || '%' OR buyer_name ILIKE '%' || $2 || '%'
       OR series || number::text ILIKE $2 || '%'
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
SELECT currency, count(*) AS invoices, sum(gross_minor)::bigint AS gross_minor,
       coalesce(sum(greatest(gross_minor - paid_minor - credited_minor, 0)) FILTER (WHERE kind = 'invoice'), 0)::bigint
           AS open_minor
"""
    + _NARROWED
    + "GROUP BY currency"
)
INVOICE = _SHOWN + "SELECT * FROM shown WHERE id = $2"  # noqa: S608 - made of constants
MONTHS = "SELECT DISTINCT period FROM invoice ORDER BY period DESC LIMIT 36"
WAITING = """
WITH ready AS (
    SELECT date_trunc('month', session.ended_at AT TIME ZONE session.timezone)::date AS month, driver_id, currency,
           price_minor
    FROM session
    WHERE settlement = 'invoice' AND price_minor IS NOT NULL AND driver_id IS NOT NULL AND ended_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM invoiced_session WHERE invoiced_session.session_id = session.id)
), sums AS (
    SELECT month, currency, sum(price_minor)::bigint AS minor FROM ready GROUP BY month, currency
), months AS (
    SELECT month, count(*) AS sessions, count(DISTINCT driver_id) AS drivers FROM ready GROUP BY month
)
SELECT month, sessions, drivers,
       (SELECT jsonb_object_agg(currency, minor) FROM sums WHERE sums.month = months.month) AS gross_minor
FROM months ORDER BY month DESC LIMIT 36
"""


class Totals(Struct, frozen=True):
    """What a filtered list adds up to. Amounts are by currency."""

    invoices: int = 0
    gross_minor: dict[str, int] = {}
    open_minor: dict[str, int] = {}


class _CurrencyTotal(Struct, frozen=True):
    currency: str
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


async def totals(
    tx: Transaction,
    today: date,
    search: str = "",
    state: str = "",
    period: date | None = None,
    driver_id: UUID | None = None,
) -> Totals:
    """Return how many invoices a filter leaves, and what they add up to."""
    found = await tx.fetch(_CurrencyTotal, TOTALS, today, _like(search), state, period, driver_id)
    return Totals(
        sum(each.invoices for each in found),
        {each.currency: each.gross_minor for each in found},
        {each.currency: each.open_minor for each in found if each.open_minor},
    )


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
    gross_minor: dict[str, int]
    """By currency."""


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
    vat: tuple[VatTotal, ...] | None
    """Where there are several rates."""


LINES = "SELECT * FROM invoice_line WHERE invoice_id = $1 ORDER BY number LIMIT 5000"


async def lines(tx: Transaction, invoice_id: UUID) -> list[LineRow]:
    """Return the sessions on an invoice."""
    return await tx.fetch(LineRow, LINES, invoice_id)


CREDITS = _SHOWN + "SELECT * FROM shown WHERE credits_invoice_id = $2 ORDER BY issued_at"  # noqa: S608 - made of constants


async def credits_of(tx: Transaction, today: date, invoice_id: UUID) -> list[InvoiceRow]:
    """Return the credit notes of an invoice."""
    return await tx.fetch(InvoiceRow, CREDITS, today, invoice_id)


class OwedRow(Struct, frozen=True, kw_only=True):
    """What a driver owes, by how long it has been due. Minor units."""

    driver_id: UUID
    driver_name: str
    email: str
    currency: str
    invoices: int
    not_due_minor: int
    due_30_minor: int
    """1 to 30 days."""
    due_60_minor: int
    due_90_minor: int
    due_more_minor: int
    total_minor: int
    oldest_due: date

    @property
    def ages(self) -> tuple[int, int, int, int, int]:
        """The sums from not due yet to longest due."""
        return (self.not_due_minor, self.due_30_minor, self.due_60_minor, self.due_90_minor, self.due_more_minor)


class OwedTotals(Struct, frozen=True, kw_only=True):
    """What all together owe in one currency."""

    currency: str
    drivers: int
    invoices: int
    not_due_minor: int
    due_30_minor: int
    due_60_minor: int
    due_90_minor: int
    due_more_minor: int
    total_minor: int

    @property
    def ages(self) -> tuple[int, int, int, int, int]:
        """The sums from not due yet to longest due."""
        return (self.not_due_minor, self.due_30_minor, self.due_60_minor, self.due_90_minor, self.due_more_minor)


_OPEN_SHOWN = """
WITH open AS (
    SELECT invoice.driver_id, driver.name AS driver_name, driver.email, invoice.currency, due_on,
           gross_minor - paid_minor - credited_minor AS open_minor, $1::date - due_on AS days
    FROM invoice JOIN driver ON driver.id = invoice.driver_id
    WHERE kind = 'invoice' AND gross_minor > paid_minor + credited_minor
      AND ($2 = '' OR concat_ws(' ', driver.name, driver.email, invoice.buyer ->> 'name') ILIKE '%' || $2 || '%')
)
"""
_AGES = """
       count(*) AS invoices,
       coalesce(sum(open_minor) FILTER (WHERE days <= 0), 0)::bigint AS not_due_minor,
       coalesce(sum(open_minor) FILTER (WHERE days BETWEEN 1 AND 30), 0)::bigint AS due_30_minor,
       coalesce(sum(open_minor) FILTER (WHERE days BETWEEN 31 AND 60), 0)::bigint AS due_60_minor,
       coalesce(sum(open_minor) FILTER (WHERE days BETWEEN 61 AND 90), 0)::bigint AS due_90_minor,
       coalesce(sum(open_minor) FILTER (WHERE days > 90), 0)::bigint AS due_more_minor,
       sum(open_minor)::bigint AS total_minor
"""
OWED = (
    _OPEN_SHOWN
    + "SELECT driver_id, min(driver_name) AS driver_name, min(email) AS email, currency, min(due_on) AS oldest_due,"
    + _AGES
    + """
FROM open GROUP BY driver_id, currency
ORDER BY CASE WHEN $3 = '-total' THEN -sum(open_minor) END, CASE WHEN $3 = 'total' THEN sum(open_minor) END,
         CASE WHEN $3 = 'oldest' THEN min(due_on) END, CASE WHEN $3 = '-oldest' THEN min(due_on) END DESC,
         CASE WHEN $3 = '-name' THEN min(driver_name) END DESC, min(driver_name), driver_id
LIMIT $4 OFFSET $5
"""
)
OWED_TOTALS = (
    _OPEN_SHOWN + "SELECT currency, count(DISTINCT driver_id) AS drivers," + _AGES + "FROM open GROUP BY currency"
)


async def receivables(
    tx: Transaction, today: date, search: str = "", sort: str = "-total", *, limit: int = 50, offset: int = 0
) -> list[OwedRow]:
    """Return a page of who owes what. `sort` is total, oldest or name, with `-` for descending."""
    return await tx.fetch(OwedRow, OWED, today, _like(search), sort, limit, offset)


async def receivables_totals(tx: Transaction, today: date, search: str = "") -> list[OwedTotals]:
    """Return what all together owe, by currency."""
    return await tx.fetch(OwedTotals, OWED_TOTALS, today, _like(search))


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""What pages read of how drivers pay: debits and tries in order, what waits for the month, who is held back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class MoveRow(Struct, frozen=True, kw_only=True):
    """A payment of a driver, as they see it."""

    id: UUID
    purpose: str
    state: str
    provider: str
    currency: str
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    failure_code: str | None
    created_at: datetime
    brand: str | None
    last4: str | None
    session_id: UUID | None
    place: str | None
    invoice_id: UUID | None
    invoice_number: str | None
    attempt: int | None


# A page that was opened and left says nothing to its driver; what banks were only going to be asked neither.
MOVES = """
SELECT payment.id, payment.purpose, payment.state, payment.provider, payment.currency, payment.amount_minor,
       payment.captured_minor, payment.refunded_minor, payment.failure_code, payment.created_at,
       payment_method.brand, payment_method.last4,
       coalesce(payment.session_id, start_request.session_id) AS session_id, site.name AS place, payment.invoice_id,
       invoice.series || '-' || lpad(invoice.number::text, greatest(5, length(invoice.number::text)), '0')
           AS invoice_number,
       debit_try.attempt
FROM payment
LEFT JOIN payment_method ON payment_method.id = payment.method_id
LEFT JOIN start_request ON start_request.id = payment.start_request_id
LEFT JOIN session ON session.id = coalesce(payment.session_id, start_request.session_id)
LEFT JOIN station ON station.id = coalesce(session.station_id, start_request.station_id)
LEFT JOIN site ON site.id = station.site_id
LEFT JOIN invoice ON invoice.id = payment.invoice_id
LEFT JOIN debit_try ON debit_try.payment_id = payment.id
WHERE payment.driver_id = $1 AND payment.purpose IN ('session', 'invoice', 'top_up')
  AND payment.state <> 'checkout' AND NOT (payment.state IN ('cancelled', 'failed') AND payment.method_id IS NULL
                                           AND payment.provider NOT IN ('wallet', 'autogiro', 'sepa'))
  AND ($2::timestamptz IS NULL OR payment.created_at < $2)
ORDER BY payment.created_at DESC, payment.id DESC LIMIT $3
"""


async def moves(tx: Transaction, driver_id: UUID, *, before: datetime | None = None, limit: int = 30) -> list[MoveRow]:
    """Return a driver's payments and tries, the newest first."""
    return await tx.fetch(MoveRow, MOVES, driver_id, before, limit)


class OpenInvoice(Struct, frozen=True, kw_only=True):
    """An invoice that is not paid, and what happens to it next."""

    id: UUID
    number: str
    currency: str
    remaining_minor: int
    due_on: date
    next_at: datetime | None
    round: int | None
    ended_why: str | None
    collected_on: date | None
    """The day on which the bank's file collects it."""


OPEN_INVOICES = """
SELECT invoice.id, invoice.series || '-' || lpad(invoice.number::text, greatest(5, length(invoice.number::text)), '0')
           AS number,
       invoice.currency, invoice.gross_minor - invoice.credited_minor - invoice.paid_minor AS remaining_minor,
       invoice.due_on, invoice_debit.next_at, invoice_debit.round, invoice_debit.ended_why,
       (SELECT collection.due_on FROM collection WHERE collection.invoice_id = invoice.id
        AND collection.state IN ('planned', 'sent', 'retrying') ORDER BY attempt DESC LIMIT 1) AS collected_on
FROM invoice LEFT JOIN invoice_debit ON invoice_debit.invoice_id = invoice.id
WHERE invoice.driver_id = $1 AND invoice.kind = 'invoice'
  AND invoice.gross_minor > invoice.credited_minor + invoice.paid_minor
ORDER BY invoice.due_on, invoice.number LIMIT 50
"""


async def open_invoices(tx: Transaction, driver_id: UUID) -> list[OpenInvoice]:
    """Return a driver's unpaid invoices, those due first first."""
    return await tx.fetch(OpenInvoice, OPEN_INVOICES, driver_id)


class Waiting(Struct, frozen=True):
    """Charges that wait for the month's invoice."""

    sessions: int = 0
    amount_minor: dict[str, int] = {}
    """By currency."""


class _CurrencyWaiting(Struct, frozen=True):
    currency: str
    sessions: int
    amount_minor: int


WAITING = """
SELECT currency, count(*) AS sessions, sum(price_minor)::bigint AS amount_minor FROM session
WHERE driver_id = $1 AND settlement = 'invoice' AND price_minor IS NOT NULL
  AND NOT EXISTS (SELECT FROM invoiced_session WHERE invoiced_session.session_id = session.id)
GROUP BY currency
"""


async def waiting(tx: Transaction, driver_id: UUID) -> Waiting:
    """Return what a driver's next invoice will hold, as far as it is known."""
    found = await tx.fetch(_CurrencyWaiting, WAITING, driver_id)
    return Waiting(sum(each.sessions for each in found), {each.currency: each.amount_minor for each in found})


class UnpaidRow(Struct, frozen=True, kw_only=True):
    """A charge that its driver is asked to pay."""

    session_id: UUID
    place: str
    started_at: datetime
    currency: str
    amount_minor: int
    why: str
    grace_until: datetime | None
    """The driver has until then to confirm it to their bank."""


UNPAID = """
SELECT unpaid_session.session_id, site.name AS place, session.started_at, unpaid_session.currency,
       unpaid_session.amount_minor, unpaid_session.why, unpaid_session.grace_until
FROM unpaid_session JOIN session ON session.id = unpaid_session.session_id
JOIN station ON station.id = session.station_id JOIN site ON site.id = station.site_id
WHERE unpaid_session.driver_id = $1 AND unpaid_session.amount_minor > 0 AND NOT EXISTS (
    SELECT FROM payment WHERE payment.session_id = unpaid_session.session_id AND captured_minor > 0)
ORDER BY since LIMIT 50
"""


async def unpaid(tx: Transaction, driver_id: UUID) -> list[UnpaidRow]:
    """Return the charges that a driver is asked to pay, the oldest first."""
    return await tx.fetch(UnpaidRow, UNPAID, driver_id)


class HeldRow(Struct, frozen=True, kw_only=True):
    """A driver whose new starts are held back."""

    id: UUID
    name: str
    email: str
    why: str
    since: datetime | None
    unpaid_minor: dict[str, int]
    """By currency."""


_HELD = """
FROM driver
WHERE starts_held <> '' AND ($1 = '' OR starts_held = $1)
  AND ($2 = '' OR concat_ws(' ', driver.name, driver.email) ILIKE '%' || $2 || '%')
"""
HELD = f"""
SELECT driver.id, driver.name, driver.email, starts_held AS why, starts_held_at AS since,
       (SELECT coalesce(jsonb_object_agg(currency, minor), '{{}}') FROM (
            SELECT currency, sum(minor)::bigint AS minor FROM (
                SELECT currency, amount_minor AS minor FROM unpaid_session
                WHERE unpaid_session.driver_id = driver.id AND amount_minor > 0 AND NOT EXISTS (
                    SELECT FROM payment WHERE payment.session_id = unpaid_session.session_id AND captured_minor > 0)
                UNION ALL
                SELECT currency, gross_minor - credited_minor - paid_minor FROM invoice
                WHERE invoice.driver_id = driver.id AND invoice.kind = 'invoice'
                  AND gross_minor > credited_minor + paid_minor) AS unpaid
            GROUP BY currency) AS sums) AS unpaid_minor
{_HELD} ORDER BY starts_held_at DESC NULLS LAST, driver.id LIMIT $3 OFFSET $4
"""  # noqa: S608 - constant text
HELD_COUNT = "SELECT count(*)" + _HELD


async def held(tx: Transaction, why: str, search: str, *, limit: int = 50, offset: int = 0) -> list[HeldRow]:
    """Return a page of drivers whose new starts are held back, the latest first."""
    return await tx.fetch(HeldRow, HELD, why, like(search), limit, offset)


async def count_held(tx: Transaction, why: str, search: str) -> int:
    """Return how many drivers are held back."""
    return int(await tx.value(HELD_COUNT, why, like(search)))


def like(text: str) -> str:
    """Return `text` so that LIKE takes it as it is."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

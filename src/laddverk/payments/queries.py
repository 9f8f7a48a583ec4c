"""What screens read of payments. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class PaymentRow(Struct, frozen=True, kw_only=True):
    """A payment in a list and on its own page."""

    id: UUID
    purpose: str
    session_id: UUID | None
    start_request_id: UUID | None
    invoice_id: UUID | None
    driver_id: UUID | None
    driver_name: str | None
    provider: str
    provider_ref: str | None
    state: str
    currency: str
    amount_minor: int
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    failure_code: str | None
    failure_text: str | None
    created_at: datetime
    updated_at: datetime
    brand: str | None
    last4: str | None
    station_name: str | None
    invoice_number: str | None
    """As it is printed: `F2026-00042`."""


_FROM = """
FROM payment
LEFT JOIN driver ON driver.id = payment.driver_id
LEFT JOIN payment_method ON payment_method.id = payment.method_id
LEFT JOIN start_request ON start_request.id = payment.start_request_id
LEFT JOIN session ON session.id = coalesce(payment.session_id, start_request.session_id)
LEFT JOIN station ON station.id = coalesce(session.station_id, start_request.station_id)
LEFT JOIN invoice ON invoice.id = payment.invoice_id
"""
_COLUMNS = """
SELECT payment.id, payment.purpose, coalesce(payment.session_id, start_request.session_id) AS session_id,
       payment.start_request_id, payment.invoice_id, payment.driver_id, driver.name AS driver_name, payment.provider,
       payment.provider_ref, payment.state, payment.currency, payment.amount_minor, payment.authorised_minor,
       payment.captured_minor, payment.refunded_minor, payment.failure_code, payment.failure_text, payment.created_at,
       payment.updated_at, payment_method.brand, payment_method.last4, station.name AS station_name,
       invoice.series || '-' || lpad(invoice.number::text, greatest(5, length(invoice.number::text)), '0')
           AS invoice_number
"""
_NARROWED = """
WHERE ($1 = '' OR concat_ws(' ', driver.name, payment.provider_ref, payment.id::text, station.name)
                ILIKE '%' || $1 || '%')
  AND ($2 = '' OR payment.state = $2
       OR ($2 = 'refund_failed' AND payment.id IN (SELECT payment_id FROM refund_refused)))
  AND ($3 = '' OR payment.purpose = $3)
  AND ($4 = '' OR payment.provider = $4)
  AND ($5::timestamptz IS NULL OR payment.created_at >= $5) AND ($6::timestamptz IS NULL OR payment.created_at < $6)
  AND ($7::uuid IS NULL OR payment.driver_id = $7)
  AND ($8::uuid IS NULL OR station.site_id = $8)
  AND ($9::uuid[] IS NULL OR station.site_id = ANY($9))
"""
PAYMENTS = (
    _COLUMNS
    + _FROM
    + _NARROWED
    + """
ORDER BY CASE WHEN $10 = 'amount' THEN payment.captured_minor END,
         CASE WHEN $10 = '-amount' THEN payment.captured_minor END DESC,
         CASE WHEN $10 = 'created' THEN payment.created_at END, payment.created_at DESC, payment.id
LIMIT $11 OFFSET $12
"""
)
COUNT = "SELECT count(*)" + _FROM + _NARROWED
TOTALS = (
    """
SELECT payment.currency, count(*) AS payments, sum(payment.captured_minor)::bigint AS captured_minor,
       sum(payment.refunded_minor)::bigint AS refunded_minor,
       coalesce(sum(payment.authorised_minor) FILTER (WHERE payment.state IN ('authorised', 'capturing')), 0)::bigint
           AS reserved_minor
"""
    + _FROM
    + _NARROWED
    + "GROUP BY payment.currency ORDER BY payment.currency"
)
REFUNDS_REFUSED = "SELECT count(*) FROM refund_refused"
RAILS = "SELECT DISTINCT provider FROM payment ORDER BY provider"
PAYMENT = _COLUMNS + _FROM + " WHERE payment.id = $1"
OF_THING = (
    _COLUMNS  # noqa: S608 - constants above
    + _FROM
    + """
WHERE payment.id IN (
    SELECT id FROM payment AS own WHERE own.session_id = $1
    UNION ALL SELECT id FROM payment AS own WHERE own.invoice_id = $1
    UNION ALL SELECT own.id FROM start_request AS begun JOIN payment AS own ON own.start_request_id = begun.id
    WHERE begun.session_id = $1
    UNION ALL (SELECT id FROM payment AS own WHERE own.driver_id = $1 AND $2 ORDER BY own.created_at DESC LIMIT 50))
ORDER BY payment.created_at DESC LIMIT 50
"""
)
STATES = "SELECT state, count(*) AS payments FROM payment GROUP BY state ORDER BY state"


class PaymentFilter(Struct, frozen=True, kw_only=True):
    """Which payments a list shows. `since` and `until` are instants (until is excluded); empty means all."""

    search: str = ""
    state: str = ""
    purpose: str = ""
    rail: str = ""
    since: datetime | None = None
    until: datetime | None = None
    driver_id: UUID | None = None
    site_id: UUID | None = None
    site_ids: frozenset[UUID] | None = None
    """The only sites that whoever asks may see; None for all."""


class PaymentTotals(Struct, frozen=True, kw_only=True):
    """What a filtered list adds up to in one currency."""

    currency: str
    payments: int
    captured_minor: int
    refunded_minor: int
    reserved_minor: int
    """Of those that wait to be taken."""


async def payments(
    tx: Transaction, chosen: PaymentFilter, sort: str = "-created", *, limit: int = 50, offset: int = 0
) -> list[PaymentRow]:
    """Return a page of payments. `sort` is created or amount, with `-` for descending."""
    return await tx.fetch(PaymentRow, PAYMENTS, *_given(chosen), sort, limit, offset)


async def count_payments(tx: Transaction, chosen: PaymentFilter) -> int:
    """Return how many payments a filter leaves."""
    return int(await tx.value(COUNT, *_given(chosen)))


async def totals(tx: Transaction, chosen: PaymentFilter) -> list[PaymentTotals]:
    """Return what a filter leaves, added up by currency."""
    return await tx.fetch(PaymentTotals, TOTALS, *_given(chosen))


async def rails(tx: Transaction) -> list[str]:
    """Return the rails that payments have come by."""
    return await tx.values(RAILS)


def _given(chosen: PaymentFilter) -> tuple[object, ...]:
    sites = None if chosen.site_ids is None else sorted(chosen.site_ids)
    return (
        like(chosen.search), chosen.state, chosen.purpose, chosen.rail, chosen.since, chosen.until, chosen.driver_id,
        chosen.site_id, sites,
    )  # fmt: skip


async def count_refunds_refused(tx: Transaction) -> int:
    """Return how many refunds were refused and not made since: what they were to give back is still owed."""
    return int(await tx.value(REFUNDS_REFUSED))


async def payment(tx: Transaction, payment_id: UUID) -> PaymentRow | None:
    """Return one payment."""
    return await tx.fetch_one(PaymentRow, PAYMENT, payment_id)


async def payments_of(tx: Transaction, thing_id: UUID, *, driver: bool = False) -> list[PaymentRow]:
    """Return the payments of a session, an invoice, or with `driver` of a driver."""
    return await tx.fetch(PaymentRow, OF_THING, thing_id, driver)


class StateCount(Struct, frozen=True):
    """How many payments are in one state."""

    state: str
    payments: int


async def state_counts(tx: Transaction) -> list[StateCount]:
    """Return how many payments are in each state."""
    return await tx.fetch(StateCount, STATES)


class PaymentEventRow(Struct, frozen=True, kw_only=True):
    """Something that happened to a payment."""

    at: datetime
    kind: str
    amount_minor: int | None
    detail: dict[str, Any]


EVENTS = (
    "SELECT at, kind, amount_minor, detail FROM payment_event WHERE payment_id = $1 ORDER BY at DESC, id DESC LIMIT 200"
)


async def events(tx: Transaction, payment_id: UUID) -> list[PaymentEventRow]:
    """Return what happened to a payment, newest first."""
    return await tx.fetch(PaymentEventRow, EVENTS, payment_id)


def like(text: str) -> str:
    """Return `text` with the signs that mean anything in LIKE taken as letters."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""Invoices in PostgreSQL. SQL and nothing else; money is decided in `rules`, here it is only written and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from laddverk.invoicing.model import (
    PAYMENT_TERM_DAYS,
    DueSession,
    Invoice,
    InvoiceLine,
    NewInvoice,
    Receipt,
    Seller,
)
from laddverk.kernel.ids import DriverId, InvoiceId, SessionId
from laddverk.platform.database import Transaction

# The row lock makes runs and credit notes follow one another, and a rolled back number is taken again: no gaps.
LOCK_SERIES: Final = """
INSERT INTO invoice_series (name, next_number) VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE SET next_number = invoice_series.next_number
RETURNING next_number
"""
ADVANCE_SERIES: Final = "UPDATE invoice_series SET next_number = $2 WHERE name = $1"

# A session belongs to the month in which it ended, by the clock on the wall of its site.
DUE: Final = """
    session.settlement = 'invoice' AND session.price_minor IS NOT NULL AND session.driver_id IS NOT NULL
    AND session.ended_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (session.ended_at AT TIME ZONE session.timezone)::date < $1
    AND NOT EXISTS (SELECT 1 FROM invoiced_session WHERE invoiced_session.session_id = session.id)
"""
# Who pays: the owner of the account that the driver was a member of, else the driver.
DUE_DRIVERS: Final = f"""
SELECT DISTINCT coalesce(charge.payer_id, session.driver_id) AS payer_id
FROM session LEFT JOIN customer_charge AS charge ON charge.session_id = session.id
WHERE {DUE} ORDER BY payer_id
"""  # noqa: S608 - constant text
DUE_SESSIONS: Final = f"""
SELECT session.id, coalesce(charge.payer_id, session.driver_id) AS driver_id, session.currency,
       coalesce(vat_percent, 0) AS vat_percent, price_minor AS gross_minor, session.energy_wh, session.vat
FROM session LEFT JOIN customer_charge AS charge ON charge.session_id = session.id
WHERE {DUE} AND coalesce(charge.payer_id, session.driver_id) = ANY($2)
  AND session.driver_id = ANY($2 || ARRAY(SELECT DISTINCT driver_id FROM customer_charge WHERE payer_id = ANY($2)))
ORDER BY 2, session.started_at, session.id
FOR UPDATE OF session
"""  # noqa: S608 - constant text

INSERT_INVOICES: Final = """
INSERT INTO invoice (id, series, number, kind, driver_id, period, run, currency, gross_minor, net_minor, vat_minor, vat,
                     seller, buyer, reference, issued_at, due_on)
SELECT given.id, $1, given.number, 'invoice', given.driver_id, $2,
       coalesce((SELECT max(earlier.run) FROM invoice AS earlier
                 WHERE earlier.driver_id = given.driver_id AND earlier.period = $2 AND earlier.kind = 'invoice'), 0)
           + row_number() OVER (PARTITION BY given.driver_id ORDER BY given.number),
       given.currency, given.gross_minor, given.net_minor, given.vat_minor, given.vat::jsonb, $3,
       CASE WHEN invoice_buyer.driver_id IS NULL AND account.id IS NOT NULL
            THEN jsonb_build_object(
                'kind', 'company', 'name', account.name, 'org_number', account.org_number,
                'address', coalesce(nullif(account.address, ''), driver.address),
                'email', coalesce(nullif(account.invoice_email, ''), driver.email), 'reference', account.reference)
            WHEN invoice_buyer.driver_id IS NULL
            THEN jsonb_build_object('name', driver.name, 'address', driver.address, 'email', driver.email)
            ELSE jsonb_build_object(
                'kind', invoice_buyer.kind, 'name', invoice_buyer.name, 'org_number', invoice_buyer.org_number,
                'vat_number', invoice_buyer.vat_number, 'address', invoice_buyer.address,
                'email', coalesce(nullif(invoice_buyer.email, ''), driver.email),
                'reference', invoice_buyer.reference, 'order_number', invoice_buyer.order_number)
       END,
       given.reference, $4, $5::date + coalesce(invoice_buyer.terms_days, $15)
FROM unnest($6::uuid[], $7::bigint[], $8::text[], $9::uuid[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
            $14::text[])
     AS given (id, number, reference, driver_id, currency, gross_minor, net_minor, vat_minor, vat)
JOIN driver ON driver.id = given.driver_id
LEFT JOIN invoice_buyer ON invoice_buyer.driver_id = given.driver_id
LEFT JOIN LATERAL (
    -- The company account that they pay for, also one that was closed since the month began.
    SELECT * FROM customer_account
    WHERE owner_id = given.driver_id AND kind = 'company' AND coalesce(closed_at, 'infinity') > $2::date
    ORDER BY closed_at DESC NULLS FIRST LIMIT 1
) AS account ON true
"""

INSERT_LINES: Final = """
INSERT INTO invoice_line (invoice_id, number, session_id, sign, text, started_at, ended_at, energy_wh, gross_minor,
                          net_minor, vat_minor, vat_percent, vat, price_lines, driver_name)
SELECT given.invoice_id, given.number, given.session_id, 1,
       CASE WHEN member.shares_places IS NOT FALSE THEN concat_ws(' · ', site.name, connector.code) ELSE '' END,
       session.started_at, session.ended_at, session.energy_wh, given.gross_minor, given.net_minor, given.vat_minor,
       coalesce(session.vat_percent, 0), given.vat::jsonb, coalesce(session.price_lines, '[]'),
       coalesce(driver.name, '')
FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
     AS given (invoice_id, number, session_id, gross_minor, net_minor, vat_minor, vat)
JOIN session ON session.id = given.session_id
JOIN station ON station.id = session.station_id
JOIN site ON site.id = station.site_id
LEFT JOIN connector ON connector.station_id = session.station_id AND connector.evse_number = session.evse_number
     AND connector.connector_number = session.connector_number
-- What another pays for names who charged, and where only when they let it be seen.
LEFT JOIN customer_charge AS charge ON charge.session_id = session.id AND charge.payer_id <> charge.driver_id
LEFT JOIN customer_member AS member ON member.id = charge.member_id
LEFT JOIN driver ON driver.id = charge.driver_id
"""
INSERT_FEE_LINES: Final = """
INSERT INTO invoice_line (invoice_id, number, subscription_id, sign, text, started_at, ended_at, energy_wh, gross_minor,
                          net_minor, vat_minor, vat_percent)
SELECT invoice_id, number, subscription_id, 1, text, from_day::timestamp AT TIME ZONE $11,
       until_day::timestamp AT TIME ZONE $11, 0, gross_minor, net_minor, vat_minor, vat_percent
FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::date[], $6::date[], $7::bigint[], $8::bigint[],
            $9::bigint[], $10::numeric[])
     AS given (invoice_id, number, subscription_id, text, from_day, until_day, gross_minor, net_minor, vat_minor,
               vat_percent)
"""
INSERT_INVOICED_FEES: Final = """
INSERT INTO invoiced_fee (subscription_id, month, invoice_id)
SELECT DISTINCT * FROM unnest($1::uuid[], $2::date[], $3::uuid[])
"""
INSERT_INVOICED: Final = """
INSERT INTO invoiced_session (session_id, invoice_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])
"""

INVOICE: Final = "SELECT * FROM invoice WHERE id = $1"
INVOICE_LOCKED: Final = "SELECT * FROM invoice WHERE id = $1 FOR UPDATE"
LINES: Final = "SELECT * FROM invoice_line WHERE invoice_id = $1 ORDER BY number"
TIMEZONE: Final = """
SELECT session.timezone FROM invoice_line JOIN session ON session.id = invoice_line.session_id
WHERE invoice_line.invoice_id = $1 GROUP BY session.timezone ORDER BY count(*) DESC, session.timezone LIMIT 1
"""
LANGUAGE: Final = "SELECT language FROM driver WHERE id = $1"

INSERT_CREDIT: Final = """
INSERT INTO invoice (id, series, number, kind, credits_invoice_id, driver_id, period, run, currency, gross_minor,
                     net_minor, vat_minor, vat, seller, buyer, reference, issued_at, due_on, reason)
SELECT $2, $3, $4, 'credit_note', id, driver_id, period, run, currency, -gross_minor, -net_minor, -vat_minor, $5,
       seller, buyer, $6, $7, $8, $9
FROM invoice WHERE id = $1
"""
INSERT_CREDIT_LINES: Final = """
INSERT INTO invoice_line (invoice_id, number, session_id, subscription_id, sign, text, started_at, ended_at, energy_wh,
                          gross_minor, net_minor, vat_minor, vat_percent, vat, price_lines, driver_name)
SELECT $2, number, session_id, subscription_id, -1, text, started_at, ended_at, -energy_wh, -gross_minor, -net_minor,
       -vat_minor, vat_percent,
       (SELECT jsonb_agg(jsonb_build_object(
            'percent', part -> 'percent', 'net_minor', -(part -> 'net_minor')::bigint,
            'vat_minor', -(part -> 'vat_minor')::bigint, 'gross_minor', -(part -> 'gross_minor')::bigint)
            ORDER BY place)
        FROM jsonb_array_elements(vat) WITH ORDINALITY AS rates (part, place)),
       price_lines, driver_name
FROM invoice_line WHERE invoice_id = $1
"""
IS_CREDITED: Final = "SELECT EXISTS (SELECT 1 FROM invoice WHERE credits_invoice_id = $1)"
MARK_CREDITED: Final = "UPDATE invoice SET credited_minor = gross_minor WHERE id = $1"
RELEASE_SESSIONS: Final = "DELETE FROM invoiced_session WHERE invoice_id = $1 RETURNING session_id"
RELEASE_FEES: Final = "DELETE FROM invoiced_fee WHERE invoice_id = $1"
CREDIT_FEES: Final = "UPDATE invoiced_fee SET credited = true WHERE invoice_id = $1"
HOLD_SESSIONS: Final = """
UPDATE session SET settlement = 'review', doubts = array_append(array_remove(doubts, 'credited'), 'credited')
WHERE id = ANY($1)
"""

# Derived, not counted up: the same event twice changes nothing (law 2).
MARK_PAID: Final = """
UPDATE invoice SET paid_minor = (
    SELECT coalesce(sum(payment.captured_minor - payment.refunded_minor), 0) FROM payment
    WHERE payment.invoice_id = invoice.id)
WHERE id = ANY($1)
"""
FILE: Final = "SELECT content FROM invoice_file WHERE invoice_id = $1 AND language = $2"
KEEP_FILE: Final = """
INSERT INTO invoice_file (invoice_id, language, sha256, content, made_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (invoice_id, language) DO NOTHING
"""
KEEP_FINGERPRINT: Final = """
UPDATE invoice SET pdf_sha256 = pdf_sha256 || jsonb_build_object($2::text, $3::text)
WHERE id = $1 AND NOT pdf_sha256 ? $2
"""

# A session with what was paid for it at once, by the payment that captured most.
RECEIPT: Final = """
SELECT session.number, concat_ws(' · ', site.name, connector.code) AS place, session.started_at, session.ended_at,
       session.energy_wh, session.price_minor, coalesce(session.vat_minor, 0) AS vat_minor,
       coalesce(session.vat_percent, 0) AS vat_percent, session.vat, session.currency,
       coalesce(session.price_lines, '[]') AS price_lines, session.timezone, paid.paid_at,
       coalesce(paid.captured_minor, 0) AS captured_minor, coalesce(paid.refunded_minor, 0) AS refunded_minor
FROM session
JOIN station ON station.id = session.station_id
JOIN site ON site.id = station.site_id
LEFT JOIN connector ON connector.station_id = session.station_id AND connector.evse_number = session.evse_number
     AND connector.connector_number = session.connector_number
LEFT JOIN LATERAL (
    -- What was paid before the charge and not used is no part of the sale.
    SELECT payment.captured_minor - payment.unused_minor AS captured_minor,
           greatest(0, payment.refunded_minor - payment.unused_minor) AS refunded_minor,
           (SELECT min(at) FROM payment_event WHERE payment_id = payment.id AND kind = 'captured') AS paid_at
    FROM payment
    WHERE payment.state = 'captured' AND (payment.session_id = session.id OR payment.id = session.payment_id)
    ORDER BY payment.captured_minor DESC LIMIT 1
) AS paid ON true
WHERE session.id = $1 AND session.ended_at IS NOT NULL AND session.price_minor IS NOT NULL
"""


async def lock_series(tx: Transaction, name: str) -> int:
    """Return the next free number of series `name`, locked until `tx` ends; the series begins at 1."""
    return int(await tx.value(LOCK_SERIES, name))


async def advance_series(tx: Transaction, name: str, next_number: int) -> None:
    """Say which number is free next; the caller holds the lock."""
    await tx.execute(ADVANCE_SERIES, name, next_number)


async def due_drivers(tx: Transaction, before: date) -> list[DriverId]:
    """Return the drivers with sessions to invoice that ended, locally, before the day `before`."""
    return await tx.values(DUE_DRIVERS, before)


async def due_sessions(tx: Transaction, before: date, drivers: Sequence[DriverId]) -> list[DueSession]:
    """Return the sessions to invoice of `drivers`, oldest first within each driver, locked."""
    return await tx.fetch(DueSession, DUE_SESSIONS, before, drivers)


async def save(
    tx: Transaction,
    invoices: Sequence[NewInvoice],
    *,
    series: str,
    period: date,
    seller: Seller,
    at: datetime,
    today: date,
    timezone: str,
) -> None:
    """Write `invoices` with their lines to whoever is invoiced for their drivers, and mark their sessions as invoiced.

    They are due after the buyer's own terms from `today`, or else `PAYMENT_TERM_DAYS`.
    """
    await tx.execute(
        INSERT_INVOICES,
        series,
        period,
        seller,
        at,
        today,
        [invoice.id for invoice in invoices],
        [invoice.number for invoice in invoices],
        [invoice.reference for invoice in invoices],
        [invoice.driver_id for invoice in invoices],
        [invoice.currency for invoice in invoices],
        [invoice.gross_minor for invoice in invoices],
        [invoice.net_minor for invoice in invoices],
        [invoice.vat_minor for invoice in invoices],
        [as_json(invoice.vat) for invoice in invoices],
        PAYMENT_TERM_DAYS,
    )
    lines = [(invoice.id, line) for invoice in invoices for line in invoice.lines if line.fee is None]
    owners = [invoice_id for invoice_id, _ in lines]
    sessions = [line.session_id for _, line in lines]
    await tx.execute(
        INSERT_LINES,
        owners,
        [line.number for _, line in lines],
        sessions,
        [line.gross_minor for _, line in lines],
        [line.net_minor for _, line in lines],
        [line.vat_minor for _, line in lines],
        [None if line.vat is None else as_json(line.vat) for _, line in lines],
    )
    await tx.execute(INSERT_INVOICED, sessions, owners)
    await _save_fees(tx, invoices, timezone)


async def _save_fees(tx: Transaction, invoices: Sequence[NewInvoice], timezone: str) -> None:
    fees = [(invoice.id, line, line.fee) for invoice in invoices for line in invoice.lines if line.fee is not None]
    if not fees:
        return
    await tx.execute(
        INSERT_FEE_LINES,
        [invoice_id for invoice_id, _, _ in fees],
        [line.number for _, line, _ in fees],
        [fee.subscription_id for _, _, fee in fees],
        [fee.text for _, _, fee in fees],
        [fee.from_day for _, _, fee in fees],
        [fee.until_day for _, _, fee in fees],
        [line.gross_minor for _, line, _ in fees],
        [line.net_minor for _, line, _ in fees],
        [line.vat_minor for _, line, _ in fees],
        [line.vat_percent for _, line, _ in fees],
        timezone,
    )
    await tx.execute(
        INSERT_INVOICED_FEES,
        [fee.subscription_id for _, _, fee in fees],
        [fee.month for _, _, fee in fees],
        [invoice_id for invoice_id, _, _ in fees],
    )


async def invoice(tx: Transaction, invoice_id: InvoiceId, *, lock: bool = False) -> Invoice | None:
    """Return a document, with the time zone that most of its sessions were in; None when there is none."""
    found = await tx.fetch_one(Invoice, INVOICE_LOCKED if lock else INVOICE, invoice_id)
    timezone = await tx.value(TIMEZONE, invoice_id)
    return replace(found, timezone=timezone) if found is not None and timezone else found


async def lines(tx: Transaction, invoice_id: InvoiceId) -> list[InvoiceLine]:
    """Return the lines of a document in their order."""
    return await tx.fetch(InvoiceLine, LINES, invoice_id)


async def language_of(tx: Transaction, driver_id: DriverId) -> str:
    """Return the language a driver reads."""
    return str(await tx.value(LANGUAGE, driver_id))


async def is_credited(tx: Transaction, invoice_id: InvoiceId) -> bool:
    """Return whether a credit note refers to this invoice."""
    return bool(await tx.value(IS_CREDITED, invoice_id))


async def save_credit(
    tx: Transaction,
    credited: Invoice,
    *,
    id: InvoiceId,  # noqa: A002 - the column's name
    series: str,
    number: int,
    reference: str,
    vat: Sequence[Any],
    at: datetime,
    due_on: date,
    reason: str,
) -> None:
    """Write the full credit note of `credited`, line by line its mirror, and mark that it is credited."""
    await tx.execute(INSERT_CREDIT, credited.id, id, series, number, vat, reference, at, due_on, reason)
    await tx.execute(INSERT_CREDIT_LINES, credited.id, id)
    await tx.execute(MARK_CREDITED, credited.id)


async def release_sessions(tx: Transaction, invoice_id: InvoiceId, *, hold: bool) -> list[UUID]:
    """Let the sessions of a credited invoice go; with `hold` they wait for a person instead of the next run.

    Its fees come on the next run too, or with `hold` never again.
    """
    released = await tx.values(RELEASE_SESSIONS, invoice_id)
    await tx.execute(CREDIT_FEES if hold else RELEASE_FEES, invoice_id)
    if hold:
        await tx.execute(HOLD_SESSIONS, released)
    return released


async def mark_paid(tx: Transaction, invoice_ids: Sequence[UUID]) -> None:
    """Set what was paid on these invoices to what their payments say."""
    await tx.execute(MARK_PAID, invoice_ids)


async def file(tx: Transaction, invoice_id: InvoiceId, language: str) -> bytes | None:
    """Return the PDF of a document as it was first made; None when it was not made yet."""
    found: bytes | None = await tx.value(FILE, invoice_id, language)
    return found


async def keep_file(
    tx: Transaction, invoice_id: InvoiceId, language: str, content: bytes, sha256: str, at: datetime
) -> None:
    """Keep the PDF of a document, unless it was kept before."""
    await tx.execute(KEEP_FILE, invoice_id, language, sha256, content, at)
    await tx.execute(KEEP_FINGERPRINT, invoice_id, language, sha256)


async def receipt(tx: Transaction, session_id: SessionId) -> Receipt | None:
    """Return what the receipt of a session says; None while it is not over and priced."""
    return await tx.fetch_one(Receipt, RECEIPT, session_id)


def as_json(value: object) -> str:
    """Return `value` as JSON text, for arrays of jsonb (the codec works on single values)."""
    return msgspec.json.encode(value).decode()

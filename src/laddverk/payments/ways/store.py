"""Ways to pay in PostgreSQL: choices, policy, tries and debits. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DriverId, InvoiceId, PaymentId, PaymentMethodId, SessionId
from laddverk.kernel.money import VatTotal
from laddverk.payments.rules import Sold
from laddverk.payments.store import NOT_GIVEN_BACK
from laddverk.payments.ways.model import Choice, Means, Owing, Policy, Tried, Unpaid, Way, WayKind
from laddverk.platform.database import Transaction

POLICY: Final = "SELECT * FROM paying_policy"
SAVE_POLICY: Final = """
UPDATE paying_policy SET may_owe = $1, free_without_energy = $2, debit_after_days = $3, hold_without_way = $4,
       hold_overdue_days = $5, hold_unpaid_minor = $6
"""
CHOICE: Final = """
SELECT driver.id AS driver_id, driver.settlement = 'card' AS at_once, first_kind, first_method_id, fallback_kind,
       fallback_method_id, coalesce(gather_below_minor, 0) AS gather_below_minor, may_owe, may_start_until,
       coalesce(may_start_why, '') AS may_start_why
FROM driver LEFT JOIN driver_paying ON driver_paying.driver_id = driver.id WHERE driver.id = $1
"""
LOCK_DRIVER: Final = "SELECT id FROM driver WHERE id = $1 FOR NO KEY UPDATE"
SAVE_CHOICE: Final = """
INSERT INTO driver_paying (driver_id, first_kind, first_method_id, fallback_kind, fallback_method_id,
                           gather_below_minor, may_owe, may_start_until, may_start_why, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (driver_id) DO UPDATE SET first_kind = excluded.first_kind, first_method_id = excluded.first_method_id,
    fallback_kind = excluded.fallback_kind, fallback_method_id = excluded.fallback_method_id,
    gather_below_minor = excluded.gather_below_minor, may_owe = excluded.may_owe,
    may_start_until = excluded.may_start_until, may_start_why = excluded.may_start_why,
    changed_at = excluded.changed_at
"""
CHOOSE_ANEW: Final = "UPDATE driver_paying SET chosen_at = $2 WHERE driver_id = $1"
# A disputed card is not debited while nobody is there, as little as one that its bank has closed.
METHODS: Final = """
SELECT id, provider, brand, last4, expires,
       CASE WHEN stopped_code <> '' THEN stopped_code WHEN frozen_at IS NOT NULL THEN 'frozen' ELSE '' END
           AS stopped_code
FROM payment_method WHERE driver_id = $1 AND provider = ANY($2) AND removed_at IS NULL ORDER BY created_at DESC, id DESC
"""
MANDATE: Final = """
SELECT scheme, state, account_last4 FROM mandate
WHERE driver_id = $1 AND state IN ('invited', 'requested', 'sent', 'active') ORDER BY state = 'active' DESC LIMIT 1
"""
STOP_METHOD: Final = """
UPDATE payment_method SET stopped_code = $2, stopped_at = $3 WHERE id = $1 AND stopped_code = ''
"""

LOCK_SESSION: Final = """
SELECT session.id, driver_id, settlement, coalesce(price_minor, 0) AS price_minor, currency, version, energy_wh,
       coalesce(vat_minor, 0) AS vat_minor, coalesce(vat_percent, 0) AS vat_percent, vat, started_at,
       CASE WHEN starts_with(station.name, site.name) THEN station.name  -- many are named after their site
            ELSE concat_ws(' · ', site.name, station.name) END AS place
FROM session JOIN station ON station.id = session.station_id JOIN site ON site.id = station.site_id
WHERE session.id = $1 FOR NO KEY UPDATE OF session
"""
SET_FREE: Final = """
UPDATE session SET settlement = 'free'
WHERE id = ANY($1) AND energy_wh = 0 AND (SELECT free_without_energy FROM paying_policy) AND NOT reservation_expired
  AND settlement IN ('payment', 'invoice')
  AND NOT EXISTS (SELECT FROM invoiced_session WHERE session_id = session.id)
RETURNING id
"""
PLACE_OF_START: Final = """
SELECT CASE WHEN starts_with(station.name, site.name) THEN station.name
            ELSE concat_ws(' · ', site.name, station.name) END FROM start_request
JOIN station ON station.id = start_request.station_id JOIN site ON site.id = station.site_id
WHERE start_request.id = $1
"""
_TRIED: Final = """
SELECT payment.id AS payment_id, attempt, round, kind, debit_try.method_id, payment.state, payment.failure_code, made_at
FROM debit_try JOIN payment ON payment.id = debit_try.payment_id
"""
TRIES_OF_SESSION: Final = _TRIED + "WHERE debit_try.session_id = $1 ORDER BY attempt"
TRIES_OF_INVOICE: Final = _TRIED + "WHERE debit_try.invoice_id = $1 ORDER BY attempt"
INSERT_TRY: Final = """
INSERT INTO debit_try (payment_id, driver_id, session_id, invoice_id, attempt, round, kind, method_id, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# Paid, or being paid, by whatever payment: a hosted page of the driver's own included.
ACTIVE_FOR_SESSION: Final = """
SELECT EXISTS (SELECT FROM payment WHERE session_id = $1 AND purpose = 'session'
               AND (captured_minor > 0
                    OR state IN ('created', 'submitted', 'authorised', 'capturing', 'unknown')
                    OR (state = 'checkout' AND updated_at > $2::timestamptz - interval '2 hours')))
"""

UNPAID: Final = "SELECT * FROM unpaid_session WHERE session_id = $1 FOR UPDATE"
KEEP_UNPAID: Final = """
INSERT INTO unpaid_session (session_id, driver_id, currency, amount_minor, why, since, grace_until)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (session_id) DO UPDATE SET amount_minor = excluded.amount_minor, why = excluded.why,
    grace_until = excluded.grace_until
"""
GRACE_OVER: Final = """
SELECT session_id FROM unpaid_session WHERE grace_until <= $1 AND amount_minor > 0 ORDER BY grace_until LIMIT 200
"""
# A payment of it ends the debt; what was captured says so, whoever wrote it down first.
UNPAID_OF_DRIVER: Final = """
SELECT * FROM unpaid_session
WHERE driver_id = $1 AND amount_minor > 0 AND NOT EXISTS (
    SELECT FROM payment WHERE payment.session_id = unpaid_session.session_id AND captured_minor > 0)
ORDER BY since
"""
# An invoice that somebody is collecting just now is not overdue: banks take days (three bank days after their answer).
# What people gave back of one holds nobody either.
OWING: Final = (
    """
SELECT driver.id AS driver_id, driver.starts_held AS held, driver.settlement = 'card' AS at_once,
       coalesce(sessions.minor, 0)::bigint AS sessions_minor,
       (coalesce(sessions.own_minor, 0) + coalesce(due.own_minor, 0))::bigint AS unpaid_minor,
       due.since AS overdue_since, driver_paying.may_start_until
FROM driver
LEFT JOIN driver_paying ON driver_paying.driver_id = driver.id
LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS minor, sum(amount_minor) FILTER (WHERE currency = $3) AS own_minor FROM unpaid_session
    WHERE unpaid_session.driver_id = driver.id AND coalesce(grace_until, $2) <= $2 AND NOT EXISTS (
        SELECT FROM payment WHERE payment.session_id = unpaid_session.session_id AND captured_minor > 0)
) AS sessions ON true
LEFT JOIN LATERAL (
    SELECT sum(invoice.gross_minor - invoice.credited_minor - invoice.paid_minor)
               FILTER (WHERE invoice.currency = $3) AS own_minor,
           min(invoice.due_on)::timestamptz AS since
    FROM invoice
    WHERE invoice.driver_id = driver.id AND invoice.kind = 'invoice' AND invoice.due_on < $2::timestamptz::date
      AND invoice.gross_minor > invoice.credited_minor + invoice.paid_minor
      AND NOT EXISTS (SELECT FROM payment WHERE payment.invoice_id = invoice.id
                      AND (state IN ('submitted', 'authorised', 'capturing', 'unknown')
                           OR (state = 'created' AND provider IN ('autogiro', 'sepa'))
                           OR (provider IN ('autogiro', 'sepa')
                               AND updated_at > $2::timestamptz - interval '5 days')))
"""  # noqa: S608 - constant text
    + NOT_GIVEN_BACK
    + """
) AS due ON true
WHERE driver.id = ANY($1) ORDER BY driver.id
"""
)
CONCERNED: Final = """
SELECT id FROM driver WHERE starts_held <> ''
UNION SELECT driver_id FROM unpaid_session WHERE amount_minor > 0
UNION SELECT driver_id FROM invoice
      WHERE kind = 'invoice' AND due_on < $1::timestamptz::date AND gross_minor > credited_minor + paid_minor
UNION SELECT id FROM driver WHERE $2 AND settlement = 'card'
ORDER BY 1
"""
SALE_BOOKED: Final = """
SELECT source_id FROM ledger_transaction
WHERE kind = 'uncollected' AND source_kind = 'session' AND source_id = ANY($1)
"""


class _ChoiceRow(Struct, frozen=True, kw_only=True):
    driver_id: DriverId
    at_once: bool
    first_kind: WayKind | None
    first_method_id: PaymentMethodId | None
    fallback_kind: WayKind | None
    fallback_method_id: PaymentMethodId | None
    gather_below_minor: int
    may_owe: bool | None
    may_start_until: datetime | None
    may_start_why: str


class _MethodRow(Struct, frozen=True, kw_only=True):
    id: PaymentMethodId
    provider: str
    brand: str
    last4: str
    expires: str
    stopped_code: str


class MandateRow(Struct, frozen=True):
    """A driver's mandate, as far as it matters here."""

    scheme: str
    state: str
    account_last4: str


class Charged(Struct, frozen=True, kw_only=True):
    """A session that somebody is to pay for."""

    id: SessionId
    driver_id: DriverId | None
    settlement: str
    price_minor: int
    currency: str
    version: int
    energy_wh: int
    vat_minor: int
    vat_percent: Decimal
    vat: tuple[VatTotal, ...] | None
    started_at: datetime
    place: str


async def policy(tx: Transaction) -> Policy:
    """Return what the operator allows."""
    found = await tx.fetch_one(Policy, POLICY)
    assert found is not None, "the migration made the one row"
    return found


async def save_policy(tx: Transaction, wanted: Policy) -> None:
    """Keep what the operator allows from now on."""
    await tx.execute(
        SAVE_POLICY, wanted.may_owe, wanted.free_without_energy, wanted.debit_after_days, wanted.hold_without_way,
        wanted.hold_overdue_days, wanted.hold_unpaid_minor,
    )  # fmt: skip


async def choice(tx: Transaction, driver_id: DriverId) -> Choice | None:
    """Return how a driver wants to pay; None when there is no such driver."""
    row = await tx.fetch_one(_ChoiceRow, CHOICE, driver_id)
    if row is None:
        return None
    return Choice(
        driver_id=row.driver_id,
        first=Way(row.first_kind, row.first_method_id) if row.first_kind else None,
        fallback=Way(row.fallback_kind, row.fallback_method_id) if row.fallback_kind else None,
        at_once=row.at_once,
        gather_below_minor=row.gather_below_minor,
        may_owe=row.may_owe,
        may_start_until=row.may_start_until,
        may_start_why=row.may_start_why,
    )


async def lock_driver(tx: Transaction, driver_id: DriverId) -> bool:
    """Let changes of one driver's choice follow one another; return whether there is such a driver."""
    return await tx.value(LOCK_DRIVER, driver_id) is not None


async def save_choice(tx: Transaction, wanted: Choice, now: datetime) -> None:
    """Keep a choice. When it debits is the driver's settlement, which belongs to access."""
    await tx.execute(
        SAVE_CHOICE,
        wanted.driver_id,
        wanted.first.kind if wanted.first else None,
        wanted.first.method_id if wanted.first else None,
        wanted.fallback.kind if wanted.fallback else None,
        wanted.fallback.method_id if wanted.fallback else None,
        wanted.gather_below_minor,
        wanted.may_owe,
        wanted.may_start_until,
        wanted.may_start_why,
        now,
    )


async def choose_anew(tx: Transaction, driver_id: DriverId, now: datetime) -> None:
    """Note that the ways themselves were chosen now: older invoices are not debited by them."""
    await tx.execute(CHOOSE_ANEW, driver_id, now)


async def methods(tx: Transaction, driver_id: DriverId, providers: Sequence[str]) -> list[Means]:
    """Return a driver's saved cards and consents with `providers`, the newest first."""
    rows = await tx.fetch(_MethodRow, METHODS, driver_id, list(providers))
    return [
        Means(
            way=Way(WayKind.METHOD, row.id),
            provider=row.provider,
            brand=row.brand,
            last4=row.last4,
            expires=row.expires,
            stopped_code=row.stopped_code,
        )
        for row in rows
    ]


async def mandate(tx: Transaction, driver_id: DriverId) -> MandateRow | None:
    """Return the driver's mandate that is active, or may become so."""
    return await tx.fetch_one(MandateRow, MANDATE, driver_id)


async def stop_method(tx: Transaction, method_id: PaymentMethodId, code: str, now: datetime) -> bool:
    """Note that a saved card or consent will never do again; return whether that is news."""
    return await tx.execute(STOP_METHOD, method_id, code, now) == 1


async def lock_session(tx: Transaction, session_id: SessionId) -> Charged | None:
    """Return a session, locked: debits of one session follow one another."""
    return await tx.fetch_one(Charged, LOCK_SESSION, session_id)


async def set_free(tx: Transaction, session_ids: Collection[SessionId]) -> set[SessionId]:
    """Let sessions that gave no energy cost nothing, if the policy says so; return those that do from now on.

    Not those that gave some, or stand on an invoice. One statement: it is asked of every session that is priced.
    """
    return set(await tx.values(SET_FREE, list(session_ids))) if session_ids else set()


async def place_of_start(tx: Transaction, start_request_id: UUID | None) -> str:
    """Return where somebody wanted to charge, in words."""
    return str(await tx.value(PLACE_OF_START, start_request_id) or "")


async def tries_of_session(tx: Transaction, session_id: SessionId) -> list[Tried]:
    """Return the tries to debit a session, the first one first."""
    return await tx.fetch(Tried, TRIES_OF_SESSION, session_id)


async def tries_of_invoice(tx: Transaction, invoice_id: InvoiceId) -> list[Tried]:
    """Return the tries to debit an invoice, the first one first."""
    return await tx.fetch(Tried, TRIES_OF_INVOICE, invoice_id)


async def insert_try(
    tx: Transaction,
    payment_id: PaymentId,
    driver_id: DriverId,
    way: Way,
    attempt: int,
    now: datetime,
    *,
    session_id: SessionId | None = None,
    invoice_id: InvoiceId | None = None,
    round_number: int = 0,
) -> None:
    """Write a try of a session or of an invoice. A number that was taken is refused by the table."""
    await tx.execute(
        INSERT_TRY, payment_id, driver_id, session_id, invoice_id, attempt, round_number, way.kind, way.method_id, now
    )


async def is_being_paid(tx: Transaction, session_id: SessionId, now: datetime) -> bool:
    """Return whether a session is paid, or some payment of it is under way."""
    return bool(await tx.value(ACTIVE_FOR_SESSION, session_id, now))


async def unpaid(tx: Transaction, session_id: SessionId) -> Unpaid | None:
    """Return the debt of a session, locked."""
    return await tx.fetch_one(Unpaid, UNPAID, session_id)


async def keep_unpaid(tx: Transaction, owed: Unpaid) -> None:
    """Write that a session is to be paid by its driver."""
    await tx.execute(
        KEEP_UNPAID,
        owed.session_id,
        owed.driver_id,
        owed.currency,
        owed.amount_minor,
        owed.why,
        owed.since,
        owed.grace_until,
    )


async def grace_over(tx: Transaction, now: datetime) -> list[SessionId]:
    """Return the sessions that their drivers were to confirm by now; what became of it is for the caller to see."""
    return await tx.values(GRACE_OVER, now)


async def unpaid_of(tx: Transaction, driver_id: DriverId) -> list[Unpaid]:
    """Return the charges that a driver is asked to pay, the oldest first."""
    return await tx.fetch(Unpaid, UNPAID_OF_DRIVER, driver_id)


async def owing(tx: Transaction, driver_ids: Sequence[DriverId], now: datetime, currency: str) -> list[Owing]:
    """Return what these drivers owe at `now`, as far as the rule for starts needs it: the limit is in `currency`."""
    return await tx.fetch(Owing, OWING, list(driver_ids), now, currency)


async def concerned(tx: Transaction, now: datetime, *, without_way: bool) -> list[DriverId]:
    """Return the drivers whose starts may have to be held back or let in."""
    return await tx.values(CONCERNED, now, without_way)


async def booked_sales(tx: Transaction, session_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the sessions whose sale stands in the books already, as a debt of its driver."""
    return set(await tx.values(SALE_BOOKED, list(session_ids))) if session_ids else set()


def sold_of(charged: Charged) -> Sold:
    """Return what a session was sold for."""
    return Sold(charged.price_minor, charged.vat_minor, charged.vat_percent, charged.vat)

"""What screens read of disputes. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.payments.queries import like
from laddverk.platform.database import Transaction


class DisputeRow(Struct, frozen=True, kw_only=True):
    """A dispute in a list and on its own page."""

    id: UUID
    payment_id: UUID
    session_id: UUID | None
    invoice_id: UUID | None
    driver_id: UUID | None
    driver_name: str | None
    driver_email: str | None
    provider: str
    provider_ref: str
    purpose: str
    state: str
    reason: str
    currency: str
    amount_minor: int
    withdrawn_minor: int
    returned_minor: int
    fee_minor: int
    fee_back_minor: int
    lost_minor: int
    due_at: datetime | None
    evidence_at: datetime | None
    evidence_by: str | None
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    station_name: str | None
    brand: str
    last4: str
    wallet: str
    frozen: int
    """How many cards of the driver are frozen with this provider."""


class Waiting(Struct, frozen=True):
    """How many disputes wait for an answer, and until when the first of them does."""

    disputes: int
    due_at: datetime | None


class StateCount(Struct, frozen=True):
    """How many disputes are in one state."""

    state: str
    disputes: int


_COLUMNS: Final = """
SELECT dispute.*, payment.purpose, coalesce(payment.session_id, start_request.session_id) AS session_id,
       payment.invoice_id, payment.driver_id, driver.name AS driver_name, driver.email AS driver_email,
       station.name AS station_name, coalesce(card.brand, method.brand, '') AS brand,
       coalesce(card.last4, method.last4, '') AS last4, coalesce(card.wallet, '') AS wallet,
       (SELECT count(*) FROM payment_method AS each WHERE each.driver_id = payment.driver_id
        AND each.provider = payment.provider AND each.frozen_at IS NOT NULL AND each.removed_at IS NULL)::int AS frozen
"""
_FROM: Final = """
FROM payment_dispute AS dispute
JOIN payment ON payment.id = dispute.payment_id
LEFT JOIN payment_card AS card ON card.payment_id = payment.id
LEFT JOIN payment_method AS method ON method.id = payment.method_id
LEFT JOIN driver ON driver.id = payment.driver_id
LEFT JOIN start_request ON start_request.id = payment.start_request_id
LEFT JOIN session ON session.id = coalesce(payment.session_id, start_request.session_id)
LEFT JOIN station ON station.id = coalesce(session.station_id, start_request.station_id)
"""
_NARROWED: Final = """
WHERE ($1 = '' OR concat_ws(' ', driver.name, dispute.provider_ref, dispute.reason, station.name, payment.provider_ref)
                ILIKE '%' || $1 || '%')
  AND ($2 = '' OR dispute.state = $2 OR ($2 = 'waiting' AND dispute.state IN ('inquiry', 'needs_response')
       AND dispute.evidence_at IS NULL))
"""
DISPUTES: Final = (
    _COLUMNS
    + _FROM
    + _NARROWED
    + """
ORDER BY CASE WHEN $3 = 'due' THEN dispute.due_at END NULLS LAST,
         CASE WHEN $3 = 'amount' THEN dispute.amount_minor END,
         CASE WHEN $3 = '-amount' THEN dispute.amount_minor END DESC,
         dispute.opened_at DESC, dispute.id
LIMIT $4 OFFSET $5
"""
)
COUNT: Final = "SELECT count(*)" + _FROM + _NARROWED
DISPUTE: Final = _COLUMNS + _FROM + " WHERE dispute.id = $1"
OF_PAYMENT: Final = _COLUMNS + _FROM + " WHERE dispute.payment_id = $1 ORDER BY dispute.opened_at"
STATES: Final = "SELECT state, count(*)::int AS disputes FROM payment_dispute GROUP BY state ORDER BY state"
WAITING: Final = """
SELECT count(*)::int AS disputes, min(due_at) AS due_at FROM payment_dispute
WHERE state IN ('inquiry', 'needs_response') AND evidence_at IS NULL
"""


async def disputes(
    tx: Transaction, search: str, state: str, sort: str, *, limit: int = 50, offset: int = 0
) -> list[DisputeRow]:
    """Return a page of disputes. `sort` is opened, due or amount; a state of `waiting` are those to be answered."""
    return await tx.fetch(DisputeRow, DISPUTES, like(search), state, sort, limit, offset)


async def count_disputes(tx: Transaction, search: str, state: str) -> int:
    """Return how many disputes a filter leaves."""
    return int(await tx.value(COUNT, like(search), state))


async def dispute(tx: Transaction, dispute_id: UUID) -> DisputeRow | None:
    """Return one dispute."""
    return await tx.fetch_one(DisputeRow, DISPUTE, dispute_id)


async def of_payment(tx: Transaction, payment_id: UUID) -> list[DisputeRow]:
    """Return the disputes of a payment."""
    return await tx.fetch(DisputeRow, OF_PAYMENT, payment_id)


async def state_counts(tx: Transaction) -> list[StateCount]:
    """Return how many disputes are in each state."""
    return await tx.fetch(StateCount, STATES)


async def waiting(tx: Transaction) -> Waiting:
    """Return how many disputes wait for an answer, and the nearest deadline."""
    found = await tx.fetch_one(Waiting, WAITING)
    assert found is not None
    return found


class EvidenceFacts(Struct, frozen=True, kw_only=True):
    """What was kept about a disputed session at the time."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    energy_wh: int
    price_minor: int | None
    vat_minor: int | None
    vat_percent: Any
    currency: str | None
    price_lines: Any
    tariff: Any
    token_uid: str | None
    register_start_wh: int | None
    transaction_key: str
    station_name: str
    station_identity: str
    site_name: str
    address: str
    timezone: str


class MailRow(Struct, frozen=True, kw_only=True):
    """A mail that was sent to the driver."""

    created_at: datetime
    recipient: str
    subject: str
    body_text: str


class MeterRow(Struct, frozen=True, kw_only=True):
    """What the meter said at one instant."""

    at: datetime
    received_at: datetime
    context: str
    energy_wh: int | None
    power_w: int | None
    rest: Any
    """What else the charger sent with it: signed values (OCMF) stand here, word for word."""


class EventRow(Struct, frozen=True, kw_only=True):
    """A message of the charger about the session."""

    kind: str
    at: datetime
    said_at: datetime | None
    received_at: datetime
    detail: Any


EVIDENCE: Final = """
SELECT session.number, session.started_at, session.ended_at, session.energy_wh, session.price_minor, session.vat_minor,
       session.vat_percent, session.currency, session.price_lines, session.tariff, session.token_uid,
       session.register_start_wh, session.transaction_key, station.name AS station_name,
       station.identity AS station_identity, site.name AS site_name, site.address, session.timezone
FROM session JOIN station ON station.id = session.station_id JOIN site ON site.id = station.site_id
WHERE session.id = $1
"""
METER: Final = """
SELECT sample.at, sample.received_at, sample.context, sample.energy_wh, sample.power_w, sample.rest FROM sample
JOIN session ON session.station_id = sample.station_id AND session.transaction_key = sample.transaction_key
WHERE session.id = $1 ORDER BY sample.at LIMIT 5000
"""
EVENTS: Final = """
SELECT event.kind, event.at, event.said_at, event.received_at, event.detail FROM session_event AS event
JOIN session ON session.station_id = event.station_id AND session.transaction_key = event.transaction_key
WHERE session.id = $1 ORDER BY event.received_at LIMIT 2000
"""
# What was told about this charge or invoice, and what was told of a charge in the days after it.
MAILS: Final = """
SELECT created_at, recipient, subject, body_text FROM mail
WHERE recipient = $1 AND (
      unique_key LIKE '%' || $3::text || '%' OR unique_key LIKE '%' || $4::text || '%'
   OR (template IN ('receipt', 'charging_finished')
       AND created_at BETWEEN $2::timestamptz AND $2::timestamptz + interval '2 days'))
ORDER BY created_at LIMIT 20
"""


async def evidence_facts(tx: Transaction, session_id: UUID) -> EvidenceFacts | None:
    """Return what is known of a session."""
    return await tx.fetch_one(EvidenceFacts, EVIDENCE, session_id)


async def meter(tx: Transaction, session_id: UUID) -> list[MeterRow]:
    """Return what the meter said during a session."""
    return await tx.fetch(MeterRow, METER, session_id)


async def charger_events(tx: Transaction, session_id: UUID) -> list[EventRow]:
    """Return what the charger told of a session, message by message."""
    return await tx.fetch(EventRow, EVENTS, session_id)


async def mails(
    tx: Transaction, recipient: str, around: datetime, session_id: UUID | None, invoice_id: UUID | None
) -> list[MailRow]:
    """Return the mails to an address that were about a charge, or about an invoice."""
    return await tx.fetch(MailRow, MAILS, recipient, around, _named(session_id), _named(invoice_id))


def _named(identity: UUID | None) -> str | None:
    return None if identity is None else str(identity)

"""What screens read of reserved amounts. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.payments.queries import like
from laddverk.platform.database import Transaction


class ReserveRow(Struct, frozen=True, kw_only=True):
    """An amount that is reserved on a card, or was and led to an alarm."""

    payment_id: UUID
    state: str
    provider: str
    currency: str
    authorised_minor: int
    captured_minor: int
    created_at: datetime
    capture_before: datetime | None
    brand: str
    last4: str
    wallet: str
    raises: int
    raise_refused: str | None
    stopped_at: datetime | None
    alarm: str | None
    alarmed_at: datetime | None
    seen_at: datetime | None
    seen_by: str | None
    session_id: UUID | None
    session_ended: bool
    station_name: str | None
    driver_name: str | None


class CardRow(Struct, frozen=True, kw_only=True):
    """What is known of the card behind one payment."""

    brand: str
    last4: str
    wallet: str
    capture_before: datetime | None
    raises: int
    raise_refused: str | None
    alarm: str | None
    seen_at: datetime | None


_COLUMNS: Final = """
SELECT payment.id AS payment_id, payment.state, payment.provider, payment.currency, payment.authorised_minor,
       payment.captured_minor, payment.created_at, card.capture_before, coalesce(card.brand, '') AS brand,
       coalesce(card.last4, '') AS last4, coalesce(card.wallet, '') AS wallet, coalesce(card.raises, 0) AS raises,
       card.raise_refused, card.stopped_at, card.alarm, card.alarmed_at, card.seen_at, card.seen_by,
       session.id AS session_id, session.ended_at IS NOT NULL AS session_ended, station.name AS station_name,
       driver.name AS driver_name
"""
_FROM: Final = """
FROM payment
LEFT JOIN payment_card AS card ON card.payment_id = payment.id
LEFT JOIN driver ON driver.id = payment.driver_id
LEFT JOIN start_request ON start_request.id = payment.start_request_id
LEFT JOIN session ON session.id = coalesce(payment.session_id, start_request.session_id)
LEFT JOIN station ON station.id = coalesce(session.station_id, start_request.station_id)
"""
# Reserved now, or with an alarm: those that nobody looked at yet are `look`.
_NARROWED: Final = """
WHERE (($2 = '' AND (payment.state IN ('authorised', 'capturing') OR (card.alarm IS NOT NULL AND card.seen_at IS NULL)))
       OR ($2 = 'look' AND card.alarm IS NOT NULL AND card.seen_at IS NULL)
       OR ($2 = 'alarms' AND card.alarm IS NOT NULL))
  AND ($1 = '' OR concat_ws(' ', driver.name, station.name, payment.provider_ref, payment.id::text)
                  ILIKE '%' || $1 || '%')
"""
RESERVES: Final = (
    _COLUMNS
    + _FROM
    + _NARROWED
    + """
ORDER BY card.alarm IS NULL OR card.seen_at IS NOT NULL,
         CASE WHEN $3 = 'amount' THEN payment.authorised_minor END,
         CASE WHEN $3 = '-amount' THEN payment.authorised_minor END DESC,
         CASE WHEN $3 = '-created' THEN payment.created_at END DESC,
         card.capture_before NULLS LAST, payment.id
LIMIT $4 OFFSET $5
"""
)
COUNT: Final = "SELECT count(*)" + _FROM + _NARROWED
CARD: Final = """
SELECT brand, last4, wallet, capture_before, raises, raise_refused, alarm, seen_at FROM payment_card
WHERE payment_id = $1
"""
TO_LOOK_AT: Final = "SELECT count(*) FROM payment_card WHERE alarm IS NOT NULL AND seen_at IS NULL"
STOPPED: Final = """
SELECT kind FROM payment_event WHERE payment_id = $1 AND kind IN ('spent', 'reserve_ends', 'wallet_stopped')
ORDER BY at DESC LIMIT 1
"""


async def reserves(
    tx: Transaction, search: str, only: str, sort: str, *, limit: int = 50, offset: int = 0
) -> list[ReserveRow]:
    """Return a page of what is reserved now; `only` = look or alarms are those with an alarm. Alarms come first.

    `sort` is ends, created or amount.
    """
    return await tx.fetch(ReserveRow, RESERVES, like(search), only, sort, limit, offset)


async def count_reserves(tx: Transaction, search: str, only: str) -> int:
    """Return how many a filter leaves."""
    return int(await tx.value(COUNT, like(search), only))


async def card(tx: Transaction, payment_id: UUID) -> CardRow | None:
    """Return what is known of the card behind a payment."""
    return await tx.fetch_one(CardRow, CARD, payment_id)


async def to_look_at(tx: Transaction) -> int:
    """Return how many alarms about reserved amounts nobody has looked at."""
    return int(await tx.value(TO_LOOK_AT))


async def why_stopped(tx: Transaction, payment_id: UUID) -> str:
    """Return why a charge was asked to stop for its money: `spent`, `reserve_ends`, or nothing when it was not."""
    return str(await tx.value(STOPPED, payment_id) or "")

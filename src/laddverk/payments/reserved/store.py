"""What is known of cards and their reserves in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import PaymentId, SessionId, StationId
from laddverk.payments.model import CardUsed, Snapshot
from laddverk.payments.reserved.rules import RAISES_MAX
from laddverk.platform.database import Transaction

RUNNING_MAX: Final = 2_000  # each costs a few milliseconds to price; more sessions paid one by one run nowhere at once
ROWS_MAX: Final = 200

KEEP: Final = """
INSERT INTO payment_card AS kept (payment_id, brand, last4, wallet, capture_before, can_raise)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[])
ON CONFLICT (payment_id) DO UPDATE
SET brand = coalesce(nullif(excluded.brand, ''), kept.brand), last4 = coalesce(nullif(excluded.last4, ''), kept.last4),
    wallet = coalesce(nullif(excluded.wallet, ''), kept.wallet),
    capture_before = coalesce(excluded.capture_before, kept.capture_before), can_raise = excluded.can_raise
WHERE (kept.brand, kept.last4, kept.wallet, kept.capture_before, kept.can_raise)
      IS DISTINCT FROM (excluded.brand, excluded.last4, excluded.wallet, excluded.capture_before, excluded.can_raise)
"""
# What a wallet holds grows with the wallet, which its own room looks after. Money that was taken before the charge
# (Swish) is a reserve too, though one that cannot be raised.
RUNNING: Final = """
SELECT payment.id AS payment_id, session.id AS session_id, session.station_id, payment.provider, payment.currency,
       payment.start_request_id, greatest(payment.authorised_minor, payment.captured_minor) AS reserved_minor,
       card.capture_before,
       payment.state = 'authorised' AND coalesce(card.can_raise AND card.raise_refused IS NULL AND card.raises < $3,
                                                 false) AS can_raise
FROM session
JOIN payment ON payment.id = session.payment_id
LEFT JOIN payment_card AS card ON card.payment_id = payment.id
WHERE session.ended_at IS NULL AND payment.provider <> 'wallet' AND payment.due_minor IS NULL AND payment.wish = ''
  AND payment.state IN ('authorised', 'captured', 'unknown')
  AND greatest(payment.authorised_minor, payment.captured_minor) > 0
  AND (card.stopped_at IS NULL OR card.stopped_at < $1)
ORDER BY session.started_at LIMIT $2
"""
STOPPED: Final = """
INSERT INTO payment_card (payment_id, stopped_at) VALUES ($1, $2)
ON CONFLICT (payment_id) DO UPDATE SET stopped_at = excluded.stopped_at
"""
RAISED: Final = "UPDATE payment_card SET raises = raises + 1 WHERE payment_id = $1"
REFUSED: Final = "UPDATE payment_card SET raise_refused = $2 WHERE payment_id = $1"
ALARM: Final = """
INSERT INTO payment_card AS kept (payment_id, alarm, alarmed_at) VALUES ($1, $2, $3)
ON CONFLICT (payment_id) DO UPDATE SET alarm = excluded.alarm, alarmed_at = excluded.alarmed_at, seen_at = NULL
WHERE kept.alarm IS DISTINCT FROM excluded.alarm
"""
SEEN: Final = """
UPDATE payment_card SET seen_at = $2, seen_by = $3 WHERE payment_id = $1 AND alarm IS NOT NULL AND seen_at IS NULL
"""
UNUSED: Final = """
SELECT payment.id FROM payment
JOIN start_request ON start_request.id = payment.start_request_id
WHERE payment.state = 'authorised' AND payment.wish = '' AND payment.session_id IS NULL
  AND start_request.session_id IS NULL AND start_request.expires_at < $1
  AND EXISTS (SELECT FROM payment_event WHERE payment_event.payment_id = payment.id
              AND payment_event.kind = 'authorised' AND payment_event.at < $2)
  AND NOT EXISTS (SELECT FROM session WHERE session.payment_id = payment.id)
ORDER BY payment.created_at LIMIT $3
"""
# Sessions that are over and cannot be priced yet (under review, or the exchange's price is missing).
ENDING: Final = """
SELECT payment.id AS payment_id, card.capture_before < $1 AS is_over
FROM payment JOIN payment_card AS card ON card.payment_id = payment.id
WHERE payment.state IN ('authorised', 'unknown') AND payment.due_minor IS NULL AND payment.wish = ''
  AND card.capture_before < $2
ORDER BY card.capture_before LIMIT $3
"""


class Running(Struct, frozen=True, kw_only=True):
    """A running session that is paid from a reserved amount."""

    payment_id: PaymentId
    session_id: SessionId
    station_id: StationId
    provider: str
    currency: str
    start_request_id: UUID | None
    reserved_minor: int
    capture_before: datetime | None
    can_raise: bool


class Ending(Struct, frozen=True):
    """A reserve that ends before what it is for is known."""

    payment_id: PaymentId
    is_over: bool


async def keep(tx: Transaction, payment_id: PaymentId, seen: Snapshot) -> None:
    """Keep what a provider tells of a payment's card, with others of the transaction; what it does not tell stays."""
    used = seen.used or CardUsed()
    tx.later(_keep, (payment_id, used.brand, used.last4, used.wallet, seen.capture_before, seen.can_raise))


async def _keep(tx: Transaction, told: Sequence[tuple[object, ...]]) -> None:
    rest = list(told)
    while rest:
        first = {one[0]: one for one in reversed(rest)}  # of what is told twice about a payment, one after the other
        await tx.execute(KEEP, *(list(column) for column in zip(*first.values(), strict=True)))
        rest = [one for one in rest if one is not first[one[0]]]


async def running(tx: Transaction, now: datetime, asked_again_after: timedelta) -> list[Running]:
    """Return running sessions with a reserve, but those that were asked to stop lately."""
    return await tx.fetch(Running, RUNNING, now - asked_again_after, RUNNING_MAX, RAISES_MAX)


async def stopped(tx: Transaction, payment_id: PaymentId, now: datetime) -> None:
    """Note that the charger was asked to stop."""
    await tx.execute(STOPPED, payment_id, now)


async def raised(tx: Transaction, payment_id: PaymentId) -> None:
    """Note that more was reserved."""
    await tx.execute(RAISED, payment_id)


async def refused(tx: Transaction, payment_id: PaymentId, code: str) -> None:
    """Note that no more is reserved, whoever asks."""
    await tx.execute(REFUSED, payment_id, code)


async def alarm(tx: Transaction, payment_id: PaymentId, what: str, now: datetime) -> bool:
    """Raise an alarm about a reserve, once; return whether it is new."""
    return await tx.execute(ALARM, payment_id, what, now) == 1


async def seen(tx: Transaction, payment_id: PaymentId, by: str, now: datetime) -> bool:
    """Note that somebody looked at an alarm; False when there was none."""
    return await tx.execute(SEEN, payment_id, now, by) == 1


async def unused(tx: Transaction, now: datetime, reserved_before: datetime) -> list[PaymentId]:
    """Return payments whose amount was reserved before an instant and whose charge never began."""
    return await tx.values(UNUSED, now, reserved_before, ROWS_MAX)


async def ending(tx: Transaction, now: datetime, before: datetime) -> list[Ending]:
    """Return payments whose reserve ends before an instant and whose cost is not known yet."""
    return await tx.fetch(Ending, ENDING, now, before, ROWS_MAX)

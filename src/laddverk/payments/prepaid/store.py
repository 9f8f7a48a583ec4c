"""Prepaid cards in PostgreSQL. SQL and nothing else; no decision is made here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DriverId
from laddverk.payments.prepaid.model import Batch, CardState, NewBatch, PrepaidCard
from laddverk.platform.database import Transaction


class Blank(Struct, frozen=True):
    """A card that is to be made."""

    id: UUID
    place: int
    code_hash: bytes
    code_box: bytes
    code_end: str


class Boxed(Struct, frozen=True):
    """A card whose code has not been printed yet."""

    id: UUID
    place: int
    code_box: bytes


INSERT_BATCH: Final = """
INSERT INTO prepaid_batch
    (id, name, cards, amount_minor, currency, purpose, vat_percent, expires_on, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
INSERT_CARDS: Final = """
INSERT INTO prepaid_card (id, batch_id, place, code_hash, code_box, code_end, state)
SELECT id, $1, place, code_hash, code_box, code_end, 'made'
FROM unnest($2::uuid[], $3::integer[], $4::bytea[], $5::bytea[], $6::text[])
     AS given (id, place, code_hash, code_box, code_end)
"""
BATCH: Final = "SELECT * FROM prepaid_batch WHERE id = $1"
_CARD: Final = """
SELECT card.id, card.batch_id, card.place, card.code_end, card.state, batch.amount_minor, batch.currency, batch.purpose,
       batch.vat_percent, batch.expires_on, card.driver_id, card.redeemed_at
FROM prepaid_card AS card JOIN prepaid_batch AS batch ON batch.id = card.batch_id
"""
BY_HASH: Final = _CARD + "WHERE card.code_hash = $1 FOR UPDATE OF card"
BY_PLACES: Final = (
    _CARD
    + """
WHERE card.batch_id = $1 AND card.place BETWEEN $2 AND $3 AND card.state = $4 ORDER BY card.place FOR UPDATE OF card
"""
)
OF_DRIVER: Final = _CARD + "WHERE card.driver_id = $1 ORDER BY card.redeemed_at DESC LIMIT 100"
TOO_OLD: Final = (
    _CARD
    + """
WHERE card.state IN ('made', 'active') AND batch.expires_on < $1
ORDER BY card.id LIMIT $2 FOR UPDATE OF card SKIP LOCKED
"""
)
BOXED: Final = """
SELECT id, place, code_box FROM prepaid_card WHERE batch_id = $1 AND code_box IS NOT NULL ORDER BY place
"""
FORGET: Final = "UPDATE prepaid_card SET code_box = NULL WHERE batch_id = $1 AND code_box IS NOT NULL"
FORGET_OLD: Final = """
UPDATE prepaid_card SET code_box = NULL
WHERE code_box IS NOT NULL AND batch_id IN (SELECT id FROM prepaid_batch WHERE created_at < $1)
"""
ACTIVATE: Final = "UPDATE prepaid_card SET state = 'active', activated_at = $2 WHERE id = ANY($1)"
CLOSE: Final = "UPDATE prepaid_card SET state = $2, closed_at = $3, code_box = NULL WHERE id = ANY($1)"
REDEEM: Final = """
UPDATE prepaid_card SET state = 'redeemed', driver_id = $2, redeemed_at = $3, closed_at = $3, code_box = NULL
WHERE id = $1
"""
ATTEMPTS: Final = "SELECT count(*) FROM prepaid_attempt WHERE who = $1 AND at > $2"
ATTEMPT: Final = "INSERT INTO prepaid_attempt (who, at) VALUES ($1, $2)"
FORGET_ATTEMPTS: Final = "DELETE FROM prepaid_attempt WHERE at < $1"


async def insert_batch(tx: Transaction, batch_id: UUID, new: NewBatch, now: datetime, by: str) -> None:
    """Write a batch."""
    await tx.execute(
        INSERT_BATCH,
        batch_id,
        new.name,
        new.cards,
        new.amount_minor,
        new.currency,
        new.purpose,
        new.vat_percent,
        new.expires_on,
        now,
        by,
    )


async def insert_cards(tx: Transaction, batch_id: UUID, blanks: Sequence[Blank]) -> None:
    """Write the cards of a batch."""
    await tx.execute(
        INSERT_CARDS,
        batch_id,
        [blank.id for blank in blanks],
        [blank.place for blank in blanks],
        [blank.code_hash for blank in blanks],
        [blank.code_box for blank in blanks],
        [blank.code_end for blank in blanks],
    )


async def batch(tx: Transaction, batch_id: UUID) -> Batch | None:
    """Return a batch."""
    return await tx.fetch_one(Batch, BATCH, batch_id)


async def locked_by_hash(tx: Transaction, code_hash: bytes) -> PrepaidCard | None:
    """Return the card of a code, locked."""
    return await tx.fetch_one(PrepaidCard, BY_HASH, code_hash)


async def locked_places(tx: Transaction, batch_id: UUID, first: int, last: int, state: CardState) -> list[PrepaidCard]:
    """Return the cards of a batch at these places that are in `state`, locked, in order."""
    return await tx.fetch(PrepaidCard, BY_PLACES, batch_id, first, last, state)


async def of_driver(tx: Transaction, driver_id: DriverId) -> list[PrepaidCard]:
    """Return what a driver has redeemed, latest first."""
    return await tx.fetch(PrepaidCard, OF_DRIVER, driver_id)


async def too_old(tx: Transaction, today: date, limit: int) -> list[PrepaidCard]:
    """Return cards whose last day is over and which nobody has redeemed, locked."""
    return await tx.fetch(PrepaidCard, TOO_OLD, today, limit)


async def boxed(tx: Transaction, batch_id: UUID) -> list[Boxed]:
    """Return the cards of a batch whose codes are still here."""
    return await tx.fetch(Boxed, BOXED, batch_id)


async def forget(tx: Transaction, batch_id: UUID) -> None:
    """Forget the codes of a batch."""
    await tx.execute(FORGET, batch_id)


async def forget_old(tx: Transaction, before: datetime) -> None:
    """Forget the codes of batches that were made before an instant."""
    await tx.execute(FORGET_OLD, before)


async def activate(tx: Transaction, cards: Sequence[PrepaidCard], now: datetime) -> None:
    """Make cards worth their money."""
    await tx.execute(ACTIVATE, [card.id for card in cards], now)


async def close(tx: Transaction, cards: Sequence[PrepaidCard], state: CardState, now: datetime) -> None:
    """Make cards unusable: blocked or expired."""
    await tx.execute(CLOSE, [card.id for card in cards], state, now)


async def redeem(tx: Transaction, card_id: UUID, driver_id: DriverId, now: datetime) -> None:
    """Write who has used a card."""
    await tx.execute(REDEEM, card_id, driver_id, now)


async def attempts(tx: Transaction, who: str, since: datetime) -> int:
    """Return how often `who` has guessed wrong since an instant."""
    return int(await tx.value(ATTEMPTS, who, since))


async def note_attempt(tx: Transaction, who: str, now: datetime) -> None:
    """Write down a wrong guess."""
    await tx.execute(ATTEMPT, who, now)


async def forget_attempts(tx: Transaction, before: datetime) -> None:
    """Forget wrong guesses that count no more."""
    await tx.execute(FORGET_ATTEMPTS, before)

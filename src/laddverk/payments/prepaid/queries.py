"""What screens read of prepaid cards. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.payments.prepaid.model import CardState
from laddverk.platform.database import Transaction


class BatchRow(Struct, frozen=True, kw_only=True):
    """A batch with how many of its cards are where."""

    id: UUID
    name: str
    cards: int
    amount_minor: int
    currency: str
    purpose: str
    vat_percent: Decimal
    expires_on: date | None
    created_at: datetime
    created_by: str
    made: int
    active: int
    redeemed: int
    blocked: int
    expired: int
    codes_kept: bool
    """Whether the codes are still here, to be printed."""

    @property
    def sold(self) -> int:
        """How many have been sold, used since or not. One that became too old may have been sold or not."""
        return self.active + self.redeemed

    @property
    def outstanding_minor(self) -> int:
        """What is owed to those who hold sold cards that nobody has used."""
        return self.active * self.amount_minor

    @property
    def used_minor(self) -> int:
        """What has been redeemed."""
        return self.redeemed * self.amount_minor


_BATCHES_SHOWN: Final = """
SELECT batch.id, batch.name, batch.cards, batch.amount_minor, batch.currency, batch.purpose, batch.vat_percent,
       batch.expires_on, batch.created_at, batch.created_by,
       count(*) FILTER (WHERE card.state = 'made') AS made, count(*) FILTER (WHERE card.state = 'active') AS active,
       count(*) FILTER (WHERE card.state = 'redeemed') AS redeemed,
       count(*) FILTER (WHERE card.state = 'blocked') AS blocked,
       count(*) FILTER (WHERE card.state = 'expired') AS expired, bool_or(card.code_box IS NOT NULL) AS codes_kept
FROM prepaid_batch AS batch JOIN prepaid_card AS card ON card.batch_id = batch.id
"""
BATCHES: Final = (
    _BATCHES_SHOWN
    + """
WHERE $1 = '' OR batch.name ILIKE '%' || $1 || '%'
   OR ($2 <> '' AND EXISTS (SELECT FROM prepaid_card WHERE batch_id = batch.id AND code_end = $2))
GROUP BY batch.id ORDER BY batch.created_at DESC, batch.id LIMIT $3 OFFSET $4
"""
)
BATCH: Final = _BATCHES_SHOWN + "WHERE batch.id = $1 GROUP BY batch.id"
COUNT: Final = """
SELECT count(*) FROM prepaid_batch AS batch
WHERE $1 = '' OR batch.name ILIKE '%' || $1 || '%'
   OR ($2 <> '' AND EXISTS (SELECT FROM prepaid_card WHERE batch_id = batch.id AND code_end = $2))
"""
SUMS: Final = """
SELECT coalesce(sum(batch.amount_minor) FILTER (WHERE card.state = 'active'), 0)::bigint AS outstanding_minor,
       coalesce(sum(batch.amount_minor) FILTER (WHERE card.state = 'redeemed'), 0)::bigint AS used_minor,
       coalesce(sum(batch.amount_minor) FILTER (WHERE card.state = 'made'), 0)::bigint AS unsold_minor
FROM prepaid_card AS card JOIN prepaid_batch AS batch ON batch.id = card.batch_id
"""


class Sums(Struct, frozen=True):
    """All batches together, in minor units of the house's currency."""

    outstanding_minor: int
    used_minor: int
    unsold_minor: int


async def batches(tx: Transaction, search: str = "", *, limit: int = 50, offset: int = 0) -> list[BatchRow]:
    """Return a page of batches, newest first; by name, or by the last four signs of a card's code."""
    return await tx.fetch(BatchRow, BATCHES, _like(search), _end(search), limit, offset)


async def count_batches(tx: Transaction, search: str = "") -> int:
    """Return how many batches a search leaves."""
    return int(await tx.value(COUNT, _like(search), _end(search)))


async def batch(tx: Transaction, batch_id: UUID) -> BatchRow | None:
    """Return one batch."""
    return await tx.fetch_one(BatchRow, BATCH, batch_id)


async def sums(tx: Transaction) -> Sums:
    """Return what all batches are worth."""
    return await tx.fetch_one(Sums, SUMS) or Sums(0, 0, 0)


class CardRow(Struct, frozen=True, kw_only=True):
    """A card in the list of its batch."""

    id: UUID
    place: int
    code_end: str
    state: CardState
    activated_at: datetime | None
    redeemed_at: datetime | None
    closed_at: datetime | None
    driver_id: UUID | None
    driver_name: str | None


_CARDS: Final = """
FROM prepaid_card AS card LEFT JOIN driver ON driver.id = card.driver_id
WHERE card.batch_id = $1 AND ($2 = '' OR card.state = $2)
  AND ($3 = '' OR card.code_end = upper($3) OR card.place::text = $3 OR driver.name ILIKE '%' || $4 || '%')
"""
CARDS: Final = (
    """
SELECT card.id, card.place, card.code_end, card.state, card.activated_at, card.redeemed_at, card.closed_at,
       card.driver_id, driver.name AS driver_name
"""
    + _CARDS
    + "ORDER BY card.place LIMIT $5 OFFSET $6"
)
COUNT_CARDS: Final = "SELECT count(*) " + _CARDS


async def cards(
    tx: Transaction, batch_id: UUID, state: str = "", search: str = "", *, limit: int = 50, offset: int = 0
) -> list[CardRow]:
    """Return a page of the cards of a batch: by number, by the end of the code, or by who used it."""
    return await tx.fetch(CardRow, CARDS, batch_id, state, search, _like(search), limit, offset)


async def count_cards(tx: Transaction, batch_id: UUID, state: str = "", search: str = "") -> int:
    """Return how many cards a filter leaves."""
    return int(await tx.value(COUNT_CARDS, batch_id, state, search, _like(search)))


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _end(search: str) -> str:
    """Return what somebody searched for as the end of a code, when it can be one."""
    last = search.replace("-", "").replace(" ", "").replace("•", "").upper()
    return last[-4:] if len(last) in (4, 16) else ""

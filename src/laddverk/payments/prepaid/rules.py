"""What a code looks like, what a batch may be, and what is posted for a card. Pure: randomness is given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import PUBLIC_ALPHABET, DriverId
from laddverk.kernel.money import vat_within
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ledger.model import ADVANCES, LAPSED, RECEIVABLES, VAT_WAITING, VOUCHERS, Entry, Line, sales_and_vat
from laddverk.payments.prepaid.model import CardState, NewBatch, PrepaidCard, VoucherPurpose
from laddverk.payments.wallet.rules import VAT_PERCENT, kept

SIGNS: Final = 15  # of 32 each: 75 bits, so that a billion cards leave one chance in 10^13 for a guess
GROUP: Final = 4
HASH_BYTES: Final = 32
CARDS_MAX: Final = 5_000
AMOUNT_MAX_MINOR: Final = 500_000  # 5 000 kr: e-money rules begin to ask questions above
NAME_LENGTH_MAX: Final = 80


def new_code(chosen: Callable[[str], str]) -> str:
    """Return a code of 16 signs, the last of which checks the others. `chosen` returns one sign of a text at random."""
    body = "".join(chosen(PUBLIC_ALPHABET) for _ in range(SIGNS))
    return body + _check_sign(body)


def shown(code: str) -> str:
    """Return a code as it is printed: `ABCD-EFGH-JKLM-NPQR`."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read(text: str) -> str:
    """Return the code that somebody typed. Raises `Invalid` when it cannot be one: then nothing was guessed."""
    code = "".join(sign for sign in text.upper() if sign not in "- \u00a0\t")
    if len(code) != SIGNS + 1:
        raise Invalid("A code has 16 letters and digits.", field="code", remedy="Read it once more from the card.")
    if set(code) - set(PUBLIC_ALPHABET) or _check_sign(code[:-1]) != code[-1]:
        raise Invalid(
            "There is a slip in the code.",
            field="code",
            remedy="Read it once more from the card. It has no 0, 1, O or I.",
        )
    return code


def hashed(code: str, pepper: bytes) -> bytes:
    """Return what is kept of a code: it cannot be found without the pepper, and not be guessed with it."""
    return hashlib.blake2b(code.encode(), key=pepper, digest_size=HASH_BYTES, person=b"prepaid card").digest()


def _check_sign(body: str) -> str:
    """Luhn's sum over 32 signs: finds every wrong sign, and all but few exchanged neighbours."""
    total = 0
    for place, sign in enumerate(reversed(body)):
        value = PUBLIC_ALPHABET.index(sign) * (2 - place % 2)
        total += value // 32 + value % 32
    return PUBLIC_ALPHABET[-total % 32]


def check_batch(new: NewBatch, today: date) -> None:
    """Raise `Invalid`, by field, for a batch that makes no sense."""
    if not new.name.strip() or len(new.name) > NAME_LENGTH_MAX or not new.name.isprintable():
        raise Invalid("The batch needs a name.", field="name", remedy="Give 1 to 80 characters.")
    if not 1 <= new.cards <= CARDS_MAX:
        raise Invalid("A batch has 1 to 5000 cards.", field="cards")
    if not 1 <= new.amount_minor <= AMOUNT_MAX_MINOR:
        raise Invalid("A card is worth at most 5000.", field="amount")
    if new.expires_on is not None and new.expires_on <= today:
        raise Invalid("The last day must be in the future.", field="expires_on")
    sales_and_vat(new.vat_percent)
    if new.purpose is VoucherPurpose.SINGLE and new.vat_percent != VAT_PERCENT:
        raise Invalid("Charging has 25 per cent VAT, and so has a card for charging alone.", field="vat_percent")


def check_redeemable(card: PrepaidCard, today: date) -> None:
    """Raise `Conflict` with the reason when a card cannot be redeemed."""
    match card.state:
        case CardState.REDEEMED:
            raise Conflict("This card has been used already.", field="code")
        case CardState.MADE | CardState.BLOCKED:
            raise Conflict(
                "This card cannot be used.", field="code", remedy="Ask where you bought it, or ask us with its number."
            )
        case CardState.EXPIRED:
            raise Conflict("This card is too old to be used.", field="code")
    if card.expires_on is not None and card.expires_on < today:
        raise Conflict("This card is too old to be used.", field="code")


def sold_entry(batch_id: UUID, cards: list[PrepaidCard], key: str, at: datetime) -> Entry:
    """Return what is posted when cards of one batch are sold: a debt to whoever holds them.

    The VAT of single-purpose vouchers is due now, and waits on 2618 to be set off when the card is used.
    """
    first = cards[0]
    total = sum(card.amount_minor for card in cards)
    lines = [Line(RECEIVABLES, total, first.currency), Line(VOUCHERS, -total, first.currency)]
    if first.purpose is VoucherPurpose.SINGLE:
        vat = sum(vat_within(card.amount_minor, card.vat_percent) for card in cards)
        lines += [
            Line(VAT_WAITING, vat, first.currency),
            Line(sales_and_vat(first.vat_percent)[1], -vat, first.currency),
        ]
    return Entry(
        idempotency_key=key,
        kind="prepaid_sold",
        occurred_at=at,
        source_kind="prepaid_batch",
        source_id=batch_id,
        lines=tuple(lines),
    )


def redeemed_entry(card: PrepaidCard, driver_id: DriverId, balance_minor: int, at: datetime) -> Entry:
    """Return what is posted when a driver redeems a card: the debt is to them now, with the VAT that was paid on it.

    `balance_minor` is what the driver had before. What fills an overrun is used up with it, and its VAT is set off.
    """
    lines = [
        Line(VOUCHERS, card.amount_minor, card.currency),
        Line(ADVANCES, -card.amount_minor, card.currency, driver_id),
    ]
    if card.purpose is VoucherPurpose.SINGLE:
        vat = vat_within(card.amount_minor, card.vat_percent)
        waiting = kept(vat, card.amount_minor, balance_minor)
        lines += [Line(VAT_WAITING, -vat, card.currency), Line(VAT_WAITING, waiting, card.currency, driver_id)]
        lines.append(Line(sales_and_vat(card.vat_percent)[1], vat - waiting, card.currency))
    return Entry(
        idempotency_key=f"prepaid_redeemed:{card.id}",
        kind="prepaid_redeemed",
        occurred_at=at,
        source_kind="prepaid_card",
        source_id=card.id,
        lines=tuple(lines),
    )


def lapsed_entry(card: PrepaidCard, at: datetime) -> Entry:
    """Return what is posted when a sold card becomes too old: what was owed for it is income.

    Nothing was supplied, so no VAT falls due; that of a single-purpose voucher stays paid.
    """
    gained = card.amount_minor
    lines = [Line(VOUCHERS, card.amount_minor, card.currency)]
    if card.purpose is VoucherPurpose.SINGLE:
        vat = vat_within(card.amount_minor, card.vat_percent)
        gained -= vat
        lines.append(Line(VAT_WAITING, -vat, card.currency))
    lines.append(Line(LAPSED, -gained, card.currency))
    return Entry(
        idempotency_key=f"prepaid_lapsed:{card.id}",
        kind="prepaid_lapsed",
        occurred_at=at,
        source_kind="prepaid_card",
        source_id=card.id,
        lines=tuple(lines),
    )

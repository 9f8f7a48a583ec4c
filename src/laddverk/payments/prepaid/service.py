"""Making, selling and redeeming prepaid cards. One transaction each; what moves money posts in it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.ledger import service as ledger
from laddverk.payments.prepaid import rules, store
from laddverk.payments.prepaid.model import CardState, NewBatch, PrepaidCard, Printed
from laddverk.payments.sealing import sealed, unsealed
from laddverk.payments.wallet.books import standing
from laddverk.platform import audit
from laddverk.platform.database import Database, Transaction
from laddverk.platform.settings import Secrets

CODES_KEPT: Final = timedelta(days=30)  # a print shop takes two weeks
GUESSES_MAX: Final = 5
GUESSES_WITHIN: Final = timedelta(minutes=15)
LAPSE_MAX: Final = 500  # bounds one run of the job


async def make_batch(
    tx: Transaction, actor: Actor, keys: Secrets, new: NewBatch, now: datetime, zone: ZoneInfo
) -> UUID:
    """Make cards, worth nothing until they are activated, and return their batch. Raises `Invalid` by field."""
    actor.require(Permission.INVOICES_WRITE)
    rules.check_batch(new, now.astimezone(zone).date())
    batch_id = new_id()
    await store.insert_batch(tx, batch_id, new, now, actor.name or actor.kind)
    await store.insert_cards(tx, batch_id, [_blank(keys, place) for place in range(1, new.cards + 1)])
    detail = {"name": new.name, "cards": new.cards, "amount_minor": new.amount_minor}
    await audit.write(tx, actor, "prepaid_batch.made", "prepaid_batch", batch_id, at=now, detail=detail)
    return batch_id


def _blank(keys: Secrets, place: int) -> store.Blank:
    card_id, code = new_id(), rules.new_code(secrets.choice)
    box = sealed(keys, code.encode(), card_id.bytes)
    return store.Blank(card_id, place, rules.hashed(code, keys.link_key), box, code[-rules.GROUP :])


async def sheet(tx: Transaction, actor: Actor, keys: Secrets, batch_id: UUID, now: datetime) -> list[Printed]:
    """Return the codes of a batch, to be printed. Each time is in the audit log.

    Raises `Conflict` when they have been forgotten, which is for good.
    """
    actor.require(Permission.INVOICES_WRITE)
    if await store.batch(tx, batch_id) is None:
        raise NotFound("There is no such batch.")
    rows = [(row.place, unsealed(keys, row.code_box, row.id.bytes)) for row in await store.boxed(tx, batch_id)]
    lines = [Printed(place, rules.shown(code.decode())) for place, code in rows if code is not None]
    if not lines:
        raise Conflict("The codes of this batch have been forgotten.", remedy="They stand on the printed cards only.")
    await audit.write(tx, actor, "prepaid_batch.printed", "prepaid_batch", batch_id, at=now)
    return lines


async def forget_codes(tx: Transaction, actor: Actor, batch_id: UUID, now: datetime, reason: str = "") -> None:
    """Forget the codes of a batch: the cards are printed."""
    actor.require(Permission.INVOICES_WRITE)
    await store.forget(tx, batch_id)
    await audit.write(tx, actor, "prepaid_batch.codes_forgotten", "prepaid_batch", batch_id, at=now, reason=reason)


async def activate(tx: Transaction, actor: Actor, batch_id: UUID, first: int, last: int, now: datetime) -> int:
    """Sell the cards at these places: they are worth their money from now on. Return how many were not sold before."""
    actor.require(Permission.INVOICES_WRITE)
    cards = await _at(tx, batch_id, first, last, CardState.MADE)
    if cards:
        await store.activate(tx, cards, now)
        key = f"prepaid_sold:{batch_id}:{cards[0].id}"
        await ledger.post(tx, rules.sold_entry(batch_id, cards, key, now))
        detail = {"first": first, "last": last, "cards": len(cards)}
        await audit.write(tx, actor, "prepaid_batch.activated", "prepaid_batch", batch_id, at=now, detail=detail)
    return len(cards)


async def block(tx: Transaction, actor: Actor, batch_id: UUID, place: int, reason: str, now: datetime) -> None:
    """Make a card unusable that was lost before it was sold. A sold one is its holder's and stays.

    Raises `Conflict` when it has been sold or used, `Invalid` without a reason.
    """
    actor.require(Permission.INVOICES_WRITE)
    if not reason.strip():
        raise Invalid("A reason is needed.", field="reason", remedy="Say why.")
    cards = await _at(tx, batch_id, place, place, CardState.MADE)
    if not cards:
        raise Conflict("Only a card that has not been sold can be blocked.", field="place")
    await store.close(tx, cards, CardState.BLOCKED, now)
    await audit.write(tx, actor, "prepaid_card.blocked", "prepaid_card", cards[0].id, at=now, reason=reason)


async def _at(tx: Transaction, batch_id: UUID, first: int, last: int, state: CardState) -> list[PrepaidCard]:
    batch = await store.batch(tx, batch_id)
    if batch is None:
        raise NotFound("There is no such batch.")
    if not 1 <= first <= last <= batch.cards:
        raise Invalid("The batch has no such cards.", field="first", remedy="Give numbers from its sheet.")
    return await store.locked_places(tx, batch_id, first, last, state)


async def redeem(
    database: Database, keys: Secrets, driver_id: DriverId, text: str, now: datetime, zone: ZoneInfo, *, address: str
) -> PrepaidCard:
    """Add the value of a card to what the driver has with us, and return the card.

    A code that cannot be one is refused without counting; a wrong one counts, for the driver and the network `address`,
    and stays counted: it is committed by itself. Raises `Invalid`, `Conflict` with the reason, `TooMany`.
    """
    code = rules.read(text)
    guessers = (f"driver {driver_id}", f"address {address}")

    async def work(tx: Transaction) -> PrepaidCard | None:
        for who in guessers:
            if await store.attempts(tx, who, now - GUESSES_WITHIN) >= GUESSES_MAX:
                raise TooMany("There were too many wrong codes.", remedy="Wait a quarter of an hour and try again.")
        card = await store.locked_by_hash(tx, rules.hashed(code, keys.link_key))
        if card is None:
            for who in guessers:
                await store.note_attempt(tx, who, now)
            return None
        rules.check_redeemable(card, now.astimezone(zone).date())
        await store.redeem(tx, card.id, driver_id, now)
        balance, _ = await standing(tx, driver_id, card.currency, now)
        await ledger.post(tx, rules.redeemed_entry(card, driver_id, balance, now))
        return card

    card = await database.run(work)
    if card is None:
        raise Invalid("There is no card with this code.", field="code", remedy="Read it once more from the card.")
    return card


async def lapse(tx: Transaction, now: datetime, zone: ZoneInfo) -> int:
    """Close cards whose last day is over, book what was owed for the sold ones as income, and return how many.

    Forgets codes and wrong guesses that have been kept for long enough.
    """
    await store.forget_old(tx, now - CODES_KEPT)
    await store.forget_attempts(tx, now - GUESSES_WITHIN)
    cards = await store.too_old(tx, now.astimezone(zone).date(), LAPSE_MAX)
    if cards:
        await store.close(tx, cards, CardState.EXPIRED, now)
        sold = [card for card in cards if card.state is CardState.ACTIVE]
        await ledger.post_many(tx, [rules.lapsed_entry(card, now) for card in sold])
    return len(cards)

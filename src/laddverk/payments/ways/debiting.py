"""Debiting a driver who is not there for a charge: the first way, after a decline the fallback, then what is owed.

Each step holds the lock of the session, so that tries follow one another; each try has a number of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, PaymentId, SessionId, new_id
from laddverk.kernel.money import VatTotal, vat_portion
from laddverk.ledger import service as ledger
from laddverk.payments import rules as payment_rules
from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.model import Payment, Purpose, State, Wish
from laddverk.payments.providers import provider_named
from laddverk.payments.rules import Sold
from laddverk.payments.ways import holding, rules, store, telling
from laddverk.payments.ways.means import means_of
from laddverk.payments.ways.model import Choice, Means, Tried, Unpaid, Way, WayKind
from laddverk.payments.ways.payer import payer_of_session
from laddverk.payments.ways.store import Charged
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

NO_WAY: Final = "no_way"


async def debit_session(tx: Transaction, house: House, session_id: SessionId, now: datetime) -> None:
    """Debit the next way for a whole session; when none is left, the invoice takes it or the driver is asked.

    Safe to repeat: a session that is paid, or being paid, is left alone. A session without a driver has nobody to
    debit.
    """
    charged = await store.lock_session(tx, session_id)
    if charged is None or charged.driver_id is None or charged.settlement != "payment" or not charged.price_minor:
        return
    if await store.is_being_paid(tx, session_id, now):
        return
    payer = await payer_of_session(tx, charged.driver_id, session_id)
    choice = await store.choice(tx, payer)
    assert choice is not None, "a session's driver is there"
    means = await means_of(tx, house, payer, now, charged.currency)
    ways = rules.order(replace(choice, at_once=True), means)  # as it was agreed when the charge began
    tried = await store.tries_of_session(tx, session_id)
    large_enough = [way for way in ways if charged.price_minor >= smallest(house, way, means, charged.currency)]
    too_small = bool(ways) and not large_enough
    if too_small or (not tried and rules.gathers(charged.price_minor, ways[0] if ways else None, choice)):
        await payment_store.settle_by_invoice(tx, session_id)
        return
    way = rules.next_way(large_enough, tried)
    if way is None:
        await _leave(tx, house, charged, choice, tried, now)
        return
    payment = replace(
        new_debit(payer, way, means, charged.price_minor, charged.currency, now),
        session_id=session_id,
        due_minor=charged.price_minor,
        wish=Wish.CAPTURE,
    )
    await payment_store.insert(tx, payment)
    await payment_store.note(tx, payment.id, State.CREATED, now, amount_minor=payment.amount_minor)
    await store.insert_try(tx, payment.id, payer, way, len(tried) + 1, now, session_id=session_id)
    await settling.call(tx, payment.id, "charge")


def smallest(house: House, way: Way, means: Sequence[Means], currency: str) -> int:
    """Return the smallest amount that can be debited from a way."""
    return provider_named(house, provider_of(way, means)).smallest_minor(currency)


def provider_of(way: Way, means: Sequence[Means]) -> str:
    """Return the provider that debits a way."""
    if way.kind == WayKind.WALLET:
        return payment_rules.WALLET
    return next(each.provider for each in means if each.way == way)


def new_debit(
    driver_id: DriverId, way: Way, means: Sequence[Means], amount_minor: int, currency: str, now: datetime
) -> Payment:
    """Return the payment of one try, for nothing in particular yet."""
    return Payment(
        id=PaymentId(new_id()),
        purpose=Purpose.SESSION,
        state=State.CREATED,
        currency=currency,
        amount_minor=amount_minor,
        driver_id=driver_id,
        method_id=way.method_id,
        provider=provider_of(way, means),
        created_at=now,
        updated_at=now,
    )


async def _leave(
    tx: Transaction, house: House, charged: Charged, choice: Choice, tried: Sequence[Tried], now: datetime
) -> None:
    """Nothing can be debited: the driver's next invoice takes it if they may owe, else they are asked to pay."""
    why = tried[-1].failure_code or "" if tried else NO_WAY
    owes = rules.may_owe(choice, await store.policy(tx))
    before = await store.unpaid(tx, charged.id)
    grace = rules.grace_for(tried, now) if before is None else before.grace_until
    if grace is not None and grace > now:
        await ask_to_pay(tx, charged, choice.driver_id, why, now, grace)
        await telling.session_left(
            tx, house, charged, choice.driver_id, tried, why, "confirm", grace, f"debit:{charged.id}", now
        )
        return
    if owes and await payment_store.settle_by_invoice(tx, charged.id):
        await ask_no_more(tx, house, charged.id, now)
        await telling.session_left(
            tx, house, charged, choice.driver_id, tried, why, "invoice", None, f"left:{charged.id}", now
        )
        return
    await ask_to_pay(tx, charged, choice.driver_id, why, now)
    await telling.session_left(
        tx, house, charged, choice.driver_id, tried, why, "to_pay", None, f"left:{charged.id}", now
    )
    await holding.review(tx, house, [choice.driver_id], now)


async def grace_is_over(tx: Transaction, house: House, now: datetime) -> None:
    """What drivers were to confirm by now goes on as any decline: to the invoice, or it holds new starts back."""
    for session_id in await store.grace_over(tx, now):
        charged = await store.lock_session(tx, session_id)
        owed = await store.unpaid(tx, session_id)
        if charged is None or owed is None or await store.is_being_paid(tx, session_id, now):
            continue
        await store.keep_unpaid(tx, replace(owed, grace_until=None))
        if charged.settlement == "payment":
            choice = await store.choice(tx, owed.driver_id)
            assert choice is not None, "who owes is there"
            await _leave(tx, house, charged, choice, await store.tries_of_session(tx, session_id), now)


async def ask_to_pay(
    tx: Transaction, charged: Charged, payer: DriverId, why: str, now: datetime, grace: datetime | None = None
) -> None:
    """Write that the driver is to pay a session by hand, and book the sale as their debt. May be repeated.

    After a correction the difference is booked: the key holds the session's version, so each price is booked once.
    """
    before = await store.unpaid(tx, charged.id)
    owed = Unpaid(
        session_id=charged.id,
        driver_id=payer,
        currency=charged.currency,
        amount_minor=charged.price_minor,
        why=why or "card_declined",
        since=before.since if before else now,
        grace_until=grace,
    )
    if before is None or before.amount_minor != owed.amount_minor:
        sold, key = store.sold_of(charged), f"owed:{charged.id}:{charged.version}"
        await ledger.post(tx, rules.owed_entry(owed, sold, await _booked(tx, before, sold), key, now))
    await store.keep_unpaid(tx, owed)


async def _booked(tx: Transaction, before: Unpaid | None, sold: Sold) -> tuple[VatTotal, ...]:
    """Return what was booked as sold and owed before, at each rate."""
    if before is None or not before.amount_minor:
        return ()
    return vat_portion(await payment_store.standing(tx, before.session_id) or sold.parts, before.amount_minor)


async def ask_no_more(tx: Transaction, house: House, session_id: SessionId, now: datetime) -> None:
    """A session that its driver was asked to pay is free after all, or stands on an invoice: the debt is taken back."""
    before = await store.unpaid(tx, session_id)
    if before is None or not before.amount_minor:
        return
    charged = await store.lock_session(tx, session_id)
    if charged is None or await store.is_being_paid(tx, session_id, now):
        return
    nothing = replace(before, amount_minor=0)
    key = f"owed:{charged.id}:{charged.version}:none"
    sold = Sold(0, 0, charged.vat_percent)
    booked = await _booked(tx, before, store.sold_of(charged))
    await ledger.post(tx, rules.owed_entry(nothing, sold, booked, key, now))
    await store.keep_unpaid(tx, nothing)
    await holding.review(tx, house, [before.driver_id], now)

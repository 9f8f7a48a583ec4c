"""What a priced session, or a start that came to nothing, means for its payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import PaymentId
from laddverk.payments import claims, refunding, rules, settling, store
from laddverk.payments.disputes import store as dispute_store
from laddverk.payments.model import Payment, State, Wish
from laddverk.payments.providers import provider_named
from laddverk.payments.ways import debiting, telling
from laddverk.payments.ways import store as ways_store
from laddverk.platform.database import Transaction
from laddverk.platform.errands import LATER_S
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.sessions.model import SessionPriced, Settlement

CAPTURE: Final = "payments.capture"
"""The job that hears what a session cost: payload `SessionPriced`."""
CORRECTED = "the meter was corrected after payment"


async def sessions_priced(tx: Transaction, house: House, priced: Sequence[SessionPriced], now: datetime) -> None:
    """Capture what each session cost, release what it did not need, or charge the driver's saved card.

    Safe to repeat. A session under review waits. One that is to be invoiced, or is free, gives a reserved amount back.
    """
    rest = [each for each in priced if each.settlement != Settlement.REVIEW]
    while rest:
        round_of_it, rest = _apart(rest)
        await _each_once(tx, house, round_of_it, now)


def _apart(priced: Sequence[SessionPriced]) -> tuple[list[SessionPriced], list[SessionPriced]]:
    """Return those of which no session and no payment comes twice, and the rest: what comes twice is done in order."""
    seen: set[UUID] = set()
    first: list[SessionPriced] = []
    later: list[SessionPriced] = []
    for each in priced:
        about = {each.session_id, each.payment_id or each.session_id}
        (later if about & seen else first).append(each)
        seen |= about
    return first, later


async def _each_once(tx: Transaction, house: House, priced: Sequence[SessionPriced], now: datetime) -> None:
    known = await claims.locked(tx, [each.payment_id for each in priced if each.payment_id is not None])
    ready: list[tuple[SessionPriced, Payment | None]] = []
    for each in priced:
        payment = await _payment_of(tx, each, known)
        if payment is not None and payment.is_called(now):
            await _again_when_answered(tx, each)
        else:
            ready.append((each, payment))
    free = await ways_store.set_free(tx, [each.session_id for each, _ in ready if each.settlement != Settlement.FREE])
    for each, payment in ready:
        if each.session_id in free:
            await _gave_nothing(tx, house, each, payment, now)
        else:
            await _settle_one(tx, house, each, payment, now)


async def _settle_one(
    tx: Transaction, house: House, priced: SessionPriced, payment: Payment | None, now: datetime
) -> None:
    if priced.settlement == Settlement.PAYMENT:
        if payment is None:
            await debiting.debit_session(tx, house, priced.session_id, now)
        else:
            await _settle(tx, house, payment, priced, now)
        return
    if payment is not None:
        await settling.wish(tx, payment, Wish.CANCEL, now)
    await debiting.ask_no_more(tx, house, priced.session_id, now)


async def _again_when_answered(tx: Transaction, priced: SessionPriced) -> None:
    """Let a price wait while the provider is spoken to: what is being taken now may be less or more than it."""
    await enqueue(tx, [NewJob(CAPTURE, to_builtins(priced), after_s=LATER_S)])


async def release(tx: Transaction, house: House, start_request_ids: list[UUID], now: datetime) -> None:
    """Give back what was reserved for starts that came to nothing, and close pages that nobody paid on yet.

    A driver whose money was kept is told that it is let go.
    """
    for payment in await store.of_starts(tx, start_request_ids):
        if payment.session_id is not None:
            continue
        await settling.wish(tx, payment, Wish.CANCEL, now)
        if payment.driver_id is not None and payment.state == State.AUTHORISED:
            await telling.nothing_taken(
                tx,
                house,
                payment.driver_id,
                place=await ways_store.place_of_start(tx, payment.start_request_id),
                released_minor=payment.captured_minor or payment.authorised_minor,
                currency=payment.currency,
                started=False,
                key=str(payment.start_request_id),
                now=now,
            )


async def _payment_of(tx: Transaction, priced: SessionPriced, known: Mapping[PaymentId, Payment]) -> Payment | None:
    """Return the payment of a session, locked: that which it began with, or the newest that took its place."""
    first = None if priced.payment_id is None else known.get(priced.payment_id)
    if first is not None and first.state not in (State.CANCELLED, State.FAILED):
        return first
    return await store.of_session(tx, priced.session_id) or first


async def _gave_nothing(
    tx: Transaction, house: House, priced: SessionPriced, payment: Payment | None, now: datetime
) -> None:
    """A session gave no energy and costs nothing, as the operator says: what was paid for it goes back."""
    charged = await ways_store.lock_session(tx, priced.session_id)
    assert charged is not None, "it was changed above"
    await debiting.ask_no_more(tx, house, priced.session_id, now)
    if payment is not None and payment.state == State.CAPTURED:
        await _corrected(tx, payment, 0, now)
    elif payment is not None:
        await settling.step(tx, payment, replace(payment, session_id=priced.session_id), now)
        await settling.wish(tx, replace(payment, session_id=priced.session_id), Wish.CANCEL, now)
    kept = 0 if payment is None else payment.captured_minor or payment.authorised_minor
    if charged.driver_id is not None and (kept or priced.price_minor):
        await telling.nothing_taken(
            tx, house, charged.driver_id, place=charged.place, released_minor=kept, currency=priced.currency,
            started=True, key=str(priced.session_id), now=now, session_id=priced.session_id,
        )  # fmt: skip


async def _settle(tx: Transaction, house: House, before: Payment, priced: SessionPriced, now: datetime) -> None:
    """Take the price from the locked payment, which now learns its session."""
    session_id, price_minor = priced.session_id, priced.price_minor
    payment = replace(before, session_id=session_id)
    if payment.state == State.CAPTURED:
        await _corrected(tx, payment, price_minor, now)
    elif payment.state in (State.CANCELLED, State.FAILED):
        await settling.step(tx, before, payment, now)
        if price_minor and rules.debits_absent(payment):
            await debiting.debit_session(tx, house, session_id, now)
        elif price_minor:
            await settling.owe_by_invoice(tx, payment, session_id, now)
    else:
        smallest = provider_named(house, payment.provider).smallest_minor(payment.currency)
        wish = rules.wish_for(price_minor, smallest)
        if wish == Wish.CANCEL and price_minor:
            await store.note(tx, payment.id, "below_smallest", now, amount_minor=price_minor)
            await store.settle_by_invoice(tx, session_id)
        wanted = rules.wished(payment, wish, now, due_minor=price_minor)
        await settling.step(tx, before, wanted, now)
        if wish == Wish.CANCEL and wanted.state == State.CHECKOUT:
            await settling.call(tx, payment.id, "cancel")


async def _corrected(tx: Transaction, payment: Payment, price_minor: int, now: datetime) -> None:
    """A late truth about a session that is paid: downwards goes back, upwards is noted and never taken by itself."""
    if payment.due_minor is None or price_minor == payment.due_minor:
        return
    await store.save(tx, replace(payment, due_minor=price_minor, updated_at=now))
    ours = rules.refundable(payment, await store.refunds(tx, payment.id)) - await dispute_store.held(tx, payment.id)
    over = ours - price_minor
    if await dispute_store.has_open(tx, payment.id):
        await store.note(tx, payment.id, "corrected_disputed", now, amount_minor=price_minor)
    elif over > 0:
        await refunding.refund(tx, rule("sessions.price"), payment.id, over, CORRECTED, now)
    elif price_minor > payment.due_minor:
        await store.note(tx, payment.id, "cost_rose", now, amount_minor=price_minor - payment.due_minor)

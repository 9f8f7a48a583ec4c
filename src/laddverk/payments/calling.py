"""Speaking to the provider about payments: calls, webhooks to act upon, and questions where no answer came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import structlog
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import NotFound
from laddverk.payments import refunding, rules, settling, store
from laddverk.payments.model import Card, Outside, Payment, Snapshot, State, Wish
from laddverk.payments.opening import order_of
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import PaymentProvider, Refused, Unanswered
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

T = TypeVar("T")

log = structlog.get_logger()

CALLS_AT_ONCE: Final = 4  # the built-in provider takes a database connection for each, and there are ten


async def call_all(tx: Transaction, house: House, wanted: Sequence[tuple[PaymentId, str]]) -> None:
    """Make the calls, some at once, with their payments locked; then record one after the other what came of them."""
    locked: list[tuple[Payment, str, Awaitable[Snapshot | None]]] = []
    for payment_id, verb in sorted(set(wanted)):
        payment = await store.locked(tx, payment_id)
        if payment is not None and (made := await _prepared(tx, house, payment, verb)) is not None:
            locked.append((payment, verb, made))
    gate = asyncio.Semaphore(CALLS_AT_ONCE)
    answers = await asyncio.gather(*(_gated(gate, made) for _, _, made in locked), return_exceptions=True)
    for (payment, verb, _), answer in zip(locked, answers, strict=True):
        await _recorded(tx, payment, verb, answer, house.clock())


async def _prepared(tx: Transaction, house: House, payment: Payment, verb: str) -> Awaitable[Snapshot | None] | None:
    """Return the call to make, if `verb` still fits what the payment is."""
    provider = provider_named(house, payment.provider)
    match verb:
        case "charge" if payment.state == State.CREATED and payment.provider == rules.WALLET:
            assert payment.driver_id is not None, "a wallet is a driver's"
            return provider.charge(await order_of(tx, payment), Card(str(payment.driver_id), str(payment.driver_id)))
        case "charge" if payment.state == State.CREATED and payment.method_id is not None:
            method = await store.method(tx, payment.method_id)
            assert method is not None
            order = replace(await order_of(tx, payment), customer_ref=method.customer_ref)
            return provider.charge(order, Card(method.customer_ref, method.method_ref))
        case "capture" if payment.state == State.CAPTURING:
            return _or_truth(provider, payment, provider.capture(payment, rules.to_capture(payment)))
        case "cancel" if payment.state in (State.CHECKOUT, State.AUTHORISED):
            return _or_truth(provider, payment, provider.cancel(payment))
    return None


async def _or_truth(provider: PaymentProvider, payment: Payment, made: Awaitable[Snapshot]) -> Snapshot | None:
    """Return what a call answers; when it is refused, how the provider sees the payment instead."""
    try:
        return await made
    except Refused:
        try:
            return await provider.fetch(payment, None)
        except Refused as refusal:
            raise Unanswered(str(refusal)) from refusal


async def _gated(gate: asyncio.Semaphore, made: Awaitable[T]) -> T:
    async with gate:
        return await made


async def _recorded(
    tx: Transaction, payment: Payment, verb: str, answer: Snapshot | BaseException | None, now: datetime
) -> None:
    if isinstance(answer, Unanswered):
        await settling.step(tx, payment, rules.unanswered(payment, now), now)
        await store.note(tx, payment.id, f"{verb}_unanswered", now)
    elif isinstance(answer, Refused):
        refused = Snapshot(status=Outside.FAILED, failure_code=answer.code, failure_text=answer.text)
        await settling.see(tx, payment, refused, now)
    elif isinstance(answer, BaseException):
        raise answer
    elif answer is not None:
        await settling.see(tx, payment, answer, now)


async def act_on(tx: Transaction, house: House, provider: str, event_id: str) -> None:
    """Look at the payment that a webhook speaks of: the message says where to look, the provider says what is true."""
    now = house.clock()
    event = await store.unprocessed(tx, provider, event_id)
    if event is None:
        return
    payment_id = event.payment_id or await store.id_by_reference(tx, provider, event.provider_ref, event.checkout_ref)
    payment = None if payment_id is None else await store.locked(tx, payment_id)
    if payment is not None and payment.provider == provider:
        referred = replace(
            payment,
            provider_ref=payment.provider_ref or event.provider_ref,
            checkout_ref=payment.checkout_ref or event.checkout_ref,
        )
        seen = await provider_named(house, provider).fetch(referred, None)
        if seen is not None:
            await settling.see(tx, payment, seen, now)
    await store.processed(tx, provider, event_id, now)


async def reconcile(tx: Transaction, house: House, now: datetime) -> None:
    """Ask the provider about payments that should have moved on, and refunds that had no answer.

    When it does not answer, the rest waits for the next round: it would only wait for the same silence.
    """
    for payment_id in await store.unsettled(tx, now):
        payment = await store.locked(tx, payment_id)
        if payment is not None:
            await store.touch(tx, payment_id, now)
            if not await _asked(tx, house, payment, now):
                return
    for refund_id in await store.open_refunds(tx, now):
        wanted = await store.refund(tx, refund_id)
        payment = None if wanted is None else await store.locked(tx, wanted.payment_id)
        if payment is not None:
            await refunding.carry_out(tx, provider_named(house, payment.provider), payment, refund_id, now)


async def _asked(tx: Transaction, house: House, payment: Payment, now: datetime) -> bool:
    """Ask about one payment and act on the answer; return False when there was none."""
    method = await store.method(tx, payment.method_id) if payment.method_id else None
    try:
        seen = await provider_named(house, payment.provider).fetch(payment, method.customer_ref if method else None)
    except Unanswered as silence:
        log.warning("payments.provider_silent", payment=str(payment.id), error=str(silence))
        return False
    except (Refused, NotFound) as refusal:
        log.warning("payments.not_told", payment=str(payment.id), error=str(refusal))
        return True
    if seen is None:
        await _never_heard_of(tx, payment, now)
        return True
    after = await settling.see(tx, payment, seen, now)
    if after.state == State.CAPTURING:
        await settling.call(tx, after.id, "capture")
    elif after.state == State.AUTHORISED and (after.wish == Wish.CANCEL or await _start_is_gone(tx, after)):
        await settling.wish(tx, after, Wish.CANCEL, now)
    return True


async def _never_heard_of(tx: Transaction, payment: Payment, now: datetime) -> None:
    """The provider has nothing by our id: a charge is asked for again with its key, an unopened page is given up."""
    if payment.state == State.UNKNOWN and (payment.method_id is not None or payment.provider == rules.WALLET):
        await settling.step(tx, payment, replace(payment, state=State.CREATED, updated_at=now), now)
        await settling.call(tx, payment.id, "charge")
    else:
        await settling.see(tx, payment, Snapshot(status=Outside.FAILED, failure_code="never_opened"), now)


async def _start_is_gone(tx: Transaction, payment: Payment) -> bool:
    """Return whether the start that money is reserved for was given up without a session."""
    if payment.start_request_id is None or payment.session_id is not None:
        return False
    start = await store.lock_start(tx, payment.start_request_id)
    return start is not None and start.cancelled_at is not None

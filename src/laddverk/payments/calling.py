"""Speaking to the provider about payments: what may be called now, and what follows from the answer.

Nobody waits for a provider with a transaction open. A payment is claimed for a minute, the claim is committed, the call
is made, and what came of it is joined to the payment as it is by then. While a payment is claimed nobody else speaks to
a provider about it. A claim that ran out says that a process ended in the middle of a call: the payment is then
unknown, and the provider is asked before anything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog

from laddverk.kernel.ids import PaymentMethodId
from laddverk.payments import claims, rules, settling, store
from laddverk.payments.model import Card, Method, Outside, Payment, Snapshot, State, Wish
from laddverk.payments.opening import order_for
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import PaymentProvider, Refused, Unanswered
from laddverk.platform.database import Transaction
from laddverk.platform.errands import LEASE, Call, Later
from laddverk.platform.house import House

T = TypeVar("T")
Step = Call | Later | None

log = structlog.get_logger()

INSIDE: Final = frozenset({"sandbox", rules.WALLET})
"""Rails that answer from our own database."""
INSIDE_AT_ONCE: Final = 4  # each takes a database connection, and there are ten


class Calls:
    """The errand `settling.CALL`: charge, capture or cancel at the provider."""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> list[Step]:
        """Claim the payments whose verb still fits them, and return the calls to make."""
        now = self._house.clock()
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload in payloads])
        cards = await store.methods_of(tx, {payment.method_id for payment in known.values() if payment.method_id})
        steps: list[Step] = []
        for payload in payloads:
            payment = known.get(settling.decoded_id(payload))
            if payment is None:
                steps.append(None)
            elif payment.is_called(now):
                steps.append(Later())
            elif payment.calling_until is not None:
                await _ended_in_mid_call(tx, payment, payload["verb"], now)
                steps.append(None)
            elif (made := prepared(self._house, payment, payload["verb"], cards)) is None:
                steps.append(None)
            else:
                known[payment.id] = await claims.claim(tx, payment, now + LEASE)
                steps.append(self._gate.through(payment.provider, made))
        return steps

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Join what came of the calls to their payments."""
        now = self._house.clock()
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload, _ in came])
        await claims.release(tx, list(known))
        for payload, answer in came:
            await recorded(tx, known[settling.decoded_id(payload)], payload["verb"], answer, now)


class Gate:
    """Lets only a few calls at once to the rails that answer from our own database."""

    def __init__(self) -> None:
        self._inside = asyncio.Semaphore(INSIDE_AT_ONCE)

    def through(self, provider: str, call: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
        """Return `call` as it may be made: behind others, or at once."""
        return self._one_of_few(call) if provider in INSIDE else call

    def _one_of_few(self, call: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
        async def made() -> T:
            async with self._inside:
                return await call()

        return made


def prepared(house: House, payment: Payment, verb: str, cards: Mapping[PaymentMethodId, Method]) -> Call | None:
    """Return the call to make, if `verb` still fits what the payment is; `cards` has its card, if it has one."""
    provider = provider_named(house, payment.provider)
    match verb:
        case "charge" if payment.wish == Wish.CANCEL:
            return None  # it was given up before it was asked for
        case "charge" if payment.state == State.CREATED and payment.provider == rules.WALLET:
            assert payment.driver_id is not None, "a wallet is a driver's"
            order, card = order_for(payment), Card(str(payment.driver_id), str(payment.driver_id))
            return lambda: provider.charge(order, card)
        case "charge" if payment.state == State.CREATED and payment.method_id is not None:
            method = cards[payment.method_id]
            order = order_for(payment, customer_ref=method.customer_ref)
            card = Card(method.customer_ref, method.method_ref)
            return lambda: provider.charge(order, card)
        case "capture" if payment.state == State.CAPTURING:
            return lambda: _or_truth(provider, payment, provider.capture(payment, rules.to_capture(payment)))
        case "cancel" if payment.state in (State.CHECKOUT, State.AUTHORISED):
            return lambda: _or_truth(provider, payment, provider.cancel(payment))
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


async def recorded(
    tx: Transaction, payment: Payment, verb: str, answer: Snapshot | BaseException | None, now: datetime
) -> None:
    """Join what came of a call to the locked payment as it is now."""
    if isinstance(answer, Unanswered | TimeoutError):
        await _unanswered(tx, payment, verb, now)
    elif isinstance(answer, Refused):
        refused = Snapshot(status=Outside.FAILED, failure_code=answer.code, failure_text=answer.text)
        await settling.see(tx, payment, refused, now)
    elif isinstance(answer, BaseException):
        raise answer
    elif answer is not None:
        await settling.see(tx, payment, answer, now)


async def _ended_in_mid_call(tx: Transaction, payment: Payment, verb: str, now: datetime) -> None:
    await claims.release(tx, [payment.id])
    await _unanswered(tx, payment, verb, now)


async def _unanswered(tx: Transaction, payment: Payment, verb: str, now: datetime) -> None:
    await settling.step(tx, payment, rules.unanswered(payment, now), now)
    await store.note(tx, payment.id, f"{verb}_unanswered", now)

"""Asking the provider how a payment stands: after a webhook, and by the clock when nothing was heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import NotFound
from laddverk.payments import claims, refunding, rules, settling, store, store_inbox
from laddverk.payments.calling import Gate, Step
from laddverk.payments.inbox import WEBHOOK
from laddverk.payments.model import Outside, Payment, RefundState, Snapshot, State, WebhookEvent, Wish
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import Refused, Unanswered
from laddverk.platform.database import Transaction
from laddverk.platform.errands import LEASE, Later
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, delay_after, enqueue

ASK: Final = "payments.ask"
"""The errand that asks about one payment: payload `{payment_id, tries}`, with the references that a webhook named."""

REFUND_TOLD: Final = "refund"
"""The kind of a webhook that is about money on its way back (Swish)."""
TOLD_MEANWHILE_S: Final = 1.0  # most calls are answered by then
ASKED_AT_ONCE: Final = 100  # a silent provider holds this many calls, and leaves room for charges and captures

log = structlog.get_logger()


def topic(payment_id: PaymentId) -> str:
    """Return the hint that says that a payment was looked at: it may have moved."""
    return f"payment:{payment_id}"


async def act_on(tx: Transaction, told: Sequence[tuple[str, str]], now: datetime) -> None:
    """Ask about the payments that webhooks speak of: a message says where to look, the provider what is true.

    Each is named by its provider and its id there. One that says nothing new costs no question: most tell what we did
    ourselves a moment ago.
    """
    events = await store_inbox.unprocessed(tx, told)
    known = await store.payments(tx, {event.payment_id for _, event in events if event.payment_id is not None})
    for provider, event in events:
        if event.payment_id is not None:
            payment = known.get(event.payment_id)
        else:
            found = await store.id_by_reference(tx, provider, event.provider_ref, event.checkout_ref)
            payment = None if found is None else await store.payment(tx, found)
        await _act_on_one(tx, provider, event, payment, now)


async def _act_on_one(
    tx: Transaction, provider: str, event: WebhookEvent, payment: Payment | None, now: datetime
) -> None:
    if payment is not None and payment.is_called(now):
        # The answer under way will most likely say the same.
        again = NewJob(WEBHOOK, {"provider": provider, "event_id": event.id}, after_s=TOLD_MEANWHILE_S)
        await enqueue(tx, [again])
        return
    if payment is not None and payment.provider == provider and event.kind == REFUND_TOLD:
        await _bring_refunds(tx, payment)
    elif payment is not None and payment.provider == provider and not _is_known(payment, event, now):
        await _ask(tx, payment, event)
    store_inbox.processed(tx, provider, event.id, now)


async def ask_overdue(tx: Transaction, now: datetime) -> None:
    """Ask about payments that should have moved on, and bring refunds without an answer to the provider again.

    No more at once than `ASKED_AT_ONCE`: when a provider is silent the rest would only wait for the same silence.
    """
    room = ASKED_AT_ONCE - await claims.under_way(tx, ASK)
    overdue = await claims.unsettled(tx, now, room) if room > 0 else []
    await claims.touch(tx, overdue, now)
    asks = [
        NewJob(ASK, {"payment_id": str(payment_id), "overdue": True}, unique_key=f"{ASK}:{payment_id}:overdue")
        for payment_id in overdue
    ]
    refunds = [
        NewJob(refunding.REFUND, {"refund_id": str(row.id), "payment_id": str(row.payment_id)}, unique_key=str(row.id))
        for row in await claims.open_refunds(tx, now)
    ]
    await enqueue(tx, [*asks, *refunds])


async def ask(tx: Transaction, payment_id: PaymentId) -> None:
    """Ask how a payment stands, once this commits."""
    await enqueue(tx, [NewJob(ASK, {"payment_id": str(payment_id)}, unique_key=f"{ASK}:{payment_id}")])


class Asks:
    """The errand `ASK`."""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> list[Step]:
        """Claim the payments, and return the questions."""
        now = self._house.clock()
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload in payloads])
        steps: list[Step] = []
        for payload in payloads:
            payment = known.get(settling.decoded_id(payload))
            if payment is None or (payload.get("overdue") and payment.state in rules.CLOSED):
                steps.append(None)
            elif payment.is_called(now):
                steps.append(Later())
            else:
                known[payment.id] = await claims.claim(tx, payment, now + LEASE)
                steps.append(await self._question(tx, payment, payload))
        return steps

    async def _question(self, tx: Transaction, payment: Payment, payload: dict[str, Any]) -> Step:
        method = await store.method(tx, payment.method_id) if payment.method_id else None
        referred = replace(
            payment,
            provider_ref=payment.provider_ref or payload.get("provider_ref"),
            checkout_ref=payment.checkout_ref or payload.get("checkout_ref"),
        )
        provider, customer = provider_named(self._house, payment.provider), method.customer_ref if method else None
        return self._gate.through(payment.provider, lambda: provider.fetch(referred, customer))

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Join the answers to the payments."""
        now = self._house.clock()
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload, _ in came])
        await claims.release(tx, list(known))
        for payload, answer in came:
            await _answered(tx, known[settling.decoded_id(payload)], payload, answer, now)
        tx.after_commit(lambda: self._house.hints.publish([topic(payment_id) for payment_id in known]))


def _is_known(payment: Payment, event: WebhookEvent, now: datetime) -> bool:
    return event.says is not None and rules.applied(payment, event.says, now) == payment


async def _bring_refunds(tx: Transaction, payment: Payment) -> None:
    """Ask what became of the refunds of a payment that are under way."""
    under_way = [each for each in await store.refunds(tx, payment.id) if each.state == RefundState.UNKNOWN]
    await enqueue(
        tx,
        [
            NewJob(
                refunding.REFUND, {"refund_id": str(each.id), "payment_id": str(payment.id)}, unique_key=str(each.id)
            )
            for each in under_way
        ],
    )


async def _ask(tx: Transaction, payment: Payment, event: WebhookEvent) -> None:
    references = {"provider_ref": event.provider_ref, "checkout_ref": event.checkout_ref}
    key = f"{ASK}:{payment.id}:{event.provider_ref}:{event.checkout_ref}"
    await enqueue(tx, [NewJob(ASK, {"payment_id": str(payment.id), **references}, unique_key=key)])


async def _answered(tx: Transaction, payment: Payment, payload: dict[str, Any], answer: Any, now: datetime) -> None:
    if isinstance(answer, Unanswered | TimeoutError):
        log.warning("payments.provider_silent", payment=str(payment.id), error=str(answer))
        if not payload.get("overdue"):
            tries = int(payload.get("tries", 0))
            rest_s = delay_after(tries).total_seconds()
            await enqueue(tx, [NewJob(ASK, {**payload, "tries": tries + 1}, after_s=rest_s)])
    elif isinstance(answer, Refused | NotFound):
        log.warning("payments.not_told", payment=str(payment.id), error=str(answer))
    elif isinstance(answer, BaseException):
        raise answer
    elif payload.get("overdue"):
        await _settled(tx, payment, answer, now)
    elif answer is not None:
        await settling.see(tx, payment, answer, now)


async def _settled(tx: Transaction, payment: Payment, seen: Snapshot | None, now: datetime) -> None:
    """Bring a payment that should have moved on to where the provider says that it is, and ask for what is missing."""
    if seen is None:
        await _never_heard_of(tx, payment, now)
        return
    after = await settling.see(tx, payment, seen, now)
    if after.state == State.CAPTURING:
        await settling.call(tx, after.id, "capture")
    elif after.state == State.AUTHORISED and (after.wish == Wish.CANCEL or await _start_is_gone(tx, after)):
        await settling.wish(tx, after, Wish.CANCEL, now)


async def _never_heard_of(tx: Transaction, payment: Payment, now: datetime) -> None:
    """The provider has nothing by our id: a charge is asked for again with its key, an unopened page is given up."""
    if payment.state in rules.CLOSED:
        return
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

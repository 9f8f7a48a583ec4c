"""One step of a payment: what the provider showed is joined to what we know, and all that follows commits with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.events import Event
from laddverk.kernel.ids import PaymentId, PaymentMethodId, SessionId, new_id
from laddverk.ledger import service as ledger
from laddverk.payments import rules, store
from laddverk.payments.model import (
    Outside,
    Payment,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    Purpose,
    Refund,
    RefundState,
    Snapshot,
    State,
    Wish,
)
from laddverk.payments.reserved import store as card_store
from laddverk.payments.rules import Effect, Sold
from laddverk.payments.wallet import books as wallet
from laddverk.payments.ways import store as ways
from laddverk.payments.ways import store as ways_store
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

REFUND: Final = "payments.refund"
"""The job that carries one refund to the provider: payload `{refund_id, payment_id}`."""
UNUSED: Final = N_("paid before the charge, and not used")
NEXT_WAY: Final = "payments.next_way"
"""The job that decides what follows on a debit that came to nothing: payload `{payment_id}`."""
WAY_SAVED: Final = "payments.way_saved"
"""The job that looks at what a driver's new card or consent changes: payload `{driver_id}`."""
TELL_ENDED: Final = "payments.tell_ended"
"""The job that tells a driver that a consent has ended: payload `{method_id}`."""
TOO_LATE: Final = N_("paid after it was given up")
GIVEN_UP: Final = frozenset({Purpose.INVOICE, Purpose.TOP_UP})
"""What is paid at once: money that comes after the payer went another way goes back."""
CALL: Final = "payments.call"
"""The job that speaks to the provider: payload `{payment_id, verb}` with the verb charge, capture or cancel."""


async def see(tx: Transaction, before: Payment, seen: Snapshot, now: datetime) -> Payment:
    """Join `seen` to the locked payment `before`, with all that follows; return it as it is now."""
    after = rules.applied(before, seen, now)
    if seen.used is not None or seen.capture_before is not None:
        await card_store.keep(tx, before.id, seen)
    if seen.card is not None and after.purpose == Purpose.SAVE_CARD and after.driver_id and after.method_id is None:
        method = await store.save_method(tx, after.driver_id, after.provider, seen.card, now)
        after = replace(after, method_id=None if method is None else PaymentMethodId(method))
        await enqueue(tx, [NewJob(WAY_SAVED, {"driver_id": str(after.driver_id)})])
    await step(tx, before, after, now, has_run_out=seen.has_run_out)
    if before.state == State.SAVED and seen.status == Outside.CANCELLED and before.method_id is not None:
        await _stop_method(tx, before.method_id, seen.failure_code or "payment_method_gone", now)
    if seen.refunded_minor > before.refunded_minor:
        await _find_refunds(tx, after, seen.refunded_minor, now)
    return after


async def step(tx: Transaction, before: Payment, after: Payment, now: datetime, *, has_run_out: bool = False) -> None:
    """Save `after` in place of the locked `before`, and cause what the step causes.

    `has_run_out`: when it ends here, it is because nobody paid in time.
    """
    if after == before:
        return
    # Refunds are counted from their own rows: each is posted once, whoever sees it first.
    await store.save(tx, replace(after, refunded_minor=before.refunded_minor))
    if after.state != before.state:
        detail = {} if after.failure_code == before.failure_code else {"code": after.failure_code}
        await store.note(tx, after.id, after.state, now, amount_minor=_amount_of(after), detail=detail)
    if rules.has_deposit(before, after):
        await ledger.post(tx, rules.deposit_entry(after, now))
        await store.note(tx, after.id, "deposited", now, amount_minor=after.captured_minor)
    for effect in rules.effects(before, after):
        await _cause(tx, effect, before, after, now, has_run_out=has_run_out)
    if after.state == State.CANCELLED and after.captured_minor and not before.unused_minor:
        await _return_unused(tx, before, after, after.captured_minor, now)


async def _stop_method(tx: Transaction, method_id: PaymentMethodId, code: str, now: datetime) -> None:
    """A consent was ended by the payer: nothing is debited by it any more, and its driver is told."""
    if await ways.stop_method(tx, method_id, code, now):
        await enqueue(tx, [NewJob(TELL_ENDED, {"method_id": str(method_id)})])


async def call(tx: Transaction, payment_id: PaymentId, verb: str) -> None:
    """Let the provider be called once this commits."""
    await enqueue(tx, [NewJob(CALL, {"payment_id": str(payment_id), "verb": verb})])


async def wish(tx: Transaction, before: Payment, wanted: Wish, now: datetime, *, due_minor: int | None = None) -> None:
    """Say what is wanted of the locked payment `before`; what is open or authorised is acted upon."""
    after = rules.wished(before, wanted, now, due_minor=due_minor)
    await step(tx, before, after, now)
    if wanted == Wish.CANCEL and after.state == State.CHECKOUT:
        await call(tx, after.id, "cancel")


async def refunded(
    tx: Transaction, before: Payment, refund: Refund, now: datetime, provider_ref: str | None = None
) -> Payment:
    """Record that `refund` of the locked payment was made: once, however often it is seen."""
    if refund.state == RefundState.SUCCEEDED:
        return before
    await store.save_refund(tx, refund.id, RefundState.SUCCEEDED, provider_ref, None, now)
    return await _book_refund(tx, before, refund, now)


async def taken_back(tx: Transaction, payment: Payment, refund: Refund, now: datetime) -> Payment:
    """Record a refund of the locked payment that the payer's bank made without asking us; it is new, and done."""
    await store.insert_refund(tx, refund, payment.provider)
    return await _book_refund(tx, payment, refund, now)


async def give_back(
    tx: Transaction, payment: Payment, amount_minor: int, reason: str, now: datetime, requested_by: str
) -> Refund:
    """Let `amount_minor` of the locked payment go back; it is carried to the provider once this commits."""
    wanted = Refund(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=amount_minor,
        state=RefundState.REQUESTED,
        reason=reason,
        created_at=now,
    )
    await store.insert_refund(tx, wanted, requested_by)
    await store.note(tx, payment.id, "refund_requested", now, amount_minor=amount_minor, detail={"reason": reason})
    await enqueue(tx, [NewJob(REFUND, {"refund_id": str(wanted.id), "payment_id": str(payment.id)})])
    return wanted


async def _return_unused(tx: Transaction, before: Payment, after: Payment, unused_minor: int, now: datetime) -> None:
    """What was paid before the charge and not used goes back by itself."""
    await store.save(tx, replace(after, unused_minor=unused_minor, refunded_minor=before.refunded_minor))
    await give_back(tx, after, unused_minor, UNUSED, now, after.provider)


async def owe_by_invoice(tx: Transaction, payment: Payment, session_id: SessionId, now: datetime) -> None:
    """A session was delivered and its money cannot be had: it goes to the driver's invoice, or becomes a receivable."""
    if await store.settle_by_invoice(tx, session_id):
        await store.note(tx, payment.id, "left_to_invoice", now)
        return
    sold = await store.sold(tx, session_id)
    if sold is not None and sold.price_minor and await ledger.post(tx, rules.uncollected_entry(payment, sold, now)):
        await store.note(tx, payment.id, "uncollected", now, amount_minor=sold.price_minor)


async def _cause(
    tx: Transaction, effect: Effect, before: Payment, payment: Payment, now: datetime, *, has_run_out: bool
) -> None:
    match effect:
        case Effect.CAPTURE:
            await call(tx, payment.id, "capture")
        case Effect.CANCEL:
            await call(tx, payment.id, "cancel")
        case Effect.AUTHORISED:
            await _publish(tx, _authorised(payment))
        case Effect.CAPTURED:
            tx.later(_book_captures, _Captured(before, payment, now))
        case Effect.GONE if rules.debits_absent(payment):
            await enqueue(tx, [NewJob(NEXT_WAY, {"payment_id": str(payment.id)})])
        case Effect.GONE:
            if payment.session_id is not None and payment.due_minor and payment.wish == Wish.CAPTURE:
                await owe_by_invoice(tx, payment, payment.session_id, now)
            await _publish(tx, _failed(payment, now, has_run_out=has_run_out))


class _Captured(Struct, frozen=True):
    before: Payment
    payment: Payment
    now: datetime


async def _book_captures(tx: Transaction, captures: Sequence[_Captured]) -> None:
    sessions = [each.payment.session_id for each in captures if each.payment.session_id and rules.is_sale(each.payment)]
    sold = await store.sold_of(tx, sessions)
    # What stands in the books as the driver's debt is settled here, and not sold once more.
    booked = await ways_store.booked_sales(tx, sold)
    for each in captures:
        session_id = each.payment.session_id if rules.is_sale(each.payment) else None
        of_it = None if session_id is None or session_id in booked else sold.get(session_id)
        await _book_capture(tx, each.before, each.payment, of_it, each.now)


async def _book_capture(tx: Transaction, before: Payment, payment: Payment, sold: Sold | None, now: datetime) -> None:
    await wallet.captured(tx, payment, now)
    deposited = before.captured_minor > 0
    ledger.post_later(tx, rules.capture_entry(payment, sold, now, deposited=deposited))
    if deposited and (rest := rules.unused(payment, sold)):
        await _return_unused(tx, before, payment, rest, now)
    if payment.shortfall_minor:
        await store.note(tx, payment.id, "shortfall", now, amount_minor=payment.shortfall_minor)
    if payment.wish == Wish.CANCEL and payment.purpose in GIVEN_UP and payment.provider not in rules.BY_FILE:
        await give_back(tx, payment, payment.captured_minor, TOO_LATE, now, payment.provider)
    event = PaymentCaptured(
        payment_id=payment.id,
        purpose=payment.purpose,
        invoice_id=payment.invoice_id,
        amount_minor=payment.captured_minor,
    )
    await _publish(tx, event)


async def _book_refund(tx: Transaction, before: Payment, refund: Refund, now: datetime) -> Payment:
    sold = await store.sold(tx, before.session_id) if rules.is_sale(before) else None
    await wallet.refunded(tx, before, refund, now)
    standing = () if sold is None or before.session_id is None else await store.standing(tx, before.session_id)
    await ledger.post(tx, rules.refund_entry(before, refund, before.refunded_minor, sold, now, standing))
    after = replace(before, refunded_minor=before.refunded_minor + refund.amount_minor, updated_at=now)
    await store.save(tx, after)
    await store.note(tx, after.id, "refunded", now, amount_minor=refund.amount_minor, detail={"reason": refund.reason})
    event = PaymentRefunded(
        payment_id=after.id, purpose=after.purpose, invoice_id=after.invoice_id, amount_minor=refund.amount_minor
    )
    await _publish(tx, event)
    return after


async def _find_refunds(tx: Transaction, payment: Payment, seen_minor: int, now: datetime) -> None:
    """Money went back that we do not have in our books as made: ours under way, or one made at the provider by hand."""
    current = await store.locked(tx, payment.id)
    assert current is not None
    refunds = await store.refunds(tx, payment.id)
    under_way = sum(r.amount_minor for r in refunds if r.state in (RefundState.REQUESTED, RefundState.UNKNOWN))
    by_hand = min(seen_minor, current.captured_minor) - current.refunded_minor - under_way
    if by_hand > 0:
        made = Refund(
            id=new_id(),
            payment_id=payment.id,
            amount_minor=by_hand,
            state=RefundState.SUCCEEDED,
            reason="made at the provider",
            created_at=now,
        )
        await store.insert_refund(tx, made, payment.provider)
        await _book_refund(tx, current, made, now)


def _authorised(payment: Payment) -> PaymentAuthorised:
    return PaymentAuthorised(
        payment_id=payment.id, start_request_id=payment.start_request_id, amount_minor=payment.authorised_minor
    )


def _failed(payment: Payment, now: datetime, *, has_run_out: bool = False) -> PaymentFailed:
    is_closed = payment.state == State.CANCELLED and payment.failure_code is None
    return PaymentFailed(
        payment_id=payment.id,
        purpose=payment.purpose,
        start_request_id=payment.start_request_id,
        why=payment.failure_code or payment.state,
        has_run_out=has_run_out,
        closed_at=now if is_closed else None,
    )


async def tell_gone(tx: Transaction, payment: Payment, now: datetime) -> None:
    """Say that nothing will be paid by this payment, and that no other way follows it."""
    await _publish(tx, _failed(payment, now))


async def _publish(tx: Transaction, event: Event) -> None:
    await outbox.publish(tx, [event])


def _amount_of(payment: Payment) -> int | None:
    return {State.AUTHORISED: payment.authorised_minor, State.CAPTURED: payment.captured_minor}.get(payment.state)


def decoded_id(payload: dict[str, Any], name: str = "payment_id") -> PaymentId:
    """Return the payment id in a job's payload."""
    return PaymentId(UUID(payload[name]))

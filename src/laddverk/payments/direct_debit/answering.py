"""What follows for a payment or a refund when the bank has answered its collection."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import uuid5

from laddverk.payments import refunding, settling
from laddverk.payments import store as payment_store
from laddverk.payments.direct_debit.model import Collection, CollectionKind, CollectionState, PaymentSaid
from laddverk.payments.model import Outside, Payment, Refund, RefundState, Snapshot
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue

RETRIES: Final = "bank_retries"
TELL: Final = "payments.tell_refused"
"""The job that tells a driver that a collection was refused: payload `{collection_id}`."""


async def follow(tx: Transaction, before: Collection, after: Collection, said: PaymentSaid, now: datetime) -> None:
    """Bring the payment, or the refund, of a collection to where the bank says that it is; each step is booked once."""
    payment = await payment_store.locked(tx, after.payment_id)
    assert payment is not None, "a collection has its payment (foreign key)"
    if after.kind == CollectionKind.PAYOUT:
        await _paid_out(tx, payment, after, now)
        return
    if after.paid_minor > before.paid_minor:
        taken = Snapshot(
            status=Outside.CAPTURED,
            provider_ref=after.reference,
            authorised_minor=after.paid_minor,
            captured_minor=after.paid_minor,
        )
        payment = await settling.see(tx, payment, taken, now)
    if after.returned_minor > before.returned_minor:
        await settling.taken_back(tx, payment, _returned(payment, before, after, said, now), now)
    if after.state != before.state:
        await _unpaid(tx, payment, after, now)


async def _unpaid(tx: Transaction, payment: Payment, after: Collection, now: datetime) -> None:
    match after.state:
        case CollectionState.REFUSED:
            seen = Snapshot(status=Outside.FAILED, failure_code=after.answer_code, failure_text=after.answer)
            await settling.see(tx, payment, seen, now)
            await enqueue(tx, [NewJob(TELL, {"collection_id": str(after.id)}, unique_key=f"{TELL}:{after.id}")])
        case CollectionState.CANCELLED:
            await settling.see(tx, payment, Snapshot(status=Outside.CANCELLED, failure_text=after.answer), now)
        case CollectionState.RETRYING:
            await payment_store.note(tx, payment.id, RETRIES, now)


async def _paid_out(tx: Transaction, payment: Payment, after: Collection, now: datetime) -> None:
    refund = None if after.refund_id is None else await payment_store.refund(tx, after.refund_id)
    if refund is None or refund.state == RefundState.SUCCEEDED:
        return
    if after.state == CollectionState.PAID:
        await settling.refunded(tx, payment, refund, now, after.reference)
    elif after.state in (CollectionState.REFUSED, CollectionState.CANCELLED) and refund.state != RefundState.FAILED:
        await refunding.failed(tx, payment, refund, after.answer, now)


def _returned(payment: Payment, before: Collection, after: Collection, said: PaymentSaid, now: datetime) -> Refund:
    """Return the refund that the payer's bank made. Its id follows from what was taken back: it is there once."""
    return Refund(
        id=uuid5(after.id, f"returned {after.returned_minor}"),
        payment_id=payment.id,
        amount_minor=after.returned_minor - before.returned_minor,
        state=RefundState.SUCCEEDED,
        reason=said.said,
        provider_ref=after.reference,
        created_at=now,
    )

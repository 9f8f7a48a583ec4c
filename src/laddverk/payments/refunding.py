"""Giving money back: asked for by a person or a rule, done by the provider, never more than was captured."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.payments import rules, settling, store
from laddverk.payments.disputes import store as dispute_store
from laddverk.payments.model import Payment, Refund, RefundState
from laddverk.payments.wallet import books as wallet
from laddverk.platform import audit
from laddverk.platform.database import Transaction

REFUND: Final = settling.REFUND


async def refund(
    tx: Transaction,
    actor: Actor,
    payment_id: PaymentId,
    amount_minor: int,
    reason: str,
    now: datetime,
    *,
    is_kept: bool = False,
) -> UUID:
    """Ask for `amount_minor` of a captured payment to go back; return the refund's id. It is made after the commit.

    What goes back of a top-up is kept apart on its driver's balance; with `is_kept` the caller has done so.

    Needs `payments:refund` and a reason. Raises `NotFound`, `Conflict` when nothing was captured, and `Invalid` when it
    is more than was captured less all refunds made and under way (counted under a lock).
    """
    actor.require(Permission.PAYMENTS_REFUND)
    if not reason.strip():
        raise Invalid("A refund needs a reason.", field="reason", remedy="Say in a few words why the money goes back.")
    payment = await store.locked(tx, payment_id)
    if payment is None:
        raise NotFound("There is no such payment.")
    if not payment.captured_minor:
        raise Conflict("Nothing was captured by this payment, so nothing can go back.")
    if await dispute_store.has_open(tx, payment_id):
        raise Conflict(
            "This payment is disputed: nothing can be refunded until that is over.",
            remedy="Answer the dispute, or give in.",
        )
    left = rules.refundable(payment, await store.refunds(tx, payment_id)) - await dispute_store.held(tx, payment_id)
    if not 0 < amount_minor <= left:
        raise Invalid(
            "The amount to refund must be more than zero and no more than what is left.",
            field="amount",
            remedy="Look at the refunds that were made or are under way.",
        )
    wanted = await settling.give_back(tx, payment, amount_minor, reason.strip(), now, actor.name)
    if not is_kept:
        await wallet.keep_for_refund(tx, payment, wanted, now)
    detail = {"amount_minor": amount_minor, "refund": str(wanted.id)}
    await audit.write(
        tx, actor, "payment.refund_requested", "payment", payment_id, at=now, reason=wanted.reason, detail=detail
    )
    return wanted.id


async def failed(tx: Transaction, payment: Payment, wanted: Refund, text: str, now: datetime) -> None:
    """Record that a refund was refused, with what the other side said; it counts no more."""
    await wallet.let_go_of_refund(tx, wanted, now)
    await store.save_refund(tx, wanted.id, RefundState.FAILED, None, text, now)
    detail = {"reason": wanted.reason, "text": text}
    await store.note(tx, payment.id, "refund_failed", now, amount_minor=wanted.amount_minor, detail=detail)

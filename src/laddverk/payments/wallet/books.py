"""What a payment's step means for a wallet, in the very transaction in which it is booked: holds and waiting VAT."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.kernel.problems import Conflict
from laddverk.ledger import holds
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES, VAT_WAITING, Entry, Hold, HoldState, Line, NewHold, NotEnough
from laddverk.payments.model import Payment, Purpose, Refund
from laddverk.payments.prepaid.model import VoucherPurpose
from laddverk.payments.rules import WALLET
from laddverk.payments.wallet import rules, store
from laddverk.platform.database import Transaction

GIVING_BACK: Final = "wallet_refund"
"""The source of the hold that keeps a balance apart while it is on its way back."""

REFUND_TAKES: Final = timedelta(days=30)
"""Longer than any provider takes to answer."""


def hold_key(payment_id: UUID) -> str:
    """Return the key of the hold of a payment by wallet."""
    return f"payment:{payment_id}"


async def hold_of(tx: Transaction, source_id: UUID) -> Hold | None:
    """Return the hold for a payment or a balance refund."""
    return next(iter(await holds.of_source(tx, source_id)), None)


async def standing(tx: Transaction, owner: UUID, currency: str, now: datetime) -> tuple[int, int]:
    """Return balance and waiting VAT of a wallet, which nobody else moves until `tx` ends."""
    await holds.available(tx, ADVANCES, owner, currency, now)
    balance = -await ledger.balance(tx, ADVANCES, currency=currency, owner=owner)
    return balance, await ledger.balance(tx, VAT_WAITING, currency=currency, owner=owner)


async def captured(tx: Transaction, payment: Payment, now: datetime) -> None:
    """Book the VAT of a wallet for a payment that was captured, and end the hold that it was paid from.

    Called before the capture itself is posted. Nothing for payments that move no wallet.
    """
    owner = payment.driver_id
    if owner is None or not moves_wallet(payment):
        return
    balance, waiting = await standing(tx, owner, payment.currency, now)
    if payment.provider == WALLET:
        hold = await hold_of(tx, payment.id)
        if hold is not None:
            await holds.capture(tx, hold.id, payment.captured_minor, now)
        vat = rules.share(waiting, balance, payment.captured_minor)
        lines = rules.set_off(vat, payment.currency, owner)
    elif (await store.policy(tx)).purpose is VoucherPurpose.SINGLE:
        lines = rules.waits(rules.paid_in_vat(payment.captured_minor, balance), payment.currency, owner)
    else:
        return
    await _post(tx, f"wallet_vat:{payment.id}", payment, lines, now)


async def refunded(tx: Transaction, payment: Payment, refund: Refund, now: datetime) -> None:
    """Book the VAT of a wallet for a refund of `payment`, which had `refunded_minor` before it.

    What comes back to a wallet brings the VAT with it that it had set off; what goes back to a card takes its share.
    Called before the refund itself is posted.
    """
    owner = payment.driver_id
    if owner is None or not moves_wallet(payment):
        return
    balance, waiting = await standing(tx, owner, payment.currency, now)
    if payment.provider == WALLET:
        back = rules.kept(await _restored(tx, payment, refund), refund.amount_minor, balance)
        lines = rules.waits(back, payment.currency, owner)
    else:
        await _less_held(tx, refund, now)
        lines = rules.set_off(rules.share(waiting, balance, refund.amount_minor), payment.currency, owner)
    await _post(tx, f"wallet_vat:{refund.id}", payment, lines, now)


async def lost(tx: Transaction, payment: Payment, lost_minor: int, key: str, now: datetime) -> None:
    """Book the VAT of a top-up that its payer's bank took back (`lost_minor`, below zero when it is there again).

    Called before the loss itself is posted; `key` says which loss.
    """
    owner = payment.driver_id
    if owner is None or payment.purpose != Purpose.TOP_UP or not lost_minor:
        return
    balance, waiting = await standing(tx, owner, payment.currency, now)
    if lost_minor > 0:
        lines = rules.set_off(rules.share(waiting, balance, lost_minor), payment.currency, owner)
    elif (await store.policy(tx)).purpose is VoucherPurpose.SINGLE:
        lines = rules.waits(rules.paid_in_vat(-lost_minor, balance), payment.currency, owner)
    else:
        return
    await _post(tx, f"wallet_vat:{key}", payment, lines, now)


def moves_wallet(payment: Payment) -> bool:
    """Return whether a payment puts money into a wallet, or takes it out."""
    return payment.provider == WALLET or payment.purpose == Purpose.TOP_UP


async def _post(tx: Transaction, key: str, payment: Payment, lines: tuple[Line, ...], now: datetime) -> None:
    if any(line.amount_minor for line in lines):
        entry = Entry(
            idempotency_key=key,
            kind="wallet_vat",
            occurred_at=now,
            source_kind="payment",
            source_id=payment.id,
            lines=lines,
        )
        await ledger.post(tx, entry)


async def _restored(tx: Transaction, payment: Payment, refund: Refund) -> int:
    taken = await store.set_off_by(tx, f"wallet_vat:{payment.id}")
    before = payment.refunded_minor
    after = rules.share(taken, payment.captured_minor, before + refund.amount_minor)
    return after - (rules.share(taken, payment.captured_minor, before) if before else 0)


async def _less_held(tx: Transaction, refund: Refund, now: datetime) -> None:
    """A part of a balance refund has gone: it need not be kept apart any more."""
    await let_go_of_refund(tx, refund, now)
    wanted = await store.refund_of_part(tx, refund.id)
    if wanted is not None:
        await release_part(tx, wanted.id, refund.amount_minor, now)


async def keep_for_refund(tx: Transaction, payment: Payment, refund: Refund, now: datetime) -> None:
    """Keep apart what is to go back of a top-up, so that it is not spent meanwhile.

    Raises `Conflict` when the driver has less: what was used cannot go back.
    """
    if payment.purpose != Purpose.TOP_UP or payment.driver_id is None:
        return
    wanted = NewHold(
        idempotency_key=f"refund:{refund.id}",
        account=ADVANCES,
        owner=payment.driver_id,
        amount_minor=refund.amount_minor,
        currency=payment.currency,
        source_kind="payment_refund",
        source_id=refund.id,
        expires_at=now + REFUND_TAKES,
    )
    try:
        await holds.place(tx, wanted, now)
    except NotEnough as short:
        raise Conflict(
            "The driver has used this money, or it is kept for something else.",
            field="amount",
            remedy="Refund at most what is available on the balance.",
        ) from short


async def let_go_of_refund(tx: Transaction, refund: Refund, now: datetime) -> None:
    """A refund is done or was refused: nothing need be kept for it any more."""
    hold = await hold_of(tx, refund.id)
    if hold is not None:
        await holds.release(tx, hold.id, now)


async def release_part(tx: Transaction, wallet_refund_id: UUID, amount_minor: int, now: datetime) -> None:
    """Keep so much less apart for a balance refund; nothing when that was the last of it."""
    hold = await hold_of(tx, wallet_refund_id)
    if hold is None or hold.state is not HoldState.ACTIVE:
        return
    if amount_minor >= hold.amount_minor:
        await holds.capture(tx, hold.id, hold.amount_minor, now)
    else:
        left = hold.amount_minor - amount_minor
        await holds.shrink(tx, hold.id, amount_minor=left)

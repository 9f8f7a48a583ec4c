"""Booking money that came to the bank account: for an invoice, or aside; later whose it is, back, or undone."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DepositId, InvoiceId, PaymentId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ledger import holds
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES
from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.deposits import rules, store
from laddverk.payments.deposits.model import Deposit, DepositState, NewDeposit, Owed, Proposal, Split
from laddverk.payments.model import (
    Payment,
    PaymentCaptured,
    PaymentRefunded,
    Purpose,
    Refund,
    RefundState,
    State,
    Wish,
)
from laddverk.payments.rules import BY_FILE
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.settings import Settings

OWED_MAX: Final = 5_000  # open invoices that a deposit is compared with; beyond it the reference must do
TELL_OVERPAID: Final = "payments.tell_overpaid"
"""The job that tells a payer of money beyond an invoice: payload `{deposit_id}`."""
NO_SUCH: Final = "There is no such deposit."


class BookedBefore(Conflict):
    """The same day, amount and reference stand in the books: a person must say that it is other money."""

    code = "booked_before"


async def proposals(
    tx: Transaction, actor: Actor, amount_minor: int, reference: str, payer: str, *, settings: Settings
) -> list[Proposal]:
    """Return the invoices that money may be for, the likeliest first. Needs `payments:read`."""
    actor.require(Permission.PAYMENTS_READ)
    open_ones = await store.owed(tx, settings.currency, rules.digits_of(reference), OWED_MAX)
    return rules.proposals(amount_minor, reference, payer, open_ones)


async def book(
    tx: Transaction, actor: Actor, new: NewDeposit, now: datetime, *, settings: Settings, again: bool = False
) -> DepositId:
    """Book what came to the bank account, and return the deposit; the same form again gives the same one.

    Without an invoice the money is kept aside. Needs `payments:refund`, as all that moves money by hand. Raises
    `Invalid` by field, `NotFound` and `Conflict` for the invoice, and `BookedBefore` unless `again` says that it is
    other money.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    new = rules.checked(new, now, settings.timezone)
    await store.lock_booking(tx, new.received_on, new.amount_minor)
    before = await store.by_key(tx, new.form_key)
    if before is not None:
        return before.id
    if not again and await store.is_known(tx, new.received_on, new.amount_minor, new.reference, new.payer):
        raise BookedBefore(
            "The same day, amount and reference are booked already.",
            field="again",
            remedy="If it is other money, say so and book it.",
        )
    deposit = Deposit(
        id=DepositId(new_id()),
        form_key=new.form_key,
        way=new.way,
        state=DepositState.ASIDE,
        received_on=new.received_on,
        amount_minor=new.amount_minor,
        currency=settings.currency,
        reference=new.reference,
        payer=new.payer,
        invoice_id=None,
        driver_id=None,
        payment_id=None,
        settled_minor=0,
        rounding_minor=0,
        advance_minor=0,
        booked_at=now,
        booked_by=actor.name,
    )
    if new.invoice_id is not None:
        deposit = await _settled(tx, deposit, new.invoice_id, now)
    await store.insert(tx, deposit)
    await ledger.post(tx, rules.booked_entry(deposit, now))
    await _told(tx, deposit)
    await _audit(tx, actor, "deposit.booked", deposit, now)
    return deposit.id


async def assign(
    tx: Transaction, actor: Actor, deposit_id: DepositId, invoice_id: InvoiceId, reason: str, now: datetime
) -> Deposit:
    """Say which invoice money that was kept aside is for. Needs `payments:refund` and a reason."""
    deposit = await _open(tx, actor, deposit_id, reason)
    if deposit.state != DepositState.ASIDE:
        raise Conflict("It is known already what this money is for.")
    deposit = await _settled(tx, deposit, invoice_id, now)
    await store.assign(tx, deposit)
    await ledger.post(tx, rules.assigned_entry(deposit, now))
    await _told(tx, deposit)
    await _audit(tx, actor, "deposit.assigned", deposit, now, reason)
    return deposit


async def give_back(tx: Transaction, actor: Actor, deposit_id: DepositId, reason: str, now: datetime) -> None:
    """Book that money which was kept aside went back to where it came from. Needs `payments:refund` and a reason."""
    deposit = await _open(tx, actor, deposit_id, reason)
    if deposit.state != DepositState.ASIDE:
        raise Conflict("This money settles an invoice.", remedy="Refund the payment instead.")
    await ledger.post(tx, rules.returned_entry(deposit, now))
    await store.close(tx, deposit_id, DepositState.RETURNED, now, actor.name, reason.strip())
    await _audit(tx, actor, "deposit.returned", deposit, now, reason)


async def undo(
    tx: Transaction, actor: Actor, deposit_id: DepositId, reason: str, now: datetime, *, settings: Settings
) -> None:
    """Take back on the same day what was entered by mistake: the mirror is posted, and the invoice is owed again.

    Needs `payments:refund` and a reason. Raises `Conflict` on another day, and when the payer has used the surplus.
    """
    deposit = await _open(tx, actor, deposit_id, reason)
    if not rules.is_same_day(deposit.booked_at, now, settings.timezone):
        raise Conflict(
            "A deposit can be undone on the day it was booked.",
            remedy="Refund the payment, or give the money back, instead.",
        )
    if deposit.advance_minor and deposit.driver_id is not None:
        left = await holds.available(tx, ADVANCES, deposit.driver_id, deposit.currency, now)
        if left < deposit.advance_minor:
            raise Conflict("The payer has used what was paid beyond the invoice.", remedy="Refund the payment instead.")
    await ledger.post(tx, rules.undone_entry(deposit, now))
    await store.close(tx, deposit_id, DepositState.UNDONE, now, actor.name, reason.strip())
    if deposit.payment_id is not None:
        await _uncaptured(tx, deposit.payment_id, reason.strip(), now)
    await _audit(tx, actor, "deposit.undone", deposit, now, reason)


async def paid_back(tx: Transaction, payment: Payment, refund_id: UUID, now: datetime) -> None:
    """Book that a person paid money of a deposit back from the bank account: there is nobody to be asked."""
    wanted = await payment_store.refund(tx, refund_id)
    if wanted is not None and wanted.state == RefundState.REQUESTED:
        await settling.refunded(tx, payment, wanted, now)


async def _open(tx: Transaction, actor: Actor, deposit_id: DepositId, reason: str) -> Deposit:
    actor.require(Permission.PAYMENTS_REFUND)
    if not reason.strip():
        raise Invalid("Say why.", field="reason", remedy="It is kept in the audit log.")
    deposit = await store.locked(tx, deposit_id)
    if deposit is None:
        raise NotFound(NO_SUCH)
    if deposit.state in (DepositState.UNDONE, DepositState.RETURNED):
        raise Conflict("This deposit is closed.")
    return deposit


async def _settled(tx: Transaction, deposit: Deposit, invoice_id: InvoiceId, now: datetime) -> Deposit:
    """Return `deposit` as it settles an invoice, with the payment that it makes."""
    owed = await store.locked_owed(tx, invoice_id)
    if owed is None:
        raise NotFound("There is no such invoice.", field="invoice")
    if owed.currency != deposit.currency:
        raise Conflict("The invoice is in another currency.", field="invoice", remedy="Keep the money aside.")
    split = rules.split(deposit.amount_minor, owed.remaining_minor)
    payment_id = await _paid(tx, deposit, owed, split, now) if split.settled_minor else None
    if split.settled_minor == owed.remaining_minor:
        await _close_pages(tx, invoice_id, now)
    return replace(
        deposit,
        state=DepositState.BOOKED,
        invoice_id=owed.id,
        driver_id=owed.driver_id,
        payment_id=payment_id,
        settled_minor=split.settled_minor,
        rounding_minor=split.rounding_minor,
        advance_minor=split.advance_minor,
    )


async def _paid(tx: Transaction, deposit: Deposit, owed: Owed, split: Split, now: datetime) -> PaymentId:
    """Write the payment that a deposit is: taken already, by a rail without a provider."""
    payment = Payment(
        id=PaymentId(new_id()),
        purpose=Purpose.INVOICE,
        state=State.CREATED,
        currency=deposit.currency,
        amount_minor=split.settled_minor,
        invoice_id=owed.id,
        driver_id=owed.driver_id,
        provider=deposit.way,
        created_at=now,
        updated_at=now,
    )
    await payment_store.insert(tx, payment)
    captured = replace(
        payment,
        state=State.CAPTURED,
        authorised_minor=split.settled_minor,
        captured_minor=split.settled_minor,
        provider_ref=f"deposit:{deposit.id}",
    )
    await payment_store.save(tx, captured)
    detail = {"deposit": str(deposit.id), "reference": deposit.reference}
    await payment_store.note(tx, payment.id, State.CAPTURED, now, amount_minor=split.settled_minor, detail=detail)
    event = PaymentCaptured(
        payment_id=payment.id, purpose=Purpose.INVOICE, invoice_id=owed.id, amount_minor=split.settled_minor
    )
    await outbox.publish(tx, [event])
    return payment.id


async def _close_pages(tx: Transaction, invoice_id: InvoiceId, now: datetime) -> None:
    """Close a payment page that somebody left open: what it is for is paid."""
    open_one = await payment_store.open_for_invoice(tx, invoice_id)
    waits = open_one is not None and open_one.state in (State.CREATED, State.CHECKOUT)
    if open_one is not None and waits and open_one.provider not in BY_FILE:
        await settling.wish(tx, open_one, Wish.CANCEL, now)


async def _uncaptured(tx: Transaction, payment_id: PaymentId, reason: str, now: datetime) -> None:
    """Count a payment that never was as given back. The posting is the mirror of the deposit."""
    payment = await payment_store.locked(tx, payment_id)
    assert payment is not None
    left = payment.captured_minor - payment.refunded_minor
    if left != payment.captured_minor:
        raise Conflict("A part of this payment was refunded.", remedy="Refund the rest of it instead.")
    mistake = Refund(
        id=new_id(),
        payment_id=payment_id,
        amount_minor=left,
        state=RefundState.SUCCEEDED,
        reason=reason,
        created_at=now,
    )
    await payment_store.insert_refund(tx, mistake, payment.provider)
    await payment_store.save(tx, replace(payment, refunded_minor=payment.captured_minor, updated_at=now))
    await payment_store.note(tx, payment_id, "undone", now, amount_minor=left, detail={"reason": reason})
    event = PaymentRefunded(
        payment_id=payment_id, purpose=payment.purpose, invoice_id=payment.invoice_id, amount_minor=left
    )
    await outbox.publish(tx, [event])


async def _told(tx: Transaction, deposit: Deposit) -> None:
    if deposit.advance_minor:
        job = NewJob(TELL_OVERPAID, {"deposit_id": str(deposit.id)}, unique_key=f"{TELL_OVERPAID}:{deposit.id}")
        await enqueue(tx, [job])


async def _audit(tx: Transaction, actor: Actor, action: str, deposit: Deposit, now: datetime, reason: str = "") -> None:
    detail = {
        "amount_minor": deposit.amount_minor,
        "reference": deposit.reference,
        "invoice": str(deposit.invoice_id or ""),
        "settled_minor": deposit.settled_minor,
        "rounding_minor": deposit.rounding_minor,
        "advance_minor": deposit.advance_minor,
    }
    await audit.write(tx, actor, action, "deposit", deposit.id, at=now, reason=reason.strip(), detail=detail)

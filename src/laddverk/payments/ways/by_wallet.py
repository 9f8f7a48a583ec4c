"""Paying an invoice from what one has with us: asked for by its payer, who sees before what they have."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, InvoiceId, PaymentId
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.model import Purpose, State, Wish
from laddverk.payments.rules import BY_FILE
from laddverk.payments.wallet import service as wallet
from laddverk.payments.ways import debiting
from laddverk.payments.ways.model import Way, WayKind
from laddverk.platform.database import Transaction


async def pay_invoice(tx: Transaction, payer: DriverId, invoice_id: InvoiceId, now: datetime) -> PaymentId:
    """Pay what remains of an invoice from the balance that its payer has in its currency; it is done after the commit.

    A hosted page that was opened for it is closed. Raises `NotFound` for another's invoice, and `Conflict` when nothing
    remains to be paid, money is on its way, or there is too little.
    """
    invoice = await payment_store.lock_invoice(tx, invoice_id)
    if invoice is None or invoice.kind != "invoice" or invoice.driver_id != payer:
        raise NotFound("There is no such invoice.")
    under_way = await payment_store.open_for_invoice(tx, invoice_id)
    if under_way is not None and under_way.provider in BY_FILE:
        raise Conflict(
            "This invoice is being collected from your bank account.",
            remedy="Wait for the bank's answer, or ask us to take the collection back.",
        )
    if under_way is not None and under_way.state == State.CHECKOUT:
        await settling.wish(tx, under_way, Wish.CANCEL, now)  # the person went back and chose the balance
        under_way = None
    if under_way is not None or invoice.remaining_minor <= 0:
        raise Conflict("Nothing remains to be paid on this invoice.")
    has = await wallet.wallet(tx, payer, invoice.currency, now)
    if has.available_minor < invoice.remaining_minor:
        raise Conflict("There is too little on your balance to pay this.", remedy="Pay in first, or pay another way.")
    payment = replace(
        debiting.new_debit(payer, Way(WayKind.WALLET), (), invoice.remaining_minor, invoice.currency, now),
        purpose=Purpose.INVOICE,
        invoice_id=invoice_id,
    )
    await payment_store.insert(tx, payment)
    await payment_store.note(tx, payment.id, State.CREATED, now, amount_minor=payment.amount_minor)
    await settling.call(tx, payment.id, "charge")
    return payment.id

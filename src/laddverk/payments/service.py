"""The face of payments: everything others call, from one place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId
from laddverk.kernel.problems import NotFound
from laddverk.payments import store
from laddverk.payments.charging import release
from laddverk.payments.inbox import receive_webhook
from laddverk.payments.model import Method, Payment, Refund
from laddverk.payments.opening import open_adhoc, open_invoice, open_owed, open_save_card, open_top_up, open_with_card
from laddverk.payments.providers.sandbox_web import application as sandbox_application
from laddverk.payments.providers.swish import ABOUT_HEADER
from laddverk.payments.refunding import refund
from laddverk.payments.swish.jobs import END as END_CONSENT
from laddverk.payments.ways import service as ways
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

__all__ = [
    "ABOUT_HEADER",
    "forget_card",
    "open_adhoc",
    "open_invoice",
    "open_owed",
    "open_save_card",
    "open_top_up",
    "open_with_card",
    "payment",
    "receive_webhook",
    "refund",
    "refunds",
    "release",
    "sandbox_application",
    "saved_cards",
]


async def payment(tx: Transaction, payment_id: PaymentId) -> Payment:
    """Return a payment. Raises `NotFound`. Who may see it is for the caller to say."""
    found = await store.payment(tx, payment_id)
    if found is None:
        raise NotFound("There is no such payment.")
    return found


async def refunds(tx: Transaction, payment_id: PaymentId) -> Sequence[Refund]:
    """Return the refunds of a payment, oldest first."""
    return await store.refunds(tx, payment_id)


async def saved_cards(tx: Transaction, house: House, driver_id: DriverId) -> Sequence[Method]:
    """Return a driver's saved cards, the one that is charged first."""
    return await store.methods(tx, driver_id, house.settings.payment_provider)


async def forget_card(
    tx: Transaction, house: House, driver_id: DriverId, method_id: PaymentMethodId, now: datetime
) -> None:
    """Forget a driver's own card or consent: it is not debited any more. Raises `NotFound` when it is not theirs."""
    known = await store.method(tx, method_id)
    if not await store.remove_method(tx, method_id, driver_id, now):
        raise NotFound("There is no such card.")
    if known is not None and known.provider == "swish":
        await enqueue(tx, [NewJob(END_CONSENT, {"consent_id": known.method_ref})])
    await ways.without(tx, house, driver_id, method_id, now)

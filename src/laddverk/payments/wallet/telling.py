"""Mails about wallets: a receipt for what was paid in, and that topping up by itself failed."""

from __future__ import annotations

from datetime import datetime

from laddverk.kernel.ids import DriverId, shown
from laddverk.notices.model import Template
from laddverk.payments import store as payment_store
from laddverk.payments.model import PaymentCaptured, Purpose
from laddverk.payments.telling import tell_driver
from laddverk.payments.wallet import service
from laddverk.platform.database import Transaction
from laddverk.platform.house import House


async def paid_in(tx: Transaction, house: House, event: PaymentCaptured, now: datetime) -> None:
    """Send the receipt of a top-up. Nothing for other payments; the same event twice sends once."""
    if event.purpose != Purpose.TOP_UP:
        return
    payment = await payment_store.payment(tx, event.payment_id)
    if payment is None or payment.driver_id is None:
        return
    found = await service.wallet(tx, payment.driver_id, payment.currency, now)
    params = {
        "amount_minor": payment.captured_minor,
        "balance_minor": found.balance_minor,
        "currency": payment.currency,
        "by_itself": payment.method_id is not None,
    }
    path = f"/my/wallet/receipts/{shown('pay', payment.id)}.pdf"
    await tell_driver(tx, house, payment.driver_id, Template.TOPPED_UP, path, params, f"topped_up:{payment.id}", now)


async def not_paid_in(
    tx: Transaction, house: House, driver_id: DriverId, amount_minor: int, key: str, now: datetime, *, stopped: bool
) -> None:
    """Tell that a balance could not fill itself up, and whether it will be tried again."""
    params = {"amount_minor": amount_minor, "currency": house.settings.currency, "stopped": stopped}
    await tell_driver(tx, house, driver_id, Template.TOP_UP_FAILED, "/my/wallet", params, key, now)

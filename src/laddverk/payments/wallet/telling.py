"""Mails about wallets: a receipt for what was paid in, and that topping up by itself failed."""

from __future__ import annotations

from datetime import datetime

from laddverk.kernel.ids import DriverId, shown
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.payments import store as payment_store
from laddverk.payments.model import PaymentCaptured, Purpose
from laddverk.payments.wallet import service, store
from laddverk.platform.database import Transaction
from laddverk.platform.house import House


async def paid_in(tx: Transaction, house: House, event: PaymentCaptured, now: datetime) -> None:
    """Send the receipt of a top-up. Nothing for other payments; the same event twice sends once."""
    if event.purpose != Purpose.TOP_UP:
        return
    payment = await payment_store.payment(tx, event.payment_id)
    if payment is None or payment.driver_id is None:
        return
    reader = await store.reader(tx, payment.driver_id)
    if reader is None or not reader.email:
        return
    found = await service.wallet(tx, payment.driver_id, payment.currency, now)
    await notices.send(
        tx,
        recipient=reader.email,
        language=reader.language,
        template=Template.TOPPED_UP,
        params={
            "amount_minor": payment.captured_minor,
            "balance_minor": found.balance_minor,
            "currency": payment.currency,
            "by_itself": payment.method_id is not None,
            "link": f"{house.settings.web_url}/my/wallet/receipts/{shown('pay', payment.id)}.pdf",
            "operator": house.settings.operator_name,
        },
        now=now,
        unique_key=f"topped_up:{payment.id}",
    )


async def not_paid_in(
    tx: Transaction, house: House, driver_id: DriverId, amount_minor: int, key: str, now: datetime, *, stopped: bool
) -> None:
    """Tell that a balance could not fill itself up, and whether it will be tried again."""
    reader = await store.reader(tx, driver_id)
    if reader is None or not reader.email:
        return
    await notices.send(
        tx,
        recipient=reader.email,
        language=reader.language,
        template=Template.TOP_UP_FAILED,
        params={
            "amount_minor": amount_minor,
            "currency": house.settings.currency,
            "stopped": stopped,
            "link": f"{house.settings.web_url}/my/wallet",
            "operator": house.settings.operator_name,
        },
        now=now,
        unique_key=key,
    )

"""What wallets and prepaid cards need in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from laddverk.payments.model import PaymentCaptured
from laddverk.payments.prepaid import service as prepaid
from laddverk.payments.wallet import auto, giving_back, growing, keeping, telling
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

GROW: Final = "payments.wallet_grow"
FILL: Final = "payments.wallet_fill"
LAPSE: Final = "payments.prepaid_lapse"
TOLD: Final = "payments.wallet_told"

EVERY: Final = (
    Every(GROW, timedelta(seconds=20)),
    Every(FILL, timedelta(seconds=30)),
    Every(LAPSE, timedelta(hours=1)),
)

Payloads = Sequence[dict[str, Any]]


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs about wallets by their kind."""

    async def grow(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: running charges for which something has to be kept, or more than was."""
        await keeping.keep(tx, house, house.clock())
        await growing.grow(tx, house, house.clock())

    async def fill(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: balances that fill themselves up, and those that are on their way back."""
        await auto.fill(tx, house, house.clock())
        await giving_back.finish_all(tx, house.clock())

    async def lapse(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: prepaid cards whose last day is over."""
        await prepaid.lapse(tx, house.clock(), ZoneInfo(house.settings.timezone))

    async def told(tx: Transaction, payloads: Payloads) -> None:
        """`PaymentCaptured`: a receipt by mail for money that was paid in."""
        for event in (outbox.decoded(PaymentCaptured, payload) for payload in payloads):
            await telling.paid_in(tx, house, event, house.clock())

    return {GROW: grow, FILL: fill, LAPSE: lapse, TOLD: told}

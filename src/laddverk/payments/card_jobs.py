"""What cards need in the background: reserves, confirmations, disputes, payouts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.payments import settling
from laddverk.payments.reserved import service as reserved
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

EVERY_OF_CARDS: Final = (Every(reserved.WATCH, timedelta(seconds=reserved.EVERY_S)),)

Payloads = Sequence[dict[str, Any]]


def card_handlers(house: House) -> dict[str, Handler]:
    """Return the jobs about cards by their kind."""

    async def watch_reserved(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: sessions that outgrow what is reserved, and reserves that lead nowhere."""
        await reserved.watch(tx, house, house.clock())

    async def raise_reserve(tx: Transaction, payloads: Payloads) -> None:
        """Ask for more to be reserved."""
        for payload in payloads:
            wanted = settling.decoded_id(payload), int(payload["to_minor"])
            await reserved.carry_out(tx, house, *wanted, house.clock())

    return {reserved.WATCH: watch_reserved, reserved.RAISE: raise_reserve}

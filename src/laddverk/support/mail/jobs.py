"""What mail of support does by itself: mails that belong to no case are forgotten in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.support.mail import store

FORGET: Final = "support.forget_mails"
LOOSE_KEPT: Final = timedelta(days=90)  # who misses an answer asks within that; what is in a case goes with it

EVERY: Final = (Every(FORGET, timedelta(days=1)),)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this part by their kind."""

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.forget(tx, house.clock() - LOOSE_KEPT)

    return {FORGET: forget}

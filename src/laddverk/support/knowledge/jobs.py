"""What the knowledge base does in the background: brings in its articles, forgets old searches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.support.knowledge import shipping, store

SHIP: Final = "support.articles"
EVERY: Final = (Every(SHIP, timedelta(days=1)),)  # at the first start, and the day after an upgrade at the latest
SEARCHES_KEPT: Final = timedelta(days=365)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this part by their kind."""

    async def ship(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        now = house.clock()
        await shipping.ship(tx, now)
        await store.forget_searches(tx, now - SEARCHES_KEPT)

    return {SHIP: ship}

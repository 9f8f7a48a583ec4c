"""What chats do in the background: answers follow drivers who have left; idle ones are closed, old ones forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Work
from laddverk.support.chat import speaking

CARRY: Final = "chat.carry_on"
TIDY: Final = "chat.tidy"
EVERY: Final = (Every(CARRY, timedelta(seconds=15)), Every(TIDY, timedelta(hours=1)))

CLOSE_IDLE: Final = "UPDATE chat SET state = 'closed', closed_at = $1 WHERE state <> 'closed' AND changed_at < $2"
FORGET: Final = "DELETE FROM chat WHERE changed_at < $1"


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of chats by their kind."""

    async def carry_on(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Send what drivers have not seen after them."""
        await speaking.carry_on(tx, house, house.clock())

    async def tidy(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Close chats in which nothing is said any more, and forget old ones."""
        now, settings = house.clock(), house.settings
        await tx.execute(CLOSE_IDLE, now, now - timedelta(hours=settings.chat_idle_hours))
        await tx.execute(FORGET, now - timedelta(days=settings.chat_kept_days))

    return {CARRY: carry_on, TIDY: tidy}

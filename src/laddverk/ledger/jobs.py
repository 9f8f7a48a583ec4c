"""What the ledger does by the clock: a full look every night, and an end to holds whose time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.ledger import holds, service
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

CHECK: Final = "ledger.check"
EXPIRE_HOLDS: Final = "ledger.expire_holds"

EVERY: Final = (Every(CHECK, timedelta(days=1)), Every(EXPIRE_HOLDS, timedelta(minutes=1)))


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room."""

    async def check(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """By the clock: every posting and every balance."""
        await service.check_and_keep(tx, house.clock())

    async def expire_holds(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """By the clock: holds that nobody captured or released."""
        await holds.expire(tx, house.clock())

    return {CHECK: check, EXPIRE_HOLDS: expire_holds}

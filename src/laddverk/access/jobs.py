"""What access needs from time to time: sign-ins that have ended and old guesses are swept away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.access.store import sign_ins
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

GUESSES_KEPT: Final = timedelta(days=1)  # longer than any window they are counted in

EVERY: Final = (Every("access.sweep", timedelta(hours=1)),)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    async def sweep(tx: Transaction, _: Sequence[dict[str, Any]]) -> None:
        await sign_ins.sweep(tx, house.clock(), house.clock() - GUESSES_KEPT)

    return {"access.sweep": sweep}

"""What planning does in the background: keeps the hours of use up to date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.planning.usage import service
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue

USAGE: Final = "planning.usage"
EVERY: Final = (Every(USAGE, timedelta(minutes=10)),)  # figures are of days and weeks: ten minutes are fresh


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    async def usage(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if await service.keep_up(tx, house.settings.currency, house.clock()):
            await enqueue(tx, [NewJob(USAGE, {})])

    return {USAGE: usage}

"""What planning does in the background: keeps the hours of use, and how many each site sends away, up to date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.planning.seeking import seeing
from laddverk.planning.usage import service
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue

USAGE: Final = "planning.usage"
REFUSALS: Final = "planning.refusals"
EVERY: Final = (
    Every(USAGE, timedelta(minutes=10)),  # figures are of days and weeks: ten minutes are fresh
    Every(REFUSALS, timedelta(hours=1)),  # of a quarter of a year
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    async def usage(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if await service.keep_up(tx, house.settings.currency, house.clock()):
            await enqueue(tx, [NewJob(USAGE, {})])

    async def refusals(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for payload in payloads:
            after = UUID(payload["after"]) if "after" in payload else None
            last = await seeing.reckon(tx, house.settings.timezone, after, house.clock())
            if last is not None:
                await enqueue(tx, [NewJob(REFUSALS, {"after": str(last)})])

    return {USAGE: usage, REFUSALS: refusals}

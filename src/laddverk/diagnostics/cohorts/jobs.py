"""What comparisons do by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.diagnostics.cohorts import service
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

COMPARE: Final = "cohorts.compare"
DEMAND: Final = "cohorts.demand"
TOPIC: Final = "comparisons"
"""The hint that comparisons were made anew."""

EVERY: Final = (Every(COMPARE, timedelta(minutes=10)), Every(DEMAND, timedelta(hours=1)))


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of comparisons by their kind."""

    async def compare(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await service.look(tx, house.clock())
        tx.after_commit(lambda: house.hints.publish([TOPIC]))

    async def demand(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await service.look_for_demand(tx, house.clock(), house.settings.timezone)

    return {COMPARE: compare, DEMAND: demand}

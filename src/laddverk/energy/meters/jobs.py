"""What happens to readings by the clock: old minutes are forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.energy.meters import store
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

KEPT: Final = timedelta(days=400)  # a year and a month: winters are compared
EVERY: Final = (Every("energy.forget_meters", timedelta(days=1)),)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of meters by their kind."""

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.drop_old(tx, house.clock() - KEPT)

    return {"energy.forget_meters": forget}

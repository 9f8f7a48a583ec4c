"""What happens to meters by the clock: those that are ill are noticed, old minutes are forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.energy.meters import store, watching
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

KEPT: Final = timedelta(days=400)  # a year and a month: winters are compared
EVERY: Final = (
    Every("energy.watch_meters", timedelta(seconds=30)),
    Every("energy.forget_meters", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of meters by their kind."""

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.drop_old(tx, house.clock() - KEPT)

    async def watch(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await watching.watch(tx, house.clock())

    return {"energy.forget_meters": forget, "energy.watch_meters": watch}

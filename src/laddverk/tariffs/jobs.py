"""What tariffs do in the background: fetch the exchange's prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.tariffs import spot
from laddverk.tariffs.providers import chosen_source

EVERY: Final = (Every("tariffs.fetch_spot", timedelta(minutes=5)),)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""
    source = chosen_source(house.settings)

    async def fetch_spot(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if source is not None:
            await spot.fetch(tx, source, house.clock())

    return {"tariffs.fetch_spot": fetch_spot}

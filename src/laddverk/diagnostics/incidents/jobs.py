"""What incidents need by the clock: findings find their home, and what has lasted is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.diagnostics.incidents import service
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

ATTEND: Final = "incidents.attend"

EVERY: Final = (Every(ATTEND, timedelta(minutes=1)),)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of incidents by their kind."""

    async def attend(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await service.attend(tx, house.clock(), house.hints)

    return {ATTEND: attend}

"""What health needs by the clock: scores within the hour, the score of each day, and later what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.diagnostics.upkeep import scoring
from laddverk.diagnostics.uptime.policies import HONEST, policies_of
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue

SCORE: Final = "diagnostics.health"
KEEP_DAY: Final = "diagnostics.health_day"
LOOK_BACK: Final = "diagnostics.health_came"

EVERY: Final = (
    Every(SCORE, timedelta(minutes=10)),
    Every(KEEP_DAY, timedelta(hours=6)),
    Every(LOOK_BACK, timedelta(hours=6)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs by their kind."""
    honest = policies_of(house.settings.state_dir / "uptime").named(HONEST)

    async def health(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if await scoring.keep_up(tx, house.clock()):
            await enqueue(tx, [NewJob(SCORE, {})])

    async def keep_day(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await scoring.keep_day(tx, house.clock())

    async def look_back(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if honest is not None and await scoring.look_back(tx, honest, house.clock()):
            await enqueue(tx, [NewJob(LOOK_BACK, {})])

    return {SCORE: health, KEEP_DAY: keep_day, LOOK_BACK: look_back}

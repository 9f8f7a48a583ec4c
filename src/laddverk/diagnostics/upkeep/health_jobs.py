"""What health needs by the clock: scores within the hour, those of each day, what came of them, and what wears."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.diagnostics.upkeep import scoring, tracking
from laddverk.diagnostics.uptime.policies import HONEST, policies_of
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue

SCORE: Final = "diagnostics.health"
TOPIC: Final = "health"
"""The hint that scores were made anew."""
KEEP_DAY: Final = "diagnostics.health_day"
LOOK_BACK: Final = "diagnostics.health_came"
FOLLOW: Final = "diagnostics.follow_wear"

EVERY: Final = (
    Every(SCORE, timedelta(minutes=10)),
    Every(KEEP_DAY, timedelta(hours=6)),
    Every(LOOK_BACK, timedelta(hours=6)),
    Every(FOLLOW, timedelta(hours=12)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs by their kind."""
    honest = policies_of(house.settings.state_dir / "uptime").named(HONEST)

    async def health(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if await scoring.keep_up(tx, house.clock()):
            await enqueue(tx, [NewJob(SCORE, {})])
        tx.after_commit(lambda: house.hints.publish([TOPIC]))

    async def keep_day(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await scoring.keep_day(tx, house.clock())

    async def look_back(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if honest is not None and await scoring.look_back(tx, honest, house.clock()):
            await enqueue(tx, [NewJob(LOOK_BACK, {})])

    async def follow_wear(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """Points of trends, what remains by them, and counters: some stations in each turn."""
        after = next((UUID(str(one["after"])) for one in payloads if one.get("after")), None)
        reached = await tracking.follow(tx, after, house.clock())
        if reached is not None:
            await enqueue(tx, [NewJob(FOLLOW, {"after": str(reached)})])

    return {FOLLOW: follow_wear, SCORE: health, KEEP_DAY: keep_day, LOOK_BACK: look_back}

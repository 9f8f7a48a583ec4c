"""When plans are made: every ten minutes for each site that wants them; levels are learnt once a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.energy.planning_ahead import service, store
from laddverk.kernel.ids import SiteId
from laddverk.platform import jobs
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob

KEPT: Final = timedelta(days=60)  # plans beside what came of them; a month and the one before
EVERY: Final = (
    Every("energy.plan_ahead", timedelta(minutes=10)),
    Every("energy.learn_levels", timedelta(days=1)),
    Every("energy.forget_plans", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of plans by their kind."""

    async def plan_all(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await _each(tx, "energy.plan_site")

    async def learn_all(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await _each(tx, "energy.learn_level")

    async def plan_site(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for payload in payloads:
            for wanted in await store.wishes(tx, SiteId(UUID(payload["site_id"]))):
                await service.plan_site(tx, wanted, house.clock())

    async def learn_level(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for payload in payloads:
            for wanted in await store.wishes(tx, SiteId(UUID(payload["site_id"]))):
                await service.learn(tx, wanted, house.clock())

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.drop_old(tx, house.clock() - KEPT)

    return {
        "energy.plan_ahead": plan_all,
        "energy.learn_levels": learn_all,
        "energy.plan_site": plan_site,
        "energy.learn_level": learn_level,
        "energy.forget_plans": forget,
    }


async def _each(tx: Transaction, kind: str) -> None:
    """A job for each site: what is wrong at one holds up no other."""
    wishes = await store.wishes(tx)
    await jobs.enqueue(
        tx, [NewJob(kind, {"site_id": str(one.site_id)}, unique_key=f"{kind}:{one.site_id}") for one in wishes]
    )

"""The demo's months of usage: what was told of the past is rolled up at once, instead of at the next turn."""

from __future__ import annotations

from laddverk.planning.jobs import USAGE
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue


async def equip(house: House) -> None:
    """Have the hours of use made now; the job goes on by itself until nothing is left."""
    async with house.database.transaction() as tx:
        await enqueue(tx, [NewJob(USAGE, {})])
    house.worker.wake()

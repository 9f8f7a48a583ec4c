"""The demo's months of usage: what was told of the past is rolled up at once, instead of at the next turn."""

from __future__ import annotations

from typing import Final

from laddverk.planning.jobs import REFUSALS, USAGE
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

COUNTED_S: Final = 60.0  # by then; else the next hour tells how many drivers sites send away


async def equip(house: House) -> None:
    """Have the hours of use made now, and then what they say of sites; the jobs go on until nothing is left."""
    async with house.database.transaction() as tx:
        await enqueue(tx, [NewJob(USAGE, {}), NewJob(REFUSALS, {}, after_s=COUNTED_S)])
    house.worker.wake()

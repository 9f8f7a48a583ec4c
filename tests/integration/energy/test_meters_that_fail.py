"""Whichever way a meter reaches us, and however it fails: the fuse holds, and all is as before when it is mended."""

import pytest

from laddverk.simulator.meters.telling import MILLI, Fault
from tests.integration.energy.garage import FLICKER_A, FUSE_A, garage_on, grid_of
from tests.integration.energy.meter_ways import LOOPBACK, WAYS, hurried, listened

MOST_A = 17.0  # what the building may draw, as its electrician entered it
USUAL_A = 8.0
METERED_A = FUSE_A - USUAL_A
"""What cars may have together as long as the meter is believed."""
WARM_STEPS, FAILS_STEPS = 30, 11
BACK_STEPS = 65  # of ten seconds: a car that was let go rests for ten minutes
STATE = "SELECT meters->>$2 FROM steering_state WHERE site_id = $1"


class Metered:
    """A garage whose fuse a meter looks at."""

    def __init__(self, garage, reached):
        self.garage, self.reached = garage, reached

    async def step(self):
        """Let ten seconds pass, and let the meter say what flows now."""
        self.garage.passed()
        await self.reached.tell()
        await self.garage.steered()

    def cars_a(self):
        return sum(self.garage.currents().values())

    async def thought(self):
        """Return what the loop thinks of the meter."""
        return await self.garage.network.value(STATE, self.garage.network.site_id, str(self.garage.circuits[0].id))

    async def until_shared(self, steps):
        """Let time pass until the meter is believed and cars have what it leaves them."""
        had = []
        for _ in range(steps):
            await self.step()
            had.append(round(self.cars_a(), 1))
            if had[-1] > METERED_A - 2.0 and await self.thought() == "fresh":
                return
        raise AssertionError(f"cars have {had} A; the meter is {await self.thought()}")

    async def fails(self, fault, scale):
        """Let the meter fail while the building begins to draw all it may; return what is thought of the meter then."""
        teller, garage = self.reached.teller, self.garage
        teller.fault, teller.scale, garage.building_a = fault, scale, (MOST_A - 2 * FLICKER_A,) * 3
        had = []
        for _ in range(FAILS_STEPS):
            await self.step()
            had.append(round(self.cars_a(), 1))
            assert not garage.fuse.is_open, (fault, had)
        assert max(garage.flows()) <= FUSE_A + 0.1, (fault, had)
        thought = await self.thought()
        teller.fault, garage.building_a = Fault.NONE, (USUAL_A,) * 3
        return thought


FAILURES = (
    (Fault.LOST, MILLI, "lost"), (Fault.FROZEN, MILLI, "lost"), (Fault.GARBAGE, MILLI, "lost"),
    (Fault.WRONG_SCALE, MILLI, "lost"), (Fault.WRONG_SCALE, 1 / MILLI, "wrong"), (Fault.CLOCK_OFF, MILLI, "lost"),
    (Fault.LATE, MILLI, "stale"),
)  # fmt: skip
UNSEEN = (Fault.CLOCK_OFF, Fault.LATE)
"""What nobody can see in readings that tell no time: those count as of when they came."""


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
async def test_a_meter_fails_in_every_way_and_the_fuse_holds_until_it_is_mended(way, database, tmp_path, monkeypatch):
    hurried(monkeypatch)
    grid = grid_of(unmetered_a=(MOST_A,) * 3)
    async with (
        garage_on(database, tmp_path, circuits=(grid,), meter_networks=LOOPBACK) as garage,
        WAYS[way](garage, tmp_path) as reached,
        listened(garage.network),
    ):
        metered = Metered(garage, reached)
        garage.building_a = (USUAL_A,) * 3
        for name in garage.links:
            await metered.step()
            garage.come(name)
        await metered.until_shared(WARM_STEPS)
        for fault, scale, thought in FAILURES:
            is_unseen = fault in UNSEEN and not reached.tells_time
            assert await metered.fails(fault, scale) == ("fresh" if is_unseen else thought), (fault, scale)
            await metered.until_shared(BACK_STEPS)

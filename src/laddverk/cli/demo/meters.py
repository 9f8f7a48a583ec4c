"""The meter at the fuse of the demo's site with circuits: over Modbus TCP on loopback, it tells what flows there."""

from __future__ import annotations

import asyncio
from math import pi, sin
from typing import Final

from laddverk.cli.demo.circuits import CODE, SITE
from laddverk.cli.demo.founding import ACTOR
from laddverk.energy.circuits import loads, queries
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import CircuitKind, PerPhase, Tree
from laddverk.energy.meters import register_maps, service, store
from laddverk.energy.meters.model import Setup, Way
from laddverk.kernel.ids import SiteId
from laddverk.platform.house import House
from laddverk.simulator.meters import modbus

NETWORK: Final = "127.0.0.0/8"  # the demo's meter is on this machine
NAME: Final = "Servismätare"
REASON: Final = "mätaren i demon"
LOOK_EVERY_S: Final = 2.0
BUILDING_A: Final[PerPhase] = (9.0, 6.5, 7.0)
WAVE_S: Final = 900.0  # how the building's load goes up and down
WAVE_SHARE: Final = 0.25


class Fuse:
    """What flows through the fuse: the building, and what the chargers said last."""

    def __init__(self, house: House, site_id: SiteId) -> None:
        self._house, self._site_id = house, site_id
        self._charging: PerPhase = (0.0, 0.0, 0.0)

    def currents(self) -> PerPhase:
        """Return the currents of now, in A."""
        turn = 2 * pi * (self._house.clock().timestamp() % WAVE_S) / WAVE_S
        shares = (1 + WAVE_SHARE * sin(turn + phase) + 0.02 * sin(37 * turn + phase) for phase in range(3))
        first, second, third = (
            building * share + charging
            for building, share, charging in zip(BUILDING_A, shares, self._charging, strict=True)
        )
        return round(first, 2), round(second, 2), round(third, 2)

    async def look(self) -> None:
        """See what the chargers draw."""
        async with self._house.database.transaction() as tx:
            tree = await circuits.tree(tx, self._site_id)
            drawn = {row.key: row.drawn for row in await queries.outlets(tx, [self._site_id])}
        on_grid: dict[Key, PerPhase] = {
            place.key: loads.on_grid(place, said, tree.wiring)
            for place in tree.places
            if (said := drawn.get(place.key)) is not None
        }
        found = loads.loads(tree, on_grid, {})
        self._charging = next(
            (found[one.id].charging_a for one in tree.circuits if one.kind is CircuitKind.GRID), self._charging
        )


async def enliven(house: House) -> None:
    """Serve the meter, and let the network read it, for as long as the demo lives."""
    async with house.database.transaction() as tx:
        site_id = SiteId(await tx.value(SITE, CODE))
    fuse = Fuse(house, site_id)
    async with modbus.serving(fuse.currents) as simulated:
        await _entered(house, site_id, simulated.port)
        while True:
            await fuse.look()
            await asyncio.sleep(LOOK_EVERY_S)


async def _entered(house: House, site_id: SiteId, port: int) -> None:
    """Enter the meter at the port that it has this time; at the first start it measures the grid connection."""
    models, now = register_maps.known(), house.clock()
    setup = Setup(way=Way.MODBUS, host="127.0.0.1", port=port, model="eastron_sdm630")
    async with house.database.transaction() as tx:
        before = [meter for meter in await store.of_site(tx, site_id) if meter.name == NAME]
        if before:
            await service.change(tx, ACTOR, before[0].id, NAME, setup, models, now, reason=REASON)
            return
        made = await service.add(tx, ACTOR, site_id, NAME, setup, models, now, reason=REASON)
        tree: Tree = await circuits.tree(tx, site_id)
        grid = next((one.id for one in tree.circuits if one.kind is CircuitKind.GRID), None)
        await service.measure(tx, ACTOR, made, grid, now, reason=REASON)

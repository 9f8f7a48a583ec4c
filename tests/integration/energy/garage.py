"""A garage of simulated chargers on real sockets, beside a building on one fuse; a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from laddverk import wiring
from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Rotation, Tree, Version
from laddverk.energy.steering import service as steering
from laddverk.kernel.ids import new_id
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.car import Car, Draw, Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.grid.fuse import Fuse, curve
from laddverk.simulator.model import Hardware, Outlet
from tests.network import ACTOR, Network, network_on

HASTY = Patience(answer_s=2.0, reconnect_first_s=0.05, reconnect_max_s=0.2, refused_first_s=0.05)
FUSE_A = 35.0
OUTLET = Supply(3, 16.0, 11_000)
STEP = timedelta(seconds=10)
POWER_TYPES = {0: "dc", 1: "ac1", 3: "ac3"}
WATTS_PER_A_DC = 690.0  # of a DC charger's power, on three phases of 230 V
FLICKER_A = 0.1  # no building draws the same to the last digit for long
AS_ENTERED = Rotation.RST


class Clockwork:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def of(self, ahead: timedelta) -> datetime:
        """Return what a clock shows that is ahead of this one."""
        return self.now + ahead


@dataclass(frozen=True)
class Stand:
    """A charger: what it is, what people entered of its place, and how it is wired in truth."""

    protocol: Protocol = Protocol.V201
    supply: Supply = OUTLET
    wired: Rotation = AS_ENTERED
    ahead: timedelta = timedelta()
    """By how much its clock is ahead of ours."""
    place: Mapping[str, Any] = field(default_factory=dict)


THREE: Mapping[str, Stand] = {
    "CP16": Stand(Protocol.V16), "CP201": Stand(Protocol.V201), "CP21": Stand(Protocol.V21),
}  # fmt: skip
"""A charger of each version."""


class Charging(Charger):
    """A charger that may say yes to every limit and give its car all it can."""

    lies = False

    def drawn(self, outlet: Outlet) -> Draw:
        return super().drawn(msgspec.structs.replace(outlet, limit_a=None) if self.lies else outlet)


class Garage:
    """Chargers on a fuse, moved by hand."""

    def __init__(
        self, network: Network, clock: Clockwork, stands: Mapping[str, Stand], links: Mapping[str, Link],
        circuits: Sequence[Circuit],
    ) -> None:  # fmt: skip
        self.network, self.clock, self.stands, self.links, self.circuits = network, clock, stands, links, circuits
        self.building_a = (0.0, 0.0, 0.0)
        self._turn = 0
        self.fuse = Fuse(curve(circuits[0].limit_a[0]))

    def clock_of(self, name: str) -> datetime:
        """Return what the clock of one charger shows."""
        return self.clock.of(self.stands[name].ahead)

    def drawn(self, name: str) -> Draw:
        """Return what flows into the car at one charger."""
        charger = self.links[name].charger
        return charger.drawn(charger.outlets[1])

    def currents(self) -> dict[str, float]:
        """Return what each car takes, in A on each phase it uses; a DC car's power on three phases."""
        return {
            name: self.drawn(name).power_w / WATTS_PER_A_DC
            if self.stands[name].supply.phases == 0
            else self.drawn(name).current_a
            for name in self.links
        }

    def flows(self) -> tuple[float, float, float]:
        """Return what flows through the fuse: the building, and each charger on the phases it is wired to."""
        found = [amperes + FLICKER_A * (self._turn % 3) if amperes else 0.0 for amperes in self.building_a]
        for name, amperes in self.currents().items():
            phases = self.drawn(name).phases or 3
            for phase in self.stands[name].wired.phases[:phases]:
                found[phase] += amperes
        return found[0], found[1], found[2]

    def passed(self) -> None:
        """Let ten seconds pass: cars charge, the fuse gets warm, chargers tell."""
        self.clock.now += STEP
        self._turn += 1
        for name, link in self.links.items():
            link.charger.advance(1, STEP.total_seconds(), self.clock_of(name))
            if link.charger.online and link.charger.outlets[1].charging is not None:
                link.charger.sample(1, link.charger.reading(1, self.clock_of(name)))
            link.wake()
        self.fuse.carry(max(self.flows()), STEP.total_seconds())

    async def steered(self) -> None:
        """Let the loop hear what was told and decide, and the chargers hear of it."""
        await asyncio.gather(*(link.drained() for link in self.links.values()))
        await self.network.house.worker.run_until_idle()
        async with self.network.house.database.transaction() as tx:
            await steering.steer(tx, self.network.site_id, self.clock.now + timedelta(seconds=1))
        self.network.house.hints.publish(["commands"])
        await self.answered()

    async def step(self, *, steered: bool = True) -> dict[str, float]:
        """Let ten seconds pass, and return what each car takes after them."""
        self.passed()
        if steered:
            await self.steered()
        return self.currents()

    async def answered(self) -> None:
        """Wait until every command has its outcome."""
        async with asyncio.timeout(10):
            while await self.network.value("SELECT count(*) FROM command WHERE finished_at IS NULL"):
                await asyncio.sleep(0.02)

    def come(self, name: str, car: Car | None = None) -> None:
        """Plug a car in; one that takes all it gets, if none is given."""
        link = self.links[name]
        link.charger.plug(1, car or Car(70_000, 10_000.0, phases=3, current_max_a=32.0), self.clock_of(name))
        link.charger.begin(1, f"CARD-{name}", self.clock_of(name))
        link.wake()

    def leave(self, name: str) -> None:
        """Unplug the car."""
        self.links[name].charger.unplug(1, self.clock_of(name))
        self.links[name].wake()


def grid_of(fuse_a: float = FUSE_A, **more: Any) -> Circuit:
    """Return the circuit of the grid connection."""
    return Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(fuse_a,) * 3, **more)


@asynccontextmanager
async def garage_on(
    database: Database, tmp_path: Path, stands: Mapping[str, Stand] = THREE, circuits: Sequence[Circuit] = (),
    **settings: Any,
) -> AsyncIterator[Garage]:  # fmt: skip
    """Yield chargers that are connected; they hang on the first circuit unless their place says something else."""
    clock, tree = Clockwork(), tuple(circuits) or (grid_of(),)
    async with network_on(database, tmp_path, **settings) as network:
        network.house.clock = clock
        wiring.subscribe_all()
        links, places = {}, []
        for name, stand in stands.items():
            station_id = await network.add_station(
                name, connectors=1, power_type=POWER_TYPES[stand.supply.phases],
                current_max_a=round(stand.supply.current_max_a), power_max_w=stand.supply.power_max_w,
            )  # fmt: skip
            entered = {
                "circuit_id": tree[0].id, "rotation": AS_ENTERED, "is_rotation_known": True,
                "phases": stand.supply.phases, "current_max_a": stand.supply.current_max_a,
            } | dict(stand.place)  # fmt: skip
            places.append(Place(station_id=station_id, evse_number=1, **entered))
            links[name] = Link(
                Charging(Hardware(name, stand.protocol, outlets=(stand.supply,))),
                network.url(name).rpartition("/")[0],
                network.keys[name],
                clock=partial(clock.of, stand.ahead),
                patience=HASTY,
            )
        async with database.transaction() as tx:
            (driver,) = await access.create_drivers(tx, ACTOR, [NewDriver(email="a@example.com", name="A")], clock())
            cards = [NewToken(uid=f"CARD-{name}", driver_id=driver) for name in stands]
            await access.create_tokens(tx, ACTOR, cards, clock())
            entered_as = Version(version=1, made_at=clock(), made_by="test", change="made")
            await trees.add(
                tx, Tree(site_id=network.site_id, version=1, circuits=tree, places=tuple(places)), entered_as
            )  # fmt: skip
        tasks = [asyncio.create_task(link.run()) for link in links.values()]
        try:
            await asyncio.gather(*(link.drained() for link in links.values()))
            yield Garage(network, clock, stands, links, tree)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

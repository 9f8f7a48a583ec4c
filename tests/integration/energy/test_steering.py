"""The loop over real sockets: simulated chargers of all versions on one small fuse, a virtual clock, cars that come."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest

from laddverk import wiring
from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.energy.circuits import service as circuits
from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Rotation, Tree, Version
from laddverk.energy.steering import service as steering
from laddverk.kernel.ids import new_id
from laddverk.ocpp.facts import Purpose
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.smart_charging import Profiles
from laddverk.simulator.car import Car, Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import Hardware
from tests.network import ACTOR, network_on

HASTY = Patience(answer_s=2.0, reconnect_first_s=0.05, reconnect_max_s=0.2, refused_first_s=0.05)
SPOKEN = {"CP16": Protocol.V16, "CP201": Protocol.V201, "CP21": Protocol.V21}
FUSE_A = 35.0
OUTLET = Supply(3, 16.0, 11_000)
STEP = timedelta(seconds=10)


class Clockwork:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self):
        return self.now

    def of(self, ahead):
        """Return what a clock shows that is ahead of this one."""
        return self.now + ahead


class Charging(Charger):
    """A charger that may say yes to every limit and give its car all it can."""

    lies = False

    def drawn(self, outlet):
        return super().drawn(msgspec.structs.replace(outlet, limit_a=None) if self.lies else outlet)


class Garage:
    """Three chargers on a fuse of 35 A, moved by hand."""

    def __init__(self, network, clock, links, circuit_id):
        self.network, self.clock, self.links, self.circuit_id = network, clock, links, circuit_id
        self.ahead = {}

    def clock_of(self, name):
        """Return the clock of one charger, which may be ahead of ours or behind."""
        return self.clock.now + self.ahead.get(name, timedelta())

    def currents(self):
        return {name: link.charger.drawn(link.charger.outlets[1]).current_a for name, link in self.links.items()}

    async def step(self, *, steered=True):
        """Let ten seconds pass: cars charge, chargers tell, the loop decides, chargers hear."""
        self.clock.now += STEP
        for name, link in self.links.items():
            link.charger.advance(1, STEP.total_seconds(), self.clock_of(name))
            if link.charger.online and link.charger.outlets[1].charging is not None:
                link.charger.sample(1, link.charger.reading(1, self.clock_of(name)))
            link.wake()
        if steered:
            await asyncio.gather(*(link.drained() for link in self.links.values()))
            await self.network.house.worker.run_until_idle()
            async with self.network.house.database.transaction() as tx:
                await steering.steer(tx, self.network.site_id, self.clock.now + timedelta(seconds=1))
            self.network.house.hints.publish(["commands"])
            await self.answered()
        return self.currents()

    async def answered(self):
        """Wait until every command has its outcome."""
        async with asyncio.timeout(10):
            while await self.network.value("SELECT count(*) FROM command WHERE finished_at IS NULL"):
                await asyncio.sleep(0.02)

    def come(self, name):
        link = self.links[name]
        link.charger.plug(1, Car(70_000, 10_000.0, phases=3, current_max_a=32.0), self.clock_of(name))
        link.charger.begin(1, f"CARD-{name}", self.clock_of(name))
        link.wake()


@asynccontextmanager
async def garage_on(database, tmp_path, ahead=None):
    clock, ahead = Clockwork(), ahead or {}
    async with network_on(database, tmp_path) as network:
        network.house.clock = clock
        wiring.subscribe_all()
        circuit_id = CircuitId(new_id())
        links, tasks, places = {}, [], []
        for name, protocol in SPOKEN.items():
            station_id = await network.add_station(name, connectors=1)
            places.append(
                Place(station_id=station_id, evse_number=1, circuit_id=circuit_id, rotation=Rotation.RST,
                      is_rotation_known=True, current_max_a=16.0)
            )  # fmt: skip
            url = network.url(name).rpartition("/")[0]
            links[name] = Link(
                Charging(Hardware(name, protocol, outlets=(OUTLET,))),
                url,
                network.keys[name],
                clock=partial(clock.of, ahead.get(name, timedelta())),
                patience=HASTY,
            )
        grid = Circuit(id=circuit_id, name="Servis", kind=CircuitKind.GRID, limit_a=(FUSE_A,) * 3)
        tree = Tree(site_id=network.site_id, version=1, circuits=(grid,), places=tuple(places))
        change = Version(version=1, made_at=clock(), made_by="test", change="made")
        async with database.transaction() as tx:
            (driver,) = await access.create_drivers(tx, ACTOR, [NewDriver(email="a@example.com", name="A")], clock())
            cards = [NewToken(uid=f"CARD-{name}", driver_id=driver) for name in SPOKEN]
            await access.create_tokens(tx, ACTOR, cards, clock())
            await trees.add(tx, tree, change)
        tasks = [asyncio.create_task(link.run()) for link in links.values()]
        try:
            await asyncio.gather(*(link.drained() for link in links.values()))
            garage = Garage(network, clock, links, circuit_id)
            garage.ahead = ahead
            yield garage
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def garage(database, tmp_path):
    async with garage_on(database, tmp_path) as made:
        yield made


def default_of(link):
    held = link.charger.of(Profiles).by_id.values()
    return [one.profile.schedules[0].periods[0].limit for one in held if one.profile.purpose is Purpose.TX_DEFAULT]


async def test_an_outlet_taken_out_of_the_circuits_is_left_without_our_default(garage):
    await garage.step()
    assert all(len(default_of(link)) == 1 for link in garage.links.values())
    network, out = garage.network, ("CP16", "CP21")

    async def take_out(names):
        keys = [(network.station_ids[name], 1) for name in names]
        async with network.house.database.transaction() as tx:
            await circuits.take_out(
                tx, ACTOR, network.site_id, keys, garage.clock(), reason="moved to a cable of its own", version=None
            )
        for _ in range(2):
            await garage.step()

    await take_out(out)
    assert {name: len(default_of(link)) for name, link in garage.links.items()} == {"CP16": 0, "CP201": 1, "CP21": 0}
    cleared = "SELECT count(*) FROM command WHERE kind = 'clear_profiles'"
    assert await network.value(cleared) == len(out)
    await take_out(["CP201"])
    assert not any(default_of(link) for link in garage.links.values())


FOUND = "SELECT count(*) FROM finding WHERE detector = 'D33' AND station_id = $1 AND cleared_at IS NULL"


async def test_a_charger_that_ignores_its_limit_is_a_finding_until_it_obeys_again(garage):
    network = garage.network
    for _ in range(6):
        await garage.step()
    garage.links["CP201"].charger.lies = True
    garage.come("CP201")
    for _ in range(8):
        drawn = await garage.step()
    assert drawn["CP201"] == 16.0
    assert await network.value(FOUND, network.station_ids["CP201"]) == 1
    said = await network.value("SELECT evidence FROM finding WHERE detector = 'D33'")
    assert said[-1]["values"]["drawn_a"] == 16.0
    assert said[-1]["values"]["told_a"] <= 6.0

    garage.links["CP201"].charger.lies = False
    for _ in range(24):
        drawn = await garage.step()
    assert drawn["CP201"] >= 6.0
    assert await network.value("SELECT cleared_at IS NOT NULL FROM finding WHERE detector = 'D33'")
    assert await network.value("SELECT count(*) FROM finding WHERE detector = 'D33'") == 1


async def test_cars_come_and_never_exceed_the_fuse_and_without_us_chargers_fall_to_their_default(garage):
    for _ in range(6):  # defaults are sent, answered and settle
        await garage.step()
    sums = []
    for name in SPOKEN:
        garage.come(name)
        for _ in range(9):
            drawn = await garage.step()
            sums.append(sum(drawn.values()))
    assert max(sums) <= FUSE_A + 0.1
    assert sums[-1] > 0.8 * FUSE_A
    assert all(amperes >= 6.0 for amperes in drawn.values())
    reasons = await garage.network.value("SELECT array_agg(DISTINCT reason->>'code') FROM steering_share")
    assert {"unproven", "circuit_full"} <= set(reasons)

    await garage.network.gateway.stop()
    after = [sum((await garage.step(steered=False)).values()) for _ in range(40)]
    assert max(after) <= FUSE_A + 0.1
    assert all(amperes <= 6.0 for amperes in garage.currents().values())
    assert after[-1] <= 18.0


KEEPS = "SELECT value->>'keeps_default' FROM steering_state, jsonb_each(beliefs) WHERE key = $1 || ':1'"
LOOKED = "SELECT count(*) FROM command WHERE kind = 'read_composite'"


async def test_a_charger_proves_by_a_restart_whether_it_keeps_its_default_and_gets_a_new_one_where_it_does_not(garage):
    network = garage.network
    for _ in range(6):
        await garage.step()
    forgetful, loyal = garage.links["CP16"].charger, garage.links["CP201"].charger
    defaults = {name: default_of(link) for name, link in garage.links.items()}
    forgetful.of(Profiles).by_id.clear()
    for charger in (forgetful, loyal):
        charger.restart("PowerUp")
        garage.links[charger.hardware.identity].wake()
    async with asyncio.timeout(10):
        while not (forgetful.booted and loyal.booted and forgetful.online and loyal.online):
            await asyncio.sleep(0.02)
    for _ in range(6):
        await garage.step()
    assert await network.value(LOOKED) == 2
    assert await network.value(KEEPS, str(network.station_ids["CP16"])) == "false"
    assert await network.value(KEEPS, str(network.station_ids["CP201"])) == "true"
    assert await network.value(KEEPS, str(network.station_ids["CP21"])) is None
    assert {name: default_of(link) for name, link in garage.links.items()} == defaults


async def test_clocks_that_are_an_hour_ahead_or_behind_neither_lift_a_limit_nor_end_it_early(database, tmp_path):
    hour = timedelta(hours=1)
    async with garage_on(database, tmp_path, {"CP201": hour, "CP16": -hour}) as garage:
        for _ in range(6):
            await garage.step()
        for name in SPOKEN:
            garage.come(name)
        sums = [sum((await garage.step()).values()) for _ in range(8)]
        charging = [await garage.step() for _ in range(32)]  # longer than a limit lives: each was renewed
        assert max(sums + [sum(one.values()) for one in charging]) <= FUSE_A + 0.1
        assert min(min(one.values()) for one in charging) >= 9.0, charging
        for name, away in (("CP201", hour), ("CP16", -hour)):
            ends = [one.profile.valid_until for one in garage.links[name].charger.of(Profiles).by_id.values()]
            last = max(end for end in ends if end is not None)
            assert timedelta() < last - away - garage.clock.now < timedelta(minutes=6)

"""A charger is led from profile 1 to 2 to 3 over real sockets: it gets what it needs, and comes the new way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from laddverk.certificates import jobs, store_upgrades
from laddverk.certificates.rules_upgrade import State, Step, Upgrade
from laddverk.certificates.service import upgrades
from laddverk.certificates.service.upgrades import Plan
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.abilities.certificates import Certificates
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.model import Hardware
from laddverk.stations.admission import Door
from laddverk.stations.model import COMMANDS_TOPIC
from tests.integration.certificates.conftest import HASTY, until
from tests.network import ACTOR, Network, network_on
from tests.security.test_certificates_at_the_door import staff

EVERY_VERSION = pytest.mark.parametrize("protocol", Protocol)


class World:
    """A network with TLS whose server is trusted by whoever has our root."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @property
    def tls_url(self) -> str:
        return f"wss://localhost:{self.network.gateway.port_of(Door.TLS)}/ocpp"

    async def root(self) -> UUID:
        return UUID(str(await self.network.value("SELECT id FROM trust_anchor WHERE own")))

    async def begin(self, target: int, **other: object) -> Upgrade:
        plan = Plan(
            **(
                {"target": target, "url": self.tls_url, "anchor_id": await self.root(), "organisation": "Laddverk"}
                | other
            )
        )  # type: ignore[arg-type]
        house = self.network.house
        async with house.database.transaction() as tx:
            found = await upgrades.begin(tx, ACTOR, self.network.station_ids["CP1"], plan, house.clock(), reason="test")
        house.hints.publish([COMMANDS_TOPIC])
        return found

    async def upgrade(self) -> Upgrade:
        async with self.network.house.database.transaction() as tx:
            found = await store_upgrades.upgrade(tx, self.network.station_ids["CP1"])
        assert found is not None
        return found

    async def becomes(self, state: State) -> Upgrade:
        async def reached() -> bool:
            async with self.network.house.database.transaction() as tx:
                await upgrades.look_at_all(tx, self.network.house.clock())
            self.network.house.hints.publish([COMMANDS_TOPIC])
            return (await self.upgrade()).state is state

        await until(reached, network=self.network)
        return await self.upgrade()

    async def profile(self) -> tuple[int, int | None]:
        """Return the profile that opens, and that of the connection that is open."""
        opens = await self.network.value("SELECT security_profile FROM station WHERE identity = 'CP1'")
        here = "SELECT profile FROM station_connection WHERE disconnected_at IS NULL ORDER BY epoch DESC LIMIT 1"
        return opens, await self.network.value(here)

    @asynccontextmanager
    async def charger(self, protocol: Protocol) -> AsyncIterator[Charger]:
        await self.network.add_station("CP1")
        charger = Charger(Hardware("CP1", protocol))
        plain = self.network.url("").rstrip("/")
        link = Link(charger, plain, self.network.keys["CP1"], patience=HASTY, tls_url=self.tls_url)
        charger.witness = lambda _item: asyncio.get_running_loop().call_soon(link.wake)
        running = asyncio.create_task(link.run())
        try:
            await until(lambda: _booted(charger))
            yield charger
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _booted(charger: Charger) -> bool:
    return charger.booted


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with network_on(database, tmp_path, ocpp_tls_port=0, tls_names="localhost,127.0.0.1") as network:
        async with network.house.database.transaction() as tx:
            await jobs.keep_own_root(network.house, tx)
        yield World(network)


@EVERY_VERSION
async def test_from_1_to_2_to_3_it_gets_what_it_needs_and_comes_the_new_way(world: World, protocol: Protocol) -> None:
    async with world.charger(protocol) as charger:
        assert (await world.begin(2)).step is Step.ROOT
        await world.becomes(State.DONE)
        assert await world.profile() == (2, 2)
        assert len(charger.of(Certificates).roots) == 1
        for component, variable in (("", "CpoName"), ("SecurityCtrlr", "OrganizationName")):
            charger.configuration.write(component, variable, "Whoever had it before")
        assert (await world.begin(3)).step is Step.NAME, "the root is there already"
        await world.becomes(State.DONE)
        assert await world.profile() == (3, 3)
    used = "SELECT count(*) FROM station_certificate WHERE state = 'active' AND used_at IS NOT NULL"
    assert await world.network.value(used) == 1
    kinds = "SELECT string_agg(DISTINCT kind, ',' ORDER BY kind) FROM command WHERE state = 'confirmed'"
    told = "set_network_profile,write_variable" if protocol is not Protocol.V16 else "write_variable"
    assert told in await world.network.value(kinds)
    words = "SELECT count(*) FROM audit_log WHERE action IN ('profile_upgrade.begun', 'station.profile_raised')"
    assert await world.network.value(words) == 4


async def test_the_slot_that_works_stays_behind_the_new_one(world: World) -> None:
    async with world.charger(Protocol.V201):
        await world.begin(2)
        await world.becomes(State.DONE)
    order = "SELECT command->>'value' FROM command WHERE kind = 'write_variable'"
    assert await world.network.value(order) == "1,0"


@pytest.mark.parametrize("protocol", [Protocol.V16, Protocol.V201])
async def test_a_charger_that_does_not_trust_us_comes_back_the_old_way_or_says_no(
    world: World, protocol: Protocol
) -> None:
    async with world.charger(protocol) as charger:
        await world.begin(2, anchor_id=None)
        if protocol is Protocol.V16:
            failed = await world.becomes(State.FAILED)
            assert (failed.step, failed.why) == (Step.TELL, "Rejected")
        else:
            back = "SELECT count(*) > 1 FROM station_connection"
            await until(lambda: world.network.value(back), network=world.network)
            await until(lambda: _booted(charger), network=world.network)
            later = world.network.house.clock() + timedelta(minutes=1)
            await until(lambda: _stuck(world, later), network=world.network)
            assert (await world.upgrade()).why == "it came back the old way"
        assert (await world.profile())[0] == 1
        async with world.network.house.database.transaction() as tx:
            await upgrades.give_up(
                tx, ACTOR, world.network.station_ids["CP1"], world.network.house.clock(), reason="another day"
            )
        assert await world.network.value("SELECT profile_next FROM station WHERE identity = 'CP1'") is None


async def _stuck(world: World, now) -> bool:
    async with world.network.house.database.transaction() as tx:
        await upgrades.look_at_all(tx, now)
    return (await world.upgrade()).state is State.FAILED


async def test_what_failed_is_tried_again_from_the_first_step_that_is_not_done(world: World) -> None:
    async with world.charger(Protocol.V16) as charger:
        charger.of(Certificates).roots = [("MORootCertificate", None)] * 20  # type: ignore[list-item]
        await world.begin(2)
        failed = await world.becomes(State.FAILED)
        assert (failed.step, failed.why) == (Step.ROOT, "Rejected")
        charger.of(Certificates).roots.clear()
        async with world.network.house.database.transaction() as tx:
            await upgrades.retry(
                tx, ACTOR, world.network.station_ids["CP1"], world.network.house.clock(), reason="made room"
            )
        await world.becomes(State.DONE)
        assert await world.profile() == (2, 2)


async def test_only_whoever_may_and_only_what_makes_sense_is_begun(world: World) -> None:
    async with world.charger(Protocol.V16):
        for wrong in ({"url": "ws://x"}, {"url": "wss://a:b@x"}, {"target": 1}, {"target": 4}, {"slot": 100}):
            with pytest.raises(Invalid):
                await world.begin(**({"target": 2} | wrong))  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            await world.begin(2, anchor_id=world.network.site_id)
        house, station_id = world.network.house, world.network.station_ids["CP1"]
        plan = Plan(target=2, url=world.tls_url)
        for actor, problem in ((staff(world.network.site_id), NotAllowed), (staff(), NotAllowed)):
            with pytest.raises(problem):
                async with house.database.transaction() as tx:
                    await upgrades.begin(tx, actor, station_id, plan, house.clock(), reason="test")
    await world.begin(2)
    with pytest.raises(Conflict):
        await world.begin(2)
    with pytest.raises(Conflict):
        async with world.network.house.database.transaction() as tx:
            await upgrades.retry(
                tx, ACTOR, world.network.station_ids["CP1"], world.network.house.clock(), reason="impatient"
            )

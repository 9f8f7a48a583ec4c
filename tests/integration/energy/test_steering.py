"""The loop over real sockets: simulated chargers of all versions on one small fuse, a virtual clock, cars that come."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from laddverk.energy.circuits import service as circuits
from laddverk.ocpp.facts import Purpose
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.smart_charging import Profiles
from laddverk.simulator.car import Car, Supply
from tests.integration.energy.garage import FUSE_A, THREE, Stand, garage_on, grid_of
from tests.network import ACTOR


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
    for name in THREE:
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
    away = {"CP201": hour, "CP16": -hour, "CP21": timedelta()}
    stands = {name: replace(stand, ahead=away[name]) for name, stand in THREE.items()}
    async with garage_on(database, tmp_path, stands) as garage:
        for _ in range(6):
            await garage.step()
        for name in THREE:
            garage.come(name)
        sums = [sum((await garage.step()).values()) for _ in range(8)]
        charging = [await garage.step() for _ in range(32)]  # longer than a limit lives: each was renewed
        assert max(sums + [sum(one.values()) for one in charging]) <= FUSE_A + 0.1
        assert min(min(one.values()) for one in charging) >= 9.0, charging
        for name in ("CP201", "CP16"):
            ends = [one.profile.valid_until for one in garage.links[name].charger.of(Profiles).by_id.values()]
            last = max(end for end in ends if end is not None)
            assert timedelta() < last - away[name] - garage.clock.now < timedelta(minutes=6)


NEEDED = "SELECT array_agg(answered) FROM ev_need"
PROFILES = "SELECT array_agg(DISTINCT requested_by) FROM command WHERE kind = 'set_profile'"


async def test_a_car_that_says_what_it_needs_before_there_is_room_is_not_held_to_nothing_for_hours(database, tmp_path):
    fast = Stand(Protocol.V201, Supply(0, 57.9, 22_000), place={"power_max_w": 22_000.0})
    async with garage_on(database, tmp_path, {"DC": fast}, (grid_of(20.0),)) as garage:
        for _ in range(6):
            await garage.step()
        assert default_of(garage.links["DC"]) == [0.0]  # a quarter of this fuse is less than a default takes
        garage.come("DC", Car(1_000_000, 500_000.0))
        for _ in range(12):
            drawn = await garage.step()
        assert 15.0 < drawn["DC"] <= 20.1
        assert await garage.network.value(NEEDED) == ["Rejected"]
        assert await garage.network.value(PROFILES) == ["load management"]

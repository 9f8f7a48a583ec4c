"""Limits in the words that each charger takes: dynamic ones (2.1, K28), refused or not followed; watts; levels."""

import asyncio
from datetime import timedelta

import pytest

from laddverk.ocpp.commands import ReadVariables
from laddverk.ocpp.facts import ProfileKind, Purpose, RateUnit
from laddverk.simulator.abilities.smart_charging import Profiles
from laddverk.simulator.car import Car
from laddverk.stations import service as stations
from tests.integration.energy.garage import FUSE_A, garage_on
from tests.network import ACTOR

LEVEL = "SELECT count(*) FROM station_variable WHERE station_id = $1 AND variable = 'SupportsDynamicProfiles'"
SENT = "SELECT count(*) FROM command WHERE station_id = $1 AND kind = $2"
REFUSED = f"{SENT} AND state = 'refused'"


def limit_of(link):
    """Return the profile of the session that is in a charger."""
    held = link.charger.of(Profiles).by_id.values()
    return next((one.profile for one in held if one.profile.purpose is Purpose.TX), None)


async def read_all(garage, name):
    """Ask a charger what it can, and wait until it has said it."""
    station_id = garage.network.station_ids[name]
    async with garage.network.house.database.transaction() as tx:
        await stations.request_command(tx, ACTOR, station_id, ReadVariables(), garage.clock())
    garage.network.house.hints.publish(["commands"])
    async with asyncio.timeout(20):
        while not await garage.network.value(LEVEL, station_id):
            await asyncio.sleep(0.02)


async def sent(garage, name, kind):
    return await garage.network.value(SENT, garage.network.station_ids[name], kind)


@pytest.fixture
async def garage(database, tmp_path):
    async with garage_on(database, tmp_path) as made:
        await read_all(made, "CP21")
        for _ in range(6):
            await made.step()
        yield made


async def test_a_limit_is_changed_in_the_profile_that_is_there_and_ends_though_it_was_changed(garage):
    link = garage.links["CP21"]
    garage.come("CP21")
    for _ in range(9):
        drawn = await garage.step()
    profile = limit_of(link)
    assert (profile.kind, profile.stack_level, drawn["CP21"]) == (ProfileKind.DYNAMIC, 10, 16.0)
    told, number, ends = await sent(garage, "CP21", "set_profile"), profile.id, profile.valid_until

    garage.come("CP16")
    garage.come("CP201")
    sums = [sum((await garage.step()).values()) for _ in range(6)]
    profile = limit_of(link)
    assert max(sums) <= FUSE_A + 0.1
    assert profile.schedules[0].periods[0].limit < 16.0
    assert (profile.id, profile.valid_until) == (number, ends)  # changed, not sent again
    assert await sent(garage, "CP21", "set_profile") == told
    assert await sent(garage, "CP21", "update_dynamic_limit") >= 1
    assert limit_of(garage.links["CP201"]).kind is ProfileKind.ABSOLUTE

    sums = [sum((await garage.step()).values()) for _ in range(20)]
    assert max(sums) <= FUSE_A + 0.1
    assert link.charger.of(Profiles).asked_at  # a minute without a change: it asked, and was answered
    assert limit_of(link).valid_until > ends  # renewed as a whole before its end
    await garage.network.gateway.stop()
    for _ in range(40):
        await garage.step(steered=False)
    assert garage.currents()["CP21"] <= 6.0


async def test_a_charger_that_refuses_what_it_says_it_takes_gets_fixed_profiles(garage):
    link = garage.links["CP21"]
    link.charger.of(Profiles).refuses_dynamic = True
    garage.come("CP21")
    for _ in range(9):
        drawn = await garage.step()
    assert drawn["CP21"] == 16.0
    assert limit_of(link).kind is ProfileKind.ABSOLUTE
    # A second may be on its way when the first no is heard: what the charger told made a decision of its own.
    refused = await garage.network.value(REFUSED, garage.network.station_ids["CP21"], "set_profile")
    for _ in range(9):
        await garage.step()
    assert refused == await garage.network.value(REFUSED, garage.network.station_ids["CP21"], "set_profile") > 0
    assert await sent(garage, "CP21", "update_dynamic_limit") == 0


async def test_a_charger_that_does_not_follow_a_change_is_found_out_and_gets_a_profile_that_it_follows(garage):
    link, network = garage.links["CP21"], garage.network
    garage.come("CP21")
    for _ in range(9):
        await garage.step()
    link.charger.of(Profiles).ignores_updates = True
    for name in ("CP16", "CP201"):
        garage.come(name)
    sums = [sum((await garage.step()).values()) for _ in range(24)]
    assert max(sums) <= FUSE_A + 0.1  # what it was told to leave was given to nobody
    found = "SELECT count(*) FROM finding WHERE detector = 'D33' AND station_id = $1"
    assert await network.value(found, network.station_ids["CP21"]) == 1
    assert limit_of(link).kind is ProfileKind.ABSOLUTE
    assert garage.currents()["CP21"] < 16.0
    assert all(amperes >= 6.0 for amperes in garage.currents().values())
    assert limit_of(link).valid_until - garage.clock.now < timedelta(minutes=6)


async def test_a_charger_that_takes_watts_alone_gets_them_on_its_level_for_the_phases_that_its_car_uses(garage):
    link, network = garage.links["CP16"], garage.network
    own = {"profile_unit": "W", "profile_stack_level": 2}
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET quirks = $1 WHERE id = $2", own, network.station_ids["CP16"])
    link.charger.plug(1, Car(70_000, 10_000.0, phases=1, current_max_a=16.0), garage.clock_of("CP16"))
    link.charger.begin(1, "CARD-CP16", garage.clock_of("CP16"))
    link.wake()
    garage.come("CP201")
    sums = [sum((await garage.step()).values()) for _ in range(14)]
    assert max(sums) <= FUSE_A + 0.1
    profile = limit_of(link)
    (schedule,) = profile.schedules
    (period,) = schedule.periods
    assert (schedule.unit, profile.stack_level, period.phases) == (RateUnit.WATT, 2, 1)
    assert period.limit == pytest.approx(230.0 * 16.0, rel=0.03)
    defaults = [one.profile for one in link.charger.of(Profiles).by_id.values()
                if one.profile.purpose is Purpose.TX_DEFAULT]  # fmt: skip
    assert [one.stack_level for one in defaults] == [2]  # it was moved there

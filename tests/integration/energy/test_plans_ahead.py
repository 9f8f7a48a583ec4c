"""Plans of a site in the database: wanted, made of sessions, habits, wishes and prices; the allocator follows."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from laddverk.energy.allocating import Branch, Demand, Situation, allocated
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Tree, Version
from laddverk.energy.planning_ahead import jobs, service, store
from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.knowing import taken
from laddverk.energy.planning_ahead.model import MadeBy, WhyCapped
from laddverk.energy.planning_ahead.store import Past, Wanted
from laddverk.energy.steering.placing import key_of
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotFound
from tests.network import ACTOR, network_on

NOW = datetime(2026, 1, 12, 17, 5, tzinfo=UTC)
TARIFF = next(each for each in examples() if each.key == "weekday-daytime-by-season")
SESSION = """
INSERT INTO session (id, station_id, evse_number, transaction_key, token_uid, started_at, ended_at, received_at,
    energy_wh, settlement) VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, 'free')
"""
NEED = """
INSERT INTO ev_need (station_id, evse_number, received_at, transfer, departure_at, energy_wh, detail, answered)
VALUES ($1, $2, $3, 'AC_three_phase', $4, $5, '{}', 'Accepted')
"""
PRICE = """
INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)
VALUES ('SE3', 'SEK', $1, $2, $3, 'test', $1)
"""


@pytest.fixture
async def site(database, tmp_path):
    """A site with a charger of two outlets on a fuse of 35 A, and a clock at five past six in Sweden."""
    async with network_on(database, tmp_path) as network:
        network.house.clock = lambda: NOW
        network.station_id = await network.add_station("CP1", connectors=2)
        circuit_id = CircuitId(new_id())
        grid = Circuit(id=circuit_id, name="Servis", kind=CircuitKind.GRID, limit_a=(35.0,) * 3)
        places = tuple(
            Place(station_id=network.station_id, evse_number=number, circuit_id=circuit_id, current_max_a=16.0)
            for number in (1, 2)
        )
        tree = Tree(site_id=network.site_id, version=1, circuits=(grid,), places=places)
        async with database.transaction() as tx:
            await circuits.add(tx, tree, Version(version=1, made_at=NOW, made_by="test", change="made"))
        yield network


async def came(site, evse, who, started_at, hours=None, energy_wh=0):
    ended_at = started_at + timedelta(hours=hours) if hours else None
    await site.value(SESSION, new_id(), site.station_id, evse, str(new_id()), who, started_at, ended_at, energy_wh)


async def test_a_car_whose_departure_is_told_is_planned_into_the_cheap_hours_and_the_allocator_follows(site, database):
    wanted = Wanted(site.site_id, TARIFF, "SE3", 0.7)
    async with database.transaction() as tx:
        await service.want(tx, ACTOR, wanted, NOW, reason="saves money")
    for hour in range(-24, 40):
        at = NOW.replace(minute=0) + timedelta(hours=hour)
        await site.value(PRICE, at, at + timedelta(hours=1), 0.3 if at.hour in {1, 2, 3} else 2.0)
    await came(site, 1, "A", NOW - timedelta(hours=1), energy_wh=3_000)
    await site.value(NEED, site.station_id, 1, NOW - timedelta(hours=1), NOW + timedelta(hours=13), 25_000)
    async with database.transaction() as tx:
        await jobs.handlers(site.house)["energy.plan_ahead"](tx, [{}])
    await site.house.worker.run_until_idle()
    async with database.transaction() as tx:
        kept = await store.latest(tx, site.site_id)
        whole = await service.guide(tx, site.site_id, NOW)
    assert kept is not None
    assert kept.plan.made_by is MadeBy.SOLVER
    key = key_of(site.station_id, 1)
    targets = kept.plan.targets_a[key]
    assert sum(targets) * 690 / 4 == pytest.approx(22_000, rel=0.01)
    charging = [kept.plan.begins_at + timedelta(minutes=15 * n) for n, amperes in enumerate(targets) if amperes]
    assert {at.hour for at in charging} == {1, 2}
    (wait,) = kept.plan.waits
    assert wait.until.hour == 1
    demand = Demand(key=key, branch=0, use_a=(1, 1, 1), watts_per_a=690, ceiling_a=16, since=NOW)
    other = msgspec.structs.replace(demand, key="came after the plan")
    now = Situation(branches=(Branch(key="grid", limit_a=(35.0,) * 3),), demands=(demand, other))
    assert [grant.limit_a for grant in allocated(whole(now, NOW), NOW)] == [0, 16]
    assert await site.value("SELECT count(*) FROM audit_log WHERE action = 'plan.wanted'") == 1


async def test_habits_alone_give_the_cap_rule_with_a_level_learnt_from_the_past(site, database):
    async with database.transaction() as tx:
        await service.want(tx, ACTOR, Wanted(site.site_id, TARIFF, "SE3", 0.7), NOW, reason="saves money")
    for day in range(1, 21):
        at = NOW - timedelta(days=day)
        await asyncio.gather(
            came(site, 1, "A", at, hours=3 + 5 * (day % 4), energy_wh=11_000),
            came(site, 2, "B", at, hours=12 - day % 5, energy_wh=11_000),
        )
    await came(site, 1, "A", NOW - timedelta(minutes=30), energy_wh=1_000)
    at = NOW.replace(minute=0)
    await site.value(PRICE, at, at + timedelta(hours=1), 1.0)
    handlers = jobs.handlers(site.house)
    async with database.transaction() as tx:
        await handlers["energy.learn_levels"](tx, [{}])
    await site.house.worker.run_until_idle()
    async with database.transaction() as tx:
        (wanted,) = await store.wishes(tx)
        plan = await service.plan_site(tx, wanted, NOW)
    assert 0 < wanted.level_kw < 22
    assert plan is not None
    assert (plan.made_by, plan.why_capped) == (MadeBy.CAP_RULE, WhyCapped.FORECASTS_POOR)
    assert plan.cap_w[0] == pytest.approx(max(wanted.level_kw * 1000, 6 * 690))
    assert plan.cap_w[8] > 1e6  # at night this tariff counts nothing


async def test_only_who_may_change_a_site_wants_a_plan_and_what_is_wrong_is_named(site, database):
    wanted = Wanted(site.site_id, TARIFF, "SE3", 0.7)
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await service.want(tx, ACTOR, msgspec.structs.replace(wanted, area="SE3'; --"), NOW, reason="x")
        assert refused.value.field == "area"
        with pytest.raises(Invalid):
            await service.want(tx, ACTOR, wanted, NOW, reason=" ")
        with pytest.raises(NotFound):
            await service.want(tx, ACTOR, msgspec.structs.replace(wanted, site_id=new_id()), NOW, reason="x")
        host = msgspec.structs.replace(ACTOR, site_ids=frozenset({new_id()}))
        assert isinstance(host, Actor)
        with pytest.raises(NotFound):
            await service.want(tx, host, wanted, NOW, reason="x")
        with pytest.raises(NotFound):
            await service.unwant(tx, ACTOR, site.site_id, NOW, reason="x")
        await service.want(tx, ACTOR, wanted, NOW, reason="x")
        await service.unwant(tx, ACTOR, site.site_id, NOW, reason="x")
        assert await store.wishes(tx) == []


def test_what_a_session_took_is_spread_over_the_time_in_which_it_drew():
    at = NOW.replace(minute=7)
    past = Past(new_id(), 1, "A", at, at + timedelta(minutes=60), None, 6_000)
    load = taken([past], NOW.replace(minute=0), NOW.replace(minute=0) + timedelta(hours=2))
    assert load.energy_wh == (800, 1_500, 1_500, 1_500, 700, 0, 0, 0)

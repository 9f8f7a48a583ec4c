"""A day of a planned site that is over: quarters kept from meters, the plan that knows them, the way to the best."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitKind,
    MeterId,
    Place,
    Source,
    SourceId,
    SourceKind,
    Tree,
    Version,
)
from laddverk.energy.planning_ahead import jobs, service, store, store_days, store_quarters
from laddverk.energy.planning_ahead.capacity_files import read
from laddverk.energy.planning_ahead.days import Lack, Way
from laddverk.energy.planning_ahead.model import Basis, MadeBy, WhyCapped
from laddverk.energy.planning_ahead.splitting import Because
from laddverk.energy.planning_ahead.store import Wanted
from laddverk.kernel.ids import new_id
from tests.network import ACTOR, network_on

NOW = datetime(2026, 1, 14, 3, 5, tzinfo=UTC)  # four in the morning in Sweden
DAY = date(2026, 1, 13)
TARIFF = read('key = "a"\nname = "A"\n[[peak]]\nname = "Power"\nprice = [{ per_kw = 10 }]\n')
SESSION = """
INSERT INTO session (id, station_id, evse_number, transaction_key, token_uid, started_at, ended_at, received_at,
    charging_ended_at, energy_wh, settlement) VALUES ($1, $2, $3, $4, 'A', $5, $6, $5, $7, $8, 'free')
"""
SAMPLES = """
INSERT INTO sample (station_id, evse_number, at, transaction_key, received_at, power_w, current_l1_a, current_l2_a,
    current_l3_a) SELECT $1, 1, at, $2, at, 11040, 16, 16, 16 FROM generate_series($3::timestamptz, $4, '5 min') AS at
"""
METER = """
INSERT INTO meter (id, site_id, name, setup, made_at, changed_at) VALUES ($1, $2, $3, '{"way": "push"}', $4, $4)
"""
MINUTES = """
INSERT INTO meter_minute (meter_id, minute, current_a, power_w)
SELECT $1, at, ARRAY[$4::float8, $4, $4], $5
FROM generate_series($2::timestamptz, $3::timestamptz - interval '1 min', '5 min') AS at
"""
PRICE = """
INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)
VALUES ('SE3', 'SEK', $1, $2, $3, 'test', $4)
"""


@pytest.fixture
async def site(database, tmp_path):
    """A planned site with a fuse of 63 A, a meter at it, a roof with its own, and one outlet."""
    async with network_on(database, tmp_path) as network:
        network.house.clock = lambda: NOW
        network.station_id = await network.add_station("CP1")
        network.meter, network.roof = MeterId(new_id()), MeterId(new_id())
        for meter, name in ((network.meter, "fuse"), (network.roof, "roof")):
            await network.value(METER, meter, network.site_id, name, NOW)
        grid = Circuit(
            id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(63.0,) * 3, meter_id=network.meter
        )
        place = Place(station_id=network.station_id, evse_number=1, circuit_id=grid.id, current_max_a=16.0)
        sun = Source(
            id=SourceId(new_id()), name="Roof", kind=SourceKind.SOLAR, circuit_id=grid.id, power_max_w=10_000,
            meter_id=network.roof,
        )  # fmt: skip
        network.tree = Tree(site_id=network.site_id, version=1, circuits=(grid,), places=(place,), sources=(sun,))
        async with database.transaction() as tx:
            await circuits.add(tx, network.tree, Version(version=1, made_at=NOW, made_by="test", change="made"))
            await service.want(tx, ACTOR, Wanted(network.site_id, TARIFF, "SE3", 0.5), NOW, reason="saves money")
        yield network


async def priced(site, fetched_before=timedelta(days=1)):
    """Three kronor, but half a krona from midnight to five in Sweden."""
    for hour in range(-72, 24):
        at = NOW.replace(minute=0) + timedelta(hours=hour)
        price = 0.5 if at.hour in (23, 0, 1, 2, 3) else 3.0
        await site.value(PRICE, at, at + timedelta(hours=1), price, at - fetched_before)


async def run(site, *kinds):
    async with site.house.database.transaction() as tx:
        for kind in kinds:
            await jobs.handlers(site.house)[kind](tx, [{}])
    await site.house.worker.run_until_idle()


async def charged_at_once(site):
    """A car that came at seven in the evening, charged for two hours at the dear price, and left in the morning."""
    started_at = datetime(2026, 1, 12, 18, tzinfo=UTC)
    key = str(new_id())
    await site.value(
        SESSION, new_id(), site.station_id, 1, key, started_at, started_at + timedelta(hours=12),
        started_at + timedelta(hours=2), 22_080
    )  # fmt: skip
    await site.value(SAMPLES, site.station_id, key, started_at, started_at + timedelta(minutes=119))


async def test_a_day_that_charged_at_once_says_what_the_best_would_have_saved_and_why(site, database):
    await priced(site)
    await charged_at_once(site)
    since = datetime(2026, 1, 11, tzinfo=UTC)
    await site.value(MINUTES, site.meter, since, datetime(2026, 1, 12, 18, tzinfo=UTC), 5.0, 3_450.0)
    await site.value(
        MINUTES, site.meter, datetime(2026, 1, 12, 18, tzinfo=UTC), datetime(2026, 1, 12, 20, tzinfo=UTC), 21.0,
        3_450.0 + 11_040,
    )  # fmt: skip
    await site.value(MINUTES, site.meter, datetime(2026, 1, 12, 20, tzinfo=UTC), NOW, 5.0, 3_450.0)
    await run(site, "energy.plan_ahead")
    await run(site, "energy.look_back")
    async with database.transaction() as tx:
        quarters = await store_quarters.quarters(tx, [site.tree.circuits[0].id], since, NOW)
        kept = await store_days.days(tx, site.site_id, DAY - timedelta(days=40), DAY + timedelta(days=1))
        (month,) = await store_days.months(tx, site.site_id, 12)
    assert len(quarters) == 3 * 96 + 12  # three days, and until three in the morning
    assert {(round(each.current_a[0], 3), round(each.power_w)) for each in quarters} == {(5.0, 3_450)}
    days = {each.day: each.found for each in kept}
    found = days[DAY]
    assert found.has_money
    assert (found.sessions, found.lacks) == (1, (Lack.NOT_PLANNED,))
    assert found.over[Because.FORECAST] > 22.08 * 2.5 * 0.9
    assert found.over_all == pytest.approx(found.cost - found.best_cost, abs=0.02)
    assert found.at_once_cost == pytest.approx(found.cost, abs=0.5)
    assert found.lacking_all_wh == 0
    assert days[DAY - timedelta(days=1)].sessions == 0
    was = month.found.outcomes[Way.AS_IT_WAS]
    assert (month.month, was.energy_wh, was.energy_minor) == (date(2026, 1, 1), 22_080, 7_728)
    assert was.peak_w == pytest.approx(14_490, abs=5)
    assert was.capacity_minor == pytest.approx(14_490, abs=5)


async def test_days_without_prices_or_meters_say_what_they_lack_and_are_looked_at_once(site, database):
    await charged_at_once(site)
    await run(site, "energy.look_back")
    await run(site, "energy.look_back")
    async with database.transaction() as tx:
        days = await store_days.days(tx, site.site_id, date(2025, 1, 1), DAY + timedelta(days=1))
    assert len(days) == 4  # the newest two, then the next
    found = days[0].found
    assert not found.has_money
    assert set(found.lacks) == {Lack.NOT_PLANNED, Lack.NO_PRICES, Lack.LOAD_NOT_MEASURED}


async def test_the_plan_knows_load_and_sun_that_were_measured(site, database):
    await priced(site)
    since = NOW - timedelta(days=3)
    await site.value(MINUTES, site.meter, since, NOW, 5.0, 3_450.0)
    await site.value(MINUTES, site.roof, since, NOW, 1.0, -500.0)
    await run(site, "energy.plan_ahead")
    async with database.transaction() as tx:
        kept = await store.latest(tx, site.site_id)
    assert kept is not None
    plan = kept.plan
    assert plan.made_by is MadeBy.SOLVER
    assert plan.knows is not None
    assert (plan.knows.load, plan.knows.load_quarters) == (Basis.MEASURED, 3 * 96)
    assert plan.knows.sun is Basis.UNKNOWN  # nobody has said where this site lies
    assert set(plan.base_w) == {3_950.0}  # the meter's, and what the roof gave
    assert plan.knows.prices_until == NOW.replace(minute=0) + timedelta(hours=24)


async def test_where_the_price_of_now_is_not_known_the_cap_rule_stands_and_says_so(site, database):
    at = NOW - timedelta(hours=9)
    await site.value(PRICE, at, at + timedelta(hours=1), 1.0, at)
    await run(site, "energy.plan_ahead")
    async with database.transaction() as tx:
        kept = await store.latest(tx, site.site_id)
    assert kept is not None
    assert kept.plan.why_capped is WhyCapped.PRICES_STALE

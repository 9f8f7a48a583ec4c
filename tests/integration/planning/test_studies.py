"""A study of a site: asked, played in slices by processes of their own, weighed, played again with the same answer."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from msgspec.structs import replace

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Tree, Version
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotAllowed, NotFound
from laddverk.planning.expanding import fuses, service, store
from laddverk.planning.expanding.model import Asked, Kind, State
from laddverk.planning.expanding.weighing import answer
from tests.integration.planning.usage_field import OTHER_SITE, SITE, build, station, visit
from tests.network import ACTOR, network_on

NOW = datetime(2026, 10, 27, 13, 20, tzinfo=UTC)
FEES = fuses.of(None)
FIRST = date(2026, 9, 28)
STARTED = datetime(2026, 9, 28, tzinfo=UTC)


@pytest.fixture
async def site(database, tmp_path):
    """A site of five outlets on 20 A, four weeks of cars that come every morning and evening."""
    async with network_on(database, tmp_path) as network:
        network.house.clock = lambda: NOW
        random = Random(7)
        async with database.transaction() as tx:
            await build(tx)
            for day in range(28):
                for who, evse in ((0, 1), (0, 2), (1, 1), (1, 2)):
                    begins = STARTED + timedelta(days=day, hours=random.uniform(6, 9))
                    energy_wh = random.randint(8, 30) * 1000
                    await visit(tx, begins, begins + timedelta(hours=9), who=who, evse=evse, energy_wh=energy_wh)
            await _circuits(tx)
        yield network


async def _circuits(tx):
    grid = CircuitId(new_id())
    tree = Tree(
        site_id=SITE, version=1,
        circuits=(Circuit(id=grid, name="Garage", kind=CircuitKind.GRID, limit_a=(20.0,) * 3),),
        places=tuple(
            Place(station_id=station(who), evse_number=evse, circuit_id=grid, current_max_a=16.0)
            for who in (0, 1) for evse in (1, 2)
        ),
    )  # fmt: skip
    made = Version(version=1, made_at=NOW, made_by="test", change="Entered", reason="test")
    await circuits.add(tx, tree, made)


async def played(network, asked, actor=ACTOR):
    async with network.house.database.transaction() as tx:
        identity = await service.ask(tx, actor, asked, "Garage", FEES, NOW)
    await network.house.worker.run_until_idle()
    return identity


async def read(network, identity):
    async with network.house.database.transaction() as tx:
        study = await store.study(tx, None, identity)
        return study, await store.parts(tx, identity), await store.stays(tx, identity)


async def test_a_study_is_played_weighed_and_played_again_with_the_same_answer(site):
    asked = Asked(
        site_id=SITE,
        first=FIRST,
        last=date(2026, 10, 11),
        draws=1,
        ports_more=(1,),
        growth=0.25,
        scenarios=(-0.5, 1.0),
    )
    identity = await played(site, asked)
    study, parts, stays = await read(site, identity)
    assert study.state is State.DONE, study.why
    assert (study.parts, study.stays_count, len(stays)) == (study.units, 56, 56)
    found = answer(study, parts)
    assert found.draws == 1
    assert 0.3 < found.as_is.service.delivered.middle < 0.95
    assert found.recorded == pytest.approx(1.0, abs=0.05), "played as it was, cars get what they got"
    kinds = [one.option.kind for one in found.options]
    assert kinds[:2] == [Kind.ROTATION, Kind.IDLE_FEE]
    fuses = [one for one in found.options if one.option.kind is Kind.FUSE]
    assert [one.option.change.fuse_a for one in fuses] == [25.0, 35.0, 50.0]
    assert 0 < fuses[0].extra_kwh.middle <= fuses[2].extra_kwh.middle
    assert found.as_is.service.delivered.middle < fuses[2].service.delivered.middle
    assert found.bindings[0].feeder == "Garage"
    assert [one.growth for one in found.scenarios] == [-0.5, 0.25, 1.0]
    delivered = [one.as_is.service.delivered.middle for one in found.scenarios]
    assert delivered[0] > delivered[1] > delivered[2], "the more drivers, the less of what they ask for"
    async with site.house.database.transaction() as tx:
        second = await service.again_as(tx, ACTOR, identity, NOW)
    await site.house.worker.run_until_idle()
    _, again, same_stays = await read(site, second)
    assert again == parts
    assert same_stays == stays
    async with site.house.database.transaction() as tx:
        await service.delete(tx, ACTOR, identity, NOW, reason="A test")
        assert await store.study(tx, None, identity) is None
        assert await tx.value("SELECT count(*) FROM study_part WHERE study_id = $1", identity) == 0
        actions = await tx.values("SELECT action FROM audit_log WHERE object_id = $1 ORDER BY id", identity)
    assert actions == ["study.asked", "study.deleted"]


async def test_a_site_without_circuits_is_not_steered_and_load_management_is_weighed_with_its_price(site):
    asked = Asked(site_id=SITE, first=FIRST, last=date(2026, 10, 11), draws=1, ports_more=(1,), fuse_a=20.0)
    steered, parts, _ = await read(site, await played(site, asked))
    assert steered.ground.is_steered
    assert Kind.RULE not in {one.kind for one in steered.options}
    without = next(one for one in answer(steered, parts).references if one.option.change.is_steered is False)
    async with site.house.database.transaction() as tx:
        await tx.execute("DELETE FROM circuit_tree WHERE site_id = $1", SITE)
    prices = replace(asked.prices, rule=1_000_000, rule_year=70_000, life_years=10)
    unsteered, parts, _ = await read(site, await played(site, replace(asked, prices=prices)))
    assert not unsteered.ground.is_steered
    found = answer(unsteered, parts)
    rule = next(one for one in found.options if one.option.kind is Kind.RULE)
    assert rule.cost_year_minor == 170_000
    assert rule.extra_kwh.middle > 1_000
    assert rule.service.delivered.middle > found.as_is.service.delivered.middle
    assert without.extra_kwh.middle < 0, "what a steered site would lose"
    assert not any(one.option.change.is_steered is False for one in found.references)


async def test_who_may_ask_and_what_cannot_be_asked(site):
    asked = Asked(site_id=SITE, first=FIRST, last=date(2026, 10, 25), draws=1)
    host = Actor(kind="operator", permissions=frozenset(Permission), site_ids=frozenset({OTHER_SITE}))
    reader = Actor(kind="operator", permissions=frozenset({Permission.STATIONS_READ}))
    async with site.house.database.transaction() as tx:
        for actor, wrong in ((host, NotFound), (reader, NotAllowed)):
            with pytest.raises(wrong):
                await service.ask(tx, actor, asked, "", FEES, NOW)
        for change in (
            {"draws": 0}, {"first": date(2026, 10, 24)}, {"last": date(2026, 11, 1)}, {"growth": 9.0},
            {"scenarios": (9.0,)}, {"scenarios": (0.0,)}, {"scenarios": (0.1, 0.2, 0.3, 0.4)},
            {"ports_more": ()}, {"ports_more": (1,) * 9}, {"idle_cut": 1.5}, {"fuse_a": float("nan")},
            {"site_id": OTHER_SITE},
        ):  # fmt: skip
            with pytest.raises(Invalid):
                await service.ask(tx, ACTOR, replace(asked, **change), "", FEES, NOW)
        identity = await service.ask(tx, ACTOR, asked, "", FEES, NOW)
        with pytest.raises(NotFound):
            await service.cancel(tx, host, identity, NOW)
        assert await store.study(tx, host.site_ids, identity) is None
        await service.cancel(tx, ACTOR, identity, NOW)
    await site.house.worker.run_until_idle()
    study, parts, _ = await read(site, identity)
    assert (study.state, parts) == (State.CANCELLED, [])

"""What drivers say on the page of their charge reaches the plan and the allocator; what cannot be is named."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from laddverk.energy.allocating import Branch, Demand, Situation
from laddverk.energy.circuits import service as circuits_service
from laddverk.energy.planning_ahead import jobs, service, store, store_days, wishing
from laddverk.energy.planning_ahead.forecasting import Source
from laddverk.energy.planning_ahead.guiding import wished
from laddverk.energy.planning_ahead.model import MadeBy
from laddverk.energy.planning_ahead.recalling import Habits
from laddverk.energy.planning_ahead.store import Wanted
from laddverk.energy.planning_ahead.store_wishes import running_at
from laddverk.energy.steering.placing import key_of
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.kernel.problems import Invalid
from laddverk.sessions.starting import hashed
from laddverk.web.app import create_app
from tests.integration.energy.test_plans_ahead import NEED, NOW, PRICE, TARIFF, came
from tests.integration.energy.test_plans_ahead import site as site
from tests.integration.web.api.test_uptime_api import tool
from tests.network import ACTOR

TOKEN = "an-address-that-nobody-guesses"
START = """
INSERT INTO start_request (id, station_id, evse_number, token_uid, access_hash, created_at, expires_at, session_id)
SELECT $1, station_id, evse_number, token_uid, $2, started_at, started_at, id FROM session WHERE ended_at IS NULL
"""
SAMPLE = """
INSERT INTO sample (station_id, evse_number, at, transaction_key, received_at, energy_wh)
SELECT station_id, evse_number, $1, transaction_key, $1, $2 FROM session WHERE ended_at IS NULL
"""
PAGE = f"/s/{TOKEN}"


@pytest.fixture
async def driver(site):
    """A browser at the page of a charge that runs since an hour, of somebody who comes every day."""
    for day in range(1, 15):
        await came(site, 1, "A", NOW - timedelta(days=day, hours=1), hours=14, energy_wh=20_000)
    await came(site, 1, "A", NOW - timedelta(hours=1), energy_wh=3_000)
    await site.value("UPDATE session SET power_w = 11000 WHERE ended_at IS NULL")
    await site.value(START, new_id(), hashed(TOKEN))
    ours = {"sec-fetch-site": "same-origin", "accept-language": "en"}
    transport = httpx.ASGITransport(app=create_app(site.house))
    async with httpx.AsyncClient(transport=transport, base_url=site.house.settings.web_url, headers=ours) as client:
        yield client


async def test_what_a_driver_says_reaches_the_allocator_and_the_plan(site, driver, database):
    page = (await driver.get(PAGE)).text
    assert "When do you leave?" in page
    assert "As usual: " in page
    assert 'name="priority"' not in page
    for field, form in (
        ("departs", {"departs": "25:00"}), ("departs", {"departs": "", "energy": ""}), ("energy", {"energy": "x"}),
        ("energy", {"energy": "501"}), ("priority", {"energy": "20", "priority": "yes"}),
    ):  # fmt: skip
        refused = await driver.post(f"{PAGE}/wish", data=form)
        assert refused.status_code == 422, form
        assert f'id="error-{field}"' in refused.text, form
    assert (await driver.post("/s/another/wish", data={"energy": "20"})).status_code == 404

    said = await driver.post(f"{PAGE}/wish", data={"departs": "07:15", "energy": "20"})
    assert said.status_code == 303, said.text
    page = (await driver.get(PAGE)).text.replace("\xa0", " ")
    assert "You leave at 07:15. You need 20 kWh." in page
    assert "Ready, as it charges now" in page
    key = key_of(site.station_id, 1)
    demand = Demand(key=key, branch=0, use_a=(1, 1, 1), watts_per_a=690, ceiling_a=16, since=NOW)
    situation = Situation(branches=(Branch(key="grid", limit_a=(35.0,) * 3),), demands=(demand,))
    async with database.transaction() as tx:
        (now,) = wished(situation, await running_at(tx, site.site_id, NOW)).demands
    assert now.wish.departs_at == datetime(2026, 1, 13, 6, 15, tzinfo=UTC)
    assert (now.wish.energy_wh, now.rank) == (20_000, 0)

    async with database.transaction() as tx:  # no plan is needed for it
        await circuits_service.let_ask(tx, ACTOR, site.site_id, True, NOW, reason="as agreed", version=1)
    assert 'name="priority"' in (await driver.get(PAGE)).text
    await driver.post(f"{PAGE}/wish", data={"departs": "07:15", "energy": "20", "priority": "yes"})
    async with database.transaction() as tx:
        (now,) = wished(situation, await running_at(tx, site.site_id, NOW)).demands
    assert now.rank == 1

    for hour in range(-24, 40):
        at = NOW.replace(minute=0) + timedelta(hours=hour)
        await site.value(PRICE, at, at + timedelta(hours=1), 0.3 if at.hour in {1, 2} else 2.0)
    async with database.transaction() as tx:
        await service.want(tx, ACTOR, Wanted(site.site_id, TARIFF, "SE3", 0.7), NOW, reason="x")
    await site.house.worker.run_until_idle()
    async with database.transaction() as tx:
        kept = await store.latest(tx, site.site_id)
    assert kept is not None
    assert kept.plan.made_by is MadeBy.SOLVER
    a_period_wh = 6 * 690 / 4  # a charger runs at 6 A or not at all: so much may be too much
    assert sum(kept.plan.targets_a[key]) * 690 / 4 == pytest.approx(17_000, abs=a_period_wh)
    assert "Ready, by the plan" in (await driver.get(PAGE)).text

    place = f"/circuits/{shown('sit', site.site_id)}"
    async with tool(site, Permission.STATIONS_READ) as program:
        shape = (await program.get(f"{place}/plan")).json()
        (wish,) = (await program.get(f"{place}/wishes")).json()["wishes"]
        other = shown("sit", new_id())
        assert (await program.get(f"/circuits/{other}/plan")).status_code == 404
        assert (await program.get(f"/circuits/{other}/wishes")).status_code == 404
    assert (shape["made_by"], shape["tariff"], len(shape["cap_w"])) == ("solver", TARIFF.key, 144)
    assert shape["outlets"][0]["targets_a"] == list(kept.plan.targets_a[key])
    assert shape["drivers_may_ask"] is True
    assert (wish["energy_wh"], wish["energy_by"], wish["goes_first"]) == (20_000, "driver", True)

    await site.value("UPDATE session SET ended_at = $1 WHERE ended_at IS NULL", NOW)
    assert (await driver.post(f"{PAGE}/wish", data={"energy": "20"})).status_code == 409
    assert "When do you leave?" not in (await driver.get(PAGE)).text


HOUR = timedelta(hours=1)
DEMAND = Demand(key="", branch=0, use_a=(1, 1, 1), watts_per_a=690, ceiling_a=16, since=NOW)


async def usual_days(site, who="A", evse=1, hours=14):
    for day in range(1, 15):
        await came(site, evse, who, NOW - timedelta(days=day, hours=1), hours=hours, energy_wh=20_000)
    await site.value(
        "UPDATE session SET charging_ended_at = started_at + interval '5 hours' WHERE ended_at IS NOT NULL"
    )


async def asked(site, evse=1):
    """Return the wish with which the allocator is asked for an outlet, as each step of the loop asks it."""
    demand = msgspec.structs.replace(DEMAND, key=key_of(site.station_id, evse))
    async with site.house.database.transaction() as tx:
        whole = await service.guide(tx, site.site_id, NOW)
    (made,) = whole(Situation(branches=(Branch(key="grid", limit_a=(35.0,) * 3),), demands=(demand,)), NOW).demands
    return made.wish


async def said(site, **words):
    async with site.house.database.transaction() as tx:
        running = await tx.value("SELECT id FROM session WHERE ended_at IS NULL ORDER BY evse_number LIMIT 1")
        words = {"departs_at": None, "energy_wh": None, "asks_priority": False} | words
        await wishing.tell(tx, ACTOR, running, NOW, **words)


async def offer(site, habits=None):
    """Return what a page shows that is opened now, or one that is followed and has its habits."""
    habits = habits or Habits()
    async with site.house.database.transaction() as tx:
        running = await tx.value("SELECT id FROM session WHERE ended_at IS NULL ORDER BY evse_number LIMIT 1")
        return await wishing.offered(tx, running, NOW, habits), await wishing.ready(tx, running, NOW, habits)


async def test_one_of_departure_and_energy_is_enough_the_other_is_what_is_usual(site, driver):
    await driver.post(f"{PAGE}/wish", data={"departs": "05:00", "energy": ""})
    wish = await asked(site)
    assert (wish.departs_at, wish.energy_wh) == (datetime(2026, 1, 13, 4, tzinfo=UTC), 20_000)
    page = (await driver.get(PAGE)).text.replace("\xa0", " ")
    assert "You leave at 05:00. You usually take about 20 kWh: we count on that." in page

    await driver.post(f"{PAGE}/wish", data={"departs": "", "energy": "9"})
    wish = await asked(site)
    assert (wish.departs_at, wish.energy_wh) == (NOW - HOUR + 14 * HOUR, 9_000)
    page = (await driver.get(PAGE)).text.replace("\xa0", " ")
    assert "You usually leave at about 07:05: we count on that. You need 9 kWh." in page


async def test_a_stranger_has_what_is_usual_of_everybody_and_a_new_site_has_nothing(site):
    await came(site, 1, "stranger", NOW - HOUR, energy_wh=3_000)
    await said(site, departs_at=NOW + 8 * HOUR)
    assert await asked(site) is None
    offered, ready = await offer(site)
    assert (offered.told.departs_by, offered.told.energy_by) == (Source.DRIVER, Source.NOTHING)
    assert ready.how is wishing.How.TOO_FEW

    await site.value("DELETE FROM stay_guess")
    await usual_days(site)
    assert (await asked(site)).energy_wh == 20_000
    assert (await offer(site))[0].told.energy_by is Source.EVERYBODY


async def test_the_guess_that_is_shown_is_the_one_that_counts_and_does_not_wander(site):
    await came(site, 1, "stranger", NOW - HOUR, energy_wh=3_000)
    await usual_days(site)
    await said(site, departs_at=NOW + 8 * HOUR)
    for day in range(1, 15):
        await came(site, 2, "hungry", NOW - timedelta(days=day, hours=2), hours=10, energy_wh=60_000)
    assert (await asked(site)).energy_wh == 20_000
    assert (await offer(site))[0].told.energy_wh == 20_000


async def test_what_a_car_says_counts_until_its_driver_speaks(site):
    await came(site, 1, "A", NOW - HOUR, energy_wh=3_000)
    await site.value(NEED, site.station_id, 1, NOW - HOUR, NOW + 6 * HOUR, 25_000)
    wish = await asked(site)
    assert (wish.departs_at, wish.energy_wh) == (NOW + 6 * HOUR, 25_000)
    assert (await offer(site))[0].told.departs_by is Source.CAR
    await said(site, energy_wh=11_000)
    wish = await asked(site)
    assert (wish.departs_at, wish.energy_wh) == (NOW + 6 * HOUR, 11_000)


@pytest.mark.parametrize(
    ("departs_at", "energy_wh"), [(NOW - HOUR, 25_000), (NOW + HOUR, 0), (None, 900_000), (NOW - HOUR, None)]
)
async def test_what_no_car_can_mean_is_not_said(site, departs_at, energy_wh):
    await came(site, 1, "A", NOW - HOUR, energy_wh=3_000)
    await site.value(NEED, site.station_id, 1, NOW - HOUR, departs_at, energy_wh)
    assert await asked(site) is None


async def test_a_car_that_waits_without_a_plan_is_ready_when_such_cars_usually_are(site):
    await usual_days(site)
    await came(site, 1, "A", NOW - 2 * HOUR, energy_wh=0)
    _offered, ready = await offer(site)
    assert (ready.how, ready.since, ready.until) == (wishing.How.AS_USUAL, NOW + 3 * HOUR, NOW + 3 * HOUR)

    await site.value("UPDATE session SET started_at = $1 WHERE ended_at IS NULL", NOW - 6 * HOUR)
    assert (await offer(site))[1].how is wishing.How.LONGER_THAN_EVER
    await site.value("UPDATE session SET charging_state = 'suspended_ev' WHERE ended_at IS NULL")
    assert (await offer(site))[1] is None


async def heard(site):
    """Return what the allocator, the plan, and a look back at the day each take of what was said of the car there."""
    async with site.house.database.transaction() as tx:
        told = await running_at(tx, site.site_id, NOW)
        (one,) = await store.open_sessions(tx, [site.station_id], NOW)
        *_earlier, last = await store_days.stayed(tx, [site.station_id], NOW - HOUR, NOW)
    live = [(each.departs_at, each.energy_wh) for each in told] or [(None, None)]
    return {*live, (one.departure_at, one.asked_wh), (one.departure_at, last.asked_wh)}


@pytest.mark.parametrize("is_named", [True, False])
async def test_what_a_car_asked_for_before_it_left_is_not_said_of_the_next_one(site, is_named):
    await came(site, 1, "A", NOW - 3 * HOUR, hours=2.9)
    await site.value(NEED, site.station_id, 1, NOW - timedelta(minutes=10), NOW + 6 * HOUR, 25_000)
    if is_named:
        await site.value("UPDATE ev_need SET transaction_key = (SELECT transaction_key FROM session)")
    await came(site, 1, "B", NOW - timedelta(minutes=5))
    assert await asked(site) is None
    assert await heard(site) == {(None, None)}


async def test_what_a_car_asked_for_before_its_charge_began_is_said_of_it(site):
    await came(site, 1, "A", NOW - 3 * HOUR, hours=2.8)
    await site.value(NEED, site.station_id, 1, NOW - timedelta(minutes=10), NOW + 6 * HOUR, 25_000)
    await came(site, 1, "B", NOW - timedelta(minutes=5))
    assert await heard(site) == {(NOW + 6 * HOUR, 25_000)}


async def test_a_car_that_asks_again_in_mid_session_asks_for_what_it_still_needs(site):
    await came(site, 1, "A", NOW - 3 * HOUR, energy_wh=21_000)
    await site.value("UPDATE session SET register_start_wh = 5000, power_w = 11000")
    for minutes, register_wh in ((170, 5_100), (40, 25_000), (5, 26_000)):
        await site.value(SAMPLE, NOW - timedelta(minutes=minutes), register_wh)
    await site.value(NEED, site.station_id, 1, NOW - 3 * HOUR, NOW + HOUR, 25_000)
    await site.value(NEED, site.station_id, 1, NOW - timedelta(minutes=30), NOW + 6 * HOUR, 10_000)
    assert await heard(site) == {(NOW + 6 * HOUR, 30_000)}
    _offered, ready = await offer(site)
    assert (ready.how, ready.until) == (wishing.How.AS_IT_CHARGES, NOW + timedelta(hours=9 / 11))


async def test_a_departure_of_a_car_that_is_over_is_said_to_nobody(site):
    await came(site, 1, "A", NOW - 3 * HOUR)
    await site.value(NEED, site.station_id, 1, NOW - 3 * HOUR, NOW - HOUR, 900_000)
    assert await heard(site) == {(None, None)}


async def test_a_page_that_is_followed_reads_the_past_once(site):
    await usual_days(site)
    await came(site, 1, "A", NOW - 2 * HOUR, energy_wh=0)
    habits = Habits()
    first = await offer(site, habits)
    assert first[1].how is wishing.How.AS_USUAL
    await site.value("DELETE FROM session WHERE ended_at IS NOT NULL")
    assert await offer(site, habits) == first
    assert (await offer(site))[1].how is wishing.How.TOO_FEW


async def test_who_takes_longer_than_ever_is_ready_when_others_are_and_not_longer_than_charges_here_used_to(site):
    await usual_days(site)
    for day in range(1, 15):
        await came(site, 2, "slow", NOW - timedelta(days=day, hours=6), hours=14, energy_wh=60_000)
    await came(site, 1, "A", NOW - 6 * HOUR, energy_wh=0)
    _offered, ready = await offer(site)
    assert (ready.how, ready.since, ready.until) == (wishing.How.AS_USUAL, NOW + 8 * HOUR, NOW + 8 * HOUR)
    await site.value("UPDATE session SET started_at = $1 WHERE ended_at IS NULL", NOW - 15 * HOUR)
    assert (await offer(site))[1].how is wishing.How.LONGER_THAN_EVER


async def test_when_somebody_left_is_forgotten_two_months_after_the_charge(site):
    for evse, ended in ((1, timedelta(days=61)), (2, timedelta(days=59))):
        await came(site, evse, "A", NOW - ended - HOUR, hours=1)
    await came(site, 1, "B", NOW - timedelta(days=70))
    await site.value("INSERT INTO driver_wish (session_id, departs_at, told_at) SELECT id, now(), now() FROM session")
    await site.value(
        "INSERT INTO stay_guess (session_id, departs_by, energy_by, made_at) SELECT id, '', '', now() FROM session"
    )
    async with site.house.database.transaction() as tx:
        await jobs.handlers(site.house)["energy.forget_plans"](tx, [{}])
        for table in ("driver_wish", "stay_guess"):
            left = f"SELECT ended_at FROM {table} JOIN session ON id = session_id ORDER BY ended_at"
            assert await tx.values(left) == [NOW - timedelta(days=59), None]


async def test_nobody_goes_first_where_the_site_does_not_let_them_ask(site, database):
    await came(site, 1, "A", NOW - HOUR, energy_wh=3_000)
    with pytest.raises(Invalid) as refused:
        await said(site, energy_wh=9_000, asks_priority=True)
    assert refused.value.field == "priority"


async def test_who_comes_first_by_support_has_no_departure_put_in_their_mouth_and_may_still_say_one(site, driver):
    async with site.house.database.transaction() as tx:
        await circuits_service.let_ask(tx, ACTOR, site.site_id, True, NOW, reason="as agreed", version=1)
        running = await tx.value("SELECT id FROM session WHERE ended_at IS NULL")
        await wishing.come_first(tx, ACTOR, running, NOW)
        (told,) = await running_at(tx, site.site_id, NOW)
    assert (told.departs_by, told.energy_by, told.goes_first) == (Source.NOTHING, Source.NOTHING, True)
    assert await asked(site) is None
    page = (await driver.get(PAGE)).text
    assert "You asked to come first." in page
    assert "You leave at" not in page
    as_usual = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page[page.index("As usual: ") - 600 :]))
    assert as_usual.keys() >= {"departs", "energy", "priority"}
    await driver.post(f"{PAGE}/wish", data=as_usual)
    async with site.house.database.transaction() as tx:
        (told,) = await running_at(tx, site.site_id, NOW)
    assert (told.departs_by, told.energy_by, told.goes_first) == (Source.DRIVER, Source.DRIVER, True)

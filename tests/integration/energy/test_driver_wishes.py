"""What drivers say on the page of their charge reaches the plan and the allocator; what cannot be is named."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from laddverk.energy.allocating import Branch, Demand, Situation
from laddverk.energy.planning_ahead import service, store
from laddverk.energy.planning_ahead.guiding import wished
from laddverk.energy.planning_ahead.model import MadeBy
from laddverk.energy.planning_ahead.store import Wanted
from laddverk.energy.planning_ahead.store_wishes import running_at
from laddverk.energy.steering.placing import key_of
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.sessions.starting import hashed
from laddverk.web.app import create_app
from tests.integration.energy.test_plans_ahead import NOW, PRICE, TARIFF, came
from tests.integration.energy.test_plans_ahead import site as site
from tests.integration.web.api.test_uptime_api import tool
from tests.network import ACTOR

TOKEN = "an-address-that-nobody-guesses"
START = """
INSERT INTO start_request (id, station_id, evse_number, token_uid, access_hash, created_at, expires_at, session_id)
SELECT $1, station_id, evse_number, token_uid, $2, started_at, started_at, id FROM session WHERE ended_at IS NULL
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
    assert "You leave at 07:15 and need 20 kWh." in page
    assert "Ready, as it charges now" in page
    key = key_of(site.station_id, 1)
    demand = Demand(key=key, branch=0, use_a=(1, 1, 1), watts_per_a=690, ceiling_a=16, since=NOW)
    situation = Situation(branches=(Branch(key="grid", limit_a=(35.0,) * 3),), demands=(demand,))
    async with database.transaction() as tx:
        (now,) = wished(situation, await running_at(tx, site.site_id)).demands
    assert now.wish.departs_at == datetime(2026, 1, 13, 6, 15, tzinfo=UTC)
    assert (now.wish.energy_wh, now.rank) == (20_000, 0)

    for hour in range(-24, 40):
        at = NOW.replace(minute=0) + timedelta(hours=hour)
        await site.value(PRICE, at, at + timedelta(hours=1), 0.3 if at.hour in {1, 2} else 2.0)
    async with database.transaction() as tx:
        await service.want(tx, ACTOR, Wanted(site.site_id, TARIFF, "SE3", 0.7, lets_ask=True), NOW, reason="x")
    page = (await driver.get(PAGE)).text
    assert 'name="priority"' in page
    await driver.post(f"{PAGE}/wish", data={"departs": "07:15", "energy": "20", "priority": "yes"})
    await site.house.worker.run_until_idle()
    async with database.transaction() as tx:
        (now,) = wished(situation, await running_at(tx, site.site_id)).demands
        kept = await store.latest(tx, site.site_id)
    assert now.rank == 1
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
    assert (wish["energy_wh"], wish["goes_first"]) == (20_000, True)

    await site.value("UPDATE session SET ended_at = $1 WHERE ended_at IS NULL", NOW)
    assert (await driver.post(f"{PAGE}/wish", data={"energy": "20"})).status_code == 409
    assert "When do you leave?" not in (await driver.get(PAGE)).text

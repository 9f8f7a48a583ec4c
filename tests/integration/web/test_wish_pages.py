"""What a driver who started by a tag sees of their own charge in the portal; what staff see of all cars at a site."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from tests.integration.web.console.conftest import NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.console.test_load import do, entered, load, outlet, tree
from tests.integration.web.test_wallet_pages import portal_of

SESSION = """
INSERT INTO session (id, station_id, evse_number, transaction_key, token_uid, driver_id, started_at, ended_at,
    charging_ended_at, received_at, energy_wh, settlement)
VALUES ($1, $2, 1, gen_random_uuid(), 'TAG', (SELECT id FROM driver WHERE email = $3), $4, $5,
    $4::timestamptz + ($5 - $4) / 2, $4, $6, 'free')
"""


async def value(world: World, sql: str, *args: object) -> Any:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


@pytest.fixture
async def staff(signed_in: SignedIn) -> Browser:
    return await signed_in(Role.TECHNICIAN)


@pytest.fixture
async def berit(world: World, staff: Browser) -> AsyncIterator[Browser]:
    """Somebody who charges by a tag on most days, and does now, where cars share current."""
    browser = await portal_of(world, "berit@example.se")
    ids = await entered(world, staff)
    await do(staff, world, "hang", outlet=outlet(world, 1), circuit=ids["Central A"])
    for day in range(1, 13):
        at = NOW - timedelta(days=day, hours=1)
        await value(
            world, SESSION, new_id(), world.station, "berit@example.se", at, at + timedelta(hours=9), 14_000 + 100 * day
        )
    yield browser
    await browser.client.aclose()


async def charges(world: World) -> str:
    """Let a charge by a tag begin; return its address in the portal."""
    session = new_id()
    await value(world, SESSION, session, world.station, "berit@example.se", NOW - timedelta(hours=1), None, 2_000)
    return f"/my/sessions/{shown('ses', session)}"


async def test_who_started_by_a_tag_says_when_they_leave_and_reads_when_the_car_is_ready(
    world: World, berit: Browser
) -> None:
    page = await charges(world)
    before = (await berit.open(page)).text
    assert "When do you leave?" in before
    assert "Ready, as is usual here" in before
    for field, form in (
        ("departs", {"departs": "25:00"}), ("departs", {}), ("energy", {"energy": "x"}),
        ("priority", {"energy": "9", "priority": "yes"}),
    ):  # fmt: skip
        refused = await berit.send(f"{page}/wish", **form)
        assert refused.status_code == 422, form
        assert f'id="error-{field}"' in refused.text, form
    assert (await berit.send(f"{page}/wish", departs="16:30")).status_code == 303
    after = (await berit.open(page)).text.replace("\xa0", " ")
    assert "You leave at 16:30. You usually take about 15 kWh: we count on that." in after
    kind = await value(world, "SELECT actor_kind FROM audit_log WHERE action = 'charge.wished'")
    assert kind == "driver"

    await value(world, "UPDATE session SET ended_at = $1 WHERE ended_at IS NULL", NOW)
    assert "When do you leave?" not in (await berit.open(page)).text
    assert (await berit.send(f"{page}/wish", energy="9")).status_code == 409


async def test_nobody_else_reads_or_says_anything_of_it(world: World, berit: Browser, stranger: Browser) -> None:
    page = await charges(world)
    cecilia = await portal_of(world, "cecilia@example.se")
    assert (await cecilia.open(page)).status_code == 404
    assert (await cecilia.send(f"{page}/wish", energy="9")).status_code == 404
    assert (await stranger.send(f"{page}/wish", energy="9")).status_code == 401
    assert await value(world, "SELECT count(*) FROM driver_wish") == 0
    await cecilia.client.aclose()


async def test_staff_see_who_leaves_when_who_says_so_and_who_goes_first(
    world: World, berit: Browser, staff: Browser
) -> None:
    page = await charges(world)
    silent = (await staff.open(load(world))).text
    assert "Forecast of the cars" in silent
    assert "14–15\xa0kWh" in silent
    assert (await do(staff, world, "ask", lets_ask="yes")).status_code == 303
    assert (await tree(world)).lets_ask
    assert 'name="priority"' in (await berit.open(page)).text
    assert (await berit.send(f"{page}/wish", departs="16:30", priority="yes")).status_code == 303
    seen = (await staff.open(load(world))).text
    assert "asked to come first" in seen
    assert re.search(r">16:30</time> <span class=\"quiet\">the driver<", seen)
    assert "as usual for the driver" in seen
    assert (await do(staff, world, "ask")).status_code == 303
    assert "asked to come first" not in (await staff.open(load(world))).text
    history = (await staff.open(f"{load(world)}/history")).text
    assert "Drivers may no longer ask to come first." in history


async def test_an_outlet_may_have_another_share_which_is_refused_where_it_cannot_be(
    world: World, berit: Browser, staff: Browser
) -> None:
    circuit = shown("cir", (await tree(world)).circuits[1].id)
    for wrong in ("0", "11", "twice"):
        refused = await do(staff, world, "hang", outlet=outlet(world, 1), circuit=circuit, weight=wrong)
        assert refused.status_code == 422, wrong
        assert 'id="error-weight"' in refused.text, wrong
    assert (await do(staff, world, "hang", outlet=outlet(world, 1), circuit=circuit, weight="2,5")).status_code == 303
    (place,) = (await tree(world)).places
    assert place.weight == 2.5
    assert re.search(r">2[.,]5<", (await staff.open(f"{load(world)}/edit")).text)
    heading, *lines = csv.reader((await staff.open(f"{load(world)}/tree.csv")).text.splitlines())
    assert [line[heading.index("share")] for line in lines if "outlet" in line] == ["2.5"]

"""The plan of a site, as staff switch it on, read it and switch it off."""

from __future__ import annotations

from datetime import timedelta

from laddverk.energy.planning_ahead import store
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.console.test_load import do, entered, load, outlet

WISH = {"what": "on", "tariff": "three-peaks-half-at-night", "area": "SE3", "added": "0,95", "reason": "cheaper nights"}
PRICE = """
INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)
SELECT 'SE3', 'SEK', at, at + interval '1 hour', CASE WHEN extract(hour FROM at) < 5 THEN 0.2 ELSE 2 END, 'test', $1
FROM generate_series($1::timestamptz - interval '1 day', $1::timestamptz + interval '2 days', '1 hour') AS at
"""
NEED = """
INSERT INTO ev_need (station_id, evse_number, received_at, transfer, departure_at, energy_wh, detail, answered)
SELECT station_id, evse_number, started_at, 'AC_three_phase', $2, 30000, '{}', 'Accepted' FROM session
WHERE station_id = $1 AND ended_at IS NULL
"""


async def test_a_site_is_planned_its_plan_is_read_and_it_is_switched_off(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    page = f"{load(world)}/plan"
    assert "Enter what feeds this site first" in (await browser.open(page)).text
    ids = await entered(world, browser)
    await do(browser, world, "hang", outlet=outlet(world, 1), circuit=ids["Central A"], rotation="STR", known="yes")
    assert "This site is not planned" in (await browser.open(page)).text

    for field, wrong, words in (
        ("tariff", "x", "Choose from the list."), ("area", "SE3'", "This is no bidding zone."),
        ("added", "abc", "Give a number"), ("added", "900", "This is not from 0 to"), ("reason", "", "Say why."),
        ("own", "key = 1", "key: "),
    ):  # fmt: skip
        refused = await browser.send(page, **(WISH | {field: wrong}))
        assert refused.status_code == 422, field
        assert words in refused.text, field
        assert f'id="error-{field}"' in refused.text, field

    hour = NOW.replace(minute=0, second=0, microsecond=0)
    async with world.house.database.transaction() as tx:
        await tx.execute(PRICE, hour)
        await tx.execute(NEED, world.station, NOW + timedelta(hours=20))
    assert (await browser.send(page, **WISH)).status_code == 303
    await world.house.worker.run_until_idle()
    async with world.house.database.transaction() as tx:
        (wanted,) = await store.wishes(tx)
        kept = await store.latest(tx, world.site)
        why = await tx.value("SELECT reason FROM audit_log WHERE action = 'plan.wanted'")
    assert (wanted.tariff.key, wanted.added_per_kwh, why) == (WISH["tariff"], 0.95, WISH["reason"])
    assert kept is not None
    text = (await browser.open(page)).text
    assert "By calculation of the cheapest" in text
    for drawn in ("Plan against actual", 'class="planned"', 'class="price"'):
        assert drawn in text

    assert (await browser.send(page, what="off", reason="not now")).status_code == 303
    assert "This site is not planned" in (await browser.open(page)).text
    host = await signed_in(Role.SITE_HOST, world.site)
    text = (await host.open(page)).text
    assert "This site is not planned" in text
    assert 'name="tariff"' not in text
    assert (await host.send(page, **WISH)).status_code == 403
    assert (await host.open(f"/console/sites/{shown('sit', world.other_site)}/load/plan")).status_code == 404

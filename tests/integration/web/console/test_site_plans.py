"""The plan of a site, as staff switch it on, read it and switch it off."""

from __future__ import annotations

from datetime import timedelta

from laddverk.energy.planning_ahead import store, store_days
from laddverk.energy.planning_ahead.days import DayFound, Lack, MonthFound, Outcome, Way
from laddverk.energy.planning_ahead.splitting import Because
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


async def test_days_beside_the_best_are_read_month_by_month_with_reasons_and_what_is_not_known(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    page = f"{load(world)}/best"
    assert "No day is over yet" in (await browser.open(page)).text
    today = NOW.date()
    found = DayFound(
        currency="SEK", sessions=3, given_wh=41_000, cost=80.5, best_cost=60.0, lacking_wh={Because.SAFETY: 1_500},
        over={Because.FORECAST: 14.25, Because.SAFETY: 6.25, Because.PRICE: 0.0}, lacks=(Lack.LOAD_NOT_MEASURED,),
    )  # fmt: skip
    outcome = Outcome(energy_wh=41_000, energy_minor=5_000, capacity_minor=90_000, peak_w=12_000)
    dearer = Outcome(energy_wh=41_000, energy_minor=6_000, capacity_minor=130_050, peak_w=22_000)
    month = MonthFound(
        currency="SEK", sessions=3, planned_days=4, days=11, outcomes={Way.AS_IT_WAS: outcome, Way.AT_ONCE: dearer}
    )
    async with world.house.database.transaction() as tx:
        for number in range(1, 18):
            await store_days.keep_day(tx, world.site, today - timedelta(days=number), NOW, found)
        unknown = DayFound(currency="SEK", sessions=1, given_wh=9_000, lacks=(Lack.NO_PRICES,))
        await store_days.keep_day(tx, world.site, today - timedelta(days=1), NOW, unknown)
        await store_days.keep_month(tx, world.site, today.replace(day=1), NOW, month)
    text = (await browser.open(page)).text
    for said in (
        "in 16 days", "Cars not known beforehand", "Other load was not measured", "No prices are known", "410,50",
        "4 of 11 days planned", "1–14 of 17", "how it is reckoned",
    ):  # fmt: skip
        assert said.casefold() in text.casefold(), said
    assert "15–17 of 17" in (await browser.open(f"{page}?page=2")).text
    assert "15–17 of 17" in (await browser.open(f"{page}?page=99")).text
    chosen = (await browser.open(f"{page}?month={today.replace(day=1)}")).text
    assert f'href="/console/sites/{shown("sit", world.site)}/load/best.csv?month={today.replace(day=1)}"' in chosen
    rows = (await browser.open(f"{page}.csv")).text.splitlines()
    assert len(rows) == 18
    assert rows[1].endswith('"","","","","","","","","no_prices"')
    assert '"20.5","14.25","6.25","0.0","1.5","0.0","1.5","load_not_measured"' in rows[2]
    host = await signed_in(Role.SITE_HOST, world.site)
    assert (await host.open(page)).status_code == 200
    for path in ("best", "best.csv"):
        other = f"/console/sites/{shown('sit', world.other_site)}/load/{path}"
        assert (await host.open(other)).status_code == 404

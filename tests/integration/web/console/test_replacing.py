"""The page of keep or replace: chargers weighed, assumptions that people change, the tornado; hosts see their own."""

from __future__ import annotations

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id
from tests.integration.web.console.conftest import NOW, SignedIn, World

VISIT = """
INSERT INTO work_order (id, station_id, title, state, cause, cost_minor, created_at, created_by, done_at, changed_at)
VALUES ($1, $2, 'A', 'done', 'lock', 400000, $3, 'Asta', $3, $3)
"""
COSTS = {
    "repair_minor": "3000", "visit_minor": "1 000,50", "price_ac_minor": "20000", "price_dc_minor": "",
    "life_years": "10", "interest_percent": "4",
}  # fmt: skip


async def test_what_is_repaired_often_comes_first(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET epoch = 1, registered_at = registered_at - interval '1 year'")
        for _ in range(4):
            await tx.execute(VISIT, new_id(), world.station, NOW)
    page = (await browser.open("/console/replacing")).text
    assert "What the answer hangs on" in page
    assert "<svg" in page
    first, second = (await browser.open("/console/replacing.csv")).text.splitlines()[1:3]
    assert '"4","4"' in first
    assert '"0","0"' in second
    assert "No charger matches" in (await browser.open("/console/replacing?q=nothing-like-it")).text
    wrong = await browser.send("/console/replacing", **(COSTS | {"life_years": "0"}))
    assert wrong.status_code == 422
    saved = await browser.send("/console/replacing", **COSTS)
    assert saved.status_code == 303, saved.text
    assert 'value="3000"' in (await browser.open("/console/replacing")).text
    assert 'value="1000.50"' in (await browser.open("/console/replacing")).text
    assert (await browser.send("/console/replacing", **(COSTS | {"price_ac_minor": "900000"}))).status_code == 303
    assert "No charger matches" in (await browser.open("/console/replacing?only=replace")).text


async def test_a_host_sees_own_chargers_and_changes_nothing(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET epoch = 1, registered_at = registered_at - interval '1 day'")
    host = await signed_in(Role.SITE_HOST, world.site)
    assert "Kajen 2" not in (await host.open("/console/replacing.csv")).text
    assert (await host.send("/console/replacing", **COSTS)).status_code == 403


async def test_what_people_know_of_a_model_stands_in_the_list(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE station SET epoch = 1, registered_at = registered_at - interval '1 day', vendor = 'Acme',"
            " model = 'One' WHERE id = $1",
            world.station,
        )
    place = "/console/models/one?vendor=Acme&model=One"
    assert "Worth keeping?" in (await browser.open(place)).text
    known = {"vendor": "Acme", "model": "One", "parts_until": "2027-06-30", "vendor_gone": "on", "takes_signed": "no"}
    saved = await browser.send("/console/models/facts", **known, note="Went out of business")
    assert saved.status_code == 303, saved.text
    assert "Went out of business" in (await browser.open(place)).text
    assert (await browser.send("/console/replacing", **COSTS, least_ac_kw="50")).status_code == 303
    row = (await browser.open("/console/replacing.csv?q=Acme")).text.splitlines()[1]
    assert '"vendor_gone parts_end weak unsigned' in row
    assert "Its maker is no more" in (await browser.open("/console/replacing?q=Acme")).text
    assert (await browser.send("/console/models/facts", **(known | {"parts_until": "soon"}))).status_code == 422
    assert (await browser.send("/console/models/facts", **(known | {"model": "None"}))).status_code == 404
    host = await signed_in(Role.SITE_HOST, world.site)
    assert (await host.send("/console/models/facts", **known)).status_code == 403

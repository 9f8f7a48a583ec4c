"""Tariffs in the console: every rule through the editor, which one applies, what if, and OCPI both ways."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from laddverk.access.model import Role
from laddverk.kernel.ids import shown
from laddverk.tariffs import ocpi, queries
from laddverk.tariffs.model import Dimension, Reserved
from tests.integration.web.console.conftest import SignedIn, World

FULL = {
    "name": "Allt", "tax": "", "vat_percent": "25", "free_kwh": "2", "min_price": "10", "max_price": "300,50",
    "idle_grace_minutes": "15", "idle_max": "60", "idle_free_from": "22:00", "idle_free_to": "07:00",
    "dimension-0": "energy", "price-0": "3,9", "max_kwh-0": "20", "step-0": "100", "valid_from-0": "2026-01-01",
    "dimension-1": "energy", "price-1": "4,9", "min_kw-1": "11", "max_kw-1": "22", "min_a-1": "16", "max_a-1": "32",
    "dimension-2": "charging", "price-2": "6", "per_hour-2": "yes", "min_minutes-2": "30", "max_minutes-2": "240",
    "dimension-3": "session", "price-3": "25", "reservation-3": "reservation_expires",
    "dimension-4": "idle", "price-4": "0,5", "days-4": ["0", "1"],
    "dimension-5": "spot", "price-5": "0,85", "area-5": "se3", "factor-5": "1,05", "floor-5": "0", "ceiling-5": "6",
}  # fmt: skip


async def test_every_rule_goes_through_the_editor_and_comes_back(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    made = await browser.send("/console/tariffs/new", **FULL)
    assert made.status_code == 303, made.text
    page = made.headers["location"]
    async with world.house.database.transaction() as tx:
        (row,) = [each for each in await queries.tariffs(tx, None) if each.name == "Allt"]
    tariff = row.body
    assert tariff is not None
    first, second, third, fourth, fifth, sixth = tariff.components
    assert (first.when.max_wh, first.step, first.price) == (20_000, 100, Decimal("3.9"))
    assert (second.when.min_power_w, second.when.max_current_a) == (11_000, Decimal(32))
    assert (third.per_hour, third.when.min_duration_s, third.when.max_duration_s) == (True, 1800, 14_400)
    assert (fourth.dimension, fourth.when.reservation) == (Dimension.SESSION, Reserved.EXPIRED)
    assert fifth.when.weekdays == (0, 1)
    assert sixth.spot is not None
    assert (sixth.spot.area, sixth.spot.markup, sixth.spot.ceiling) == ("SE3", Decimal("0.85"), Decimal(6))
    assert (tariff.free_wh, tariff.idle_free_from, tariff.max_price and tariff.max_price.gross) == (
        2000, "22:00", Decimal("300.50"),
    )  # fmt: skip
    text = (await browser.open(f"{page}/edit")).text
    for wanted in ('value="300,50"', 'name="area-5" value="SE3"', 'name="per_hour-2" value="yes"', 'value="1,05"'):
        assert wanted in text
    again = await browser.send(f"{page}/edit", **{key: given for key, given in FULL.items() if key != "name"})
    assert again.status_code == 303
    async with world.house.database.transaction() as tx:
        assert [each.body for each in await queries.versions(tx, row.id)] == [tariff, tariff]


async def test_the_preview_draws_the_day_and_names_the_field_that_is_wrong(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    good = {
        "dimension-0": "energy",
        "price-0": "5",
        "from-0": "06:00",
        "to-0": "22:00",
        "dimension-1": "energy",
        "price-1": "3",
    }
    text = (await browser.send("/console/tariffs/preview", **good)).text
    assert re.search(r'<path class="price-line" d="M0.0 [\d.]+H', text)
    assert "06:00–22:00" in text
    wrong = (await browser.send("/console/tariffs/preview", **{**good, "max_kwh-1": "much"})).text
    assert re.search(r'id="field-max_kwh-1"[^>]*aria-invalid="true"', wrong)
    follows = {"dimension-0": "spot", "price-0": "0,85", "area-0": "SE3"}
    assert "SE3 are not known yet" in (await browser.send("/console/tariffs/preview", **follows)).text


async def test_what_a_session_would_have_cost_under_another_tariff(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    cheap = {"name": "Billig", "dimension-0": "energy", "price-0": "1", "vat_percent": "25"}
    made = (await browser.send("/console/tariffs/new", **cheap)).headers["location"].rpartition("/")[2]
    assert "/what-if" in (await browser.open(f"/console/sessions/{world.session}")).text
    text = (await browser.open(f"/console/sessions/{world.session}/what-if?tariff={made}")).text
    assert re.search(r"10[.,]000.kWh × 1[.,]00", text)
    assert re.search(r"[−-][^<]*39[.,]00", text)
    assert (await browser.open("/console/sessions/ses_nope/what-if")).status_code == 404
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM audit_log WHERE action LIKE 'session%'") == 0


async def test_which_tariff_applies_says_why(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    made = await browser.send("/console/tariffs/new", name="Kampanj", **{"dimension-0": "energy", "price-0": "2"})
    station = shown("sta", world.station)
    days = {"from": "2020-01-01", "to": "2099-12-31", "label": "Vår"}
    chosen = await browser.send(f"{made.headers['location']}/use", place=station, evse_number="1", **days)
    assert chosen.status_code == 303, chosen.text
    text = (await browser.open(f"/console/tariffs/which?station={station}&evse=1")).text
    assert text.index("Kampanj") < text.index("the whole network")
    assert "this outlet" in text
    elsewhere = (await browser.open(f"/console/tariffs/which?station={station}&evse=2")).text
    assert "Kampanj" not in elsewhere
    assert "Vår" in (await browser.open(made.headers["location"])).text
    wrong = await browser.send(f"{made.headers['location']}/use", place="", evse_number="1")
    assert wrong.status_code == 422
    nobody = await browser.send(f"{made.headers['location']}/use", place="", driver="nobody@example.com")
    assert nobody.status_code == 422


async def test_a_tariff_leaves_and_comes_in_as_ocpi(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    plain = {"dimension-0": "energy", "price-0": "5,00", "dimension-1": "idle", "price-1": "0,50"}
    page = (await browser.send("/console/tariffs/new", name="Ut", **plain)).headers["location"]
    old = json.loads((await browser.open(f"{page}/ocpi/2.2.1")).text)
    assert [part["price"] for part in old["elements"][0]["price_components"]] == [4.0, 24.0]
    body = (await browser.open(f"{page}/ocpi/2.3.0")).text
    new = json.loads(body)
    assert (new["tax_included"], new["elements"][0]["price_components"][1]["price"]) == ("YES", 30.0)
    assert (await browser.open(f"{page}/ocpi/9.9")).status_code == 404
    back = await browser.send("/console/tariffs/import", name="In", body=body)
    assert back.status_code == 303, back.text
    async with world.house.database.transaction() as tx:
        (row,) = [each for each in await queries.tariffs(tx, None) if each.name == "In"]
    assert row.body == ocpi.read(body.encode()).tariff
    del new["elements"][0]["price_components"][0]["price"]
    wrong = await browser.send("/console/tariffs/import", name="Fel", body=json.dumps(new))
    assert wrong.status_code == 422
    assert "elements[0].price_components[0]" in wrong.text


async def test_versions_are_compared_and_an_earlier_one_is_restored(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    page = (
        await browser.send("/console/tariffs/new", name="Tre", **{"dimension-0": "energy", "price-0": "3"})
    ).headers["location"]
    key = page.rpartition("/")[2]
    await browser.send(f"{page}/edit", **{"dimension-0": "energy", "price-0": "4"})
    text = (await browser.open(f"/console/tariffs/compare?t={key}~1&t={key}~2")).text
    assert "What changed" in text
    assert len(re.findall(r'class="side-line side-[12]" d="M0.0', text)) == 2
    assert re.search(r">gone<.*3,00.*>new<.*4,00", text, re.DOTALL)
    assert "/restore" in (await browser.open(page)).text
    back = await browser.send(f"{page}/restore", version="1", reason="the old one was better")
    assert back.status_code == 303, back.text
    async with world.house.database.transaction() as tx:
        (row,) = await queries.found(tx, None, "Tre", "unused", 10)
        assert (row.number, row.body and row.body.components[0].price) == (3, Decimal(3))
        reason = await tx.value("SELECT reason FROM audit_log WHERE action = 'tariff.restored'")
    assert reason == "the old one was better"
    assert (await browser.send(f"{page}/restore", version="99", reason="none")).status_code == 404
    assert (await browser.open(f"/console/tariffs/compare?t={key}~77")).status_code == 404


async def test_tariffs_are_compared_in_one_currency_and_found_by_what_they_are(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.FINANCE)
    keys = {}
    for name, price, currency in (("Dyr", "9", "SEK"), ("Billig", "2", "SEK"), ("Euro", "0,5", "EUR")):
        fields = {"name": name, "currency": currency, "dimension-0": "energy", "price-0": price}
        made = await browser.send("/console/tariffs/new", **fields)
        assert made.status_code == 303, made.text
        keys[name] = made.headers["location"].rpartition("/")[2]
    text = (await browser.open(f"/console/tariffs/compare?t={keys['Dyr']}&t={keys['Billig']}&day=2026-07-01")).text
    assert text.count("<td>Billig</td>") == 4
    mixed = (await browser.open(f"/console/tariffs/compare?t={keys['Dyr']}&t={keys['Euro']}")).text
    assert "different currencies" in mixed
    assert "side-line" not in mixed
    await browser.send(f"/console/tariffs/{keys['Billig']}/use", place="", label="Sommar", to="2099-08-31")
    found = (await browser.open("/console/tariffs?state=campaign&q=somm")).text
    assert "Billig" in found
    assert "Dyr" not in found
    for far in ("0001-01-01", "9999-12-31", "soon"):
        assert (await browser.open(f"/console/tariffs/compare?t={keys['Dyr']}&day={far}")).status_code == 200
        assert (await browser.open(f"/console/tariffs/{keys['Dyr']}?day={far}")).status_code == 200
    assert "No tariff matches" in (await browser.open("/console/tariffs?q=zzz")).text
    assert (await browser.send("/console/tariffs/new", name="X", currency="XXX", **{"price-0": "1"})).status_code == 422


async def test_outlets_at_which_nobody_finds_a_price_are_named(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    assert "Without a price:" not in (await browser.open("/console/tariffs")).text
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE tariff_choice SET driver_group = 'residents'")
        count = await tx.value("SELECT count(*) FROM station WHERE retired_at IS NULL")
    text = (await browser.open("/console/tariffs")).text
    assert "Without a price:" in text
    assert text.count("/console/tariffs/which?station=sta_") == count

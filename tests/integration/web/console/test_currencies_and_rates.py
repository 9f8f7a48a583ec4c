"""What is sold in several currencies is never added up, and what is sold at several VAT rates is shown by rate."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from laddverk.access import service as access
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import SessionId, new_id, shown
from laddverk.kernel.money import vat_total
from tests.integration.web.console.conftest import ACTOR, NOW, SignedIn, World

ENDED = datetime(2026, 10, 14, 15, 30, tzinfo=UTC)
MIXED = (vat_total(1_000, Decimal(25)), vat_total(300, Decimal(0)))
LINE = {"from_at": ENDED, "to_at": ENDED, "quantity": "1", "unit": "session", "unit_price": "3"}
LINES = [
    LINE | {"dimension": "energy", "unit": "kWh", "amount_minor": 1_000, "vat_percent": "25"},
    LINE | {"dimension": "idle", "unit": "min", "amount_minor": 300, "vat_percent": "0"},
]


@pytest.fixture
async def euros(world: World) -> SessionId:
    """A charge of 13,00 euros, of which 3,00 for parking at 0 %, that waits to be invoiced."""
    session = SessionId(new_id())
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, settlement, started_at,"
            " ended_at, received_at, energy_wh, price_minor, vat_minor, vat_percent, currency, vat, price_lines,"
            " priced_at) VALUES ($1, $2, 1, 'e', $3, 'invoice', $4, $5, $5, 2000, 1300, 200, 25, 'EUR', $6, $7, $5)",
            session, world.station, world.driver, ENDED - timedelta(hours=1), ENDED, MIXED, LINES,
        )  # fmt: skip
    return session


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("&nbsp;", " ")


async def invoiced(world: World) -> None:
    async with world.house.database.transaction() as tx:
        await invoicing.run(tx, date(2026, 10, 1), ACTOR, NOW, settings=world.house.settings)


async def test_what_waits_and_what_is_invoiced_is_summed_by_currency(
    world: World, signed_in: SignedIn, euros: SessionId
) -> None:
    browser = await signed_in(Role.FINANCE)
    assert "13,00 €" in plain((await browser.open("/console/invoices")).text)
    ran = plain((await browser.send("/console/invoices/run", month="2026-10-01")).text)
    assert "13,00 € of which VAT 2,00 €" in ran
    async with world.house.database.transaction() as tx:
        kronor = int(await tx.value("SELECT sum(gross_minor) FROM invoice WHERE currency = 'SEK'"))
    together = f"{kronor // 100},{kronor % 100:02d} kr + 13,00 €"
    assert together in ran
    assert f"{together} is open." in ran
    assert together in plain((await browser.open("/console/receivables")).text)


async def test_an_invoice_says_its_vat_by_rate_on_its_page_and_in_the_export(
    world: World, signed_in: SignedIn, euros: SessionId
) -> None:
    await invoiced(world)
    browser = await signed_in(Role.FINANCE)
    rows = list(csv.DictReader(io.StringIO((await browser.open("/console/invoices.csv")).text.lstrip("\ufeff"))))
    (row,) = [row for row in rows if row["currency"] == "EUR"]
    assert [row[name] for name in ("net_25", "vat_25", "net_12", "vat_12", "net_0", "vat_0")] == [
        "8.00", "2.00", "", "", "3.00", "0.00",
    ]  # fmt: skip
    async with world.house.database.transaction() as tx:
        invoice = await tx.value("SELECT id FROM invoice WHERE currency = 'EUR'")
    page = plain((await browser.open(f"/console/invoices/{shown('inv', invoice)}")).text)
    assert "of which VAT 2,00 € (25 % of 10,00 €), 0,00 € (0 % of 3,00 €)" in page


async def test_a_session_shows_the_vat_of_each_rate(world: World, signed_in: SignedIn, euros: SessionId) -> None:
    browser = await signed_in(Role.FINANCE)
    page = plain((await browser.open(f"/console/sessions/{shown('ses', euros)}")).text)
    assert "of which VAT 25 %" in page
    assert "of which VAT 0 %" in page
    assert "in 10,00 €" in page
    assert "VAT 0 %" in page


async def test_programs_get_sums_by_currency_and_vat_by_rate(
    world: World, signed_in: SignedIn, euros: SessionId
) -> None:
    async with world.house.database.transaction() as tx:
        made = await access.create_api_key(
            tx, ACTOR, "Bokföring", [Permission.INVOICES_READ, Permission.SESSIONS_READ], NOW
        )
    client = (await signed_in(Role.FINANCE)).client

    async def asked(path: str) -> dict[str, object]:
        answer = await client.get(f"/api/v1{path}", headers={"authorization": f"Bearer {made.secret}"})
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    (waiting,) = await asked("/invoices/waiting")
    assert waiting == {"month": "2026-10-01", "sessions": 1, "drivers": 1, "gross_minor": {"EUR": 1300}}
    await invoiced(world)
    totals = await asked("/invoices/totals")
    assert totals["open_minor"] == totals["gross_minor"]
    assert totals["gross_minor"]["EUR"] == 1300  # type: ignore[index]  # JSON
    async with world.house.database.transaction() as tx:
        invoice = shown("inv", await tx.value("SELECT id FROM invoice WHERE currency = 'EUR'"))
    document = await asked(f"/invoices/{invoice}")
    by_rate = [
        {"percent": "25", "net_minor": 800, "vat_minor": 200, "gross_minor": 1000},
        {"percent": "0", "net_minor": 300, "vat_minor": 0, "gross_minor": 300},
    ]
    assert document["invoice"]["vat"] == by_rate  # type: ignore[index]  # JSON
    assert document["lines"][0]["vat"] == by_rate  # type: ignore[index]  # JSON
    assert (await asked(f"/sessions/{shown('ses', euros)}"))["vat"] == by_rate


async def test_a_tariff_with_two_rates_is_made_in_the_editor(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    rows = {"dimension-0": "energy", "price-0": "5,00", "dimension-1": "idle", "price-1": "0,50", "vat-1": "0"}
    made = await browser.send("/console/tariffs/new", name="Torget", vat_percent="25", **rows)
    assert made.status_code == 303, made.text
    page = plain((await browser.open(made.headers["location"])).text)
    assert "VAT 0 %" in page
    async with world.house.database.transaction() as tx:
        body = await tx.value(
            "SELECT body FROM tariff_version JOIN tariff ON tariff.id = tariff_id WHERE tariff.name = 'Torget'"
        )
    assert body["components"][1]["vat_percent"] == "0"
    edited = await browser.open(made.headers["location"] + "/edit")
    assert '<option value="0" selected>0 %</option>' in edited.text

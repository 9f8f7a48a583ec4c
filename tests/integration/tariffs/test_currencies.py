"""A site whose prices are in euro, in a network that else charges in kronor: from the sticker to the books."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import httpx
import pytest
from msgspec.structs import replace

from laddverk.invoicing import service as invoicing
from laddverk.kernel.ids import DriverId, SessionId
from laddverk.ledger import service as ledger
from laddverk.ocpp.protocol import Protocol
from laddverk.platform import formats
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from laddverk.sessions import pricing
from laddverk.sessions import service as sessions
from laddverk.simulator.car import Car
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from laddverk.web.app import create_app
from tests.integration.authorisation.field import charger_at, until, working
from tests.integration.authorisation.test_reservations import is_free
from tests.integration.sessions.world import PER_KWH, RULE, at, built, ended, record, rows, started
from tests.network import ACTOR

FEE = Component(dimension=Dimension.SESSION, price=Decimal("5.00"))
EURO = Tariff(currency="EUR", components=(Component(dimension=Dimension.ENERGY, price=Decimal("0.59")), FEE))


async def apply(network, tariff, **place):
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        made = await tariffs.create(tx, ACTOR, f"In {tariff.currency}", tariff, now - timedelta(days=1))
        await tariffs.choose(tx, ACTOR, made.tariff_id, now, **place)


@pytest.mark.failure_mode(42)
async def test_f42_what_is_priced_in_euro_is_reserved_taken_and_booked_in_euro(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        await apply(network, replace(EURO, currency="SEK"))
        await apply(network, EURO, site_id=network.site_id)
        await until(lambda: is_free(network))
        base = network.house.settings.web_url
        transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
        headers = {"origin": base, "accept-language": "en"}
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as browser:
            browser.cookies.set("language", "en")
            code = await network.value("SELECT code FROM connector WHERE evse_number = 1")
            outlet = (await browser.get(f"/u/{code}")).text.replace("\xa0", " ")
            assert "0,59 €/kWh" in outlet
            assert "30,00 €" in outlet  # what is reserved
            to_pay = await browser.post(f"/u/{code}/pay", data={"provider": "sandbox"})
            assert to_pay.status_code == 303, to_pay.text
            page = to_pay.headers["location"]
            back = await browser.post(page, data={"card": "good", "do": "pay"})
            await until(lambda: network.value("SELECT state = 'authorised' FROM payment"))
            link.charger.plug(1, Car(60_000, 11_000.0), network.house.clock())
            link.wake()
            await until(lambda: network.value("SELECT count(*) = 1 FROM session"))
            link.charger.advance(1, 3600.0, network.house.clock())
            link.charger.unplug(1, network.house.clock())
            link.wake()
            await until(lambda: network.value("SELECT settlement = 'review' FROM session WHERE priced_at IS NOT NULL"))
            async with database.transaction() as tx:  # an hour's energy in a moment is held until somebody has looked
                session_id = SessionId(await tx.value("SELECT id FROM session"))
                await sessions.approve(tx, ACTOR, session_id, network.house.clock(), "the clock is a test's")
            await until(lambda: network.value("SELECT captured_minor > 0 FROM payment"))
            price_minor = await network.value("SELECT price_minor FROM session")
            receipt = re.sub(r"<[^>]+>|\s", "", unescape((await browser.get(back.headers["location"])).text))
            assert "Inall" + re.sub(r"\s", "", formats.money(price_minor, "EUR", "en")) in receipt
    (payment,) = await rows(database, "SELECT currency, amount_minor, captured_minor FROM payment")
    assert payment == {"currency": "EUR", "amount_minor": 3000, "captured_minor": price_minor}
    async with database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        booked = await tx.rows("SELECT DISTINCT currency FROM posting")
    assert [row["currency"] for row in booked] == ["EUR"]


@pytest.mark.failure_mode(42)
async def test_f42_a_driver_who_charged_in_two_currencies_gets_an_invoice_in_each(database: Database) -> None:
    world = await built(database, PER_KWH)
    abroad = await built(database, EURO)
    async with database.transaction() as tx:
        await tx.execute("UPDATE token SET driver_id = $1", world.driver_id)
    for place, key in ((world, "home"), (abroad, "abroad")):
        await record(database, [started(place, key, register_wh=0), ended(place, key, register_wh=10_000)])
    closed = [row["id"] for row in await rows(database)]
    async with database.transaction() as tx:
        done = [pricing.SessionClosed(session_id=each, version=1) for each in closed]
        assert await pricing.price_closed(tx, done, at(100)) == 2
        await invoicing.run(tx, date(2026, 10, 1), RULE, datetime(2026, 11, 2, tzinfo=UTC), settings=Settings())
    found = await rows(database, "SELECT currency, gross_minor, driver_id FROM invoice ORDER BY currency")
    assert [(row["currency"], row["gross_minor"]) for row in found] == [("EUR", 590 + 500), ("SEK", 4_000)]
    assert {DriverId(row["driver_id"]) for row in found} == {world.driver_id}
    async with database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        sums = await tx.rows("SELECT currency, sum(amount_minor)::bigint AS sum FROM posting GROUP BY currency")
    assert {row["currency"]: row["sum"] for row in sums} == {"EUR": 0, "SEK": 0}

"""What will change is told beforehand: a campaign that begins or ends, and prices with dates of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx

from laddverk.platform.database import Database
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.coming import AHEAD, coming, standing
from laddverk.tariffs.model import Component, Dimension, Place, Restriction, Tariff, Wish
from laddverk.web.app import create_app
from tests.integration.sessions.world import RULE, built
from tests.network import ACTOR, network_on

NOW = datetime(2026, 10, 24, 12, tzinfo=UTC)  # the day before the clock goes back
ZONE = "Europe/Stockholm"


def per_kwh(price: str, **when: date) -> Component:
    return Component(dimension=Dimension.ENERGY, price=Decimal(price), when=Restriction(**when))  # type: ignore[arg-type]


async def test_a_campaign_is_told_of_when_it_is_to_begin_and_when_it_is_to_end(database: Database) -> None:
    world = await built(database, Tariff(components=(per_kwh("5"),)))
    wish = Wish(world.station_id)
    begins, ends = NOW + timedelta(days=10), NOW + timedelta(days=20)
    async with database.transaction() as tx:
        assert await coming(tx, wish, NOW, ZONE) is None
        made = await tariffs.create(tx, RULE, "Cheap", Tariff(components=(per_kwh("3"),)), NOW)
        place = Place(site_id=world.site_id, valid_from=begins, valid_until=ends, label="Höst")
        await tariffs.choose(tx, RULE, made.tariff_id, NOW, place=place)
        change = await coming(tx, wish, NOW, ZONE)
        assert change is not None
        assert change.after is not None
        assert (change.at, change.label, change.after.components[0].price) == (begins, "Höst", Decimal(3))
        back = await coming(tx, wish, begins, ZONE)
        assert back is not None
        assert back.after is not None
        assert (back.at, back.label, back.after.components[0].price) == (ends, "", Decimal(5))
        assert await coming(tx, wish, begins - AHEAD - timedelta(seconds=1), ZONE) is None


async def test_prices_with_dates_change_at_the_local_midnight_of_their_day(database: Database) -> None:
    winter = date(2026, 10, 26)
    dated = Tariff(components=(per_kwh("6", valid_from=winter), per_kwh("4", valid_until=winter)))
    world = await built(database, dated)
    async with database.transaction() as tx:
        change = await coming(tx, Wish(world.station_id), NOW, ZONE)
    assert change is not None
    assert change.at == datetime(2026, 10, 25, 23, tzinfo=UTC)  # winter time: midnight is an hour later in UTC
    assert change.before == standing(dated, NOW.date()) == Tariff(components=(per_kwh("4"),))
    assert change.after == Tariff(components=(per_kwh("6"),))


async def test_a_driver_reads_it_at_the_outlet(database, tmp_path):
    async with network_on(database, tmp_path) as network:
        await network.add_station("CP1")
        now = network.house.clock()
        async with database.transaction() as tx:
            usual = await tariffs.create(tx, ACTOR, "Usual", Tariff(components=(per_kwh("5"),)), now)
            await tariffs.choose(tx, ACTOR, usual.tariff_id, now)
            cheap = await tariffs.create(tx, ACTOR, "Cheap", Tariff(components=(per_kwh("3"),)), now)
            place = Place(site_id=network.site_id, valid_from=now + timedelta(days=3), label="<Höst>")
            await tariffs.choose(tx, ACTOR, cheap.tariff_id, now, place=place)
        code = await network.value("SELECT code FROM connector WHERE evse_number = 1")
        base = network.house.settings.web_url
        transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base) as browser:
            browser.cookies.set("language", "en")
            page = (await browser.get(f"/u/{code}")).text
    assert "other prices apply: &lt;Höst&gt;." in page
    assert "3,00\xa0kr/kWh" in page.replace("&nbsp;", "\xa0")

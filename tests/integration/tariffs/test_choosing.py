"""Which tariff applies where, for whom and since when."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import StationId, TariffId, new_id
from laddverk.kernel.money import VAT_PERCENTS
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ledger.model import SALES_AND_VAT
from laddverk.platform.database import Database, Transaction
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Place, Tariff, TariffVersion, Wish
from tests.integration.sessions.world import RULE, START, World, at, built


def per_kwh(price: str) -> Tariff:
    return Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(price)),))


async def made(tx: Transaction, name: str, price: str = "4", **where: Any) -> TariffVersion:
    """A tariff that applies somewhere."""
    version = await tariffs.create(tx, RULE, name, per_kwh(price), START)
    await tariffs.choose(tx, RULE, version.tariff_id, START, **where)
    return version


async def name_for(tx: Transaction, world: World, group: str = "") -> str | None:
    (version,) = await tariffs.chosen(tx, [(world.station_id, group)])
    return version.name if version else None


async def test_the_most_specific_choice_wins(database: Database) -> None:
    world = await built(database, tariff=None)
    async with database.transaction() as tx:
        assert await name_for(tx, world) is None
        await made(tx, "network")
        assert await name_for(tx, world) == "network"
        await made(tx, "residents everywhere", driver_group="residents")
        assert [await name_for(tx, world, group) for group in ("", "residents")] == ["network", "residents everywhere"]
        await made(tx, "site", site_id=world.site_id)
        assert [await name_for(tx, world, group) for group in ("", "residents")] == ["site", "site"]
        await made(tx, "residents here", site_id=world.site_id, driver_group="residents")
        assert [await name_for(tx, world, group) for group in ("staff", "residents")] == ["site", "residents here"]
        await made(tx, "station", station_id=world.station_id)
        assert await name_for(tx, world, "residents") == "station"


async def test_a_choice_replaces_the_one_that_stood_there_and_can_be_taken_back(database: Database) -> None:
    world = await built(database, tariff=None)
    async with database.transaction() as tx:
        await made(tx, "network")
        await made(tx, "old", site_id=world.site_id)
        await made(tx, "new", site_id=world.site_id)
        assert await name_for(tx, world) == "new"
        (choice,) = [choice for choice in await tariffs.choices(tx) if choice.site_id]
        await tariffs.unchoose(tx, RULE, choice.id, START)
        assert await name_for(tx, world) == "network"
        with pytest.raises(NotFound):
            await tariffs.unchoose(tx, RULE, choice.id, START)


async def test_wishes_are_answered_in_order_and_each_with_the_version_of_its_time(database: Database) -> None:
    world = await built(database, tariff=None)
    async with database.transaction() as tx:
        first = await made(tx, "network", "4")
        second = await tariffs.revise(tx, RULE, first.tariff_id, per_kwh("5"), at(60))
        wishes = [(world.station_id, "")] * 4
        instants = [START - timedelta(days=90), at(0), at(59), at(60)]
        found = await tariffs.chosen(tx, wishes, instants)
        assert [version and version.number for version in found] == [1, 1, 1, 2]
        (newest,) = await tariffs.chosen(tx, [(world.station_id, "")])
        assert newest == second
        unknown = await tariffs.chosen(tx, [(StationId(new_id()), ""), wishes[0]])
        assert [version and version.id for version in unknown] == [None, second.id]


async def test_a_version_is_never_changed(database: Database) -> None:
    world = await built(database, tariff=None)
    async with database.transaction() as tx:
        version = await made(tx, "network", site_id=world.site_id)
    with pytest.raises(asyncpg.RestrictViolationError):
        async with database.transaction() as tx:
            await tx.execute("UPDATE tariff_version SET number = 9 WHERE id = $1", version.id)


async def test_what_may_not_be_used_at_50_kw_cannot_be_chosen_there(database: Database) -> None:
    world = await built(database, tariff=None)
    per_minute = Tariff(components=(Component(dimension=Dimension.CHARGING, price=Decimal(3)),))
    async with database.transaction() as tx:
        version = await tariffs.create(tx, RULE, "per minute", per_minute, START)
        await tariffs.choose(tx, RULE, version.tariff_id, START, site_id=world.site_id)
        await tx.execute("UPDATE connector SET power_max_w = 50000")
        with pytest.raises(Invalid, match="50 kW"):
            await tariffs.choose(tx, RULE, version.tariff_id, START, station_id=world.station_id)


async def test_a_tariff_in_use_cannot_be_retired(database: Database) -> None:
    world = await built(database, tariff=None)
    async with database.transaction() as tx:
        version = await made(tx, "network")
        with pytest.raises(Conflict):
            await tariffs.retire(tx, RULE, version.tariff_id, START)
        (choice,) = await tariffs.choices(tx)
        await tariffs.unchoose(tx, RULE, choice.id, START)
        await tariffs.retire(tx, RULE, version.tariff_id, START)
        with pytest.raises(NotFound):
            await tariffs.choose(tx, RULE, version.tariff_id, START)
        assert await name_for(tx, world) is None


async def test_names_are_unique_and_prices_sound(database: Database) -> None:
    async with database.transaction() as tx:
        await tariffs.create(tx, RULE, " Day ", per_kwh("4"), START)
        with pytest.raises(Invalid) as taken:
            await tariffs.create(tx, RULE, "Day", per_kwh("4"), START)
        assert taken.value.field == "name"
        with pytest.raises(Invalid):
            await tariffs.create(tx, RULE, "Below", per_kwh("-1"), START)
        with pytest.raises(NotFound):
            await tariffs.revise(tx, RULE, TariffId(new_id()), per_kwh("4"), START)
        with pytest.raises(NotAllowed):
            await tariffs.create(tx, Actor("operator"), "Other", per_kwh("4"), START)


async def test_what_was_kept_comes_back_exactly(database: Database) -> None:
    tariff = Tariff(
        components=(Component(dimension=Dimension.ENERGY, price=Decimal("1.234567")),), idle_max=Decimal("99.50")
    )
    async with database.transaction() as tx:
        version = await tariffs.create(tx, RULE, "Exact", tariff, START)
        assert (await tariffs.versions(tx, [version.id]))[version.id].tariff == tariff
        (entry,) = await tx.rows("SELECT action, object_id FROM audit_log")
        assert (entry["action"], entry["object_id"]) == ("tariff.created", version.tariff_id)


async def test_a_connector_a_customer_and_a_campaign_are_more_specific_and_say_why(database: Database) -> None:
    world = await built(database, tariff=None)
    async with database.transaction() as tx:
        await made(tx, "network")
        await made(tx, "station", station_id=world.station_id)
        await made(tx, "socket", place=Place(station_id=world.station_id, evse_number=1, connector_number=2))
        await made(tx, "anna", place=Place(driver_id=world.driver_id, valid_until=at(600)))
        campaign = Place(station_id=world.station_id, valid_from=at(0), valid_until=at(60), label="Spring")
        await made(tx, "spring", place=campaign)

        async def names(wish: Wish, instant: datetime) -> list[str]:
            found = await tariffs.candidates(tx, RULE, wish, instant)
            (version,) = await tariffs.chosen(tx, [wish], [instant])
            assert version is not None
            assert version.tariff_id == found[0].tariff_id
            return [each.tariff_name for each in found]

        anybody = Wish(world.station_id)
        assert await names(anybody, at(-1)) == ["station", "network"]
        assert await names(anybody, at(0)) == ["spring", "station", "network"]
        assert await names(anybody, at(60)) == ["station", "network"]
        assert await names(Wish(world.station_id, "", 1, 2), at(30)) == ["socket", "spring", "station", "network"]
        assert await names(Wish(world.station_id, "", 1, 1), at(90)) == ["station", "network"]
        anna = Wish(world.station_id, "", 1, 2, world.driver_id)
        assert await names(anna, at(30)) == ["anna", "socket", "spring", "station", "network"]
        assert await names(anna, at(600)) == ["socket", "station", "network"]


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (Place(evse_number=1), "station_id"),
        (Place(driver_group="residents", driver_id=new_id()), "driver_id"),
        (Place(valid_from=at(5), valid_until=at(5)), "valid_until"),
        (Place(label="x" * 81), "label"),
        (Place(driver_id=new_id()), "driver_id"),
    ],
)
async def test_a_place_that_contradicts_itself_is_refused(database: Database, place: Place, field: str) -> None:
    async with database.transaction() as tx:
        version = await tariffs.create(tx, RULE, "any", per_kwh("4"), START)
        with pytest.raises((Invalid, NotFound)) as refused:
            await tariffs.choose(tx, RULE, version.tariff_id, START, place=place)
        assert refused.value.field == field


async def test_the_law_on_fast_charging_holds_for_what_everybody_pays_and_for_each_new_version(
    database: Database,
) -> None:
    """AFIR article 5(4): from 50 kW on the ad-hoc price is per kWh; what was agreed with some drivers may be other."""
    per_kwh = Component(dimension=Dimension.ENERGY, price=Decimal(5))
    per_minute = Tariff(components=(Component(dimension=Dimension.CHARGING, price=Decimal(1)),))
    world = await built(database, Tariff(components=(per_kwh,)))
    async with database.transaction() as tx:
        await tx.execute("UPDATE connector SET power_max_w = 150000 WHERE evse_number = 2")
        tariff_id = TariffId(await tx.value("SELECT id FROM tariff"))
        with pytest.raises(Invalid):
            await tariffs.revise(tx, RULE, tariff_id, per_minute, START)
        with pytest.raises(Invalid):
            await tariffs.revise(tx, RULE, tariff_id, Tariff(currency="EUR", components=(per_kwh,)), START)
        timed = await tariffs.create(tx, RULE, "Timed", per_minute, START)
        with pytest.raises(Invalid):
            await tariffs.choose(tx, RULE, timed.tariff_id, START, site_id=world.site_id)
        slow = Place(station_id=world.station_id, evse_number=1)
        await tariffs.choose(tx, RULE, timed.tariff_id, START, place=slow)
        await tariffs.choose(tx, RULE, timed.tariff_id, START, place=Place(site_id=world.site_id, driver_group="Taxi"))
        await tariffs.revise(tx, RULE, timed.tariff_id, per_minute, START)


async def test_what_the_books_have_no_account_for_is_kept_but_applies_nowhere(database: Database) -> None:
    """Else a session would be priced, and neither its capture nor the month's invoices could be posted."""
    world = await built(database, per_kwh("5"))
    german = Tariff(currency="EUR", vat_percent=Decimal(19), components=per_kwh("0.5").components)
    async with database.transaction() as tx:
        kept = await tariffs.create(tx, RULE, "German", german, START)
        with pytest.raises(Invalid) as refused:
            await tariffs.choose(tx, RULE, kept.tariff_id, START, site_id=world.site_id)
        assert refused.value.params["rate"] == "19"
        used = TariffId(await tx.value("SELECT tariff_id FROM tariff_choice"))
        with pytest.raises(Invalid):
            await tariffs.revise(tx, RULE, used, Tariff(vat_percent=Decimal(19), components=german.components), START)
    assert set(SALES_AND_VAT) == VAT_PERCENTS

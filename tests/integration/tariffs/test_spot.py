"""Tariffs that follow the exchange: fetched from one that misbehaves, kept, and billed only when they are known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from laddverk.platform import jobs, outbox
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.settings import Secrets, Settings
from laddverk.sessions import jobs as sessions_jobs
from laddverk.sessions import running
from laddverk.sessions.model import SessionClosed
from laddverk.tariffs import spot, store_spot
from laddverk.tariffs.explaining import tariff_rows
from laddverk.tariffs.model import Component, Dimension, Spot, SpotPricesCame, Tariff
from laddverk.tariffs.providers.elprisetjustnu import Elprisetjustnu
from laddverk.tariffs.providers.entsoe import said as entsoe_said
from laddverk.tariffs.providers.port import NoPrices, NotPublished, checked
from laddverk.tariffs.providers.price_file import PriceFile
from laddverk.tariffs.providers.sandbox import Sandbox
from tests.exchange import FAULTS, exchange
from tests.integration.sessions.world import START, World, at, built, ended, record, row, sampled, started

FOLLOWS = Tariff(
    components=(
        Component(
            dimension=Dimension.ENERGY,
            price=Decimal(0),
            spot=Spot(area="SE3", markup=Decimal("0.80"), floor=Decimal("0.25")),
        ),
    )
)
DAY = spot.local_day(START)


@pytest.fixture
async def office(database: Database, monkeypatch: pytest.MonkeyPatch) -> jobs.Worker:
    """A worker that prices sessions when they close and when prices come."""
    monkeypatch.setattr(outbox, "_listeners", {})
    outbox.subscribe(SessionClosed, "sessions.price")
    outbox.subscribe(SpotPricesCame, "sessions.price_waiting")
    worker = jobs.Worker(database, {})
    house = House(Settings(state_dir=Path("unused")), Secrets(b"", b""), database, Hints(), lambda: at(100), worker)
    worker.handle(sessions_jobs.handlers(house))
    return worker


async def charged(database: Database, world: World) -> None:
    """An hour with 10 kWh from 10:00 local time, half of it in each half-hour."""
    readings = [sampled(world, wh, minutes=minutes) for minutes, wh in ((30, 5_000), (60, 10_000))]
    await record(database, [started(world, register_wh=0), *readings, ended(world, minutes=60, register_wh=10_000)])


@pytest.mark.failure_mode(44)
async def test_a_session_waits_for_the_exchange_and_is_priced_when_it_has_spoken(
    database: Database, office: jobs.Worker
) -> None:
    world = await built(database, FOLLOWS)
    await charged(database, world)
    await office.run_until_idle()
    assert (await row(database))["price_minor"] is None
    async with exchange() as market:
        market.fault = "late"
        async with database.transaction() as tx:
            assert await spot.fetch(tx, Elprisetjustnu(market.url), at(120)) == 0
        await office.run_until_idle()
        assert (await row(database))["price_minor"] is None
        market.fault = ""
        async with database.transaction() as tx:
            assert await spot.fetch(tx, Elprisetjustnu(market.url), at(125)) == 96 * (spot.BACK_DAYS + 1)
    await office.run_until_idle()
    priced = await row(database)
    assert priced["price_minor"] == 1425  # 10 kWh × (0.50 × 1.25 + 0.80)
    assert [(line["energy_wh"], line["unit_price"], line["spot"]) for line in priced["price_lines"]] == [
        (10_000, "1.425", "0.5")
    ]


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_exchange_that_misbehaves_changes_nothing_and_is_asked_again(database: Database, fault: str) -> None:
    await built(database, FOLLOWS)
    async with exchange() as market:
        market.fault = fault
        async with database.transaction() as tx:
            assert await spot.fetch(tx, Elprisetjustnu(market.url), at(0)) == 0
            (asked,) = await store_spot.asked(tx)
        assert asked.problem
        assert asked.answered_at is None
        market.fault = ""
        async with database.transaction() as tx:
            assert await spot.fetch(tx, Elprisetjustnu(market.url), at(5)) > 0
            (asked,) = await store_spot.asked(tx)
        assert (asked.problem, asked.answered_at) == ("", at(5))


async def test_tomorrow_is_asked_for_in_the_afternoon_and_its_absence_is_no_problem(database: Database) -> None:
    await built(database, FOLLOWS)
    async with exchange() as market:
        market.published = DAY
        async with database.transaction() as tx:
            await spot.fetch(tx, Elprisetjustnu(market.url), at(0))
            asked = len(market.asked)
            await spot.fetch(tx, Elprisetjustnu(market.url), at(10))
            assert len(market.asked) == asked  # 10:10: nothing is missing
            afternoon = at(4 * 60)
            assert await spot.fetch(tx, Elprisetjustnu(market.url), afternoon) == 0
            assert [each.problem for each in await store_spot.asked(tx)] == [""]
            market.published = DAY + timedelta(days=1)
            assert await spot.fetch(tx, Elprisetjustnu(market.url), afternoon + timedelta(minutes=5)) == 96


@pytest.mark.failure_mode(44)
async def test_a_price_that_has_begun_never_changes(database: Database) -> None:
    async with exchange() as market, database.transaction() as tx:
        source = Elprisetjustnu(market.url)
        await store_spot.save(tx, await source.day("SE3", "SEK", DAY), "SEK", "test", at(-600))
        market.price = Decimal("0.75")
        changed = await store_spot.save(tx, await source.day("SE3", "SEK", DAY), "SEK", "test", at(0))
        assert changed == 55  # those after 10:00 local time: 14 hours by quarters, less the one that begins just now
        kept = await store_spot.between(tx, ["SE3"], "SEK", at(-60), at(60))
        assert {each.price for each in kept if each.starts_at <= START} == {Decimal("0.5")}
        assert {each.price for each in kept if each.starts_at > START} == {Decimal("0.75")}


async def test_a_running_session_shows_no_price_that_is_not_known(database: Database) -> None:
    world = await built(database, FOLLOWS)
    await record(database, [started(world, register_wh=0), sampled(world, 1_000, minutes=5)])
    session_id: Any = (await row(database))["id"]
    async with database.transaction() as tx:
        assert await running.price_so_far(tx, session_id, at(10)) is None
        for day in (DAY, DAY + timedelta(days=1)):
            await store_spot.save(tx, await Sandbox().day("SE3", "SEK", day), "SEK", "sandbox", at(0))
        shown = await running.price_so_far(tx, session_id, at(10))
        assert shown is not None
        assert shown.amount_minor > 0


SPACE = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"


def entsoe(points: str, resolution: str = "PT60M", name: str = "Publication_MarketDocument") -> bytes:
    span = "<start>2026-09-30T22:00Z</start><end>2026-10-01T22:00Z</end>"
    period = f"<timeInterval>{span}</timeInterval><resolution>{resolution}</resolution>{points}"
    series = f"<TimeSeries><curveType>A03</curveType><Period>{period}</Period></TimeSeries>"
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{SPACE}">{series}</{name}>'.encode()


def point(position: int, price: str) -> str:
    return f"<Point><position>{position}</position><price.amount>{price}</price.amount></Point>"


def test_points_that_entsoe_leaves_out_repeat_the_one_before() -> None:
    body = entsoe(point(1, "40.00") + point(7, "-1.50") + point(9, "120.255"))
    prices = checked(entsoe_said("SE3", body, DAY), DAY)
    assert [each.price for each in prices[:9]] == [Decimal("0.04")] * 6 + [Decimal("-0.0015")] * 2 + [
        Decimal("0.120255")
    ]
    assert len(prices) == 24
    assert prices[-1].price == Decimal("0.120255")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (entsoe("", name="Acknowledgement_MarketDocument"), NotPublished),
        (entsoe(point(2, "40")), NoPrices),
        (entsoe(point(1, "much")), NoPrices),
        (entsoe(point(1, "40"), resolution="P1Y"), NoPrices),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', NoPrices),
        (b"<html>", NoPrices),
    ],
)
def test_what_entsoe_cannot_mean_is_refused(body: bytes, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        entsoe_said("SE3", body, DAY)


async def test_prices_from_a_file(tmp_path: Path) -> None:
    days = {day: await Sandbox().day("SE4", "SEK", day) for day in (DAY, DAY + timedelta(days=1))}
    rows = [
        f"SE4,SEK,{each.starts_at.isoformat()},{each.ends_at.isoformat()},{each.price}"
        for prices in days.values()
        for each in prices
    ]
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(["area,currency,starts_at,ends_at,price", *rows]), encoding="utf-8")
    assert list(await PriceFile(path).day("SE4", "SEK", DAY)) == list(days[DAY])
    with pytest.raises(NotPublished):
        await PriceFile(path).day("SE4", "SEK", DAY + timedelta(days=2))
    with pytest.raises(NoPrices):
        await PriceFile(tmp_path / "absent.csv").day("SE4", "SEK", DAY)


async def test_the_days_in_which_the_clock_changes_have_23_and_25_hours() -> None:
    for day, count in ((DAY.replace(month=10, day=25), 100), (DAY.replace(year=2027, month=3, day=28), 92)):
        assert len(await Sandbox().day("SE3", "SEK", day)) == count


async def test_who_has_no_account_is_shown_the_price_of_now_or_cannot_start(database: Database) -> None:
    async with database.transaction() as tx:
        assert await spot.prices_now(tx, FOLLOWS, at(0)) is None
        async with exchange() as market:
            prices = await Elprisetjustnu(market.url).day("SE3", "SEK", DAY)
        await store_spot.save(tx, prices, "SEK", "test", at(-600))
        assert await spot.prices_now(tx, FOLLOWS, at(0)) == {"SE3": Decimal("1.425")}
        assert await spot.prices_now(tx, Tariff(free=True), at(0)) == {}
    assert tariff_rows(FOLLOWS, "en", {"SE3": Decimal("1.425")})[0][1:] == (
        "1,425\u00a0kr/kWh now",
        "spot price in SE3 + 0,80\u00a0kr/kWh, at least 0,25\u00a0kr",
    )

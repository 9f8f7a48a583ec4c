"""Failure modes of metering and of tariffs in use, by the numbers of the billing study: from what a charger told to
the price, the review or the invoice.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from laddverk.invoicing import service as invoicing
from laddverk.kernel.ids import InvoiceId, TariffId
from laddverk.ocpp.facts import Fact, Status, StatusReported
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from laddverk.sessions import service as sessions
from laddverk.sessions.model import SessionClosed
from laddverk.stations import service as stations
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff
from tests.integration.sessions.test_pricing import BY_TIME
from tests.integration.sessions.world import (
    PER_KWH,
    RULE,
    START,
    at,
    built,
    ended,
    record,
    row,
    rows,
    sampled,
    started,
    times,
)

MONTH = timedelta(days=31)


async def priced(database: Database, now: datetime = START + MONTH) -> list[dict[str, Any]]:
    """Price all that is closed, as the job does, and return the sessions in the order of their start."""
    async with database.transaction() as tx:
        closed = await tx.rows("SELECT id, version FROM session WHERE ended_at IS NOT NULL")
        await sessions.price_closed(
            tx, [SessionClosed(session_id=each["id"], version=each["version"]) for each in closed], now
        )
    return await rows(database)


def idle_or(price: str, **more: Any) -> Tariff:
    components = (
        Component(dimension=Dimension.ENERGY, price=Decimal(price)),
        Component(dimension=Dimension.IDLE, price=Decimal(1)),
    )
    return Tariff(components=components, **more)


@pytest.mark.failure_mode(8)
async def test_f08_a_session_that_is_told_twice_over_has_one_price(database: Database) -> None:
    world = await built(database)
    told: list[Fact] = [started(world, register_wh=0), ended(world, register_wh=2_500)]
    for facts in (told, told, list(reversed(told))):
        await record(database, facts)
        (only,) = await priced(database)
    assert (only["price_minor"], only["version"]) == (1_000, 1)


@pytest.mark.failure_mode(25)
async def test_f25_a_register_that_steps_back_is_priced_as_far_as_it_rose_and_looked_at(database: Database) -> None:
    """Up to 5 kWh, back by 400 Wh, up to 6 kWh: 5 kWh and then 1.4 kWh after the step, and somebody looks at it."""
    world = await built(database)
    readings = [sampled(world, wh, minutes=minute) for minute, wh in ((20, 5_000), (25, 4_600))]
    await record(database, [started(world, register_wh=0), *readings, ended(world, register_wh=6_000)])
    (only,) = await priced(database)
    assert only["settlement"] == "review"
    assert only["doubts"] == ["register_went_back"]
    assert (only["energy_wh"], only["price_minor"]) == (6_400, 2_560)
    assert all(line["amount_minor"] >= 0 for line in only["price_lines"])


@pytest.mark.failure_mode(26)
async def test_f26_a_meter_that_was_replaced_is_never_the_driver_s_to_pay_for(database: Database) -> None:
    """A new meter that shows less is counted from what it shows; one that shows much more is held for a person."""
    world = await built(database)
    lower = [
        sampled(world, 500_000 + 3_000, "low", 20),
        sampled(world, 40, "low", 25),
        sampled(world, 1_040, "low", 50),
    ]
    await record(
        database,
        [started(world, "low", register_wh=500_000), *lower, ended(world, "low", register_wh=1_040)],
    )
    higher = [sampled(world, 3_000, "high", 20, evse_number=2), sampled(world, 900_000, "high", 25, evse_number=2)]
    await record(
        database,
        [
            started(world, "high", register_wh=0, evse_number=2),
            *higher,
            ended(world, "high", register_wh=901_000),
        ],
    )
    found = {each["transaction_key"]: each for each in await priced(database)}
    assert found["low"]["energy_wh"] == 3_000 + 1_040
    assert "register_reset" in found["low"]["doubts"]
    assert (found["high"]["settlement"], found["high"]["doubts"]) == ("review", ["more_than_possible"])


@pytest.mark.failure_mode(27)
async def test_f27_a_missing_end_is_priced_to_the_last_reading_until_the_truth_comes(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), sampled(world, 3_000, minutes=30), ended(world)])
    (estimate,) = await priced(database)
    assert (estimate["price_minor"], estimate["doubts"], estimate["version"]) == (1_200, ["estimated_end"], 1)
    await record(database, [sampled(world, 4_000, minutes=59)])
    (truth,) = await priced(database)
    assert (truth["price_minor"], truth["version"]) == (1_600, 2)


@pytest.mark.failure_mode(28)
async def test_f28_more_energy_than_the_connector_can_give_is_not_debited_by_itself(database: Database) -> None:
    """11 kW for an hour is 11 kWh, with five percent of tolerance 11.55."""
    world = await built(database)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=11_550)])
    await record(database, [started(world, "much", 120, register_wh=0), ended(world, "much", 180, register_wh=11_600)])
    found = await priced(database)
    assert [each["settlement"] for each in found] == ["invoice", "review"]


@pytest.mark.failure_mode(29)
async def test_f29_prices_by_the_clock_follow_our_time_and_a_clock_that_was_never_set_waits(
    database: Database,
) -> None:
    """Two kronor from 11 to 14 in Stockholm, else five. The charger says 1970; we heard it at 10:00 and 11:30."""
    world = await built(database, BY_TIME)
    start: dict[str, Any] = {"said_at": datetime(1970, 1, 1, tzinfo=UTC), "at": at(0), "received_at": at(0)}
    end = {"said_at": datetime(1970, 1, 1, 1, 30, tzinfo=UTC), "at": at(90), "received_at": at(90)}
    await record(
        database,
        [
            _moved(started(world, register_wh=0), start),
            sampled(world, 6_000, minutes=60),
            _moved(ended(world, minutes=90, register_wh=9_000), end),
        ],
    )
    (only,) = await priced(database)
    assert only["said_start_at"] == start["said_at"]
    assert only["started_at"] == at(0)
    assert {(line["window"], line["amount_minor"]) for line in only["price_lines"]} == {
        ("", 3_000),
        ("11:00-14:00", 600),
    }
    assert (only["settlement"], only["doubts"]) == ("review", ["clock_unsure"])


def _moved(fact: Any, when: dict[str, Any]) -> Any:
    return type(fact)(**{name: getattr(fact, name) for name in fact.__struct_fields__} | when)


@pytest.mark.failure_mode(30)
async def test_f30_readings_out_of_order_and_twice_make_the_same_price(database: Database) -> None:
    dice = random.Random(30)
    prices = set()
    for _ in range(4):
        world = await built(database, BY_TIME)
        told = [
            started(world, register_wh=0),
            *(sampled(world, 150 * minute, minutes=minute) for minute in range(10, 90, 10)),
            ended(world, minutes=100, register_wh=15_000),
        ]
        shuffled = told * 2
        dice.shuffle(shuffled)
        for fact in shuffled:
            await record(database, [fact])
        await priced(database)
        only = await row(database, world.station_id)
        prices.add((only["price_minor"], len(only["price_lines"]), only["energy_wh"]))
    assert prices == {(9_000 // 1000 * 500 + 6 * 200, 2, 15_000)}


@pytest.mark.failure_mode(31)
async def test_f31_the_hour_that_comes_twice_is_priced_twice(database: Database) -> None:
    """25 October 2026: from 2 to 3 in Stockholm is two hours. Three kronor then, one else; 4 kWh an hour, 1 to 4."""
    night = Restriction(from_time="02:00", to_time="03:00")
    twice = Tariff(
        components=(
            Component(dimension=Dimension.ENERGY, price=Decimal(3), when=night),
            Component(dimension=Dimension.ENERGY, price=Decimal(1)),
        )
    )
    world = await built(database, twice)
    begun = (datetime(2026, 10, 24, 23, tzinfo=UTC) - START) / timedelta(minutes=1)
    await record(
        database, [started(world, minutes=begun, register_wh=0), ended(world, minutes=begun + 240, register_wh=16_000)]
    )
    (only,) = await priced(database)
    assert only["price_minor"] == 4 * 100 + 8 * 300 + 4 * 100


@pytest.mark.failure_mode(32)
async def test_f32_a_session_over_the_end_of_a_month_is_invoiced_where_it_ended(database: Database) -> None:
    world = await built(database)
    last_evening = (datetime(2026, 10, 31, 20, tzinfo=UTC) - START) / timedelta(minutes=1)
    await record(
        database,
        [
            started(world, minutes=last_evening, register_wh=0),
            ended(world, minutes=last_evening + 360, register_wh=20_000),
        ],
    )
    await priced(database, START + 2 * MONTH)
    async with database.transaction() as tx:
        now, settings = datetime(2026, 12, 2, tzinfo=UTC), Settings()
        october = await invoicing.run(tx, date(2026, 10, 1), RULE, now, settings=settings)
        november = await invoicing.run(tx, date(2026, 11, 1), RULE, now, settings=settings)
    assert (october.sessions, november.sessions, november.gross_minor) == (0, 1, {"SEK": 8_000})


@pytest.mark.failure_mode(33)
async def test_f33_nobody_pays_for_idling_at_an_outlet_that_failed(database: Database) -> None:
    """Charged from 10 to 11; the outlet fails at 11:20 and the car leaves at 13: twenty minutes at 1 kr, not 120."""
    world = await built(database, idle_or("0"))
    failed = StatusReported(
        station_id=world.station_id,
        evse_number=1,
        connector_number=1,
        status=Status.FAULTED,
        error_code="ConnectorLockFailure",
        **times(80),
    )
    async with database.transaction() as tx:
        await stations.record_statuses(tx, [failed])
    readings = [sampled(world, 9_000, minutes=60), sampled(world, 9_000, minutes=75)]
    await record(database, [started(world, register_wh=0), *readings, ended(world, minutes=180, register_wh=9_000)])
    await record(
        database,
        [
            started(world, "other", register_wh=0, evse_number=2),
            sampled(world, 9_000, "other", 60, evse_number=2),
            ended(world, "other", minutes=180, register_wh=9_000, evse_number=2),
        ],
    )
    found = {each["transaction_key"]: each["price_minor"] for each in await priced(database)}
    assert found == {"tx-1": 2_000, "other": 12_000}


@pytest.mark.failure_mode(35)
async def test_f35_prices_stay_as_they_were_at_the_start_though_the_tariff_is_changed_and_retired(
    database: Database,
) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0)])
    async with database.transaction() as tx:
        tariff_id = TariffId(await tx.value("SELECT id FROM tariff"))
        await tariffs.revise(tx, RULE, tariff_id, BY_TIME, at(10))
        for choice in await tariffs.choices(tx):
            await tariffs.unchoose(tx, RULE, choice.id, at(11))
        await tariffs.retire(tx, RULE, tariff_id, at(12))
    await record(database, [ended(world, register_wh=1_000)])
    (only,) = await priced(database)
    assert only["price_minor"] == 400
    async with database.transaction() as tx:
        kept = await tariffs.versions(tx, [only["tariff_version_id"]])
    assert kept[only["tariff_version_id"]].body == PER_KWH


@pytest.mark.failure_mode(36)
async def test_f36_where_no_tariff_applies_nothing_is_billed_and_nothing_is_free(database: Database) -> None:
    """A card that is held to a charger without a price charges, and waits for a person."""
    world = await built(database, tariff=None)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=5_000)])
    (only,) = await priced(database)
    assert (only["settlement"], only["price_minor"], only["doubts"]) == ("review", None, ["no_tariff"])


@pytest.mark.failure_mode(37)
async def test_f37_each_rate_of_vat_has_its_own_sum_on_the_invoice_and_a_credit_note_keeps_it(
    database: Database,
) -> None:
    """10 kWh at 4 kr: 8.00 kr of VAT at 25 %, and 4.29 kr at 12 % after the law changed on the tenth."""
    world = await built(database)
    await record(database, [started(world, "before", register_wh=0), ended(world, "before", register_wh=10_000)])
    async with database.transaction() as tx:
        tariff_id = TariffId(await tx.value("SELECT id FROM tariff"))
        lower = Tariff(components=PER_KWH.components, vat_percent=Decimal(12))
        await tariffs.revise(tx, RULE, tariff_id, lower, START + timedelta(days=9))
    after = 10 * 1440
    await record(
        database, [started(world, "after", after, register_wh=0), ended(world, "after", after + 60, register_wh=10_000)]
    )
    await priced(database)
    now = datetime(2026, 11, 2, tzinfo=UTC)
    async with database.transaction() as tx:
        await invoicing.run(tx, date(2026, 10, 1), RULE, now, settings=Settings())
        made = await invoicing.invoice(tx, InvoiceId(await tx.value("SELECT id FROM invoice")))
        assert {(each.percent, each.vat_minor, each.gross_minor) for each in made.vat} == {
            (Decimal(25), 800, 4_000),
            (Decimal(12), 429, 4_000),
        }
        note_id = await invoicing.credit(tx, RULE, made.id, "the whole", now)
        note = await invoicing.invoice(tx, note_id)
    assert {(each.percent, each.vat_minor) for each in note.vat} == {(Decimal(25), -800), (Decimal(12), -429)}

"""Prices by hand: one charge, one tariff, every öre."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from laddverk.tariffs.model import Charge, Component, Dimension, PriceLine, Restriction, Tariff
from laddverk.tariffs.rules import preview, price

STOCKHOLM = ZoneInfo("Europe/Stockholm")
EVENING = datetime(2026, 6, 1, 18, tzinfo=STOCKHOLM)
ALWAYS = Restriction()
NIGHT = Restriction(from_time="22:00", to_time="06:00")


def component(dimension: Dimension, price_text: str, when: Restriction = ALWAYS) -> Component:
    return Component(dimension=dimension, price=Decimal(price_text), when=when)


def charge(
    start: datetime, hours: float, energy_wh: int, *, charging_hours: float | None = None, readings: Any = None
) -> Charge:
    started_at = start.astimezone(UTC)
    charging_ended_at = started_at + timedelta(hours=charging_hours if charging_hours is not None else hours)
    return Charge(
        started_at=started_at,
        ended_at=started_at + timedelta(hours=hours),
        charging_ended_at=charging_ended_at,
        readings=readings if readings is not None else ((started_at, 0), (charging_ended_at, energy_wh)),
        energy_wh=energy_wh,
        timezone="Europe/Stockholm",
    )


def amounts(lines: tuple[PriceLine, ...]) -> list[tuple[str, Decimal, int]]:
    return [(line.dimension.value, line.quantity, line.amount_minor) for line in lines]


def test_energy_costs_its_price_and_contains_vat() -> None:
    tariff = Tariff(components=(component(Dimension.ENERGY, "4.375"),))
    priced = price(tariff, charge(EVENING, 1, 10_001))
    assert (priced.amount_minor, priced.vat_minor, priced.currency) == (4375, 875, "SEK")
    assert amounts(priced.lines) == [("energy", Decimal("10.001"), 4375)]


def test_energy_is_parted_at_a_price_change_to_the_watt_hour() -> None:
    tariff = Tariff(components=(component(Dimension.ENERGY, "2", NIGHT), component(Dimension.ENERGY, "5")))
    late = datetime(2026, 6, 1, 21, 40, tzinfo=STOCKHOLM)
    priced = price(tariff, charge(late, 1, 10_000))
    assert amounts(priced.lines) == [
        ("energy", Decimal("3.333"), 1667),
        ("energy", Decimal("6.667"), 1333),
    ]
    assert [line.window for line in priced.lines] == ["", "22:00-06:00"]
    assert priced.lines[0].to_at == priced.lines[1].from_at == datetime(2026, 6, 1, 20, tzinfo=UTC)


def test_readings_say_how_much_flowed_before_the_change() -> None:
    tariff = Tariff(components=(component(Dimension.ENERGY, "2", NIGHT), component(Dimension.ENERGY, "5")))
    late = datetime(2026, 6, 1, 21, tzinfo=STOCKHOLM)
    readings = ((late, 0), (late + timedelta(minutes=50), 9_000), (late + timedelta(minutes=70), 9_000))
    priced = price(tariff, charge(late, 2, 10_000, readings=readings))
    assert [line.energy_wh for line in priced.lines] == [9_000, 1_000]


def test_the_first_component_that_applies_counts() -> None:
    cheap_first = (component(Dimension.ENERGY, "1"), component(Dimension.ENERGY, "9", NIGHT))
    midnight = datetime(2026, 6, 2, 0, tzinfo=STOCKHOLM)
    assert price(Tariff(components=cheap_first), charge(midnight, 1, 1_000)).amount_minor == 100
    assert price(Tariff(components=cheap_first[::-1]), charge(midnight, 1, 1_000)).amount_minor == 900


def test_a_dimension_that_no_component_covers_is_free_there() -> None:
    tariff = Tariff(components=(component(Dimension.ENERGY, "4", NIGHT),))
    assert price(tariff, charge(EVENING, 2, 8_000)).lines == ()


def test_minutes_of_charging_and_of_staying_are_told_apart() -> None:
    tariff = Tariff(
        components=(component(Dimension.CHARGING, "0.10"), component(Dimension.IDLE, "1")), idle_grace_minutes=30
    )
    priced = price(tariff, charge(EVENING, 3, 5_000, charging_hours=1))
    assert amounts(priced.lines) == [("charging", Decimal(60), 600), ("idle", Decimal(90), 9000)]


def test_staying_within_the_grace_time_costs_nothing() -> None:
    tariff = Tariff(components=(component(Dimension.IDLE, "1"),), idle_grace_minutes=30)
    assert price(tariff, charge(EVENING, 1.5, 5_000, charging_hours=1)).amount_minor == 0


def test_idle_time_costs_at_most_its_maximum_and_says_so() -> None:
    tariff = Tariff(
        components=(component(Dimension.IDLE, "0", NIGHT), component(Dimension.IDLE, "1")), idle_max=Decimal("150")
    )
    priced = price(tariff, charge(EVENING, 24, 5_000, charging_hours=2))
    assert [(line.amount_minor, line.capped) for line in priced.lines] == [(12_000, False), (0, False), (3_000, True)]


def test_a_session_fee_is_due_once_and_only_with_energy() -> None:
    tariff = Tariff(components=(component(Dimension.SESSION, "12.50"),))
    assert amounts(price(tariff, charge(EVENING, 30, 5_000)).lines) == [("session", Decimal(1), 1250)]
    assert price(tariff, charge(EVENING, 1, 0)).amount_minor == 0


def test_the_autumn_night_has_an_hour_more() -> None:
    tariff = Tariff(components=(component(Dimension.CHARGING, "1", NIGHT),))
    evening = datetime(2026, 10, 24, 20, tzinfo=STOCKHOLM)
    priced = price(tariff, charge(evening, 13, 5_000))
    assert amounts(priced.lines) == [("charging", Decimal(540), 54_000)]


def test_the_spring_night_has_an_hour_less() -> None:
    tariff = Tariff(components=(component(Dimension.CHARGING, "1", NIGHT),))
    evening = datetime(2027, 3, 27, 20, tzinfo=STOCKHOLM)
    priced = price(tariff, charge(evening, 13, 5_000))
    assert amounts(priced.lines) == [("charging", Decimal(420), 42_000)]


def test_a_time_that_comes_twice_is_charged_twice() -> None:
    window = Restriction(from_time="02:30", to_time="02:45")
    tariff = Tariff(components=(component(Dimension.CHARGING, "1", window),))
    priced = price(tariff, charge(datetime(2026, 10, 25, 1, tzinfo=STOCKHOLM), 4, 5_000))
    assert amounts(priced.lines) == [("charging", Decimal(15), 1500), ("charging", Decimal(15), 1500)]


def test_a_window_whose_start_does_not_exist_begins_when_the_clock_jumps() -> None:
    window = Restriction(from_time="02:30", to_time="04:00")
    tariff = Tariff(components=(component(Dimension.CHARGING, "1", window),))
    priced = price(tariff, charge(datetime(2027, 3, 28, 1, tzinfo=STOCKHOLM), 4, 5_000))
    assert [(line.from_at, line.seconds) for line in priced.lines] == [(datetime(2027, 3, 28, 1, tzinfo=UTC), 3600)]


def test_weekdays_change_at_local_midnight() -> None:
    saturday = Restriction(weekdays=(5,))
    tariff = Tariff(components=(component(Dimension.CHARGING, "1", saturday),))
    friday_evening = datetime(2026, 6, 5, 23, tzinfo=STOCKHOLM)
    assert amounts(price(tariff, charge(friday_evening, 2, 5_000)).lines) == [("charging", Decimal(60), 6000)]


def test_a_season_includes_its_first_day_and_not_its_last() -> None:
    june = Restriction(valid_from=date(2026, 6, 1), valid_until=date(2026, 7, 1))
    tariff = Tariff(components=(component(Dimension.CHARGING, "1", june),))
    assert price(tariff, charge(datetime(2026, 5, 31, 23, tzinfo=STOCKHOLM), 2, 5_000)).lines[0].seconds == 3600
    assert price(tariff, charge(datetime(2026, 6, 30, 23, tzinfo=STOCKHOLM), 2, 5_000)).lines[0].seconds == 3600


def test_what_is_free_on_purpose_says_how_much_it_gave() -> None:
    priced = price(Tariff(free=True), charge(EVENING, 1, 7_000))
    assert (priced.amount_minor, amounts(priced.lines)) == (0, [("energy", Decimal(7), 0)])


def test_a_preview_is_the_price_of_a_steady_charge() -> None:
    tariff = Tariff(components=(component(Dimension.ENERGY, "4"), component(Dimension.IDLE, "1")))
    shown = preview(
        tariff,
        started_at=EVENING,
        power_w=11_000,
        energy_wh=22_000,
        idle=timedelta(minutes=10),
        timezone="Europe/Stockholm",
    )
    assert amounts(shown.lines) == [("energy", Decimal(22), 8800), ("idle", Decimal(10), 1000)]

"""Failure modes of tariffs, by the numbers of the billing study."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from laddverk.kernel.money import VatTotal, rounded_exact
from laddverk.tariffs.lint import findings
from laddverk.tariffs.model import Charge, Component, Dimension, Reserved, Restriction, Spot, SpotPrice, Tariff
from laddverk.tariffs.rules import SpotMissing, price, rated, spots_of

HOUR = timedelta(hours=1)
NIGHT = Restriction(from_time="22:00", to_time="06:00")


def part(dimension: Dimension, amount: str, **more: Any) -> Component:
    return Component(dimension=dimension, price=Decimal(amount), **more)


def charge(start: datetime, hours: float, energy_wh: int, **more: Any) -> Charge:
    end = start + HOUR * hours
    given: dict[str, Any] = {
        "started_at": start, "ended_at": end, "charging_ended_at": end, "readings": ((start, 0), (end, energy_wh)),
        "energy_wh": energy_wh, "timezone": "Europe/Stockholm",
    }  # fmt: skip
    return Charge(**(given | more))


@pytest.mark.failure_mode(25)
def test_f25_a_register_that_goes_backwards_never_makes_a_charge_negative() -> None:
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)
    readings = ((start, 0), (start + HOUR, 5_000), (start + HOUR * 2, 1_000), (start + HOUR * 3, 6_000))
    priced = price(Tariff(components=(part(Dimension.ENERGY, "2"),)), charge(start, 3, 6_000, readings=readings))
    assert priced.amount_minor == 1200
    assert all(line.amount_minor >= 0 for line in priced.lines)


@pytest.mark.failure_mode(31)
@pytest.mark.parametrize(("start", "hours"), [(datetime(2026, 10, 24, 18), 11), (datetime(2027, 3, 27, 19), 9)])
def test_f31_a_night_in_which_the_clock_changes_has_its_real_hours(start: datetime, hours: int) -> None:
    tariff = Tariff(components=(part(Dimension.CHARGING, "1", per_hour=True),))
    assert price(tariff, charge(start.replace(tzinfo=UTC), hours, 1_000)).amount_minor == hours * 100


@pytest.mark.failure_mode(32)
def test_f32_a_session_is_cut_where_the_price_the_day_and_the_month_change() -> None:
    tariff = Tariff(
        components=(
            part(Dimension.ENERGY, "1", when=Restriction(from_time="22:00", to_time="00:00")),
            part(Dimension.ENERGY, "2", when=Restriction(valid_from=datetime(2026, 7, 1).date())),
            part(Dimension.ENERGY, "4"),
        )
    )
    evening = datetime(2026, 6, 30, 19, tzinfo=UTC)  # 21:00 in Stockholm
    lines = price(tariff, charge(evening, 4, 4_000)).lines
    assert [(line.energy_wh, line.amount_minor) for line in lines] == [(1_000, 400), (2_000, 200), (1_000, 200)]


@pytest.mark.failure_mode(33)
def test_f33_idling_costs_after_the_grace_not_at_night_and_never_more_than_agreed() -> None:
    tariff = Tariff(
        components=(part(Dimension.ENERGY, "0"), part(Dimension.IDLE, "1")),
        idle_grace_minutes=30, idle_max=Decimal(100), idle_free_from="22:00", idle_free_to="06:00",
    )  # fmt: skip
    start = datetime(2026, 6, 1, 18, tzinfo=UTC)  # 20:00; charged until 21:00, grace until 21:30, free from 22:00

    def idled(hours: float) -> int:
        return price(tariff, charge(start, hours, 1_000, charging_ended_at=start + HOUR)).amount_minor

    assert [idled(hours) for hours in (1, 1.5, 2, 10, 10.5, 14)] == [0, 0, 3000, 3000, 6000, 10_000]


@pytest.mark.failure_mode(33)
@pytest.mark.parametrize(("broken_after_h", "minor"), [(0.5, 0), (1, 0), (1.75, 1500), (2, 3000), (5, 3000)])
def test_f33_idling_costs_nothing_from_when_the_outlet_is_out_of_order(broken_after_h: float, minor: int) -> None:
    """Charged for an hour, half an hour of grace, then 1 kr a minute until the end or until the outlet failed."""
    tariff = Tariff(components=(part(Dimension.ENERGY, "0"), part(Dimension.IDLE, "1")), idle_grace_minutes=30)
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)
    given = charge(start, 2, 1_000, charging_ended_at=start + HOUR, idle_until=start + HOUR * broken_after_h)
    assert price(tariff, given).amount_minor == minor


@pytest.mark.failure_mode(34)
def test_f34_a_reservation_and_the_charge_after_it_are_lines_of_their_own() -> None:
    kept = part(Dimension.CHARGING, "1", when=Restriction(reservation=Reserved.KEPT))
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)
    tariff = Tariff(components=(kept, part(Dimension.ENERGY, "2")))
    lines = price(tariff, charge(start, 1, 3_000, reserved_from=start - HOUR / 2)).lines
    assert [(line.reservation, line.amount_minor) for line in lines] == [(True, 3000), (False, 600)]


@pytest.mark.failure_mode(37)
def test_f37_each_price_has_its_own_rate_and_the_session_a_sum_for_each() -> None:
    """3 kWh x 2,00 = 6,00 at 25 %: VAT 1,20. An hour that nobody moves the car, 60 x 0,56 = 33,60 at 12 %: VAT 3,60."""
    mixed = Tariff(components=(part(Dimension.ENERGY, "2"), part(Dimension.IDLE, "0.56", vat_percent=Decimal(12))))
    assert not {finding.code for finding in findings(mixed)} & {"vat", "vat_rate"}
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)
    priced = price(mixed, charge(start, 2, 3_000, charging_ended_at=start + HOUR))
    assert priced.vat == (VatTotal(Decimal(25), 480, 120, 600), VatTotal(Decimal(12), 3_000, 360, 3_360))
    odd = Tariff(components=(part(Dimension.ENERGY, "2"), part(Dimension.IDLE, "1", vat_percent=Decimal(19))))
    assert "vat_rate" in {finding.code for finding in findings(odd)}, "the books have no account for it"


@pytest.mark.failure_mode(40)
def test_f40_what_the_lines_say_is_what_is_paid_to_the_ore() -> None:
    start = datetime(2026, 6, 1, 17, 7, 13, tzinfo=UTC)
    tariff = Tariff(components=(part(Dimension.ENERGY, "1.2345", when=NIGHT), part(Dimension.ENERGY, "3.4567")))
    for energy_wh in range(1, 20_000, 373):
        priced = price(tariff, charge(start, 7.31, energy_wh))
        assert sum(line.amount_minor for line in priced.lines) == priced.amount_minor
        exact = rated(tariff, charge(start, 7.31, energy_wh)).exact
        assert priced.amount_minor == rounded_exact(exact.gross, "SEK")


@pytest.mark.failure_mode(42)
def test_f42_a_price_has_the_currency_of_its_tariff_and_an_unknown_one_is_refused() -> None:
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)
    euro = Tariff(currency="EUR", components=(part(Dimension.ENERGY, "0.4"),))
    assert price(euro, charge(start, 1, 1_000)).currency == "EUR"
    assert "currency" in {finding.code for finding in findings(Tariff(currency="XXX", components=euro.components))}


@pytest.mark.failure_mode(43)
def test_f43_a_price_of_many_decimals_is_kept_in_full_and_rounded_once() -> None:
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)
    spot = Spot(area="SE3", markup=Decimal("0.123456"), floor=Decimal(0))
    tariff = Tariff(components=(part(Dimension.ENERGY, "0", spot=spot),))
    prices = [SpotPrice("SE3", start, start + HOUR, Decimal("0.98765"))]
    priced = price(tariff, charge(start, 1, 10_000), spots_of(prices))
    assert priced.lines[0].unit_price == Decimal("1.3580185")  # 0.98765 × 1.25 + 0.123456
    assert priced.amount_minor == 1358


@pytest.mark.failure_mode(44)
def test_f44_a_price_of_the_exchange_may_be_negative_but_never_missing() -> None:
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)
    spot = Spot(area="SE3", markup=Decimal("0.10"), floor=Decimal("0.05"))
    tariff = Tariff(components=(part(Dimension.ENERGY, "0", spot=spot),))
    below = [SpotPrice("SE3", start, start + HOUR, Decimal("-0.50"))]
    assert price(tariff, charge(start, 1, 10_000), spots_of(below)).amount_minor == 50
    with pytest.raises(SpotMissing):
        price(tariff, charge(start, 1.5, 10_000), spots_of(below))
    nothing_flowed = charge(start, 2, 1_000, readings=((start, 0), (start + HOUR, 1_000)))
    assert price(tariff, nothing_flowed, spots_of(below)).amount_minor == 5

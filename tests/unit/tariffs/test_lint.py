"""What is said about price lists before they are used."""

from __future__ import annotations

from decimal import Decimal

import pytest

from laddverk.tariffs.lint import findings
from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff


def tariff(*components: Component, **more: object) -> Tariff:
    return Tariff(components=components, **more)  # type: ignore[arg-type]


def energy(price: str = "4", **when: object) -> Component:
    return Component(dimension=Dimension.ENERGY, price=Decimal(price), when=Restriction(**when))  # type: ignore[arg-type]


def codes(given: Tariff, power_max_w: int = 0) -> list[str]:
    return [finding.code for finding in findings(given, power_max_w)]


def test_a_plain_price_per_kwh_is_sound_at_any_power() -> None:
    assert codes(tariff(energy()), 350_000) == []


def test_nothing_at_all_is_not_a_tariff_unless_it_is_free() -> None:
    assert codes(tariff()) == ["no_prices"]
    assert codes(tariff(free=True), 350_000) == []
    assert codes(tariff(energy(), free=True)) == ["free_with_prices"]


@pytest.mark.parametrize("dimension", [Dimension.CHARGING, Dimension.SESSION])
def test_from_50_kw_on_the_law_wants_a_price_per_kwh(dimension: Dimension) -> None:
    other = Component(dimension=dimension, price=Decimal(1))
    assert codes(tariff(energy(), other), 49_999) == []
    assert codes(tariff(energy(), other), 50_000) == ["afir_per_kwh"]
    assert codes(tariff(other), 50_000) == ["afir_per_kwh"]


def test_from_50_kw_on_a_fee_for_staying_is_allowed() -> None:
    assert codes(tariff(energy(), Component(dimension=Dimension.IDLE, price=Decimal(1))), 150_000) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (tariff(energy("-1")), "price"),
        (tariff(energy("NaN")), "price"),
        (tariff(energy("1.1234567")), "decimals"),
        (tariff(energy(), currency="XXX"), "currency"),
        (tariff(energy(), vat_percent=Decimal(101)), "vat"),
        (tariff(energy(), idle_grace_minutes=-1), "grace"),
        (tariff(energy(), idle_max=Decimal("Infinity")), "idle_max"),
        (tariff(energy(weekdays=(7,))), "weekday"),
        (tariff(energy(from_time="06:00")), "half_window"),
        (tariff(energy(from_time="24:00", to_time="06:00")), "time"),
        (tariff(energy(from_time="06:00", to_time="06:00")), "empty_window"),
        (tariff(*[energy()] * 101), "too_many"),
    ],
)
def test_what_cannot_be_is_refused(given: Tariff, code: str) -> None:
    assert code in codes(given)


def test_hours_without_an_energy_price_are_pointed_out() -> None:
    assert codes(tariff(energy(from_time="06:00", to_time="22:00"))) == ["gap"]
    assert codes(tariff(energy(from_time="06:00", to_time="22:00"), energy(from_time="22:00", to_time="06:00"))) == []
    assert codes(tariff(energy(weekdays=(0, 1, 2, 3, 4)))) == ["gap"]


def test_a_price_that_never_applies_is_pointed_out() -> None:
    assert codes(tariff(energy(), energy("2", from_time="22:00", to_time="06:00"))) == ["unreachable"]


def test_a_price_typed_in_ore_is_pointed_out() -> None:
    assert codes(tariff(energy("450"))) == ["price_odd"]

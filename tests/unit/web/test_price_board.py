"""The price at an outlet: what a charge begins with now stands first, in large; the others say when."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff
from laddverk.web.portal.outlets import price_rows


def energy(price: str, **when: object) -> Component:
    return Component(dimension=Dimension.ENERGY, price=Decimal(price), when=Restriction(**when))  # type: ignore[arg-type]


FEE = Component(dimension=Dimension.SESSION, price=Decimal(5))
DAY, OTHERWISE = energy("4.90", from_time="06:00", to_time="22:00"), energy("3.50")
FRIDAY_NOON, FRIDAY_NIGHT = datetime(2026, 11, 20, 12), datetime(2026, 11, 20, 23)


def shown(*components: Component, at: datetime | None) -> list[tuple[str, str | None]]:
    rows = price_rows(Tariff(components=components), "en", None, at)
    return [(price.replace("\xa0", " "), when) for _, price, when in rows]


@pytest.mark.parametrize(
    ("at", "rows"),
    [
        (FRIDAY_NOON, [("4,90 kr/kWh", "now, 06:00–22:00"), ("3,50 kr/kWh", "otherwise")]),
        (FRIDAY_NIGHT, [("3,50 kr/kWh", "now"), ("4,90 kr/kWh", "06:00–22:00")]),
        (None, [("4,90 kr/kWh", "06:00–22:00"), ("3,50 kr/kWh", "otherwise")]),
    ],
)
def test_the_price_that_applies_now_stands_first(at: datetime | None, rows: list[tuple[str, str | None]]) -> None:
    assert shown(FEE, DAY, OTHERWISE, at=at)[:2] == rows


def test_the_fee_stays_behind_the_energy_as_the_law_wants_it() -> None:
    assert [price for price, _ in shown(FEE, DAY, OTHERWISE, at=FRIDAY_NIGHT)][-1].startswith("5,00")


def test_a_single_price_says_nothing_of_now() -> None:
    assert shown(OTHERWISE, at=FRIDAY_NOON) == [("3,50 kr/kWh", None)]


def test_what_begins_later_in_a_charge_is_not_the_price_now() -> None:
    first = shown(energy("9.00", min_wh=30_000), OTHERWISE, at=FRIDAY_NOON)[0]
    assert first == ("3,50 kr/kWh", "now")
    assert shown(energy("0.00", max_wh=5_000), OTHERWISE, at=FRIDAY_NOON)[0][1].startswith("now, ")  # type: ignore[union-attr]

"""What the lint says of every field beyond prices by time of day."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from laddverk.tariffs.lint import findings
from laddverk.tariffs.model import Component, Dimension, Limit, Reserved, Restriction, Severity, Spot, Tariff

SPOT = Spot(area="SE3", markup=Decimal("0.8"), floor=Decimal(0))


def energy(**more: Any) -> Component:
    return Component(dimension=Dimension.ENERGY, price=Decimal(4), **more)


def codes(tariff: Tariff, power_w: int = 0) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in findings(tariff, power_w)}


def when(**asked: Any) -> Tariff:
    return Tariff(components=(energy(when=Restriction(**asked)), energy()))


@pytest.mark.parametrize(
    ("tariff", "code"),
    [
        (when(min_wh=-1), "energy_bound"),
        (when(min_wh=5, max_wh=5), "energy_range"),
        (when(max_power_w=10**9), "power_bound"),
        (when(min_current_a=Decimal("NaN")), "current_bound"),
        (when(min_duration_s=60, max_duration_s=30), "duration_range"),
        (when(reservation=Reserved.KEPT), "reservation"),
        (Tariff(components=(energy(step=-1),)), "step"),
        (Tariff(components=(energy(step=86_401),)), "step"),
        (Tariff(components=(energy(vat_percent=Decimal(101)),)), "vat"),
        (Tariff(components=(energy(),), free_wh=-1), "free_wh"),
        (Tariff(components=(energy(),), min_price=Limit(gross=Decimal(-1))), "limit"),
        (Tariff(components=(energy(),), min_price=Limit(net=Decimal(9)), max_price=Limit(net=Decimal(8))), "limits"),
        (Tariff(components=(energy(),), idle_free_from="22:00"), "night_rule"),
        (Tariff(components=(energy(),), idle_free_from="22:00", idle_free_to="25:00"), "night_rule"),
        (Tariff(components=(Component(dimension=Dimension.MINIMUM, price=Decimal(1)),)), "dimension"),
        (Tariff(components=(Component(dimension=Dimension.IDLE, price=Decimal(0), spot=SPOT),)), "spot_dimension"),
        (Tariff(components=(energy(spot=Spot(area="se-3", floor=Decimal(0))),)), "spot_area"),
        (Tariff(components=(energy(spot=Spot(area="SE3")),)), "spot_floor"),
        (Tariff(components=(energy(spot=Spot(area="SE3", floor=Decimal(2), ceiling=Decimal(1))),)), "spot_limits"),
        (Tariff(components=(energy(spot=Spot(area="SE3", floor=Decimal(0), factor=Decimal(0))),)), "spot_amount"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tariff: Tariff, code: str) -> None:
    assert codes(tariff)[code] is Severity.ERROR


def test_at_50_kw_a_spot_price_is_a_price_per_kwh_and_reservations_do_not_count() -> None:
    kept = Component(dimension=Dimension.CHARGING, price=Decimal(1), when=Restriction(reservation=Reserved.KEPT))
    tariff = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(0), spot=SPOT), kept))
    assert "afir_per_kwh" not in codes(tariff, 150_000)
    per_minute = Tariff(components=(energy(), Component(dimension=Dimension.CHARGING, price=Decimal(1))))
    assert codes(per_minute, 50_000)["afir_per_kwh"] is Severity.ERROR
    assert "afir_per_kwh" not in codes(per_minute, 49_999)


def test_the_order_of_prices_is_that_of_the_law() -> None:
    fee = Component(dimension=Dimension.SESSION, price=Decimal(5))
    assert codes(Tariff(components=(fee, energy())))["afir_order"] is Severity.WARNING
    assert "afir_order" not in codes(Tariff(components=(energy(), fee)))


def test_two_fees_for_one_session_are_pointed_out() -> None:
    night = Restriction(from_time="22:00", to_time="06:00")
    fees = [Component(dimension=Dimension.SESSION, price=Decimal(5), when=each) for each in (night, Restriction())]
    assert codes(Tariff(components=(energy(), *fees)))["fees"] is Severity.WARNING

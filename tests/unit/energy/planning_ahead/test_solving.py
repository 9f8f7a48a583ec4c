"""The plan as a linear program: cheapest, within every limit, and exact where a tariff bills the same power."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from msgspec.structs import replace

from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.capacity_tariffs import Metered, lines, total_minor
from laddverk.energy.planning_ahead.model import Ahead, Battery, Feeder, Plan, Stay, WhyCapped
from laddverk.energy.planning_ahead.peak_terms import sunk, terms
from laddverk.energy.planning_ahead.solving import solved

BEGINS = datetime(2026, 1, 11, 23, tzinfo=UTC)  # a Monday begins in Sweden
TARIFFS = {tariff.key: tariff for tariff in examples()}
OPEN = Feeder(key="grid", limit_a=((100.0, 100.0, 100.0),))


def stay(key: str, wanted_kwh: float, departs: int, **more) -> Stay:
    given = {"feeder": 0, "use": (1.0, 1.0, 1.0), "watts_per_a": 690.0, "ceiling_a": 16.0} | more
    return Stay(key=key, wanted_wh=wanted_kwh * 1000, departs=departs, **given)


def hours(prices, stays, **more) -> Ahead:
    given = {"feeders": (OPEN,), "begins_at": BEGINS} | more
    return Ahead(step_minutes=60, price_per_kwh=tuple(prices), stays=tuple(stays), **given)


def planned(ahead: Ahead) -> Plan:
    found = solved(ahead)
    assert isinstance(found, Plan)
    return found


def test_a_car_charges_in_the_cheapest_hours_before_it_leaves():
    plan = planned(hours([3, 1, 2, 0.5], [stay("a", 16.56, departs=3)]))
    assert np.allclose(plan.targets_a["a"], [0, 16, 8, 0])
    assert plan.cost == pytest.approx(11.04 * 1 + 5.52 * 2, abs=0.01)
    assert plan.marginal_per_kwh == pytest.approx([3, 1, 2, 0.5], abs=0.01)


def test_of_equal_hours_the_earlier_is_taken():
    assert planned(hours([1, 1, 1], [stay("a", 11.04, departs=3)])).targets_a["a"] == pytest.approx((16, 0, 0))


def test_each_phase_of_each_circuit_is_kept_and_what_finds_no_room_is_told():
    board = Feeder(key="board", parent=0, limit_a=((10.0, 20.0, 20.0),))
    one = {"use": (1.0, 0.0, 0.0), "watts_per_a": 230.0}
    plan = planned(
        hours(
            [1, 1],
            [
                stay("a", 9, departs=2, feeder=1, **one),
                stay("b", 9, departs=2, feeder=1, **one),
                stay("c", 4, departs=2),
            ],
            feeders=(replace(OPEN, limit_a=((25.0, 25.0, 25.0), (12.0, 25.0, 25.0))), board),
        )
    )
    on_board = np.add(plan.targets_a["a"], plan.targets_a["b"])
    assert (on_board <= 10 + 1e-6).all()
    assert (np.add(on_board, plan.targets_a["c"]) <= np.array([25, 12]) + 1e-6).all()
    assert sum(plan.unmet_wh.values()) == pytest.approx(18_000 - 20 * 230, abs=1)


def test_a_promise_goes_before_a_guess():
    tight = replace(OPEN, limit_a=((10.0, 10.0, 10.0),))
    cars = [stay("guess", 6.9, departs=1, unmet_per_kwh=5.0), stay("promise", 6.9, departs=1)]
    assert set(planned(hours([1], cars, feeders=(tight,))).unmet_wh) == {"guess"}


def test_what_fits_after_the_horizon_may_wait_for_a_cheaper_day():
    plan = planned(hours([1, 9], [stay("a", 33.12, departs=4)]))
    assert plan.targets_a["a"] == pytest.approx((16, 0))
    assert plan.unmet_wh == {}


@pytest.mark.parametrize("key", sorted(TARIFFS))
def test_what_the_solver_takes_the_peaks_to_cost_is_what_the_tariff_bills(key: str):
    """A whole month at flat prices: the cost above the energy's is the bill, to what rounding to Wh is worth."""
    tariff = TARIFFS[key]
    begins, periods = datetime(2025, 12, 31, 23, tzinfo=UTC), 31 * 24
    dice = np.random.default_rng(3)
    cars = []
    for day in range(31):
        at = day * 24 + int(dice.integers(7, 20))
        leaves = min(periods, at + int(dice.integers(6, 20)))
        cars.append(stay(str(day), float(dice.uniform(5, 60)), departs=leaves, arrives=at))
    peaks = terms(tariff, begins, 60, periods)
    ahead = hours([1.0] * periods, cars, begins_at=begins, peaks=peaks, base_load_w=(140_000.0,) * periods)
    plan = planned(ahead)
    load = Metered(begins_at=begins, step_minutes=60, energy_wh=tuple(round(grid_w) for grid_w in plan.grid_w))
    fixed = tariff.subscription.power_kw * tariff.subscription.per_kw_year / 12 if tariff.subscription else 0
    billed = total_minor(lines(tariff, load)) / 100 - float(fixed)
    assert plan.cost - sum(plan.grid_w) / 1000 == pytest.approx(billed, rel=1e-3, abs=0.6)


def test_what_the_month_has_seen_is_free_to_use_again():
    tariff = TARIFFS["three-peaks-half-at-night"]
    monday_noon = BEGINS + timedelta(hours=12)
    car = stay("a", 22.08, departs=5)
    prices = [1, 1.5, 1.5, 1.5, 1.5]
    plain = planned(hours(prices, [car], begins_at=monday_noon, peaks=terms(tariff, monday_noon, 60, 5)))
    assert max(plain.targets_a["a"]) == pytest.approx(6.4)  # spread over all hours
    seen = Metered(begins_at=BEGINS - timedelta(days=3), step_minutes=60, energy_wh=(12_000,) * 84)
    before = sunk(tariff, seen, monday_noon)
    free = planned(hours(prices, [car], begins_at=monday_noon, peaks=terms(tariff, monday_noon, 60, 5, before)))
    assert max(free.targets_a["a"]) == pytest.approx(16)
    level = planned(hours(prices, [car], begins_at=monday_noon, peaks=terms(tariff, monday_noon, 60, 5, level_kw=12.0)))
    assert max(level.targets_a["a"]) == pytest.approx(16)


def test_energy_already_taken_in_the_open_hour_counts_for_its_peak():
    tariff = TARIFFS["five-peaks"]
    at = BEGINS + timedelta(hours=12, minutes=45)
    seen = Metered(begins_at=at - timedelta(minutes=45), step_minutes=15, energy_wh=(3_000, 3_000, 3_000))
    (term,) = terms(tariff, at, 15, 5, sunk(tariff, seen, at))
    assert [(each.first, each.last, each.taken_kwh) for each in term.intervals] == [(0, 1, 9.0), (1, 5, 0.0)]


def test_the_sun_is_used_before_the_grid_and_a_battery_carries_it_over():
    battery = Battery(capacity_wh=20_000, held_wh=0, power_max_w=10_000)
    plan = planned(hours([2, 2, 2], [stay("a", 9, departs=3, arrives=2)], solar_w=(10_000, 0, 0), battery=battery))
    assert plan.battery_w[0] == pytest.approx(9_782, rel=0.02)
    assert plan.grid_w == pytest.approx((0, 0, 0), abs=1)


def test_a_battery_does_not_overload_the_connection():
    battery = Battery(capacity_wh=50_000, held_wh=0, power_max_w=50_000)
    small = replace(OPEN, limit_a=((10.0, 10.0, 10.0),))
    plan = planned(hours([0.1, 9], [stay("a", 6, departs=2, arrives=1)], battery=battery, feeders=(small,)))
    assert plan.battery_w[0] <= 6_900 + 1e-3


def test_prices_below_zero_do_not_make_a_pump_of_the_connection():
    plan = planned(hours([-1, 1], [stay("a", 5, departs=2)], sell_per_kwh=(0.0, 5.0), solar_w=(5_000, 0)))
    assert plan.grid_w[0] <= 5_001
    assert plan.targets_a["a"][0] == pytest.approx(5_000 / 690)


def test_no_cars_no_prices_and_no_time_are_answers():
    assert planned(hours([1, 1], [])).targets_a == {}
    assert solved(hours([], [])) is WhyCapped.NO_PRICES
    crowd = [stay(str(number), 30, departs=20) for number in range(40)]
    tight = replace(OPEN, limit_a=((60.0, 60.0, 60.0),))
    assert solved(hours(range(24), crowd, feeders=(tight,)), timeout_s=0) is WhyCapped.TOO_LATE

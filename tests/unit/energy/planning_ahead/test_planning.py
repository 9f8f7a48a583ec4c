"""Plans that chargers can run, that say why a car waits, and that fall back to the cap rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.capping import (
    INTERVAL_FREE,
    caps_kw,
    factors,
    learnt_level,
    level_of,
    replayed,
    shares_kw,
)
from laddverk.energy.planning_ahead.model import Ahead, Feeder, MadeBy, Stay, Waits, WhyCapped
from laddverk.energy.planning_ahead.peak_terms import terms
from laddverk.energy.planning_ahead.planning import planned

EVENING = datetime(2026, 1, 12, 17, tzinfo=UTC)  # 18:00 of a Monday in Sweden
TARIFFS = {tariff.key: tariff for tariff in examples()}


def stay(key: str, wanted_kwh: float, departs: int, **more) -> Stay:
    given = {"feeder": 0, "use": (1.0, 1.0, 1.0), "watts_per_a": 690.0, "ceiling_a": 16.0} | more
    return Stay(key=key, wanted_wh=wanted_kwh * 1000, departs=departs, **given)


def evening(prices, stays, limit_a=100.0, **more) -> Ahead:
    feeder = Feeder(key="grid", limit_a=((limit_a,) * 3,))
    return Ahead(
        begins_at=EVENING, step_minutes=60, price_per_kwh=tuple(prices), feeders=(feeder,), stays=tuple(stays), **more
    )


def test_a_car_waits_for_the_night_and_says_by_how_much_it_is_cheaper():
    plan = planned(evening([1.5] * 8 + [1.07] * 4, [stay("a", 20, departs=12)]), ())
    (wait,) = plan.waits
    assert (wait.key, wait.why, wait.until) == ("a", Waits.CHEAPER, EVENING + timedelta(hours=8))
    assert wait.cheaper_by == pytest.approx(0.43, abs=0.01)
    assert plan.made_by is MadeBy.SOLVER


def test_a_car_waits_because_of_a_peak_though_energy_costs_the_same():
    tariff = TARIFFS["weekday-daytime-by-season"]
    ahead = evening([1.0, 1.0, 1.0], [stay("a", 10, departs=3)], peaks=terms(tariff, EVENING, 60, 3))
    (wait,) = planned(ahead, ()).waits
    assert (wait.why, wait.until) == (Waits.PEAK, EVENING + timedelta(hours=1))
    assert wait.cheaper_by == pytest.approx(111.5 / 3, rel=0.01)


def test_a_car_waits_because_a_circuit_is_full():
    plan = planned(evening([1.0, 2.0], [stay("a", 11, departs=1), stay("b", 11, departs=2)], limit_a=16.0), ())
    assert [(wait.key, wait.why, wait.feeder) for wait in plan.waits] == [("b", Waits.FULL, "grid")]


def test_who_gets_all_it_wants_does_not_wait():
    assert planned(evening([1.0], [stay("a", 5, departs=1), stay("b", 0, departs=1)]), ()).waits == ()


def test_nothing_or_six_amperes_and_never_above_a_limit():
    dice = np.random.default_rng(5)
    for _ in range(20):
        cars = [
            stay(
                str(number), dice.uniform(1, 30), arrives=int(dice.integers(0, 10)), departs=int(dice.integers(11, 24))
            )
            for number in range(8)
        ]
        prices = dice.uniform(0.5, 2, 24)
        ahead = evening(prices, cars, limit_a=20.0, peaks=terms(TARIFFS["five-peaks"], EVENING, 60, 24))
        plan = planned(ahead, ())
        table = np.array(list(plan.targets_a.values()))
        assert ((table == 0) | (table >= 6 - 1e-6)).all()
        assert (table.sum(axis=0) <= 20 + 1e-6).all()
        assert np.allclose(plan.cap_w, table.sum(axis=0) * 690)


def test_less_than_six_amperes_is_saved_up_and_the_car_leaves_with_its_energy():
    peaks = terms(TARIFFS["five-peaks"], EVENING, 60, 12)
    plan = planned(evening([1.0] * 12, [stay("a", 24.84, departs=12)], peaks=peaks), ())  # 3 A would do all the time
    assert sum(plan.targets_a["a"]) == pytest.approx(36)
    assert max(plan.targets_a["a"]) <= 6.5


def test_poor_forecasts_give_the_cap_rule_which_leaves_the_base_load_room_and_lets_one_car_charge():
    ahead = evening([1.0] * 3, [stay("a", 20, departs=2)], base_load_w=(5_000.0, 19_000.0, 0.0))
    plan = planned(ahead, (20.0, 20.0, INTERVAL_FREE), are_forecasts_good=False)
    assert (plan.made_by, plan.why_capped) == (MadeBy.CAP_RULE, WhyCapped.FORECASTS_POOR)
    assert plan.targets_a["a"] == (16, 16, 0)
    assert plan.cap_w[:2] == (15_000, 6 * 690)


def test_no_time_and_no_prices_give_the_cap_rule():
    crowd = [stay(str(number), 30, departs=20) for number in range(40)]
    assert planned(evening(range(24), crowd, limit_a=60), (), timeout_s=0).why_capped is WhyCapped.TOO_LATE
    assert planned(evening([], crowd), (9.0,) * 24).why_capped is WhyCapped.NO_PRICES


def test_the_cap_follows_the_hours_of_the_tariff():
    starts = [EVENING + timedelta(hours=hour) for hour in range(5)]
    half_at_night = factors(TARIFFS["three-peaks-half-at-night"], starts)
    assert list(caps_kw(20, half_at_night)) == [20, 20, 20, 20, 40]
    assert list(caps_kw(20, factors(TARIFFS["weekday-daytime-by-season"], starts))) == [20] + [INTERVAL_FREE] * 4


def test_shares_of_a_cap_are_equal_up_to_what_each_takes_and_keep_each_phase():
    most, use = np.array([2.0, 7.0, 7.0, 7.0]), np.eye(3)[[0, 0, 1, 2]] / 0.23
    open_a, tight_a = np.full(3, 1_000.0), np.full(3, 5 / 0.23)
    assert shares_kw(most, use, open_a, 14.0) == pytest.approx([2, 4, 4, 4])
    assert shares_kw(most, use, tight_a, 100.0) == pytest.approx([2, 3, 5, 5])
    assert shares_kw(most, use, open_a, 0.0) == pytest.approx([0, 0, 0, 0])
    three = np.array([[1 / 0.69] * 3, [1 / 0.23, 0, 0]])
    assert shares_kw(np.array([11.0, 3.0]), three, np.array([20.0, 20, 20]), 100.0) == pytest.approx([6.9, 2.3])


def test_a_level_is_learnt_from_evenings_in_which_a_lower_peak_would_have_cost_nothing():
    tariff = TARIFFS["five-peaks"]
    cars = [
        stay(f"{day}-{number}", 11.04, arrives=24 * day, departs=24 * day + 12)
        for day in range(6)
        for number in range(3)
    ]
    seen = evening([1.0] * 144, cars, peaks=terms(tariff, EVENING, 60, 144))
    level = level_of(seen, tariff)
    # 33 kWh in twelve hours need 2.76 kW; the least of the twelve levels that were tried gives that.
    assert level == pytest.approx(33.12 / 12)
    given = replayed(seen, caps_kw(level, factors(tariff, [EVENING + timedelta(hours=hour) for hour in range(144)])))
    assert sum(map(sum, given.values())) == pytest.approx(6 * 33_120)
    assert np.max(np.sum(list(given.values()), axis=0)) == pytest.approx(2_760)
    assert level_of(evening([1.0], []), tariff) == 0.0


def test_a_level_is_learnt_where_the_past_would_have_cost_least():
    assert learnt_level(lambda level: abs(level - 31), 60.0) == 30.0

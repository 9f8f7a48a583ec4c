"""Forecasts: the driver first, then habit, then everybody; intervals that cover what they say."""

from __future__ import annotations

import numpy as np
import pytest

from laddverk.energy.planning_ahead.forecasting import (
    COVERAGE,
    Interval,
    Source,
    Stays,
    are_good,
    arrivals,
    arrivals_between,
    base_load,
    score,
    stay,
    told,
    widened,
)

NOBODY = Stays(np.zeros(0), np.zeros(0), np.zeros(0))


def stays(hour: float, hours: list[float], energy_kwh: float = 10.0) -> Stays:
    return Stays(np.full(len(hours), hour), np.array(hours, dtype=float), np.full(len(hours), energy_kwh))


def test_own_habit_goes_before_everybodys():
    own, everybody = stays(18, [12.0] * 10), stays(18, [3.0] * 100)
    assert stay(own, everybody, 18)[0] == Interval(low=12, middle=12, high=12, source=Source.OWN_HABIT)
    assert stay(stays(18, [12.0] * 3), everybody, 18)[0].source is Source.EVERYBODY
    assert stay(NOBODY, NOBODY, 18)[0].source is Source.NOTHING


def test_stays_of_the_same_kind_of_day_and_hour_are_compared():
    weekday, saturday = stays(18, [12.0] * 10), stays(5 * 24 + 11, [2.0] * 10)
    both = Stays(*(np.concatenate(pair) for pair in zip(
        (weekday.hour_of_week, weekday.hours, weekday.energy_kwh),
        (saturday.hour_of_week, saturday.hours, saturday.energy_kwh), strict=True)))  # fmt: skip
    assert stay(both, NOBODY, 24 + 19)[0].middle == 12
    assert stay(both, NOBODY, 6 * 24 + 10)[0].middle == 2


def test_what_has_been_so_far_is_believed():
    hours, energy = stay(stays(18, [2.0, 3, 4, 9, 10, 11, 12, 13]), NOBODY, 18, so_far=(8.0, 15.0))
    assert 8 <= hours.low <= hours.middle <= hours.high
    assert energy.low == energy.high == 15


def test_intervals_that_missed_are_widened_until_they_cover_what_they_say():
    dice = np.random.default_rng(1)
    narrow = Interval(low=9, middle=10, high=11, source=Source.EVERYBODY)
    missed = [score(narrow, each) for each in dice.normal(10, 4, 2_000)]
    wider = widened(missed)
    covered = np.mean([9 - wider <= each <= 11 + wider for each in dice.normal(10, 4, 4_000)])
    assert covered == pytest.approx(COVERAGE, abs=0.05)
    assert widened(missed[:5]) == 0.0


def test_cars_come_by_the_hour_of_the_week_and_counts_have_an_interval():
    rates = arrivals(np.array([18] * 8 + [18 + 168] * 8), weeks=4)
    assert rates[18] == pytest.approx(2.0)
    assert rates[17] == rates[19] == pytest.approx(1.0)
    assert rates.sum() == pytest.approx(4.0)
    assert arrivals_between(0.0) == (0, 0)
    low, high = arrivals_between(9.0)
    counts = np.random.default_rng(2).poisson(9.0, 5_000)
    assert np.mean((counts >= low) & (counts <= high)) >= COVERAGE


def test_the_building_draws_as_in_this_hour_of_late_weeks():
    found = base_load(np.array([7] * 4), np.array([0.0, 1, 60, 60]), np.array([5_000.0, 5_200, 100, 100]))
    assert found[7][1] >= 5_000
    assert found[8].tolist() == found[9].tolist()
    assert not base_load(np.zeros(0, dtype=int), np.zeros(0), np.zeros(0)).any()


def test_a_plan_is_made_only_where_enough_energy_has_a_known_departure():
    vague = Interval(low=2, middle=8, high=14, source=Source.OWN_HABIT)
    assert are_good([told(9.0), vague], [10, 8])
    assert not are_good([told(9.0), vague], [10, 12])
    assert are_good([Interval(low=8, middle=9, high=10, source=Source.OWN_HABIT)], [5])
    assert not are_good([], [])

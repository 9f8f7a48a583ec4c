"""The statistics of detectors: from their formulas, at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf, log, nan, sqrt

import pytest

from laddverk.diagnostics.detectors import statistics
from laddverk.diagnostics.detectors.statistics import (
    Baseline,
    Drift,
    DriftPlan,
    RateCusum,
    RatePlan,
    ShareCusum,
    SharePlan,
    elapsed_s,
    later,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
ALTERNATING = [9.0, 11.0] * 12 + [10.0]


def learnt() -> Baseline:
    baseline = Baseline()
    for value in ALTERNATING:
        baseline.learn(value)
    return baseline


def test_a_baseline_is_the_median_and_mad_of_the_first_25_samples() -> None:
    baseline = learnt()
    assert baseline.centre == 10.0
    assert baseline.sigma == pytest.approx(1.4826)
    assert baseline.samples == []


def test_one_sample_short_of_25_knows_nothing() -> None:
    baseline = Baseline()
    for value in ALTERNATING[:-1]:
        baseline.learn(value)
    assert not baseline.is_learnt
    assert baseline.z(100.0) is None


def test_a_baseline_stands_still_afterwards() -> None:
    baseline = learnt()
    for _ in range(100):
        baseline.learn(50.0)
    assert baseline.centre == 10.0


def test_what_is_not_a_number_is_not_learnt() -> None:
    baseline = Baseline()
    for value in (nan, inf, -inf):
        baseline.learn(value)
    assert baseline.samples == []
    assert learnt().z(nan) is None


def test_one_wild_value_counts_for_twelve_sigmas_at_most() -> None:
    assert learnt().z(1e9) == 12.0
    assert learnt().z(-1e9) == -12.0


def test_equal_samples_leave_a_sigma_that_divides() -> None:
    baseline = Baseline()
    for _ in range(25):
        baseline.learn(0.0)
    assert baseline.sigma > 0


def drift_after(values: list[float], plan: DriftPlan) -> Drift:
    drift = Drift()
    for number, value in enumerate([*ALTERNATING, *values]):
        drift.hear(value, START + timedelta(hours=number), plan)
    return drift


def test_drift_needs_both_the_ewma_and_the_cusum() -> None:
    plan = DriftPlan()
    two_sigma = 10 + 2 * 1.4826
    ewma = 0.0
    cusum = 0.0
    for count in range(1, 20):
        ewma += 0.15 * (2 - ewma)
        cusum += 2 - 0.75
        drift = drift_after([two_sigma] * count, plan)
        assert drift.ewma == pytest.approx(ewma)
        assert drift.is_drifting(plan) == (ewma > 4.2 * sqrt(0.15 / 1.85) and cusum > 9)
    assert drift.since == START + timedelta(hours=25)


def test_a_fall_counts_where_the_plan_says_so() -> None:
    falling = [10 - 3 * 1.4826] * 10
    assert drift_after(falling, DriftPlan(upward=False)).is_drifting(DriftPlan(upward=False))
    assert not drift_after(falling, DriftPlan()).is_drifting(DriftPlan())


def test_a_drift_that_returns_is_normal_again_in_bounded_time() -> None:
    plan = DriftPlan()
    drift = drift_after([1000.0] * 500 + [10.0] * 30, plan)
    assert drift.is_normal(plan)
    assert not drift.is_drifting(plan)


def test_a_rate_at_its_own_usual_level_never_rises() -> None:
    plan = RatePlan(prior_per_day=1.0)
    rate = RateCusum()
    for day in range(200):
        rate.hear(START + timedelta(days=day), plan)
        assert not rate.is_risen(plan)
    assert rate.own_per_day(plan) == pytest.approx(1.0, abs=0.1)


def test_a_rate_that_rises_does_so_when_the_score_passes_the_limit() -> None:
    plan = RatePlan(prior_per_day=0.5, times=3, plus_per_day=1, limit=3.0)
    rate = RateCusum()
    rate.pass_time(START, plan)
    rate.hear(START, plan)
    assert rate.score == pytest.approx(log(3))
    rate.hear(START, plan)
    assert not rate.is_risen(plan)
    rate.hear(START, plan)
    assert rate.is_risen(plan)
    assert rate.since == START


def test_a_quiet_time_brings_the_score_to_nought() -> None:
    plan = RatePlan(prior_per_day=0.5)
    rate = RateCusum()
    for _ in range(100):
        rate.hear(START, plan)
    assert rate.score == plan.limit * 2
    rate.pass_time(START + timedelta(days=rate.quiet_days(plan) + 0.01), plan)
    assert rate.score == 0
    assert rate.since is None


def test_time_that_runs_backwards_is_no_time() -> None:
    plan = RatePlan(prior_per_day=0.5)
    rate = RateCusum()
    rate.hear(START, plan)
    score = rate.score
    rate.pass_time(START - timedelta(days=400), plan)
    assert rate.score == score
    assert rate.at == START
    assert elapsed_s(START, START - timedelta(days=1)) == 0


def test_a_share_rises_after_as_many_failures_as_the_formula_says() -> None:
    plan = SharePlan()
    share = ShareCusum()
    p0 = 0.04
    needed = 0
    while not share.is_risen(plan):
        share.hear(True, START, p0, plan)
        needed += 1
    assert needed == 5  # 5 x ln(.22 / .04) = 8.5; four are 6.8

    share = ShareCusum()
    for _ in range(1000):
        for failed in (True, *[False] * 24):
            share.hear(failed, START, p0, plan)
            assert not share.is_risen(plan)


def test_what_passed_the_limit_is_not_taken_for_normal_afterwards() -> None:
    plan = SharePlan()
    share = ShareCusum()
    for _ in range(50):
        share.hear(True, START, 0.04, plan)
    while share.score:
        share.hear(False, START, 0.04, plan)
    assert share.own_share(0.04, plan) == pytest.approx(0.04)

    share.hear(True, START, 0.04, plan)
    while share.score:
        share.hear(False, START, 0.04, plan)
    assert share.fails == 1


def test_a_share_that_was_always_high_is_tested_against_three_times_itself() -> None:
    assert SharePlan().risen(0.04) == 0.22
    assert SharePlan().risen(0.20) == pytest.approx(0.6)
    assert SharePlan().risen(0.9) == 0.95


def test_shrinkage_lies_between_the_peers_and_the_own() -> None:
    assert statistics.shrunken_share(0, 0, 0.04, 40) == pytest.approx(0.04)
    assert statistics.shrunken_share(40, 40, 0.0, 40) == pytest.approx(0.5)
    assert statistics.shrunken_share(9, 0, 9, 0) == 0.95
    assert statistics.shrunken_rate(0, 0, 0.5, 14) == pytest.approx(0.5)
    assert statistics.shrunken_rate(28, 14, 0.0, 14) == pytest.approx(1.0)
    assert statistics.shrunken_rate(0, 0, 0, 0) > 0


def test_an_instant_beyond_the_calendar_is_the_last_one() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert later(end, 60) == end
    assert later(end - timedelta(days=3), 1e12) < end
    assert later(START, 60) == START + timedelta(minutes=1)

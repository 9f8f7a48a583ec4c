"""Cars, versions and quiet outlets: from the formulas, at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, log
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.diagnostics.cohorts.chance import (
    beta_cdf,
    beta_quantile,
    chance_of_ratio,
    poisson_at_most,
    share_interval,
)
from laddverk.diagnostics.cohorts.model import CarVisit, Quiet, StationDays
from laddverk.diagnostics.cohorts.rules import (
    CHANCE_MAX,
    car_cases,
    compared,
    expected,
    hours_between,
    network_factor,
    profile,
)
from laddverk.kernel.ids import StationId

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
ZONE = ZoneInfo("Europe/Stockholm")
EVEN = dict.fromkeys(range(168), 1 / 168)


def station(number: int) -> StationId:
    return StationId(UUID(int=number))


# Chances.


def test_the_beta_distribution_is_that_of_tables() -> None:
    assert beta_cdf(0.5, 1, 1) == pytest.approx(0.5)
    assert beta_cdf(0.3, 2, 5) == pytest.approx(0.579825)
    assert beta_cdf(0.9, 8, 2) == pytest.approx(0.7748409780)
    assert beta_cdf(0.02, 20, 980) == pytest.approx(0.5293, abs=2e-3)


@given(st.floats(0.001, 0.999), st.floats(0.1, 500), st.floats(0.1, 500))
def test_a_beta_and_its_mirror_make_one(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) + beta_cdf(1 - x, b, a) == pytest.approx(1, abs=1e-9)
    assert 0 <= beta_cdf(x, a, b) <= 1


def test_a_quantile_is_where_the_distribution_is() -> None:
    assert beta_cdf(beta_quantile(0.05, 3, 90), 3, 90) == pytest.approx(0.05)


def test_equal_rates_are_hardly_half_as_high_again_and_ten_times_the_rate_is() -> None:
    prior = (1.2, 30.0)
    assert chance_of_ratio(20, 500, 20, 500, ratio=1.5, prior=prior) < 0.2
    assert chance_of_ratio(200, 500, 20, 500, ratio=1.5, prior=prior) > 0.999
    assert chance_of_ratio(2, 5, 20, 500, ratio=1.5, prior=prior) < 0.95


def test_the_poisson_tail_is_exact() -> None:
    assert poisson_at_most(0, log(10_000)) == pytest.approx(1e-4)
    assert poisson_at_most(2, 3.0) == pytest.approx(exp(-3) * (1 + 3 + 4.5))
    assert poisson_at_most(3, 0.0) == 1.0


def test_an_interval_holds_the_share_and_narrows() -> None:
    low, high = share_interval(20, 200, (1.2, 30.0))
    assert low < 0.1 < high
    assert high - low > share_interval(200, 2_000, (1.2, 30.0))[1] - share_interval(200, 2_000, (1.2, 30.0))[0]


# Cars.


def visits(pattern: str, key: str = "car") -> list[CarVisit]:
    """Return one visit a day, each to another station: `x` failed."""
    return [
        CarVisit(
            key=key, is_car=True, make="Acme", station_id=station(n), ended_at=START + timedelta(days=n),
            ok=sign != "x",
        )
        for n, sign in enumerate(pattern)
    ]  # fmt: skip


def test_a_car_that_fails_at_three_chargers_is_a_case_and_at_two_is_none() -> None:
    (case,) = car_cases(visits("xxx"), {})
    assert (case.stations, case.visits, case.failed, case.station_id) == (3, 3, 3, station(2))
    assert car_cases(visits("xx"), {}) == []


def test_a_car_that_fails_in_half_of_its_visits_is_none() -> None:
    assert car_cases(visits("xoxoxoxo"), {}) == []
    assert len(car_cases(visits("xoxoxxx"), {})) == 1


def test_chargers_that_fail_for_all_are_not_the_cars_fault() -> None:
    assert car_cases(visits("xxx"), {station(1): 0.5}) == []
    assert len(car_cases(visits("xxxx"), {station(1): 0.5})) == 1


def test_a_car_that_charges_again_is_over() -> None:
    assert car_cases(visits("xxxxxxoo"), {}) == []


# Versions.


def stood(firmware: str, first: int, failed: list[int], attempts: int = 40, troubles: int = 0) -> list[StationDays]:
    """Return how some stations did with a version, from the day `first` on."""
    return [
        StationDays(
            vendor="Acme", model="One", firmware=firmware, station_id=station(n), days=20, attempts=attempts,
            first_day=START + timedelta(days=first), failed=fails, troubles=troubles,
        )
        for n, fails in enumerate(failed)
    ]  # fmt: skip


def test_a_version_that_fails_five_times_as_often_is_worse_and_one_that_fails_as_often_is_not() -> None:
    old = stood("1.0", 0, [2, 1, 2, 1, 2])
    first, second = compared(old + stood("2.0", 20, [9, 8, 10, 7, 9]))
    assert (first.is_worse, first.measures) == (False, ())
    assert second.is_worse
    assert second.worst_station == station(2)
    assert not compared(old + stood("2.0", 20, [2, 2, 1, 2, 2]))[1].is_worse


def test_one_broken_charger_is_no_regression() -> None:
    assert not compared(stood("1.0", 0, [2, 1, 2, 1, 2]) + stood("2.0", 20, [1, 2, 38, 1, 2]))[1].is_worse


def test_few_attempts_are_not_compared() -> None:
    (_, second) = compared(stood("1.0", 0, [2] * 5) + stood("2.0", 20, [2, 2, 2], attempts=4, troubles=1))
    assert [measure.what for measure in second.measures] == ["troubles"]


def test_troubles_count_where_attempts_do_not() -> None:
    second = compared(stood("1.0", 0, [1] * 5) + stood("2.0", 20, [1] * 5, troubles=4))[1]
    assert second.is_worse
    assert second.chance is not None
    assert second.chance > 0.95


def test_versions_that_began_on_the_same_day_are_not_compared() -> None:
    assert all(not one.measures for one in compared(stood("1.0", 0, [1] * 5) + stood("2.0", 0, [20] * 5)))


# Demand.


def quiet(days: float, per_hour: int = 1, **more: object) -> Quiet:
    fields = {
        "site_now": 0, "site_before": 0, "site_weeks": 0.0, "weeks": 8.0,
        "hours": dict.fromkeys(range(168), per_hour),
    } | more  # fmt: skip
    return Quiet(station_id=station(1), evse_number=1, quiet_since=START, zone="UTC", **fields)  # type: ignore[arg-type]  # names and values of fields


def test_nobody_in_four_days_where_three_come_a_day_is_odd_and_in_three_days_is_not() -> None:
    """168 attempts in 8 weeks are 3 a day; a chance of 1 in 10,000 needs 9.21 expected."""
    three = expected(quiet(3), EVEN, 1.0, START + timedelta(days=3))
    four = expected(quiet(4), EVEN, 1.0, START + timedelta(days=4))
    assert three.attempts == pytest.approx(9.0)
    assert three.chance > CHANCE_MAX > four.chance


def test_an_outlet_that_few_use_is_not_missed() -> None:
    seldom = quiet(30, hours={9: 19})
    assert expected(seldom, EVEN, 1.0, START + timedelta(days=30)).chance == 1.0


def test_in_holidays_nobody_is_missed() -> None:
    holiday = quiet(4, site_now=0, site_before=1_000, site_weeks=8.0)
    assert expected(holiday, EVEN, 0.1, START + timedelta(days=4)).chance > CHANCE_MAX


def test_busy_neighbours_do_not_excuse_it() -> None:
    busy = quiet(4, site_now=400, site_before=400, site_weeks=8.0)
    assert expected(busy, EVEN, 1.0, START + timedelta(days=4)).factor == 1.0


def test_a_workplace_is_not_missed_at_the_weekend() -> None:
    office = {hour: 10 for day in range(5) for hour in range(24 * day + 7, 24 * day + 10)}
    saturday = datetime(2026, 3, 7, tzinfo=UTC)
    at_work = Quiet(
        station_id=station(1), evse_number=1, quiet_since=saturday, zone="UTC", hours=office, weeks=8.0,
        site_now=0, site_before=0, site_weeks=0.0,
    )  # fmt: skip
    weekend = expected(at_work, EVEN, 1.0, saturday + timedelta(days=2)).attempts
    assert weekend < expected(at_work, EVEN, 1.0, saturday + timedelta(days=4)).attempts / 4


def test_hours_are_local_and_a_summer_night_is_an_hour_short() -> None:
    change = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Stockholm; at two the clock goes to three
    passed = hours_between(change, change + timedelta(hours=23), ZONE)
    assert sum(passed.values()) == pytest.approx(23)
    assert passed[6 * 24 + 2] == 0
    assert passed[6 * 24 + 3] == 1


def test_the_network_says_whether_it_is_a_holiday() -> None:
    by_hour = {START - timedelta(hours=n): 10 for n in range(1, 24 * 28)}
    network = profile(by_hour, ZONE)
    assert sum(network.values()) == pytest.approx(1)
    end = START + timedelta(days=2)
    as_usual = by_hour | {START + timedelta(hours=n): 10 for n in range(48)}
    assert network_factor(as_usual, network, START, end, ZONE) == pytest.approx(1, abs=0.05)
    assert network_factor(by_hour, network, START, end, ZONE) < 0.05
    assert network_factor({}, network, START, end, ZONE) == 1.0

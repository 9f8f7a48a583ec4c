"""How long a drift lasts: known slopes are found, nothing is claimed of noise, and eight in ten means eight in ten."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laddverk.diagnostics.upkeep.lasting import Point, Remaining, remaining, trend_z


def line(
    slope: float, noise: float, seed: int, *, count: int = 20, every: float = 1.5, start: float = 40
) -> list[Point]:
    random = Random(seed)
    return [
        Point(day=each * every, value=start + slope * each * every + random.gauss(0, noise)) for each in range(count)
    ]


def test_a_clean_line_meets_its_limit_on_the_day_that_it_must() -> None:
    found = remaining(line(0.5, 0, 1), 60, 28.5)
    assert found is not None
    assert found.days == pytest.approx(11.5)
    assert (found.low_days, found.high_days) == (pytest.approx(11.5), pytest.approx(11.5))
    assert found.slope == pytest.approx(0.5)


def test_what_falls_meets_a_limit_below() -> None:
    found = remaining([Point(day=one.day, value=-one.value) for one in line(0.5, 0, 1)], -60, 28.5, upward=False)
    assert found is not None
    assert found.days == pytest.approx(11.5)
    assert found.slope == pytest.approx(-0.5)
    assert found.level == pytest.approx(-54.25)


def test_what_is_past_its_limit_remains_no_day() -> None:
    found = remaining(line(0.5, 0.2, 1), 45, 28.5)
    assert found is not None
    assert (found.days, found.low_days) == (0, 0)


def test_two_odd_days_do_not_turn_the_line() -> None:
    points = line(0.5, 0.3, 3)
    points[6] = Point(day=points[6].day, value=400)
    points[14] = Point(day=points[14].day, value=-90)
    found = remaining(points, 60, 28.5)
    assert found is not None
    assert found.days == pytest.approx(11.5, abs=4)


@pytest.mark.parametrize(
    "points",
    [
        line(0.5, 0.1, 1, count=9, every=3),
        line(0.5, 0.1, 1, count=20, every=0.3),
        line(-0.5, 0.1, 1),
        [Point(day=one.day, value=40.0) for one in line(0, 0, 1)],
        line(0.02, 0.01, 1),
    ],
    ids=["too few", "too short a time", "it gets better", "it stands still", "far beyond what was seen"],
)
def test_nothing_is_claimed_without_a_basis(points: list[Point]) -> None:
    assert remaining(points, 60, points[-1].day) is None


def test_noise_alone_is_hardly_ever_a_trend() -> None:
    claims = sum(
        trend_z(*zip(*[(one.day, one.value) for one in line(0, 1, seed)], strict=True)) > 2.6 for seed in range(600)
    )
    assert claims <= 8


def test_an_interval_of_eight_in_ten_holds_the_truth_about_eight_times_in_ten() -> None:
    """The truth: a line that rises 0.4 a day meets 60 after 50 days; noise as of a plug's rise over the air."""
    made = [remaining(line(0.4, 1.5, seed), 60, 28.5) for seed in range(300)]
    claimed = [one for one in made if one is not None]
    held = sum(one.low_days <= 21.5 <= one.high_days for one in claimed)
    assert len(claimed) > 280
    assert 0.70 <= held / len(claimed) <= 0.90


values = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(st.builds(Point, day=st.floats(0, 90), value=values), max_size=40), st.floats(-1e6, 1e6), st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_read_an_interval_is_in_order_and_the_same_every_time(
    points: list[Point], limit: float, upward: bool
) -> None:
    found: Remaining | None = remaining(points, limit, 90, upward=upward)
    assert remaining(list(reversed(points)), limit, 90, upward=upward) == found or len(
        {one.day for one in points}
    ) < len(points)
    if found is not None:
        assert 0 <= found.low_days <= found.days <= found.high_days

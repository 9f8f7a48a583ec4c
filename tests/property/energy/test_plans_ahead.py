"""Plans ahead, for any site and any cars: no limit is exceeded, no energy is invented, bills add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.capacity_tariffs import Metered, by_interval, lines, shifted, total_minor
from laddverk.energy.planning_ahead.forecasting import Stays, stay
from laddverk.energy.planning_ahead.model import Ahead, Feeder, Plan, Stay
from laddverk.energy.planning_ahead.peak_terms import terms
from laddverk.energy.planning_ahead.planning import planned
from laddverk.energy.planning_ahead.solving import below, solved

BEGINS = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the clocks go forward in the night
TARIFFS = examples()
PERIODS = 12
USES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0))
amperes = st.floats(0, 60)


@st.composite
def sites(draw) -> Ahead:
    """Return a random tree with random cars, prices and a tariff."""
    count = draw(st.integers(1, 4))
    feeders = [
        Feeder(
            key=str(number),
            parent=-1 if number == 0 else draw(st.integers(0, number - 1)),
            limit_a=tuple(
                draw(st.tuples(amperes, amperes, amperes)) for _ in range(draw(st.sampled_from([1, PERIODS])))
            ),
        )
        for number in range(count)
    ]
    cars = []
    for number in range(draw(st.integers(0, 5))):
        use = draw(st.sampled_from(USES))
        arrives = draw(st.integers(0, PERIODS - 1))
        cars.append(
            Stay(
                key=str(number), feeder=draw(st.integers(0, count - 1)), use=use, watts_per_a=230 * sum(use),
                ceiling_a=draw(st.sampled_from([6.0, 16.0, 32.0])), wanted_wh=draw(st.floats(0, 40_000)),
                arrives=arrives, departs=arrives + draw(st.integers(1, 20)),
            )
        )  # fmt: skip
    prices = draw(st.lists(st.floats(-0.5, 5), min_size=PERIODS, max_size=PERIODS))
    peaks = terms(draw(st.sampled_from(TARIFFS)), BEGINS, 60, PERIODS)
    return Ahead(
        begins_at=BEGINS, step_minutes=60, price_per_kwh=tuple(prices), feeders=tuple(feeders), stays=tuple(cars),
        peaks=peaks,
    )  # fmt: skip


def over_a(ahead: Ahead, plan: Plan) -> float:
    """Return by how much the worst phase of any circuit is over its limit in any period."""
    worst = -float("inf")
    for feeder, members in zip(ahead.feeders, below(ahead), strict=True):
        load = np.zeros((ahead.periods, 3))
        for member in members:
            one = ahead.stays[member]
            load += np.outer(plan.targets_a[one.key], one.use)
        worst = max(worst, float((load - np.broadcast_to(feeder.limit_a, load.shape)).max()))
    return worst


@settings(max_examples=40, deadline=None)
@given(sites())
def test_no_plan_is_above_a_limit_and_what_is_not_lacking_is_given(ahead: Ahead):
    plan = solved(ahead)
    assert isinstance(plan, Plan)
    assert over_a(ahead, plan) <= 1e-5
    for one in ahead.stays:
        targets = np.array(plan.targets_a[one.key])
        assert not targets[: one.arrives].any()
        assert not targets[one.departs :].any()
        given_wh = targets.sum() * one.watts_per_a
        lacking_wh = plan.unmet_wh.get(one.key, 0.0)
        assert given_wh + lacking_wh <= one.wanted_wh + 2
        if one.departs <= PERIODS:
            assert abs(given_wh + lacking_wh - one.wanted_wh) <= 2


@settings(max_examples=40, deadline=None)
@given(sites())
def test_what_chargers_can_run_is_nothing_or_the_floor_and_within_every_limit(ahead: Ahead):
    plan = planned(ahead, ())
    assert over_a(ahead, plan) <= 1e-5
    for one in ahead.stays:
        targets = np.array(plan.targets_a[one.key])
        assert ((targets == 0) | ((targets >= one.floor_a - 1e-5) & (targets <= one.ceiling_a + 1e-5))).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=200), st.sampled_from([15, 60]), st.sampled_from(TARIFFS))
def test_no_energy_is_lost_between_steps_and_intervals_and_more_load_never_costs_less(energy_wh, step, tariff):
    load = Metered(begins_at=BEGINS + timedelta(minutes=step), step_minutes=step, energy_wh=tuple(energy_wh))
    assert sum(power_w for _, power_w in by_interval(load, 60)) == Fraction(sum(energy_wh))
    more = shifted(load, [(len(energy_wh) // 2, 50_000)])
    assert total_minor(lines(tariff, more)) >= total_minor(lines(tariff, load))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 167.9), st.floats(0.1, 200), st.floats(0, 90)), max_size=30),
    st.floats(0, 167.9), st.floats(-5, 50), st.floats(0, 300),
)  # fmt: skip
def test_an_interval_is_in_order_and_not_before_what_has_been(past, hour, wider, so_far):
    table = np.array(past, dtype=np.float64).reshape(-1, 3)
    stays = Stays(table[:, 0], table[:, 1], table[:, 2])
    for interval in stay(stays, stays, hour, (wider, wider), (so_far, so_far)):
        assert so_far <= interval.low <= interval.middle <= interval.high

"""Water-filling is exact: equal to a sequence of linear programs, and max-min by its definition."""

from __future__ import annotations

from datetime import UTC, datetime

import highspy
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.energy.allocating.filling import ITSELF, filled
from laddverk.energy.allocating.model import Branch, Demand
from laddverk.energy.allocating.rows import Floats, Rows, rows_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
amperes = st.integers(0, 320).map(lambda tenths: tenths / 10)
USES = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 0.0)]
ANGLED = [((1.0, 1.0, 0.0), (30.0, -30.0, 0.0)), ((0.0, 1.0, 1.0), (0.0, 30.0, -30.0)), ((1.7, 1.7, 1.7), (0.0,) * 3)]


@st.composite
def trees(draw: st.DrawFn, most: int = 6) -> tuple[Rows, Floats, Floats, Floats]:
    """Rows of a small random tree, with what each demand holds at least and at most, and its weight."""
    branches = [
        Branch(
            key=str(place),
            parent=draw(st.integers(-1 if place == 0 else 0, place - 1)),
            limit_a=(draw(amperes), draw(amperes), draw(amperes)),
        )
        for place in range(draw(st.integers(1, 4)))
    ]
    on_delta, demands = draw(st.booleans()), []
    for key in range(draw(st.integers(1, most))):
        use, angle = draw(st.sampled_from(ANGLED)) if on_delta else (draw(st.sampled_from(USES)), None)
        demands.append(
            Demand(
                key=str(key), branch=draw(st.integers(0, len(branches) - 1)), use_a=use, since=NOW,
                angle_deg=angle if draw(st.booleans()) else None, ceiling_a=draw(amperes),
            )
        )  # fmt: skip
    rows = rows_of(branches, demands)
    high = np.array([demand.ceiling_a for demand in demands])
    low = np.array([draw(st.sampled_from((0.0, 0.0, 1.0, 6.0))) for _ in demands])
    low = np.minimum(low, high)
    while (rows.loaded(low) > rows.limit_a + 1e-9).any():  # what admission sees to
        low[np.flatnonzero(low)[0]] = 0.0
    weight = np.array([draw(st.sampled_from((0.5, 1.0, 1.0, 3.0))) for _ in demands])
    return rows, low, high, weight


def alike(low: Floats) -> np.ndarray:
    return np.zeros(len(low), dtype=np.int64)


def by_programs(rows: Rows, low: Floats, high: Floats, weight: Floats) -> Floats:
    """The same shares by linear programs: raise the least, fix whoever cannot have more, and so on."""
    shares, fixed = low.copy(), np.zeros(len(low), dtype=bool)
    while not fixed.all():
        level = _largest(rows, np.where(fixed, shares, low), np.where(fixed, shares, high), np.where(fixed, 0, weight))
        least = np.where(fixed, shares, np.maximum(low, weight * level))
        for one in np.flatnonzero(~fixed):
            goal = np.zeros(len(low))
            goal[one] = 1.0
            most = _largest(rows, least - 1e-9, np.where(fixed, shares, high), goal, only=one)
            if most <= weight[one] * level + 1e-6:
                shares[one], fixed[one] = weight[one] * level, True
    return shares


def _largest(rows: Rows, least: Floats, most: Floats, weight: Floats, only: int | None = None) -> float:
    """The largest level to which all with a weight can rise; with `only`, the most that this one can have."""
    model = highspy.Highs()
    model.silent()
    level = model.addVariable(0.0, 1e4)
    model.changeColCost(0, 1.0)
    shares = [model.addVariable(max(0.0, min(float(a), float(b))), float(b)) for a, b in zip(least, most, strict=True)]
    for row, limit in enumerate(rows.limit_a):
        on_row = [
            (float(rows.load[one, column]), shares[one])
            for one, column in zip(*np.nonzero((rows.row_of == row) & (rows.load > 0)), strict=True)
        ]
        if on_row:
            model.addConstr(sum(share * load for load, share in on_row) <= float(limit) + 1e-9)
    for one, share in enumerate(shares):
        if weight[one] > 0 and only in (None, one):
            model.addConstr(share - level * float(weight[one]) >= 0.0)
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    model.run()
    return float(model.getInfo().objective_function_value)


@settings(max_examples=25, deadline=None)
@given(trees(most=5))
def test_shares_equal_those_of_a_sequence_of_linear_programs(tree):
    rows, low, high, weight = tree
    assert (
        np.abs(filled(rows, low, high, weight, alike(low)).current_a - by_programs(rows, low, high, weight)).max()
        < 1e-5
    )


@settings(max_examples=60, deadline=None)
@given(trees(most=12))
def test_nobody_can_have_more_without_somebody_with_less_losing(tree):
    rows, low, high, weight = tree
    shares = filled(rows, low, high, weight, alike(low)).current_a
    loaded = rows.loaded(shares)
    assert (loaded <= rows.limit_a + 1e-6).all()
    assert (shares >= low - 1e-9).all()
    assert (shares <= high + 1e-9).all()
    level = shares / weight
    full = np.append(loaded >= rows.limit_a - 1e-6, False)
    for one in np.flatnonzero(shares < high - 1e-6):
        held_on = [row for row, load in zip(rows.row_of[one], rows.load[one], strict=True) if load > 0 and full[row]]
        assert any(
            all(level[other] <= level[one] + 1e-6 or shares[other] <= low[other] + 1e-9 for other in on(rows, row))
            for row in held_on
        )


def on(rows: Rows, row: int) -> list[int]:
    return [int(one) for one in np.flatnonzero(((rows.row_of == row) & (rows.load > 0)).any(axis=1))]


@settings(max_examples=40, deadline=None)
@given(trees(most=12), st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(tree, random):
    rows, low, high, weight = tree
    order = list(range(len(low)))
    random.shuffle(order)
    turned = Rows(rows.limit_a, rows.row_of[order], rows.load[order], rows.directions)
    straight = filled(rows, low, high, weight, alike(low)).current_a
    assert (
        np.abs(filled(turned, low[order], high[order], weight[order], alike(low)).current_a - straight[order]).max()
        < 1e-6
    )


@settings(max_examples=40, deadline=None)
@given(trees(most=12), st.integers(0, 35), st.integers(1, 100))
def test_a_higher_limit_never_lowers_the_least_share(tree, row, more):
    rows, low, high, weight = tree
    raised = rows.limit_a.copy()
    raised[row % len(raised)] += more / 10
    before = filled(rows, low, high, weight, alike(low)).current_a / weight
    after = filled(rows._replace(limit_a=raised), low, high, weight, alike(low)).current_a / weight
    assert sorted(after)[0] >= sorted(before)[0] - 1e-6


@settings(max_examples=40, deadline=None)
@given(trees(most=12))
def test_whoever_is_held_back_is_held_by_a_full_row_that_it_loads(tree):
    rows, low, high, weight = tree
    result = filled(rows, low, high, weight, alike(low))
    loaded = rows.loaded(result.current_a)
    for one, row in enumerate(result.held_by):
        if row == ITSELF:
            assert result.current_a[one] >= high[one] - 1e-9
        else:
            assert loaded[row] >= rows.limit_a[row] - 1e-6
            assert one in on(rows, row)


@settings(max_examples=30, deadline=None)
@given(trees(most=12))
def test_a_higher_class_is_filled_as_if_the_lower_held_only_their_floors(tree):
    rows, low, high, weight = tree
    tier = np.arange(len(low)) % 2
    shares = filled(rows, low, high, weight, tier).current_a
    alone = filled(rows, low, np.where(tier == 1, high, low), weight, alike(low)).current_a
    assert np.abs(shares[tier == 1] - alone[tier == 1]).max(initial=0.0) < 1e-6
    assert (rows.loaded(shares) <= rows.limit_a + 1e-6).all()

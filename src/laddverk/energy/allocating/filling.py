"""Weighted max-min sharing over rows, exact: water rises in all vessels alike until a row is full.

At level t a demand holds `clip(weight · t, low, high)`. Each row is full at one level, if only the demands that still
rise are looked at; a row whose level none of its demands' other rows undercuts is a bottleneck: its demands stay at
that level for good. All bottlenecks of a round are settled at once (Bertsekas and Gallager, Data Networks, 6.5.2), so
there are about as many rounds as the tree is deep, not as it has circuits. Nothing here iterates towards an answer: the
level at which a row is full lies on a straight piece between two of its demands' breakpoints, and is read off it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from laddverk.energy.allocating.rows import Floats, Ints, Rows

ALIKE: Final = 1e-11  # levels this close are one: what remains of subtracting sums of hundreds of amperes
ITSELF: Final = -1
"""No row holds the demand back: it has all that it takes."""


class Filled(NamedTuple):
    """What each demand holds, in A, and which row keeps it from more (`ITSELF`: none)."""

    current_a: Floats
    held_by: Ints


class _Events(NamedTuple):
    """Where rows' loads bend: a demand begins to rise, or stops. Sorted by row, and by level within it."""

    demand: Ints
    level: Floats
    slope: Floats
    rows: Ints
    """The rows that have any, ascending."""
    starts: Ints
    """Where each of `rows` begins."""
    which: Ints
    """For each event the place of its row in `rows`."""


def filled(rows: Rows, low_a: Floats, high_a: Floats, weight: Floats, tier: Ints) -> Filled:
    """Return the weighted max-min shares between `low_a` and `high_a`; all that is low must fit together.

    Higher tiers are filled first, while the lower ones hold what is low. Where even that does not fit, what is low is
    returned as it is: admission sees to it that this cannot be. Weights are positive.
    """
    if (tier == tier[:1]).all():
        return _filled_alike(rows, low_a, high_a, weight)
    result = Filled(low_a.copy(), np.full(len(low_a), ITSELF))
    for one in np.unique(tier)[::-1]:
        members = np.flatnonzero(tier == one)
        free = rows.limit_a - rows.loaded(np.where(tier == one, 0.0, result.current_a))
        own = Rows(free, rows.row_of[members], rows.load[members], rows.directions)
        current, held_by = _filled_alike(own, low_a[members], high_a[members], weight[members])
        result.current_a[members], result.held_by[members] = current, held_by
    return result


def _filled_alike(rows: Rows, low_a: Floats, high_a: Floats, weight: Floats) -> Filled:
    """Return the shares of demands of one tier."""
    high_a = np.maximum(low_a, high_a)
    current, held_by = high_a.copy(), np.full(len(low_a), ITSELF)
    if (rows.loaded(high_a) <= rows.limit_a + ALIKE).all():
        return Filled(current, held_by)
    rising = np.ones(len(low_a), dtype=np.bool_)
    events = _events(rows, low_a / weight, high_a / weight, weight)
    while rising.any():
        settled = np.where(rising, low_a, current)
        full_at = _full_at(events, rows.limit_a - rows.loaded(settled), rising)
        levels = full_at[rows.row_of]
        first = levels.min(axis=1)
        if not (rising & (first < np.inf)).any():
            break
        stays = rising & (first < np.inf) & _at_bottleneck(rows, levels, first, rising)
        level = np.maximum(first[stays], 0.0)
        current[stays] = np.clip(weight[stays] * level, low_a[stays], high_a[stays])
        held_by[stays] = np.where(
            current[stays] < high_a[stays], rows.row_of[stays, levels[stays].argmin(axis=1)], ITSELF
        )
        rising &= ~stays
    return Filled(current, held_by)


def _events(rows: Rows, begins: Floats, stops: Floats, weight: Floats) -> _Events:
    """Return the bends of all rows."""
    demand, column = np.nonzero(rows.load)
    row, slope = rows.row_of[demand, column], rows.load[demand, column] * weight[demand]
    row, demand = np.concatenate((row, row)), np.concatenate((demand, demand))
    level = np.concatenate((begins[demand[: len(slope)]], stops[demand[: len(slope)]]))
    order = np.lexsort((level, row))
    row, starts = row[order], np.empty(0, dtype=np.int64)
    here, starts, counts = np.unique(row, return_index=True, return_counts=True)
    return _Events(
        demand=demand[order], level=level[order], slope=np.concatenate((slope, -slope))[order], rows=here,
        starts=starts, which=np.repeat(np.arange(len(here)), counts),
    )  # fmt: skip


def _full_at(events: _Events, free_a: Floats, rising: NDArray[np.bool_]) -> Floats:
    """Return for each row, and for one without limit behind them, the level at which it is full; inf: at none.

    A row's load at an event is level · (slopes so far) - (slopes · levels so far): what is above the demands' lows.
    """
    slope = np.where(rising[events.demand], events.slope, 0.0)
    slopes, moments = np.cumsum(slope), np.cumsum(slope * events.level)
    before = events.starts - 1
    slopes -= np.where(before >= 0, slopes[before], 0.0)[events.which]
    moments -= np.where(before >= 0, moments[before], 0.0)[events.which]
    free = free_a[events.rows]
    not_yet = events.level * slopes - moments < free[events.which] - ALIKE
    passed = np.add.reduceat(not_yet, events.starts, dtype=np.int64)
    ends = np.append(events.starts[1:], len(slope))
    last = np.maximum(events.starts + passed - 1, events.starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = (free + moments[last]) / slopes[last]
    level = np.where(passed == 0, 0.0, level)
    loaded = np.add.reduceat(rising[events.demand], events.starts, dtype=np.int64) > 0
    full_at = np.full(len(free_a) + 1, np.inf)
    full_at[events.rows] = np.where(loaded & (passed < ends - events.starts), level, np.inf)
    return full_at


def _at_bottleneck(rows: Rows, levels: Floats, first: Floats, rising: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which demands are at a row that is full before every other row of all that still rise on it."""
    reach = first + ALIKE * np.maximum(1.0, np.abs(np.where(first < np.inf, first, 0.0)))
    undercut = (levels > reach[:, None]) & rising[:, None] & (rows.load > 0)
    count = np.bincount(rows.row_of.ravel(), weights=undercut.ravel(), minlength=len(rows.limit_a) + 1)
    is_first = (levels <= reach[:, None]) & (rows.load > 0)
    is_bottleneck: NDArray[np.bool_] = ((count[rows.row_of] == 0) & is_first).any(axis=1)
    return is_bottleneck

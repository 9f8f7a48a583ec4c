"""The cap rule: without knowledge of cars, a level of power that the tariff's hours weigh, learnt from the past. Pure.

Measured on real homes, plans made of guessed departures cost more than this rule does; so it is what stands whenever
forecasts are poor, or no plan is found in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from laddverk.energy.planning_ahead.capacity_tariffs import CapacityTariff, standing
from laddverk.energy.planning_ahead.peak_terms import fees_of

Floats = NDArray[np.float64]
STEPS: Final = 12  # levels that are tried; the cost is flat around the best
INTERVAL_FREE: Final = 1e9  # kW: where power is free, the fuse alone limits


def factors(tariff: CapacityTariff, starts: Sequence[datetime]) -> Floats:
    """Return what power counts in each interval: the most that any fee that costs something makes of it."""
    found = np.zeros(len(starts))
    for fee in fees_of(tariff):
        seen = [standing(tariff, fee, at) for at in starts]
        found = np.maximum(found, [float(each.factor) if each.per_kw else 0.0 for each in seen])
    return found


def caps_kw(level_kw: float, counted: Floats) -> Floats:
    """Return the cap of each interval: the level where power counts whole, twice that where it counts half."""
    return np.where(counted > 0, level_kw / np.where(counted > 0, counted, 1.0), INTERVAL_FREE)


def shares_kw(most_kw: Floats, phase: NDArray[np.int64], phase_max_kw: float, cap_kw: float) -> Floats:
    """Return equal shares of a cap among one-phase cars, none above what it can take, no phase above its limit."""
    most = most_kw.copy()
    for each in range(3):
        mine = phase == each
        if most[mine].sum() > phase_max_kw:
            most[mine] = np.minimum(most[mine], _water(most[mine], phase_max_kw))
    return np.minimum(most, _water(most, cap_kw)) if most.sum() > cap_kw else most


def learnt_level(cost_at: Callable[[float], float], highest_kw: float) -> float:
    """Return the level whose cost, by replay of the past, is least; from a twelfth of the highest power up to it."""
    levels = highest_kw * np.arange(1, STEPS + 1) / STEPS
    costs = [cost_at(float(level)) for level in levels]
    return float(levels[int(np.argmin(costs))])


def _water(most: Floats, total: float) -> float:
    """Return the level at which everybody's share, up to what each can take, sums to `total`."""
    ordered = np.sort(most)
    count = len(ordered)
    before = np.concatenate(([0.0], np.cumsum(ordered)[:-1]))
    levels = (total - before) / (count - np.arange(count))
    fits = np.flatnonzero(levels <= ordered)
    return max(0.0, float(levels[fits[0]])) if len(fits) else float(ordered[-1])

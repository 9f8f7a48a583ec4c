"""How long a car stays, how much it wants, when cars come and what else a site draws: values with intervals. Pure.

Habit is poor knowledge: of real homes, half of all departures are missed by more than two hours. So the driver's own
word goes first; a user's own past next, then everybody's; every interval is conformal: widened by what intervals of
the same kind missed lately (Romano, Patterson and Candès 2019), so that it covers what it says. Forecasts re-order
cars, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COVERAGE: Final = 0.8
OWN_MIN: Final = 8  # of a user's own stays; fewer say less than everybody's
NEAR_H: Final = 3.0  # arrivals within so many hours of the day are alike
LATEST: Final = 60  # of one's own stays; habits change
POOL_LATEST: Final = 2_000
CALIBRATED_MIN: Final = 20  # scores, below which an interval is not widened by them
HOURS_OF_WEEK: Final = 168
WEEKEND: Final = 5  # Saturday, when Monday is 0
HALF_LIFE_WEEKS: Final = 6.0  # of a building's load: seasons pass
GOOD_SHARE: Final = 0.5  # of plugged-in energy whose departure drivers (or narrow habits) tell; below it the cap rule
NARROW_H: Final = 4.0  # an interval of departure that a plan can be made of


class Source(StrEnum):
    """Where a forecast comes from."""

    DRIVER = "driver"
    CAR = "car"
    """It says so itself; its word counts like the driver's."""
    OWN_HABIT = "own_habit"
    EVERYBODY = "everybody"
    NOTHING = "nothing"


class Interval(Struct, frozen=True, kw_only=True):
    """A value that lies between `low` and `high` as often as `COVERAGE` says."""

    low: float
    middle: float
    high: float
    source: Source


class Stays(Struct, frozen=True):
    """Past stays as arrays, in order of time: hour of the week of the arrival (local), hours plugged in, kWh."""

    hour_of_week: Floats
    hours: Floats
    energy_kwh: Floats

    def __len__(self) -> int:
        return len(self.hours)


def told(value: float) -> Interval:
    """Return what a driver says, as it is."""
    return Interval(low=value, middle=value, high=value, source=Source.DRIVER)


def alike(past: Stays, hour_of_week: float, latest: int = LATEST) -> Ints:
    """Return which of the latest stays began on the same kind of day at nearly the same hour, or all where few did."""
    first = max(0, len(past) - latest)
    hours = past.hour_of_week[first:]
    apart = np.abs(hours % 24 - hour_of_week % 24)
    same_kind = (hours // 24 >= WEEKEND) == (hour_of_week // 24 >= WEEKEND)
    near = np.flatnonzero(same_kind & (np.minimum(apart, 24 - apart) <= NEAR_H))
    return first + (near if len(near) >= OWN_MIN else np.arange(len(hours)))


def quantiles(values: Floats, coverage: float = COVERAGE) -> tuple[float, float, float]:
    """Return the lower bound, the median and the upper bound of what was seen."""
    low, middle, high = np.quantile(values, ((1 - coverage) / 2, 0.5, (1 + coverage) / 2))
    return float(low), float(middle), float(high)


def stay(
    own: Stays,
    everybody: Stays,
    hour_of_week: float,
    widening: tuple[float, float] = (0.0, 0.0),
    so_far: tuple[float, float] = (0.0, 0.0),
) -> tuple[Interval, Interval]:
    """Return how many hours a car that came at this hour stays, and how many kWh it takes.

    `widening` is from `widened`; `so_far` the hours and kWh that it has already had: nothing shorter is believed.
    Nothing known at all is `Source.NOTHING`, from what has been so far up to for ever.
    """
    past, source = (own, Source.OWN_HABIT) if len(own) >= OWN_MIN else (everybody, Source.EVERYBODY)
    if not len(past):
        hours, energy = (Interval(low=so, middle=so, high=float("inf"), source=Source.NOTHING) for so in so_far)
        return hours, energy
    which = alike(past, hour_of_week, LATEST if past is own else POOL_LATEST)
    hours, energy = (
        _interval(values[which], wider, so, source)
        for values, wider, so in zip((past.hours, past.energy_kwh), widening, so_far, strict=True)
    )
    return hours, energy


def _interval(values: Floats, wider: float, so_far: float, source: Source) -> Interval:
    left = values[values > so_far]
    low, middle, high = quantiles(left if len(left) else np.array([so_far]))
    low = max(so_far, low - wider, 0.0)
    return Interval(low=low, middle=max(low, middle), high=max(low, middle, high + wider), source=source)


def score(interval: Interval, truth: float) -> float:
    """Return by how much an interval missed (above 0) or was too wide (below 0)."""
    return max(interval.low - truth, truth - interval.high)


def widened(scores: Sequence[float], coverage: float = COVERAGE) -> float:
    """Return by how much intervals must be widened (or may be narrowed) to cover what they say, from past scores.

    The split-conformal quantile: with exchangeable stays coverage is at least what is asked for.
    """
    count = len(scores)
    if count < CALIBRATED_MIN:
        return 0.0
    rank = min(count, int(np.ceil((count + 1) * coverage)))
    return float(np.sort(np.asarray(scores, dtype=np.float64))[rank - 1])


def arrivals(hour_of_week: Ints, weeks: float) -> Floats:
    """Return how many cars come in each hour of the week, in the mean of so many weeks, smoothed by its neighbours."""
    counts = np.bincount(np.asarray(hour_of_week, dtype=np.int64) % HOURS_OF_WEEK, minlength=HOURS_OF_WEEK)
    smooth = (np.roll(counts, 1) + 2 * counts + np.roll(counts, -1)) / 4
    return np.asarray(smooth / max(weeks, 1.0), dtype=np.float64)


def arrivals_between(rate: float, coverage: float = COVERAGE) -> tuple[int, int]:
    """Return the interval of a Poisson count with a mean: how many cars come, when on average `rate` do."""
    if rate <= 0:
        return 0, 0
    counts = np.arange(int(rate + 10 * np.sqrt(rate) + 10))
    logs = counts * np.log(rate) - rate - np.concatenate(([0.0], np.cumsum(np.log(counts[1:]))))
    below = np.cumsum(np.exp(logs))
    bounds = ((1 - coverage) / 2, (1 + coverage) / 2)
    low, high = (min(int(np.searchsorted(below, bound)), int(counts[-1])) for bound in bounds)
    return low, high


def base_load(hour_of_week: Ints, weeks_ago: Floats, load_w: Floats, coverage: float = COVERAGE) -> Floats:
    """Return the building's load by hour of the week as rows of (low, median, high) in W, the recent weighing more.

    An hour that was never seen is as the whole week is; no reading at all is 0.
    """
    found = np.zeros((HOURS_OF_WEEK, 3))
    if not len(load_w):
        return found
    weights = 0.5 ** (np.asarray(weeks_ago) / HALF_LIFE_WEEKS)
    points = ((1 - coverage) / 2, 0.5, (1 + coverage) / 2)
    found[:] = weighted_quantiles(load_w, weights, points)
    hours = np.asarray(hour_of_week) % HOURS_OF_WEEK
    for hour in np.unique(hours):
        mine = hours == hour
        found[hour] = weighted_quantiles(load_w[mine], weights[mine], points)
    return found


def weighted_quantiles(values: Floats, weights: Floats, points: tuple[float, ...]) -> Floats:
    """Return the values below which shares `points` of the weight lie."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return np.asarray(values[order][np.minimum(np.searchsorted(reached, points), len(values) - 1)], dtype=np.float64)


def are_good(departures: Sequence[Interval], energies_kwh: Sequence[float]) -> bool:
    """Return whether a plan may be made of these departures: enough of the energy has one that is told or narrow."""
    total = sum(energies_kwh)
    good = sum(
        energy
        for interval, energy in zip(departures, energies_kwh, strict=True)
        if interval.source is Source.DRIVER or interval.high - interval.low <= NARROW_H
    )
    return total > 0 and good >= GOOD_SHARE * total

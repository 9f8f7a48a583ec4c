"""Which cars are expected: as many as used to come at these hours, each as long and as hungry as is usual. Pure.

An expected car holds room free for it: a plan that knows of nobody who comes makes a peak when they do. It promises
nothing to anybody, and holds nobody back who is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from msgspec import Struct

from laddverk.energy.circuits.model import Place
from laddverk.energy.planning_ahead.building import Car
from laddverk.energy.planning_ahead.forecasting import HOURS_OF_WEEK, Ints, Stays, arrivals, arrivals_between, stay

WEEKS_MIN: Final = 2.0  # of past, below which the hours of a week are not known
DAY: Final = timedelta(days=1)
EXPECTED: Final = "expected "  # no outlet's key begins like it


class Arrivals(Struct, frozen=True, kw_only=True):
    """The cars that are expected, and how many come within a day: at least, in the mean, at most."""

    cars: tuple[Car, ...] = ()
    low: int = 0
    mean: float = 0.0
    high: int = 0


def expected(
    past: Stays, weeks: float, places: Sequence[Place], used: Counter[Hashable], begins_at: datetime, step: timedelta,
    periods: int, taken: Collection[Hashable] = (),
) -> Arrivals:  # fmt: skip
    """Return who is expected from the second period on: the free outlets that are used the most get a car first.

    `past` are stays of `weeks` weeks, by hours of the week as `begins_at` counts them (UTC); `taken` the outlets where
    a car is. With less than two weeks nobody is expected.
    """
    if weeks < WEEKS_MIN or not len(past):
        return Arrivals()
    rates = arrivals(np.asarray(past.hour_of_week, dtype=np.int64), weeks)
    share = step / timedelta(hours=1)
    starts = [begins_at + number * step for number in range(periods)]
    hours: Ints = np.array([each.weekday() * 24 + each.hour for each in starts], dtype=np.int64) % HOURS_OF_WEEK
    sums = np.cumsum(rates[hours] * share)
    in_a_day = float(sums[min(periods, int(DAY / step)) - 1])
    low, high = arrivals_between(in_a_day)
    free = sorted((place for place in places if place.key not in taken), key=lambda one: (-used[one.key], str(one.key)))
    nobody = Stays(np.array([]), np.array([]), np.array([]))
    found = []
    for number, place in enumerate(free):
        period = max(1, int(np.searchsorted(sums, number + 0.5)))
        if period >= periods:
            break
        stays_h, energy_kwh = stay(nobody, past, float(hours[period]))
        found.append(Car(place=place, comes_at=starts[period], hours=stays_h, energy_kwh=energy_kwh))
    return Arrivals(cars=tuple(found), low=low, mean=in_a_day, high=high)


def is_expected(key: str) -> bool:
    """Return whether a stay of the plan is only expected."""
    return key.startswith(EXPECTED)

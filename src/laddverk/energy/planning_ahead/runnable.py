"""Makes currents that chargers can run of a plan's continuous ones: nothing, or at least the floor. Pure.

What a car is planned to have below 6 A is saved up until it makes a whole period, as far as the circuits and the
planned power of the period have room. A car that must charge to leave in time may go over the planned power, never
over a circuit's limit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from laddverk.energy.planning_ahead.model import Ahead, Plan
from laddverk.energy.planning_ahead.solving import below

Floats = NDArray[np.float64]
SLACK_A: Final = 1e-6


def runnable(ahead: Ahead, plan: Plan) -> Plan:
    """Return `plan` with targets of 0 or at least each stay's floor. Limits of the tree hold in every period.

    Energy that finds no room is lacking less or more than the plan said by at most a period at the floor for each car;
    the allocator, which runs every ten seconds, evens that out.
    """
    if not ahead.stays:
        return plan
    planned = np.array([plan.targets_a[stay.key] for stay in ahead.stays])
    watts = np.array([stay.watts_per_a for stay in ahead.stays])
    given, owed = np.zeros_like(planned), np.zeros(len(ahead.stays))
    rooms = _Rooms(ahead)
    for period in range(ahead.periods):
        owed += planned[:, period]
        rooms.begin(period)
        budget_w = float(planned[:, period] @ watts)
        for number in np.lexsort((np.arange(len(owed)), -owed)):
            stay = ahead.stays[number]
            if not stay.arrives <= period < stay.departs or owed[number] <= SLACK_A:
                continue
            must = _must(stay.ceiling_a, stay.departs, owed[number] + planned[number, period + 1 :].sum(), period)
            most_a = min(stay.ceiling_a, rooms.room_a(number))
            if not must and given[:, period].any():
                most_a = min(most_a, budget_w / watts[number])
            wanted_a = max(owed[number], stay.floor_a) if must else owed[number]
            current_a = min(wanted_a, most_a)
            if current_a + SLACK_A < stay.floor_a:
                continue
            given[number, period] = current_a
            owed[number] -= current_a
            budget_w -= current_a * watts[number]
            rooms.take(number, current_a)
    targets = {stay.key: tuple(row) for stay, row in zip(ahead.stays, given.tolist(), strict=True)}
    return replace(plan, targets_a=targets)


def _must(ceiling_a: float, departs: int, wanted_a: float, period: int) -> bool:
    """Return whether it cannot have all it is planned to have, unless it charges now. Both in A x periods."""
    return (departs - period - 1) * ceiling_a < wanted_a - SLACK_A


class _Rooms:
    """What each circuit has left in one period."""

    def __init__(self, ahead: Ahead) -> None:
        self._use = np.array([stay.use for stay in ahead.stays])
        self._limits = [np.array(feeder.limit_a) for feeder in ahead.feeders]
        self._above: list[list[int]] = [[] for _ in ahead.stays]
        for feeder, members in enumerate(below(ahead)):
            for member in members:
                self._above[member].append(feeder)
        self._left: Floats = np.zeros((len(ahead.feeders), 3))

    def begin(self, period: int) -> None:
        for number, limits in enumerate(self._limits):
            self._left[number] = limits[min(period, len(limits) - 1)]

    def room_a(self, number: int) -> float:
        use = self._use[number]
        phases = use > 0
        rooms = [self._left[feeder][phases] / use[phases] for feeder in self._above[number]]
        return float(np.min(rooms)) if rooms and phases.any() else float("inf")

    def take(self, number: int, current_a: float) -> None:
        for feeder in self._above[number]:
            self._left[feeder] -= current_a * self._use[number]

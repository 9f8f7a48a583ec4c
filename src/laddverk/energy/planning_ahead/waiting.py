"""Why a car waits, from a plan: cheaper later, a peak, a full circuit, the sun. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from laddverk.energy.planning_ahead.model import Ahead, Plan, Stay, Wait, Waits

NEARLY: Final = 0.98  # of what it could take; more is not waiting
SLIGHT: Final = 0.005  # major currency for each kWh: less is no reason
FULL_A: Final = 0.1  # of a limit, below which a circuit is full
CHARGES_A: Final = 0.5  # a target above it gives something

Floats = NDArray[np.float64]


def waits(ahead: Ahead, plan: Plan) -> tuple[Wait, ...]:
    """Return why each stay that is here and still wants energy is not given all it could take in the first period."""
    loads = _loads(ahead, plan)
    found = [_wait(ahead, plan, stay, loads) for stay in ahead.stays if stay.arrives <= 0 < stay.departs]
    return tuple(wait for wait in found if wait is not None)


def _wait(ahead: Ahead, plan: Plan, stay: Stay, loads: Floats) -> Wait | None:
    targets = np.array(plan.targets_a[stay.key])
    could_a = min(stay.ceiling_a, stay.wanted_wh / stay.watts_per_a / ahead.step_h)
    if could_a <= 0 or targets[0] >= NEARLY * could_a:
        return None
    later = targets[1:] > np.maximum(targets[0], CHARGES_A)
    then = int(np.argmax(later)) + 1 if later.any() else None
    feeder = _full(ahead, stay, loads)
    if feeder is not None:
        return Wait(key=stay.key, why=Waits.FULL, until=_at(ahead, then), feeder=feeder)
    if then is None or not plan.marginal_per_kwh:
        return None
    share = targets[1:] * later
    marginal = np.array(plan.marginal_per_kwh)
    cheaper_by = float(marginal[0] - np.dot(marginal[1:], share) / share.sum())
    if cheaper_by < SLIGHT:
        return None
    by_price = ahead.price_per_kwh[0] - float(np.dot(ahead.price_per_kwh[1:], share) / share.sum())
    why = Waits.CHEAPER if by_price >= cheaper_by / 2 else Waits.PEAK
    if ahead.solar_w and ahead.solar_w[then] > 0 and plan.grid_w[then] <= 0 < plan.grid_w[0]:
        why = Waits.SUN
    return Wait(key=stay.key, why=why, until=_at(ahead, then), cheaper_by=round(cheaper_by, 4))


def _at(ahead: Ahead, period: int | None) -> datetime | None:
    return None if period is None else ahead.begins_at + timedelta(minutes=ahead.step_minutes * period)


def _loads(ahead: Ahead, plan: Plan) -> Floats:
    """Return amperes by feeder and phase in the first period."""
    loads = np.zeros((len(ahead.feeders), 3))
    for stay in ahead.stays:
        feeder, given_a = stay.feeder, plan.targets_a[stay.key][0]
        while feeder >= 0:
            loads[feeder] += given_a * np.array(stay.use)
            feeder = ahead.feeders[feeder].parent
    return loads


def _full(ahead: Ahead, stay: Stay, loads: Floats) -> str | None:
    """Return the nearest circuit above a stay of which a phase that it uses is full."""
    number = stay.feeder
    while number >= 0:
        feeder = ahead.feeders[number]
        room_a = np.array(feeder.limit_a[0]) - loads[number]
        if (room_a[np.array(stay.use) > 0] < FULL_A).any():
            return feeder.key
        number = feeder.parent
    return None

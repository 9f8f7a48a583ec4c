"""The cap rule: without knowledge of cars, a level of power that the tariff's hours weigh, learnt from the past. Pure.

Measured on real homes, plans made of guessed departures cost more than this rule does; so it is what stands whenever
forecasts are poor, or no plan is found in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from laddverk.energy.planning_ahead.capacity_tariffs import CapacityTariff, standing
from laddverk.energy.planning_ahead.model import Ahead
from laddverk.energy.planning_ahead.peak_terms import fees_of
from laddverk.energy.planning_ahead.regret import cost_of

Floats = NDArray[np.float64]
LACKING_PER_KWH: Final = 8.0  # major currency: charging elsewhere costs about that
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


def shares_kw(most_kw: Floats, use_a: Floats, limit_a: Floats, cap_kw: float) -> Floats:
    """Return equal shares of a cap among cars: none above what it can take, no phase above its limit.

    `use_a` has a row for each car with amperes on L1, L2 and L3 for each kW. Who is on two full phases gets what the
    fuller leaves, and what that spares stays unused: a replay may be careful.
    """
    most = most_kw.copy()
    for phase in range(3):
        current_a = most * use_a[:, phase]
        if current_a.sum() > limit_a[phase]:
            mine = current_a > (level_a := _water(current_a, float(limit_a[phase])))
            most[mine] = level_a / use_a[mine, phase]
    return np.minimum(most, _water(most, cap_kw)) if most.sum() > cap_kw else most


def replayed(seen: Ahead, caps: Floats) -> dict[str, tuple[float, ...]]:
    """Return what each stay of a time that is over would have had in each period below `caps` (kW), in Wh.

    All share equally, and the root of the tree holds; boards below it, and the 6 A that the allocator shares out in
    turns, are left out: a level is wanted, not a prophecy.
    """
    left_kwh = np.array([stay.wanted_wh / 1000 for stay in seen.stays])
    power_kw = np.array([stay.ceiling_a * stay.watts_per_a / 1000 for stay in seen.stays])
    use_a = np.array([[each / stay.watts_per_a * 1000 for each in stay.use] for stay in seen.stays]).reshape(-1, 3)
    arrives = np.array([stay.arrives for stay in seen.stays])
    departs = np.array([stay.departs for stay in seen.stays])
    limits = np.broadcast_to(np.array(seen.feeders[0].limit_a, dtype=np.float64), (seen.periods, 3))
    given = np.zeros((len(seen.stays), seen.periods))
    for period in range(seen.periods):
        here = np.flatnonzero((arrives <= period) & (period < departs) & (left_kwh > 0))
        if len(here):
            most_kw = np.minimum(power_kw[here], left_kwh[here] / seen.step_h)
            share_kwh = shares_kw(most_kw, use_a[here], limits[period], float(caps[period])) * seen.step_h
            given[here, period] = share_kwh * 1000
            left_kwh[here] -= share_kwh
    return {stay.key: tuple(row) for stay, row in zip(seen.stays, given.tolist(), strict=True)}


def level_of(seen: Ahead, tariff: CapacityTariff, lacking_per_kwh: float = LACKING_PER_KWH) -> float:
    """Return the level in kW that would have been best in a time that is over; 0 where nobody came.

    `seen` has the tariff's peaks as its terms; a level is of all power, of which cars have what other load leaves. What
    cars would have left without counts at `lacking_per_kwh`.
    """
    if not seen.stays:
        return 0.0
    step = timedelta(minutes=seen.step_minutes)
    counted = factors(tariff, [seen.begins_at + period * step for period in range(seen.periods)])
    wanted_wh = sum(stay.wanted_wh for stay in seen.stays)

    base_kw = np.array(seen.base_load_w or [0.0] * seen.periods) / 1000

    def cost_at(level_kw: float) -> float:
        given = replayed(seen, np.maximum(caps_kw(level_kw, counted) - base_kw, 0.0))
        together = np.sum([np.array(row) for row in given.values()], axis=0)
        lacking_kwh = (wanted_wh - float(together.sum())) / 1000
        return cost_of(seen, together.tolist()) + lacking_per_kwh * lacking_kwh

    at_once = np.sum([np.array(row) for row in replayed(seen, np.full(seen.periods, INTERVAL_FREE)).values()], axis=0)
    return learnt_level(cost_at, float((at_once / 1000 / seen.step_h + base_kw).max()))


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

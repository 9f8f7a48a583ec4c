"""One plan for a site: the solver's where cars are known well enough, else the cap rule's. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from laddverk.energy.planning_ahead.arriving import is_expected
from laddverk.energy.planning_ahead.capping import INTERVAL_FREE
from laddverk.energy.planning_ahead.model import Advice, Ahead, Battery, MadeBy, Plan, WhyCapped
from laddverk.energy.planning_ahead.runnable import runnable
from laddverk.energy.planning_ahead.solving import TIMEOUT_S, solved
from laddverk.energy.planning_ahead.waiting import waits

STAYS_MAX: Final = 2_000  # of one site; more are planned by the cap rule, for the solver would not end in time


def planned(
    ahead: Ahead,
    caps_kw: Sequence[float],
    *,
    are_forecasts_good: bool = True,
    are_prices_stale: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> Plan:
    """Return the plan for `ahead`; `caps_kw` by period is what the cap rule has learnt (empty: the circuits alone).

    Always an answer: poor forecasts, no prices, too many cars, no time and numbers that contradict one another all
    give the cap rule's, which says why.
    """
    why: WhyCapped | None = None
    if ahead.price_per_kwh and are_prices_stale:
        why = WhyCapped.PRICES_STALE
    elif not are_forecasts_good:
        why = WhyCapped.FORECASTS_POOR
    elif len(ahead.stays) > STAYS_MAX:
        why = WhyCapped.TOO_LATE
    else:
        found = solved(ahead, timeout_s)
        if isinstance(found, Plan):
            plan = runnable(ahead, found)
            return _told(ahead, replace(plan, cap_w=_together_w(ahead, plan), waits=waits(ahead, found)))
        why = found
    return capped(ahead, caps_kw, why)


def capped(ahead: Ahead, caps_kw: Sequence[float], why: WhyCapped) -> Plan:
    """Return a plan that knows no car: each may have all it takes, all together what the cap leaves beside other load.

    The allocator shares the cap as it shares a fuse. It is never below what one car needs to charge at all: who waits
    is served in turn, and nobody starves.
    """
    periods = max(ahead.periods, len(caps_kw))
    caps_w = np.array(caps_kw or [INTERVAL_FREE] * periods, dtype=np.float64) * 1000
    base_w = np.array(ahead.base_load_w or [0.0] * periods, dtype=np.float64)
    least_w = max((stay.floor_a * stay.watts_per_a for stay in ahead.stays), default=0.0)
    return Plan(
        begins_at=ahead.begins_at,
        step_minutes=ahead.step_minutes,
        made_by=MadeBy.CAP_RULE,
        why_capped=why,
        targets_a={
            stay.key: tuple(stay.ceiling_a * (stay.arrives <= each < stay.departs) for each in range(periods))
            for stay in ahead.stays
            if not is_expected(stay.key)
        },
        cap_w=tuple(np.maximum(caps_w - base_w[:periods], least_w).tolist()),
        unmet_wh={},
        base_w=ahead.base_load_w,
        solar_w=ahead.solar_w,
    )


def _told(ahead: Ahead, plan: Plan) -> Plan:
    """Return a plan without the cars that are only expected: what they have stands beside, nobody is told of them."""
    coming = [stay for stay in ahead.stays if is_expected(stay.key)]
    together = sum((np.array(plan.targets_a[each.key]) * each.watts_per_a for each in coming), np.zeros(ahead.periods))
    return replace(
        plan,
        targets_a={key: row for key, row in plan.targets_a.items() if not is_expected(key)},
        unmet_wh={key: lacking for key, lacking in plan.unmet_wh.items() if not is_expected(key)},
        waits=tuple(each for each in plan.waits if not is_expected(each.key)),
        expected_w=tuple(together.tolist()) if coming else (),
        base_w=ahead.base_load_w,
        solar_w=ahead.solar_w,
    )


def advice(ahead: Ahead, plan: Plan, battery: Battery, timeout_s: float = TIMEOUT_S) -> Advice | None:
    """Return what a battery should do beside the cars as they are planned; None where no answer was found.

    The cars are planned as if there were no battery: nobody here commands it, and a plan that counted on it would make
    the peak that it was to take away.
    """
    cars_w = np.array(plan.cap_w if plan.made_by is MadeBy.SOLVER else [0.0] * ahead.periods)[: ahead.periods]
    base_w = np.array(ahead.base_load_w or [0.0] * ahead.periods)
    alone = replace(ahead, stays=(), base_load_w=tuple((base_w + cars_w).tolist()))
    without, having = solved(alone, timeout_s), solved(replace(alone, battery=battery), timeout_s)
    if not isinstance(without, Plan) or not isinstance(having, Plan):
        return None
    return Advice(
        power_w=tuple(round(each, 0) for each in having.battery_w),
        held_wh=battery.held_wh,
        saves=round(without.cost - having.cost, 2),
    )


def _together_w(ahead: Ahead, plan: Plan) -> tuple[float, ...]:
    watts = [np.array(plan.targets_a[stay.key]) * stay.watts_per_a for stay in ahead.stays]
    return tuple(np.sum(watts, axis=0).tolist()) if watts else (0.0,) * ahead.periods

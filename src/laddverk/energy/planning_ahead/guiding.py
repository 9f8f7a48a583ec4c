"""Turns a plan into targets for the allocator: the same function for a charge that runs and for a replay. Pure.

A target is a wish to spare money. The allocator keeps the circuits, and decides who is let in; a car that came after
the plan was made is not held back by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.energy.allocating import Branch, Situation, Wish, allocated
from laddverk.energy.planning_ahead.model import MadeBy, Plan
from laddverk.energy.planning_ahead.store_wishes import Told
from laddverk.energy.steering.placing import key_of

FRESH_FOR: Final = timedelta(minutes=40)  # two plans that failed; then only what all may take together is believed
CAP_KEY: Final = "plan"


def guided(situation: Situation, plan: Plan, now: datetime) -> Situation:
    """Return `situation` with the targets of `plan` at `now`.

    Of a solver's plan that is fresh, each car has its own. Of the cap rule's, and of any that is older, the cap of the
    period is shared as a circuit would be, among those whom the circuits would let in. A plan that has ended, or has
    no cap for now, says nothing.
    """
    period = (now - plan.begins_at) // timedelta(minutes=plan.step_minutes)
    if plan.made_by is MadeBy.SOLVER and now - plan.begins_at <= FRESH_FOR:
        return _aimed(situation, {key: row[period] for key, row in plan.targets_a.items() if 0 <= period < len(row)})
    if not 0 <= period < len(plan.cap_w):
        return situation
    return _aimed(situation, _shared(situation, plan.cap_w[period], now))


def wished(situation: Situation, told: Collection[Told]) -> Situation:
    """Return `situation` with what drivers and cars said: a wish is a departure and an energy, one of which may be what
    is usual (`completing`); who goes first is a class up.
    """
    by_key = {key_of(each.station_id, each.evse_number): each for each in told}
    demands = []
    for demand in situation.demands:
        said = by_key.get(demand.key)
        if said is not None and said.departs_at is not None and said.energy_wh is not None:
            demand = replace(demand, wish=Wish(energy_wh=float(said.energy_wh), departs_at=said.departs_at))
        if said is not None and said.goes_first:
            demand = replace(demand, rank=demand.rank + 1)
        demands.append(demand)
    return replace(situation, demands=tuple(demands))


def _aimed(situation: Situation, targets_a: Mapping[str, float]) -> Situation:
    demands = tuple(replace(each, target_a=targets_a.get(each.key, each.target_a)) for each in situation.demands)
    return replace(situation, demands=demands)


def _shared(situation: Situation, cap_w: float, now: datetime) -> dict[str, float]:
    """Share watts as the allocator shares amperes: one circuit, on whose first phase a car's watts flow."""
    could_a = {grant.key: grant.limit_a for grant in allocated(situation, now)}
    under_cap = Situation(
        branches=(Branch(key=CAP_KEY, limit_a=(cap_w, 0.0, 0.0)),),
        demands=tuple(
            replace(
                each,
                branch=0,
                use_a=(each.watts_per_a, 0.0, 0.0),
                angle_deg=None,
                ceiling_a=could_a[each.key],
                reserved_a=min(each.reserved_a, could_a[each.key]),
            )
            for each in situation.demands
            if could_a[each.key] > 0
        ),
        policy=situation.policy,
    )
    # Whom the circuits leave out waits for its turn: what the cap spares would else let it in above the cap.
    return dict.fromkeys(could_a, 0.0) | {grant.key: grant.limit_a for grant in allocated(under_cap, now)}

"""The question that the allocator is asked: what is left on each circuit, and for whom. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from laddverk.energy.allocating.model import Branch, Demand, Grant, Policy, Situation
from laddverk.energy.circuits.model import PerPhase
from laddverk.energy.steering import verifying
from laddverk.energy.steering.envelope import may_load, reach, summed, times
from laddverk.energy.steering.model import DEFAULT_A, Belief, Known, Outlet, Trust

Allocate = Callable[[Situation, datetime], Sequence[Grant]]

TAKES_ALL_A: Final = 1.2  # a car this near its limit would take more
SPARE_A: Final = 2.0  # left above what a car takes, so that it can show that it takes more
FIRST_A: Final = 16.0  # of a car that nothing is known of yet: 11 kW on three phases, the usual on-board charger
IDLE_S: Final = 120.0  # a car that may charge and has drawn nothing for so long is full or waits: others go first
VOLTAGE_V: Final = 230.0


def instant(seconds: float) -> datetime:
    """Return the instant of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def is_steered(belief: Belief) -> bool:
    """Return whether a limit given to this outlet can be counted on."""
    return belief.is_online and belief.has_session and belief.trust is Trust.OBEYS


def aim_a(belief: Belief, now_s: float) -> float:
    """Return the limit that an outlet was last told, answered or not; 0 where nothing holds."""
    limits = [one for one in belief.limits if one.until is None or now_s < one.until]
    if limits:
        return limits[-1].limit_a
    return belief.standing[-1].limit_a if belief.standing else 0.0


def ceiling_a(outlet: Outlet, belief: Belief, now_s: float) -> float:
    """Return the most that is worth giving: what the hardware takes, or little more than a car was seen to take.

    A change must settle and be measured before more is given: an outlet rises once for each sample. A car that has said
    nothing yet may take what most cars can.
    """
    aim = aim_a(belief, now_s)
    if belief.sample is None:
        return min(outlet.current_max_a, max(aim, FIRST_A))
    if not verifying.is_settled(belief, now_s):
        return min(outlet.current_max_a, max(aim, DEFAULT_A))
    if belief.sample.most_a >= aim - TAKES_ALL_A:
        return outlet.current_max_a
    return min(outlet.current_max_a, max(DEFAULT_A, belief.sample.most_a + SPARE_A))


def situation(
    known: Known, other: Sequence[PerPhase], worst: dict[str, float], now_s: float, policy: Policy
) -> Situation:
    """Return what the allocator decides about: outlets that obey; what others may draw is taken off before."""
    held = summed(
        known.circuits,
        [
            (one.circuit, times(may_load(one, known.beliefs[one.key]), _held_a(known.beliefs[one.key], worst[one.key])))
            for one in known.outlets
            if not is_steered(known.beliefs[one.key])
        ],
    )
    branches = []
    for index, circuit in enumerate(known.circuits):
        first, second, third = (
            max(0.0, usable - max(0.0, load) - gone)
            for usable, load, gone in zip(circuit.usable_a, other[index], held[index], strict=True)
        )
        branches.append(Branch(key=circuit.key, parent=circuit.parent, limit_a=(first, second, third)))
    demands = tuple(
        _demand(one, known.beliefs[one.key], now_s) for one in known.outlets if is_steered(known.beliefs[one.key])
    )
    return Situation(branches=tuple(branches), demands=demands, policy=policy)


def _held_a(belief: Belief, worst_a: float) -> float:
    """Return what is taken off for an outlet that is not steered: who must prove itself needs the least for it."""
    return max(worst_a, DEFAULT_A) if belief.is_online and belief.has_session else worst_a


def _demand(outlet: Outlet, belief: Belief, now_s: float) -> Demand:
    use = may_load(outlet, belief)
    phases = 1 if outlet.phases == 1 or belief.phases_seen == 1 else 3
    over, nothing = belief.over, belief.nothing_since
    return Demand(
        key=outlet.key,
        branch=outlet.circuit,
        use_a=times(use, over * reach(outlet, belief)),
        floor_a=0.0 if outlet.phases == 0 else DEFAULT_A,
        ceiling_a=ceiling_a(outlet, belief, now_s),
        rank=outlet.rank,
        reserved_a=outlet.reserved_a,
        weight=outlet.weight,
        watts_per_a=VOLTAGE_V * phases,
        attained_wh=belief.attained_wh,
        since=instant(belief.session_since),
        is_on=belief.is_on,
        switched_at=instant(belief.switched_at) if belief.switched_at else None,
        idle_since=instant(nothing) if nothing is not None and now_s - nothing >= IDLE_S else None,
    )

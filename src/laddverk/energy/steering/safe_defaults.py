"""Which standing default each outlet gets: all of them together fit beside the most that the building draws. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from laddverk.energy.circuits.model import PerPhase
from laddverk.energy.steering.envelope import ancestors, may_load, reach, standing_most_a, summed, times
from laddverk.energy.steering.model import DEFAULT_A, Belief, Circuit, Outlet

IDLE_SHARE: Final = 0.25
"""Of the room of a circuit that defaults of outlets without a car may take: they are reserved though nobody charges."""


def sized(
    circuits: Sequence[Circuit], outlets: Sequence[Outlet], beliefs: Mapping[str, Belief],
    granted: Mapping[str, float], worst_other: Sequence[PerPhase],
) -> dict[str, float]:  # fmt: skip
    """Return the standing default of each outlet that can be reached, 6 A or 0.

    Outlets that charge come first, then those that have one already, by rank; those without a car get what is left of
    a quarter of the room. What is in outlets that cannot be reached is taken off before. One of DC that is given less
    than a default gets none: it would count with more than it has.
    """
    away = [
        (one.circuit, times(may_load(one, beliefs[one.key]), standing_most_a(one, beliefs[one.key])))
        for one in outlets
        if not beliefs[one.key].is_online
    ]
    taken = summed(circuits, away)
    room = [
        [
            usable - other - gone
            for usable, other, gone in zip(circuit.usable_a, worst_other[index], taken[index], strict=True)
        ]
        for index, circuit in enumerate(circuits)
    ]
    reserve = [[left * (1.0 - IDLE_SHARE) for left in one] for one in room]
    found: dict[str, float] = {}
    for one in sorted(outlets, key=lambda each: _order(each, beliefs[each.key], granted)):
        belief = beliefs[one.key]
        if not belief.is_online:
            continue
        charges = granted.get(one.key, 0.0) >= DEFAULT_A
        if belief.has_session and not charges:
            found[one.key] = 0.0
            continue
        most_a = DEFAULT_A * reach(one, belief, is_standing=True)
        need = times(may_load(one, belief), min(most_a, max(one.current_max_a, DEFAULT_A)))
        path = ancestors(circuits, one.circuit)
        fits = all(
            room[index][phase] - (0.0 if charges else max(0.0, reserve[index][phase])) >= need[phase]
            for index in path
            for phase in range(3)
            if need[phase] > 0.0
        )
        found[one.key] = DEFAULT_A if fits else 0.0
        if fits:
            for index in path:
                for phase in range(3):
                    room[index][phase] -= need[phase]
    return found


def _order(outlet: Outlet, belief: Belief, granted: Mapping[str, float]) -> tuple[bool, int, bool, str]:
    has = bool(belief.standing) and belief.standing[-1].limit_a > 0.0
    return granted.get(outlet.key, 0.0) <= 0.0, -outlet.rank, not has, outlet.key

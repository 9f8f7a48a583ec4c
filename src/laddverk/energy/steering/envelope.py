"""The most that an outlet may draw from now on, whatever happens: the worst case that everything else is built on.

Pure. It is the highest of all limits that may still be in the charger (sent and unconfirmed ones as well), the
standing default, and all that the hardware can where nothing was ever confirmed or the charger was caught ignoring.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from laddverk.energy.circuits.model import NO_CURRENT, PerPhase
from laddverk.energy.steering.model import CLOCK_SLACK_S, Belief, Circuit, Held, Outlet, Trust

EVERYWHERE: PerPhase = (1.0, 1.0, 1.0)
COS_30: Final = 3**0.5 / 2


def is_surely_over(held: Held, belief: Belief, now_s: float) -> bool:
    """Return whether a limit has ended for certain: its end, moved by what the charger's clock may be wrong."""
    if held.until is None:
        return False
    late_s = max(0.0, held.clock_ahead_s - belief.clock_ahead_s) + CLOCK_SLACK_S
    return now_s > held.until + late_s


def most_a(held: Held, belief: Belief) -> float:
    """Return the most that a limit lets flow on one phase: one in watts may flow on fewer phases than it is for."""
    is_spread = belief.phases_seen == 3 and belief.has_session and belief.is_online
    return held.limit_a if is_spread else held.reach_a


def over_phases(outlet: Outlet, belief: Belief, *, is_standing: bool = False) -> int:
    """Return for how many phases a limit is told in watts; 1 where it is told in amperes, and counts for each phase."""
    if not outlet.in_watts or outlet.phases != 3:
        return 1
    return 1 if belief.phases_seen == 1 and belief.has_session and not is_standing else 3


def reach(outlet: Outlet, belief: Belief, *, is_standing: bool = False) -> int:
    """Return how many times a limit that is told now may flow on one phase."""
    is_spread = belief.phases_seen == 3 and belief.has_session and belief.is_online and not is_standing
    return 1 if is_spread else over_phases(outlet, belief, is_standing=is_standing)


def may_load(outlet: Outlet, belief: Belief) -> PerPhase:
    """Return on which phases of the grid an outlet's current may flow, 1 or 0: all where that is not verified.

    On a 230 V IT grid currents between different lines are added up as if they were in phase: never too little.
    """
    if outlet.is_between_lines and outlet.wires is not None:
        first, second, third = (1.0 if phase in outlet.wires[:2] else 0.0 for phase in range(3))
        return first, second, third
    if outlet.lines_factor != 1.0:
        return outlet.lines_factor, outlet.lines_factor, outlet.lines_factor
    if outlet.wires is None or outlet.phases == 0:
        return EVERYWHERE
    if outlet.phases == 1 or (belief.phases_seen == 1 and belief.has_session and belief.is_online):
        first, second, third = (1.0 if phase == outlet.wires[0] else 0.0 for phase in range(3))
        return first, second, third
    return EVERYWHERE


def standing_most_a(outlet: Outlet, belief: Belief) -> float:
    """Return the highest standing default that may be in it; all that it can where none was ever confirmed."""
    if not any(one.confirmed for one in belief.standing):
        return outlet.current_max_a
    return min(outlet.current_max_a, max(most_a(one, belief) for one in belief.standing))


def keeps_standing(outlet: Outlet, belief: Belief) -> bool:
    """Return whether a charger is known to keep its standing default over a restart: what was seen last counts."""
    return outlet.keeps_standing if belief.keeps_default is None else belief.keeps_default


def has_said_yes(belief: Belief) -> bool:
    """Return whether a charger that was never seen to obey has at least said yes to what it was told last."""
    last = belief.limits[-1] if belief.limits else belief.standing[-1] if belief.standing else None
    return last is not None and last.answered_at is not None


def worst_a(
    outlet: Outlet, belief: Belief, now_s: float, *, is_guarded: bool, takes_its_word: bool = False
) -> float:  # fmt: skip
    """Return the most that an outlet may draw at any instant from now on if nothing more is sent, in amperes.

    `is_guarded`: every circuit above it has a meter that shows what it really draws, so that a restart while it is away
    would be seen. One circuit without a meter is enough to hide it: the next one's fuse is larger.
    `takes_its_word`: one that was never seen to obey, and said yes, counts with what it said yes to: see `unproven`.
    """
    standing = standing_most_a(outlet, belief)
    if not belief.is_online and not keeps_standing(outlet, belief) and not is_guarded:
        return outlet.current_max_a
    if belief.is_online and not belief.has_session:
        return standing
    is_believed = belief.trust is Trust.OBEYS or (
        takes_its_word and belief.trust is Trust.UNKNOWN and has_said_yes(belief)
    )
    if belief.has_session and not is_believed:
        return outlet.current_max_a
    limits = [most_a(one, belief) for one in belief.limits if not is_surely_over(one, belief, now_s)]
    return min(outlet.current_max_a, max([standing, *limits]) * belief.over)


def ancestors(circuits: Sequence[Circuit], index: int) -> tuple[int, ...]:
    """Return a circuit and all above it."""
    found = []
    while index >= 0:
        found.append(index)
        index = circuits[index].parent
    return tuple(found)


def summed(circuits: Sequence[Circuit], flows: Iterable[tuple[int, PerPhase]]) -> list[PerPhase]:
    """Return for each circuit the sum of what hangs on it and below: `flows` are (circuit, amperes for each phase)."""
    sums = [[0.0, 0.0, 0.0] for _ in circuits]
    for index, (first, second, third) in flows:
        own = sums[index]
        own[0] += first
        own[1] += second
        own[2] += third
    for index in range(len(circuits) - 1, 0, -1):
        parent = circuits[index].parent
        if parent >= 0:
            for phase in range(3):
                sums[parent][phase] += sums[index][phase]
    return [(first, second, third) for first, second, third in sums]


def times(mask: PerPhase, amperes: float) -> PerPhase:
    """Return amperes on the phases of a mask."""
    return mask[0] * amperes, mask[1] * amperes, mask[2] * amperes


def on_grid(outlet: Outlet, current_a: PerPhase) -> PerPhase | None:
    """Return what a charger measured on its own phases as it certainly flows on the grid's; None where that is not
    known. Between two lines it is what is left of it on a line when others, on another pair, are 30° from it.
    """
    if outlet.wires is None:
        return None
    if outlet.is_between_lines:
        sure = max(current_a) * COS_30
        first, second, third = (sure if phase in outlet.wires[:2] else 0.0 for phase in range(3))
        return first, second, third
    flows = list(NO_CURRENT)
    for own, phase in enumerate(outlet.wires):
        flows[phase] += current_a[own]
    return flows[0], flows[1], flows[2]

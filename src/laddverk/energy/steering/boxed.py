"""What to set in the chargers themselves, so that fuses hold whatever anybody sends: the amperes of each outlet. Pure.

Chargers that forget or ignore their limits together draw all they can at once, and no message from afar comes in time.
An installer's limit in each charger, which nobody can lift over OCPP, is what then holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from laddverk.energy.circuits.model import PerPhase
from laddverk.energy.steering.envelope import ancestors, may_load
from laddverk.energy.steering.model import DEFAULT_A, Belief, Circuit, Outlet

STEP_A: Final = 1.0  # installers' menus have whole amperes
NOBODY: Final = Belief()


def in_chargers(
    circuits: Sequence[Circuit], outlets: Sequence[Outlet], worst_other: Sequence[PerPhase]
) -> dict[str, float]:
    """Return for each outlet the highest whole amperes with which every fuse holds though all draw them at once.

    Beside the most that other load draws. Shared evenly: all rise together until a circuit is full. 0 where less than
    6 A would be left, which no car can charge with: there no limit in the charger helps, and it must stay steered.
    """
    room = [
        [max(0.0, usable - other) for usable, other in zip(circuit.usable_a, worst_other[index], strict=True)]
        for index, circuit in enumerate(circuits)
    ]
    given = {one.key: 0.0 for one in outlets}
    rising = list(outlets)
    while rising:
        rising = [one for one in rising if given[one.key] + STEP_A <= one.current_max_a and _fits(one, circuits, room)]
        for one in list(rising):
            if not _fits(one, circuits, room):
                rising.remove(one)
                continue
            given[one.key] += STEP_A
            mask = may_load(one, NOBODY)
            for index in ancestors(circuits, one.circuit):
                for phase in range(3):
                    room[index][phase] -= STEP_A * mask[phase]
    most = {one.key: one.current_max_a for one in outlets}
    return {key: _whole(amperes, most[key]) for key, amperes in given.items()}


def _fits(outlet: Outlet, circuits: Sequence[Circuit], room: Sequence[Sequence[float]]) -> bool:
    mask = may_load(outlet, NOBODY)
    return all(
        room[index][phase] >= STEP_A * mask[phase]
        for index in ancestors(circuits, outlet.circuit)
        for phase in range(3)
        if mask[phase]
    )


def _whole(amperes: float, most_a: float) -> float:
    """Return what it may have: all that it can where that differs by less than an ampere."""
    if most_a - amperes < STEP_A:
        return most_a
    return amperes if amperes >= DEFAULT_A else 0.0

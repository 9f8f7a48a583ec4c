"""What chargers count with that were never seen to obey, and what a circuit holds while one of them is found out. Pure.

A charger that is new has said yes and proved nothing: a car that is full, or that waits, would leave it so for hours.
Counted with all that its hardware can it takes the whole circuit from its neighbours. Its word is taken instead where
the fuse holds long enough, should every one of them lie at once, to see it and to lower the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from laddverk.energy.circuits.model import PerPhase
from laddverk.energy.steering.envelope import ancestors, may_load, summed, times, worst_a
from laddverk.energy.steering.model import DEFAULT_A, Circuit, Known, MeterState, Outlet, Trust

HOLDS: Final = 1.9
"""Of what a metered circuit carries for good: a gG fuse of 16 A or more holds so much for half a minute (IEC 60269-1).
Its meter shows within seconds that one charger draws all it can, and the others are lowered in ten more."""
HOLDS_UNSEEN: Final = 1.75
"""Of a circuit without a meter, where only the charger's own next reading tells: for a minute and more."""

Other = Callable[[dict[str, float]], list[PerPhase]]
"""The other load of each circuit, given the worst case of each outlet."""


def held_a(circuits: Iterable[Circuit], meters: Mapping[str, MeterState]) -> tuple[PerPhase, ...]:
    """Return what the fuse of each circuit holds for a short time, amperes on each phase."""
    return tuple(
        times(one.carries_a, HOLDS if meters.get(one.key) is MeterState.FRESH else HOLDS_UNSEEN) for one in circuits
    )  # fmt: skip


def worst(known: Known, meters: Mapping[str, MeterState], now_s: float, other: Other) -> dict[str, float]:
    """Return the worst case of each outlet, amperes: what it said yes to; all it can where a lie would not be held."""
    guarded = [meters.get(one.key) is MeterState.FRESH for one in known.circuits]

    def each(one: Outlet, *, takes_its_word: bool) -> float:
        is_guarded = all(guarded[index] for index in ancestors(known.circuits, one.circuit))
        return worst_a(one, known.beliefs[one.key], now_s, is_guarded=is_guarded, takes_its_word=takes_its_word)

    found = {one.key: each(one, takes_its_word=True) for one in known.outlets}
    unproven = [one for one in known.outlets if _proves_nothing(known, one)]
    if not unproven:
        return found
    as_it_lies = {**found, **{one.key: one.current_max_a for one in unproven}}
    loads = other(found)
    flows = [(one.circuit, times(may_load(one, known.beliefs[one.key]), as_it_lies[one.key])) for one in known.outlets]
    sums = summed(known.circuits, flows)
    burns = [
        any(sum_ + load > held for sum_, load, held in zip(sums[index], loads[index], most, strict=True))
        for index, most in enumerate(held_a(known.circuits, meters))
    ]
    for one in unproven:
        if any(burns[index] for index in ancestors(known.circuits, one.circuit)):
            found[one.key] = each(one, takes_its_word=False)
    return found


def _proves_nothing(known: Known, outlet: Outlet) -> bool:
    belief = known.beliefs[outlet.key]
    return belief.has_session and belief.trust is Trust.UNKNOWN


class Jumps:
    """By how much each phase of each circuit may jump when one charger fails that was counted with its limit.

    All that never proved anything count as one. Raises make a jump smaller, so what is found before them holds after.
    One that with all it can is more than the fuse holds beside a single car at 6 A does not count there, though alone
    the fuse may hold it: else two such chargers keep one another from charging. `checklist` says which they are.
    """

    def __init__(self, known: Known, worst: Mapping[str, float], held_a: Sequence[PerPhase]) -> None:
        self._lies: list[list[dict[str, float]]] = [[{}, {}, {}] for _ in known.circuits]
        self._proven: list[list[list[tuple[float, str]]]] = [[[], [], []] for _ in known.circuits]
        for outlet in known.outlets:
            belief = known.beliefs[outlet.key]
            if belief.is_online and not belief.has_session:
                continue  # nothing can flow where no car is
            for index in ancestors(known.circuits, outlet.circuit):
                for phase, share in enumerate(may_load(outlet, belief)):
                    if outlet.current_max_a * share + DEFAULT_A > held_a[index][phase]:
                        continue
                    jump = (outlet.current_max_a - worst[outlet.key]) * share
                    self._add(index, phase, jump, outlet.key, is_proven=belief.trust is not Trust.UNKNOWN)

    def _add(self, index: int, phase: int, jump: float, key: str, *, is_proven: bool) -> None:
        if jump <= 0.0:
            return
        if not is_proven:
            self._lies[index][phase][key] = jump
            return
        self._proven[index][phase] = sorted((*self._proven[index][phase], (jump, key)), reverse=True)[:2]

    def of_others(self, index: int, phase: int, key: str) -> float:
        """Return the largest jump that another than this outlet may make on a phase of a circuit, amperes."""
        proven = next((jump for jump, other in self._proven[index][phase] if other != key), 0.0)
        lies = self._lies[index][phase]
        return max(proven, sum(lies.values()) - lies.get(key, 0.0)) if lies else proven

"""Steps of single outlets beside what the nearest meter above them showed: the evidence of `rotations`. Pure.

A snapshot of a metered circuit is taken when it is certain what every outlet below it draws. Between two snapshots in
which one outlet changed and no other did, the meter's change is the answer to that outlet's step, beside whatever the
building does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from laddverk.energy.circuits.model import NO_CURRENT, PerPhase
from laddverk.energy.steering import other_load, rotations, verifying
from laddverk.energy.steering.envelope import ancestors
from laddverk.energy.steering.model import Belief, Known, MeterState, Outlet
from laddverk.energy.steering.rotations import Step

APART_MAX_S: Final = 90.0
"""The building changes too much over a longer time."""
OTHERS_A: Final = 1.0
"""By so much all other outlets together may have changed."""
ONE_PHASE_A: Final = 0.5
"""More on the second or third phase is a charge on several, which says nothing of their order."""
SAME_A: Final = 0.5
HEARD_WITHIN_S: Final = 5.0
"""A session that began before is known of by then."""
STEPS_KEPT: Final = 24
HEARD: Final = (MeterState.FRESH, MeterState.WRONG)
"""An order of phases that was entered wrongly makes the meter itself look wrong."""


class Snapshot(Struct, frozen=True):
    """What a meter showed, and what each outlet below drew on its own phases at that moment."""

    at: float
    shown_a: PerPhase
    drawn_a: dict[str, PerPhase]


class Watched(Struct, frozen=True, omit_defaults=True):
    """What is kept of a metered circuit between two steps of the loop."""

    sure: Snapshot | None = None
    young: Snapshot | None = None
    """The meter shows at once what a car did by itself, its charger tells it with its next sample: a moment is sure
    only when what was heard after it says the same."""


def noticed(known: Known, before: Mapping[str, Watched]) -> tuple[dict[str, Watched], dict[str, Step]]:
    """Return what is kept after a step of the loop, by circuit, and the steps that outlets made until just now."""
    watched = dict(before)
    steps: dict[str, Step] = {}
    for index, circuit in enumerate(known.circuits):
        was = before.get(circuit.key, Watched())
        now = _snapshot(known, index)
        said = _confirmed(known, was.young) if was.young is not None else False
        if said is None and was.young is not None and known.stepped_at - was.young.at <= APART_MAX_S:
            continue
        sure = was.sure
        if said and was.young is not None:
            if sure is not None and was.young.at - sure.at <= APART_MAX_S:
                steps |= _steps(known, index, sure, was.young)
            sure = was.young
        watched[circuit.key] = Watched(sure, now)
    return watched, steps


def _confirmed(known: Known, young: Snapshot) -> bool | None:
    """Return whether what was heard since says that outlets drew what they were taken to; None: not all have spoken."""
    answers = [_says(known.beliefs.get(key), flows, young.at, known.stepped_at) for key, flows in young.drawn_a.items()]
    if False in answers:
        return False
    return None if None in answers else True


def _says(belief: Belief | None, flows: PerPhase, at: float, now_s: float) -> bool | None:
    if belief is None:
        return False
    if not belief.has_session:
        return flows == NO_CURRENT and (now_s - at >= HEARD_WITHIN_S or None)
    sample = belief.sample
    if sample is None or sample.at < at:
        return None
    return all(abs(one - other) <= SAME_A for one, other in zip(sample.current_a, flows, strict=True))


def with_step(steps: tuple[Step, ...], new: Step) -> tuple[Step, ...]:
    """Return an outlet's evidence with one more step; the oldest gives way."""
    return (*steps, new)[-STEPS_KEPT:]


def _snapshot(known: Known, index: int) -> Snapshot | None:
    load = known.loads.get(known.circuits[index].key)
    if load is None or load.reading is None:
        return None
    if other_load.state(load, known.stepped_at) not in HEARD:
        return None
    drawn: dict[str, PerPhase] = {}
    for outlet in known.outlets:
        if index in ancestors(known.circuits, outlet.circuit):
            flows = _certain(known.beliefs[outlet.key], load.read_at)
            if flows is None:
                return None
            drawn[outlet.key] = flows
    return Snapshot(load.read_at, load.reading, drawn)


def _certain(belief: Belief, at: float) -> PerPhase | None:
    """Return what an outlet draws at an instant, None where that is not certain."""
    if not belief.is_online:
        return None
    if not belief.has_session:
        return NO_CURRENT
    if belief.sample is None or not verifying.is_settled(belief, at):
        return None
    return belief.sample.current_a


def _steps(known: Known, index: int, earlier: Snapshot, now: Snapshot) -> dict[str, Step]:
    if earlier.drawn_a.keys() != now.drawn_a.keys():
        return {}
    changed = {key: now.drawn_a[key][0] - earlier.drawn_a[key][0] for key in now.drawn_a}
    most = max(changed, key=lambda key: abs(changed[key]), default=None)
    if most is None or abs(changed[most]) < rotations.STEP_A:
        return {}
    if sum(abs(amperes) for key, amperes in changed.items() if key != most) > OTHERS_A:
        return {}
    outlet = next(one for one in known.outlets if one.key == most)
    many = max(*earlier.drawn_a[most][1:], *now.drawn_a[most][1:]) > ONE_PHASE_A
    if many or outlet.phases == 0 or _nearest_meter(known, outlet) != index:
        return {}
    return {most: Step(changed[most], other_load.less(now.shown_a, earlier.shown_a))}


def _nearest_meter(known: Known, outlet: Outlet) -> int | None:
    for index in ancestors(known.circuits, outlet.circuit):
        load = known.loads.get(known.circuits[index].key)
        if load is not None and load.reading is not None:
            return index
    return None

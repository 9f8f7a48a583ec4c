"""What flows through a circuit besides charging, at worst: from its meter, aged when that is silent. Pure.

A meter shows all current; what the cars draw is taken off only where that is certain at the same moment. In between
the meter can only raise the estimate, never lower it. The highest certain estimate of the last minutes counts, so
that a car that stops for a moment, or a building that rests, gives nobody a current that is needed again at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits.model import NO_CURRENT, PerPhase
from laddverk.energy.steering.model import Circuit, Load, MeterState

FRESH_S: Final = 12.0
"""A reading that is no older is taken as of now."""
LOST_S: Final = 60.0
"""An older one says nothing any more; in between a safety term grows from nothing to the worst."""
SAME_S: Final = 40.0
"""A meter that shows the same to the last digit on all phases for so long is taken for frozen; its age counts from
there."""
WINDOW_S: Final = 150.0
BUCKET_S: Final = 10.0
UNSURE_A: Final = 3.0
UNSURE_SHARE: Final = 0.05
"""What all cars together may have changed since they were measured, for an estimate to be certain all the same."""
UNSURE_FOR_S: Final = 60.0
"""After so long without a certain estimate the careful one is taken: as if cars drew the least that they may."""
STEP_A: Final = 5.0
STEP_OVER_S: Final = (35.0, 60.0)
"""A step of the chargers is looked for in the meter over this time: a car that changes by itself is known to only
after its next sample, while the meter shows it at once."""
SURE_EVERY_S: Final = 8.0
GAIN_RANGE: Final = (0.65, 1.6)
STEPS_KEPT: Final = 10
STEPS_MIN: Final = 5
IMPOSSIBLE_S: Final = 20.0
"""A car that stopped is known to after its next sample; a meter that is wrong stays so."""
IMPOSSIBLE_A: Final = 2.0
IMPOSSIBLE_SHARE: Final = 0.1
WORST_KNOWN_S: Final = 86_400.0
"""A day of readings has seen the worst that a building draws, nearly; a tenth is added."""
WORST_FACTOR: Final = 1.1


class Draws(Struct, frozen=True):
    """What the cars below a circuit draw at one moment: at least, and at most."""

    least_a: PerPhase
    most_a: PerPhase


def less(one: PerPhase, other: PerPhase) -> PerPhase:
    """Return the difference, phase by phase."""
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]


def highest(one: PerPhase, other: PerPhase) -> PerPhase:
    """Return the higher, phase by phase."""
    return max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2])


def read(circuit: Circuit, load: Load, at: float, reading: PerPhase, draws: Draws) -> Load:
    """Return what is known of a circuit after a reading, with what its cars drew at that moment."""
    if at <= load.read_at:
        return load
    is_same = load.reading == reading
    since = load.heard_since or at
    load = replace(
        load, reading=reading, read_at=at, changed_at=load.changed_at if is_same else at, heard_since=since
    )  # fmt: skip
    if is_same and at - load.changed_at > SAME_S:
        return load
    unsure = max(less(draws.most_a, draws.least_a))
    is_sure = unsure <= max(UNSURE_A, UNSURE_SHARE * max(circuit.usable_a))
    if is_sure:
        load = _stepped(load, at, reading, draws)
    last = load.recent[-1][0] if load.recent else since
    careful = is_sure or at - last > UNSURE_FOR_S
    estimate = highest(less(reading, draws.least_a if careful else draws.most_a), NO_CURRENT)
    return _with_estimate(load, at, estimate, counts=careful)


def _with_estimate(load: Load, at: float, estimate: PerPhase, *, counts: bool) -> Load:
    """Take an estimate into the window. One that does not count raises the last one only, and keeps it alive no longer.

    The window never empties by time alone: the last estimate stays until there is another.
    """
    recent = list(load.recent)
    if counts and (not recent or at - recent[-1][0] >= BUCKET_S):
        recent.append((at, estimate))
    elif recent:
        recent[-1] = (recent[-1][0], highest(recent[-1][1], estimate))
    else:
        return load
    kept = [one for one in recent[:-1] if at - one[0] <= WINDOW_S] + recent[-1:]
    worst = highest(load.worst_seen, estimate) if counts and load.is_wrong_since is None else load.worst_seen
    return replace(load, recent=tuple(kept), worst_seen=worst)


def _stepped(load: Load, at: float, reading: PerPhase, draws: Draws) -> Load:
    """Compare the meter with the cars: less than they draw cannot be, and their steps must show in it."""
    impossible = any(
        shown < least * (1.0 - IMPOSSIBLE_SHARE) - IMPOSSIBLE_A
        for shown, least in zip(reading, draws.least_a, strict=True)
    )
    since = (load.impossible_since if load.impossible_since is not None else at) if impossible else None
    steps, sure = load.steps, load.sure
    if sure and STEP_OVER_S[0] <= at - sure[0][0] <= STEP_OVER_S[1]:
        drawn, shown = less(draws.least_a, sure[0][2]), less(reading, sure[0][1])
        if max(abs(one) for one in drawn) >= STEP_A:
            both = sum(a * b for a, b in zip(shown, drawn, strict=True))
            steps, sure = (*steps, (both, sum(one * one for one in drawn)))[-STEPS_KEPT:], ()
    sure = tuple(one for one in sure if at - one[0] <= STEP_OVER_S[1])
    if not sure or at - sure[-1][0] >= SURE_EVERY_S:
        sure = (*sure, (at, reading, draws.least_a))
    gain = gain_of(steps)
    wrong = gain is not None and not GAIN_RANGE[0] <= gain <= GAIN_RANGE[1]
    wrong = wrong or (since is not None and at - since >= IMPOSSIBLE_S)
    wrong_since = (load.is_wrong_since if load.is_wrong_since is not None else at) if wrong else None
    return replace(load, sure=sure, steps=steps, impossible_since=since, is_wrong_since=wrong_since)


def gain_of(steps: Sequence[tuple[float, float]]) -> float | None:
    """Return by how much a meter answers to the chargers' steps, 1 when it is right; None before there are enough."""
    if len(steps) < STEPS_MIN:
        return None
    return sum(both for both, _ in steps) / sum(square for _, square in steps)


def state(load: Load, now_s: float) -> MeterState:
    """Return what is thought of a circuit's meter."""
    age = now_s - _as_of(load)
    if load.reading is None or age > LOST_S or not load.recent:
        return MeterState.LOST
    if load.is_wrong_since is not None:
        return MeterState.WRONG
    return MeterState.FRESH if age <= FRESH_S else MeterState.STALE


def _as_of(load: Load) -> float:
    """Return as of when a reading speaks: a frozen one from when it froze."""
    return load.changed_at if load.read_at - load.changed_at > SAME_S else load.read_at


def worst(circuit: Circuit, load: Load | None) -> PerPhase:
    """Return the most that other load draws when nothing measures it: as typed and as ever seen.

    Where nobody typed anything and less than a day was seen, all of the circuit: nothing is left to charge with.
    """
    seen = load.worst_seen if load is not None else NO_CURRENT
    if any(circuit.typed_a):
        return highest(circuit.typed_a, seen)
    if not circuit.is_metered:
        return NO_CURRENT
    if load is None or load.read_at - load.heard_since < WORST_KNOWN_S:
        return circuit.usable_a
    return seen[0] * WORST_FACTOR, seen[1] * WORST_FACTOR, seen[2] * WORST_FACTOR


def other_load(circuit: Circuit, load: Load | None, now_s: float) -> tuple[PerPhase, MeterState]:
    """Return the other load to reckon with on each phase now, and what is thought of the meter."""
    if not circuit.is_metered or load is None:
        return worst(circuit, load), MeterState.LOST
    thought = state(load, now_s)
    if thought in (MeterState.LOST, MeterState.WRONG):
        return worst(circuit, load), thought
    held = NO_CURRENT
    for at, estimate in load.recent:
        if now_s - at <= WINDOW_S or at == load.recent[-1][0]:
            held = highest(held, estimate)
    if thought is MeterState.STALE:
        share = min(1.0, (now_s - _as_of(load) - FRESH_S) / (LOST_S - FRESH_S))
        ceiling = highest(worst(circuit, load), held)
        first, second, third = (low + (high - low) * share for low, high in zip(held, ceiling, strict=True))
        held = (first, second, third)
    return held, thought

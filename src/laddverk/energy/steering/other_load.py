"""What flows through a circuit besides charging, at worst: from its meter, aged when that is silent. Pure.

A meter shows all current; what the cars draw is taken off only where that is certain at the same moment. In between
the meter can only raise the estimate, never lower it. The highest certain estimate of the last minutes counts, so
that a car that stops for a moment, or a building that rests, gives nobody a current that is needed again at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits.loads import added
from laddverk.energy.circuits.model import NO_CURRENT, PerPhase
from laddverk.energy.steering.model import Circuit, Estimate, Load, MeterState

FRESH_S: Final = 12.0
"""A reading that is no older is taken as of now."""
LOST_S: Final = 60.0
"""An older one says nothing any more; in between a safety term grows from nothing to the worst."""
SAME_S: Final = 40.0
"""A meter that shows the same to the last digit on all phases for so long is taken for frozen; its age counts from
there."""
WINDOW_S: Final = 60.0
BUCKET_S: Final = 10.0
UNSURE_A: Final = 3.0
UNSURE_SHARE: Final = 0.05
"""What all cars together may have changed since they were measured, for an estimate to be certain all the same."""
UNPLACED_A: Final = 0.5
"""A draw that changed by less is the same draw."""
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
    unplaced: Mapping[str, float] = {}
    """By outlet: what it draws on a phase that nobody knows, beside what it draws on all of them."""


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
    last = load.recent[-1].at if load.recent else since
    careful = is_sure or at - last > UNSURE_FOR_S
    estimate = highest(less(reading, draws.least_a if careful else draws.most_a), NO_CURRENT)
    if not careful:
        return replace(load, pending=highest(load.pending, estimate) if load.pending is not None else estimate)
    return _with_estimate(load, Estimate(at, estimate, dict(draws.unplaced)))


def _with_estimate(load: Load, new: Estimate) -> Load:
    """Take a certain estimate into the window, which never empties by time alone: the last one stays until the next.

    Within a bucket the highest counts, as long as it speaks of the same draws.
    """
    recent = load.recent
    if recent and new.at - recent[-1].at < BUCKET_S and _same(recent[-1].unplaced, new.unplaced):
        last = recent[-1]
        lowest = {key: min(drawn, new.unplaced[key]) for key, drawn in last.unplaced.items()}
        recent = (*recent[:-1], Estimate(last.at, highest(last.load_a, new.load_a), lowest))
    else:
        recent = (*(one for one in recent if new.at - one.at <= WINDOW_S), new)
    worst = highest(load.worst_seen, new.load_a) if load.is_wrong_since is None else load.worst_seen
    return replace(load, recent=recent, pending=None, worst_seen=worst)


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one.keys() == other.keys() and all(abs(one[key] - other[key]) <= UNPLACED_A for key in one)


def _stepped(load: Load, at: float, reading: PerPhase, draws: Draws) -> Load:
    """Compare the meter with the cars: less than they draw cannot be, and their steps must show in it."""
    impossible = any(
        shown < least * (1.0 - IMPOSSIBLE_SHARE) - IMPOSSIBLE_A
        for shown, least in zip(reading, draws.least_a, strict=True)
    )
    whole = sum(draws.least_a) + sum(draws.unplaced.values())  # whichever phases it flows on
    impossible = impossible or sum(reading) < whole * (1.0 - IMPOSSIBLE_SHARE) - IMPOSSIBLE_A
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
    typed = added(circuit.typed_a, circuit.typed_below_a)
    if any(circuit.typed_a) or not circuit.is_metered:
        return highest(typed, seen)
    if load is None or load.read_at - load.heard_since < WORST_KNOWN_S:
        return circuit.usable_a
    return most_seen(circuit, load)


def most_seen(circuit: Circuit, load: Load | None) -> PerPhase:
    """Return the most that other load draws as people typed it and as it was ever seen, whichever is higher."""
    seen = load.worst_seen if load is not None else NO_CURRENT
    typed = added(circuit.typed_a, circuit.typed_below_a)
    return highest(typed, (seen[0] * WORST_FACTOR, seen[1] * WORST_FACTOR, seen[2] * WORST_FACTOR))


def is_known(circuit: Circuit, load: Load | None) -> bool:
    """Return whether anybody knows what other load draws: typed, or seen for a day."""
    is_seen = load is not None and load.read_at - load.heard_since >= WORST_KNOWN_S
    return is_seen or any(added(circuit.typed_a, circuit.typed_below_a)) or not circuit.is_metered


def with_below(circuits: Sequence[Circuit], others: Sequence[PerPhase]) -> list[PerPhase]:
    """Return the other load of each circuit with what flows through it to those below, where no meter shows all of it.

    Of a circuit below, what was typed of it and what is thought of it now counts, whichever is higher.
    """
    found = list(others)
    sums = [NO_CURRENT for _ in circuits]
    for index in range(len(circuits) - 1, -1, -1):  # children before their parents
        circuit = circuits[index]
        if not circuit.is_metered:
            found[index] = highest(found[index], added(circuit.typed_a, sums[index]))
        if circuit.parent >= 0:
            typed = added(circuit.typed_a, circuit.typed_below_a)
            sums[circuit.parent] = added(sums[circuit.parent], highest(typed, found[index]))
    return found


Still = Callable[[str, float, float], PerPhase]
"""What is reserved on each phase, in an outlet's worst case, of what it drew (A) at an instant: asked by its key."""


def nothing_still(_outlet: str, _at: float, _drawn_a: float) -> PerPhase:
    """Return nothing: every outlet's order of phases is known."""
    return NO_CURRENT


def other_load(
    circuit: Circuit, load: Load | None, now_s: float, still: Still = nothing_still
) -> tuple[PerPhase, MeterState]:  # fmt: skip
    """Return the other load to reckon with on each phase now, and what is thought of the meter.

    What an outlet drew on a phase that nobody knows is in an estimate on the phase where it flowed, and in the
    outlet's worst case on all of them: it is taken off here, as far as it is `still` reserved there. So the load of a
    phase may be below zero; what flows in truth is not: the sum with all worst cases holds on every phase.
    """
    if not circuit.is_metered or load is None:
        return worst(circuit, load), MeterState.LOST
    thought = state(load, now_s)
    if thought in (MeterState.LOST, MeterState.WRONG):
        return worst(circuit, load), thought
    newest = load.recent[-1]
    counted = [_placed(one, still) for one in load.recent if now_s - one.at <= WINDOW_S or one is newest]
    held = load.pending if load.pending is not None else counted[-1]
    for one in counted:
        held = highest(held, one)
    if thought is MeterState.STALE:
        share = min(1.0, (now_s - _as_of(load) - FRESH_S) / (LOST_S - FRESH_S))
        ceiling = highest(worst(circuit, load), held)
        first, second, third = (low + (high - low) * share for low, high in zip(held, ceiling, strict=True))
        held = (first, second, third)
    return held, thought


def _placed(estimate: Estimate, still: Still) -> PerPhase:
    left = estimate.load_a
    for key, drawn_a in estimate.unplaced.items():
        left = less(left, still(key, estimate.at, drawn_a))
    return left

"""Currents that waste least where phases meet as vectors: a linear program over the stays that are known.

Max-min sharing gives each the same, also where two amperes of one would cost three of others. On a delta, and behind a
transformer, that is most of what is lost in a congested hour. This program delivers as much as can be delivered to the
cars that are here before they leave, spreads what is missing by shares of what each asked for, and does it early, for
whoever comes next is not known.

It is a yardstick, no part of the live loop: its answers lie on corners, so that from step to step cars are switched on
and off (the bench counts it), it knows no least current that charges, and where currents add as amounts, as on every
400 V grid, sharing wastes nothing that it could save. Departures that were promised are kept by the plan ahead.

Currents are vectors: each line is a circle, drawn as a polygon. Now it lies inside the circle, later outside: what is
only planned need not give anything away.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from laddverk.energy.allocating.rows import Floats, Ints
from laddverk.energy.planning_ahead.matrix import Program

Vectors = NDArray[np.complex128]

SIDES_NOW: Final = 72  # of the polygon inside the circle: it gives away 0.1 % at most
SIDES_LATER: Final = 12
TIMEOUT_S: Final = 2.0  # who has no answer by then shares max-min; usual are some milliseconds
NEGLIGIBLE_A: Final = 1e-9
STRAIGHT: Final = 1e-9  # vectors whose angle differs by less have one direction


class Lines(Struct, frozen=True):
    """Lines that carry currents: `weight` is lines x stays, what an ampere of a stay adds to a line as a vector."""

    weight: Vectors
    limit_a: Floats


class Stays(Struct, frozen=True):
    """Cars that would charge, as arrays of one length."""

    ceiling_a: Floats
    left_ah: Floats
    """What each still asks for, in hours of an ampere of its limit."""
    asked_ah: Floats
    """What each asks for in its whole stay."""
    leaves_h: Floats
    """In how many hours each is expected to leave."""


class Leaning(Struct, frozen=True):
    """What the program leans to where it costs little or nothing."""

    ends_h: tuple[float, ...]
    """Where the steps of time end, the first of them being the decision's own; the last one is as long as needed."""
    worth: tuple[float, ...] = (1.9, 1.5, 1.2, 1.0)
    """What energy is worth in the first, second … equal part of what a stay asked for: the less it got, the more."""
    haste: float = 0.02
    """What an hour later takes from that worth."""


def currents_ahead(lines: Lines, stays: Stays, leaning: Leaning) -> Floats | None:
    """Return the current of each stay for the first step, in A; None when the program has no answer in time.

    Where all can have all they take, nothing is solved: everybody gets it.
    """
    first_h = leaning.ends_h[0]
    most_now = np.minimum(stays.ceiling_a, stays.left_ah / first_h)
    if fits(lines, most_now):
        return most_now
    ends = np.array(leaning.ends_h)
    begins = np.concatenate(([0.0], ends[:-1]))
    here_h = np.clip(stays.leaves_h[:, None] - begins, 0.0, ends - begins)
    here_h[:, 0] = np.maximum(here_h[:, 0], min(first_h, 1e-3))  # it is here now, whatever was said
    program = Program()
    current = _currents(program, stays, leaning, begins, ends, here_h)
    _held_inside(program, lines, current)
    found = program.solved(TIMEOUT_S)
    if found is None:
        return None
    return np.minimum(np.maximum(found.values[current[:, 0]], 0.0), most_now)


def fits(lines: Lines, current_a: Floats) -> bool:
    """Tell whether currents keep all lines at or below their limits, exactly."""
    return bool((np.abs(lines.weight @ current_a) <= lines.limit_a + NEGLIGIBLE_A).all())


def _currents(program: Program, stays: Stays, leaning: Leaning, begins: Floats, ends: Floats, here_h: Floats) -> Ints:
    """Add a current for each stay and step, and what it brings; return their columns, stays x steps."""
    count, steps = here_h.shape
    length = ends - begins
    late = leaning.haste * (begins + length / 2) * length
    current = program.add_columns(
        count * steps, cost=np.broadcast_to(late, (count, steps)).ravel(),
        high=(stays.ceiling_a[:, None] * here_h / length).ravel(),
    ).reshape(count, steps)  # fmt: skip
    brings = program.add_rows(count, low=0.0, high=0.0)
    program.put(brings[:, None], current, np.broadcast_to(length, (count, steps)))
    parts = len(leaning.worth)
    got = stays.asked_ah - stays.left_ah
    for part, worth in enumerate(leaning.worth):
        upto = np.where(part == parts - 1, np.inf, (part + 1) / parts) * np.maximum(stays.asked_ah, 1e-9)
        free = np.clip(np.minimum(upto, stays.asked_ah) - np.maximum(got, part / parts * stays.asked_ah), 0.0, None)
        share = program.add_columns(count, cost=-worth, high=free)
        program.put(brings, share, -1.0)
    return current


def _held_inside(program: Program, lines: Lines, current: Ints) -> None:
    """Hold every line inside its circle in every step. Stays that load all lines alike are one current here."""
    kinds, kind_of = np.unique(lines.weight, axis=1, return_inverse=True)
    steps, count = current.shape[1], kinds.shape[1]
    together = program.add_columns(steps * count).reshape(steps, count)
    sums = program.add_rows(steps * count, low=0.0, high=0.0).reshape(steps, count)
    program.put(sums[:, kind_of.reshape(-1)], current.T, 1.0)
    program.put(sums, together, -1.0)
    for held, is_now in ((together[:1], True), (together[1:], False)):
        loads, bounds = _sides(kinds, lines.limit_a, is_now=is_now)
        rows = program.add_rows(len(held) * len(bounds), high=np.tile(bounds, len(held)))
        side, kind = np.nonzero(loads)
        program.put(rows.reshape(len(held), len(bounds))[:, side], held[:, kind], loads[side, kind])


def _sides(kinds: Vectors, limit_a: Floats, *, is_now: bool) -> tuple[Floats, Floats]:
    """Return the sides of all lines' polygons: what an ampere of each kind adds to each, and where each side is."""
    count = SIDES_NOW if is_now else SIDES_LATER
    turned = np.exp(-1j * np.arange(count) * 2 * np.pi / count)
    inside = float(np.cos(np.pi / count)) if is_now else 1.0
    loads, bounds = [], []
    for weight, limit in zip(kinds, limit_a, strict=True):
        used = weight[weight != 0]
        if len(used) and np.abs((used / used[0]).imag).max() < STRAIGHT and (used / used[0]).real.min() > 0:
            loads.append(np.abs(weight)[None, :])  # all in one direction: amounts add
            bounds.append([limit])
        else:
            loads.append((weight[None, :] * turned[:, None]).real)
            bounds.append([limit * inside] * count)
    return np.vstack(loads), np.concatenate(bounds)

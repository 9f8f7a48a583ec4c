"""Which phase of the grid a one-phase charge really uses, from how the site's meter answers to its steps. Pure.

A step of several amperes on one phase of a charger shows on one phase of the meter. The building changes as well; the
median of several steps is not moved by that. Three-phase charging says nothing about the order of phases, and needs
none.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from msgspec import Struct

from laddverk.energy.circuits.model import PerPhase

STEP_A: Final = 4.0  # a smaller step drowns in what a building does
STEPS_MIN: Final = 5
SHOWS: Final = 0.6  # of a step must show on the phase that it is on
HIDES: Final = 0.3  # at most so much of it may seem to show on the others


class Step(Struct, frozen=True):
    """A step of one outlet's first phase (A, positive or negative), and what the meter did on L1, L2 and L3."""

    drawn_a: float
    shown_a: PerPhase


class Found(Struct, frozen=True):
    """The phase of the grid (0, 1, 2) that an outlet's first phase is on, and how sure that is."""

    phase: int
    answers: PerPhase
    """By how much each phase of the meter answered to the steps, 1 is fully: the evidence."""
    steps: int
    confidence: float
    """0 to 1: how much more the found phase answers than the next."""


def found(steps: Sequence[Step]) -> Found | None:
    """Return on which phase an outlet charges; None while steps are too few or too small, or do not agree."""
    told = [one for one in steps if abs(one.drawn_a) >= STEP_A]
    if len(told) < STEPS_MIN:
        return None
    first, second, third = (median(one.shown_a[phase] / one.drawn_a for one in told) for phase in range(3))
    answers = (first, second, third)
    ranked = sorted(range(3), key=lambda phase: answers[phase], reverse=True)
    best, next_best = answers[ranked[0]], answers[ranked[1]]
    if best < SHOWS or next_best > HIDES:
        return None
    return Found(ranked[0], answers, len(told), min(1.0, max(0.0, best - max(0.0, next_best))))


def is_wrong(wires: tuple[int, int, int] | None, seen: Found | None) -> bool:
    """Return whether the order of phases that people entered is not the one that the meter shows."""
    return wires is not None and seen is not None and wires[0] != seen.phase

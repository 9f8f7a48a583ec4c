"""What else a building draws, phase by phase: a base, slow swings, and machines that start and stop. Seeded."""

from __future__ import annotations

from math import pi, sin
from random import Random
from typing import Final

from msgspec import Struct, field

from laddverk.simulator.grid.words import NOTHING, PerPhase

SWING_S: Final = 1_800.0  # ventilation and heating
MACHINE_EVERY_S: Final = 240.0  # a stove, a lift, a laundry: something starts about every four minutes
MACHINE_LASTS_S: Final = (40.0, 600.0)


class Machine(Struct, frozen=True):
    """Something that runs until an instant, on one phase or on all."""

    until_s: float
    draws_a: PerPhase


class Building(Struct):
    """A building's other load. It never draws more than `most_a` on any phase, which its electrician knows."""

    random: Random
    most_a: PerPhase
    phase_s: float = 0.0
    machines: list[Machine] = field(default_factory=list)
    drawn_a: PerPhase = NOTHING
    """What flowed in the last second."""

    def draws_a(self, now_s: float) -> PerPhase:
        """Return what flows in this second."""
        self.machines = [one for one in self.machines if one.until_s > now_s]
        if self.random.random() < 1.0 / MACHINE_EVERY_S:
            self.machines.append(self._machine(now_s))
        swing = 0.25 + 0.08 * sin(2 * pi * (now_s + self.phase_s) / SWING_S)
        first, second, third = (
            min(most, most * swing + sum(one.draws_a[phase] for one in self.machines) + self.random.random() * 0.2)
            for phase, most in enumerate(self.most_a)
        )
        self.drawn_a = (first, second, third)
        return self.drawn_a

    def _machine(self, now_s: float) -> Machine:
        size = self.random.uniform(0.1, 0.5)
        only = self.random.choice((None, 0, 1, 2))
        first, second, third = (most * size if only in (None, phase) else 0.0 for phase, most in enumerate(self.most_a))
        return Machine(now_s + self.random.uniform(*MACHINE_LASTS_S), (first, second, third))

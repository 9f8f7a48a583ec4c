"""A meter at a circuit, and how meters fail: lost, frozen, late, noisy, with the wrong ratio of transformers."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from random import Random
from typing import Final

from msgspec import Struct, field

from laddverk.simulator.grid.words import PerPhase

EVERY_S: Final = 2.0
RESOLUTION_A: Final = 0.1
LATE_S: Final = 15.0
NOISE_SHARE: Final = 0.04
WRONG_SCALES: Final = (0.5, 0.75, 1.4)  # transformers of another ratio than was set


class MeterFault(StrEnum):
    """How a meter fails."""

    LOST = "meter lost"
    FROZEN = "meter frozen"
    LATE = "meter late"
    NOISY = "meter noisy"
    SCALED = "meter scaled"


class Shown(Struct, frozen=True):
    """What a meter said: when it says it measured, and the current."""

    at_s: float
    current_a: PerPhase


class Meter(Struct):
    """A meter that says every two seconds what flowed through its circuit."""

    random: Random
    fault: MeterFault | None = None
    from_s: float = 0.0
    until_s: float = 0.0
    scale: float = 1.0
    frozen: PerPhase | None = None
    waiting: deque[Shown] = field(default_factory=deque)
    said_at_s: float = -1e9

    def says(self, now_s: float, flows_a: PerPhase) -> Shown | None:
        """Return what the meter says in this second, if anything."""
        if now_s - self.said_at_s < EVERY_S:
            return None
        self.said_at_s = now_s
        fault = self.fault if self.from_s <= now_s < self.until_s else None
        if fault is not MeterFault.FROZEN:
            self.frozen = None
        match fault:
            case MeterFault.LOST:
                return None
            case MeterFault.FROZEN:
                self.frozen = self.frozen or self._rounded(flows_a)
                return Shown(now_s, self.frozen)
            case MeterFault.LATE:  # old values with the time of now
                self.waiting.append(Shown(now_s, self._rounded(flows_a)))
                if now_s - self.waiting[0].at_s < LATE_S:
                    return None
                return Shown(now_s, self.waiting.popleft().current_a)
            case MeterFault.NOISY:
                return Shown(now_s, self._rounded(flows_a, noise=NOISE_SHARE))
            case MeterFault.SCALED:
                first, second, third = (value * self.scale for value in flows_a)
                return Shown(now_s, self._rounded((first, second, third)))
            case None:
                return Shown(now_s, self._rounded(flows_a))

    def _rounded(self, flows_a: PerPhase, noise: float = 0.0) -> PerPhase:
        first, second, third = (
            round(value * (1.0 + self.random.gauss(0.0, noise) if noise else 1.0) / RESOLUTION_A) * RESOLUTION_A
            for value in flows_a
        )
        return first, second, third

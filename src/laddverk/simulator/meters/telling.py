"""What a simulated meter tells, whichever way it goes: what flows, or what is wrong with it. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from math import nan
from typing import Final

from msgspec import Struct

from laddverk.kernel.time import Clock, system_clock

PerPhase = tuple[float, float, float]
Currents = Callable[[], PerPhase]
"""What flows now on L1, L2 and L3, in A; negative towards the grid."""

LATE: Final = timedelta(seconds=30)
CLOCK_OFF: Final = timedelta(hours=-1)
MILLI: Final = 1_000.0  # told in mA where A are expected; its opposite, in kA, is 0.001


class Fault(StrEnum):
    """What can be wrong with a meter."""

    NONE = "none"
    LOST = "lost"
    """It says nothing, and is back when somebody mends it."""
    FROZEN = "frozen"
    """It tells again and again what it told last, with the time of now."""
    LATE = "late"
    """It tells what flowed a while ago: with the time of then, where it tells a time at all."""
    GARBAGE = "garbage"
    """It tells what is no number."""
    WRONG_SCALE = "wrong_scale"
    WRONG_SIGN = "wrong_sign"
    CLOCK_OFF = "clock_off"
    REFUSES = "refuses"
    """Modbus: it knows no such register."""


class Told(Struct, frozen=True):
    """What a meter tells: when that was, by its own clock, and how much flowed."""

    at: datetime
    current_a: PerPhase


class Teller:
    """A meter, without the way by which it tells. Set what is wrong with it at any time."""

    def __init__(self, currents: Currents, clock: Clock = system_clock) -> None:
        self.fault = Fault.NONE
        self.late = LATE
        self.scale = MILLI
        self.clock_off = CLOCK_OFF
        self._currents = currents
        self._clock = clock
        self._flowed: deque[Told] = deque()
        self._said: Told | None = None

    def tells(self) -> Told | None:
        """Return what it tells now; None: nothing."""
        now = Told(self._clock(), self._currents())
        self._flowed.append(now)
        while len(self._flowed) > 1 and self._flowed[1].at <= now.at - self.late:
            self._flowed.popleft()
        match self.fault:
            case Fault.LOST:
                return None
            case Fault.LATE:
                return self._flowed[0] if self._flowed[0].at <= now.at - self.late else None
            case Fault.FROZEN:
                return Told(now.at, (self._said or now).current_a)
        self._said = now
        factor = {Fault.GARBAGE: nan, Fault.WRONG_SCALE: self.scale, Fault.WRONG_SIGN: -1.0}.get(self.fault, 1.0)
        first, second, third = now.current_a
        off = self.clock_off if self.fault is Fault.CLOCK_OFF else timedelta()
        return Told(now.at + off, (first * factor, second * factor, third * factor))

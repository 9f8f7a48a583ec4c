"""A charger's outlet and the car in it, as electricity sees them: limits in the box, and what really flows.

The box keeps a standing default and one limit of the session with an end, in its own clock. It can fail in the ways
that chargers fail in the field.
"""

from __future__ import annotations

from enum import StrEnum
from random import Random
from typing import Final

from msgspec import Struct, field

from laddverk.simulator.grid.words import CURRENT_MIN_A, NOTHING, PerPhase

ANSWERS_S: Final = (0.2, 2.5)
APPLIES_S: Final = (0.5, 3.0)
APPLIES_LATE_S: Final = (15.0, 40.0)
RAMP_A_S: Final = 4.0  # a car follows its pilot within five seconds (IEC 61851-1), most much faster
OVERDRAW: Final = 1.08  # cars that round up
UNDERDRAW: Final = 0.6
REBOOT_S: Final = 45.0
LINES_OF_DC: Final[PerPhase] = (3**0.5, 3**0.5, 3**0.5)  # 690 W at 230 V between the lines


class BoxFault(StrEnum):
    """How a charger or its car fails."""

    IGNORES = "charger ignores its profile"
    LIES = "charger accepts and lies"
    APPLIES_LATE = "charger applies late"
    LINK_LOST = "link lost"
    REBOOTS = "reboot to factory default"
    WRONG_ROTATION = "wrong rotation"
    CLOCK_SKEW = "clock skew"
    DRAWS_MORE = "car draws more"
    DRAWS_LESS = "car draws less"


class Limit(Struct, frozen=True):
    """A limit in the box from an instant on, until one in the box's own clock (None: until it is replaced)."""

    limit_a: float
    from_s: float
    until_s: float | None = None
    over_phases: int | None = None
    """It was told in watts, for so many phases: all of them may flow on fewer. None: in amperes."""


class Visit(Struct, frozen=True):
    """A car: when it comes and leaves, on how many phases it charges, how much it takes and when it begins."""

    comes_s: float
    leaves_s: float
    phases: int
    current_max_a: float
    needs_as: float
    """Ampere-seconds on each of its phases until it is full."""
    begins_after_s: float = 0.0


class Box(Struct):
    """One outlet. `wires` says on which phase of the grid each of its own phases really is; 0 phases are DC."""

    random: Random
    current_max_a: float
    phases: int
    wires: tuple[int, int, int]
    visits: list[Visit]
    is_between_lines: bool = False
    """On a 230 V IT grid: what charges on one phase flows in two lines, and 690 W of DC are 1.73 A in each."""
    fault: BoxFault | None = None
    from_s: float = 0.0
    until_s: float = 0.0
    clock_ahead_s: float = 0.0
    standing: list[Limit] = field(default_factory=list)
    session: list[Limit] = field(default_factory=list)
    flows_a: float = 0.0
    taken_as: float = 0.0
    visit: Visit | None = None
    stopped: bool = False

    def has(self, fault: BoxFault, now_s: float) -> bool:
        """Return whether it suffers from this fault now."""
        return self.fault is fault and self.from_s <= now_s < self.until_s

    def is_online(self, now_s: float) -> bool:
        """Return whether it can be reached."""
        if self.has(BoxFault.REBOOTS, now_s) and now_s < self.from_s + REBOOT_S:
            return False
        return not self.has(BoxFault.LINK_LOST, now_s)

    def takes(
        self, limit_a: float, until_s: float | None, now_s: float, *, is_standing: bool, over_phases: int | None = None
    ) -> bool:
        """Take a limit, or refuse it; return what it answers. A liar says yes and forgets it."""
        if self.has(BoxFault.LIES, now_s):
            return True
        if not is_standing and self.visit is None:
            return False
        slow = self.has(BoxFault.APPLIES_LATE, now_s)
        from_s = now_s + self.random.uniform(*(APPLIES_LATE_S if slow else APPLIES_S))
        (self.standing if is_standing else self.session).append(Limit(limit_a, from_s, until_s, over_phases))
        return True

    def allowed_a(self, now_s: float) -> float:
        """Return what the box allows the car now. Limits that were taken later stand before earlier ones."""
        if self.has(BoxFault.IGNORES, now_s):
            return self.current_max_a
        clock_s = now_s + self.clock_ahead_s
        for held in (self.session, self.standing):
            begun = [one for one in held if one.from_s <= now_s]
            if begun:
                del held[: len(begun) - 1]
                newest = begun[-1]
                if newest.until_s is None or clock_s < newest.until_s:
                    return min(self._on_a_phase(newest), self.current_max_a)
        return self.current_max_a

    def _on_a_phase(self, held: Limit) -> float:
        if held.over_phases is None or self.visit is None:
            return held.limit_a
        return held.limit_a * held.over_phases / self.phases_used(self.visit)

    def phases_used(self, visit: Visit) -> int:
        """Return on how many phases a car charges here; DC loads all three."""
        return 3 if self.phases == 0 else min(self.phases, visit.phases)

    def per_ampere(self, visit: Visit) -> PerPhase:
        """Return what an ampere of a car puts on each phase of the grid. Between lines amperes are added up as if they
        were in phase, which is the most that they can be together.
        """
        if self.is_between_lines and self.phases == 0:
            return LINES_OF_DC
        count = self.phases_used(visit)
        used = self.wires[: 2 if self.is_between_lines and count == 1 else count]
        first, second, third = (1.0 if phase in used else 0.0 for phase in range(3))
        return first, second, third

    def pass_second(self, now_s: float) -> PerPhase:
        """Let a second pass; return what flows on the phases of the grid."""
        if self.fault is BoxFault.REBOOTS and self.from_s <= now_s < self.from_s + 1.0:
            self.standing.clear()
            self.session.clear()
        self._come_and_go(now_s)
        wanted = self._wanted_a(now_s)
        change = wanted - self.flows_a
        self.flows_a = wanted if abs(change) <= RAMP_A_S else self.flows_a + RAMP_A_S * (1 if change > 0 else -1)
        if self.visit is None or self.flows_a <= 0.0:
            return NOTHING
        self.taken_as += self.flows_a
        first, second, third = self.per_ampere(self.visit)
        return first * self.flows_a, second * self.flows_a, third * self.flows_a

    def _come_and_go(self, now_s: float) -> None:
        if self.visit is not None and now_s >= self.visit.leaves_s:
            self.visit, self.flows_a = None, 0.0
            self.session.clear()
        if self.visit is None and self.visits and now_s >= self.visits[0].comes_s:
            self.visit = self.visits.pop(0)
            self.taken_as, self.stopped = 0.0, False

    def _wanted_a(self, now_s: float) -> float:
        visit = self.visit
        if visit is None or self.stopped or self.taken_as >= visit.needs_as:
            return 0.0
        if now_s < visit.comes_s + visit.begins_after_s:
            return 0.0
        allowed, least = self.allowed_a(now_s), 0.0 if self.phases == 0 else CURRENT_MIN_A
        if allowed < least:
            return 0.0
        draws = min(allowed, visit.current_max_a)
        if self.has(BoxFault.DRAWS_MORE, now_s):
            return min(allowed * OVERDRAW, self.current_max_a)
        return max(least, draws * UNDERDRAW) if self.has(BoxFault.DRAWS_LESS, now_s) else draws

    def stop(self, _now_s: float) -> None:
        """End the charge."""
        self.stopped = True

"""D19: one phase of three is gone, or gives much less than the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil, isfinite, log
from typing import ClassVar, Final

from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import shrunken_share
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Metered, Observation, SessionBegan, SessionOver
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

WEAK_SHARE: Final = 0.5  # of the others
USED_A: Final = 4.0  # below it a phase is not used: cars need 6 A, and meters show a little where nothing flows
SAMPLES_MIN: Final = 3
SESSIONS_MIN: Final = 3
SEEN_THREE_MIN: Final = 3  # sessions with all phases before: else it was built with fewer
CHANCE: Final = 1e-3  # that so many two-phase cars come one after another
PRIOR_SHARE: Final = 0.05  # of sessions: cars that charge with two phases
PRIOR_SESSIONS: Final = 20.0
HISTORY: Final = 200.0
DEAD_V: Final = 100.0
ALIVE_V: Final = 180.0
TOKEN_CHARS: Final = 12
LAST_TOKENS: Final = 4
LINES: Final = ("L1", "L2", "L3")


class PhaseLoss(Detector, kw_only=True, omit_defaults=True):
    """Counts sessions in which the same one phase is weak, where three were seen before."""

    ABOUT: ClassVar = About(
        id="D19",
        title=N_("A phase is missing"),
        family=Family.PHASE,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=N_("3 sessions in a row, of at least two users, in which the same phase has less than half of the "
                   "others, after sessions with all three; more where two-phase cars are usual. At once when the "
                   "voltage of one phase is gone"),
        needs=(Input.CURRENT,),
        better_with=(Input.VOLTAGE,),
        action=N_("Check the fuses and the contactor of that phase"),
        runbook="phase-loss",
    )  # fmt: skip
    HEARS: ClassVar = (Metered, SessionBegan, SessionOver)

    token: str = ""
    whole: int = 0
    """Samples of this session with all three phases."""
    weak: tuple[int, int, int] = (0, 0, 0)
    """Samples of this session in which that phase alone was weak."""
    dead: int = 0
    """Readings in a row in which one phase had no voltage."""
    seen_three: int = 0
    two_phase: float = 0.0
    sessions: float = 0.0
    row: int = 0
    row_phase: int = -1
    row_since: datetime | None = None
    row_tokens: tuple[str, ...] = ()
    by_voltage: bool = False

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Follow a session and judge it at its end; a dead voltage is judged at once."""
        if scene.evse(self.evse_number).power_type != "ac3":
            return ()
        if isinstance(seen, SessionBegan):
            self.token, self.whole, self.weak = seen.token_key[:TOKEN_CHARS], 0, (0, 0, 0)
        elif isinstance(seen, Metered):
            self._count(seen)
            return self._voltage(seen)
        elif isinstance(seen, SessionOver):
            return self._end(seen.at)
        return ()

    def _count(self, seen: Metered) -> None:
        amperes = _three(seen.current_a)
        if amperes is None:
            return
        phase = weak_phase(amperes)
        if phase is not None:
            counts = list(self.weak)
            counts[phase] += 1
            self.weak = (counts[0], counts[1], counts[2])
        elif min(amperes) >= USED_A:
            self.whole += 1

    def _end(self, at: datetime) -> Sequence[Signal]:
        whole, weak = self.whole, self.weak
        self.whole, self.weak = 0, (0, 0, 0)
        most = max(weak)
        if whole >= SAMPLES_MIN and whole > most:
            return self._all_three(at)
        if most < SAMPLES_MIN or most < whole:
            return ()  # one phase is a small car; nothing is nothing
        return self._one_weak(weak.index(most), at)

    def _all_three(self, at: datetime) -> Sequence[Signal]:
        self.seen_three = min(self.seen_three + 1, SEEN_THREE_MIN)
        self._learn(0.0)
        self.row, self.row_phase, self.row_since, self.row_tokens = 0, -1, None, ()
        if self.by_voltage:
            return ()
        return self.clear_it(at, Evidence(text=N_("A session used all three phases"), at=at))

    def _one_weak(self, phase: int, at: datetime) -> Sequence[Signal]:
        own = shrunken_share(self.two_phase, self.sessions, PRIOR_SHARE, PRIOR_SESSIONS)
        if phase != self.row_phase:
            self.row, self.row_phase, self.row_since, self.row_tokens = 0, phase, at, ()
        if not self.raised and self.row < SESSIONS_MIN:
            self._learn(1.0)
        self.row = min(self.row + 1, 99)
        if self.token not in self.row_tokens:
            self.row_tokens = (*self.row_tokens, self.token)[-LAST_TOKENS:]
        needed = max(SESSIONS_MIN, ceil(log(CHANCE) / log(own)))
        several = len(self.row_tokens) > 1 or self.row_tokens == ("",)
        if self.seen_three < SEEN_THREE_MIN or self.row < needed or not several:
            return ()
        said = Evidence(
            text=N_("%(sessions)s sessions in a row with less than half of the current on %(line)s"),
            values={"sessions": self.row, "line": LINES[phase]}, at=at,
        )  # fmt: skip
        return self.raise_it(at, said, since=self.row_since, confidence=0.85)

    def _voltage(self, seen: Metered) -> Sequence[Signal]:
        volts = _three(seen.voltage_v)
        if volts is None:
            return ()
        if sum(volt < DEAD_V for volt in volts) == 1 and sorted(volts)[1] > ALIVE_V and self.seen_three:
            self.dead = min(self.dead + 1, SAMPLES_MIN)
            if self.dead == SAMPLES_MIN and not self.by_voltage:
                self.by_voltage = True
                line = LINES[volts.index(min(volts))]
                said = Evidence(text=N_("There is no voltage on %(line)s"), values={"line": line}, at=seen.at)
                return self.raise_it(seen.at, said, since=seen.at, confidence=0.95)
            return ()
        self.dead = 0
        if self.by_voltage and min(volts) > ALIVE_V:
            self.by_voltage = False
            return self.clear_it(seen.at, Evidence(text=N_("All three phases have voltage again"), at=seen.at))
        return ()

    def _learn(self, two_phase: float) -> None:
        fades = 1 - 1 / HISTORY
        self.two_phase = self.two_phase * fades + two_phase
        self.sessions = self.sessions * fades + 1


def weak_phase(amperes: tuple[float, float, float]) -> int | None:
    """Return the one phase that has less than half of the mean of the others, both of which are used; else None."""
    lowest = amperes.index(min(amperes))
    others = [amperes[phase] for phase in range(3) if phase != lowest]
    if min(others) < USED_A or min(others) < WEAK_SHARE * max(others):
        return None
    return lowest if amperes[lowest] < WEAK_SHARE * sum(others) / 2 else None


def _three(values: tuple[float | None, float | None, float | None] | None) -> tuple[float, float, float] | None:
    """Return the three values where all were said and are numbers."""
    if values is None or any(value is None or not isfinite(value) for value in values):
        return None
    first, second, third = (abs(value or 0.0) for value in values)
    return first, second, third

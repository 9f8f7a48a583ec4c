"""One station's detectors hear what came, and time passes for them. Pure: observations in, signals out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from laddverk.diagnostics.detectors.base import Detector, Scene, Scope
from laddverk.diagnostics.memory import EVSES_MAX, Kinds, Memory, outlets
from laddverk.diagnostics.model import Signal
from laddverk.diagnostics.observations import Observation, OutcomeSeen

log = structlog.get_logger()

TURNS_MAX: Final = 10  # a detector that is always due is asked again at the next turn, not for ever


class Heard:
    """What the detectors of one station made of what they were told."""

    def __init__(self, kinds: Kinds, packed: bytes | None, scene: Scene) -> None:
        self._kinds = kinds
        self.memory = Memory(kinds, packed)
        self.scene = scene
        self.signals: list[Signal] = []
        self._due = self.memory.due_at()
        self._known = frozenset(number for number in scene.evses if 0 < number <= EVSES_MAX) | self.memory.evses()

    def hear(self, observed: Observation, now: datetime) -> None:
        """Let every detector that wants to hear `observed` hear it.

        What time alone would have changed before we received it is changed first: so a turn that comes late, or hears
        an hour at once, finds what it would have found at the time. `now` bounds it.
        """
        received_at = min(observed.received_at, now)
        if self._due is not None and self._due <= received_at:
            self.pass_time(received_at)
        evse_number = getattr(observed, "evse_number", None) or 0
        if evse_number > EVSES_MAX or self._is_the_cars_fault(observed):
            return
        nowhere = not evse_number and isinstance(observed, OutcomeSeen)
        for kind in self._kinds.hearing(type(observed)):
            if nowhere and kind.ABOUT.scope is Scope.EVSE:
                continue  # nobody knows at which outlet: none of them is to blame
            for outlet in outlets(kind, evse_number, self._known):
                detector = self.memory.copy_of(kind, outlet)
                if self._guarded(detector, detector.hear, observed, self.scene):
                    self._soonest(detector)
        if evse_number and evse_number not in self._known:
            self._known |= {evse_number}

    def pass_time(self, now: datetime) -> None:
        """Let time pass until `now` for every detector that waits for it."""
        for detector in self.memory.due(now):
            for _ in range(TURNS_MAX):
                due_at = detector.due_at()
                if due_at is None or due_at > now:
                    break
                if not self._guarded(detector, detector.pass_time, now, self.scene):
                    break
        self._due = self.memory.due_at()

    def _is_the_cars_fault(self, observed: Observation) -> bool:
        return (
            isinstance(observed, OutcomeSeen)
            and observed.outcome.is_failure
            and (observed.car_key or observed.token_key) in self.scene.bad_cars
        )

    def _soonest(self, detector: Detector) -> None:
        due_at = detector.due_at()
        if due_at is not None and (self._due is None or due_at < self._due):
            self._due = due_at

    def _guarded(self, detector: Detector, act: Any, *given: Any) -> bool:
        try:
            signals: Sequence[Signal] = act(*given)
        except Exception:
            log.exception("diagnostics.detector_stumbled", detector=detector.ABOUT.id)
            self.memory.forget(type(detector), detector.evse_number)
            return False
        self.signals.extend(signals)
        return True

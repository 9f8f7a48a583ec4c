"""D23: the contactor has switched nearly as often as it is built for. Plain counting; no weight by current."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Metered, Observation, SessionBegan, SessionChanged, SessionOver
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

SWITCHINGS_LIFE: Final = 100_000  # operations without load: the low end of data sheets of AC contactors
LOADED_LIFE: Final = 6_000  # openings under full load
WORN_SHARE: Final = 0.8
LOADED_A: Final = 1.0
ABRUPT: Final = frozenset({"EmergencyStop", "PowerLoss", "EVDisconnected", "GroundFault", "OvercurrentFault", "Reboot"})
"""Reasons after which the contactor opens before the current has been let fall."""
REPEAT_EVERY: Final = 500  # switchings between two renewals of the evidence


class ContactorWear(Detector, kw_only=True, omit_defaults=True):
    """Counts switchings, and openings while current flowed, against what contactors bear."""

    ABOUT: ClassVar = About(
        id="D23",
        title=N_("The contactor is near the end of its life"),
        family=Family.CONTACTOR,
        severity=Severity.PLAN,
        scope=Scope.EVSE,
        formula=N_("Switchings over 80 percent of 100,000, or openings under load over 80 percent of 6,000"),
        needs=(Input.SESSIONS,),
        better_with=(Input.CURRENT,),
        action=N_("Plan a new contactor for the next visit"),
        runbook="contactor-wear",
    )  # fmt: skip
    HEARS: ClassVar = (SessionBegan, SessionOver, SessionChanged, Metered)

    switchings: int = 0
    loaded: int = 0
    closed: bool = False
    current_a: float = 0.0
    read_at: datetime | None = None
    told_at: int = 0
    """Switchings when it was last told."""

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Count what switches."""
        del scene
        if isinstance(seen, Metered):
            amperes = [abs(a) for a in seen.current_a or () if a is not None]
            if amperes:
                self.current_a, self.read_at = max(amperes), seen.at
            return ()
        if isinstance(seen, SessionBegan):
            self.closed, self.current_a, self.read_at = False, 0.0, None
            return self._switched(seen.at) if self._close() else ()
        if isinstance(seen, SessionChanged):
            moved = self._close() if seen.charging_state == "charging" else self._open(is_abrupt=False)
            return self._switched(seen.at) if moved else ()
        if isinstance(seen, SessionOver):
            return self._switched(seen.at) if self._open(is_abrupt=seen.reason in ABRUPT) else ()
        return ()

    def _close(self) -> bool:
        moved, self.closed = not self.closed, True
        return moved

    def _open(self, *, is_abrupt: bool) -> bool:
        moved, self.closed = self.closed, False
        self.loaded += int(moved and is_abrupt and self.current_a > LOADED_A)
        self.current_a = 0.0
        return moved

    def _switched(self, at: datetime) -> Sequence[Signal]:
        self.switchings += 1
        worn = max(self.switchings / SWITCHINGS_LIFE, self.loaded / LOADED_LIFE)
        if worn < WORN_SHARE or (self.raised and self.switchings - self.told_at < REPEAT_EVERY):
            return ()
        self.told_at = self.switchings
        said = Evidence(
            text=N_("%(switchings)s switchings and %(loaded)s openings under load, as far as we have seen: "
                    "%(worn_percent)s of what contactors are built for"),
            values={"switchings": self.switchings, "loaded": self.loaded, "worn_percent": round(100 * worn)}, at=at,
        )  # fmt: skip
        return self.raise_it(at, said, confidence=0.6)

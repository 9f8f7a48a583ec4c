"""What a detector is: its fields are its whole memory; it is told what happens and says when it changes its mind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal, Turn
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.kernel.ids import StationId


class Scope(StrEnum):
    """What one copy of a detector watches."""

    STATION = "station"
    EVSE = "evse"


class EvseScene(Struct, frozen=True, kw_only=True):
    """What is known of an outlet beside what it says."""

    evse_number: int
    power_type: str = "ac3"
    """ac1, ac3 or dc."""
    power_max_w: int = 22_000
    current_max_a: int = 32
    public: bool = True
    """Many strangers charge here, rather than a few who live or work there."""


class Scene(Struct, frozen=True, kw_only=True):
    """What is known of a station beside what it says; the same for all its detectors."""

    station_id: StationId
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    protocol: str = "ocpp1.6"
    heartbeat_interval_s: int = 300
    evses: dict[int, EvseScene] = {}
    fail_share: float = 0.04
    """Share of attempts that fail at chargers of this model and firmware (shrunken): where a new outlet begins."""
    bad_cars: frozenset[str] = frozenset()
    """Keys of cars and tokens that fail everywhere (D10): their failures say nothing of a charger."""

    def evse(self, number: int) -> EvseScene:
        """Return what is known of that outlet; the defaults for one that staff never entered."""
        return self.evses.get(number) or EvseScene(evse_number=number)


class About(Struct, frozen=True, kw_only=True):
    """What people should know of a detector. Texts are English and marked for translation."""

    id: str
    title: str
    family: Family
    severity: Severity
    scope: Scope
    formula: str
    """What it computes, in a sentence or two, with its numbers."""
    needs: tuple[Input, ...]
    """Without all of these it sees nothing."""
    better_with: tuple[Input, ...] = ()
    action: str
    """What to do first, as a text."""
    runbook: str
    """The name of a file in `diagnostics/runbooks`, without its ending."""
    watch_only: bool = False
    """Its findings are shown with the charger and make no incident: that they foretell a fault is not proven."""


class Detector(Struct, kw_only=True, omit_defaults=True):
    """Base of all detectors. A subclass adds fields and hears what it needs; an outlet's copy hears that outlet."""

    ABOUT: ClassVar[About]
    HEARS: ClassVar[tuple[type[Observed], ...]]

    evse_number: int = 0
    raised: bool = False
    """Whether its finding stands."""

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Take in one observation; return what changed. Must bear any order and any value."""
        raise NotImplementedError

    def due_at(self) -> datetime | None:
        """Return when time alone may change something; None when only an observation can."""
        return None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        """Be told that it is `now`, at or after `due_at`; return what changed."""
        del now, scene
        return ()

    def raise_it(
        self,
        at: datetime,
        *evidence: Evidence,
        since: datetime | None = None,
        family: Family | None = None,
        severity: Severity | None = None,
        confidence: float = 1.0,
    ) -> Sequence[Signal]:
        """Return the signal that it is so, or still is, with this evidence."""
        self.raised = True
        return (
            Signal(
                detector=self.ABOUT.id, evse_number=self.evse_number, turn=Turn.RAISED, at=at, since=since,
                family=family, severity=severity, confidence=confidence, evidence=evidence,
            ),
        )  # fmt: skip

    def clear_it(self, at: datetime, *evidence: Evidence) -> Sequence[Signal]:
        """Return the signal that it is over; nothing when nothing was raised."""
        if not self.raised:
            return ()
        self.raised = False
        return (
            Signal(
                detector=self.ABOUT.id, evse_number=self.evse_number, turn=Turn.CLEARED, at=at, evidence=evidence,
            ),
        )  # fmt: skip

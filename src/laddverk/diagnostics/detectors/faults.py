"""Detectors of what a charger says itself: any fault (D05), and at once what is dangerous (D06).

One copy for a station: a charger complains of connectors, of EVSEs and of itself (EVSE 0), and each has its own
finding. What a message said stands until another takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from zlib import crc32

from msgspec import Struct, field

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.codes import Code, decoded, decoded_event
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import later
from laddverk.diagnostics.model import STATION, Evidence, Family, Input, Severity, Signal, Turn
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.ocpp.facts import Status
from laddverk.platform.languages import marked

COMPLAINTS_MAX: Final = 8  # at one station; of more, the least severe say nothing new
NAME_MAX_B, WORD_MAX_B = 32, 40  # bytes kept of a code's name, and of what was written
FAULT_AFTER_S: Final = 60.0  # most codes are gone by then, and nobody can do anything in a minute
CALM_AFTER_S: Final = 60.0
SAFE_AFTER_S: Final = 900.0  # what is dangerous is not over because a message says so once
EVENT_STANDS_S: Final = 7 * 86_400.0  # an event that is neither repeated nor taken back
"""What is dangerous stands for as long as its outlet does not work: nobody forgets a cut cable."""
BROKEN: Final = frozenset({Status.FAULTED, Status.UNAVAILABLE})
TOLD_MAX: Final = 3  # complaints in one finding's evidence
KNOWN_CONFIDENCE, UNKNOWN_CONFIDENCE = 0.9, 0.4
VAGUE: Final = frozenset({"ChargingStationProblem", "EVSEProblem", "ConnectorProblem"})
"""They say that something is wrong, and not what: whoever says more is more likely right."""
NOT_OURS: Final = frozenset({Family.EV_COMMUNICATION, Family.VEHICLE})
"""Said of every second odd car; only an outlet that is out of order with it is worth a word (D09 counts them)."""


def cut(text: str, bytes_max: int) -> str:
    """Return as much of `text` as fits into so many bytes of UTF-8."""
    return text.encode("utf-8", "ignore")[:bytes_max].decode("utf-8", "ignore")


class Complaint(Struct, array_like=True, omit_defaults=True):
    """A code that stands at one place, since when, and since when it is gone."""

    evse_number: int
    source: str
    """The number of the connector that said so, or what stands for the component and variable of an event."""
    name: str
    raw: str
    family: Family
    severity: Severity
    since: datetime
    last_at: datetime
    is_event: bool = False
    is_known: bool = True
    info: str = ""
    is_ripe: bool = False
    """It has stood for long enough to be told."""
    gone_at: datetime | None = None
    worked_at: datetime | None = None
    """Of a dangerous event: since when its outlet works all the same; None while it does not."""

    @property
    def expires_at(self) -> datetime | None:
        """When an event is no longer believed that nobody took back; None: it stands."""
        if not self.is_event:
            return None
        if self.severity > Severity.SAFETY:
            return later(self.last_at, EVENT_STANDS_S)
        return None if self.worked_at is None else later(max(self.last_at, self.worked_at), EVENT_STANDS_S)

    @property
    def rank(self) -> tuple[bool, int, bool, datetime, str]:
        """Which is told first: what stands, the worst, what is understood, the oldest."""
        return self.gone_at is not None, self.severity, not self.is_known, self.since, self.name


class Complaints(Detector, kw_only=True, omit_defaults=True):
    """What D05 and D06 share: complaints that come, stand and go."""

    WAITS_S: ClassVar[float]
    CALM_S: ClassVar[float]

    standing: tuple[Complaint, ...] = ()
    told: dict[int, str] = field(default_factory=dict)
    """By EVSE: the complaint for which its finding was raised last."""

    def takes(self, code: Code, faulted: bool) -> bool:
        """Return whether this detector minds that code."""
        raise NotImplementedError

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        if isinstance(seen_now, seen.StateSeen):
            self._hear_state(seen_now, scene)
        elif isinstance(seen_now, seen.EventSeen):
            self._hear_event(seen_now, scene)
        elif isinstance(seen_now, seen.Restarted):
            for one in self.standing:
                if one.is_event and one.severity > Severity.SAFETY:
                    one.gone_at = one.gone_at or seen_now.received_at
        return self._judged(seen_now.received_at)

    def due_at(self) -> datetime | None:
        return min((due for one in self.standing if (due := self._due_of(one))), default=None)

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        return self._judged(now)

    def _due_of(self, one: Complaint) -> datetime | None:
        if one.gone_at is not None:
            return later(one.gone_at, self.CALM_S)
        if not one.is_ripe:
            return later(one.since, self.WAITS_S)
        return one.expires_at

    def _hear_state(self, state: seen.StateSeen, scene: Scene) -> None:
        at, evse_number, source = state.received_at, state.evse_number, str(state.connector_number)
        codes = decoded(
            scene.vendor, scene.model, state.error_code, state.vendor_error_code, state.vendor_id, state.info
        )
        faulted = state.status is Status.FAULTED
        kept = [self._stand(code, at, evse_number, source, faulted, False) for code in codes]
        works = state.status in (Status.AVAILABLE, Status.CHARGING)
        for one in self.standing:
            if one.evse_number in (evse_number, STATION):
                one.worked_at = (one.worked_at or at) if works else None if state.status in BROKEN else one.worked_at
            if one.evse_number != evse_number:
                continue
            over = works and one.severity is Severity.DOWN if one.is_event else one.source == source
            if over and one.name not in kept:
                one.gone_at = one.gone_at or at

    def _hear_event(self, event: seen.EventSeen, scene: Scene) -> None:
        at, evse_number = event.received_at, event.evse_number
        source = f"{crc32(f'{event.component}/{event.variable}'.encode()):x}"
        codes = () if event.cleared else decoded_event(
            scene.vendor, scene.model, event.component, event.variable, event.tech_code, event.tech_info, event.value
        )  # fmt: skip
        kept = [self._stand(code, at, evse_number, source, False, True) for code in codes]
        for one in self.standing:
            is_of_it = one.is_event and one.evse_number == evse_number and one.source == source
            if is_of_it and one.name not in kept:
                one.gone_at = one.gone_at or at

    def _stand(self, code: Code, at: datetime, evse_number: int, source: str, faulted: bool, is_event: bool) -> str:
        """Keep a complaint, if this detector minds it; return its name, '' if not."""
        if not self.takes(code, faulted):
            return ""
        name = cut(code.name, NAME_MAX_B)
        for one in self.standing:
            if (one.evse_number, one.source, one.name, one.is_event) == (evse_number, source, name, is_event):
                if one.gone_at is not None:
                    one.gone_at = None
                    self.told[evse_number] = ""  # it is told once more: it is back
                one.last_at = max(one.last_at, at)
                return name
        new = Complaint(
            evse_number=evse_number, source=source, name=name, raw=cut(code.raw, WORD_MAX_B), family=code.family,
            severity=min(code.severity, Severity.DOWN) if faulted else code.severity, since=at, last_at=at,
            is_event=is_event, is_known=code.is_known and code.name not in VAGUE, info=cut(code.info, WORD_MAX_B),
        )  # fmt: skip
        self.standing = tuple(sorted((*self.standing, new), key=lambda one: one.rank)[:COMPLAINTS_MAX])
        return name

    def _judged(self, now: datetime) -> Sequence[Signal]:
        """Return what changed: complaints ripen, those that are gone for long enough are forgotten."""
        if not self.standing and not self.told:
            return ()
        for one in self.standing:
            expires_at = one.expires_at
            if expires_at is not None and one.gone_at is None and expires_at <= now:
                one.gone_at = one.last_at
            one.is_ripe = one.is_ripe or (one.gone_at is None and later(one.since, self.WAITS_S) <= now)
        self.standing = tuple(
            one
            for one in self.standing
            if one.gone_at is None or (one.is_ripe and later(one.gone_at, self.CALM_S) > now)
        )
        signals: list[Signal] = []
        for evse_number in sorted({*self.told, *(one.evse_number for one in self.standing)}):
            signals += self._judged_at(evse_number, now)
        self.raised = bool(self.told)
        return signals

    def _judged_at(self, evse_number: int, now: datetime) -> Sequence[Signal]:
        ripe = sorted(
            (one for one in self.standing if one.is_ripe and one.evse_number == evse_number),
            key=lambda one: one.rank,
        )
        if not ripe:
            if self.told.pop(evse_number, None) is None:
                return ()
            over = Evidence(text=marked("It no longer says so."), at=now)
            return (self._signal(evse_number, Turn.CLEARED, now, evidence=(over,)),)
        worst = ripe[0]
        if self.told.get(evse_number) == worst.name or worst.gone_at is not None:
            return ()
        self.told[evse_number] = worst.name
        return (
            self._signal(
                evse_number, Turn.RAISED, now, since=worst.since, family=worst.family,
                severity=worst.severity,
                confidence=KNOWN_CONFIDENCE if worst.is_known else UNKNOWN_CONFIDENCE,
                evidence=tuple(_told(one) for one in ripe[:TOLD_MAX]),
            ),
        )  # fmt: skip

    def _signal(self, evse_number: int, turn: Turn, at: datetime, **rest: Any) -> Signal:
        return Signal(detector=self.ABOUT.id, evse_number=evse_number, turn=turn, at=at, **rest)


def _told(one: Complaint) -> Evidence:
    values: dict[str, str | int | float | None] = {"code": one.raw, "name": one.name, "info": one.info}
    if one.info:
        return Evidence(text=marked("It reports %(code)s: %(info)s."), values=values, at=one.since)
    return Evidence(text=marked("It reports %(code)s."), values=values, at=one.since)


class ReportedFault(Complaints, kw_only=True, omit_defaults=True):
    """D05: the charger says itself that something is wrong."""

    WAITS_S: ClassVar[float] = FAULT_AFTER_S
    CALM_S: ClassVar[float] = CALM_AFTER_S
    ABOUT: ClassVar[About] = About(
        id="D05",
        title=marked("Reports a fault"),
        family=Family.OTHER,
        severity=Severity.DOWN,
        scope=Scope.STATION,
        formula=marked(
            "A code of a fault that stands for 60 s; its family and severity are looked up in the files of codes. "
            "Codes that only inform do not count, and those of a car only when the outlet is out of order with them."
        ),
        needs=(Input.STATUS,),
        better_with=(Input.ERROR_CODES, Input.EVENTS),
        action=marked("Read what the code means, and follow its family."),
        runbook="reported-fault",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (seen.StateSeen, seen.EventSeen, seen.Restarted)

    def takes(self, code: Code, faulted: bool) -> bool:
        if code.safety:
            return False
        return faulted or (code.severity < Severity.INFO and code.family not in NOT_OURS)


class SafetyCode(Complaints, kw_only=True, omit_defaults=True):
    """D06: the charger says that it may be dangerous."""

    WAITS_S: ClassVar[float] = 0.0
    CALM_S: ClassVar[float] = SAFE_AFTER_S
    ABOUT: ClassVar[About] = About(
        id="D06",
        title=marked("May be dangerous"),
        family=Family.GROUND_FAULT,
        severity=Severity.SAFETY,
        scope=Scope.STATION,
        formula=marked(
            "A code that the files call dangerous, at once: residual current, isolation, welded contactor, stop for "
            "heat, voltage at the connector, cut cable, water, tilt, emergency stop. Over when gone for 15 minutes."
        ),
        needs=(Input.STATUS,),
        better_with=(Input.ERROR_CODES, Input.EVENTS),
        action=marked("Do not reset. Take the outlet out of service, tell drivers, and send somebody."),
        runbook="safety",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (seen.StateSeen, seen.EventSeen, seen.Restarted)

    def takes(self, code: Code, faulted: bool) -> bool:
        return code.safety

"""Words of incidents: the incident, its states and causes, quiet spans, and what happens to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import STATION, Family, Finding, FindingId, IncidentId, Severity
from laddverk.diagnostics.scope import Group
from laddverk.kernel.events import Event
from laddverk.kernel.ids import SiteId, StationId


class State(StrEnum):
    """Where an incident stands."""

    HELD = "held"
    """Too young to tell anybody, or hidden: nobody is bothered yet."""
    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_WORK = "in_work"
    VERIFYING = "verifying"
    """Mended, or gone by itself: it is watched whether it stays away."""
    CLOSED = "closed"
    FALSE = "false"
    """A person looked, and nothing was wrong."""
    MERGED = "merged"
    """It turned out to be part of a larger one."""


OVER: Final = frozenset({State.CLOSED, State.FALSE, State.MERGED})
SHOWN: Final = frozenset({State.NEW, State.ACKNOWLEDGED, State.IN_WORK, State.VERIFYING})
TAKEN: Final = frozenset({State.ACKNOWLEDGED, State.IN_WORK})


class Hidden(StrEnum):
    """Why nobody is told of an incident."""

    NOT = ""
    MAINTENANCE = "maintenance"
    SILENCE = "silence"
    OUTAGE = "outage"
    """We ourselves stood still when it began."""
    PARENT = "parent"
    """A larger problem covers its station."""
    MUTED = "muted"
    """Most of what its detectors said lately was no use."""
    FALSE = "false"
    """The same was called false within the week."""


class Cause(StrEnum):
    """What it was, confirmed by a person. `RECOVERED` is what a rule writes."""

    LINK = "link"
    SIM_OR_ANTENNA = "sim_or_antenna"
    SITE_NETWORK = "site_network"
    POWER_CUT = "power_cut"
    SITE_ELECTRICS = "site_electrics"
    BOARD = "board"
    FIRMWARE = "firmware"
    SETTINGS = "settings"
    CABLE_OR_PLUG = "cable_or_plug"
    LOCK = "lock"
    CONTACTOR = "contactor"
    RESIDUAL_CURRENT = "residual_current"
    METER = "meter"
    POWER_MODULE = "power_module"
    COOLING = "cooling"
    READER = "reader"
    TERMINAL = "terminal"
    SCREEN = "screen"
    DAMAGE = "damage"
    BLOCKED = "blocked"
    VEHICLE = "vehicle"
    PARTNER = "partner"
    OURS = "ours"
    OTHER = "other"
    NO_FAULT = "no_fault"
    """Nothing was wrong: what the detectors said was no use."""
    RECOVERED = "recovered"


class Incident(Struct, frozen=True, kw_only=True):
    """One real problem, as it is kept."""

    id: IncidentId
    number: int = 0
    scope: str
    """Where the cause is: `scope.Blame`."""
    scope_key: str
    site_id: SiteId | None = None
    station_id: StationId | None = None
    evse_number: int = STATION
    stations: tuple[StationId, ...] = ()
    sites: tuple[SiteId, ...] = ()
    family: Family
    severity: Severity
    found_severity: Severity
    confidence: float
    state: State = State.HELD
    since: datetime
    opens_at: datetime
    raised_at: datetime | None = None
    last_at: datetime
    quiet_since: datetime | None = None
    hidden_by: Hidden = Hidden.NOT
    parent_id: IncidentId | None = None
    times: int = 1
    repeats: int = 0
    reports: int = 0
    drivers_day: float = 0.0
    energy_day_wh: int = 0
    has_alternative: bool = True
    weighed_at: datetime | None = None
    level: int = 0
    called_at: datetime | None = None
    owner_name: str = ""
    acknowledged_at: datetime | None = None
    verifying_at: datetime | None = None
    closed_at: datetime | None = None
    changed_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.state in OVER


class ByKind(StrEnum):
    """Who did what stands on a timeline."""

    MACHINE = "machine"
    PERSON = "person"
    RULE = "rule"


class TimelineEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to an incident. `text` is English and marked; `note` is a person's own words."""

    incident_id: IncidentId
    at: datetime
    by_kind: ByKind = ByKind.RULE
    by_name: str = ""
    text: str
    params: dict[str, Any] = {}
    note: str = ""
    is_remedy: bool = False
    """Something that was done to mend it: shown as what was tried."""


class Closing(Struct, frozen=True, kw_only=True):
    """Why an incident was closed. `useful` None: nobody looked, so it says nothing of the detectors."""

    incident_id: IncidentId
    at: datetime
    by_name: str
    cause: Cause
    useful: bool | None = None
    part: str = ""
    cost_minor: int = 0
    currency: str = ""
    note: str = ""
    detectors: tuple[str, ...] = ()


class QuietSpan(Struct, frozen=True, kw_only=True):
    """A silence or a maintenance window: where, of what, from when until when, and who said so why."""

    id: UUID
    kind: str
    """`silence` or `maintenance`."""
    site_id: SiteId | None = None
    station_id: StationId | None = None
    evse_number: int | None = None
    family: str = ""
    detector: str = ""
    from_at: datetime
    until_at: datetime
    reason: str
    author: str
    created_at: datetime
    ended_at: datetime | None = None


class OwnOutage(Struct, frozen=True):
    """A time in which we ourselves stood still."""

    from_at: datetime
    until_at: datetime


class Demand(Struct, frozen=True, kw_only=True):
    """Who would come to a station within the next 24 hours, from the last four weeks."""

    drivers_day: float = 0.0
    energy_day_wh: int = 0
    has_alternative: bool = True
    """Another charger at the site can charge."""


class DriverReport(Struct, frozen=True, kw_only=True):
    """What a driver said is wrong at an outlet."""

    id: UUID
    station_id: StationId
    site_id: SiteId
    evse_number: int
    at: datetime
    kind: str
    person_key: str
    incident_id: IncidentId | None = None


class Situation(Struct, frozen=True, kw_only=True):
    """All that a decision about incidents looks at."""

    findings: tuple[Finding, ...] = ()
    """Those that stand, and those of the incidents given."""
    groups: tuple[Group, ...] = ()
    """Of the findings that stand: `scope.inferred`."""
    incidents: tuple[Incident, ...] = ()
    """Those that are not over, and those that were closed within the last week."""
    sites: dict[StationId, SiteId] = {}
    quiet: tuple[QuietSpan, ...] = ()
    outages: tuple[OwnOutage, ...] = ()
    reports: tuple[DriverReport, ...] = ()
    """Of the last day."""
    successes: dict[IncidentId, int] = {}
    """Charges that went well at its outlets since its newest evidence."""
    muted: frozenset[str] = frozenset()
    """Detectors that are no use lately."""


class Decision(Struct, frozen=True, kw_only=True):
    """What becomes of the incidents. Those in `saved` are new or changed."""

    saved: tuple[Incident, ...] = ()
    dropped: tuple[IncidentId, ...] = ()
    """Held ones that passed before anybody was told."""
    moved: dict[FindingId, IncidentId] = {}
    reports: dict[UUID, IncidentId] = {}
    events: tuple[TimelineEvent, ...] = ()
    closings: tuple[Closing, ...] = ()
    opened: tuple[IncidentId, ...] = ()
    closed: tuple[IncidentId, ...] = ()


class IncidentOpened(Event, frozen=True, kw_only=True):
    """A problem is shown: it is new, or it came back (`repeat`)."""

    incident_id: IncidentId
    at: datetime
    repeat: bool = False


class IncidentChanged(Event, frozen=True, kw_only=True):
    """Something of an incident changed: its state, how bad it is, or what it is made of."""

    incident_id: IncidentId
    at: datetime


class IncidentClosed(Event, frozen=True, kw_only=True):
    """A problem is over: closed, false or part of a larger one."""

    incident_id: IncidentId
    at: datetime
    state: State
    cause: str = ""

"""The words of diagnosis: families of faults, how severe, what a detector needs, and what it finds."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId

FindingId = NewType("FindingId", UUID)
IncidentId = NewType("IncidentId", UUID)

STATION: int = 0
"""The EVSE number of what concerns a whole station."""


class Family(StrEnum):
    """The one taxonomy of faults: which part, or which party, is to blame. All codes of others map into it."""

    CONNECTIVITY = "connectivity"
    """Link, router, SIM, antenna, carrier."""
    CONTROLLER = "controller"
    """The charger's own computer: reboots, internal errors, memory."""
    FIRMWARE = "firmware"
    """A version that does worse than the one before."""
    CONFIGURATION = "configuration"
    CLOCK = "clock"
    SUPPLY = "supply"
    """Voltage and power from the grid."""
    GROUND_FAULT = "ground_fault"
    """Residual current, isolation."""
    OVERCURRENT = "overcurrent"
    CONTACTOR = "contactor"
    """Contactor or relay: stuck, welded, worn."""
    CONNECTOR_LOCK = "connector_lock"
    CONTACT_HEAT = "contact_heat"
    """Plug, pins and cable run hot."""
    COOLING = "cooling"
    """Fans, filters, the temperature of the cabinet."""
    POWER_ELECTRONICS = "power_electronics"
    """Modules: less power than promised."""
    PHASE = "phase"
    """A phase is missing or much weaker than the others."""
    METER = "meter"
    EV_COMMUNICATION = "ev_communication"
    """Control pilot, proximity, PLC, ISO 15118."""
    READER = "reader"
    """Card reader, RFID, terminal."""
    AUTHORISATION = "authorisation"
    """Tokens are refused though they should not be."""
    PAYMENT = "payment"
    STUCK_STATE = "stuck_state"
    """A state or session that never ends."""
    LIMIT = "limit"
    """A limit that nobody wants any more."""
    PHYSICAL_DAMAGE = "physical_damage"
    """Cut cable, open enclosure, tilt, water, emergency stop."""
    SECURITY = "security"
    VEHICLE = "vehicle"
    """One car fails everywhere."""
    DEMAND = "demand"
    """Nobody comes, though people should: blocked bay, dark screen, lost sign."""
    NO_ENERGY = "no_energy"
    """It looks fine and does not charge; the part is not known yet."""
    OTHER = "other"


class Severity(IntEnum):
    """How bad it is; smaller is worse."""

    SAFETY = 0
    DOWN = 1
    DEGRADED = 2
    PLAN = 3
    INFO = 4


class Input(StrEnum):
    """What a station must send before a detector can see anything."""

    LINK = "link"
    HEARTBEAT = "heartbeat"
    BOOT = "boot"
    STATUS = "status"
    ERROR_CODES = "error_codes"
    EVENTS = "events"
    """NotifyEvent of 2.x."""
    TOKENS = "tokens"
    SESSIONS = "sessions"
    ENERGY = "energy"
    """The register, while a session runs."""
    IDLE_ENERGY = "idle_energy"
    """The register by the clock, without a session."""
    POWER = "power"
    CURRENT = "current"
    """By phase."""
    VOLTAGE = "voltage"
    OFFERED = "offered"
    TEMPERATURE = "temperature"
    SOC = "soc"
    SECURITY = "security"
    VARIABLES = "variables"


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sentence that supports a finding: an English text marked for translation, and the values in its places.

    A place may end in a unit that the page knows how to show: `%(lasted_s)s`, `%(energy_wh)s`, `%(current_a)s`,
    `%(share_percent)s`, `%(since_at)s` (ISO 8601).
    """

    text: str
    values: dict[str, str | int | float | None] = {}
    at: datetime | None = None


class Turn(StrEnum):
    """What a signal does to the finding of its detector on that outlet."""

    RAISED = "raised"
    """There is one, or it is still there with newer evidence."""
    CLEARED = "cleared"


class Signal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a detector says when it has changed its mind."""

    detector: str
    """D01 to D32."""
    evse_number: int = STATION
    turn: Turn
    at: datetime
    since: datetime | None = None
    """Since when it has probably been so; a finding that is backdated counts from here."""
    family: Family | None = None
    """Where it is another than the detector's usual one."""
    severity: Severity | None = None
    """Where it is another than the detector's usual one."""
    confidence: float = 1.0
    """0 to 1: how sure the detector is of the family."""
    evidence: tuple[Evidence, ...] = ()


class Finding(Struct, frozen=True, kw_only=True):
    """What one detector holds against one outlet or station, from when to when."""

    id: FindingId
    detector: str
    station_id: StationId
    evse_number: int
    family: Family
    severity: Severity
    confidence: float
    since: datetime
    raised_at: datetime
    last_at: datetime
    times: int
    evidence: tuple[Evidence, ...]
    cleared_at: datetime | None = None
    incident_id: IncidentId | None = None


class OutcomeClass(StrEnum):
    """How an attempt to charge went (study of diagnostics, section 5.2)."""

    NO_AUTH = "no_auth"
    """Plugged in and left; no token was shown."""
    AUTH_FAIL = "auth_fail"
    PAYMENT_FAIL = "payment_fail"
    PLUG_NO_START = "plug_no_start"
    """Authorised and plugged in, and no energy within 90 s (DC) or 180 s (AC)."""
    ZERO_ENERGY = "zero_energy"
    EARLY_ABORT = "early_abort"
    ABNORMAL_END = "abnormal_end"
    OK = "ok"
    EXCLUDED = "excluded"
    """Says nothing of the charger: a full car, a change of mind, our own limit, a technician."""

    @property
    def is_failure(self) -> bool:
        """Whether somebody wanted to charge and the charger, or we, did not let them."""
        return self not in (OutcomeClass.OK, OutcomeClass.EXCLUDED, OutcomeClass.NO_AUTH)

"""Observations: what detectors hear, in the order in which it was committed. One vocabulary for all OCPP versions.

They carry no person's name: tokens and cars appear as keyed digests that cannot be turned back.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from laddverk.diagnostics.model import OutcomeClass
from laddverk.ocpp.facts import Status


class Observed(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Base of all observations: when it was (corrected), and when we received it."""

    at: datetime
    received_at: datetime
    clock_off_ms: int | None = None
    """What the charger's clock showed, less when we received it; None when it said no time or queued the message."""


class LinkOpened(Observed, frozen=True, kw_only=True):
    """A socket opened where there was none."""


class LinkClosed(Observed, frozen=True, kw_only=True):
    """The last socket is gone."""

    reason: str = ""


class Restarted(Observed, frozen=True, kw_only=True):
    """A boot. `ours`: a reset or an update of ours asked for it."""

    reason: str = ""
    firmware: str = ""
    ours: bool = False


class Beat(Observed, frozen=True, kw_only=True):
    """A heartbeat."""


class StateSeen(Observed, frozen=True, kw_only=True):
    """An outlet, or with EVSE 0 the station, said in which state it is; codes as the charger wrote them."""

    evse_number: int
    connector_number: int = 1
    status: Status
    error_code: str | None = None
    vendor_error_code: str | None = None
    vendor_id: str | None = None
    info: str | None = None


class EventSeen(Observed, frozen=True, kw_only=True):
    """A monitor or the hardware noticed something (NotifyEvent)."""

    evse_number: int = 0
    component: str
    variable: str
    value: str = ""
    trigger: str = ""
    severity: int | None = None
    tech_code: str | None = None
    tech_info: str | None = None
    cleared: bool = False


class TokenSeen(Observed, frozen=True, kw_only=True):
    """Somebody showed a token. `local`: at the charger's own reader."""

    token_key: str
    accepted: bool
    local: bool = True
    evse_number: int | None = None


class SessionBegan(Observed, frozen=True, kw_only=True):
    """A session began."""

    evse_number: int
    session_key: str
    token_key: str = ""
    local: bool = True
    """Its token was shown at the reader, rather than by us or the car."""
    register_wh: int | None = None
    offline: bool = False


class Metered(Observed, frozen=True, kw_only=True):
    """The meter was read; '' when no session was named: by the clock."""

    evse_number: int
    session_key: str = ""
    energy_wh: int | None = None
    power_w: int | None = None
    current_a: tuple[float | None, float | None, float | None] | None = None
    voltage_v: tuple[float | None, float | None, float | None] | None = None
    soc_percent: float | None = None
    offered_a: float | None = None
    temperature_c: float | None = None
    """Of the outlet or plug, where the charger says which; else whatever it calls Temperature."""
    cabinet_c: float | None = None
    """Of the body or the inlet of air."""


class SessionChanged(Observed, frozen=True, kw_only=True):
    """The state of charging: charging, ev_connected, suspended_ev, suspended_evse or idle."""

    evse_number: int
    session_key: str
    charging_state: str


class SessionOver(Observed, frozen=True, kw_only=True):
    """A session ended, with OCPP's reason."""

    evse_number: int
    session_key: str
    reason: str = ""
    register_wh: int | None = None


class OutcomeSeen(Observed, frozen=True, kw_only=True):
    """How an attempt went, once that is known. `at` is its end."""

    evse_number: int
    outcome: OutcomeClass
    began_at: datetime
    energy_wh: int = 0
    token_key: str = ""
    """'' where nobody was named."""
    car_key: str = ""
    """From the EVCCID or contract, where the charger tells it."""
    car_make: str = ""
    reason: str = ""
    error_codes: tuple[str, ...] = ()
    """What the outlet complained of meanwhile."""
    limit_a: float | None = None
    """The lowest limit of ours that held it."""


class CommandEnded(Observed, frozen=True, kw_only=True):
    """One of our commands has its outcome: kind as in `stations.command`, state and word as there."""

    kind: str
    state: str
    word: str = ""
    took_s: float | None = None
    by_person: bool = False
    evse_number: int | None = None
    operative: bool | None = None
    """Of a change of availability: into service (true) or out of it."""


class LimitSet(Observed, frozen=True, kw_only=True):
    """A limit of ours holds an outlet from now on (EVSE 0: the station); None: no more."""

    evse_number: int
    limit_a: float | None = None


class SecuritySeen(Observed, frozen=True, kw_only=True):
    """A security event, from the charger or from our own door."""

    kind: str
    critical: bool = False
    tech_info: str = ""


class DriftSeen(Observed, frozen=True, kw_only=True):
    """How the station now stands to its configuration templates: names of the keys that differ, at most ten."""

    names: tuple[str, ...] = ()


Observation = (
    LinkOpened | LinkClosed | Restarted | Beat | StateSeen | EventSeen | TokenSeen | SessionBegan | Metered
    | SessionChanged | SessionOver | OutcomeSeen | CommandEnded | LimitSet | SecuritySeen | DriftSeen
)  # fmt: skip
"""Whatever a detector may hear."""

"""Facts: what a charger told us, in one vocabulary for OCPP 1.6, 2.0.1 and 2.1.

`translate` makes facts of messages; the rooms above record them. Each fact carries three times (law 5): what the
charger said, when we received it, and the corrected time `at`. One message may state several facts, in order.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from laddverk.kernel.ids import StationId


class Status(StrEnum):
    """State of a connector: the 1.6 words, plus `occupied` of 2.x and our own `unknown`."""

    AVAILABLE = "available"
    OCCUPIED = "occupied"
    PREPARING = "preparing"
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    FINISHING = "finishing"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"
    UNKNOWN = "unknown"


class Fact(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Base of all facts: which station, and the three times."""

    station_id: StationId
    at: datetime
    """Corrected time, UTC."""
    received_at: datetime
    said_at: datetime | None = None
    """The charger's own time, or None when it gave none that can be read."""
    flags: tuple[str, ...] = ()
    """What was tolerated or doubted while reading the message, in words for the operator."""


class Booted(Fact, frozen=True, kw_only=True):
    """The charger started, or asks to be accepted. Needs `BootAnswer`."""

    vendor: str
    model: str
    serial: str = ""
    firmware: str = ""
    reason: str = ""
    iccid: str = ""
    imsi: str = ""


class HeartbeatReceived(Fact, frozen=True, kw_only=True):
    """The charger is alive."""


class StatusReported(Fact, frozen=True, kw_only=True):
    """A connector, an EVSE (connector 0) or the whole station (EVSE 0) changed state."""

    evse_number: int
    connector_number: int
    """1 for 1.6, where a connector is an EVSE of one connector."""
    status: Status
    error_code: str | None = None
    """None when the charger said NoError or nothing."""
    vendor_error_code: str | None = None
    vendor_id: str | None = None
    info: str | None = None


class TokenPresented(Fact, frozen=True, kw_only=True):
    """Somebody showed a token. Needs `AuthorisationAnswer`."""

    token_uid: str
    token_type: str = ""


class Sample(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the meter showed at one instant. Registers in Wh, as shown, never differences."""

    energy_wh: int | None = None
    energy_export_wh: int | None = None
    power_w: int | None = None
    current_l1_a: float | None = None
    current_l2_a: float | None = None
    current_l3_a: float | None = None
    voltage_l1_v: float | None = None
    voltage_l2_v: float | None = None
    voltage_l3_v: float | None = None
    soc_percent: float | None = None
    temperature_c: float | None = None
    offered_a: float | None = None
    rest: dict[str, Any] | None = None
    """Measurands without a column, and signed data, by `measurand/phase/location`."""


class SessionFact(Fact, frozen=True, kw_only=True):
    """A fact about one charging session. At least one of key and number names it; if none does, it is the
    session that is open on that EVSE.
    """

    transaction_key: str | None = None
    """The charger's name for it: 2.x transactionId; for 1.6 the content key of StartTransaction (law 2)."""
    transaction_number: int | None = None
    """Our name for it: the 1.6 transactionId that `StartAnswer` gave."""
    evse_number: int | None = None
    connector_number: int | None = None
    content_key: str = ""
    """What makes this message itself and no other, within its session: 2.x seqNo, 1.6 a digest of its content."""
    offline: bool = False
    """The charger was offline when it happened."""


class SessionStarted(SessionFact, frozen=True, kw_only=True):
    """Charging began. Needs `StartAnswer`."""

    token_uid: str | None = None
    token_type: str = ""
    register_wh: int | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    trigger: str = ""
    charging_state: str | None = None
    """As in `SessionUpdated`; a 2.x session may start with energy already flowing."""


class SessionUpdated(SessionFact, frozen=True, kw_only=True):
    """Something about a running session changed: its charging state, its token, or only that it goes on.

    Needs `StartAnswer` when `token_uid` is given (2.x: the token may be shown after the cable).
    """

    charging_state: str | None = None
    """charging, ev_connected, suspended_ev, suspended_evse or idle."""
    token_uid: str | None = None
    token_type: str = ""
    remote_start_id: int | None = None
    trigger: str = ""


class EnergySampled(SessionFact, frozen=True, kw_only=True):
    """The meter was read."""

    context: str = "Sample.Periodic"
    """OCPP reading context: Transaction.Begin, Sample.Periodic, Transaction.End …"""
    sample: Sample


class SessionEnded(SessionFact, frozen=True, kw_only=True):
    """Charging ended. Needs `StartAnswer` when a token is given, else nothing."""

    register_wh: int | None = None
    reason: str = "Local"
    """The OCPP reason: Local, Remote, EVDisconnected, PowerLoss, DeAuthorized …"""
    token_uid: str | None = None


class Variable(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One configuration key (1.6, component '') or variable attribute (2.x)."""

    component: str = ""
    """With instance and EVSE as OCPP people write them: `Connector[x]@1.2`."""
    variable: str
    attribute: str = "Actual"
    value: str | None = None
    mutability: str = "ReadWrite"
    unit: str | None = None
    data_type: str | None = None


class VariablesReported(Fact, frozen=True, kw_only=True):
    """The charger told its configuration: a report of 2.x, or an answer to a command that reads."""

    variables: tuple[Variable, ...]
    unknown: tuple[str, ...] = ()
    request_id: int | None = None
    more_follows: bool = False


class VendorMessage(Fact, frozen=True, kw_only=True):
    """A DataTransfer from the charger. Needs `VendorAnswer`."""

    vendor_id: str
    message_id: str | None = None
    data: Any = None


class OtherReported(Fact, frozen=True, kw_only=True):
    """A message that is understood, answered and kept, and that no room acts on yet."""

    action: str
    payload: dict[str, Any]

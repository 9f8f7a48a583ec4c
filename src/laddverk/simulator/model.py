"""What a charger is made of, and what it has to say. The words of no OCPP version are used here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, field

from laddverk.ocpp.facts import Status
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.car import Car, Supply

THREE_PHASE_22KW: Final = Supply(3, 32.0, 22_000)


STATUS_OF: Final = {
    "Charging": Status.CHARGING,
    "SuspendedEV": Status.SUSPENDED_EV,
    "SuspendedEVSE": Status.SUSPENDED_EVSE,
}
"""The status of an outlet by the state of its transaction."""


class Hardware(Struct, frozen=True):
    """The box: who it is, what it speaks, and its outlets, numbered from 1."""

    identity: str
    protocol: Protocol = Protocol.V16
    vendor: str = "Simulated"
    model: str = "S1"
    serial: str = ""
    firmware: str = "1.0.0"
    outlets: tuple[Supply, ...] = (THREE_PHASE_22KW,)


class Reading(Struct, frozen=True):
    """What the meter of an outlet shows. The register is a running total and never falls by itself."""

    at: datetime
    register_wh: int
    power_w: int | None = None
    current_a: float | None = None
    phases: int = 0
    soc_percent: int | None = None
    currents_a: tuple[float, ...] = ()
    """Phase by phase, where they differ; else `current_a` is that of each."""
    voltages_v: tuple[float, ...] = ()
    """Phase to neutral; one value is that of the battery."""
    contact_c: float | None = None
    cabinet_c: float | None = None
    offered_a: float | None = None


class Charging(Struct, gc=False):
    """One transaction, as the charger remembers it."""

    key: str
    """The charger's own name for it: a UUID. In 2.0.1 it is the transactionId."""
    token: str
    outlet: int
    started_at: datetime
    register_start_wh: int
    number: int | None = None
    """What the network called it (1.6)."""
    next_seq: int = 0
    remote_start_id: int | None = None
    token_type: str = "ISO14443"  # noqa: S105 - a kind of card
    state: str = "Charging"
    reservation: int | None = None
    """The number of the reservation that it uses."""

    def seq(self) -> int:
        """Return the next sequence number. A message that is said again keeps the one it has."""
        self.next_seq += 1
        return self.next_seq - 1


class Outlet(Struct):
    """One connector with its meter, and the car in it."""

    number: int
    supply: Supply
    register_wh: float = 0.0
    status: Status = Status.AVAILABLE
    car: Car | None = None
    token: str | None = None
    """Shown and accepted, waiting for the cable."""
    waits_until: datetime | None = None
    token_type: str = "ISO14443"  # noqa: S105 - a kind of card
    remote_start_id: int | None = None
    charging: Charging | None = None
    limit_a: float | None = None
    operative: bool = True
    stuck: bool = False
    readies_s: float = 0.0
    """So long it locks the cable and checks itself and the car, before what was accepted begins."""
    begins_at: datetime | None = None
    """When it has done so."""
    error_code: str | None = None
    vendor_error_code: str | None = None


class Item(Struct, frozen=True, kw_only=True, tag=True):
    """Something a charger has to say. What is `durable` is said again until the network has acknowledged it."""

    at: datetime
    offline: bool = False
    durable: bool = False


class Boot(Item, frozen=True, kw_only=True):
    """The charger started."""

    reason: str = "PowerUp"


class Heartbeat(Item, frozen=True, kw_only=True):
    """The charger is there."""


class StatusChanged(Item, frozen=True, kw_only=True):
    """An outlet (0: the whole charger) is in another state."""

    outlet: int
    status: Status
    error_code: str | None = None
    vendor_error_code: str | None = None
    info: str | None = None


class Authorise(Item, frozen=True, kw_only=True):
    """Somebody showed a card at an outlet."""

    outlet: int
    token: str


class Started(Item, frozen=True, kw_only=True):
    """A transaction began."""

    charging: Charging
    reading: Reading
    seq: int
    trigger: str = "Authorized"


class Sampled(Item, frozen=True, kw_only=True):
    """The meter was read while it charged, or its state changed."""

    charging: Charging
    readings: tuple[Reading, ...]
    seq: int
    state: str = "Charging"
    trigger: str = "MeterValuePeriodic"


class Ended(Item, frozen=True, kw_only=True):
    """A transaction ended."""

    charging: Charging
    reading: Reading
    seq: int
    reason: str = "Local"
    token: str | None = None


class Reported(Item, frozen=True, kw_only=True):
    """A part of the report of all variables (2.0.1)."""

    request_id: int
    part: int
    parts: int


class VendorData(Item, frozen=True, kw_only=True):
    """Something of the vendor's own."""

    vendor_id: str
    message_id: str | None = None
    data: str | None = None


class Told(Item, frozen=True, kw_only=True):
    """A call of an ability, in the words of the wire, and what is done with the fields of the answer."""

    action: str
    fields: dict[str, Any]
    then: Callable[[Any, dict[str, Any], datetime], None] | None = None
    """Takes the charger, the answer and the instant."""


class Verdict(Struct, frozen=True):
    """What the network said to a card, a start or a boot, or all that it said to a call of an ability."""

    accepted: bool = True
    number: int | None = None
    interval_s: int | None = None
    word: str = ""
    fields: dict[str, Any] | None = None
    cost: float | None = None
    """What a session costs so far, or in the end (2.x)."""


class Happening(Struct, frozen=True):
    """Something the world around the charger should know: a car is wished for, the charger restarts …"""

    kind: str
    outlet: int = 0
    text: str = ""


class Setting(Struct):
    """One configuration key (1.6; component '') or variable (2.0.1)."""

    component: str
    variable: str
    value: str
    writable: bool = True
    data_type: str = "string"
    unit: str | None = None


class Counters(Struct):
    """What one charger has said and heard, for the report at the end."""

    said: int = 0
    acknowledged: int = 0
    refused: int = 0
    timed_out: int = 0
    connections: int = 0
    commands: int = 0
    by_action: dict[str, int] = field(default_factory=dict)

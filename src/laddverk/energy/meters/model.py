"""Meters, how they are read, what they say and what is wrong with them, as Structs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import MeterId, PerPhase
from laddverk.kernel.ids import SiteId

NAME_MAX: Final = 80
HOST_MAX: Final = 253  # of a name in DNS
METERS_MAX: Final = 100  # of one site; a board has one, a site some ten


class Way(StrEnum):
    """How readings come."""

    MODBUS = "modbus"
    """We ask the meter, or the gateway before it, over Modbus TCP."""
    MQTT = "mqtt"
    """A broker tells us: adapters of HAN and P1 ports, ESPHome, home automation."""
    PUSH = "push"
    """A program sends them to our API."""
    OCPP = "ocpp"
    """A charger of the site measures at the grid, and tells with its own readings."""


class Setup(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a meter is read. Which fields count depends on the way."""

    way: Way
    host: str = ""
    """Name or address of the meter, its gateway or the broker."""
    port: int = 502
    unit: int = 1
    """Modbus: the meter's own address behind a gateway, 1 to 247; 0 or 255 where the meter itself answers."""
    model: str = ""
    """Modbus: the name of a map."""
    every_s: float = 2.0
    """Modbus: how often it is asked."""
    ratio: float = 1.0
    """What currents, powers and energies are multiplied by: of current transformers that the meter knows nothing of."""
    topic: str = ""
    """MQTT: where readings come."""
    user: str = ""
    """MQTT: who we are to the broker."""
    is_tls: bool = False
    """MQTT: whether the broker speaks TLS; its certificate is verified."""
    station_id: UUID | None = None
    """OCPP: the charger that measures."""
    fields: dict[str, str] = {}
    """MQTT: where in a message each quantity stands, as a path with points: `payload.i1`; with a factor: `i1 * 0.1`."""


class Meter(Struct, frozen=True, kw_only=True):
    """A meter that is read."""

    id: MeterId
    site_id: SiteId
    name: str
    setup: Setup
    secret: bytes | None = None
    changed_at: datetime


class Reading(Struct, frozen=True, kw_only=True):
    """What a meter said at an instant. Positive is drawn from the grid."""

    at: datetime
    current_a: PerPhase
    voltage_v: PerPhase | None = None
    power_w: float | None = None
    import_wh: float | None = None
    export_wh: float | None = None


class Why(StrEnum):
    """Why nothing comes of a meter."""

    NAME_UNKNOWN = "name_unknown"
    NOT_ALLOWED = "not_allowed"
    NO_CONNECTION = "no_connection"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    IMPLAUSIBLE = "implausible"
    MODEL_UNKNOWN = "model_unknown"
    NOT_READABLE = "not_readable"
    SEAL_BROKEN = "seal_broken"


class Trouble(Struct, frozen=True, kw_only=True):
    """What is wrong with a meter, since when."""

    why: Why
    detail: str = ""
    since: datetime


class Unreadable(Exception):
    """Nothing came of a meter. `detail` is for who mends it: an address, a register, an error of the other side."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.value}: {detail}")
        self.why = why
        self.detail = detail[:200]


class Readable(Protocol):
    """The port: somebody who tells readings for as long as one listens. Raises `Unreadable`, and nothing else."""

    def readings(self) -> AsyncIterator[Reading | Unreadable]:
        """Yield readings as they come; `Unreadable` in their place where one made no sense and the next may."""


class Quality(StrEnum):
    """What is thought of the latest reading."""

    FRESH = "fresh"
    STALE = "stale"
    FROZEN = "frozen"
    SILENT = "silent"


class Minute(Struct, frozen=True):
    """The highest current of a minute."""

    minute: datetime
    current_a: PerPhase
    power_w: float | None


class Latest(Struct, frozen=True):
    """The latest reading as it is kept."""

    meter_id: UUID
    at: datetime
    received_at: datetime
    moved_at: datetime
    current_a: PerPhase
    voltage_v: PerPhase | None
    power_w: float | None
    import_wh: float | None
    export_wh: float | None

"""Sites, stations, connectors and commands as Structs, and the events of this room."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import CommandId, SiteId, StationId
from laddverk.ocpp.commands import AnyCommand

COMMANDS_TOPIC: Final = "commands"
"""The hint that a command was queued, for the gateway that holds the socket. Published after the commit."""

DOORS_TOPIC: Final = "doors"
"""The hint that a station was retired, held or released, for the gateway that holds the socket."""


class SiteDetails(Struct, frozen=True, kw_only=True):
    """What staff enter about a site. `code` begins the codes on stickers: 2-8 capitals and digits."""

    name: str
    code: str
    address: str = ""
    municipality: str = ""
    latitude: float | None = None
    longitude: float | None = None
    timezone: str = "Europe/Stockholm"


class NewConnector(Struct, frozen=True, kw_only=True):
    """A connector as staff enter it."""

    evse_number: int
    connector_number: int = 1
    plug: str = "type2"
    """type2, ccs2 or chademo."""
    power_type: str = "ac3"
    """ac1, ac3 or dc."""
    power_max_w: int = 22_000
    current_max_a: int = 32


class NewStation(Struct, frozen=True, kw_only=True):
    """A station as staff enter it. Without a `key` one is generated, which is the rule."""

    site_id: SiteId
    identity: str
    name: str
    connectors: tuple[NewConnector, ...] = ()
    power_max_w: int = 22_000
    vendor: str = ""
    model: str = ""
    quirks: dict[str, Any] = {}
    key: str | None = None
    """A key that is already in the charger: 32 to 40 hexadecimal digits, or an older password."""
    security_profile: int = 1
    """How it must prove who it is: 1 a key, 2 a key over TLS, 3 a certificate. 0 is never given from the start."""


class StationDetails(Struct, frozen=True, kw_only=True):
    """What staff may change of a station later. Its identity never changes: another charger is another station."""

    site_id: SiteId
    name: str
    power_max_w: int
    quirks: dict[str, Any] = {}
    clock_offset_ms: int = 0


class NewStationKey(Struct, frozen=True):
    """A station and its key, which is shown now and never again."""

    station_id: StationId
    password: str


class Credential(Struct, frozen=True, kw_only=True):
    """What the gateway needs to decide whether a charger may come in, and how to treat it."""

    station_id: StationId
    site_id: SiteId
    identity: str
    serial: str = ""
    key_hash: bytes | None = None
    key_salt: bytes | None = None
    key_scheme: str = "blake2b"
    """`blake2b` for keys that we made, `argon2id` for what people brought along."""
    key_weak: bool = False
    next_key_hash: bytes | None = None
    next_key_salt: bytes | None = None
    security_profile: int = 1
    profile_next: int | None = None
    """The profile that it is being raised to; until the first connection with it both open the door."""
    profile_until: datetime | None = None
    """Until when profile 0 lasts."""
    may_step_down: bool = False
    legacy_tls: bool = False
    basic_user: str | None = None
    """The Basic user name, when it is not the identity (quirk 9)."""
    certificate_name: str = ""
    certificate_sha256: bytes | None = None
    held_since: datetime | None = None
    """Its key is in two hands: it is let in and heard, but gets no commands."""
    quirks: dict[str, Any] = {}
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    boot_answer: str = "Accepted"
    """How its boots are answered: Accepted, Pending or Rejected."""
    site_timezone: str = "UTC"
    clock_offset_ms: int = 0
    retired: bool = False


class Knock(Struct, frozen=True):
    """Somebody who tried to connect and was not let in, and why."""

    identity: str
    remote_address: str
    reason: str
    at: datetime


class CommandState(StrEnum):
    """Where a command is on its way. The last five are final."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    EXPIRED = "expired"
    FAILED = "failed"


class OpenCommand(Struct, frozen=True, kw_only=True):
    """A command as decisions see it."""

    id: CommandId
    station_id: StationId
    kind: str
    command: AnyCommand
    state: CommandState
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None = None
    confirm_by: datetime | None = None


class QueuedCommand(Struct, frozen=True):
    """A command that the gateway has taken and must now send."""

    id: CommandId
    station_id: StationId
    command: AnyCommand
    created_at: datetime


class Deed(Struct, frozen=True, kw_only=True):
    """Something a charger did that confirms commands of `kind` whose fields contain `match`.

    A session that starts is Deed(kind="start_charging", match={"token_uid": …}) or {"remote_start_id": …}; one that
    ends is Deed(kind="stop_charging", match={"transaction_number": …}).
    """

    station_id: StationId
    kind: str
    at: datetime
    """When we received it."""
    match: dict[str, Any] = {}


class Report(Struct, frozen=True, kw_only=True):
    """Something a charger said that no room acts on yet, or that had to be flagged; kept to be shown."""

    station_id: StationId
    received_at: datetime
    said_at: datetime | None
    kind: str
    payload: dict[str, Any]


class VendorRule(Struct, frozen=True, kw_only=True):
    """What a vendor's message (DataTransfer) is answered. An empty `message_id` stands for all of the vendor."""

    vendor_id: str
    message_id: str = ""
    status: str = "Accepted"
    """Accepted, Rejected, UnknownMessageId or UnknownVendorId."""
    data: Any = None
    note: str = ""


class CommandFinished(Event, frozen=True, kw_only=True):
    """A command has its one final outcome. `word` is the charger's own, or why there is none."""

    command_id: CommandId
    station_id: StationId
    kind: str
    state: CommandState
    word: str


class VariablesChanged(Event, frozen=True, kw_only=True):
    """A configuration key or variable of a station has another value than before, or is new."""

    station_id: StationId


class StationOnline(Event, frozen=True, kw_only=True):
    """A station that was not connected now is."""

    station_id: StationId
    at: datetime


class StationOffline(Event, frozen=True, kw_only=True):
    """A station's connection ended and no newer one has taken its place."""

    station_id: StationId
    at: datetime


class IdentityShared(Event, frozen=True, kw_only=True):
    """Connections from several addresses keep displacing each other: two chargers, or a thief, have one key."""

    station_id: StationId
    at: datetime


class KeyGuessed(Event, frozen=True, kw_only=True):
    """Somebody tries keys: an address, or many together (then it is empty), have failed more often than chargers do."""

    remote_address: str
    at: datetime
    attempts: int


class ConnectorFaulted(Event, frozen=True, kw_only=True):
    """A connector, or the whole station (EVSE 0), says that it is faulted, and did not say so before."""

    station_id: StationId
    evse_number: int
    connector_number: int
    error_code: str | None
    at: datetime

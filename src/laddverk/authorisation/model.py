"""Local lists, reservations and customer requests as Structs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import DriverId, StationId


class Scope(StrEnum):
    """Which tokens belong into a station's list."""

    OFF = "off"
    SITE = "site"
    """Those of drivers who were at the site within a year."""
    ALL = "all"
    GROUPS = "groups"
    """Those of drivers in chosen groups."""


class ListChoice(Struct, frozen=True, kw_only=True):
    """What somebody chose for the network (neither), a site, or a station. `scope` None: as the level above says."""

    site_id: UUID | None = None
    station_id: UUID | None = None
    scope: Scope | None
    driver_groups: tuple[str, ...] = ()


class ListState(StrEnum):
    """Where a station's list is."""

    WAITING = "waiting"
    SENDING = "sending"
    CURRENT = "current"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


class Keeper(Struct, frozen=True, kw_only=True):
    """A station as deciding about its list needs it."""

    station_id: StationId
    site_id: UUID
    protocol: str | None
    connected: bool
    retired: bool
    scope: Scope
    driver_groups: tuple[str, ...] = ()
    version: int
    known_at: datetime | None
    needs_full: bool
    state: ListState
    command_id: UUID | None
    tries: int
    next_try_at: datetime | None
    length_max: int | None
    """How many entries it can hold, as it says itself."""
    per_message_max: int | None
    vendor: str
    model: str
    firmware: str
    quirks: dict[str, Any] = {}

    @property
    def is_16(self) -> bool:
        """Whether it speaks 1.6."""
        return self.protocol == "ocpp1.6"


class Difference(Struct, frozen=True, kw_only=True):
    """One token that is in the list and should not be, or should be and is not so."""

    token_uid: str
    token_type: str
    valid_until: datetime | None
    group_code: str
    is_gone: bool


class ReservationState(StrEnum):
    """Where a reservation is. All but the first two are final."""

    ASKED = "asked"
    HELD = "held"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    REFUSED = "refused"


ACTIVE = frozenset({ReservationState.ASKED, ReservationState.HELD})


class Wish(Struct, frozen=True, kw_only=True):
    """A reservation that somebody wants. Without an EVSE it is for any one of the station."""

    station_id: StationId
    evse_number: int | None = None
    connector_type: str | None = None
    """type2, ccs2 or chademo; only without an EVSE."""
    driver_id: DriverId | None = None
    token_uid: str = ""
    """Which tag shall be let in; empty: the driver's own, or one for this time."""
    minutes: int = 30


class Spot(Struct, frozen=True):
    """The state of one connector."""

    evse_number: int
    plug: str
    status: str


class Held(Struct, frozen=True, kw_only=True):
    """An active reservation at a station."""

    id: UUID
    evse_number: int | None
    driver_id: UUID | None
    token_uid: str


class Place(Struct, frozen=True, kw_only=True):
    """A station that somebody wants to reserve at. Locked."""

    station_id: StationId
    site_id: UUID
    protocol: str | None
    connected: bool
    retired: bool
    spots: tuple[Spot, ...] = ()
    held: tuple[Held, ...] = ()


class Reservation(Struct, frozen=True, kw_only=True):
    """A reservation as decisions see it. Locked."""

    id: UUID
    number: int
    station_id: StationId
    site_id: UUID
    evse_number: int | None
    driver_id: UUID | None
    state: ReservationState
    expires_at: datetime
    command_id: UUID | None
    cancel_id: UUID | None


class ReservationLapsed(Event, frozen=True, kw_only=True):
    """Nobody came for a reservation that was kept until it expired."""

    number: int
    station_id: StationId
    evse_number: int | None
    driver_id: UUID | None
    token_uid: str
    kept_from: datetime
    until: datetime


class Asked(Struct, frozen=True, kw_only=True):
    """A driver's record as the portal's rules see it."""

    active: int
    no_shows: int


class Kind(StrEnum):
    """What is asked of the stations about a driver."""

    READ = "read"
    ERASE = "erase"


class Memory(Struct, frozen=True):
    """A station that may remember a tag."""

    station_id: StationId
    token_uid: str
    token_kind: str
    protocol: str | None

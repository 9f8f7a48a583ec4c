"""What may have a step of its own, and what is known that may hold the step back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.support.situations.model import Complaint
from laddverk.tariffs.model import Tariff


class Trouble(Struct, frozen=True, kw_only=True):
    """Something that may have a step of its own."""

    what: str
    """start, refused, over, stands (it costs a fee), blocks (somebody else asks) or danger."""
    occurrence: str
    station_id: UUID
    evse_number: int
    connector_number: int
    start_request_id: UUID | None
    session_id: UUID | None
    payment_id: UUID | None
    driver_id: UUID | None
    complaint: Complaint
    """What the driver has said of it."""
    at: datetime
    costs_at: datetime | None = None
    """From when it costs to stand there."""


class Standing(Struct, frozen=True, kw_only=True):
    """A car that takes no more, while its session runs under a price that may know a fee for standing."""

    id: UUID
    done_at: datetime
    started_at: datetime
    energy_wh: int
    timezone: str
    tariff: Tariff


class Guards(Struct, frozen=True, kw_only=True):
    """What is known that may hold a step back."""

    switched_off: bool | None
    excluded: bool
    in_work: bool
    person_works: bool
    at_site: int
    charging: int
    is_connected: bool | None

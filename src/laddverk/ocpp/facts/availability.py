"""Facts of availability (block G): the states of connectors."""

from __future__ import annotations

from enum import StrEnum

from laddverk.ocpp.facts.base import Fact


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

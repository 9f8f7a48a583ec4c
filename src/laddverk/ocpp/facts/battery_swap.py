"""Facts about battery swapping (block S, 2.1)."""

from __future__ import annotations

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class Battery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A battery in a slot (an EVSE) of a swap station."""

    evse_number: int
    serial: str
    soc_percent: float
    health_percent: float
    produced_at: str | None = None
    info: str | None = None


class BatterySwapped(Fact, frozen=True, kw_only=True):
    """Batteries were put in, taken out, or waited in vain to be taken."""

    event: str
    """BatteryIn, BatteryOut or BatteryOutTimeout."""
    request_id: int
    token_uid: str
    token_type: str = ""
    batteries: tuple[Battery, ...] = ()

"""Facts of reservations (block H): what a charger did with one by itself."""

from __future__ import annotations

from laddverk.ocpp.facts.base import Fact


class ReservationReleased(Fact, frozen=True, kw_only=True):
    """A reservation is over without anybody having asked for it (2.x ReservationStatusUpdate)."""

    reservation_number: int
    word: str
    """Expired, Removed (the EVSE can no longer be kept), or NoTransaction (2.1: its holder came and did not charge)."""

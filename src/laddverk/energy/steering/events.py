"""What others are told of the loop: a charger that ignores its limit, an order of phases that steps contradict."""

from __future__ import annotations

from datetime import datetime

from laddverk.kernel.events import Event
from laddverk.kernel.ids import SiteId, StationId


class LimitIgnored(Event, frozen=True, kw_only=True):
    """A charger was caught drawing more than it may, or (`is_over`) obeys again."""

    station_id: StationId
    evse_number: int
    at: datetime
    is_over: bool = False
    limit_a: float = 0.0
    """What it was last told, amperes for each phase."""
    measured_a: float = 0.0


class RotationContradicted(Event, frozen=True, kw_only=True):
    """An outlet's steps show on another phase than people entered, or (`is_over`) not any more."""

    site_id: SiteId
    station_id: StationId
    evse_number: int
    at: datetime
    entered: str
    """The order of phases as entered, like RST."""
    phase: int
    """Where the charger's first phase lies: 1, 2, 3 for L1, L2, L3; 0 where the steps say nothing any more."""
    steps: int
    is_over: bool = False

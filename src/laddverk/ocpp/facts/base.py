"""The base of all facts: which station, and the three times (law 5)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from laddverk.kernel.ids import StationId


class Fact(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Base of all facts: which station, and the three times."""

    ASKS: ClassVar[bool] = False
    """Somebody outside must be asked before it can be recorded."""

    station_id: StationId
    at: datetime
    """Corrected time, UTC."""
    received_at: datetime
    said_at: datetime | None = None
    """The charger's own time, or None when it gave none that can be read."""
    flags: tuple[str, ...] = ()
    """What was tolerated or doubted while reading the message, in words for the operator."""

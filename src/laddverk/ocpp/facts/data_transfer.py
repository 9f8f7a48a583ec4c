"""Facts of data transfer (block P): what vendors say beside the standard."""

from __future__ import annotations

from typing import Any

from laddverk.ocpp.facts.base import Fact


class VendorMessage(Fact, frozen=True, kw_only=True):
    """A DataTransfer from the charger. Needs `VendorAnswer`."""

    vendor_id: str
    message_id: str | None = None
    data: Any = None

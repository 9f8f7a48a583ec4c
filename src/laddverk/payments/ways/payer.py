"""Whose money pays for a driver's charges: their own, until somebody else has taken it on."""

from __future__ import annotations

from laddverk.kernel.ids import DriverId
from laddverk.platform.database import Transaction


async def payer_of(_tx: Transaction, driver_id: DriverId) -> DriverId:
    """Return the driver whose ways are debited for what `driver_id` charges."""
    return driver_id

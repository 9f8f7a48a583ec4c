"""Whose money pays for what a driver charges: that of the account they are a member of, else the driver's own."""

from __future__ import annotations

from datetime import datetime

from laddverk.kernel.ids import DriverId, SessionId
from laddverk.platform.database import Transaction
from laddverk.subscriptions import service as subscriptions


async def payer_of(tx: Transaction, driver_id: DriverId, at: datetime) -> DriverId:
    """Return the driver whose ways are debited for what `driver_id` charges from `at`."""
    return (await subscriptions.payer_of(tx, driver_id, at)).driver_id


async def payer_of_session(tx: Transaction, driver_id: DriverId, session_id: SessionId) -> DriverId:
    """Return the driver whose ways are debited for a priced session of `driver_id`."""
    return await subscriptions.session_payer(tx, session_id) or driver_id

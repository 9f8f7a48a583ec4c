"""Telling a driver that Swish does not pay by itself any more."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.notices.model import Template
from laddverk.payments.telling import Reader, tell
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

ENDED: Final = """
SELECT driver.email, driver.language, last4 FROM payment_method JOIN driver ON driver.id = driver_id
WHERE payment_method.id = $1 AND removed_at IS NULL
"""


class _Ended(Struct, frozen=True):
    email: str
    language: str
    last4: str


async def ended(tx: Transaction, house: House, method_id: UUID, now: datetime) -> None:
    """Mail the driver of a consent that was ended in the app, once; one who removed it here knows."""
    found = await tx.fetch_one(_Ended, ENDED, method_id)
    if found is None:
        return
    to, key = Reader(found.email, found.language), f"consent_ended:{method_id}"
    await tell(tx, house, to, Template.CONSENT_ENDED, "/my/account", {"last4": found.last4}, key, now)

"""Telling a driver that Swish does not pay by itself any more."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from msgspec import Struct

from laddverk.kernel.problems import Invalid
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

log = structlog.get_logger()

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
    params = {
        "link": f"{house.settings.web_url}/my/account",
        "last4": found.last4,
        "operator": house.settings.operator_name,
    }
    try:
        await notices.send(
            tx,
            recipient=found.email,
            language=found.language,
            template=Template.CONSENT_ENDED,
            params=params,
            now=now,
            unique_key=f"consent_ended:{method_id}",
        )
    except Invalid as problem:
        log.warning("payments.consent_ended_not_mailed", method=str(method_id), error=str(problem))

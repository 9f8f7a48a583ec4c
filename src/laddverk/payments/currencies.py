"""In which currency a charge is paid: that of the prices it was shown, never another (billing study, F42)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from laddverk.platform.database import Transaction

OF_START: Final = """
-- The currency of the prices that somebody was shown who wants to charge.
SELECT version.body ->> 'currency' FROM start_request
JOIN tariff_version AS version ON version.id = start_request.tariff_version_id
WHERE start_request.id = $1
"""


async def of_start(tx: Transaction, start_request_id: UUID, otherwise: str) -> str:
    """Return the currency in which a wish to charge is to be paid; `otherwise` where it was shown no price."""
    found: str | None = await tx.value(OF_START, start_request_id)
    return found or otherwise

"""What screens ask of text messages. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.notices.sms.model import Text
from laddverk.platform.database import Transaction

TEXTS_NARROWED: Final = """
FROM text_message
WHERE ($1 = '' OR position(lower($1) IN lower(body)) > 0 OR position($1 IN phone) > 0)
  AND ($2 = '' OR direction = $2)
  AND (NOT $3 OR (direction = 'out' AND error <> ''))
"""
TEXTS: Final = f"SELECT * {TEXTS_NARROWED} ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5"
COUNT: Final = f"SELECT count(*) {TEXTS_NARROWED}"
OF_CASE: Final = "SELECT * FROM text_message WHERE case_id = $1 ORDER BY created_at DESC LIMIT 100"
OF_PHONE: Final = """
SELECT * FROM text_message WHERE phone = $1 AND created_at > $2 ORDER BY created_at DESC, id DESC LIMIT 20
"""


async def texts(
    tx: Transaction, search: str, direction: str, *, only_failed: bool, limit: int, offset: int = 0
) -> list[Text]:
    """Return texts, newest first, that hold `search` in number or words."""
    return await tx.fetch(Text, TEXTS, search, direction, only_failed, limit, offset)


async def count(tx: Transaction, search: str, direction: str, *, only_failed: bool) -> int:
    """Return how many there are of them."""
    return int(await tx.value(COUNT, search, direction, only_failed))


async def of_case(tx: Transaction, case_id: UUID) -> list[Text]:
    """Return the texts of a case, newest first."""
    return await tx.fetch(Text, OF_CASE, case_id)


async def of_phone(tx: Transaction, phone: str, since: datetime) -> list[Text]:
    """Return what went to and came from a number since then, newest first."""
    return await tx.fetch(Text, OF_PHONE, phone, since)

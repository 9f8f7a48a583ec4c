"""Text messages in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.notices.sms.model import Direction, Text
from laddverk.platform.database import Transaction

INSERT: Final = """
INSERT INTO text_message (id, direction, phone, body, created_at, case_id, unique_key, reference)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING RETURNING id
"""
TO_SEND: Final = """
SELECT * FROM text_message WHERE id = ANY($1) AND direction = 'out' AND sent_at IS NULL ORDER BY id FOR UPDATE
"""
LATELY: Final = "SELECT count(*) FROM text_message WHERE phone = $1 AND direction = $2 AND created_at > $3"
SENT: Final = """
UPDATE text_message SET sent_at = $2, reference = $3, error = '', attempts = attempts + 1 WHERE id = $1
"""
FAILED: Final = "UPDATE text_message SET error = $2, attempts = attempts + 1 WHERE id = $1"
ARRIVED: Final = """
UPDATE text_message SET delivered_at = coalesce(delivered_at, $2), error = ''
WHERE reference = $1 AND direction = 'out'
"""
NOT_ARRIVED: Final = """
UPDATE text_message SET error = $2 WHERE reference = $1 AND direction = 'out' AND delivered_at IS NULL
"""
OF_CASE: Final = "UPDATE text_message SET case_id = $2 WHERE id = $1"
FORGET: Final = "DELETE FROM text_message WHERE created_at < $1"


async def insert(tx: Transaction, text: Text) -> bool:
    """Keep a text; return False when its key or its reference was there before."""
    found = await tx.value(
        INSERT, text.id, text.direction, text.phone, text.body, text.created_at, text.case_id, text.unique_key,
        text.reference,
    )  # fmt: skip
    return found is not None


async def to_send(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Text]:
    """Return those of `ids` that no carrier has taken, locked."""
    return {text.id: text for text in await tx.fetch(Text, TO_SEND, list(ids))}


async def count_lately(tx: Transaction, phone: str, direction: Direction, since: datetime) -> int:
    """Return how many texts went to, or came from, a number since then."""
    return int(await tx.value(LATELY, phone, direction, since))


async def mark_sent(tx: Transaction, text_id: UUID, at: datetime, reference: str) -> None:
    """Note that the carrier took a text, and what it calls it."""
    await tx.execute(SENT, text_id, at, reference)


async def mark_failed(tx: Transaction, text_id: UUID, error: str) -> None:
    """Note why a text was not taken."""
    await tx.execute(FAILED, text_id, error[:300])


async def mark_arrived(tx: Transaction, reference: str, at: datetime) -> None:
    """Note that the phone has it."""
    await tx.execute(ARRIVED, reference, at)


async def mark_not_arrived(tx: Transaction, reference: str, error: str) -> None:
    """Note that it never reached the phone."""
    await tx.execute(NOT_ARRIVED, reference, error[:300])


async def join_case(tx: Transaction, text_id: UUID, case_id: UUID) -> None:
    """Say which case a text belongs to."""
    await tx.execute(OF_CASE, text_id, case_id)


async def forget(tx: Transaction, before: datetime) -> None:
    """Drop texts that are old."""
    await tx.execute(FORGET, before)

"""Requests in payers' Swish apps, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import PaymentId
from laddverk.payments.swish.model import Attempt
from laddverk.platform.database import Transaction

INSERT: Final = """
INSERT INTO swish_attempt (id, payment_id, number, kind, state, payer_last4, payer_hash, created_at, looked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
"""
# What was paid stays paid, and a token is kept, whoever looked before.
SAVE: Final = """
UPDATE swish_attempt SET state = $2, token = coalesce(nullif($3, ''), token), payer_last4 = $4, error_code = $5,
       payment_reference = $6, looked_at = $7
WHERE id = $1 AND (state <> 'paid' OR kind = 'consent')
"""
OF_PAYMENT: Final = "SELECT * FROM swish_attempt WHERE payment_id = $1 ORDER BY number"
ASKED_OF: Final = "SELECT count(*) FROM swish_attempt WHERE payer_hash = $1 AND created_at > $2"
TURN: Final = """
UPDATE swish_turn SET next_at = greatest(next_at, $1::timestamptz) + $2::interval
WHERE next_at < $1::timestamptz + $3::interval RETURNING next_at - $2::interval
"""


async def insert(tx: Transaction, attempt: Attempt) -> None:
    """Write a new request. A second open one of the same payment cannot be written (unique index)."""
    await tx.execute(
        INSERT,
        attempt.id,
        attempt.payment_id,
        attempt.number,
        attempt.kind,
        attempt.state,
        attempt.payer_last4,
        attempt.payer_hash,
        attempt.created_at,
    )


async def save(tx: Transaction, attempt: Attempt) -> None:
    """Write what can change of a request."""
    await tx.execute(
        SAVE,
        attempt.id,
        attempt.state,
        attempt.token,
        attempt.payer_last4,
        attempt.error_code,
        attempt.payment_reference,
        attempt.looked_at,
    )


async def of_payment(tx: Transaction, payment_id: PaymentId | UUID) -> list[Attempt]:
    """Return what was asked for a payment, oldest first."""
    return await tx.fetch(Attempt, OF_PAYMENT, payment_id)


async def asked_of(tx: Transaction, payer_hash: bytes, since: datetime) -> int:
    """Return how often a phone number was asked since then, for any payment."""
    return int(await tx.value(ASKED_OF, payer_hash, since))


async def turn(tx: Transaction, now: datetime, apart: timedelta, patience: timedelta) -> datetime | None:
    """Return when the next refund may be sent, `apart` from the one before; None when that is beyond `patience`."""
    found: datetime | None = await tx.value(TURN, now, apart, patience)
    return found

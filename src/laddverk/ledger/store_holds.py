"""Holds in PostgreSQL. Whoever moves holds of an account has locked the account first."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import HoldId, new_id
from laddverk.ledger.model import Hold, HoldState, NewHold
from laddverk.platform.database import Transaction

_HOLD: Final = """
SELECT hold.id, account.number AS account, account.owner_id AS owner, hold.amount_minor, hold.currency, hold.state,
       hold.captured_minor, hold.source_kind, hold.source_id, hold.expires_at
FROM ledger_hold AS hold JOIN account ON account.id = hold.account_id
"""
BY_KEY: Final = _HOLD + "WHERE hold.idempotency_key = $1"
LOCKED: Final = _HOLD + "WHERE hold.id = $1 FOR UPDATE OF hold"
OF_SOURCE: Final = _HOLD + "WHERE hold.source_id = $1 ORDER BY hold.created_at"
OF_OWNER: Final = _HOLD + "WHERE account.owner_id = $1 ORDER BY hold.created_at DESC LIMIT 200"
ACCOUNT: Final = """
SELECT id FROM account WHERE number = $1 AND owner_id = $2 AND currency = $3 FOR UPDATE
"""
HELD: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM ledger_hold
WHERE account_id = $1 AND state = 'active' AND expires_at > $2 AND id IS DISTINCT FROM $3
"""
BALANCE: Final = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM account_balance WHERE account_id = $1"
INSERT: Final = """
INSERT INTO ledger_hold
    (id, idempotency_key, account_id, amount_minor, currency, source_kind, source_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
CHANGE: Final = "UPDATE ledger_hold SET amount_minor = $2, expires_at = $3 WHERE id = $1 AND state = 'active'"
CLOSE: Final = """
UPDATE ledger_hold SET state = $2, captured_minor = $3, closed_at = $4 WHERE id = $1
"""
EXPIRE: Final = """
UPDATE ledger_hold AS hold SET state = 'expired', closed_at = $1
FROM account
WHERE account.id = hold.account_id AND hold.id IN (
    SELECT id FROM ledger_hold WHERE state = 'active' AND expires_at <= $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING hold.id, account.number AS account, account.owner_id AS owner, hold.amount_minor, hold.currency, hold.state,
          hold.captured_minor, hold.source_kind, hold.source_id, hold.expires_at
"""


async def by_key(tx: Transaction, idempotency_key: str) -> Hold | None:
    """Return the hold that was placed with this key."""
    return await tx.fetch_one(Hold, BY_KEY, idempotency_key)


async def locked(tx: Transaction, hold_id: HoldId) -> Hold | None:
    """Return a hold that nobody else changes until the end of the transaction."""
    return await tx.fetch_one(Hold, LOCKED, hold_id)


async def of_source(tx: Transaction, source_id: UUID) -> list[Hold]:
    """Return what was kept apart for one source, oldest first."""
    return await tx.fetch(Hold, OF_SOURCE, source_id)


async def of_owner(tx: Transaction, owner: UUID) -> list[Hold]:
    """Return the latest holds of one owner, latest first."""
    return await tx.fetch(Hold, OF_OWNER, owner)


async def locked_account(tx: Transaction, number: str, owner: UUID, currency: str) -> UUID | None:
    """Return the account, which nobody else can put a hold on until the end of the transaction."""
    found: UUID | None = await tx.value(ACCOUNT, number, owner, currency)
    return found


async def held(tx: Transaction, account_id: UUID, now: datetime, but: HoldId | None = None) -> int:
    """Return the sum of the holds that count at `now`, without the hold `but`."""
    return int(await tx.value(HELD, account_id, now, but))


async def balance(tx: Transaction, account_id: UUID) -> int:
    """Return the balance of one account, debit positive."""
    return int(await tx.value(BALANCE, account_id))


async def insert(tx: Transaction, account_id: UUID, new: NewHold, now: datetime) -> HoldId:
    """Write a new hold, and return its id."""
    hold_id = HoldId(new_id())
    await tx.execute(
        INSERT,
        hold_id,
        new.idempotency_key,
        account_id,
        new.amount_minor,
        new.currency,
        new.source_kind,
        new.source_id,
        now,
        new.expires_at,
    )
    return hold_id


async def change(tx: Transaction, hold_id: HoldId, amount_minor: int, expires_at: datetime) -> None:
    """Keep another amount, for another time."""
    await tx.execute(CHANGE, hold_id, amount_minor, expires_at)


async def close(tx: Transaction, hold_id: HoldId, state: HoldState, captured_minor: int, now: datetime) -> None:
    """Write what became of a hold."""
    await tx.execute(CLOSE, hold_id, state, captured_minor, now)


async def expire(tx: Transaction, now: datetime, limit: int) -> list[Hold]:
    """Close up to `limit` holds whose time is over, and return them."""
    return await tx.fetch(Hold, EXPIRE, now, limit)

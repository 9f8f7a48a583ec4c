"""Holds: money of somebody that is kept apart for one purpose until it is captured, released, or too old.

A hold is no posting: the money stays where it is. It makes less of it available, so that two sessions never spend the
same krona. What was really used is posted by the caller, in the transaction in which the hold is captured.
Works on accounts that we owe to their owners (advances, vouchers): their balance is negative, debit positive.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import HoldId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ledger import store_holds as store
from laddverk.ledger.model import Hold, HoldExpired, HoldState, NewHold, NotEnough
from laddverk.platform import outbox
from laddverk.platform.database import Transaction

EXPIRED_MAX: Final = 500  # bounds one run of the job


async def available(tx: Transaction, account: str, owner: UUID, currency: str, now: datetime) -> int:
    """Return what `owner` has on `account` and nothing keeps apart, in minor units: below zero after an overrun."""
    account_id = await store.locked_account(tx, account, owner, currency)
    return 0 if account_id is None else await _available(tx, account_id, now)


async def place(tx: Transaction, new: NewHold, now: datetime) -> HoldId:
    """Keep `new.amount_minor` apart and return the hold; the same key again returns the same hold.

    Raises `NotEnough` when less is available, `Invalid` for an amount or end that makes no sense.
    """
    if new.amount_minor <= 0:
        raise Invalid("The amount must be more than zero.", field="amount_minor")
    if new.expires_at <= now:
        raise Invalid("The end must be in the future.", field="expires_at")
    account_id = await store.locked_account(tx, new.account, new.owner, new.currency)
    placed = await store.by_key(tx, new.idempotency_key)
    if placed is not None:
        return placed.id
    if account_id is None:
        raise NotEnough(0, new.currency)
    left = await _available(tx, account_id, now)
    if left < new.amount_minor:
        raise NotEnough(left, new.currency)
    return await store.insert(tx, account_id, new, now)


async def change(tx: Transaction, hold_id: HoldId, now: datetime, *, amount_minor: int, expires_at: datetime) -> None:
    """Keep another amount until another time: a session goes on, or the driver has added money.

    Raises `NotEnough` when less is available, `Conflict` when the hold has ended.
    """
    hold = await _locked(tx, hold_id)
    if hold.state is not HoldState.ACTIVE:
        raise Conflict("The hold has ended.", field="hold_id")
    account_id = await store.locked_account(tx, hold.account, hold.owner, hold.currency)
    assert account_id is not None, "a hold refers to its account"
    left = await _available(tx, account_id, now, but=hold_id)
    if left < amount_minor:
        raise NotEnough(left, hold.currency)
    await store.change(tx, hold_id, amount_minor, expires_at)


async def shrink(tx: Transaction, hold_id: HoldId, *, amount_minor: int) -> None:
    """Keep less apart, until the same time as before. Raises `Conflict` when the hold has ended or keeps less already.

    Needs no look at what is available: it may have fallen meanwhile, and less is kept.
    """
    hold = await _locked(tx, hold_id)
    if hold.state is not HoldState.ACTIVE or not 0 < amount_minor <= hold.amount_minor:
        raise Conflict("The hold has ended.", field="hold_id")
    await store.change(tx, hold_id, amount_minor, hold.expires_at)


async def of_source(tx: Transaction, source_id: UUID) -> list[Hold]:
    """Return what was kept apart for one source, oldest first."""
    return await store.of_source(tx, source_id)


async def capture(tx: Transaction, hold_id: HoldId, amount_minor: int, now: datetime) -> bool:
    """End a hold because `amount_minor` of it was used; the rest is available again.

    More than was held may be captured: energy that has been delivered is owed. The caller posts the entry in the same
    transaction. Returns False when it was captured with this amount before. Raises `Conflict` when it ended otherwise,
    except when its time was over: what was used is owed all the same.
    """
    hold = await _locked(tx, hold_id)
    if hold.state is HoldState.CAPTURED and hold.captured_minor == amount_minor:
        return False
    if hold.state in (HoldState.CAPTURED, HoldState.RELEASED):
        raise Conflict("The hold has ended.", field="hold_id")
    await store.close(tx, hold_id, HoldState.CAPTURED, amount_minor, now)
    return True


async def release(tx: Transaction, hold_id: HoldId, now: datetime) -> bool:
    """End a hold of which nothing was used; return False when it had ended before."""
    hold = await _locked(tx, hold_id)
    if hold.state is not HoldState.ACTIVE:
        return False
    await store.close(tx, hold_id, HoldState.RELEASED, 0, now)
    return True


async def expire(tx: Transaction, now: datetime) -> int:
    """End the holds whose time is over, tell the others, and return how many."""
    gone = await store.expire(tx, now, EXPIRED_MAX)
    events = [HoldExpired(hold_id=hold.id, source_kind=hold.source_kind, source_id=hold.source_id) for hold in gone]
    await outbox.publish(tx, events)
    return len(gone)


async def _available(tx: Transaction, account_id: UUID, now: datetime, but: HoldId | None = None) -> int:
    return -await store.balance(tx, account_id) - await store.held(tx, account_id, now, but)


async def _locked(tx: Transaction, hold_id: HoldId) -> Hold:
    hold = await store.locked(tx, hold_id)
    if hold is None:
        raise NotFound("There is no such hold.")
    return hold

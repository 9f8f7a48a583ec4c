"""Promises and hours in PostgreSQL, and which of them were broken. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.promising.hours import Hours
from laddverk.support.promising.model import Promise

HOURS: Final = """
SELECT id, name, zone, days, free_holidays, free_days, closes FROM support_hours
WHERE removed_at IS NULL OR $1 ORDER BY name
"""
SAVE_HOURS: Final = """
INSERT INTO support_hours (id, name, zone, days, free_holidays, free_days, closes)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, zone = excluded.zone, days = excluded.days,
                               free_holidays = excluded.free_holidays, free_days = excluded.free_days,
                               closes = excluded.closes
"""
REMOVE_HOURS: Final = "UPDATE support_hours SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL"
RESTORE_HOURS: Final = "UPDATE support_hours SET removed_at = NULL WHERE id = $1"
PROMISES: Final = """
SELECT id, name, position, priorities, kinds, site_ids, account_ids, hours_id, answer_minutes, solve_minutes,
       only_by_rule
FROM support_promise WHERE removed_at IS NULL ORDER BY position, name
"""
SAVE: Final = """
INSERT INTO support_promise (id, position, name, priorities, kinds, site_ids, account_ids, hours_id, answer_minutes,
                             solve_minutes, only_by_rule)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET
    position = excluded.position, name = excluded.name, priorities = excluded.priorities, kinds = excluded.kinds,
    site_ids = excluded.site_ids, account_ids = excluded.account_ids, hours_id = excluded.hours_id,
    answer_minutes = excluded.answer_minutes, solve_minutes = excluded.solve_minutes,
    only_by_rule = excluded.only_by_rule
"""
REMOVE: Final = "UPDATE support_promise SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL"
RESTORE: Final = "UPDATE support_promise SET removed_at = NULL WHERE id = $1"
ACCOUNTS: Final = "SELECT account_id FROM customer_member WHERE driver_id = $1 AND left_at IS NULL"
CUSTOMERS: Final = "SELECT id, name FROM customer_account WHERE closed_at IS NULL ORDER BY name LIMIT 500"
# Promises that are broken and of which nobody has been told; a clock that stands still breaks nothing.
LATE: Final = """
SELECT late.case_id, late.what, late.due_at FROM (
    SELECT id AS case_id, 'answer' AS what, answer_due_at AS due_at FROM support_case
    WHERE state <> 'closed' AND answered_at IS NULL AND answer_due_at < $1
    UNION ALL
    SELECT id, 'solve', solve_due_at FROM support_case
    WHERE state <> 'closed' AND solve_due_at IS NOT NULL AND solve_due_at < $1 AND paused_at IS NULL
) AS late
WHERE NOT EXISTS (SELECT FROM support_late WHERE support_late.case_id = late.case_id AND support_late.what = late.what)
ORDER BY late.due_at LIMIT 200
"""
TOLD: Final = """
INSERT INTO support_late (case_id, what, due_at, told_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""


class Customer(Struct, frozen=True):
    """One who pays for several, and may have a promise of their own."""

    id: UUID
    name: str


class Late(Struct, frozen=True):
    """A promise that has just been broken."""

    case_id: UUID
    what: str
    due_at: datetime


async def hours(tx: Transaction, *, removed: bool = False) -> list[Hours]:
    """Return the hours that can be chosen; with `removed`, all that promises may still name."""
    return await tx.fetch(Hours, HOURS, removed)


async def save_hours(tx: Transaction, given: Hours) -> None:
    """Write hours, new or changed."""
    days = msgspec.to_builtins(given.days)
    await tx.execute(
        SAVE_HOURS, given.id, given.name, given.zone, days, given.free_holidays, list(given.free_days),
        list(given.closes),
    )  # fmt: skip


async def promises(tx: Transaction) -> list[Promise]:
    """Return what is promised, the first that holds first."""
    return await tx.fetch(Promise, PROMISES)


async def save(tx: Transaction, given: Promise) -> None:
    """Write a promise, new or changed."""
    await tx.execute(
        SAVE, given.id, given.position, given.name, list(given.priorities), list(given.kinds), list(given.site_ids),
        list(given.account_ids), given.hours_id, given.answer_minutes, given.solve_minutes,
        given.only_by_rule,
    )  # fmt: skip


async def accounts_of(tx: Transaction, driver_id: UUID | None) -> frozenset[UUID]:
    """Return the customers that a driver is a member of."""
    return frozenset(await tx.values(ACCOUNTS, driver_id)) if driver_id is not None else frozenset()


async def customers(tx: Transaction) -> list[Customer]:
    """Return the customers that something can be promised to."""
    return await tx.fetch(Customer, CUSTOMERS)


async def late(tx: Transaction, now: datetime) -> Sequence[Late]:
    """Return the promises that are broken and of which nobody has been told."""
    return await tx.fetch(Late, LATE, now)


async def note_late(tx: Transaction, given: Late, now: datetime) -> None:
    """Note that somebody has been told of a broken promise."""
    await tx.execute(TOLD, given.case_id, given.what, given.due_at, now)

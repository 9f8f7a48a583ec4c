"""Changing what is promised, and when we work. Audited; removing can be undone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.platform.database import Transaction
from laddverk.support import settling
from laddverk.support.promising import hours as calendar
from laddverk.support.promising import rules, store
from laddverk.support.promising.hours import Hours
from laddverk.support.promising.model import Promise


async def save_hours(tx: Transaction, actor: Actor, given: Hours, now: datetime) -> UUID:
    """Write hours, new where they have no id. Raises `Invalid` (fields name, days)."""
    settling.require(actor)
    checked = calendar.checked(replace(given, name=given.name.strip()[: settling.NAME_MAX]))
    identity = checked.id or new_id()
    await store.save_hours(tx, replace(checked, id=identity))
    await settling.noted(tx, actor, "hours.saved", identity, now, msgspec.to_builtins(checked))
    return identity


async def remove_hours(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Take hours away. Raises `Conflict` while a promise counts on them."""
    if any(one.hours_id == identity for one in await store.promises(tx)):
        raise Conflict("A promise counts on these hours.", remedy="Change the promise first.")
    await settling.switched(tx, actor, "hours.removed", store.REMOVE_HOURS, identity, now)


async def restore_hours(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Put hours back."""
    await settling.switched(tx, actor, "hours.restored", store.RESTORE_HOURS, identity, now)


async def save(tx: Transaction, actor: Actor, given: Promise, now: datetime) -> None:
    """Write a promise, new or changed. It holds for cases when they next change. Raises `Invalid`."""
    settling.require(actor)
    checked = rules.checked(given)
    if checked.hours_id is not None and not any(one.id == checked.hours_id for one in await store.hours(tx)):
        raise Invalid("Choose from the list.", field="hours_id")
    await store.save(tx, checked)
    await settling.noted(tx, actor, "promise.saved", checked.id, now, msgspec.to_builtins(checked))


async def remove(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Promise it no more. Raises `NotFound`."""
    await settling.switched(tx, actor, "promise.removed", store.REMOVE, identity, now)


async def restore(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Promise it again."""
    await settling.switched(tx, actor, "promise.restored", store.RESTORE, identity, now)

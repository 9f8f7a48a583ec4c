"""Changing the rules at opening. Audited; removing can be undone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import Invalid
from laddverk.platform.database import Transaction
from laddverk.support import settling
from laddverk.support.opening import rules, store
from laddverk.support.opening.model import Rule
from laddverk.support.promising import store as promising
from laddverk.support.situations import book
from laddverk.support.teams import store as teams


async def save(tx: Transaction, actor: Actor, given: Rule, now: datetime) -> None:
    """Write a rule, new or changed; it is for cases that are opened from now on. Raises `Invalid`."""
    settling.require(actor)
    checked = rules.checked(given, {one.key for one in book.catalogue()})
    does = checked.does
    if does.team_id is not None and await teams.team(tx, does.team_id) is None:
        raise Invalid("Choose from the list.", field="team")
    if does.promise_id is not None and not any(one.id == does.promise_id for one in await promising.promises(tx)):
        raise Invalid("Choose from the list.", field="promise")
    await store.save(tx, checked)
    await settling.noted(tx, actor, "rule.saved", checked.id, now, msgspec.to_builtins(checked))


async def remove(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Take a rule away. Raises `NotFound`."""
    await settling.switched(tx, actor, "rule.removed", store.REMOVE, identity, now)


async def restore(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Put a rule back."""
    await settling.switched(tx, actor, "rule.restored", store.RESTORE, identity, now)

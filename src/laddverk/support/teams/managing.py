"""Changing teams. Audited; removing can be undone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from laddverk.kernel.actors import Actor
from laddverk.platform.database import Transaction
from laddverk.support import settling
from laddverk.support.teams import rules, store
from laddverk.support.teams.model import Team


async def save(tx: Transaction, actor: Actor, given: Team, now: datetime) -> None:
    """Write a team, new or changed. Raises `Invalid` (fields name, members, lead, kinds)."""
    settling.require(actor)
    checked = rules.checked(given, {person.id for person in await store.people(tx)})
    await store.save(tx, checked)
    await settling.noted(tx, actor, "team.saved", checked.id, now, msgspec.to_builtins(checked))


async def remove(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Take a team away; its cases stay whose they are. Raises `NotFound`."""
    await settling.switched(tx, actor, "team.removed", store.REMOVE, identity, now)


async def restore(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Put a team back."""
    await settling.switched(tx, actor, "team.restored", store.RESTORE, identity, now)

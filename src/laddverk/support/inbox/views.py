"""Saved views of the inbox: a filter with a name, one's own or everybody's."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.support.inbox import store

NAME_MAX: Final = 40
VIEWS_MAX: Final = 30  # of one person
FIELDS: Final = frozenset(
    {
        "state", "q", "kind", "tag", "team", "assignee", "priority", "channel", "situation", "site", "late", "rated",
        "opened_from", "opened_to", "model", "firmware", "charger", "driver_name", "session_number", "driver",
        "station", "session",
    }
)  # fmt: skip
"""What a view keeps of the inbox's address."""


def kept(query: tuple[tuple[str, str], ...]) -> str:
    """Return the part of an address that a view keeps."""
    return urlencode(sorted((name, value[:100]) for name, value in query if name in FIELDS and value))


async def save(
    tx: Transaction, actor: Actor, name: str, query: tuple[tuple[str, str], ...], now: datetime, *, is_shared: bool
) -> None:
    """Keep a filter. Raises `Invalid` (field view_name), `Conflict` for too many."""
    actor.require(Permission.CASES_READ)
    tidy = " ".join(name.split())[:NAME_MAX]
    if not tidy:
        raise Invalid("Give it a name.", field="view_name")
    if actor.id is None or int(await tx.value(store.COUNT_VIEWS, actor.id)) >= VIEWS_MAX:
        raise Conflict("You have many views already.", remedy="Remove one first.")
    identity = new_id()
    await tx.execute(store.SAVE_VIEW, identity, tidy, actor.id, actor.name, is_shared, kept(query), now)
    await audit.write(tx, actor, "support_view.saved", "support_view", identity, at=now, detail={"name": tidy})


async def drop(tx: Transaction, actor: Actor, identity: UUID, now: datetime) -> None:
    """Forget one's own view; whoever may change the desk may forget a shared one. Raises `NotFound`."""
    actor.require(Permission.CASES_READ)
    may_all = actor.may(Permission.STATIONS_WRITE)
    name = await tx.value(store.DROP_VIEW, identity, actor.id, may_all)
    if name is None:
        raise NotFound("There is no such view.")
    await audit.write(tx, actor, "support_view.removed", "support_view", identity, at=now, detail={"name": name})

"""Who else looks at a case, or writes in it: so that two do not answer the same driver."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.actors import Actor
from laddverk.platform.database import Transaction
from laddverk.support.inbox import store

SEEN_FOR: Final = timedelta(seconds=25)  # the stream of a page says it again every ten
WRITES_FOR: Final = timedelta(seconds=20)
KEPT_FOR: Final = timedelta(hours=1)


class Looks(Struct, frozen=True):
    """Somebody else who has the case open now."""

    name: str
    is_writing: bool


async def looked(tx: Transaction, actor: Actor, case_id: UUID, now: datetime) -> list[Looks]:
    """Note that somebody has a case open, and return who else does."""
    if actor.id is None:
        return []
    found = await store.looked(tx, case_id, actor.id, actor.name, now, now - SEEN_FOR)
    return [Looks(one.name, one.writing_at is not None and one.writing_at > now - WRITES_FOR) for one in found]


async def writes(tx: Transaction, actor: Actor, case_id: UUID, now: datetime) -> None:
    """Note that somebody writes an answer."""
    if actor.id is not None:
        await tx.execute(store.WRITING, case_id, actor.id, actor.name, now)


async def forget(tx: Transaction, now: datetime) -> None:
    """Forget who looked long ago."""
    await tx.execute(store.FORGET_PRESENT, now - KEPT_FOR)

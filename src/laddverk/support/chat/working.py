"""What people of ours do with a chat in which nobody asked for a person: they make a case of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import service as cases
from laddverk.support.chat import handing, listing, store
from laddverk.support.chat.talking import Talk
from laddverk.support.model import Case


async def make_case(tx: Transaction, house: House, actor: Actor, chat_id: UUID, now: datetime) -> Case:
    """Open a case of a chat, or return the one that it has. Raises `NotFound`, `NotAllowed`."""
    actor.require(Permission.CASES_WRITE)
    if await listing.one(tx, actor.site_ids, chat_id) is None:
        raise NotFound("There is no such chat.")
    chat = await store.chat(tx, chat_id)
    if chat is None:
        raise NotFound("There is no such chat.")
    if chat.case_id is not None:
        return await cases.worked_on(tx, actor, await store.case_now(tx, chat.case_id))
    talk = Talk(tx, house, actor, chat, now)
    case = await handing.take_up(talk, await store.lines(tx, chat_id))
    await talk.keep()
    await audit.write(tx, actor, "chat.made_case", "chat", chat_id, at=now, detail={"number": case.number})
    return case

"""What the page of a case shows of its chat: whether the driver is there, writes and has read; and its photos."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.platform.database import Transaction
from laddverk.support import attachments
from laddverk.support import queries as case_queries
from laddverk.support.chat import queries, rules, speaking, store
from laddverk.support.chat.model import Chat, ChatState, Line, Speaker
from laddverk.web import pictures
from laddverk.web.console.cases import PLACE, READ
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.visit import named

LINES_MAX: Final = 60  # the latest; all of them are on the timeline


class ChatSeen(Struct, frozen=True, kw_only=True):
    """A case's chat as an agent sees it."""

    chat: Chat
    lines: list[Line]
    is_here: bool
    is_writing: bool
    has_read: bool
    """Whether the driver has what was said last."""
    follows: str
    """How an answer follows a driver who has left: email, sms, or '' where nothing is known."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is said in it any more."""
        return self.chat.state is ChatState.CLOSED


async def facts(desk: Desk, tx: Transaction, case_id: UUID) -> ChatSeen | None:
    """Return the chat of a case, or None. What the driver has said is read by whoever works on cases and sees it."""
    chat = await queries.of_case(tx, case_id)
    if chat is None:
        return None
    if desk.may(Permission.CASES_WRITE):
        await speaking.note_read(tx, desk.house, case_id, desk.actor.name, desk.now)
    lines = await store.lines(tx, chat.id, LINES_MAX)
    case = await case_queries.case(tx, None, case_id)
    ours = [each.at for each in lines if each.who is Speaker.AGENT]
    follows = "email" if case and case.contact_email else "sms" if case and case.contact_phone else ""
    now = desk.house.clock()
    return ChatSeen(
        chat=chat, lines=lines, is_here=rules.is_here(chat, now), is_writing=rules.driver_types(chat, now),
        has_read=bool(ours) and chat.read_at >= ours[-1], follows=follows,
    )  # fmt: skip


@get(f"{PLACE}/{{case_id:str}}/photos/{{photo:uuid}}", opt=READ)
async def show_photo(desk: AtDesk, case_id: FromPath[str], photo: FromPath[UUID]) -> Response[bytes]:
    """Show a photo that came with a case; anything else that came is not shown."""
    identity = named("cas", case_id)
    async with desk.transaction() as tx:
        found(await case_queries.case(tx, desk.sites, identity))
        file = await attachments.one(tx, identity, photo)
    shown = found(file if file is not None and file.media_type.startswith("image/") else None)
    return pictures.answer(shown.content, shown.media_type)


ROUTES: Final = [show_photo]

"""Chats as the desk sees them: that of a case on its page; and all there were, also those that never became a case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.support import attachments, privacy
from laddverk.support import queries as case_queries
from laddverk.support.chat import listing, queries, rules, speaking, store, working
from laddverk.support.chat.listing import ChatFilter
from laddverk.support.chat.model import Chat, ChatState, Line, Speaker, files_in
from laddverk.support.queries import CaseRow
from laddverk.web import pictures
from laddverk.web.console import cases, chat_words
from laddverk.web.console.cases import PLACE, READ, WRITE
from laddverk.web.console.chat_words import CHATS, WITH_CASE
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.portal.chat_words import text_of
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


async def facts(desk: Desk, tx: Transaction, case: CaseRow) -> ChatSeen | None:
    """Return the chat of a case, or None. What the driver has said is read by whoever works on cases and sees it."""
    chat = await queries.of_case(tx, case.id)
    if chat is None:
        return None
    if desk.may(Permission.CASES_WRITE):
        await speaking.note_read(tx, desk.house, case.id, desk.actor.name, desk.now)
    lines = await store.lines(tx, chat.id, LINES_MAX)
    ours = [each.at for each in lines if each.who is Speaker.AGENT]
    follows = "email" if case.contact_email else "sms" if case.contact_phone else ""
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


class Said(Struct, frozen=True, kw_only=True):
    """One line of a chat as its page shows it."""

    line: Line
    title: str
    text: str
    is_tap: bool
    """Whether the driver pressed it."""
    files: list[tuple[str, str]]
    """What one of ours sent with it: name and address, '' where it is not theirs to open."""


def wanted(desk: Desk) -> ChatFilter:
    """Return what the address of the list asks for. What is no choice of its lists is left out."""
    until = desk.day_asked("opened_to")
    since = desk.day_asked("opened_from")
    return ChatFilter(
        search=desk.asked("q").strip()[:100],
        site_id=named("sit", desk.asked("site")) if desk.asked("site") else None,
        opened_from=desk.midnight(since) if since else None,
        opened_until=desk.midnight(until + timedelta(days=1)) if until else None,
        case=desk.asked("case") if desk.asked("case") in WITH_CASE else "",
    )


@get(CHATS, opt=READ)
async def list_chats(desk: AtDesk) -> Response[str]:
    """Chats, the newest first."""
    looking, narrowed = desk.listing("-opened"), wanted(desk)
    async with desk.transaction() as tx:
        page = await listing.page(tx, desk.sites, narrowed, limit=PAGE_SIZE, offset=looking.offset)
        sites = [(shown("sit", one.id), one.name) for one in await stations_queries.site_names(tx, desk.sites)]
    choices = [(key, desk.words(word)) for key, word in WITH_CASE.items()]
    return desk.page(
        "console/chats/list.html", rows=page.rows, total=page.total, has_more=page.has_more, listing=looking,
        wanted=narrowed, sites=sites, with_case=choices, **chat_words.words_of(desk),
    )  # fmt: skip


@get(f"{CHATS}/{{chat_id:str}}", opt=READ)
async def show_chat(desk: AtDesk, chat_id: FromPath[str]) -> Response[str]:
    """One chat: everything that was said in it, read only."""
    return await _page(desk, chat_id, {})


async def _page(desk: Desk, chat_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    identity = named("cht", chat_id)
    async with desk.transaction() as tx:
        row = found(await listing.one(tx, desk.sites, identity))
        lines = await store.lines(tx, identity)
        await privacy.note_chat_read(tx, desk.actor, identity, desk.now)
    said = [_said(desk, each, row.case_id) for each in lines]
    told = {each.line.params["situation"]: each.title for each in said if each.line.params.get("situation")}
    return desk.page(
        "console/chats/detail.html", status=status, chat=row, said_lines=said, errors=errors,
        place=chat_words.href(identity), told=list(told.values()),
        pressed=[each.text for each in said if each.is_tap and each.text], **chat_words.words_of(desk),
    )  # fmt: skip


def _said(desk: Desk, line: Line, case_id: UUID | None) -> Said:
    at_case = f"{cases.href(case_id)}/files/" if case_id else ""
    return Said(
        line=line, title=str(line.params.get("title", "")), text=text_of(desk, line),
        is_tap=line.who is Speaker.DRIVER and "key" in line.params,
        files=[(one["name"], at_case and at_case + shown("att", UUID(one["id"]))) for one in files_in(line.params)],
    )  # fmt: skip


@get(f"{CHATS}/{{chat_id:str}}/photos/{{photo:uuid}}", opt=READ)
async def show_chat_photo(desk: AtDesk, chat_id: FromPath[str], photo: FromPath[UUID]) -> Response[bytes]:
    """Show a photo that came in a chat."""
    identity = named("cht", chat_id)
    async with desk.transaction() as tx:
        found(await listing.one(tx, desk.sites, identity))
        picture = found(await store.picture(tx, identity, photo))
    return pictures.answer(picture.content, picture.media_type)


@post(f"{CHATS}/{{chat_id:str}}/case", opt=WRITE, status_code=200)
async def make_case_of_chat(desk: AtDesk, chat_id: FromPath[str]) -> Response[Any]:
    """Make a case of a chat, or lead to the one that it has."""
    try:
        async with desk.transaction() as tx:
            case = await working.make_case(tx, desk.house, desk.actor, named("cht", chat_id), desk.now)
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return await _page(desk, chat_id, desk.errors(problem), problem.status)
    return desk.go(cases.href(case.id), desk.words("Case %(number)s is open.", number=case.number))


ROUTES: Final = [show_photo, list_chats, show_chat, show_chat_photo, make_case_of_chat]

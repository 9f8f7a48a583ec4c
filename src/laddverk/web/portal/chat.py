"""The drivers' chat: its page, its live stream, and what is sent to it. Its address is its key.

Nothing is kept until somebody says something. The same forms work without JavaScript, as a page that is posted to and
shown again; in the widget (js/chat-panel.js) the answers are the parts that have changed.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, UploadFile
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Struct

from laddverk.diagnostics.incidents.reporting import PHOTO_BYTES_MAX
from laddverk.kernel.problems import NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.sessions import driver_queries
from laddverk.sessions.driver_queries import Outlet
from laddverk.support import links
from laddverk.support.chat import queries, service, speaking, store
from laddverk.support.chat.model import Asks, Chat, ChatState, Come, Line
from laddverk.support.chat.queries import Wait
from laddverk.support.promising import attending
from laddverk.support.promising.hours import Attended
from laddverk.support.situations import choosing, wording
from laddverk.support.situations.gathering import facts_of
from laddverk.web import pictures, security
from laddverk.web.bodies import FORM_OVERHEAD_BYTES
from laddverk.web.live import Parts, Streams, partials, stream
from laddverk.web.portal import chat_words
from laddverk.web.rendering import STATIC
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting

START: Final = "/help/chat"
COOKIE: Final = "laddverk_chat"
COOKIE_S: Final = 30 * 86_400  # after that nobody goes on where they left off
BEGUN_MAX: Final = 20  # chats of one network in five minutes: one address may be a whole site's Wi-Fi
HANDED_MAX: Final = 10  # of them, how many may ask for a person
WRONG_MAX: Final = 60  # wrong addresses of one network in five minutes: the signature has 128 bits
FROM_MAX: Final = 300
LIVE: Final = ("now", "log", "offers")
"""The parts that change by themselves. What somebody is filling in is not among them."""
BODY_MAX: Final = PHOTO_BYTES_MAX + FORM_OVERHEAD_BYTES


class Talk(Struct, frozen=True, kw_only=True):
    """What the panel of a chat shows."""

    chat: Chat
    lines: list[Line]
    base: str
    """The path of the chat; '' while nothing is kept."""
    came_from: str = ""
    outlet: Outlet | None = None
    now_title: str = ""
    """What we see of the charger at this moment."""
    wait: Wait | None = None
    back: str = ""
    """When people are back, while the hours of the chat close it."""


async def _talk(tx: Transaction, visit: Visit, chat: Chat, lines: list[Line], base: str, came_from: str = "") -> Talk:
    outlet = None
    if chat.station_id is not None:
        outlet = await driver_queries.outlet_at(tx, chat.station_id, chat.evse_number, chat.connector_number or 1)
    title = ""
    if outlet is not None and chat.state is ChatState.OPEN and base:
        told = choosing.told(await facts_of(tx, chat.subject, visit.house.clock()))
        title = wording.spoken(told, visit.language, outlet.timezone).title
    now = visit.house.clock()
    wait = await queries.wait(tx, chat.case_id, now) if chat.case_id else None
    back_at = await attending.closed_until(tx, Attended.CHAT, now) if wait is not None else None
    return Talk(
        chat=chat, lines=lines, base=base, came_from=came_from, outlet=outlet, now_title=title, wait=wait,
        back=attending.in_words(back_at, now, visit.house.settings.timezone, visit.language) if back_at else "",
    )  # fmt: skip


def _context(visit: Visit, talk: Talk, values: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    chat, lines = talk.chat, talk.lines
    return {
        "talk": talk, "chat": chat, "lines": chat_words.shown(visit, lines, talk.base),
        "offers": chat_words.offers_of(visit, chat, lines[-1] if lines else None, talk.outlet, talk.came_from),
        "asks_reach": chat.asks is Asks.REACH, "values": values, "errors": errors, "embed": _embed(visit),
        "is_read": chat_words.is_read(chat, lines), "types": chat_words.agent_types(chat, visit.house.clock()),
        "action": talk.base or START, "suffix": "?embed=1" if _embed(visit) else "",
        "origins": security.framed_by(visit.house.settings, START),
        "phone": visit.house.settings.operator_phone,
    }  # fmt: skip


def _answer(
    visit: Visit, talk: Talk, values: dict[str, str], errors: dict[str, str], status: int = 200, *, whole: bool = True
) -> Response[str]:
    """Return the page of a chat; to the widget its panel, or only the parts that have changed."""
    given = _context(visit, talk, values, errors)
    if visit.wants_part and not whole:
        parts = {f"chat-{name}": visit.template(f"portal/chat/_{name}.html", **given) for name in (*LIVE, "foot")}
        return visit.part(partials(parts))
    if visit.wants_part:
        return visit.part(visit.template("portal/chat/_panel.html", **given))
    return visit.page(f"portal/chat/{'embed' if given['embed'] else 'page'}.html", status=status, **given)


@get(START)
async def show_start(visit: Visiting) -> Response[Any]:
    """Go on with the chat that this browser has begun, or show what we see and how to begin one."""
    async with visit.transaction() as tx:
        came_from, come = await _come(tx, visit, visit.asked("from"))
        known = None if visit.asked("new") else await _known(tx, visit, come)
        if known is not None:
            chat, base = known
            if not visit.wants_part:
                return visit.go(base + ("?embed=1" if _embed(visit) else ""))
            talk = await _talk(tx, visit, chat, await store.lines(tx, chat.id), base)
        else:
            chat, lines = await service.preview(tx, visit.house, visit.actor, come, visit.language, visit.now)
            talk = await _talk(tx, visit, chat, lines, "", came_from)
    return _answer(visit, talk, {}, {})


@post(START, request_max_body_size=BODY_MAX)
async def begin(visit: Visiting, request: Request[Any, Any, Any]) -> Response[Any]:
    """Begin a chat with what is said first."""
    form = await visit.form()
    _count(visit, "chats_begun", BEGUN_MAX)
    async with visit.transaction() as tx:
        _path, come = await _come(tx, visit, form.get("from", ""))
        chat = await service.begin(tx, visit.house, visit.actor, come, visit.language, visit.now)
    token = links.token_of(visit.house.secrets, "cht", chat.id)
    answer = await _taken_in(visit, f"{START}/{token}", chat.id, form, await _photo(request), whole=True)
    answer.cookies.append(
        Cookie(
            key=COOKIE, value=token, max_age=COOKIE_S, path=START, httponly=True, samesite="lax",
            secure=security.is_https(visit.house.settings),
        )
    )  # fmt: skip
    return answer


@get(f"{START}/{{token:str}}")
async def show(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Show a chat to whoever has its address."""
    return _answer(visit, await _read(visit, _behind(visit, token), f"{START}/{token}"), {}, {})


@post(f"{START}/{{token:str}}", request_max_body_size=BODY_MAX)
async def say(visit: Visiting, token: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """Take in an answer by one tap, words, a photo, or where the driver is reached."""
    chat_id, form = _behind(visit, token), await visit.form()
    return await _taken_in(visit, f"{START}/{token}", chat_id, form, await _photo(request), whole=False)


async def _taken_in(
    visit: Visit, base: str, chat_id: UUID, form: dict[str, str], photo: bytes, *, whole: bool
) -> Response[Any]:
    errors: dict[str, str] = {}
    status = 200
    try:
        if form.get("tap") in ("person", "stay") or form.get("what") == "reach":
            _count(visit, "chats_handed", HANDED_MAX)
        async with visit.transaction() as tx:
            await _said(visit, tx, chat_id, form, photo)
    except NotFound:
        raise
    except Problem as problem:
        errors, status = visit.errors(problem), problem.status
    if not visit.wants_part and not errors:
        return visit.go(base + ("?embed=1" if _embed(visit) else ""))
    return _answer(visit, await _read(visit, chat_id, base), form if errors else {}, errors, status, whole=whole)


async def _said(visit: Visit, tx: Transaction, chat_id: UUID, form: dict[str, str], photo: bytes) -> None:
    house, actor, now = visit.house, visit.actor, visit.now
    if form.get("what") == "reach" and not form.get("tap"):
        given = (form.get("name", ""), form.get("email", ""), form.get("phone", ""))
        await service.leave_address(tx, house, actor, chat_id, *given, now)
    elif form.get("tap"):
        await service.tap(tx, house, actor, chat_id, form["tap"], now)
    else:
        await service.write(tx, house, actor, chat_id, form.get("text", ""), photo, now)


@get(f"{START}/{{token:str}}/live")
async def follow(visit: Visiting, token: FromPath[str]) -> Stream:
    """Send what is said while the page is open, and note that it is."""
    chat_id = _behind(visit, token)
    first = await _read(visit, chat_id, f"{START}/{token}")

    async def parts() -> Parts:
        talk = await _read(visit, chat_id, f"{START}/{token}")
        given = _context(visit, talk, {}, {})
        return {f"chat-{name}": visit.template(f"portal/chat/_{name}.html", **given) for name in LIVE}

    topics = [f"chat:{chat_id}"]
    if first.chat.station_id is not None:
        topics.append(f"station:{first.chat.station_id}")
    streams: Streams = visit.request.app.state.setdefault("chat_streams", Streams())
    return stream(streams, visit.house.hints, topics, parts)


@post(f"{START}/{{token:str}}/typing", status_code=204)
async def typing(visit: Visiting, token: FromPath[str]) -> None:
    """Note that the driver is writing."""
    chat_id = _behind(visit, token)
    async with visit.transaction() as tx:
        await service.types(tx, visit.house, chat_id, visit.now)


@get(f"{START}/{{token:str}}/pictures/{{picture:uuid}}")
async def show_picture(visit: Visiting, token: FromPath[str], picture: FromPath[UUID]) -> Response[bytes]:
    """Show a photo of a chat to whoever has the chat."""
    async with visit.transaction() as tx:
        found = await store.picture(tx, _behind(visit, token), picture)
    if found is None:
        raise NotFound("There is no such photo any more.")
    return pictures.answer(found.content, found.media_type)


@get(f"{START}/{{token:str}}/files/{{file_id:uuid}}")
async def show_file(visit: Visiting, token: FromPath[str], file_id: FromPath[UUID]) -> Response[bytes]:
    """Hand out a file that one of us sent in a chat to whoever has the chat."""
    async with visit.transaction() as tx:
        found = await store.file(tx, _behind(visit, token), file_id)
    if found is None:
        raise NotFound("There is no such file any more.")
    return pictures.handed_out(found.content, found.media_type, found.name)


@get("/chat-embed.js", media_type="text/javascript")
async def embeddable(visit: Visiting) -> str:
    """Return the script with which a web site of the operator's shows the chat."""
    if not visit.house.settings.chat_origins:
        raise NotFound("There is no such page.")
    return (STATIC / "js" / "chat-embed.js").read_text(encoding="utf-8")


async def _read(visit: Visit, chat_id: UUID, base: str) -> Talk:
    """Return a chat, and note that its driver sees it now."""
    now = visit.house.clock()
    async with visit.house.database.transaction() as tx:
        chat = await queries.chat(tx, chat_id)
        if chat is None:
            raise NotFound("There is no such chat any more.", remedy="Begin a new one.")
        lines = await store.lines(tx, chat_id)
        await service.seen(tx, visit.house, chat, lines[-1].at if lines else now, now)
        return await _talk(tx, visit, chat, lines, base)


async def _come(tx: Transaction, visit: Visit, given: str) -> tuple[str, Come]:
    """Return the page that somebody comes from and whose trouble it is."""
    path = given[:FROM_MAX] if given.startswith("/") else ""
    return path, await service.come_from(tx, visit.actor, path, visit.now)


async def _known(tx: Transaction, visit: Visit, come: Come) -> tuple[Chat, str] | None:
    """Return the chat that this browser has begun, unless it is over, or about another outlet than this page."""
    token = visit.request.cookies.get(COOKIE, "")
    try:
        chat = await queries.chat(tx, links.behind(visit.house.secrets, "cht", token)) if token else None
    except NotFound:
        return None
    if chat is None or chat.state is ChatState.CLOSED:
        return None
    here, there = come.subject, chat.subject
    is_elsewhere = here.station_id is not None and (
        (here.station_id, here.evse_number) != (there.station_id, there.evse_number)
        or (here.start_request_id is not None and here.start_request_id != there.start_request_id)
    )
    if is_elsewhere and chat.state is ChatState.OPEN:
        return None
    return chat, speaking.path_of(visit.house, chat.id)


def _behind(visit: Visit, token: str) -> UUID:
    try:
        return links.behind(visit.house.secrets, "cht", token)
    except NotFound:
        _count(visit, "chat_failures", WRONG_MAX)
        raise


def _count(visit: Visit, name: str, most: int) -> None:
    attempts: Attempts = visit.request.app.state.setdefault(name, Attempts(most))
    attempts.count(security.remote_address(visit.request), visit.now)


async def _photo(request: Request[Any, Any, Any]) -> bytes:
    file = (await request.form()).get("photo")
    return await file.read() if isinstance(file, UploadFile) else b""


def _embed(visit: Visit) -> bool:
    return visit.asked("embed") == "1"


HANDLERS: Final = [show_start, begin, show, say, follow, typing, show_picture, show_file, embeddable]

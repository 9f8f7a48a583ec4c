"""Writing to support: a form for everybody, and the page of a case where its driver reads and answers."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.diagnostics.incidents.words import REPORT_KINDS
from laddverk.kernel.ids import SessionId, parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.sessions import driver_queries
from laddverk.support import attachments, links, queries, rating, service
from laddverk.support.model import KINDS, Channel, Links, NewCase, State
from laddverk.web import pictures, security
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting

OPENED_MAX: Final = 20  # cases of one network in five minutes: one address may be a whole office, or a site's Wi-Fi
WRONG_MAX: Final = 60  # wrong addresses of one network in five minutes: the signature has 128 bits
CODE_MAX: Final = 40


async def _form(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    driver = visit.actor.id if visit.actor.kind == "driver" else None
    async with visit.transaction() as tx:
        cases = await queries.of_driver(tx, driver) if driver else []
    return visit.page(
        "portal/help_write.html",
        status=status,
        kinds=[(key, visit.words(word)) for key, word in KINDS.items()],
        values=values,
        errors=errors,
        cases=[(case, links.path_of(visit.house.secrets, case.id)) for case in cases],
        is_known=driver is not None,
        phone=visit.house.settings.operator_phone,
    )


@get("/help/write")
async def ask_help(visit: Visiting) -> Response[str]:
    """Ask what is wrong, and how to answer."""
    values = {name: visit.asked(name)[:CODE_MAX] for name in ("code", "kind", "session")}
    came_from = visit.asked("from")
    if not values["code"] and came_from.startswith("/u/"):
        values["code"] = came_from[3:].partition("/")[0][:CODE_MAX]
    return await _form(visit, values, {})


@post("/help/write")
async def take_help(visit: Visiting) -> Response[Any]:
    """Open a case, and lead to its page."""
    form = await visit.form()
    attempts: Attempts = visit.request.app.state.setdefault("help_opened", Attempts(OPENED_MAX))
    try:
        attempts.count(security.remote_address(visit.request), visit.now)
        async with visit.transaction() as tx:
            given = NewCase(
                kind=form.get("kind", ""), text=form.get("text", ""), channel=Channel.PORTAL,
                contact_name=form.get("name", ""), contact_email=form.get("email", ""),
                contact_phone=form.get("phone", ""), language=visit.language, links=await _links(tx, visit, form),
                tell_when_mended=form.get("tell") == "yes" and form.get("kind") in REPORT_KINDS,
            )  # fmt: skip
            case = await service.open_by_driver(tx, visit.house, visit.actor, given, visit.now)
    except Problem as problem:
        return await _form(visit, form, visit.errors(problem), problem.status)
    return visit.go(
        links.path_of(visit.house.secrets, case.id),
        visit.words("Thank you. Your case has the number %(number)s.", number=case.number),
    )


async def _links(tx: Transaction, visit: Visit, form: dict[str, str]) -> Links:
    """Return what the driver's words say it is about: an outlet by its sticker, a charge of their own."""
    code = form.get("code", "").upper().replace(" ", "")[:CODE_MAX]
    outlet = await driver_queries.outlet(tx, code) if code else None
    if code and outlet is None:
        raise Invalid(
            "There is no outlet with this code.", field="code", remedy="Look once more at the sticker, or leave it out."
        )
    session_id = await _own_session(tx, visit, form.get("session", ""))
    if outlet is None:
        return Links(session_id=session_id)
    return Links(station_id=outlet.station_id, evse_number=outlet.evse_number, session_id=session_id)


async def _own_session(tx: Transaction, visit: Visit, text: str) -> SessionId | None:
    """Return a charge of the signed-in driver; anything else is left out: what is another's does not exist."""
    if not text or visit.actor.kind != "driver":
        return None
    try:
        found = await driver_queries.session(tx, SessionId(parsed("ses", text)))
    except Invalid:
        return None
    return found.id if found is not None and found.driver_id == visit.actor.id else None


@get("/help/cases/{token:str}")
async def show_case(visit: Visiting, token: FromPath[str]) -> Response[str]:
    """Show a case to its driver: what was said to each other."""
    return await _case(visit, token, {}, {})


async def _case(
    visit: Visit, token: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    case_id = _behind(visit, token)
    async with visit.transaction() as tx:
        case = await queries.case(tx, None, case_id)
        if case is not None and case.merged_into_id is not None:  # what was said of it goes on there
            case = await queries.case(tx, None, case.merged_into_id)
        messages = await queries.messages(tx, case.id) if case is not None else []
        said = [message.id for message in messages if message.id is not None]
        files = await attachments.of_entries(tx, case.id, said) if case is not None else {}
        rated = await rating.of_case(tx, case.id) if case is not None else None
    if case is None:
        raise NotFound("There is no such page.")
    return visit.page(
        "portal/help_case.html",
        status=status,
        case=case,
        messages=messages,
        files=files,
        is_closed=case.state is State.CLOSED,
        rate_path=rating.path_of(visit.house, case.id)
        if case.state is State.CLOSED and case.answered_at is not None and rated is None
        else "",
        phone=visit.house.settings.operator_phone,
        path=visit.request.url.path,
        values=values,
        errors=errors,
    )


@get("/help/cases/{token:str}/files/{file_id:uuid}")
async def show_file(visit: Visiting, token: FromPath[str], file_id: FromPath[UUID]) -> Response[bytes]:
    """Hand out a file that came with what was said in a case, to whoever has the case's address."""
    case_id = _behind(visit, token)
    async with visit.transaction() as tx:
        case = await queries.case(tx, None, case_id)
        place = case.merged_into_id or case.id if case is not None else case_id
        found = await attachments.said_one(tx, place, file_id)
    if found is None:
        raise NotFound("There is no such file any more.")
    return pictures.handed_out(found.content, found.media_type, found.name)


@post("/help/cases/{token:str}")
async def write_more(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Take in what the driver adds."""
    case_id, form = _behind(visit, token), await visit.form()
    try:
        async with visit.transaction() as tx:
            await service.write_by_driver(tx, case_id, form.get("text", ""), visit.now, visit.house.hints)
    except NotFound:
        raise
    except Problem as problem:
        return await _case(visit, token, form, visit.errors(problem), problem.status)
    return visit.go(visit.request.url.path, visit.words("Thank you. We have it."))


def _behind(visit: Visit, token: str) -> Any:
    try:
        return links.case_behind(visit.house.secrets, token)
    except NotFound:
        attempts: Attempts = visit.request.app.state.setdefault("help_failures", Attempts(WRONG_MAX))
        attempts.count(security.remote_address(visit.request), visit.now)
        raise


HANDLERS: Final = [ask_help, take_help, show_case, show_file, write_more]

"""What people do on the page of a case: one form, named by what it does; all of it is audited where it is done."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from laddverk.kernel.ids import parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.support import service, working
from laddverk.web.console import case_page, cases
from laddverk.web.console.cases import PLACE, WRITE
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.visit import named


@post(f"{PLACE}/{{case_id:str}}/do", opt=WRITE, status_code=200)
async def do_something(desk: AtDesk, case_id: FromPath[str]) -> Response[Any]:
    """Answer, write a note, take it, give it away, say what it is about, let it wait, close it or open it again."""
    identity, form = named("cas", case_id), await desk.form()
    try:
        async with desk.transaction() as tx:
            await _done(desk, tx, identity, form)
    except NotFound as problem:
        if problem.field is None:
            raise
        return await case_page.page(desk, identity, form, desk.errors(problem), 422)
    except Problem as problem:
        return await case_page.page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(cases.href(identity), desk.words("Noted."))


async def _done(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    house, actor, now = desk.house, desk.actor, desk.now
    match form.get("what"):
        case "reply":
            await service.reply(tx, house, actor, identity, form.get("reply", ""), now)
        case "note" | "call" as what:
            text = form.get("note", "")
            await service.note(tx, actor, identity, text, now, house.hints, is_call=what == "call")
        case "take":
            await working.take(tx, house, actor, identity, now)
        case "give":
            to = form.get("assignee", "")
            await working.give(
                tx, house, actor, identity, parsed("opr", to, field="assignee") if to else None, now
            )  # fmt: skip
        case "priority":
            await working.set_priority(tx, house, actor, identity, cases.priority_in(form.get("priority", "")), now)
        case "link":
            links = await cases.with_code(tx, cases.links_in(form), form.get("code", ""))
            await working.link(tx, house, actor, identity, links, now)
        case "wait":
            tell = form.get("tell") == "yes"
            await working.wait_for_incident(tx, house, actor, identity, tell_driver=tell, now=now)
        case "close":
            note = form.get("closing_note", "")
            await working.close(tx, house, actor, identity, form.get("outcome", ""), note, now)
        case "reopen":
            await working.reopen(tx, house, actor, identity, now)
        case _:
            raise Invalid("Choose from the list.", field="what")


ROUTES: Final = [do_something]

"""What the page of a case shows of the desk's work: promise, team, tags, relations, who else looks, canned answers."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Transaction
from laddverk.support import delivering, rating
from laddverk.support.chat import speaking
from laddverk.support.inbox import looking, merging, sending
from laddverk.support.inbox import store as inbox
from laddverk.support.macros import service as macros
from laddverk.support.macros import store as macro_store
from laddverk.support.promising import store as promising
from laddverk.support.queries import CaseRow
from laddverk.support.teams import store as teams
from laddverk.web.console import case_words
from laddverk.web.console.cases import PLACE, WRITE
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.visit import named

SEARCH_MAX: Final = 80
NEWEST: Final = """
SELECT max(at) FROM case_entry WHERE case_id IN (SELECT id FROM support_case WHERE id = $1 OR merged_into_id = $1)
"""
NUMBER: Final = "SELECT number FROM support_case WHERE id = $1"


async def facts(desk: Desk, tx: Transaction, row: CaseRow, *, has_chat: bool) -> dict[str, Any]:
    """Return what the templates of a case's page need of the desk. `has_chat`: one is open."""
    return {
        **await live_facts(desk, tx, row),
        "teams": await teams.teams(tx),
        "tags": await inbox.tags(tx, desk.sites),
        "related": await inbox.related(tx, desk.sites, row.id),
        "merged": await inbox.merged_here(tx, row.id),
        "undo_before": desk.now - merging.UNDONE_WITHIN,
        "outgoing": await sending.waiting(tx, row.id),
        "ways": delivering.ways_of(row, has_chat=has_chat),
        "macros": await macro_store.usable(tx, desk.actor.id),
        "asides": case_words.ASIDES,
    }


async def live_facts(desk: Desk, tx: Transaction, row: CaseRow) -> dict[str, Any]:
    """Note that somebody has a case open; return who else does, and what was promised and thought of it."""
    names = {one.id: one.name for one in await promising.promises(tx)} if row.promise_id else {}
    return {
        "present": await looking.looked(tx, desk.actor, row.id, desk.now),
        "merged_into": await _number(tx, row),
        "promise_name": names.get(row.promise_id) if row.promise_id else None,
        "rating": await rating.of_case(tx, row.id) if row.is_rated_good is not None else None,
    }


async def _number(tx: Transaction, row: CaseRow) -> int | None:
    return int(await tx.value(NUMBER, row.merged_into_id)) if row.merged_into_id is not None else None


@post(f"{PLACE}/{{case_id:str}}/writing", opt=WRITE, status_code=204)
async def say_writing(desk: AtDesk, case_id: FromPath[str]) -> None:
    """Say that somebody writes an answer, to whoever else has the case open."""
    identity = named("cas", case_id)
    async with desk.transaction() as tx:
        found(await inbox.seen_by(tx, desk.sites, identity))
        await looking.writes(tx, desk.actor, identity, desk.now)
        await speaking.note_writing(tx, desk.house, identity, desk.actor.name, desk.now)
    desk.house.hints.publish([f"case:{identity}"])


@get(f"{PLACE}/{{case_id:str}}/macro", opt=WRITE)
async def preview_macro(desk: AtDesk, case_id: FromPath[str]) -> Response[str]:
    """Show a canned answer filled in, to be changed and sent, and what it does besides."""
    return await _preview(desk, case_id, desk.asked("macro"), {}, {})


async def _preview(
    desk: Desk, case_id: str, macro_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    identity, chosen = named("cas", case_id), named("mac", macro_id)
    async with desk.transaction() as tx:
        macro, filled = await macros.preview(tx, desk.house, desk.actor, identity, chosen)
        newest = await tx.value(NEWEST, identity)
        known = await teams.teams(tx)
    return desk.page(
        "console/cases/macro.html", status=status, macro=macro, filled=filled,
        place=f"{PLACE}/{shown('cas', identity)}",
        seen_at=newest.isoformat() if newest else "", cw=case_words, team_names={one.id: one.name for one in known},
        values=values, errors=errors,
    )  # fmt: skip


@get(f"{PLACE}/{{case_id:str}}/canned", opt=WRITE)
async def suggest_macros(desk: AtDesk, case_id: FromPath[str]) -> Response[str]:
    """The canned answers that fit what was typed, filled in for this case: a part of its page."""
    identity = named("cas", case_id)
    async with desk.transaction() as tx:
        fitting = await macros.suggested(tx, desk.house, desk.actor, identity, desk.asked("q")[:SEARCH_MAX])
    return Response(desk.template("console/cases/canned.html", found=fitting), media_type=MediaType.HTML)


@post(f"{PLACE}/{{case_id:str}}/macro", opt=WRITE, status_code=200)
async def use_macro(desk: AtDesk, case_id: FromPath[str]) -> Response[Any]:
    """Send a canned answer as it was read, and do what it does."""
    identity, form = named("cas", case_id), await desk.form()
    chosen = parsed("mac", form.get("macro", ""), field="macro")
    seen = case_words.instant_in(form.get("seen", ""))
    try:
        async with desk.transaction() as tx:
            await macros.use(tx, desk.house, desk.actor, identity, chosen, form.get("reply", ""), desk.now, seen=seen)
    except Problem as problem:
        if problem.status == 404 and problem.field is None:
            raise
        return await _preview(desk, case_id, shown("mac", chosen), form, desk.errors(problem), problem.status)
    return desk.go(f"{PLACE}/{shown('cas', identity)}", desk.words("Noted."))


ROUTES: Final = [say_writing, suggest_macros, preview_macro, use_macro]

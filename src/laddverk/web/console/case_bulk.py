"""Several cases at once, and views of the inbox that people keep."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, post
from msgspec import Struct

from laddverk.kernel.ids import parsed
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.support import working
from laddverk.support.inbox import snoozing, tags, views
from laddverk.web.console import case_words, cases
from laddverk.web.console.cases import PLACE, READ, WRITE
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.visit import named

BULK_MAX: Final = 200  # four pages of the list; what is more wants a rule


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be done with each of the chosen cases."""

    assignee: UUID | None = None
    team: UUID | None = None
    tags: tuple[str, ...] = ()
    until: str = ""
    outcome: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == Wish()


def _wish(form: dict[str, str]) -> Wish:
    until = form.get("until", "")
    if until and until not in case_words.ASIDES:
        raise Invalid("Choose a day to come.", field="until")
    wish = Wish(
        assignee=parsed("opr", form["assignee"], field="assignee") if form.get("assignee") else None,
        team=parsed("tea", form["team"], field="team") if form.get("team") else None,
        tags=tags.typed(form.get("tags", "")), until=until, outcome=form.get("outcome", ""),
    )  # fmt: skip
    if wish.is_empty:
        raise Invalid("Choose what is to be done.", field="assignee")
    return wish


@post(f"{PLACE}/bulk", opt=WRITE, status_code=200)
async def do_with_many(desk: AtDesk) -> Response[Any]:
    """Give, tag, put aside or close the chosen cases; each for itself, so that one that refuses stops no other."""
    form, chosen = await desk.form(), list(dict.fromkeys(await desk.choices("case")))
    try:
        wish = _wish(form)
        if not 0 < len(chosen) <= BULK_MAX:
            raise Invalid("Choose cases in the list first.", field="assignee", remedy="At most 200 at once.")
        identities = [parsed("cas", each, field="case") for each in chosen]
    except Problem as problem:
        return await cases.page(desk, form, desk.errors(problem), problem.status)
    done = 0
    async with desk.transaction() as tx:
        for identity in identities:
            done += await _tried(desk, tx, identity, wish)
    left = len(identities) - done
    said = desk.words("%(done)s cases are done.", done=done)
    if left:
        said += " " + desk.words("%(left)s could not be: they are closed, or gone.", left=left)
    return desk.go(PLACE, said)


async def _tried(desk: Desk, tx: Transaction, identity: UUID, wish: Wish) -> bool:
    """Do what is wished with one case; return whether it was possible."""
    house, actor, now = desk.house, desk.actor, desk.now
    try:
        async with tx.savepoint():
            if wish.assignee is not None:
                await working.give(tx, house, actor, identity, wish.assignee, now)
            if wish.team is not None:
                await working.give_to_team(tx, house, actor, identity, wish.team, now)
            if wish.tags:
                await working.set_tags(tx, house, actor, identity, wish.tags, now, add=True)
            if wish.until:
                until = snoozing.until(wish.until, None, now, ZoneInfo(house.settings.timezone))
                await working.snooze(tx, house, actor, identity, until, now)
            if wish.outcome:
                await working.close(tx, house, actor, identity, wish.outcome, "", now)
    except Problem:
        return False
    return True


@post(f"{PLACE}/views", opt=READ, status_code=200)
async def keep_view(desk: AtDesk) -> Response[Any]:
    """Keep the filter that is looked at, under a name."""
    form = await desk.form()
    query = tuple((name.removeprefix("query_"), value) for name, value in form.items() if name.startswith("query_"))
    try:
        async with desk.transaction() as tx:
            shared = form.get("shared") == "yes"
            await views.save(tx, desk.actor, form.get("view_name", ""), query, desk.now, is_shared=shared)
    except Problem as problem:
        return await cases.page(desk, form, desk.errors(problem), problem.status)
    return desk.go(f"{PLACE}?{views.kept(query)}", desk.words("Kept."))


@post(f"{PLACE}/views/remove", opt=READ, status_code=200)
async def forget_view(desk: AtDesk) -> Response[Any]:
    """Forget a view."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await views.drop(tx, desk.actor, named("viw", form.get("view", "")), desk.now)
    return desk.go(PLACE, desk.words("Removed."))


ROUTES: Final = [do_with_many, keep_view, forget_view]

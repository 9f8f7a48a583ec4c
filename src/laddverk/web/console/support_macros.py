"""Canned answers and macros: one's own, a team's, everybody's; looked at with example values before they are kept."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, parsed
from laddverk.kernel.problems import NotFound, Problem
from laddverk.platform.languages import SUPPORTED
from laddverk.support.inbox import tags
from laddverk.support.macros import filling, service, store
from laddverk.support.macros.model import EXAMPLE, VARIABLES, Deeds, Macro, Scope
from laddverk.support.teams import store as teams
from laddverk.web.console import case_words
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/support/macros"
MAY: Final = {NEEDS: Permission.CASES_WRITE}


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    asked, listing = desk.asked("edit"), desk.listing("name")
    async with desk.transaction() as tx:
        rows = await store.usable(tx, desk.actor.id, listing.search)
        known = await teams.teams(tx)
        edited = await _editable(desk, tx, asked) if asked else None
    example = {"sv": EXAMPLE, "en": EXAMPLE}
    shown_ = edited or _tried(values)
    previews = {
        language: filling.filled(shown_.texts[language], example[language]).text
        for language in SUPPORTED
        if shown_ is not None and shown_.texts.get(language)
    }
    return desk.page(
        "console/support/macros.html", status=status, rows=rows, teams=known, edited=edited, values=values,
        errors=errors, cw=case_words, variables=VARIABLES, scopes=case_words.SCOPES, previews=previews,
        team_names={one.id: one.name for one in known}, may_all=desk.may(Permission.STATIONS_WRITE),
        removed=desk.asked("removed"), languages={"sv": "Svenska", "en": "English"},
    )  # fmt: skip


def _tried(values: dict[str, str]) -> Macro | None:
    texts = {language: values.get(f"text_{language}", "") for language in SUPPORTED}
    return Macro(id=new_id(), name="", texts=texts) if any(texts.values()) else None


async def _editable(desk: Desk, tx: Any, asked: str) -> Macro:
    found = next((one for one in await store.usable(tx, desk.actor.id) if one.id == named("mac", asked)), None)
    if found is None:
        raise NotFound("There is no such page.")
    return found


@get(PLACE, opt=MAY)
async def show_macros(desk: AtDesk) -> Response[str]:
    """The canned answers that one can use, and one to be changed."""
    return await _page(desk, {}, {})


@post(PLACE, opt=MAY, status_code=200)
async def save_macro(desk: AtDesk) -> Response[Any]:
    """Look at a canned answer with example values, or keep it."""
    form = await desk.form()
    try:
        scope = Scope(form.get("scope", "")) if form.get("scope", "") in set(Scope) else Scope.OWN
        macro = Macro(
            id=parsed("mac", form["id"]) if form.get("id") else new_id(), name=form.get("name", ""), scope=scope,
            owner_id=desk.actor.id,
            team_id=parsed("tea", form["scope_team"], field="team") if form.get("scope_team") else None,
            texts={language: form.get(f"text_{language}", "") for language in SUPPORTED},
            deeds=Deeds(
                button=form.get("button", ""), tags=tags.typed(form.get("tags", "")),
                team_id=parsed("tea", form["team"], field="team") if form.get("team") else None,
                takes=form.get("takes") == "yes", snooze=form.get("snooze", ""), outcome=form.get("outcome", ""),
            ),
        )  # fmt: skip
        filling.checked(macro)
        if form.get("look") == "yes":
            return await _page(desk, form, {})
        async with desk.transaction() as tx:
            await service.save(tx, desk.actor, macro, desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    return desk.go(PLACE, desk.words("Saved."))


@post(f"{PLACE}/switch", opt=MAY, status_code=200)
async def switch_macro(desk: AtDesk) -> Response[Any]:
    """Take a canned answer away, or put it back."""
    form = await desk.form()
    identity, back = named("mac", form.get("id", "")), form.get("back") == "yes"
    async with desk.transaction() as tx:
        await (service.restore if back else service.remove)(tx, desk.actor, identity, desk.now)
    if back:
        return desk.go(PLACE, desk.words("It is back."))
    return desk.go(f"{PLACE}?removed={form.get('id', '')}")


ROUTES: Final = [show_macros, save_macro, switch_macro]

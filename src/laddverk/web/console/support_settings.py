"""How the desk works: teams, promises with their hours, and rules at opening. Each can be searched, changed, undone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.support import settling
from laddverk.support.inbox import tags
from laddverk.support.opening import managing as rule_managing
from laddverk.support.opening import store as rule_store
from laddverk.support.opening.model import Does, LooksAt, Rule
from laddverk.support.promising import managing as promise_managing
from laddverk.support.promising import store as promise_store
from laddverk.support.promising import typed as hours_typing
from laddverk.support.promising.hours import Attended, Hours
from laddverk.support.promising.model import Promise
from laddverk.support.situations import book
from laddverk.support.teams import managing as team_managing
from laddverk.support.teams import store as team_store
from laddverk.support.teams.model import Team
from laddverk.web.console import case_words
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/support"
MAY: Final = {NEEDS: Permission.CASES_WRITE}
PREFIXES: Final = {"teams": "tea", "promises": "prm", "hours": "hrs", "rules": "rul"}
SWITCHES: Final[dict[str, tuple[Callable[..., Awaitable[None]], Callable[..., Awaitable[None]]]]] = {
    "teams": (team_managing.remove, team_managing.restore),
    "promises": (promise_managing.remove, promise_managing.restore),
    "hours": (promise_managing.remove_hours, promise_managing.restore_hours),
    "rules": (rule_managing.remove, rule_managing.restore),
}
"""How each kind of setting is taken away and put back."""


async def _page(
    desk: Desk, kind: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    settling.require(desk.actor)
    search = desk.asked("q").strip().casefold()
    async with desk.transaction() as tx:
        teams, people = await team_store.teams(tx), await team_store.people(tx)
        promises, hours = await promise_store.promises(tx), await promise_store.hours(tx)
        rules = await rule_store.rules(tx)
        sites = await stations_queries.sites(tx, desk.sites)
        accounts = await promise_store.customers(tx)
    by_kind: dict[str, list[Any]] = {"teams": list(teams), "promises": list(promises), "rules": list(rules)}
    rows = by_kind[kind]
    edited = _edited([*rows, *(hours if kind == "promises" else [])], kind, desk.asked("edit"))
    return desk.page(
        f"console/support/{kind}.html", status=status, values=values, errors=errors, cw=case_words,
        rows=[row for row in rows if search in row.name.casefold()], edited=edited, teams=teams, people=people,
        promises=promises, hours=hours, sites=sites, accounts=accounts, removed=desk.asked("removed"),
        removed_kind=desk.asked("kind") if desk.asked("kind") in PREFIXES else kind,
        situations=list(book.titles(desk.language).items()),
        days=hours_typing.shown(edited) if isinstance(edited, Hours) else {},
    )  # fmt: skip


def _edited(rows: list[Any], kind: str, asked: str) -> Any:
    if not asked:
        return None
    identity = named(asked[:3] if asked[:3] in PREFIXES.values() else PREFIXES[kind], asked)
    return next((row for row in rows if row.id == identity), None)


@get(f"{PLACE}/teams", opt=MAY)
async def show_teams(desk: AtDesk) -> Response[str]:
    """The teams, and one to be changed."""
    return await _page(desk, "teams", {}, {})


@get(f"{PLACE}/promises", opt=MAY)
async def show_promises(desk: AtDesk) -> Response[str]:
    """What is promised, and the hours in which we work."""
    return await _page(desk, "promises", {}, {})


@get(f"{PLACE}/rules", opt=MAY)
async def show_rules(desk: AtDesk) -> Response[str]:
    """What is done when a case is opened."""
    return await _page(desk, "rules", {}, {})


async def _saved(
    desk: Desk, kind: str, form: dict[str, str], work: Callable[[Transaction], Awaitable[object]]
) -> Response[Any]:
    settling.require(desk.actor)
    try:
        async with desk.transaction() as tx:
            await work(tx)
    except Problem as problem:
        if isinstance(problem, NotFound) and problem.field is None:
            raise
        return await _page(desk, kind, form, desk.errors(problem), problem.status)
    return desk.go(f"{PLACE}/{kind}", desk.words("Saved."))


def _id(form: dict[str, str], prefix: str) -> UUID:
    return parsed(prefix, form["id"]) if form.get("id") else new_id()


def _ids(prefix: str, given: list[str], field: str) -> tuple[UUID, ...]:
    return tuple(parsed(prefix, each, field=field) for each in given if each)


def _number(form: dict[str, str], name: str, most: int = 1_000_000) -> int | None:
    text = form.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise Invalid("Enter a whole number.", field=name)
    return int(text)


@post(f"{PLACE}/teams", opt=MAY, status_code=200)
async def save_team(desk: AtDesk) -> Response[Any]:
    """Write a team."""
    form = await desk.form()
    members, kinds, sites = [await desk.choices(name) for name in ("members", "kinds", "sites")]

    async def work(tx: Transaction) -> None:
        team = Team(
            id=_id(form, "tea"), name=form.get("name", ""), members=_ids("opr", members, "members"),
            lead_id=parsed("opr", form["lead"], field="lead") if form.get("lead") else None, kinds=tuple(kinds),
            site_ids=_ids("sit", sites, "sites"), takes_turns=form.get("takes_turns") == "yes",
        )  # fmt: skip
        await team_managing.save(tx, desk.actor, team, desk.now)

    return await _saved(desk, "teams", form, work)


@post(f"{PLACE}/promises", opt=MAY, status_code=200)
async def save_promise(desk: AtDesk) -> Response[Any]:
    """Write a promise."""
    form = await desk.form()
    kinds, sites, ranks, accounts = [
        await desk.choices(name) for name in ("kinds", "sites", "priorities", "accounts")
    ]  # fmt: skip

    async def work(tx: Transaction) -> None:
        promise = Promise(
            id=_id(form, "prm"), name=form.get("name", ""), position=_number(form, "position") or 0,
            priorities=tuple(int(each) for each in ranks if each in case_words.PRIORITIES), kinds=tuple(kinds),
            site_ids=_ids("sit", sites, "sites"), account_ids=_ids("acc", accounts, "accounts"),
            hours_id=parsed("hrs", form["hours"], field="hours_id") if form.get("hours") else None,
            answer_minutes=_number(form, "answer_minutes"), solve_minutes=_number(form, "solve_minutes"),
            only_by_rule=form.get("only_by_rule") == "yes",
        )  # fmt: skip
        await promise_managing.save(tx, desk.actor, promise, desk.now)

    return await _saved(desk, "promises", form, work)


@post(f"{PLACE}/hours", opt=MAY, status_code=200)
async def save_hours(desk: AtDesk) -> Response[Any]:
    """Write hours of work."""
    form = await desk.form()

    async def work(tx: Transaction) -> None:
        hours = Hours(
            id=_id(form, "hrs"), name=form.get("name", ""), zone=desk.house.settings.timezone,
            days=hours_typing.days_in(form), free_holidays=form.get("free_holidays") == "yes",
            free_days=hours_typing.free_days_in(form.get("free_days", "")),
            closes=tuple(each.value for each in Attended if form.get(f"closes_{each.value}") == "yes"),
        )  # fmt: skip
        await promise_managing.save_hours(tx, desk.actor, hours, desk.now)

    return await _saved(desk, "promises", form, work)


@post(f"{PLACE}/rules", opt=MAY, status_code=200)
async def save_rule(desk: AtDesk) -> Response[Any]:
    """Write a rule."""
    form = await desk.form()
    kinds, channels, situations, sites = [
        await desk.choices(name) for name in ("kinds", "channels", "situations", "sites")
    ]  # fmt: skip

    async def work(tx: Transaction) -> None:
        looks_at = LooksAt(
            kinds=tuple(kinds), channels=tuple(channels), situations=tuple(situations),
            site_ids=_ids("sit", sites, "sites"), words=tuple(form.get("words", "").split(",")),
        )  # fmt: skip
        does = Does(
            team_id=parsed("tea", form["team"], field="team") if form.get("team") else None,
            priority=int(form["priority"]) if form.get("priority") in case_words.PRIORITIES else None,
            promise_id=parsed("prm", form["promise"], field="promise") if form.get("promise") else None,
            tags=tags.typed(form.get("tags", "")),
        )  # fmt: skip
        rule = Rule(
            id=_id(form, "rul"), name=form.get("name", ""), position=_number(form, "position") or 0,
            looks_at=looks_at, does=does,
        )  # fmt: skip
        await rule_managing.save(tx, desk.actor, rule, desk.now)

    return await _saved(desk, "rules", form, work)


@post([f"{PLACE}/{kind}/switch" for kind in SWITCHES], opt=MAY, status_code=200)
async def switch(desk: AtDesk) -> Response[Any]:
    """Take a setting away, or put it back."""
    kind, form = desk.request.url.path.split("/")[-2], await desk.form()
    identity = named(PREFIXES[kind], form.get("id", ""))
    page = "promises" if kind == "hours" else kind
    back = form.get("back") == "yes"
    try:
        async with desk.transaction() as tx:
            await SWITCHES[kind][back](tx, desk.actor, identity, desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, page, form, desk.errors(problem), problem.status)
    if back:
        return desk.go(f"{PLACE}/{page}", desk.words("It is back."))
    return desk.go(f"{PLACE}/{page}?removed={form.get('id', '')}&kind={kind}")


ROUTES: Final = [
    show_teams, show_promises, show_rules, save_team, save_promise, save_hours, save_rule, switch,
]  # fmt: skip

"""Support cases: the inbox, and opening one from whatever it is about."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.sessions import driver_queries
from laddverk.stations import queries as stations_queries
from laddverk.support import listing as lists
from laddverk.support import queries, service
from laddverk.support.chat import listing as chat_lists
from laddverk.support.inbox import store as inbox
from laddverk.support.listing import CaseFilter
from laddverk.support.model import Channel, Links, NewCase, Priority
from laddverk.support.promising import rules as promises
from laddverk.support.situations import book
from laddverk.support.teams import store as teams
from laddverk.web import spreadsheets
from laddverk.web.console import case_words, chat_words, incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

PLACE: Final = "/console/cases"
READ: Final = {NEEDS: Permission.CASES_READ}
WRITE: Final = {NEEDS: Permission.CASES_WRITE}
ABOUT: Final = {"station": "sta", "session": "ses", "driver": "drv", "payment": "pay", "incident": "inc"}
"""What a case can be about, and the prefix of its ids."""
CHATS_SHOWN: Final = 10  # below the cases of a search; the list of chats has the others
NO_SESSION: Final = -1  # no session has it


def href(case_id: UUID) -> str:
    """Return the address of a case."""
    return f"{PLACE}/{shown('cas', case_id)}"


def wanted(desk: Desk) -> CaseFilter:
    """Return what the address of the inbox asks for. What is no choice of its lists is left out; a session's number
    that is none asks for nothing at all.
    """
    search, kind, priority = desk.asked("q").strip()[:100], desk.asked("kind"), desk.asked("priority")
    state = desk.asked("state", "all" if search else "open")  # who searches means all cases, unless a view is chosen
    session_number = desk.asked("session_number").strip().lstrip("#")
    opened_to = desk.day_asked("opened_to")
    opened_from = desk.day_asked("opened_from")
    return CaseFilter(
        search=search,
        state=state if state in case_words.VIEWS else "open",
        me=desk.actor.id,
        kind=kind if kind in case_words.KIND_WORDS else "",
        station_id=_named(desk, "sta", "station"),
        driver_id=_named(desk, "drv", "driver"),
        session_id=_named(desk, "ses", "session"),
        team_id=_named(desk, "tea", "team"),
        assignee_id=_named(desk, "opr", "assignee"),
        site_id=_named(desk, "sit", "site"),
        tag=desk.asked("tag")[:30],
        priority=int(priority) if priority in case_words.PRIORITIES else None,
        channel=desk.asked("channel") if desk.asked("channel") in case_words.CHANNELS else "",
        situation=desk.asked("situation")[:60],
        model=desk.asked("model")[:120],
        firmware=desk.asked("firmware")[:120],
        charger=desk.asked("charger").strip()[:100],
        driver=desk.asked("driver_name").strip()[:100],
        session_number=_session_number(session_number),
        rated=desk.asked("rated") if desk.asked("rated") in ("good", "bad", "any") else "",
        opened_from=desk.midnight(opened_from) if opened_from else None,
        opened_until=desk.midnight(opened_to + timedelta(days=1)) if opened_to else None,
        now=desk.now,
    )


def _session_number(text: str) -> int | None:
    if not text:
        return None
    return int(text) if re.fullmatch("[0-9]{1,15}", text) else NO_SESSION


def _misread(desk: Desk, narrowed: CaseFilter) -> dict[str, str]:
    """Return what is wrong with what the list is narrowed to, by its fields."""
    if narrowed.session_number != NO_SESSION:
        return {}
    return {"session_number": desk.words("This is no number of a session. Write its digits.")}


def _named(desk: Desk, prefix: str, name: str) -> UUID | None:
    return named(prefix, desk.asked(name)) if desk.asked(name) else None


def words_of(desk: Desk) -> dict[str, Any]:
    """Return the words that pages of cases need."""
    zone = desk.house.settings.timezone
    return {
        "cw": case_words,
        "inc": incident_words,
        "line_of": lambda entry: case_words.said_of(entry, desk.language, zone),
        "ring_of": lambda row: promises.ring(row, desk.now),
        "hits_in": lists.hits_in,
    }


async def _inbox(desk: Desk) -> dict[str, Any]:
    listing, narrowed = desk.listing("urgency"), wanted(desk)
    async with desk.transaction() as tx:
        shown_page = await lists.page(tx, desk.sites, narrowed, limit=PAGE_SIZE, offset=listing.offset)
        return {
            "rows": shown_page.rows,
            "total": shown_page.total,
            "has_more": shown_page.has_more,
            "counts": await lists.counts(tx, desk.sites, desk.actor.id, desk.now),
            "listing": listing,
            "wanted": narrowed,
            "views": await inbox.views(tx, desk.actor.id),
            **words_of(desk),
        }


@get(PLACE, opt=READ)
async def list_cases(desk: AtDesk) -> Response[str]:
    """The inbox: what waits for us, the most urgent first."""
    return await page(desk, {}, {})


async def page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    """Return the inbox, with what was entered in it and what is wrong with that."""
    given = await _inbox(desk)
    async with desk.transaction() as tx:
        choices = await choices_of(desk, tx)
        chats = await _chats(desk, tx, given["wanted"])
    misread = _misread(desk, given["wanted"])
    return desk.page(
        "console/cases/list.html", status=status, values=values, errors=errors | misread, misread=misread, chats=chats,
        **choices, **(chat_words.words_of(desk) | given),
    )  # fmt: skip


async def _chats(desk: Desk, tx: Transaction, narrowed: CaseFilter) -> chat_lists.Page | None:
    """Return the chats without a case that a search finds; None where what is asked for, only a case can be."""
    asked = CaseFilter(
        search=narrowed.search, state=narrowed.state, me=narrowed.me, now=narrowed.now, site_id=narrowed.site_id,
        opened_from=narrowed.opened_from, opened_until=narrowed.opened_until,
    )  # fmt: skip
    if not narrowed.search or narrowed != asked or desk.listing("urgency").page > 1:
        return None
    chats = chat_lists.ChatFilter(
        search=narrowed.search, site_id=narrowed.site_id, opened_from=narrowed.opened_from,
        opened_until=narrowed.opened_until, case="none",
    )  # fmt: skip
    return await chat_lists.page(tx, desk.sites, chats, limit=CHATS_SHOWN)


async def choices_of(desk: Desk, tx: Transaction) -> dict[str, Any]:
    """Return what cases can be narrowed to, and given to."""
    return {
        "staff": await queries.staff(tx),
        "teams": await teams.teams(tx),
        "tags": await inbox.tags(tx, desk.sites),
        "sites": [(shown("sit", one.id), one.name) for one in await stations_queries.site_names(tx, desk.sites)],
        "situations": list(book.titles(desk.language).items()),
        "asides": case_words.ASIDES,
    }


async def live_inbox(desk: Desk) -> Parts:
    """Return the parts of the inbox that change by themselves, for who may read cases."""
    desk.actor.require(Permission.CASES_READ)
    desk.kept_live = PLACE
    given = await _inbox(desk)
    return {f"cases-{name}": desk.template(f"console/cases/{name}.html", **given) for name in ("tabs", "rows")}


@get(f"{PLACE}.csv", opt=READ)
async def export_cases(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await lists.cases(tx, desk.sites, wanted(desk), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "cases",
        (
            "number", "subject", "kind", "state", "waits_for", "priority", "channel", "driver", "site", "charger",
            "evse", "session", "incident", "assignee", "team", "tags", "situation", "outcome", "created_at",
            "answered_at", "answer_due_at", "closed_at", "solve_due_at", "rated",
        ),
        [
            (
                row.number, row.subject, row.kind, row.state.value, row.waits_for.value, int(row.priority),
                row.channel.value, row.driver_name or row.contact_name, row.site_name, row.station_name,
                row.evse_number or None, row.session_number, row.incident_number, row.assignee_name,
                row.team_name, " ".join(row.tags), row.situation, row.outcome, row.created_at, row.answered_at,
                row.answer_due_at, row.closed_at, row.solve_due_at,
                None if row.is_rated_good is None else "good" if row.is_rated_good else "bad",
            )
            for row in rows
        ],
    )  # fmt: skip


def links_in(given: dict[str, str]) -> Links:
    """Return what a form or an address says that a case is about. Raises `Invalid` naming the field."""
    ids = {f"{name}_id": parsed(prefix, given[name], field=name) for name, prefix in ABOUT.items() if given.get(name)}
    evse = given.get("evse", "")
    return Links(evse_number=int(evse) if evse.isascii() and evse.isdigit() and len(evse) < 4 else 0, **ids)


@get(f"{PLACE}/new", opt=WRITE)
async def ask_case(desk: AtDesk) -> Response[str]:
    """Ask what a new case is about."""
    values = {name: desk.asked(name) for name in (*ABOUT, "evse") if desk.asked(name)}
    return await _form(desk, values, {})


async def _form(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    return desk.page(
        "console/cases/new.html", status=status, values=values, errors=errors, about=ABOUT, **words_of(desk)
    )


@post(PLACE, opt=WRITE, status_code=200)
async def open_case(desk: AtDesk) -> Response[Any]:
    """Open a case."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            links = await with_code(tx, links_in(form), form.get("code", ""))
            given = NewCase(
                subject=form.get("subject", ""), kind=form.get("kind", ""), text=form.get("text", ""),
                channel=Channel.PHONE if form.get("channel") == "phone" else Channel.DESK,
                priority=priority_in(form.get("priority") or "3"), links=links,
                contact_name=form.get("name", ""), contact_email=form.get("email", ""),
                contact_phone=form.get("phone", ""), language=form.get("language") or desk.language,
            )  # fmt: skip
            made = await service.open_case(tx, desk.house, desk.actor, given, desk.now)
    except Problem as problem:
        return await _form(desk, form, desk.errors(problem), problem.status)
    return desk.go(href(made.id), desk.words("Case %(number)s is open.", number=made.number))


async def with_code(tx: Transaction, links: Links, code: str) -> Links:
    """Return `links` with the charger whose sticker has this code. Raises `Invalid` (field code)."""
    if not code:
        return links
    outlet = await driver_queries.outlet(tx, code.strip().upper()[:40])
    if outlet is None:
        raise Invalid("There is no outlet with this code.", field="code")
    return Links(
        station_id=outlet.station_id, evse_number=outlet.evse_number, driver_id=links.driver_id,
        session_id=links.session_id, payment_id=links.payment_id, incident_id=links.incident_id,
    )  # fmt: skip


def priority_in(text: str) -> Priority:
    """Return the priority that a form names. Raises `Invalid` (field priority)."""
    if text not in case_words.PRIORITIES:
        raise Invalid("Choose from the list.", field="priority")
    return Priority(int(text))


ROUTES: Final = [list_cases, export_cases, ask_case, open_case]

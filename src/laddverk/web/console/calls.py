"""The telephone at the desk: who waits, one's own call, whom to call back, and the log of calls and text messages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.notices.sms import links
from laddverk.notices.sms import queries as texts_queries
from laddverk.notices.sms.model import Text
from laddverk.platform.database import Transaction
from laddverk.support import queries as case_queries
from laddverk.support.phone import desk as deeds
from laddverk.support.phone import queries, recording, seeing, store
from laddverk.support.phone.model import Call, Presence, State
from laddverk.support.phone.queries import CallRow
from laddverk.support.phone.service import TOPIC
from laddverk.support.phone.softphones import service as softphones
from laddverk.support.situations.book import catalogue
from laddverk.web import handset, spreadsheets
from laddverk.web.console import call_words, case_words, cases
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

PLACE: Final = "/console/calls"
READ: Final = {NEEDS: Permission.CASES_READ}
WRITE: Final = {NEEDS: Permission.CASES_WRITE}
SOFTPHONE: Final = "+4600100001"  # a web client of 46elks, which the simulated one answers at once
SOUND: Final = re.compile(r"(rcd_[0-9a-f]{32})\.wav")
SAYS_MAX: Final = 500


async def _now(desk: Desk, tx: Transaction) -> dict[str, Any]:
    me = await store.presence(tx, desk.actor.id) if desk.actor.id else None
    mine = await queries.mine(tx, desk.sites, desk.actor.id, desk.now)
    return {
        "me": me,
        "number": me.number if me else SOFTPHONE if handset.is_there(desk.house) else "",
        "present": await store.presences(tx, desk.now - seeing.PRESENT_FOR),
        "mine": mine,
        "open": [row for row in await queries.under_way(tx, desk.sites, desk.now) if row not in mine],
        "back": await queries.to_call_back(tx, desk.sites),
        **words_of(desk),
    }


def words_of(desk: Desk) -> dict[str, Any]:
    """Return the words that pages of calls need."""
    titles = {each.key: each.text(desk.language).title for each in catalogue()}
    return {
        "cl": call_words, "cw": case_words, "situation_titles": titles, "calls_place": PLACE,
        "can_pause": recording.can_pause,
    }  # fmt: skip


async def _log(desk: Desk, tx: Transaction) -> dict[str, Any]:
    listing, how = desk.listing("newest"), _how(desk)
    search = listing.search
    return {
        "rows": await queries.log(tx, desk.sites, search, how, limit=PAGE_SIZE, offset=listing.offset),
        "total": await queries.count(tx, desk.sites, search, how),
        "listing": listing,
        "how": how,
    }


def _how(desk: Desk) -> str:
    asked = desk.asked("how")
    return asked if asked in call_words.HOW else ""


@get(PLACE, opt=READ)
async def show_calls(desk: AtDesk) -> Response[str]:
    """Who waits, one's own call, whom to call back, and the log."""
    return await _page(desk, {}, {})


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        if desk.actor.id is not None:
            await store.still_here(tx, desk.actor.id, desk.now)
        given = await _now(desk, tx) | await _log(desk, tx)
    given["has_carrier"] = bool(desk.house.settings.phone_number or desk.house.settings.ari_url)
    given["has_browser_phone"] = softphones.is_there(desk.house.settings)
    given["hooks"] = {each: links.address(desk.house, each) for each in ("call", "text")} if _may_set_up(desk) else {}
    answer = desk.page("console/calls/list.html", status=status, values=values, errors=errors, **given)
    if desk.takes_calls != (given["me"] is not None):  # said in another browser, or long ago
        answer.cookies.append(desk.duty_cookie(takes_calls=not desk.takes_calls))
    return answer


def _may_set_up(desk: Desk) -> bool:
    return desk.may(Permission.STAFF_WRITE)


async def live_desk(desk: Desk) -> Parts:
    """Return who waits for one of ours, for any page of somebody who takes calls, and whom they speak with.

    While they pause nobody waits for them.
    """
    desk.actor.require(Permission.CASES_WRITE)
    async with desk.transaction() as tx:
        me = await store.presence(tx, desk.actor.id) if desk.actor.id else None
        rows = list[CallRow]()
        if me is not None:
            await store.still_here(tx, me.operator_id, desk.now)
            rows = await queries.under_way(tx, desk.sites, desk.now)
    given = {
        "waiting": waiting_for(me, rows),
        "talking": [row for row in rows if row.talks and row.taken_by == desk.actor.id],
    }
    return {"desk-calls": desk.template("console/calls/_waiting.html", **given, **words_of(desk))}


def waiting_for(me: Presence | None, rows: Sequence[CallRow]) -> list[CallRow]:
    """Return those calls that wait for somebody of ours; none for who is away or pauses."""
    return [row for row in rows if row.waits] if me is not None and me.state is not State.PAUSE else []


async def live_calls(desk: Desk) -> Parts:
    """Return the parts of the page that change by themselves, for who may read cases."""
    desk.actor.require(Permission.CASES_READ)
    desk.kept_live = PLACE
    async with desk.transaction() as tx:
        if desk.actor.id is not None:
            await store.still_here(tx, desk.actor.id, desk.now)
        given = await _now(desk, tx) | await _log(desk, tx)
    return {f"calls-{name}": desk.template(f"console/calls/_{name}.html", **given) for name in ("now", "rows")}


@get(f"{PLACE}.csv", opt=READ)
async def export_calls(desk: AtDesk) -> Response[bytes]:
    """The same log as CSV."""
    async with desk.transaction() as tx:
        search = desk.asked("q").strip()[:100]
        rows = await queries.log(tx, desk.sites, search, _how(desk), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "calls",
        (
            "started_at", "direction", "phone", "driver", "site", "outlet", "situation", "how", "queued_at",
            "answered_at", "by", "ended_at", "callback_at", "called_back_at", "case",
        ),
        [
            (
                row.started_at, row.direction, row.phone, row.driver_name, row.site_name, row.code, row.situation,
                row.ended_how, row.queued_at, row.answered_at, row.taken_name, row.ended_at, row.callback_at,
                row.called_back_at, row.case_number,
            )
            for row in rows
        ],
    )  # fmt: skip


@post(f"{PLACE}/presence", opt=WRITE, status_code=200)
async def set_presence(desk: AtDesk) -> Response[Any]:
    """Say whether one takes calls."""
    form = await desk.form()
    wanted = form.get("state", "")
    try:
        if wanted not in ("", "ready", "pause"):
            raise Invalid("Choose from the list.", field="state")
        async with desk.transaction() as tx:
            await deeds.be(tx, desk.actor, State(wanted) if wanted else None, form.get("number", ""), desk.now)
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    desk.tell(TOPIC)
    answer = desk.go(PLACE)
    answer.cookies.append(desk.duty_cookie(takes_calls=bool(wanted)))
    return answer


@post(f"{PLACE}/dial", opt=WRITE, status_code=200)
async def dial(desk: AtDesk) -> Response[Any]:
    """Ring the driver of a case: the call stands on its timeline, and is never recorded, for nobody was asked."""
    case_id = named("cas", (await desk.form()).get("case", ""))
    try:
        async with desk.transaction() as tx:
            case = found(await case_queries.case(tx, desk.sites, case_id))
            await deeds.dial(tx, desk.house, desk.actor, case.contact_phone, case.id, desk.now, case.language)
    except NotFound:
        raise
    except Problem as problem:
        return desk.go(cases.href(case_id), " ".join(desk.errors(problem).values()))
    desk.tell(TOPIC, f"case:{case_id}")
    return desk.go(cases.href(case_id) + "#call")


@post(f"{PLACE}/{{call:str}}/do", opt=WRITE, status_code=200)
async def do_with_call(desk: AtDesk, call: FromPath[str]) -> Response[Any]:
    """Take a call, speak in it, hang up, write down what it was about, or call back."""
    call_id, form = named("cll", call), await desk.form()
    try:
        path = await _deed(desk, call_id, form)
    except NotFound:
        raise
    except Problem as problem:
        return desk.go(PLACE, " ".join(desk.errors(problem).values()))
    desk.tell(TOPIC, f"call:{call_id}")
    return desk.go(path)


async def _deed(desk: Desk, call_id: UUID, form: dict[str, str]) -> str:
    """Do what the form says; return where to go."""
    what = form.get("what", "")
    if what in RECORDING:
        return _case_of(await RECORDING[what](desk, call_id))
    if what in ("say", "hang_up"):
        return await _on_the_line(desk, call_id, what, form.get("text", "")[:SAYS_MAX])
    async with desk.transaction() as tx:
        if what == "take":
            made = await deeds.take(tx, desk.house, desk.actor, call_id, desk.now)
        elif what == "call_back":
            made = await deeds.call_back(tx, desk.house, desk.actor, call_id, desk.now)
        elif what == "called":
            made = await deeds.called(tx, desk.house, desk.actor, call_id, desk.now)
            return PLACE
        elif what == "done":
            note, outcome = form.get("call_note", ""), form.get("call_outcome", "")
            made = await deeds.done(tx, desk.house, desk.actor, call_id, note, outcome, desk.now)
        else:
            raise Invalid("Choose from the list.", field="what")
    return _case_of(made)


def _case_of(call: Call) -> str:
    return cases.href(call.case_id) if call.case_id else PLACE


RECORDING: Final[dict[str, Callable[[Desk, UUID], Awaitable[Call]]]] = {
    "pause_recording": lambda desk, call_id: recording.pause(desk.house, desk.actor, call_id, desk.now, is_paused=True),
    "resume_recording": lambda desk, call_id: recording.pause(
        desk.house, desk.actor, call_id, desk.now, is_paused=False
    ),
    "stop_recording": lambda desk, call_id: recording.stop(desk.house, desk.actor, call_id, desk.now),
}
"""What can be done with what is recorded of a call."""


async def _on_the_line(desk: Desk, call_id: UUID, what: str, text: str) -> str:
    async with desk.transaction() as tx:
        call = await deeds.call_of(tx, desk.actor, call_id)
    if call.taken_by != desk.actor.id or not handset.is_there(desk.house):
        raise NotFound("There is no such call.")
    reference = await _reference(desk, call.key, call.phone)
    if what == "say":
        await handset.do(desk.house, "say", call=reference, who="agent", text=text)
    else:
        await handset.do(desk.house, "hang-up", call=reference, who="agent")
    return _case_of(call)


async def _reference(desk: Desk, key: str, phone: str) -> str:
    """Return the carrier's name of a call; one that we made is found by whom it rings."""
    reference = key.partition(":")[2]
    if not reference.startswith("waits-"):
        return reference
    there = await handset.look(desk.house, number=phone)
    return there.call.id if there.call else ""


async def line_of(desk: Desk, row: CallRow) -> handset.Handset:
    """Return what is said in a call, where the demo's softphone carries it."""
    if row.ended_at is not None or row.taken_by is None or not handset.is_there(desk.house):
        return handset.Handset()
    return await handset.look(desk.house, call=row.reference, number=row.phone)


async def of_case(desk: Desk, rows: list[CallRow]) -> dict[str, Any]:
    """Return what the page of a case shows of its calls: the one under way, what to write down, whom to call back."""
    current = next((row for row in rows if row.talks), next((row for row in rows if row.waits), None))
    mine = [row for row in rows if row.taken_by == desk.actor.id and row.taken_by and not row.wrapped_up_at]
    return {
        "call_now": current,
        "call_line": await line_of(desk, current) if current is not None else handset.Handset(),
        "to_write": next((row for row in mine if row.ended_at or row is current), None),
        "to_call_back": next((row for row in rows if row.callback_at and not row.called_back_at), None),
        "sounds": [(row, sound) for row in rows for sound in row.recordings],
        "has_softphone": handset.is_there(desk.house),
        "can_dial": bool(desk.house.settings.phone_number) and desk.may(Permission.CASES_WRITE),
        **words_of(desk),
    }


async def live_call(desk: Desk, shown_id: str) -> Parts:
    """Return the line of a call, as it is spoken."""
    desk.actor.require(Permission.CASES_READ)
    async with desk.transaction() as tx:
        row = found(await queries.call(tx, desk.sites, named("cll", shown_id)))
    given = {"row": row, "line": await line_of(desk, row), "may_speak": row.taken_by == desk.actor.id}
    return {"call-line": desk.template("console/calls/_line.html", **given, **words_of(desk))}


@get("/console/recordings/{recording:str}", opt=READ)
async def hear_recording(desk: AtDesk, recording: FromPath[str]) -> Response[bytes]:
    """Listen to what was recorded; who did is written down."""
    wanted = SOUND.fullmatch(recording)
    if wanted is None:
        raise NotFound("There is no such recording.")
    async with desk.transaction() as tx:
        sound = await deeds.heard_recording(tx, desk.actor, named("rcd", wanted[1]), desk.now)
    assert sound.content is not None
    return Response(sound.content, media_type="audio/wav", headers={"content-disposition": "inline"})


@get("/console/texts", opt=READ)
async def list_texts(desk: AtDesk) -> Response[str]:
    """Text messages, out and in, and whether they arrived."""
    if desk.sites is not None:  # a text names no site: who sees some sites only sees texts in their cases
        raise NotFound("There is no such page.")
    listing, way = desk.listing("newest"), desk.asked("way")
    direction = way if way in ("in", "out") else ""
    async with desk.transaction() as tx:
        rows = await texts_queries.texts(
            tx, listing.search, direction, only_failed=way == "failed", limit=PAGE_SIZE, offset=listing.offset
        )
        total = await texts_queries.count(tx, listing.search, direction, only_failed=way == "failed")
    return desk.page(
        "console/calls/texts.html", rows=rows, total=total, listing=listing, way=way, state_of=state_of,
        has_carrier=bool(desk.house.settings.sms_provider), **words_of(desk),
    )  # fmt: skip


def state_of(text: Text) -> str:
    """Return how far a text has come."""
    if text.direction == "in":
        return "in"
    if text.delivered_at is not None:
        return "arrived"
    if text.error:
        return "failed"
    return "sent" if text.sent_at is not None else "waits"


ROUTES: Final = [
    show_calls, export_calls, set_presence, dial, do_with_call, hear_recording, list_texts,
]  # fmt: skip

"""What people do on the page of a case: one form, named by what it does; all of it is audited where it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from laddverk.kernel.ids import parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.support import attachments, delivering, service, working
from laddverk.support.attachments import Sent
from laddverk.support.inbox import merging, sending, snoozing, tags
from laddverk.support.macros import service as macros
from laddverk.support.model import Channel
from laddverk.support.searching import NUMBER_DIGITS
from laddverk.web.bodies import FORM_OVERHEAD_BYTES
from laddverk.web.console import case_page, case_words, cases
from laddverk.web.console.cases import PLACE, WRITE
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.visit import named

BODY_MAX: Final = 2 * attachments.ANSWER_BYTES_MAX + FORM_OVERHEAD_BYTES  # somewhat too much gets a word at its field


@post(f"{PLACE}/{{case_id:str}}/do", opt=WRITE, status_code=200, request_max_body_size=BODY_MAX)
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
    what = form.get("what", "")
    deed = ANSWERING.get(what) or KEEPING.get(what) or JOINING.get(what)
    if deed is None:
        raise Invalid("Choose from the list.", field="what")
    await deed(desk, tx, identity, form)


async def _files(desk: Desk) -> list[Sent]:
    """Return the files that were chosen for an answer. Raises `Invalid` (field files)."""
    given = [each for each in (await desk.request.form()).getall("files", []) if isinstance(each, UploadFile)]
    read = [(each.filename, await each.read()) for each in given]
    return attachments.checked([(name, content) for name, content in read if name or content])


async def _reply(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    house, actor, now, text = desk.house, desk.actor, desk.now, form.get("reply", "")
    send_at, files = form.get("send_at", ""), await _files(desk)
    await macros.require_filled(tx, house, actor, identity, text)
    if send_at:
        zone = ZoneInfo(house.settings.timezone)
        try:
            at = datetime.fromisoformat(send_at)
        except ValueError:
            raise Invalid("Choose a time to come, within 90 days.", field="send_at") from None
        await sending.schedule(
            tx, house, actor, identity, text, at if at.tzinfo else at.replace(tzinfo=zone), now, files
        )
        return
    if form.get("undo") == "yes":
        await sending.schedule(tx, house, actor, identity, text, now + sending.UNDO_FOR, now, files)
        return
    seen = None if form.get("crossing") == "yes" else case_words.instant_in(form.get("seen", ""))
    channel = form.get("channel", "")
    if channel and channel not in delivering.WAYS:
        raise Invalid("Choose from the list.", field="channel")
    way = Channel(channel) if channel else None
    await service.reply(tx, house, actor, identity, text, now, channel=way, seen=seen, files=files)


async def _withdraw(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    outgoing = parsed("ent", form.get("outgoing", ""), field="outgoing")
    await sending.withdraw(tx, desk.house, desk.actor, identity, outgoing, desk.now)


async def _note(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    is_call = form.get("what") == "call"
    await service.note(tx, desk.actor, identity, form.get("note", ""), desk.now, desk.house.hints, is_call=is_call)


async def _take(desk: Desk, tx: Transaction, identity: UUID, _form: dict[str, str]) -> None:
    await working.take(tx, desk.house, desk.actor, identity, desk.now)


async def _give(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    to = form.get("assignee", "")
    chosen = parsed("opr", to, field="assignee") if to else None
    await working.give(tx, desk.house, desk.actor, identity, chosen, desk.now)


async def _team(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    to = form.get("team", "")
    chosen = parsed("tea", to, field="team") if to else None
    await working.give_to_team(tx, desk.house, desk.actor, identity, chosen, desk.now)


async def _priority(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    priority = cases.priority_in(form.get("priority", ""))
    await working.set_priority(tx, desk.house, desk.actor, identity, priority, desk.now)


async def _tags(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    await working.set_tags(tx, desk.house, desk.actor, identity, tags.typed(form.get("tags", "")), desk.now)


async def _snooze(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    until = None
    if form.get("until") or form.get("until_day"):
        zone = ZoneInfo(desk.house.settings.timezone)
        until = snoozing.until(form.get("until", ""), _day(form.get("until_day", "")), desk.now, zone)
    await working.snooze(tx, desk.house, desk.actor, identity, until, desk.now)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Choose a day to come.", field="until") from None


async def _link(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    links = await cases.with_code(tx, cases.links_in(form), form.get("code", ""))
    await working.link(tx, desk.house, desk.actor, identity, links, desk.now)


async def _wait(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    tell = form.get("tell") == "yes"
    await working.wait_for_incident(tx, desk.house, desk.actor, identity, tell_driver=tell, now=desk.now)


async def _close(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    outcome, note = form.get("outcome", ""), form.get("closing_note", "")
    await working.close(tx, desk.house, desk.actor, identity, outcome, note, desk.now)


async def _reopen(desk: Desk, tx: Transaction, identity: UUID, _form: dict[str, str]) -> None:
    await working.reopen(tx, desk.house, desk.actor, identity, desk.now)


def _number(form: dict[str, str]) -> int:
    digits = form.get("number", "").lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_DIGITS):
        raise Invalid("There is no case with this number.", field="number")
    return int(digits)


async def _merge(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    await merging.merge(tx, desk.house, desk.actor, identity, _number(form), desk.now)


async def _unmerge(desk: Desk, tx: Transaction, _identity: UUID, form: dict[str, str]) -> None:
    other = parsed("cas", form.get("other", ""), field="other")
    await merging.undo(tx, desk.house, desk.actor, other, desk.now)


async def _relate(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    deed = merging.relate if form.get("what") == "relate" else merging.unrelate
    await deed(tx, desk.house, desk.actor, identity, _number(form), desk.now)


async def _split(desk: Desk, tx: Transaction, identity: UUID, _form: dict[str, str]) -> None:
    chosen = [parsed("ent", each, field="entries") for each in await desk.choices("entries")]
    await merging.split(tx, desk.house, desk.actor, identity, chosen, desk.now)


Deed = Callable[[Desk, Transaction, UUID, dict[str, str]], Awaitable[None]]
ANSWERING: Final[dict[str, Deed]] = {"reply": _reply, "withdraw": _withdraw, "note": _note, "call": _note}
KEEPING: Final[dict[str, Deed]] = {
    "take": _take, "give": _give, "team": _team, "priority": _priority, "tags": _tags, "snooze": _snooze,
    "link": _link, "wait": _wait, "close": _close, "reopen": _reopen,
}  # fmt: skip
JOINING: Final[dict[str, Deed]] = {
    "merge": _merge, "unmerge": _unmerge, "relate": _relate, "unrelate": _relate, "split": _split,
}  # fmt: skip
"""What can be done on the page of a case, by the name in its form."""

ROUTES: Final = [do_something]

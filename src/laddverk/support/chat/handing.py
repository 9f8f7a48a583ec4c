"""A chat and its case: a person takes over with the whole conversation; what is said later stands in both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import Problem
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import service as cases
from laddverk.support import store as case_store
from laddverk.support.chat import rules, saying, store
from laddverk.support.chat.model import Asks, ChatState, Line, Speaker
from laddverk.support.chat.talking import Talk, contact_key, note_contact
from laddverk.support.chat.words import label_of
from laddverk.support.model import Case, Channel, Entry, EntryKind, Links, NewCase, Priority
from laddverk.support.promising import attending
from laddverk.support.promising.hours import Attended
from laddverk.support.rules import DANGER

CHAT_SAID: Final = N_("The chat said: %(words)s")
CHAT_CHOSEN: Final = N_("The driver chose: %(words)s")
PHOTO: Final = N_("A photo")
ASKED_FOR_US: Final = N_("Wants to talk to a person")
NOT_ASKED: Final = N_("A chat in which nobody asked for a person")


async def hand_over(talk: Talk, said: Sequence[Line], *, is_danger: bool = False) -> None:
    """Open a case with all that was said and seen, and say so. `said` is what was kept before this turn.

    Raises `TooMany` for somebody who has opened many.
    """
    chat = talk.chat
    everything = [*said, *talk.lines]
    own = rules.own_words(everything)
    given = await _given(talk, own, ASKED_FOR_US, DANGER if is_danger else rules.kind_of(chat))
    who = Actor("driver", chat.driver_id, "driver") if chat.driver_id is not None else talk.actor
    case = await cases.open_by_driver(
        talk.tx, talk.house, who, given, talk.now, verified=chat.proof, reference=contact_key(chat),
        entry_id=own.id if own else None, said_at=own.at if own else None,
    )  # fmt: skip
    await _handed(talk, case, [each for each in everything if each is not own])
    if (back := await back_at(talk)) is not None:
        talk.say(saying.back(talk.chat, back, talk.house.settings.timezone, talk.now))
    await _kept_with(talk, case)


async def take_up(talk: Talk, said: Sequence[Line]) -> Case:
    """Open a case of a chat whose driver did not ask for a person: somebody of ours does. Nobody is mailed.

    What it says of a charger counts from when it was said. Raises `NotAllowed`, `NotFound` for a charger that they do
    not see.
    """
    own = rules.own_words(said)
    title = next((str(each.params["title"]) for each in reversed(said) if each.params.get("title")), NOT_ASKED)
    given = await _given(talk, own, title, rules.kind_of(talk.chat))
    given = replace(given, links=replace(given.links, driver_id=talk.chat.driver_id))
    case = await cases.open_case(
        talk.tx, talk.house, talk.actor, given, talk.now, verified=talk.chat.proof, is_noted=False,
        said_at=own.at if own else talk.chat.opened_at,
    )  # fmt: skip
    talk.change(closed_at=None)
    case = await _handed(talk, case, said)
    await _kept_with(talk, case)
    return case


async def _given(talk: Talk, own: Line | None, otherwise: str, kind: str) -> NewCase:
    """Return what a chat says of its case; `otherwise` is what it is called where nothing was said."""
    chat, _ = talk.chat, gettext_for(talk.chat.language)
    payment_id = await store.payment_of(talk.tx, chat.start_request_id) if chat.start_request_id else None
    return NewCase(
        kind=kind, text=own.body if own else _(label_of(chat.complaint) or otherwise), channel=Channel.CHAT,
        contact_name=chat.contact_name, contact_email=chat.contact_email, contact_phone=chat.contact_phone,
        language=chat.language,
        links=Links(
            station_id=chat.station_id, evse_number=chat.evse_number, session_id=chat.session_id, payment_id=payment_id
        ),
    )  # fmt: skip


async def _handed(talk: Talk, case: Case, lines: Sequence[Line]) -> Case:
    """Let a case have what was told and said, and say so in the chat."""
    if talk.chat.situation:
        case = await case_store.save(talk.tx, replace(case, situation=talk.chat.situation))
    await case_store.add(talk.tx, [_entry(case, each) for each in lines])
    talk.change(state=ChatState.WITH_US, case_id=case.id, asks=Asks.NOTHING)
    talk.say(saying.line(talk.chat.id, talk.now, saying.HANDED, number=case.number))
    return case


async def _kept_with(talk: Talk, case: Case) -> None:
    """Write what was said so far; its photos are files of the case, and its contact is that case's."""
    await _keep_so_far(talk)
    await store.hand_pictures(talk.tx, talk.chat.id, case.id)
    await note_contact(talk)


async def back_at(talk: Talk) -> datetime | None:
    """Return when people are back, while the hours of the chat close it; None while they do not."""
    return await attending.closed_until(talk.tx, Attended.CHAT, talk.now)


async def pass_on(talk: Talk, line: Line) -> None:
    """Let the case have what the driver says. A person who was told that all is well hears that it is not."""
    assert talk.chat.case_id is not None
    words = line.body or gettext_for(talk.chat.language)(PHOTO)
    case = await cases.write_by_driver(
        talk.tx, talk.chat.case_id, words, talk.now, talk.house.hints, channel=Channel.CHAT,
        reference=contact_key(talk.chat), entry_id=line.id,
    )  # fmt: skip
    talk.change(case_id=case.id)
    if line.picture_id is not None:
        await _keep_so_far(talk)
        await store.hand_pictures(talk.tx, talk.chat.id, case.id)


async def urgent(talk: Talk) -> None:
    """Somebody may be in danger: the case comes before all others."""
    assert talk.chat.case_id is not None
    case = await case_store.case(talk.tx, talk.chat.case_id)
    if case is not None and case.priority is not Priority.URGENT:
        await case_store.save(talk.tx, replace(case, priority=Priority.URGENT))


async def reach_changed(talk: Talk) -> None:
    """Let the case have where its driver is reached now, where the account does not say it."""
    assert talk.chat.case_id is not None
    case = await case_store.case(talk.tx, talk.chat.case_id)
    if case is None or case.driver_id is not None:
        return
    chat = talk.chat
    reached = replace(
        case, contact_name=chat.contact_name or case.contact_name,
        contact_email=chat.contact_email or case.contact_email,
        contact_phone=chat.contact_phone or case.contact_phone, changed_at=talk.now,
    )  # fmt: skip
    await case_store.save(talk.tx, reached)
    talk.topics.add(f"case:{case.id}")


def problem_line(talk: Talk, problem: Problem) -> Line:
    """Return what is said when something cannot be done."""
    params = {**problem.params, "remedy": problem.remedy or ""}
    return saying.line(talk.chat.id, talk.now, problem.message, *saying.TROUBLES[-1:], "person", **params)


async def _keep_so_far(talk: Talk) -> None:
    """Write the lines of this turn already: files belong to lines that are there."""
    await store.add(talk.tx, talk.lines)
    talk.lines.clear()


def _entry(case: Case, line: Line) -> Entry:
    """Return what a case's timeline shows of a line."""
    if line.who is Speaker.DRIVER and "key" not in line.params:
        return Entry(
            case_id=case.id, id=line.id, at=line.at, kind=EntryKind.MESSAGE_IN, channel=Channel.CHAT, by_kind="driver",
            by_name=case.contact_name, body=line.body or gettext_for(case.language)(PHOTO),
        )  # fmt: skip
    _ = gettext_for(case.language)
    if line.who is Speaker.DRIVER:
        text, words = CHAT_CHOSEN, label_of(str(line.params["key"]))
    else:
        text, words = CHAT_SAID, str(line.params.get("title") or line.text)
    filled = _(words) % line.params if line.params and "%(" in words else _(words)
    return Entry(
        case_id=case.id, id=line.id, at=line.at, kind=EntryKind.MACHINE, channel=Channel.CHAT, by_kind="rule",
        text=text, params={"words": filled}, body=line.body,
    )  # fmt: skip

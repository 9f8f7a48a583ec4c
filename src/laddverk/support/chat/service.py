"""What a driver does in a chat: begins it, answers by a tap, writes, sends a photo, says where to be reached."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.diagnostics.incidents.reporting import kind_of_photo
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import rating
from laddverk.support.chat import answering, deciding, handing, rules, saying, store
from laddverk.support.chat.model import Chat, ChatId, ChatState, Come, Line, Speaker
from laddverk.support.chat.talking import Talk, note_contact
from laddverk.support.model import Verified
from laddverk.support.situations import who
from laddverk.support.situations.gathering import Subject

OFFERED_MAX: Final = 6  # outlets to choose from: more is read by nobody on a phone
SEEN_EVERY: Final = timedelta(seconds=10)  # a page that stays open costs one small write in this time
CHARGE: Final = "/s/"
OUTLET: Final = "/u/"


async def come_from(tx: Transaction, actor: Actor, path: str, now: datetime) -> Come:
    """Return whose trouble it is for somebody who begins on the page `path`, and how sure we are of who it is.

    The secret address of a charge proves that charge, a signed-in driver their account, a sticker nothing.
    """
    driver_id = actor.id if actor.kind == "driver" else None
    proof = Verified.ACCOUNT if driver_id is not None else Verified.NOT
    charge = await who.subject_of_page(tx, path, now, driver_id) if path.startswith(CHARGE) else None
    if charge is not None:
        return Come(subject=charge, proof=proof if charge.driver_id is not None else Verified.CHARGE)
    if path.startswith(OUTLET):
        subject_there = await who.subject_of_code(tx, path.removeprefix(OUTLET).partition("/")[0], now, driver_id)
        if subject_there is not None:
            return Come(subject=subject_there, proof=proof)
    lately = await who.subject_of_driver(tx, driver_id, now) if driver_id is not None else None
    return Come(subject=lately or Subject(driver_id=driver_id), proof=proof)


async def preview(
    tx: Transaction, house: House, actor: Actor, come: Come, language: str, now: datetime
) -> tuple[Chat, list[Line]]:
    """Return the chat that somebody would begin, and its first lines; nothing is kept until they say something."""
    subject = come.subject
    chat = Chat(
        id=ChatId(new_id()), opened_at=now, changed_at=now, language=language, proof=come.proof,
        driver_id=subject.driver_id, start_request_id=subject.start_request_id, session_id=subject.session_id,
        station_id=subject.station_id, evse_number=subject.evse_number, connector_number=subject.connector_number,
        seen_at=now, read_at=now,
    )  # fmt: skip
    talk = Talk(tx, house, actor, chat, now)
    talk.say(saying.line(chat.id, now, saying.GREETING))
    await answering.take(talk, deciding.on_opening(chat))
    return talk.chat, talk.lines


async def begin(tx: Transaction, house: House, actor: Actor, come: Come, language: str, now: datetime) -> Chat:
    """Begin a chat: keep it with its first lines, and note that somebody wants help."""
    chat, lines = await preview(tx, house, actor, come, language, now)
    talk = Talk(tx, house, actor, chat, now, lines)
    await talk.keep()
    await note_contact(talk)
    return talk.chat


async def tap(tx: Transaction, house: House, actor: Actor, chat_id: UUID, key: str, now: datetime) -> Chat:
    """Take in an answer by one tap. Raises `Conflict` for one that is not offered any more, `TooMany`, `NotFound`."""
    talk = await _turn(tx, house, actor, chat_id, now)
    lines = await store.lines(tx, chat_id)
    offers = lines[-1].offers if lines else ()
    if not deciding.is_offered(offers, key) or key.startswith(saying.GO):
        raise Conflict("This cannot be chosen any more.", remedy="Look at what stands here last.")
    talk.say(Line(chat_id=chat_id, at=now, who=Speaker.DRIVER, params={"key": key}))
    if key in deciding.RATES and talk.chat.case_id is not None:
        is_good = key == deciding.GOOD
        await rating.give(tx, talk.chat.case_id, is_good=is_good, reason="", now=now, hints=house.hints)
        talk.say(saying.line(chat_id, now, saying.THANKS))
        return await talk.keep()
    await answering.take(talk, deciding.on_tap(talk.chat, key))
    return await talk.keep()


async def write(
    tx: Transaction, house: House, actor: Actor, chat_id: UUID, text: str, photo: bytes, now: datetime
) -> Chat:  # fmt: skip
    """Take in what a driver writes, with or without a photo. Raises `Invalid` (fields text, photo), `TooMany`."""
    talk = await _turn(tx, house, actor, chat_id, now)
    media_type = kind_of_photo(photo) if photo else ""
    words = rules.checked_words(text) if text.strip() or not photo else ""
    line = Line(
        chat_id=chat_id, at=now, who=Speaker.DRIVER, body=words, picture_id=new_id() if photo else None
    )  # fmt: skip
    if photo:
        rules.require_room_for_picture(await store.written(tx, chat_id, now))
        assert line.picture_id is not None
        await store.keep_picture(tx, line.picture_id, chat_id, media_type, photo, now)
    talk.say(line)
    if talk.chat.state is ChatState.WITH_US:
        await handing.pass_on(talk, line)
        if words and deciding.speaks_of_danger(words):
            talk.say(saying.line(chat_id, now, saying.DANGER))
            await handing.urgent(talk)
    elif words:
        await answering.take(talk, deciding.on_words(talk.chat, words))
    else:
        talk.say(saying.line(chat_id, now, saying.CANNOT, deciding.PERSON, deciding.MENU))
    return await talk.keep()


async def leave_address(
    tx: Transaction, house: House, actor: Actor, chat_id: UUID, name: str, email: str, phone: str, now: datetime
) -> Chat:  # fmt: skip
    """Take in where a driver is reached, and let a person take over. Raises `Invalid` (fields email, phone)."""
    talk = await _turn(tx, house, actor, chat_id, now)
    talk.chat = rules.reached(talk.chat, name, email, phone)
    if talk.chat.state is ChatState.WITH_US:
        await handing.reach_changed(talk)
    else:
        await handing.hand_over(talk, await store.lines(tx, chat_id))
    return await talk.keep()


async def seen(tx: Transaction, house: House, chat: Chat, said_at: datetime, now: datetime) -> None:
    """Note that the driver's page is open and shows what was said until `said_at`."""
    was_away, had_more_to_read = not rules.is_here(chat, now), chat.read_at < said_at
    if await store.seen(tx, chat.id, now, SEEN_EVERY, said_at) and (was_away or had_more_to_read) and chat.case_id:
        topics = [f"case:{chat.case_id}"]
        tx.after_commit(lambda: house.hints.publish(topics))


async def types(tx: Transaction, house: House, chat_id: UUID, now: datetime) -> None:
    """Note that the driver is writing."""
    chat = await _there(tx, chat_id)
    if chat.case_id is None or rules.driver_types(chat, now + rules.TYPES_FOR * 0.8):
        return
    await store.driver_types(tx, chat_id, now)
    topics = [f"case:{chat.case_id}"]
    tx.after_commit(lambda: house.hints.publish(topics))


async def _turn(tx: Transaction, house: House, actor: Actor, chat_id: UUID, now: datetime) -> Talk:
    """Return a turn of a chat that has room for it. One that was closed is open again."""
    chat = await _there(tx, chat_id)
    rules.require_room(await store.written(tx, chat_id, now - rules.LATELY))
    talk = Talk(tx, house, actor, chat, now)
    if chat.state is ChatState.CLOSED:
        talk.change(state=ChatState.WITH_US if chat.case_id else ChatState.OPEN, closed_at=None)
    return talk


async def _there(tx: Transaction, chat_id: UUID) -> Chat:
    chat = await store.chat(tx, chat_id)
    if chat is None:
        raise NotFound("There is no such chat any more.", remedy="Begin a new one.")
    return chat

"""What a person of ours says in a chat; and how it follows a driver who has left, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from laddverk.kernel.actors import rule
from laddverk.kernel.problems import Problem
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import attachments, links, telling
from laddverk.support import store as case_store
from laddverk.support.attachments import Sent
from laddverk.support.chat import deciding, rules, saying, store
from laddverk.support.chat.model import FILES, Chat, ChatState, Line, Speaker, files_in
from laddverk.support.chat.talking import Talk
from laddverk.support.model import Case, Entry, EntryKind

BY: Final = rule("chat")
PATH: Final = "/help/chat/"
FOLLOWED: Final = {
    "email": N_("The driver had left the chat: it followed by mail"),
    "sms": N_("The driver had left the chat: it followed by text message"),
}
GO_ON: Final = N_("Go on in the chat: %(link)s")
SMS_WORDS_MAX: Final = 300  # of what was said; the link needs room too
CARRY_MAX: Final = 50  # chats of one turn of the job
CARRY_AFTER: Final = timedelta(seconds=20)  # a page that lost its connection for a moment comes back by itself

# Chats whose drivers have left, with something of ours that they have not seen and that has not followed them.
LEFT: Final = """
SELECT chat.id FROM chat
WHERE state = 'with_us' AND seen_at < $1
  AND EXISTS (SELECT FROM chat_line WHERE chat_id = chat.id AND who = 'agent' AND carried = ''
              AND chat_line.at > chat.read_at AND chat_line.at < $2)
ORDER BY changed_at LIMIT $3 FOR UPDATE SKIP LOCKED
"""
UNREAD: Final = """
UPDATE chat_line SET carried = $3 WHERE chat_id = $1 AND who = 'agent' AND carried = '' AND at > $2
RETURNING at, body, params
"""

log = structlog.get_logger()


def path_of(house: House, chat_id: UUID) -> str:
    """Return the signed address of a chat: whoever has it, has the chat."""
    return f"{PATH}{links.token_of(house.secrets, 'cht', chat_id)}"


async def can_speak(tx: Transaction, case_id: UUID) -> bool:
    """Return whether a case has a chat that an answer can be said in."""
    chat = await store.of_case(tx, case_id)
    return chat is not None and chat.state is not ChatState.CLOSED


async def note_read(tx: Transaction, house: House, case_id: UUID, name: str, now: datetime) -> None:
    """Note that somebody of ours has what the driver said; the driver's page says so."""
    read = [f"chat:{chat_id}" for chat_id in await store.read_by_us(tx, case_id, now, name)]
    if read:
        tx.after_commit(lambda: house.hints.publish(read))


async def note_writing(tx: Transaction, house: House, case_id: UUID, name: str, now: datetime) -> None:
    """Note that somebody of ours is writing, where the case has a chat."""
    writing = [f"chat:{chat_id}" for chat_id in await store.agent_types(tx, case_id, now, name)]
    if writing:
        tx.after_commit(lambda: house.hints.publish(writing))


async def say(
    tx: Transaction, house: House, case: Case, text: str, by_name: str, now: datetime, files: Sequence[Sent] = ()
) -> UUID | None:
    """Say `text` in the chat of `case`, with files; return the line, or None where it has no chat.

    A driver who is not there gets it by mail or text message a little later, by a job.
    """
    chat = await store.of_case(tx, case.id)
    if chat is None:
        return None
    talk = Talk(tx, house, BY, chat, now)
    line = Line(chat_id=chat.id, at=now, who=Speaker.AGENT, name=by_name, body=text, params=_named(files))
    talk.say(line)
    talk.change(state=ChatState.WITH_US, closed_at=None)
    await talk.keep()
    await store.read_by_us(tx, case.id, now, by_name)
    return line.id


def _named(files: Sequence[Sent]) -> dict[str, Any]:
    """Return what a line keeps of its files: they are the case's."""
    named = [{"id": str(one.id), "name": one.name, "media_type": one.media_type} for one in files]
    return {FILES: named} if named else {}


async def ask_rating(tx: Transaction, house: House, case: Case, now: datetime) -> bool:
    """Ask in the chat of a closed case, if it has one, whether we were of help. Return whether its driver is there."""
    chat = await store.of_case(tx, case.id)
    if chat is None or chat.state is ChatState.CLOSED:
        return False
    talk = Talk(tx, house, BY, chat, now)
    talk.say(saying.line(chat.id, now, saying.RATE, deciding.GOOD, deciding.BAD, number=case.number))
    await talk.keep()
    return rules.is_here(chat, now)


async def carry_on(tx: Transaction, house: House, now: datetime) -> int:
    """Send what drivers have not seen after them; return to how many."""
    found = await tx.values(LEFT, now - rules.AWAY_AFTER, now - CARRY_AFTER, CARRY_MAX)
    for chat_id in found:
        chat = await store.chat(tx, chat_id)
        if chat is not None:
            await _carry(tx, house, chat, now)
    return len(found)


async def _carry(tx: Transaction, house: House, chat: Chat, now: datetime) -> None:
    case = await case_store.case(tx, chat.case_id) if chat.case_id else None
    way = "email" if case and case.contact_email else "sms" if case and case.contact_phone else "none"
    rows = sorted(await tx.rows(UNREAD, chat.id, chat.read_at, way), key=lambda row: row["at"])
    said = "\n\n".join(row["body"] for row in rows)
    if case is None or way == "none":
        return
    go_on = gettext_for(chat.language)(GO_ON) % {"link": house.settings.web_url + path_of(house, chat.id)}
    mail_id = None
    try:
        async with tx.savepoint():
            if way == "email":
                named = [UUID(each["id"]) for row in rows for each in files_in(row["params"])]
                files = await attachments.fitting(tx, named)  # all of them stand in the chat
                mail_id = await telling.reply(tx, house, case, f"{said}\n\n{go_on}", now, files)
            else:
                short = said if len(said) <= SMS_WORDS_MAX else said[: SMS_WORDS_MAX - 1] + "…"
                await sms.send(tx, recipient=case.contact_phone, text=f"{short}\n{go_on}", now=now, case_id=case.id)
    except Problem as problem:
        log.warning("chat.not_carried", way=way, error=str(problem))
        return
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.MACHINE, channel=way, by_kind="rule", text=FOLLOWED[way],
        mail_id=mail_id,
    )  # fmt: skip
    await case_store.add(tx, [entry])
    topics = [f"case:{case.id}"]
    tx.after_commit(lambda: house.hints.publish(topics))

"""A chat while something is said in it: what was known when it began, and what is to be kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import shown
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import contacts
from laddverk.support.chat import store
from laddverk.support.chat.model import Chat, Line
from laddverk.support.contacts import Contact
from laddverk.support.model import Channel


@dataclass(slots=True)
class Talk:
    """One turn of a conversation: the chat as it becomes, and the lines that are added."""

    tx: Transaction
    house: House
    actor: Actor
    chat: Chat
    now: datetime
    lines: list[Line] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)

    def change(self, **changes: Any) -> None:
        """Let the chat become another."""
        self.chat = replace(self.chat, **changes)

    def say(self, line: Line) -> None:
        """Add a line."""
        self.lines.append(line)

    async def keep(self) -> Chat:
        """Write all of it, and tell whoever looks at it."""
        self.change(changed_at=self.now)
        await store.save(self.tx, self.chat)
        await store.add(self.tx, self.lines)
        topics = [topic_of(self.chat), *self.topics]
        self.tx.after_commit(lambda: self.house.hints.publish(topics))
        return self.chat


def topic_of(chat: Chat) -> str:
    """Return what pages of a chat listen to."""
    return f"chat:{chat.id}"


def contact_key(chat: Chat) -> str:
    """Return what makes a chat one contact."""
    return f"chat:{shown('cht', chat.id)}"


async def note_contact(talk: Talk) -> None:
    """Note that somebody wants help, and what is known of it by now."""
    chat = talk.chat
    await contacts.begin(
        talk.tx,
        Contact(
            key=contact_key(chat), channel=Channel.CHAT, station_id=chat.station_id, evse_number=chat.evse_number,
            driver_id=chat.driver_id, start_request_id=chat.start_request_id, session_id=chat.session_id,
            case_id=chat.case_id, situation=chat.situation,
        ),
        talk.now,
    )  # fmt: skip

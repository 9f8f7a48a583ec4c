"""What may be said in a chat, how much of it, and who is there. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.problems import Invalid, TooMany
from laddverk.notices.rules import checked_recipient, one_line
from laddverk.support.chat.model import Asks, Chat, ChatState, Line, Speaker, Trouble, Written
from laddverk.support.rules import NAME_MAX, checked_phone

WORDS_MAX: Final = 2_000  # of one line; what is longer is a letter
LATELY: Final = timedelta(hours=1)
LATELY_MAX: Final = 60  # lines of a driver in that time: one a minute is a lively talk
LINES_MAX: Final = 300  # of a driver
WHOLE_MAX: Final = 1_000  # lines of a whole chat: each of a driver's is answered, by one or two
PICTURES_MAX: Final = 10
AWAY_AFTER: Final = timedelta(seconds=90)  # a page says every few seconds that it is there
TYPES_FOR: Final = timedelta(seconds=10)  # pages say it every three to eight seconds
NAMED: Final = re.compile(r"[\w-]{2,}")  # a word of an outlet's name or place
NAMED_MAX: Final = 5

CASE_KINDS: Final = {
    Trouble.NO_START: "no_start",
    Trouble.CABLE: "cable",
    Trouble.SLOW: "slow",
    Trouble.STOPS: "stops",
    Trouble.MONEY: "refund",
    Trouble.RECEIPT: "invoice",
}
"""What a case is about, by what the driver said is wrong; all else is a question."""


def checked_words(text: str) -> str:
    """Return what somebody says. Raises `Invalid` (field text) for nothing, or too much."""
    words = text.replace("\x00", "").strip()
    if not words:
        raise Invalid("Write something.", field="text")
    if len(words) > WORDS_MAX:
        raise Invalid("The text is too long.", field="text", remedy="Send it in several parts.")
    return words


def require_room(written: Written) -> None:
    """Raise `TooMany` for who says more than a conversation has."""
    if written.lately >= LATELY_MAX or written.in_all >= LINES_MAX:
        raise TooMany("That is more than one chat holds.", remedy="Wait a while, or call us.")


def require_room_for_picture(written: Written) -> None:
    """Raise `TooMany` for more photos than anybody needs."""
    if written.pictures >= PICTURES_MAX:
        raise TooMany("There are many photos here already.", remedy="Say in words what else there is to see.")


def reached(chat: Chat, name: str, email: str, phone: str) -> Chat:
    """Return `chat` with where its driver is reached. Raises `Invalid` (fields email, phone)."""
    address = checked_recipient(email).lower() if email.strip() else ""
    number = checked_phone(phone)
    if not address and not number:
        raise Invalid("Leave an e-mail address or a phone number, so that we can answer.", field="email")
    return replace(
        chat, contact_name=one_line(name)[:NAME_MAX], contact_email=address, contact_phone=number, asks=Asks.NOTHING
    )


def is_here(chat: Chat, now: datetime) -> bool:
    """Return whether the driver's page is open."""
    return chat.state is not ChatState.CLOSED and now - chat.seen_at < AWAY_AFTER


def driver_types(chat: Chat, now: datetime) -> bool:
    """Return whether the driver is writing."""
    return chat.driver_types_at is not None and now - chat.driver_types_at < TYPES_FOR


def agent_types(chat: Chat, now: datetime) -> bool:
    """Return whether somebody of ours is writing."""
    return chat.agent_types_at is not None and now - chat.agent_types_at < TYPES_FOR


def kind_of(chat: Chat) -> str:
    """Return what a chat's case is about."""
    known = Trouble(chat.complaint) if chat.complaint in set(Trouble) else Trouble.OTHER
    return CASE_KINDS.get(known, "question")


def own_words(lines: Sequence[Line]) -> Line | None:
    """Return the line in which a driver says most in their own words, or None."""
    said = [each for each in lines if each.who is Speaker.DRIVER and each.body and "key" not in each.params]
    return max(said, key=lambda each: len(each.body), default=None)


def patterns_of(words: str) -> list[str]:
    """Return what an outlet's name or place has to be like, for each word that somebody wrote."""
    return [f"%{word.replace('_', '')}%" for word in NAMED.findall(words)[:NAMED_MAX]]

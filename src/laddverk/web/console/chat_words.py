"""How chats are called in lists of the desk, and where they are."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from laddverk.kernel.ids import shown
from laddverk.platform.languages import marked
from laddverk.support import listing
from laddverk.support.chat import words
from laddverk.support.situations import book
from laddverk.web.console.desk import Desk

CHATS: Final = "/console/chats"
WITH_CASE: Final = {"none": marked("Without a case"), "made": marked("With a case")}


def href(chat_id: UUID) -> str:
    """Return the address of a chat."""
    return f"{CHATS}/{shown('cht', chat_id)}"


def words_of(desk: Desk) -> dict[str, Any]:
    """Return the words that pages of chats need."""
    titles = book.titles(desk.language)
    return {
        "chat_href": href,
        "trouble_of": words.label_of,
        "situation_of": lambda key: titles.get(key, key),
        "hits_in": listing.hits_in,
    }

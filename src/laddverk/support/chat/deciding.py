"""What the machine says next in a chat, decided from what is known and what the driver did. Pure.

A step says what has to be looked up or done, if anything; the lines come from `saying`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.support.chat.model import Asks, Chat, ChatState, Trouble
from laddverk.support.situations.model import DriverButton

DO: Final = "do:"
SAY: Final = "say:"
OUTLET: Final = "outlet:"
PERSON: Final = "person"
MENU: Final = "menu"
YES: Final = "yes"
NO: Final = "no"
NO_OUTLET: Final = "no_outlet"
STAY: Final = "stay"
GOOD: Final = "rate:good"
BAD: Final = "rate:bad"
RATES: Final = frozenset({GOOD, BAD})
"""What a driver thought of the help, when the case is closed."""
ALWAYS: Final = frozenset({PERSON, MENU})
"""What may be chosen at any time."""

CODE: Final = re.compile(r"\b[A-Za-zÅÄÖåäö0-9]{1,12}(?:-[A-Za-z0-9]{1,8}){1,4}\b")
CODES_MAX: Final = 3  # of one text; more is no question about an outlet

DANGER: Final = (
    "brinner", "brand", "rök ", "ryker", "röker", "eld ", "gnistr", "stöt ",
    "smoke", "smoking", "fire", "burning", "sparks", "electric shock",
)  # fmt: skip
MEANINGS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (PERSON, ("människa", "prata med", "ring mig", "kundtjänst", "agent", "human", "person", "call me", "talk to")),
    (
        Trouble.CABLE,
        ("kabel", "kontakten sitter", "sitter fast", "släpper inte", "lossnar", "stuck", "cable", "unplug", "release"),
    ),
    (Trouble.RECEIPT, ("kvitto", "faktura", "receipt", "invoice")),
    (
        Trouble.MONEY,
        (
            "betal", "pengar", "drag", "återbetal", "reserver", "dyr", "swish", "kort ",
            "paid", "charged twice", "refund", "money", "payment",
        ),
    ),
    (Trouble.SLOW, ("långsam", "sakta", "slow")),
    (Trouble.STOPS, ("slutade", "avbröts", "stannade", "avbryts", "stopped", "stops", "interrupted")),
    (
        Trouble.NO_START,
        (
            "starta", "börjar inte", "laddar inte", "funkar inte", "fungerar inte",
            "start", "not start", "doesn't start", "won't start", "not charging", "not working",
        ),
    ),
)  # fmt: skip
"""Beginnings of words by what they most likely mean; what comes first is meant first."""


class What(StrEnum):
    """What has to happen before something can be said."""

    TELL = "tell"
    """Look at the situation, with what the driver says is wrong, and say it."""
    ASK_OUTLET = "ask_outlet"
    FIND_OUTLET = "find_outlet"
    ASK_COMPLAINT = "ask_complaint"
    ASK_WORDS = "ask_words"
    SUGGEST = "suggest"
    """Look for something that we have written about it."""
    PRESS = "press"
    HELPED = "helped"
    NOT_HELPED = "not_helped"
    """Look whether we see something else by now; a person, where we do not."""
    ASK_CHARGE = "ask_charge"
    """Nobody knows which charge it is about."""
    ASK_REACH = "ask_reach"
    HAND_OVER = "hand_over"
    DANGER = "danger"
    NOTHING = "nothing"


class Step(Struct, frozen=True, kw_only=True):
    """What happens next."""

    what: What
    complaint: str = ""
    button: DriverButton | None = None
    words: str = ""
    codes: tuple[str, ...] = ()


def on_opening(chat: Chat) -> Step:
    """Return what happens when somebody begins."""
    return Step(what=What.TELL if chat.station_id or chat.session_id else What.ASK_OUTLET)


def on_tap(chat: Chat, key: str) -> Step:
    """Return what an answer by one tap leads to; `key` was offered, or is always there."""
    if key.startswith(DO):
        return Step(what=What.PRESS, button=DriverButton(key.removeprefix(DO)))
    if key.startswith(OUTLET):
        return Step(what=What.FIND_OUTLET, codes=(key.removeprefix(OUTLET),))
    if key.startswith(SAY):
        return _on_trouble(chat, Trouble(key.removeprefix(SAY)))
    return {
        PERSON: to_person(chat),
        STAY: Step(what=What.HAND_OVER),
        YES: Step(what=What.HELPED),
        NO: Step(what=What.NOT_HELPED),
        MENU: Step(what=What.ASK_COMPLAINT),
        NO_OUTLET: Step(what=What.ASK_COMPLAINT),
    }.get(key, Step(what=What.NOTHING))


def on_words(chat: Chat, words: str) -> Step:
    """Return what a driver's own words lead to, while no person has the chat."""
    if speaks_of_danger(words):
        return Step(what=What.DANGER, words=words)
    codes = tuple(dict.fromkeys(code.upper() for code in CODE.findall(words)))[:CODES_MAX]
    if chat.asks is Asks.OUTLET or any(any(sign.isdigit() for sign in code) for code in codes):
        return Step(what=What.FIND_OUTLET, words=words, codes=codes)
    meant = meaning_of(words)
    if meant == PERSON:
        return to_person(chat)
    if meant and chat.asks is not Asks.WORDS:
        return _on_trouble(chat, Trouble(meant))
    return Step(what=What.SUGGEST, words=words)


def speaks_of_danger(words: str) -> bool:
    """Return whether somebody may be in danger: better asked once too often."""
    said = f"{words.lower()} "
    return any(each in said for each in DANGER)


def meaning_of(words: str) -> str:
    """Return the trouble that words most likely speak of, `person` for who wants one, or ''."""
    said = f" {words.lower()} "
    return next((key for key, beginnings in MEANINGS if any(f" {each}" in said for each in beginnings)), "")


def without_codes(words: str) -> str:
    """Return words without what looks like the code of an outlet."""
    return CODE.sub(" ", words)


def is_offered(offers: tuple[str, ...], key: str) -> bool:
    """Return whether an answer by one tap is among those of the last line, or always there."""
    return key in ALWAYS or key in offers


def _on_trouble(chat: Chat, trouble: Trouble) -> Step:
    if trouble is Trouble.OTHER:
        return Step(what=What.ASK_WORDS, complaint=trouble)
    if trouble in (Trouble.MONEY, Trouble.RECEIPT):
        knows = chat.session_id is not None or chat.start_request_id is not None
        return Step(what=What.TELL if knows else What.ASK_CHARGE, complaint=trouble)
    if chat.station_id is None:
        return Step(what=What.ASK_OUTLET, complaint=trouble)
    return Step(what=What.TELL, complaint=trouble)


def to_person(chat: Chat) -> Step:
    """Return what leads to a person: where we reach the driver is asked before they wait."""
    if chat.state is ChatState.WITH_US:
        return Step(what=What.NOTHING)
    return Step(what=What.HAND_OVER if chat.can_be_reached else What.ASK_REACH)

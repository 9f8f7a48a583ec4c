"""The lines of the machine in a chat, and what each can be answered with by one tap. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import identity
from laddverk.support.chat.deciding import DO, MENU, NO, NO_OUTLET, OUTLET, PERSON, SAY, STAY, YES, What
from laddverk.support.chat.model import Asks, Chat, Line, Speaker, Trouble
from laddverk.support.identity import Need
from laddverk.support.promising import attending
from laddverk.support.situations import doing
from laddverk.support.situations.model import DriverButton, Texts, Told

GO: Final = "go:"
"""An offer that leads to a page."""
SIGN_IN: Final = f"{GO}sign_in"
ARTICLE: Final = f"{GO}article/"

GREETING: Final = N_("Hi. I see what the chargers see. A person takes over whenever you ask.")
WHICH_OUTLET: Final = N_("Which outlet is it about? Write the code on its sticker, or the name of the place.")
NOT_FOUND: Final = N_("I find no outlet by that. Try the street or the place, or look at the sticker once more.")
WHICH_OF_THESE: Final = N_("Which of these?")
WHAT_IS_WRONG: Final = N_("What is it about?")
IN_YOUR_WORDS: Final = N_("Tell me in your own words.")
WHICH_CHARGE: Final = N_(
    "I do not know which charge you mean. Sign in, or open this chat from the page of the charge; then I see it."
    " A person can also find it for you."
)
CANNOT: Final = N_("I cannot answer that by myself. A person can, and gets all that stands here.")
NOT_YOURS: Final = N_(
    "I can do something about it for whoever's charge it is: open this from the page of your charge, or sign in. Or a"
    " person does it."
)
MAY_HELP: Final = N_("This may help you:")
WAY_IS_CLEAR: Final = N_("Pay and start on the outlet's page.")
GOOD: Final = N_("Good. Write here again if you need us.")
SAME_AS_BEFORE: Final = N_("Then a person looks at it.")
REACH: Final = N_("A person takes over. Where do we reach you, if you have to leave before we answer?")
REACH_LATER: Final = N_(
    "A person takes over. We are closed now, and back %(when)s. Where do we reach you then, by mail or text message?"
)
BACK: Final = N_("We are closed now, and back %(when)s. The answer comes here.")
BACK_AND_FOLLOWS: Final = N_(
    "We are closed now, and back %(when)s. The answer comes here, and by mail or text message."
)
BACK_AT: Final = "back_at"
"""What a line keeps of when we are back, to be said in the language of whoever reads it."""
HANDED: Final = N_("We have it now, with all that stands here. Your case has the number %(number)s.")
DANGER: Final = N_("If anybody is in danger: step away, and call 112. Our people are told at once.")

RATE: Final = N_("Your case %(number)s is closed. Were we of help? Write here if something is left.")
THANKS: Final = N_("Thank you for telling us.")

TROUBLES: Final = tuple(f"{SAY}{each.value}" for each in Trouble)
LINKS: Final = frozenset(
    {
        DriverButton.TRY_AGAIN, DriverButton.PAY, DriverButton.OTHER_OUTLET, DriverButton.NEAREST,
        DriverButton.RECEIPT, DriverButton.REPORT,
    }
)  # fmt: skip


def line(chat_id: UUID, now: datetime, text: str, *offers: str, **params: Any) -> Line:
    """Return a line of the machine."""
    return Line(chat_id=chat_id, at=now, who=Speaker.MACHINE, text=text, params=params, offers=offers)


def situation(chat: Chat, told: Told, texts: Texts, now: datetime) -> Line:
    """Return the line that tells a situation, with what can be done about it.

    Where nothing is wrong, the driver is asked what it is about; where they have said so already, whether it helps.
    """
    buttons = tuple(_offers(chat, told.situation.driver))
    if not told.is_calm:
        then: Sequence[str] = (MENU, PERSON)
    elif chat.complaint:
        then = (YES, NO, PERSON)
    else:
        then = (*TROUBLES, PERSON)
    said = {"title": texts.title, "situation": told.situation.key}
    return Line(
        chat_id=chat.id, at=now, who=Speaker.MACHINE, params=said, body=texts.says, offers=(*buttons, *then)
    )  # fmt: skip


def needs_proof(chat: Chat, told: Told) -> bool:
    """Return whether something could be done by a tap, for somebody whose charge we know it to be."""
    return any(each in doing.DONE for each in told.situation.driver) and not identity.may(chat.proof, Need.OWN_CHARGE)


def may_help(chat_id: UUID, articles: Sequence[tuple[str, str]], now: datetime) -> Line:
    """Return the line that leads to what we have written about it. Articles are (address, title)."""
    offers = [f"{ARTICLE}{slug}" for slug, _title in articles]
    return line(chat_id, now, MAY_HELP, *offers, YES, NO, PERSON, articles=dict(articles))


def not_yours(chat: Chat, now: datetime) -> Line:
    """Return the line that says how something can be done."""
    return line(chat.id, now, NOT_YOURS, SIGN_IN, PERSON, MENU)


def _offers(chat: Chat, buttons: Iterable[DriverButton]) -> Iterable[str]:
    """Return what of a situation's buttons may be offered: deeds need a charge of the driver's own."""
    may_do = identity.may(chat.proof, Need.OWN_CHARGE)
    has_start = chat.start_request_id is not None
    for each in buttons:
        if each in doing.LEADS and has_start and may_do:
            yield f"{DO}{each.value}"
        elif each in LINKS:
            yield f"{GO}{each.value}"
        elif each in doing.DONE and may_do:
            yield f"{DO}{each.value}"


def done(chat_id: UUID, text: str, now: datetime) -> Line:
    """Return what is said when something was asked for: the state shows whether it came to pass."""
    return line(chat_id, now, text, YES, NO, PERSON)


def way_is_clear(chat_id: UUID, now: datetime) -> Line:
    """Return what is said once nothing of the driver's own stands in the way of paying anew."""
    return line(chat_id, now, WAY_IS_CLEAR, f"{GO}{DriverButton.PAY.value}", PERSON)


def which_of(chat_id: UUID, outlets: Sequence[tuple[str, str]], now: datetime) -> Line:
    """Return the question which outlet of several; of none, that none was found. Outlets are (code, station's name)."""
    if not outlets:
        return line(chat_id, now, NOT_FOUND, NO_OUTLET, PERSON)
    offers = [f"{OUTLET}{code}" for code, _name in outlets]
    return line(chat_id, now, WHICH_OF_THESE, *offers, NO_OUTLET, outlets=dict(outlets))


def reach_later(chat: Chat, back_at: datetime, zone: str, now: datetime) -> Line:
    """Return the question where somebody is reached, while nobody of ours answers until `back_at`."""
    return line(chat.id, now, REACH_LATER, STAY, **_when(chat, back_at, zone, now))


def back(chat: Chat, back_at: datetime, zone: str, now: datetime) -> Line:
    """Return what is said to somebody who has asked for a person while nobody of ours answers until `back_at`."""
    text = BACK_AND_FOLLOWS if chat.can_be_reached else BACK
    return line(chat.id, now, text, **_when(chat, back_at, zone, now))


def _when(chat: Chat, back_at: datetime, zone: str, now: datetime) -> dict[str, str]:
    """Return a time to come in the chat's language for the case, and as it is for who reads it in another."""
    return {"when": attending.in_words(back_at, now, zone, chat.language), BACK_AT: back_at.isoformat()}


def question(chat_id: UUID, what: What, now: datetime) -> tuple[Asks, Line] | None:
    """Return what a step asks, and what the next words then mean; None for a step that asks nothing by itself."""
    if what not in QUESTIONS:
        return None
    asks, text, offers = QUESTIONS[what]
    return asks, line(chat_id, now, text, *offers)


QUESTIONS: Final = {
    What.ASK_OUTLET: (Asks.OUTLET, WHICH_OUTLET, (NO_OUTLET, PERSON)),
    What.ASK_COMPLAINT: (Asks.COMPLAINT, WHAT_IS_WRONG, (*TROUBLES, PERSON)),
    What.ASK_WORDS: (Asks.WORDS, IN_YOUR_WORDS, (PERSON,)),
    What.ASK_CHARGE: (Asks.NOTHING, WHICH_CHARGE, (SIGN_IN, PERSON)),
    What.ASK_REACH: (Asks.REACH, REACH, (STAY,)),
}
"""What is asked, what words then mean, and what can be tapped. The form for an address stands where one writes."""

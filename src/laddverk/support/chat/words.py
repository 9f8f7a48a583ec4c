"""What the answers by one tap are called. English, marked for translation."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.chat.deciding import BAD, DO, GOOD, MENU, NO, NO_OUTLET, OUTLET, PERSON, SAY, STAY, YES
from laddverk.support.chat.model import Trouble
from laddverk.support.situations.model import DriverButton

TROUBLES: Final = {
    Trouble.NO_START: N_("Charging does not start"),
    Trouble.CABLE: N_("The cable does not come loose"),
    Trouble.SLOW: N_("It charges slowly"),
    Trouble.STOPS: N_("Charging stopped by itself"),
    Trouble.MONEY: N_("Money"),
    Trouble.RECEIPT: N_("A receipt"),
    Trouble.OTHER: N_("Something else"),
}
DEEDS: Final = {
    DriverButton.WAIT_MORE: N_("I need more time"),
    DriverButton.SWAP: N_("Start at that outlet instead"),
    DriverButton.STOP: N_("Stop charging"),
    DriverButton.UNLOCK: N_("Let go of the cable"),
    DriverButton.TRY_AGAIN: N_("Try again"),
    DriverButton.PAY: N_("Pay in another way"),
}
ANSWERS: Final = {
    PERSON: N_("Talk to a person"),
    MENU: N_("Something else is wrong"),
    YES: N_("Yes, it helped"),
    NO: N_("No, it did not"),
    NO_OUTLET: N_("It is not about an outlet"),
    STAY: N_("I wait here"),
    GOOD: N_("Yes, you were of help"),
    BAD: N_("No, you were not"),
}


def label_of(key: str) -> str:
    """Return what an answer by one tap is called (a msgid); the code itself for an outlet, '' for what is none."""
    if key.startswith(OUTLET):
        return key.removeprefix(OUTLET)
    name = key.removeprefix(SAY).removeprefix(DO)
    if name in set(Trouble):
        return TROUBLES[Trouble(name)]
    if name in set(DriverButton):
        return DEEDS.get(DriverButton(name), "")
    return ANSWERS.get(key, "")

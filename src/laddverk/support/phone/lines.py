"""What is said aloud at each place of the menu. Pure: translated, short, and every line says how to go on."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import links
from laddverk.support.phone import menu as menus
from laddverk.support.phone.model import Act, Menu, Place, Seen, Then

CODE_DIGITS: Final = 14  # the longest code by keys; hash ends it earlier
PROOF_DIGITS: Final = links.DIGITS
CODE_TIMEOUT_S: Final = 12  # somebody bends down to a sticker
HELLO_TIMEOUT_S: Final = 3  # who says nothing wants what most want: an outlet
QUEUE_TIMEOUT_S: Final = 5  # how long somebody waits until we look whether a person has time

WELCOME: Final = N_("Welcome to %(operator)s.")
SWITCH: Final = {
    "sv": N_("For English, press nine."),
    "en": N_("For Swedish, press nine."),
}
"""By the language that is spoken; said in that language's voice."""
ABOUT: Final = N_("About a charger, press one.")
MONEY: Final = N_("About money or a receipt, press six.")
OWN: Final = N_("This is about outlet %(code)s.")
ASK_CODE: Final = N_(
    "Key in the number on the outlet's sticker, and end with hash. Letters are on the keys: A B C is two."
)
NOT_FOUND: Final = N_("No outlet has this number. Look at the sticker, and try again.")
FOUND: Final = N_("Outlet %(code)s at %(site)s. If this is right, press one. Otherwise, press two.")
SEVERAL: Final = N_("Several outlets have this number.")
CHOICE: Final = N_("For %(code)s at %(site)s, press %(key)s.")
BUTTONS: Final = {
    "try_again": N_("To start again, press %(key)s."),
    "pay": N_("To pay in another way, press %(key)s."),
    "wait_more": N_("If you need more time, press %(key)s."),
    "swap": N_("To charge at the outlet where the cable is, press %(key)s."),
    "stop": N_("To stop charging, press %(key)s."),
    "unlock": N_("To let go of the cable and try again, press %(key)s."),
}
"""What the buttons of situations are called aloud. Others are for screens: the link leads there."""
OWN_CHARGE: Final = N_("If you have paid here or charge here, press one.")
ASK_PROOF: Final = N_("Key in the six digits that stand on the page of your charge, under: Is something wrong here?")
NOT_PROVEN: Final = N_("No charge at this outlet has this number. Look at the page, and try again.")
STUCK: Final = N_("If the cable does not come loose, press five.")
OTHER: Final = N_("For another outlet, press seven.")
LINK: Final = N_("For a text message with a link, press eight.")
TO_PERSON: Final = N_("For a person, press zero.")
ANYTHING_ELSE: Final = N_("If that was all, press one. For something else, press two.")
DID_IT_HELP: Final = N_("If it works now, press one. If not, press two.")
CONSENT: Final = N_(
    "May we record the call, so that we can listen again? If you agree, press one. Otherwise, press two."
)
WAITING: Final = N_("You are number %(position)s in the queue.")
CALL_ME: Final = N_("To be called back instead, press one. You keep your place.")
STAY: Final = N_("Please stay on the line.")
CONNECTING: Final = N_("Somebody answers now.")
NOBODY: Final = N_("Nobody can answer right now.")
CLOSED_NOW: Final = N_("We are closed now, and back %(when)s.")
CLOSED_CALL: Final = N_("To be called back, press one.")
CLOSED_MESSAGE: Final = N_("To leave a message, press two.")
SPEAK: Final = N_("Say what it is about after the tone, and where you are. Hang up when you are done.")
BYE_CALL: Final = N_("We call you back. Goodbye.")
BYE_CALL_THEN: Final = N_("We call you back %(when)s, or soon after. Goodbye.")
BYE_HELPED: Final = N_("Thank you for calling. Goodbye.")
BYE_WRITE: Final = N_("Write to us from our web pages, or call again. Goodbye.")
GOODBYES: Final = {"call_back": BYE_CALL, "helped": BYE_HELPED, "write": BYE_WRITE}


def act_of(menu: Menu, seen: Seen, language: str) -> Act:
    """Return what the carrier is to say at a place, and to do then."""
    text = " ".join(said(menu, seen, language))
    if menu.place is Place.GOODBYE:
        return Act(text=text, language=language, then=Then.HANG_UP)
    if menu.place is Place.MESSAGE:
        return Act(text=text, language=language, then=Then.RECORD)
    if menu.place is Place.CODE:
        return Act(text=text, language=language, digits=CODE_DIGITS, timeout_s=CODE_TIMEOUT_S)
    if menu.place is Place.PROVE:
        return Act(text=text, language=language, digits=PROOF_DIGITS, timeout_s=CODE_TIMEOUT_S)
    if menu.place is Place.HELLO:
        return Act(text=text, language=language, timeout_s=HELLO_TIMEOUT_S)
    if menu.place is Place.QUEUE:
        return Act(text=text, language=language, timeout_s=QUEUE_TIMEOUT_S)
    return Act(text=text, language=language)


def said(menu: Menu, seen: Seen, language: str) -> list[str]:
    """Return the sentences that are said at a place."""
    _ = gettext_for(language)
    first = _greeting(seen, language) if menu.is_first else []
    if menu.place is Place.HELLO:
        return [*first, _(ABOUT), _(MONEY), _(TO_PERSON)]
    if menu.place is Place.SITUATION:
        return first + _situation(menu, seen, language)
    if menu.place is Place.CODE:
        lines = [_(NOT_FOUND)] if menu.is_unknown else []
        return first + lines + [_(ASK_CODE), _(TO_PERSON)]
    if menu.place is Place.PROVE:
        return [*([_(NOT_PROVEN)] if menu.is_unknown else []), _(ASK_PROOF), _(TO_PERSON)]
    if menu.place is Place.CHOOSE:
        named = [
            _(CHOICE) % {"code": aloud(code), "site": site, "key": key}
            for key, (code, site) in enumerate(seen.places[: menus.CHOICES_MAX], start=1)
        ]
        return [_(SEVERAL), *named, _(TO_PERSON)]
    if menu.place is Place.CONFIRM:
        code, site = seen.places[0] if seen.places else (menu.found[0] if menu.found else "", "")
        return [_(FOUND) % {"code": aloud(code), "site": site}, _(TO_PERSON)]
    if menu.place is Place.DONE:
        return [*([seen.came] if seen.came else []), _(DID_IT_HELP), _(TO_PERSON)]
    if menu.place is Place.MONEY:
        return [*([seen.came] if seen.came else []), _(ANYTHING_ELSE), _(TO_PERSON)]
    return _with_people(menu, seen, language)


def _greeting(seen: Seen, language: str) -> list[str]:
    """Return the welcome; whoever's language we do not know is first told how to change it."""
    _ = gettext_for(language)
    welcome, switch = _(WELCOME) % {"operator": seen.operator}, _(SWITCH.get(language, SWITCH["en"]))
    return [welcome, switch] if seen.is_known else [switch, welcome]


def _situation(menu: Menu, seen: Seen, language: str) -> list[str]:
    _ = gettext_for(language)
    lines = [_(OWN) % {"code": aloud(seen.code)}] if seen.code and not menu.misses else []
    lines.append(seen.voice)
    lines += [
        _(BUTTONS[button]) % {"key": key}
        for key, button in enumerate(menus.offered_at(menu, seen), start=1)
        if button in BUTTONS
    ]
    if menus.offers_proof(menu, seen):
        lines.append(_(OWN_CHARGE))
    if menus.offers_cable(seen):
        lines.append(_(STUCK))
    if menus.offers_money(menu, seen):
        lines.append(_(MONEY))
    if seen.can_text and seen.code:
        lines.append(_(LINK))
    return [*lines, _(OTHER), _(TO_PERSON)]


def _with_people(menu: Menu, seen: Seen, language: str) -> list[str]:
    _ = gettext_for(language)
    if menu.place is Place.CONSENT:
        return [_(CONSENT)]
    if menu.place is Place.QUEUE:
        return [
            _(WAITING) % {"position": max(seen.position, 1)}, *([_(CALL_ME)] if seen.has_number else []), _(STAY)
        ]  # fmt: skip
    if menu.place is Place.CLOSED:
        text = [_(LINK)] if seen.can_text and seen.code else []
        nobody = _(CLOSED_NOW) % {"when": seen.back} if seen.back else _(NOBODY)
        return [nobody, *([_(CLOSED_CALL)] if seen.has_number else []), _(CLOSED_MESSAGE), *text]
    if menu.place is Place.MESSAGE:
        return [_(SPEAK)]
    if menu.place is Place.CONNECTED:
        return [_(CONNECTING)]
    if menu.ending == "call_back" and seen.back:
        return [_(BYE_CALL_THEN) % {"when": seen.back}]
    return [_(GOODBYES.get(menu.ending, BYE_WRITE))]


def aloud(code: str) -> str:
    """Return a code as it is read aloud: letter by letter, digit by digit."""
    return " ".join(letter for letter in code if letter.isalnum())

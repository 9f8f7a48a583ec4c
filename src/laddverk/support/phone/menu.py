"""The spoken menu: what a key means where, and where the caller goes. Pure; every way ends.

`heard` says what a key asks for, `service` does it, and `went` says where the caller is afterwards. A silence is the
key ''. Keys that mean the same everywhere: 0 is a person, 9 the other language, 6 money and receipts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec.structs import replace

from laddverk.support.phone.model import Deed, Menu, Place, Seen

PERSON: Final = "0"
LANGUAGE: Final = "9"
LINK: Final = "8"
OTHER: Final = "7"
MONEY: Final = "6"
CABLE: Final = "5"
OWN_CHARGE: Final = "1"  # where nothing has this key: who is not known presses no buttons
BUTTONS_MAX: Final = 4  # keys 1 to 4; nobody keeps more in mind
MISSES_MAX: Final = 2  # in a row; then a person, or what stands in for one
TURNS_MAX: Final = 30  # whoever goes in circles wants a person
PRESSES_MAX: Final = 3
TRIES_MAX: Final = 3  # of a number of six digits, in one call; then a person too
KEYS_MAX: Final = 20  # longer than any code
CHOICES_MAX: Final = 6
WAITS_MAX: Final = 150  # turns of the queue, some twenty minutes: nobody is coming


class Turn(NamedTuple):
    """Where the caller is, what is to be done, and with which of what was offered."""

    menu: Menu
    deed: Deed = Deed.NOTHING
    which: int = 0


SWEDEN: Final = "+46"


def language_of_number(phone: str) -> str:
    """Return the language that a caller begins in whom we do not know: Swedish, or English for a number from abroad."""
    return "en" if phone and not phone.startswith(SWEDEN) else "sv"


def begun(seen: Seen) -> Menu:
    """Return where a caller begins: at their own trouble if we see one, else where they say what it is about."""
    return Menu(place=Place.SITUATION if seen.situation else Place.HELLO)


def number_in(keys: str) -> str:
    """Return the number that was keyed in: a star begins anew, and a hash ends it.

    '' for none, and for what no key says: carriers have a word of their own for a silence.
    """
    said = keys.strip().rpartition("*")[2].rstrip("#")[:KEYS_MAX]
    return said if said.isascii() and said.isdigit() else ""


def heard(menu: Menu, keys: str, seen: Seen) -> Turn:
    """Return what `keys` ask for. Whoever presses what was not offered hears it again, and then gets a person."""
    keys = number_in(keys)
    now = replace(menu, turns=menu.turns + 1, is_first=False, is_unknown=False)
    if menu.place is Place.QUEUE:
        return _in_queue(now, keys, seen)
    if menu.place in (Place.GOODBYE, Place.CONNECTED):
        return Turn(now)
    if menu.place is Place.MESSAGE:
        return Turn(replace(now, place=Place.GOODBYE, ending="call_back"), Deed.CALL_BACK)
    if menu.place is Place.CLOSED:
        return _when_closed(now, keys, seen)
    if menu.place is Place.CONSENT:  # whoever is asked is on their way to a person: any other key is a no
        return Turn(replace(now, misses=0), Deed.CONSENT if keys == "1" else Deed.REFUSE)
    if keys == PERSON or now.turns > TURNS_MAX:
        return Turn(replace(now, misses=0), Deed.PERSON)
    turn = _asked(now, keys, seen)
    if turn is not None:
        return turn
    if menu.misses + 1 >= MISSES_MAX:
        return Turn(replace(now, misses=0), Deed.PERSON)
    return Turn(replace(now, misses=menu.misses + 1))


def _asked(menu: Menu, keys: str, seen: Seen) -> Turn | None:
    """Return what keys ask for at the places that offer things; None for what was not offered."""
    fine = replace(menu, misses=0)
    if keys == MONEY and offers_money(menu, seen):
        return Turn(replace(fine, is_about_money=True), Deed.MONEY)
    if menu.place is Place.HELLO:  # whoever waits stands most likely before a charger
        return Turn(replace(fine, place=Place.CODE))
    if menu.place is Place.CODE:
        return Turn(menu, Deed.FIND) if keys else None
    if menu.place is Place.PROVE:
        return Turn(replace(menu, tries=menu.tries + 1), Deed.PROVE) if keys else None
    if menu.place is Place.CHOOSE:
        which = _choice(keys, min(len(menu.found), CHOICES_MAX))
        return Turn(fine, Deed.TAKE_OUTLET, which) if which >= 0 else None
    if menu.place is Place.CONFIRM:
        return {
            "1": Turn(fine, Deed.TAKE_OUTLET), "2": Turn(replace(fine, place=Place.CODE, found=())),
        }.get(keys)  # fmt: skip
    if menu.place in (Place.DONE, Place.MONEY):
        return {"1": Turn(fine, Deed.HELPED), "2": Turn(fine, Deed.LOOK_AGAIN)}.get(keys)
    return _at_situation(fine, keys, seen)


def _at_situation(menu: Menu, keys: str, seen: Seen) -> Turn | None:
    offered = offered_at(menu, seen)
    which = _choice(keys, len(offered))
    if which >= 0:
        return Turn(replace(menu, presses=menu.presses + 1), Deed.PRESS, which)
    if keys == OWN_CHARGE and offers_proof(menu, seen):
        return Turn(replace(menu, place=Place.PROVE))
    if keys == CABLE and offers_cable(seen):
        return Turn(menu, Deed.COMPLAIN)
    if keys == OTHER:
        return Turn(replace(menu, place=Place.CODE, found=()), Deed.OTHER_OUTLET)
    if keys == LINK and seen.can_text and seen.code:
        return Turn(menu, Deed.SEND_LINK)
    if not keys and seen.is_danger:
        return Turn(menu, Deed.PERSON)
    return None


def offered_at(menu: Menu, seen: Seen) -> tuple[str, ...]:
    """Return the buttons that have keys now: none once they were pressed often, and none where it is dangerous."""
    if seen.is_danger or menu.presses >= PRESSES_MAX:
        return ()
    return seen.buttons[:BUTTONS_MAX]


def offers_cable(seen: Seen) -> bool:
    """Return whether somebody may say that their cable does not come loose: no machine sees that."""
    return seen.is_own and not (seen.is_danger or seen.has_complained or "unlock" in seen.buttons)


def offers_proof(menu: Menu, seen: Seen) -> bool:
    """Return whether somebody may say by the number on its page that a charge is theirs."""
    is_free = not (seen.is_danger or offered_at(menu, seen))
    return seen.can_prove and is_free and menu.tries < TRIES_MAX


def offers_money(menu: Menu, seen: Seen) -> bool:
    """Return whether somebody may ask what their last charge cost: nobody does before an outlet that is dangerous."""
    return menu.place is Place.HELLO or (menu.place is Place.SITUATION and not seen.is_danger)


def _in_queue(menu: Menu, keys: str, seen: Seen) -> Turn:
    if keys == "1" and seen.has_number:
        return Turn(replace(menu, place=Place.GOODBYE, ending="call_back"), Deed.CALL_BACK)
    if not seen.is_attended or menu.turns > TURNS_MAX + WAITS_MAX:
        return Turn(replace(menu, place=Place.CLOSED, misses=0))
    return Turn(menu)


def _when_closed(menu: Menu, keys: str, seen: Seen) -> Turn:
    gives_up = menu.misses + 1 >= MISSES_MAX
    if seen.has_number and (keys == "1" or gives_up):
        return Turn(replace(menu, place=Place.GOODBYE, ending="call_back"), Deed.CALL_BACK)
    if keys == "2":
        return Turn(replace(menu, place=Place.MESSAGE))
    if keys == LINK and seen.can_text and seen.code:
        return Turn(replace(menu, place=Place.GOODBYE, ending="helped"), Deed.SEND_LINK)
    if gives_up:
        return Turn(replace(menu, place=Place.GOODBYE, ending="write"))
    return Turn(replace(menu, misses=menu.misses + 1))


def went(menu: Menu, deed: Deed, seen: Seen) -> Menu:
    """Return where the caller is after `deed`; `seen` is what holds now."""
    if deed is Deed.FIND:
        return _found(menu, seen)
    if deed is Deed.PROVE:
        return _proven(menu, seen)
    if deed in (Deed.TAKE_OUTLET, Deed.COMPLAIN, Deed.LOOK_AGAIN):
        return replace(menu, place=Place.SITUATION if seen.situation else Place.CODE, found=())
    if deed is Deed.PRESS or (deed is Deed.SEND_LINK and menu.place is not Place.GOODBYE):
        return replace(menu, place=Place.DONE)
    if deed is Deed.MONEY:
        return replace(menu, place=Place.MONEY)
    if deed is Deed.HELPED:
        return replace(menu, place=Place.GOODBYE, ending="helped")
    if deed is Deed.PERSON:
        return to_person(menu, seen)
    if deed in (Deed.CONSENT, Deed.REFUSE):
        return replace(menu, place=Place.QUEUE if seen.is_open else Place.CLOSED, misses=0)
    return menu


def to_person(menu: Menu, seen: Seen) -> Menu:
    """Return where somebody goes who wants a person: into the queue if anybody answers, asked first to be recorded."""
    if not seen.is_open:
        return replace(menu, place=Place.CLOSED, misses=0)
    return replace(menu, place=Place.CONSENT if seen.may_record else Place.QUEUE, misses=0)


def _found(menu: Menu, seen: Seen) -> Menu:
    if not seen.places:
        if menu.misses + 1 >= MISSES_MAX:
            return to_person(replace(menu, found=()), seen)
        return replace(menu, place=Place.CODE, misses=menu.misses + 1, found=(), is_unknown=True)
    codes = tuple(code for code, _site in seen.places)[:CHOICES_MAX]
    return replace(menu, place=Place.CONFIRM if len(codes) == 1 else Place.CHOOSE, misses=0, found=codes)


def _proven(menu: Menu, seen: Seen) -> Menu:
    if menu.is_proven:
        return replace(menu, place=Place.SITUATION, misses=0)
    if menu.tries >= TRIES_MAX or not seen.can_prove:
        return to_person(menu, seen)
    return replace(menu, misses=0, is_unknown=True)


def _choice(keys: str, count: int) -> int:
    """Return which of `count` things a key means, from 0; -1 for none of them."""
    return int(keys) - 1 if len(keys) == 1 and keys.isascii() and keys.isdigit() and 1 <= int(keys) <= count else -1

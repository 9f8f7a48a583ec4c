"""What the menu has to know of a call: whose trouble it is, what holds there, and who of ours answers. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import identity
from laddverk.support.identity import Need
from laddverk.support.model import Verified
from laddverk.support.phone import menu as menus
from laddverk.support.phone import proving, store
from laddverk.support.phone.lines import BUTTONS
from laddverk.support.phone.model import Call, Menu, Place, Seen, State
from laddverk.support.promising import attending
from laddverk.support.promising.hours import Attended
from laddverk.support.rules import PHONE
from laddverk.support.situations import choosing, wording
from laddverk.support.situations.doing import DONE
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Complaint, DriverButton, Told

PRESENT_FOR: Final = timedelta(minutes=30)  # any page of calls says that somebody is here; a case takes a while
PERSONAL: Final = frozenset(
    {
        "card-declined", "money-on-its-way-back", "receipt-wanted", "reserve-not-released", "swish-not-completed",
        "tag-refused", "roaming-refused",
    }
)  # fmt: skip
"""Situations that speak of somebody's money, tag or account: not said to a number, which can be forged."""
NOBODYS: Final = frozenset({("roaming-refused", ""), ("tag-refused", "unknown")})
"""What is personal in general, and here speaks of a tag that no account of ours has."""
NOT_ALOUD: Final = N_("It concerns a payment or a tag. Of that we do not speak before we know who calls.")


def verified(call: Call) -> Verified:
    """Return how sure we are of who calls: they have the page of the charge, the number of one account, or nothing."""
    if call.menu.is_proven:
        return Verified.CHARGE
    return Verified.NUMBER if call.driver_id is not None and call.phone else Verified.NOT


def subject_of(call: Call) -> Subject:
    """Return whose trouble a call is about."""
    return Subject(
        station_id=call.station_id, evse_number=call.evse_number, start_request_id=call.start_request_id,
        session_id=call.session_id, payment_id=call.payment_id, driver_id=call.driver_id,
        complaint=Complaint(call.complaint),
    )  # fmt: skip


async def seen(tx: Transaction, house: House, call: Call, now: datetime) -> Seen:
    """Return what holds for `call` now."""
    told = await told_of(tx, call, now)
    outlet = await store.code_of(tx, call.station_id, call.evse_number) if call.station_id else None
    is_own = call.session_id is not None or call.start_request_id is not None
    has_number = PHONE.fullmatch(call.phone) is not None
    is_attended, back_at = await is_open(tx, now), await attending.closed_until(tx, Attended.PHONE, now)
    zone = house.settings.timezone
    known = Seen(
        operator=house.settings.operator_name,
        is_open=is_attended and back_at is None,
        is_attended=is_attended,
        back=attending.in_words(back_at, now, zone, call.language) if back_at is not None else "",
        can_text=has_number and bool(house.settings.sms_provider),
        has_number=has_number,
        is_known=call.driver_id is not None,
        may_record=house.settings.phone_records and call.record_consent_at is None,
        code=call.code or (outlet.code if outlet else ""),
        site=outlet.site if outlet else "",
        is_own=is_own,
        can_prove=await proving.can_prove(tx, call, now),
        has_complained=bool(call.complaint),
        places=await _places(tx, call.menu),
        position=await store.count_before(tx, call.queued_at) + 1 if call.queued_at else 0,
    )
    return _with(known, told, call, house) if told is not None else known


async def told_of(tx: Transaction, call: Call, now: datetime) -> Told | None:
    """Return the situation that a call is about; None while no outlet is known.

    A stranger at an outlet hears how the outlet is, and never what another's tag or payment was refused for; nor what
    would hold of that payment if it had not been.
    """
    if call.station_id is None:
        return None
    told = choosing.told(await facts_of(tx, subject_of(call), now))
    if not is_personal(told) or verified(call) is not Verified.NOT:
        return told
    outlet = Subject(station_id=call.station_id, evse_number=call.evse_number)
    seen_there = choosing.all_told(await facts_of(tx, outlet, now))
    return next(each for each in seen_there if not is_personal(each))


def is_personal(told: Told) -> bool:
    """Return whether it speaks of somebody's money, tag or account."""
    return told.situation.key in PERSONAL and (told.situation.key, told.match.variant) not in NOBODYS


def _with(known: Seen, told: Told, call: Call, house: House) -> Seen:
    is_hidden = is_personal(told) and not identity.may_of_charge(verified(call), Need.SAY_PERSONAL)
    may_press = known.is_own and identity.may(verified(call), Need.OWN_CHARGE) and not is_hidden
    return replace(
        known,
        situation=told.situation.key,
        is_danger=told.situation.is_danger,
        voice=gettext_for(call.language)(NOT_ALOUD)
        if is_hidden
        else wording.spoken(told, call.language, house.settings.timezone).voice,
        buttons=tuple(
            each.value
            for each in told.situation.driver
            if may_press and each.value in BUTTONS and _can_do(each, call)
        ),
    )  # fmt: skip


def _can_do(button: DriverButton, call: Call) -> bool:
    """Return whether a key does it: who has no account pays before every start, and whoever pays does so on a page."""
    if button is DriverButton.TRY_AGAIN:
        return call.driver_id is not None
    return button in DONE or (button is DriverButton.PAY and call.start_request_id is not None)


async def _places(tx: Transaction, menu: Menu) -> tuple[tuple[str, str], ...]:
    if menu.place not in (Place.CHOOSE, Place.CONFIRM):
        return ()
    found = [await store.outlets(tx, _keyed(code), menus.CHOICES_MAX) for code in menu.found[: menus.CHOICES_MAX]]
    sites = {outlet.code: outlet.site for outlets in found for outlet in outlets}
    return tuple((code, sites.get(code, "")) for code in menu.found)


KEYS: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
"""The letters of a phone's keys (ITU-T E.161)."""


def _keyed(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isascii() and letter.isalnum()).translate(KEYS)


async def is_open(tx: Transaction, now: datetime) -> bool:
    """Return whether somebody of ours takes calls: a promise that nobody keeps is worse than none."""
    return any(one.state is not State.PAUSE for one in await store.presences(tx, now - PRESENT_FOR))

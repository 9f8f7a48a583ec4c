"""What a caller hears of their last charge and its price, and the text message with sums that its owner reads.

A number can be forged, so aloud is said only how it stands: no sum, no place. Sums and the receipt go as a text to the
number that stands in the account, which only its owner reads; to a number that is nobody's, nothing goes. Who has shown
that they have the page of a charge hears how its money stands, and reads the sums there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Problem
from laddverk.notices.sms import service as sms
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import contacts, links, rules
from laddverk.support import store as drivers
from laddverk.support.phone import store
from laddverk.support.phone.model import Call
from laddverk.support.phone.store import LastCharge
from laddverk.support.situations import choosing, wording
from laddverk.support.situations.book import catalogue
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Complaint, Told

SINCE: Final = timedelta(days=400)  # a year's receipts; who means an older one asks a person
DEED: Final = "charge_cost"
RECEIPT: Final = "receipt-wanted"
RESERVED: Final = "reserve-not-released"
RETURNED: Final = "money-on-its-way-back"
NOTHING: Final = "nothing-seen"
UNSEEN: Final = "unseen"
"""The variant of a text for somebody whose charge we do not see."""

NO_CHARGE: Final = N_("We see no charge by the number that you call from. A person can look for it.")
NOT_BEGUN: Final = N_("Your charge has not begun.")
IS_RUNNING: Final = N_("Your charge is still going on. What it costs is known when it has ended.")
IS_UNPRICED: Final = N_("Your last charge is over. Its price is being worked out.")
IS_PRICED: Final = N_("Your last charge is over, and its price is known.")
SENT: Final = N_("What it cost is in a text message that we have sent to the number of your account.")
ON_ITS_PAGE: Final = N_("What it cost stands on the page of the charge.")
ON_PAGES: Final = N_("What it cost stands on your pages, when you have signed in.")

SUMS: Final = N_("%(operator)s: %(energy)s at %(place)s on %(day)s cost %(price)s. Receipt: %(link)s")
NO_SUMS: Final = N_("%(operator)s: your charge at %(place)s on %(day)s: %(link)s")


class Stands(StrEnum):
    """How it stands with the charge that somebody asks about."""

    UNSEEN = "unseen"
    """No account has the number, or it has not charged."""
    NOT_BEGUN = "not_begun"
    """They have the page of a wish to charge, and no charge came of it so far."""
    RUNS = "runs"
    UNPRICED = "unpriced"
    PRICED = "priced"


class Sums(StrEnum):
    """Where somebody reads what it cost."""

    PAGES = ""
    TEXTED = "texted"
    PAGE = "page"


SENTENCES: Final = {
    Stands.UNSEEN: NO_CHARGE, Stands.NOT_BEGUN: NOT_BEGUN, Stands.RUNS: IS_RUNNING, Stands.UNPRICED: IS_UNPRICED,
    Stands.PRICED: IS_PRICED,
}  # fmt: skip
SUMS_ARE: Final = {Sums.PAGES: ON_PAGES, Sums.TEXTED: SENT, Sums.PAGE: ON_ITS_PAGE}


async def answered(tx: Transaction, house: House, call: Call, now: datetime) -> tuple[Call, str]:
    """Look at the last charge of who calls, and text its sums to the account; return what `aloud` says of it.

    Who has the page of a charge means that one, whatever came of it, and hears of no other.
    """
    await contacts.pressed(tx, f"call:{call.id}", DEED)
    if call.menu.is_proven:
        return call, await _of_page(tx, call, now)
    charge = await store.last_charge(tx, call.driver_id, now - SINCE) if call.driver_id is not None else None
    if charge is None:
        return call, Stands.UNSEEN
    if call.station_id is None:  # whoever asks a person afterwards means this charge; no outlet is meant any more
        call = replace(call, session_id=charge.id, payment_id=charge.payment_id)
    told = await _money_of(tx, charge, call.driver_id, now)
    sums = Sums.TEXTED if await _text(tx, house, call, charge, told, now) else Sums.PAGES
    return call, _came(stands_of(charge), sums, NOTHING if told.situation.key == NOTHING else "")


async def _of_page(tx: Transaction, call: Call, now: datetime) -> str:
    """Return what `aloud` says of the charge whose page the caller has."""
    about = Subject(
        station_id=call.station_id, evse_number=call.evse_number, start_request_id=call.start_request_id,
        session_id=call.session_id, payment_id=call.payment_id, complaint=Complaint.MONEY,
    )  # fmt: skip
    told = choosing.told(await facts_of(tx, about, now))
    charge = await store.charge(tx, call.session_id, call.start_request_id)
    seen = f"{told.situation.key} {told.match.variant}" if _is_of_money(told) or told.situation.key == NOTHING else ""
    return _came(Stands.NOT_BEGUN if charge is None else stands_of(charge), Sums.PAGE, seen)


def _came(stands: Stands, sums: Sums, seen: str) -> str:
    return f"{stands}:{sums}:{seen}"


async def _money_of(tx: Transaction, charge: LastCharge, driver_id: UUID | None, now: datetime) -> Told:
    """Return what is seen of the money of a charge."""
    subject = Subject(
        station_id=charge.station_id, evse_number=charge.evse_number, start_request_id=charge.start_request_id,
        session_id=charge.id, payment_id=charge.payment_id, driver_id=driver_id, complaint=Complaint.MONEY,
    )  # fmt: skip
    return choosing.told(await facts_of(tx, subject, now))


def _is_of_money(told: Told) -> bool:
    return told.situation.key in (RESERVED, RETURNED)


def stands_of(charge: LastCharge) -> Stands:
    """Return how it stands with a charge."""
    if charge.ended_at is None:
        return Stands.RUNS
    return Stands.UNPRICED if charge.price_minor is None else Stands.PRICED


def aloud(came: str, language: str) -> str:
    """Return what a voice says of `came`: whole sentences, and nothing that belongs to an account.

    What is seen comes first, and then what anybody may want who asks about money: the receipt.
    """
    state, _colon, rest = came.partition(":")
    sums, _colon, seen = rest.partition(":")
    stands = Stands(state) if state in set(Stands) else Stands.UNSEEN
    key, _space, variant = seen.partition(" ")
    _ = gettext_for(language)
    first = [_(SENTENCES[stands]), *([_voice(key, variant, language)] if key else [])]
    if stands in (Stands.UNSEEN, Stands.NOT_BEGUN):
        how_all_do = [] if key in (RESERVED, RETURNED) else [RESERVED, RETURNED]
        last = [_voice(each, UNSEEN, language) for each in how_all_do]
        return " ".join([*first, *last, *([_voice(RECEIPT, "", language)] if stands is Stands.UNSEEN else [])])
    receipt = _voice(RECEIPT, "not_yet" if stands is Stands.RUNS else "", language)
    return " ".join([*first, receipt, _(SUMS_ARE[Sums(sums) if sums in set(Sums) else Sums.PAGES])])


def _voice(key: str, variant: str, language: str) -> str:
    return next(each for each in catalogue() if each.key == key).text(language, variant).voice


async def _text(tx: Transaction, house: House, call: Call, charge: LastCharge, told: Told, now: datetime) -> bool:
    """Text the sums of a charge to its account's own number, once a day for each state; return whether they went."""
    if not house.settings.sms_provider or call.driver_id is None:
        return False
    known = await drivers.driver(tx, call.driver_id)
    if known is None:
        return False
    body = _body(house, charge, told, known.language)
    key = f"charge-cost:{charge.id}:{stands_of(charge)}:{now:%Y-%m-%d}"
    try:
        async with tx.savepoint():
            phone = rules.checked_phone(known.phone)
            await sms.send(tx, recipient=phone, text=body, now=now, unique_key=key, case_id=call.case_id)
    except Problem:  # entered long ago in any way, or it has had many texts
        return False
    return True


def _body(house: House, charge: LastCharge, told: Told, language: str) -> str:
    settings, _ = house.settings, gettext_for(language)
    is_priced = charge.ended_at is not None and charge.price_minor is not None
    page = f"/receipts/{links.token_of(house.secrets, 'ses', charge.id)}"
    values = {
        "operator": settings.operator_name, "place": charge.place,
        "day": formats.local_date(charge.started_at, charge.timezone, language),
        "energy": formats.energy_kwh(charge.energy_wh, language=language),
        "price": formats.money(charge.price_minor or 0, charge.currency or "SEK", language),
        "link": settings.web_url + (page if is_priced else f"/my/sessions/{shown('ses', charge.id)}"),
    }  # fmt: skip
    money = wording.spoken(told, language, charge.timezone).sms if _is_of_money(told) else ""
    return " ".join(part for part in (_(SUMS if is_priced else NO_SUMS) % values, money) if part)

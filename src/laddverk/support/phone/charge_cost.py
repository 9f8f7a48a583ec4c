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
TEXTED: Final = ":texted"
OF_PAGE: Final = ":page:"
RECEIPT: Final = "receipt-wanted"
RESERVED: Final = "reserve-not-released"
RETURNED: Final = "money-on-its-way-back"
UNSEEN: Final = "unseen"
"""The variant of a text for somebody whose charge we do not see."""

IS_RUNNING: Final = N_("Your charge is still going on. What it costs is known when it has ended.")
IS_UNPRICED: Final = N_("Your last charge is over. Its price is being worked out.")
IS_PRICED: Final = N_("Your last charge is over, and its price is known.")
SENT: Final = N_("What it cost is in a text message that we have sent to the number of your account.")
ON_ITS_PAGE: Final = N_("What it cost stands on the page of the charge.")
ON_PAGES: Final = N_("What it cost stands on your pages, when you have signed in.")

SUMS: Final = N_("%(operator)s: %(energy)s at %(place)s on %(day)s cost %(price)s. Receipt: %(link)s")
NO_SUMS: Final = N_("%(operator)s: your charge at %(place)s on %(day)s: %(link)s")


class Stands(StrEnum):
    """How it stands with a caller's last charge."""

    UNSEEN = "unseen"
    """No account has the number, or it has not charged."""
    RUNS = "runs"
    UNPRICED = "unpriced"
    PRICED = "priced"


SENTENCES: Final = {Stands.RUNS: IS_RUNNING, Stands.UNPRICED: IS_UNPRICED, Stands.PRICED: IS_PRICED}


async def answered(tx: Transaction, house: House, call: Call, now: datetime) -> tuple[Call, str]:
    """Look at the last charge of who calls, and text its sums to the account; return what `aloud` says of it."""
    await contacts.pressed(tx, f"call:{call.id}", DEED)
    if call.menu.is_proven and call.session_id is not None:
        return call, await _of_page(tx, call, call.session_id, now)
    charge = await store.last_charge(tx, call.driver_id, now - SINCE) if call.driver_id is not None else None
    stands = stands_of(charge)
    if charge is None:
        return call, stands
    if call.station_id is None:  # whoever asks a person afterwards means this charge; no outlet is meant any more
        call = replace(call, session_id=charge.id, payment_id=charge.payment_id)
    return call, f"{stands}{TEXTED if await _text(tx, house, call, charge, now) else ''}"


async def _of_page(tx: Transaction, call: Call, session_id: UUID, now: datetime) -> str:
    """Return what `aloud` says of the charge whose page the caller has."""
    about = Subject(
        station_id=call.station_id, evse_number=call.evse_number, start_request_id=call.start_request_id,
        session_id=session_id, payment_id=call.payment_id, complaint=Complaint.MONEY,
    )  # fmt: skip
    told = choosing.told(await facts_of(tx, about, now))
    stands = stands_of(await store.charge(tx, session_id))
    return f"{stands}{OF_PAGE}" + (f"{told.situation.key} {told.match.variant}" if _is_of_money(told) else "")


def _is_of_money(told: Told) -> bool:
    return told.situation.key in (RESERVED, RETURNED)


def stands_of(charge: LastCharge | None) -> Stands:
    """Return how it stands with a charge."""
    if charge is None:
        return Stands.UNSEEN
    if charge.ended_at is None:
        return Stands.RUNS
    return Stands.UNPRICED if charge.price_minor is None else Stands.PRICED


def aloud(came: str, language: str) -> str:
    """Return what a voice says of `came`: whole sentences, and nothing that belongs to an account."""
    state, of_page, money = came.partition(OF_PAGE)
    state, texted, _none = state.partition(TEXTED)
    stands = Stands(state) if state in set(Stands) else Stands.UNSEEN
    if stands is Stands.UNSEEN:
        return " ".join(_voice(key, UNSEEN, language) for key in (RESERVED, RETURNED, RECEIPT))
    _ = gettext_for(language)
    receipt = _voice(RECEIPT, "not_yet" if stands is Stands.RUNS else "", language)
    key, _space, variant = money.partition(" ")
    moneys = [_voice(key, variant, language)] if key else []
    return " ".join(
        [_(SENTENCES[stands]), *moneys, receipt, _(SENT if texted else ON_ITS_PAGE if of_page else ON_PAGES)]
    )


def _voice(key: str, variant: str, language: str) -> str:
    return next(each for each in catalogue() if each.key == key).text(language, variant).voice


async def _text(tx: Transaction, house: House, call: Call, charge: LastCharge, now: datetime) -> bool:
    """Text the sums of a charge to its account's own number, once a day for each state; return whether they went."""
    if not house.settings.sms_provider or call.driver_id is None:
        return False
    known = await drivers.driver(tx, call.driver_id)
    if known is None:
        return False
    body = await _body(tx, house, call, charge, known.language, now)
    key = f"charge-cost:{charge.id}:{stands_of(charge)}:{now:%Y-%m-%d}"
    try:
        async with tx.savepoint():
            phone = rules.checked_phone(known.phone)
            await sms.send(tx, recipient=phone, text=body, now=now, unique_key=key, case_id=call.case_id)
    except Problem:  # entered long ago in any way, or it has had many texts
        return False
    return True


async def _body(
    tx: Transaction, house: House, call: Call, charge: LastCharge, language: str, now: datetime
) -> str:  # fmt: skip
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
    subject = Subject(
        station_id=charge.station_id, evse_number=charge.evse_number, start_request_id=charge.start_request_id,
        session_id=charge.id, payment_id=charge.payment_id, driver_id=call.driver_id, complaint=Complaint.MONEY,
    )  # fmt: skip
    told = choosing.told(await facts_of(tx, subject, now))
    money = wording.spoken(told, language, charge.timezone).sms if _is_of_money(told) else ""
    return " ".join(part for part in (_(SUMS if is_priced else NO_SUMS) % values, money) if part)

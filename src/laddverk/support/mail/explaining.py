"""What a mail is likely to be about: whose it is, which outlet it names, and the situation that is told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.support import identity
from laddverk.support.agent import about as agent_about
from laddverk.support.identity import Need
from laddverk.support.mail import store, words
from laddverk.support.mail.model import Dmarc, Letter
from laddverk.support.model import Case, Links, Verified
from laddverk.support.situations import choosing, gathering, who, wording
from laddverk.support.situations.gathering import Subject

NOTHING_SEEN: Final = "nothing-seen"
"""The situation in which we know nothing that would help."""


class About(Struct, frozen=True, kw_only=True):
    """What is known of a mail that opens a case."""

    links: Links = Links()
    verified: Verified = Verified.NOT
    situation: str = ""


async def about(tx: Transaction, letter: Letter, text: str, dmarc: Dmarc, now: datetime) -> About:
    """Return whose mail it is where the sender is vouched for, what it is about, and the situation.

    Of an outlet that is named in it everybody may know how it is; of a charge only its driver.
    """
    driver_id = await who.driver_by_email(tx, letter.sender) if dmarc is Dmarc.PASS else None
    verified = Verified.MAIL if driver_id is not None else Verified.NOT
    said = f"{letter.subject}\n{text}"
    named = set(await store.outlet_codes(tx, words.codes_in(said)))
    code = next((each for each in words.codes_in(said) if each in named), "")
    subject = await who.subject_of_code(tx, code, now, driver_id) if code else None
    if driver_id is not None and (subject is None or subject.session_id is None):
        subject = await who.subject_of_driver(tx, driver_id, now) or subject
    if subject is None:
        return About(links=Links(driver_id=driver_id), verified=verified)
    told = choosing.told(await gathering.facts_of(tx, replace(subject, complaint=words.complaint_of(said)), now))
    links = Links(
        driver_id=driver_id, station_id=subject.station_id, evse_number=subject.evse_number,
        session_id=subject.session_id, payment_id=subject.payment_id,
    )  # fmt: skip
    return About(links=links, verified=verified, situation=told.situation.key)


async def explained(tx: Transaction, case: Case, now: datetime, zone: str) -> str:
    """Return what may be told of a new case's situation to who wrote the mail; '' for nothing that helps."""
    if case.driver_id is not None and identity.may(case.verified, Need.OWN_CHARGE):
        told = (await agent_about.trouble_of(tx, case, now)).told
    elif case.station_id is not None:
        outlet = Subject(station_id=case.station_id, evse_number=case.evse_number)
        told = choosing.told(await gathering.facts_of(tx, outlet, now))
    else:
        return ""
    return "" if told.situation.key == NOTHING_SEEN else wording.spoken(told, case.language, zone).says

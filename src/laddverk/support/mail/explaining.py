"""What a mail is likely to be about: whose it is, which outlet it names, and the situation that is told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.support import identity
from laddverk.support.agent import about as agent_about
from laddverk.support.identity import Need
from laddverk.support.mail import store, words
from laddverk.support.mail.model import Dmarc, Letter
from laddverk.support.model import Case, Links, Verified
from laddverk.support.situations import choosing, gathering, nearby, who
from laddverk.support.situations.gathering import Subject

NOTHING_SEEN: Final = "nothing-seen"
"""The situation in which we know nothing that would help."""
LOOKED_THROUGH: Final = 200_000  # characters of a mail: the address of a page stands in what somebody writes


class About(Struct, frozen=True, kw_only=True):
    """What is known of a mail that opens a case."""

    links: Links = Links()
    verified: Verified = Verified.NOT
    situation: str = ""


async def about(tx: Transaction, letter: Letter, text: str, dmarc: Dmarc, now: datetime) -> About:
    """Return whose mail it is where the sender is vouched for, what it is about, and the situation.

    Of an outlet that is named in it everybody may know how it is; of a charge only its driver, or who has the address
    of its page and wrote it down.
    """
    driver_id = await who.driver_by_email(tx, letter.sender) if dmarc is Dmarc.PASS else None
    verified = Verified.MAIL if driver_id is not None else Verified.NOT
    said = f"{letter.subject}\n{text}"
    charge = await charge_in(tx, letter, now, driver_id)
    if charge is not None:
        return await _of(tx, charge, said, verified if charge.driver_id is not None else Verified.CHARGE, now)
    named = set(await store.outlet_codes(tx, words.codes_in(said)))
    code = next((each for each in words.codes_in(said) if each in named), "")
    subject = await who.subject_of_code(tx, code, now, driver_id) if code else None
    if driver_id is not None and (subject is None or subject.session_id is None):
        subject = await who.subject_of_driver(tx, driver_id, now) or subject
    if subject is None:
        return About(links=Links(driver_id=driver_id), verified=verified)
    return await _of(tx, replace(subject, driver_id=driver_id), said, verified, now)


async def _of(tx: Transaction, subject: Subject, said: str, verified: Verified, now: datetime) -> About:
    told = choosing.told(await gathering.facts_of(tx, replace(subject, complaint=words.complaint_of(said)), now))
    return About(links=links_of(subject), verified=verified, situation=told.situation.key)


def links_of(subject: Subject) -> Links:
    """Return what a case is to speak of, for whose trouble it is."""
    return Links(
        driver_id=subject.driver_id, station_id=subject.station_id, evse_number=subject.evse_number,
        session_id=subject.session_id, payment_id=subject.payment_id,
    )  # fmt: skip


async def charge_in(tx: Transaction, letter: Letter, now: datetime, driver_id: UUID | None = None) -> Subject | None:
    """Return the charge whose page's address stands in a mail, also in what it quotes; None for none of ours."""
    return await who.subject_of_page(
        tx, f"{letter.subject}\n{letter.text[:LOOKED_THROUGH]}\n{letter.html[:LOOKED_THROUGH]}", now, driver_id
    )  # fmt: skip


async def charge_proved(tx: Transaction, letter: Letter, case: Case, now: datetime) -> Subject | None:
    """Return the charge that a later mail proves to be that of `case`, by the address of its page.

    None for what speaks of another charge than the case does, or of another account's: that proves nothing.
    """
    charge = await charge_in(tx, letter, now, case.driver_id)
    if charge is None or charge.driver_id != case.driver_id:
        return None
    is_other = (case.session_id is not None and case.session_id != charge.session_id) or (
        case.payment_id is not None and case.payment_id != charge.payment_id
    )
    return None if is_other else charge


async def explained(tx: Transaction, case: Case, now: datetime, zone: str) -> str:
    """Return what may be told of a new case's situation to who wrote the mail; '' for nothing that helps."""
    is_known = case.driver_id is not None or case.verified is Verified.CHARGE
    if is_known and identity.may(case.verified, Need.OWN_CHARGE):
        trouble = await agent_about.trouble_of(tx, case, now)
        subject, told = trouble.subject, trouble.told
    elif case.station_id is not None:
        subject = Subject(station_id=case.station_id, evse_number=case.evse_number)
        told = choosing.told(await gathering.facts_of(tx, subject, now))
    else:
        return ""
    if told.situation.key == NOTHING_SEEN:
        return ""
    return (await nearby.spoken(tx, subject, told, case.language, zone)).says

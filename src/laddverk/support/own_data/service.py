"""Sending a code, comparing it, and handing out or removing what it opens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.notices import rules as notice_rules
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.notices.sms import service as sms
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import codes, privacy, rules
from laddverk.support.codes import Way
from laddverk.support.own_data import store
from laddverk.support.own_data.model import Person

PURPOSE: Final = "own-data"  # of digests: no code of another room fits
PER_PERSON_MAX: Final = 3  # codes within an hour: nobody's phone is made to ring, and 15 guesses of a million are few
PER_PERSON_WITHIN: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=1)
SMS_TEXT: Final = N_("%(operator)s: your code is %(code)s. It shows what support has of this number, for ten minutes.")


def person_in(text: str) -> Person:
    """Return the address or number in what somebody typed. Raises `Invalid` (field who)."""
    text = text.strip()[:200]
    try:
        if "@" in text:
            return Person(Way.EMAIL, notice_rules.checked_recipient(text).lower())
        if number := rules.checked_phone(text):
            return Person(Way.SMS, number)
    except Invalid:
        pass
    raise Invalid("Write an e-mail address, or a phone number with all its digits.", field="who")


async def send_code(tx: Transaction, house: House, text: str, language: str, now: datetime) -> Person:
    """Send a code to an address or number that support knows; say nothing of whether it does. Raises `Invalid`."""
    person = person_in(text)
    whose = _whose(house, person)
    lately = await store.sent_since(tx, whose, now - PER_PERSON_WITHIN)
    if lately >= PER_PERSON_MAX or not await store.is_known(tx, person):
        return person
    code, code_id = codes.drawn(), new_id()
    digest = codes.digest(house.secrets, PURPOSE, str(code_id), code)
    await store.add_code(tx, code_id, person.way, whose, digest, now, now + codes.LASTS)
    params = {"code": code, "operator": house.settings.operator_name}
    unique_key = f"{codes.UNIQUE_KEY}{code_id}"
    if person.way is Way.SMS:
        said = gettext_for(language)(SMS_TEXT) % params
        await sms.send(tx, recipient=person.key, text=said, now=now, unique_key=unique_key)
    else:
        await notices.send(
            tx, recipient=person.key, language=language, template=Template.OWN_DATA_CODE, params=params, now=now,
            unique_key=unique_key,
        )  # fmt: skip
    return person


async def is_right(tx: Transaction, house: House, person: Person, code: str, now: datetime) -> bool:
    """Compare a code, once. Whoever calls must commit also when it is wrong: the try counts."""
    tried = await store.tried(tx, _whose(house, person), now, codes.TRIES_MAX)
    if tried is None:
        return False
    code_id, digest = tried
    if not codes.is_right(digest, house.secrets, PURPOSE, str(code_id), code):
        return False
    await store.use(tx, code_id, now)
    return True


async def told_of(tx: Transaction, person: Person, now: datetime) -> dict[str, Any]:
    """Return what support has of a person who was proved: plain values, files as base64. Audited."""
    cases = [case_id for case_id, _ in await store.cases(tx, person)]
    told = privacy.joined(await privacy.told_of_cases(tx, cases), await store.told_beside(tx, person))
    for case_id in cases:
        await audit.write(tx, Actor("anonymous"), "case.data_handed_out", "support_case", case_id, at=now)
    return {"handed_out_at": now, **told}


async def remove(tx: Transaction, person: Person, now: datetime) -> int:
    """Remove it; return of how many cases. Raises `Conflict` while one of them is open."""
    cases = await store.cases(tx, person)
    if any(state != "closed" for _, state in cases):
        raise Conflict("A case is still open.", remedy="Write in it that you want it closed, and come back then.")
    await privacy.remove_cases(tx, [case_id for case_id, _ in cases])
    await store.remove_beside(tx, person)
    for case_id, _ in cases:
        await audit.write(tx, Actor("anonymous"), "case.data_removed", "support_case", case_id, at=now)
    return len(cases)


async def forget(tx: Transaction, now: datetime) -> None:
    """Forget codes that are old."""
    await store.forget(tx, now - KEPT)


def _whose(house: House, person: Person) -> bytes:
    """Return what a person's codes are found by: a digest, for codes outlive what support has of the person."""
    return codes.digest(house.secrets, PURPOSE, "whose", f"{person.way}:{person.key}")

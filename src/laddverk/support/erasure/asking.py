"""What support has of somebody without an account: whoever reads back a code from the address or number gets it.

The answer to who asks is the same whether we know the address or not; a code goes out only where we do. It ends after
ten minutes, five tries or one use. What it opens are cases, mails, chats and calls of just that address or number that
belong to no account: an account's are handed out to who signs in.
"""

# ruff: noqa: S608 - SQL made of the constants of this file

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

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
from laddverk.platform.settings import Secrets
from laddverk.support import privacy, rules

DIGITS: Final = 6
LASTS: Final = timedelta(minutes=10)
TRIES_MAX: Final = 5
PER_PERSON_MAX: Final = 3  # codes within an hour: nobody's phone is made to ring, and 15 guesses of a million are few
PER_PERSON_WITHIN: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=1)
SMS_TEXT: Final = N_("%(operator)s: your code is %(code)s. It shows what support has of this number, for ten minutes.")

BY_ADDRESS: Final = "driver_id IS NULL AND contact_email <> '' AND lower(contact_email) = $1"
BY_NUMBER: Final = "driver_id IS NULL AND contact_phone <> '' AND phone_key(contact_phone) = phone_key($1)"
KNOWS: Final = {
    "email": f"""SELECT EXISTS (SELECT FROM support_case WHERE {BY_ADDRESS})
        OR EXISTS (SELECT FROM support_mail WHERE lower(sender) = $1 AND case_id IS NULL)""",
    "sms": f"""SELECT EXISTS (SELECT FROM support_case WHERE {BY_NUMBER})
        OR EXISTS (SELECT FROM phone_call WHERE driver_id IS NULL AND phone <> '' AND phone_key(phone) = phone_key($1))
        OR EXISTS (SELECT FROM text_message WHERE phone_key(phone) = phone_key($1))""",
}
CASES: Final = {
    "email": f"SELECT id, state FROM support_case WHERE {BY_ADDRESS} ORDER BY created_at FOR UPDATE",
    "sms": f"SELECT id, state FROM support_case WHERE {BY_NUMBER} ORDER BY created_at FOR UPDATE",
}
BESIDE: Final[dict[str, dict[str, str]]] = {
    "email": {
        "mails_without_a_case": """SELECT to_jsonb(one) - 'words' - 'raw' AS told FROM support_mail AS one
            WHERE lower(sender) = $1 AND case_id IS NULL ORDER BY at""",
    },
    "sms": {
        "calls": """SELECT to_jsonb(one) - 'menu' AS told FROM phone_call AS one WHERE driver_id IS NULL
            AND phone <> '' AND phone_key(phone) = phone_key($1) ORDER BY started_at""",
        "texts": """SELECT to_jsonb(one) - 'unique_key' AS told FROM text_message AS one
            WHERE phone_key(phone) = phone_key($1) ORDER BY created_at""",
    },
}
GONE: Final[dict[str, tuple[str, ...]]] = {
    "email": (
        "DELETE FROM support_mail WHERE lower(sender) = $1 AND case_id IS NULL",
        "DELETE FROM support_dead_address WHERE lower(address) = $1",
        "DELETE FROM chat WHERE driver_id IS NULL AND contact_email <> '' AND lower(contact_email) = $1",
        """UPDATE mail SET recipient = '', subject = '–', body_text = '', body_html = '', error = NULL, thread = '{}'
            WHERE lower(recipient) = $1 AND NOT EXISTS (SELECT FROM driver WHERE email = $1)""",
    ),
    "sms": (
        """DELETE FROM phone_recording WHERE call_id IN (SELECT id FROM phone_call WHERE driver_id IS NULL
            AND phone <> '' AND phone_key(phone) = phone_key($1))""",
        """UPDATE phone_call SET phone = '', menu = '{}' WHERE driver_id IS NULL AND phone <> ''
            AND phone_key(phone) = phone_key($1)""",
        """DELETE FROM chat WHERE driver_id IS NULL AND contact_phone <> ''
            AND phone_key(contact_phone) = phone_key($1)""",
        """DELETE FROM text_message WHERE phone_key(phone) = phone_key($1)
            AND NOT EXISTS (SELECT FROM driver WHERE phone <> '' AND phone_key(driver.phone) = phone_key($1))""",
    ),
}

LATELY: Final = "SELECT count(*) FROM own_data_code WHERE whose = $1 AND sent_at > $2"
SUPERSEDE: Final = "UPDATE own_data_code SET expires_at = $2 WHERE whose = $1 AND expires_at > $2"
ADD: Final = """
INSERT INTO own_data_code (id, way, whose, digest, sent_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
# Trying counts before it is compared, so that nobody tries twice at once.
TRY: Final = """
UPDATE own_data_code SET tries = tries + 1
WHERE id = (SELECT id FROM own_data_code WHERE whose = $1 AND used_at IS NULL AND expires_at > $2
            ORDER BY sent_at DESC, id DESC LIMIT 1) AND tries < $3
RETURNING id, digest
"""
USED: Final = "UPDATE own_data_code SET used_at = $2 WHERE id = $1"
FORGET: Final = "DELETE FROM own_data_code WHERE sent_at < $1"


class Way(StrEnum):
    """How a code goes out."""

    SMS = "sms"
    EMAIL = "email"


class Whose(Struct, frozen=True):
    """An address or a number, as it is compared."""

    way: Way
    key: str


def whose(text: str) -> Whose:
    """Return the address or number in what somebody typed. Raises `Invalid` (field who)."""
    text = text.strip()[:200]
    try:
        if "@" in text:
            return Whose(Way.EMAIL, notice_rules.checked_recipient(text).lower())
        if number := rules.checked_phone(text):
            return Whose(Way.SMS, number)
    except Invalid:
        pass
    raise Invalid("Write an e-mail address, or a phone number with all its digits.", field="who")


async def send_code(tx: Transaction, house: House, text: str, language: str, now: datetime) -> Whose:
    """Send a code to an address or number that support knows; say nothing of whether it does. Raises `Invalid`."""
    person = whose(text)
    key = _keyed(house.secrets, "whose", f"{person.way}:{person.key}")
    lately = await tx.value(LATELY, key, now - PER_PERSON_WITHIN)
    if lately >= PER_PERSON_MAX or not await tx.value(KNOWS[person.way], person.key):
        return person
    code, identity = f"{random.randbelow(10**DIGITS):0{DIGITS}}", new_id()
    await tx.execute(SUPERSEDE, key, now)
    digest = _keyed(house.secrets, str(identity), code)
    await tx.execute(ADD, identity, person.way, key, digest, now, now + LASTS)
    params = {"code": code, "operator": house.settings.operator_name}
    unique_key = f"support-code:{identity}"  # its digits are blanked by whoever blanks codes of support
    if person.way is Way.SMS:
        said = gettext_for(language)(SMS_TEXT) % params
        await sms.send(tx, recipient=person.key, text=said, now=now, unique_key=unique_key)
    else:
        await notices.send(
            tx, recipient=person.key, language=language, template=Template.OWN_DATA_CODE, params=params, now=now,
            unique_key=unique_key,
        )  # fmt: skip
    return person


async def is_right(tx: Transaction, house: House, person: Whose, code: str, now: datetime) -> bool:
    """Compare a code, once. Whoever calls must commit also when it is wrong: the try counts."""
    key = _keyed(house.secrets, "whose", f"{person.way}:{person.key}")
    rows = await tx.rows(TRY, key, now, TRIES_MAX)
    given = "".join(each for each in code if each.isdecimal() and each.isascii())[: DIGITS + 1]
    if not rows or not hmac.compare_digest(_keyed(house.secrets, str(rows[0]["id"]), given), bytes(rows[0]["digest"])):
        return False
    await tx.execute(USED, rows[0]["id"], now)
    return True


async def told_of(tx: Transaction, person: Whose, now: datetime) -> dict[str, Any]:
    """Return what support has of an address or number that was proved: plain values, files as base64. Audited."""
    cases = [row["id"] for row in await tx.rows(CASES[person.way], person.key)]
    told: dict[str, Any] = {"handed_out_at": now, **await privacy.told_of_cases(tx, cases)}
    for name, sql in BESIDE[person.way].items():
        told[name] = list(await tx.values(sql, person.key))
    for case_id in cases:
        await audit.write(tx, Actor("anonymous"), "case.data_handed_out", "support_case", case_id, at=now)
    return told


async def remove(tx: Transaction, person: Whose, now: datetime) -> int:
    """Remove it; return of how many cases. Raises `Conflict` while one of them is open."""
    cases = await tx.rows(CASES[person.way], person.key)
    if any(row["state"] != "closed" for row in cases):
        raise Conflict("A case is still open.", remedy="Write in it that you want it closed, and come back then.")
    ids: list[UUID] = [row["id"] for row in cases]
    await privacy.remove_cases(tx, ids)
    for sql in GONE[person.way]:
        await tx.execute(sql, person.key)
    for case_id in ids:
        await audit.write(tx, Actor("anonymous"), "case.data_removed", "support_case", case_id, at=now)
    return len(ids)


async def forget(tx: Transaction, now: datetime) -> None:
    """Forget codes that are old."""
    await tx.execute(FORGET, now - KEPT)


def _keyed(secrets: Secrets, about: str, text: str) -> bytes:
    """Return a digest that nobody without our key can guess at."""
    return hashlib.blake2b(f"own-data:{about}:{text}".encode(), key=secrets.link_key[:64], digest_size=16).digest()

"""Codes, and what support has of an address or number that belongs to no account, in PostgreSQL. SQL, nothing else."""

# ruff: noqa: S608 - SQL made of the constants of this file

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from laddverk.platform.database import Transaction
from laddverk.support.codes import Way
from laddverk.support.own_data.model import Person

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


async def is_known(tx: Transaction, person: Person) -> bool:
    """Whether support has anything of a person."""
    return bool(await tx.value(KNOWS[person.way], person.key))


async def cases(tx: Transaction, person: Person) -> list[tuple[UUID, str]]:
    """Return (id, state) of a person's cases, the oldest first, locked until `tx` ends."""
    return [(row["id"], row["state"]) for row in await tx.rows(CASES[person.way], person.key)]


async def told_beside(tx: Transaction, person: Person) -> dict[str, list[Any]]:
    """Return what support has of a person beside cases, by what it is: plain values."""
    return {name: list(await tx.values(sql, person.key)) for name, sql in BESIDE[person.way].items()}


async def remove_beside(tx: Transaction, person: Person) -> None:
    """Remove what support has of a person beside cases."""
    for sql in GONE[person.way]:
        await tx.execute(sql, person.key)


async def sent_since(tx: Transaction, whose: bytes, since: datetime) -> int:
    """Return how many codes went to a person since then."""
    return int(await tx.value(LATELY, whose, since))


async def add_code(
    tx: Transaction, code_id: UUID, way: Way, whose: bytes, digest: bytes, sent_at: datetime, expires_at: datetime
) -> None:
    """Keep a code; an earlier one of the same person is good no more."""
    await tx.execute(SUPERSEDE, whose, sent_at)
    await tx.execute(ADD, code_id, way, whose, digest, sent_at, expires_at)


async def tried(tx: Transaction, whose: bytes, now: datetime, tries_max: int) -> tuple[UUID, bytes] | None:
    """Count a try at a person's newest code; return its id and digest. None where no code is awaited."""
    rows: Sequence[Any] = await tx.rows(TRY, whose, now, tries_max)
    return (rows[0]["id"], bytes(rows[0]["digest"])) if rows else None


async def use(tx: Transaction, code_id: UUID, now: datetime) -> None:
    """Note that a code was used: it is good once."""
    await tx.execute(USED, code_id, now)


async def forget(tx: Transaction, before: datetime) -> None:
    """Forget codes that were sent before then."""
    await tx.execute(FORGET, before)

"""Codes, and what support has of an address or number that belongs to no account, in PostgreSQL. SQL, nothing else."""

# ruff: noqa: S608 - SQL made of the constants of this file

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from laddverk.platform.database import Transaction
from laddverk.support import privacy
from laddverk.support.codes import Way
from laddverk.support.own_data.model import Person

# Addresses of cases, chats, those who write to us and accounts are kept in small letters; those we write to as given.
BY_ADDRESS: Final = "driver_id IS NULL AND contact_email <> '' AND contact_email = $1"
BY_NUMBER: Final = "driver_id IS NULL AND contact_phone <> '' AND phone_key(contact_phone) = phone_key($1)"
NO_ACCOUNT: Final = """NOT EXISTS (SELECT FROM driver
    WHERE driver.phone <> '' AND phone_key(driver.phone) = phone_key($1))"""
KNOWS: Final = {
    "email": f"""SELECT EXISTS (SELECT FROM support_case WHERE {BY_ADDRESS})
        OR EXISTS (SELECT FROM chat WHERE {BY_ADDRESS})
        OR EXISTS (SELECT FROM support_mail WHERE sender = $1 AND case_id IS NULL)""",
    "sms": f"""SELECT EXISTS (SELECT FROM support_case WHERE {BY_NUMBER})
        OR EXISTS (SELECT FROM phone_call WHERE driver_id IS NULL AND phone <> '' AND phone_key(phone) = phone_key($1))
        OR EXISTS (SELECT FROM chat WHERE {BY_NUMBER})
        OR EXISTS (SELECT FROM text_message WHERE phone_key(phone) = phone_key($1) AND {NO_ACCOUNT})""",
}
CASES: Final = {
    "email": f"SELECT id, state FROM support_case WHERE {BY_ADDRESS} ORDER BY created_at FOR UPDATE",
    "sms": f"SELECT id, state FROM support_case WHERE {BY_NUMBER} ORDER BY created_at FOR UPDATE",
}
LOOSE_MAILS: Final = "sender = $1 AND case_id IS NULL"
OUR_MAILS: Final = "lower(recipient) = $1 AND NOT EXISTS (SELECT FROM driver WHERE driver.email = $1)"
DEAD: Final = "address = $1"
CALLS: Final = "driver_id IS NULL AND phone <> '' AND phone_key(phone) = phone_key($1)"
TEXTS: Final = f"""phone_key(phone) = phone_key($1) AND {NO_ACCOUNT}"""
# What is handed out and what is removed go by the same conditions: a test holds that they name the same tables.
BESIDE: Final[dict[str, dict[str, str]]] = {
    "email": {
        "support_mail": privacy.with_content("support_mail", LOOSE_MAILS, "at, id", "raw", " - 'words'"),
        "support_dead_address": f"SELECT to_jsonb(one) AS told FROM support_dead_address AS one WHERE {DEAD}",
        **privacy.chats_told(BY_ADDRESS),
        "mail": f"""SELECT to_jsonb(one) - 'unique_key' AS told FROM mail AS one WHERE {OUR_MAILS}
            ORDER BY created_at, id""",
    },
    "sms": {
        **privacy.calls_told(CALLS),
        **privacy.chats_told(BY_NUMBER),
        "text_message": f"""SELECT to_jsonb(one) - 'unique_key' AS told FROM text_message AS one WHERE {TEXTS}
            ORDER BY created_at, id""",
    },
}
GONE: Final[dict[str, dict[str, str]]] = {
    "email": {
        "support_mail": f"DELETE FROM support_mail WHERE {LOOSE_MAILS}",
        "support_dead_address": f"DELETE FROM support_dead_address WHERE {DEAD}",
        "chat": f"DELETE FROM chat WHERE {BY_ADDRESS}",
        "mail": f"""UPDATE mail SET recipient = '', subject = '–', body_text = '', body_html = '', error = NULL,
            thread = '{{}}' WHERE {OUR_MAILS}""",
    },
    "sms": {
        "phone_recording": f"""DELETE FROM phone_recording
            WHERE call_id IN (SELECT id FROM phone_call WHERE {CALLS})""",
        "phone_call": f"UPDATE phone_call SET phone = '', menu = '{{}}' WHERE {CALLS}",
        "chat": f"DELETE FROM chat WHERE {BY_NUMBER}",
        "text_message": f"DELETE FROM text_message WHERE {TEXTS}",
    },
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
    """Return what support has of a person beside cases, by table: plain values, files as base64."""
    return {name: list(await tx.values(sql, person.key)) for name, sql in BESIDE[person.way].items()}


async def remove_beside(tx: Transaction, person: Person) -> None:
    """Remove what support has of a person beside cases."""
    for sql in GONE[person.way].values():
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

"""What support knows of a driver: handed out whole, removed when they ask, and forgotten by itself when it is old.

What was removed leaves the bare case behind (its number, times, charger and outcome), so that figures stay true.
`HANDED_OUT`, `REMOVED` (each with what is beside cases) and `KEPT` together name every table that knows a case, a chat
or a call: a test says so.
"""

# ruff: noqa: S608 - SQL made of the constants of this file

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

GONE: Final = "–"
"""What stands where something was removed."""
REASON_MAX: Final = 500
BYTES_MAX: Final = 50_000_000  # of files and recordings in one export: more is asked for one by one
READ_AGAIN: Final = timedelta(hours=1)  # who keeps a case open reads it once
BATCH: Final = 500  # cases forgotten in one go


def with_content(table: str, where: str, order: str, column: str = "content", hidden: str = "") -> str:
    """Return the SQL that hands out rows with a file in them: base64, as long as there is room for it."""
    return f"""
        SELECT to_jsonb(one) - '{column}'{hidden} || jsonb_build_object('{column}',
            CASE WHEN sum(length({column})) OVER (ORDER BY at, id) <= {BYTES_MAX}
                 THEN encode({column}, 'base64') END) AS told
        FROM {table} AS one WHERE {where} ORDER BY {order}
    """


def spoken(where: str) -> dict[str, str]:
    """Return the SQL that hands out chats and calls of which a condition holds, with what is theirs, by table."""
    return chats_told(where) | calls_told(where)


def chats_told(where: str) -> dict[str, str]:
    """Return the SQL that hands out chats, with their lines and photos, by table."""
    chats = f"chat_id IN (SELECT id FROM chat WHERE {where})"
    return {
        "chat": f"SELECT to_jsonb(one) AS told FROM chat AS one WHERE {where} ORDER BY opened_at",
        "chat_line": f"SELECT to_jsonb(one) AS told FROM chat_line AS one WHERE {chats} ORDER BY chat_id, at, id",
        "chat_picture": with_content("chat_picture", chats, "at, id"),
    }


def calls_told(where: str) -> dict[str, str]:
    """Return the SQL that hands out calls, with their recordings, by table."""
    calls = f"call_id IN (SELECT id FROM phone_call WHERE {where})"
    return {
        "phone_call": f"""
            SELECT to_jsonb(one) - 'menu' AS told FROM phone_call AS one WHERE {where} ORDER BY started_at
        """,
        "phone_recording": with_content("phone_recording", calls, "at, id", hidden=" - 'url'"),
    }


HANDED_OUT: Final = {
    "support_case": """
        SELECT to_jsonb(one) - 'words' AS told FROM support_case AS one WHERE id = ANY($1) ORDER BY created_at
    """,
    "case_entry": """
        SELECT to_jsonb(one) - 'words' AS told FROM case_entry AS one
        WHERE case_id = ANY($1) ORDER BY case_id, at, id
    """,
    "support_mail": with_content("support_mail", "case_id = ANY($1)", "at, id", "raw", " - 'words'"),
    "support_attachment": with_content("support_attachment", "case_id = ANY($1)", "at, id"),
    **spoken("case_id = ANY($1)"),
    "text_message": """
        SELECT to_jsonb(one) - 'unique_key' AS told FROM text_message AS one
        WHERE case_id = ANY($1) ORDER BY created_at, id
    """,
    "support_rating": "SELECT to_jsonb(one) AS told FROM support_rating AS one WHERE case_id = ANY($1) ORDER BY at",
    "support_outgoing": """
        SELECT to_jsonb(one) AS told FROM support_outgoing AS one WHERE case_id = ANY($1) ORDER BY send_at
    """,
    "case_deed": "SELECT to_jsonb(one) AS told FROM case_deed AS one WHERE case_id = ANY($1) ORDER BY at",
    "driver_report": with_content(
        "driver_report", "id IN (SELECT report_id FROM support_case WHERE id = ANY($1))", "at, id", "photo",
        " - 'person_key'",
    ),
    "mail": """
        SELECT to_jsonb(one) - 'unique_key' AS told FROM mail AS one
        WHERE id IN (SELECT mail_id FROM case_entry WHERE case_id = ANY($1)) ORDER BY created_at, id
    """,
    "support_contact": "SELECT to_jsonb(one) AS told FROM support_contact AS one WHERE case_id = ANY($1) ORDER BY at",
    "support_code": """
        SELECT to_jsonb(one) - 'digest' AS told FROM support_code AS one WHERE case_id = ANY($1) ORDER BY sent_at
    """,
    "support_dead_address": """
        SELECT to_jsonb(one) AS told FROM support_dead_address AS one WHERE case_id = ANY($1) ORDER BY at
    """,
}  # fmt: skip
"""What is handed out of cases ($1: their ids), by table: `told` is a row of it."""

_BESIDE: Final = "(case_id IS NULL OR case_id NOT IN (SELECT id FROM support_case WHERE driver_id = $1))"
HANDED_OUT_BESIDE: Final = {
    **spoken(f"driver_id = $1 AND {_BESIDE}"),
    "text_message": f"""
        SELECT to_jsonb(one) - 'unique_key' AS told FROM text_message AS one
        WHERE {_BESIDE} AND phone_key(phone) = (SELECT phone_key(phone) FROM driver WHERE id = $1 AND phone <> '')
        ORDER BY created_at, id
    """,
    "support_contact": f"""
        SELECT to_jsonb(one) AS told FROM support_contact AS one WHERE driver_id = $1 AND {_BESIDE} ORDER BY at
    """,
    "support_code": f"""
        SELECT to_jsonb(one) - 'digest' AS told FROM support_code AS one
        WHERE driver_id = $1 AND {_BESIDE} ORDER BY sent_at
    """,
    "driver_plate": "SELECT to_jsonb(one) AS told FROM driver_plate AS one WHERE driver_id = $1 ORDER BY plate",
}
"""What is handed out of a driver ($1) beside their cases."""

REMOVED: Final = {
    "support_mail": "DELETE FROM support_mail WHERE case_id = ANY($1)",
    "support_attachment": "DELETE FROM support_attachment WHERE case_id = ANY($1)",
    "chat": "DELETE FROM chat WHERE case_id = ANY($1)",
    "phone_recording": """
        DELETE FROM phone_recording WHERE call_id IN (SELECT id FROM phone_call WHERE case_id = ANY($1))
    """,
    "phone_call": "UPDATE phone_call SET phone = '', driver_id = NULL, menu = '{}' WHERE case_id = ANY($1)",
    "text_message": "DELETE FROM text_message WHERE case_id = ANY($1)",
    "support_contact": "UPDATE support_contact SET driver_id = NULL WHERE case_id = ANY($1)",
    "support_rating": "UPDATE support_rating SET reason = '' WHERE case_id = ANY($1)",
    "support_code": "DELETE FROM support_code WHERE case_id = ANY($1)",
    "support_outgoing": "DELETE FROM support_outgoing WHERE case_id = ANY($1)",
    "support_merge": "DELETE FROM support_merge WHERE case_id = ANY($1) OR into_id = ANY($1)",
    "support_dead_address": "DELETE FROM support_dead_address WHERE case_id = ANY($1)",
    "case_deed": "UPDATE case_deed SET detail = '', reason = '' WHERE case_id = ANY($1)",
    "mail_file": """
        DELETE FROM mail_file WHERE mail_id IN (SELECT mail_id FROM case_entry WHERE case_id = ANY($1))
    """,
    "mail": f"""
        UPDATE mail SET recipient = '', subject = '{GONE}', body_text = '', body_html = '', error = NULL
        WHERE id IN (SELECT mail_id FROM case_entry WHERE case_id = ANY($1) AND mail_id IS NOT NULL)
    """,
    "driver_report": """
        UPDATE driver_report SET text = '', photo = NULL
        WHERE id IN (SELECT report_id FROM support_case WHERE id = ANY($1) AND report_id IS NOT NULL)
    """,
    "case_entry": f"""
        UPDATE case_entry SET body = CASE body WHEN '' THEN '' ELSE '{GONE}' END, reference = '',
            by_name = CASE by_kind WHEN 'driver' THEN '' ELSE by_name END,
            params = params - 'email' - 'phone' - 'hint' - 'to' - 'words'
        WHERE case_id = ANY($1)
    """,
    "support_case": f"""
        UPDATE support_case SET subject = '{GONE}', contact_name = '', contact_email = '', contact_phone = '',
            driver_id = NULL, verified = '', tell_when_mended = false, tags = '{{}}' WHERE id = ANY($1)
    """,
}
"""What is removed with cases ($1: their ids), in this order: the rows that the others are found by come last."""
OF_DRIVER: Final = {
    "chat": "DELETE FROM chat WHERE driver_id = $1",
    "phone_recording": """
        DELETE FROM phone_recording WHERE call_id IN (SELECT id FROM phone_call WHERE driver_id = $1)
    """,
    "phone_call": "UPDATE phone_call SET phone = '', driver_id = NULL, menu = '{}' WHERE driver_id = $1",
    "text_message": """
        DELETE FROM text_message
        WHERE phone_key(phone) = (SELECT phone_key(phone) FROM driver WHERE id = $1 AND phone <> '')
    """,
    "support_contact": "UPDATE support_contact SET driver_id = NULL WHERE driver_id = $1",
    "support_code": "DELETE FROM support_code WHERE driver_id = $1",
    "driver_plate": "DELETE FROM driver_plate WHERE driver_id = $1",
}
"""What is removed beside cases, of one driver ($1)."""
KEPT: Final = {
    "chat_line": "goes with its chat",
    "chat_picture": "goes with its chat",
    "support_late": "a promise that was broken: a time, and no name",
    "support_relation": "two numbers of cases",
    "support_presence": "who of ours looks at a case; worth nothing after a minute",
    "support_outgoing_file": "goes with its answer; once that is sent, it is a file of the case",
    "situation_step": "what was done at a charger by itself",
}
"""What stays, and why: it says nothing of the person, or goes with what is removed."""

NOT_HANDED_OUT: Final = {
    "support_merge": "which cases were one for a while: their words stand in the cases",
    "mail_file": "a file of the case, until the mail that carries it has left",
}
"""What is removed and not handed out, and why; a test holds that there is nothing else."""

CASES: Final = "SELECT id, state FROM support_case WHERE driver_id = $1 FOR UPDATE"
CASES_OF: Final = "SELECT id FROM support_case WHERE driver_id = $1"
IS_DRIVER: Final = "SELECT EXISTS (SELECT FROM driver WHERE id = $1)"
OLD: Final = f"""
SELECT id FROM support_case WHERE state = 'closed' AND closed_at < $1 AND subject <> '{GONE}'
ORDER BY closed_at LIMIT {BATCH} FOR UPDATE
"""
FORGET_MAILS: Final = """
DELETE FROM support_mail USING support_case
WHERE support_case.id = support_mail.case_id AND support_case.state = 'closed' AND support_case.closed_at < $1
"""
FORGET_FILES: Final = """
DELETE FROM support_attachment USING support_case
WHERE support_case.id = support_attachment.case_id AND support_case.state = 'closed' AND support_case.closed_at < $1
"""
READ_LATELY: Final = """
SELECT EXISTS (SELECT FROM audit_log WHERE object_id = $1 AND action = $4 AND actor_id = $2 AND at > $3)
"""


async def told_of(tx: Transaction, driver_id: UUID) -> dict[str, list[Any]]:
    """Return what support knows of a driver, by table: plain values; files, raw mails and recordings as base64."""
    told = await told_of_cases(tx, list(await tx.values(CASES_OF, driver_id)))
    return joined(told, {name: list(await tx.values(sql, driver_id)) for name, sql in HANDED_OUT_BESIDE.items()})


async def told_of_cases(tx: Transaction, cases: Sequence[UUID]) -> dict[str, list[Any]]:
    """Return what stands in cases, by table, as `told_of`."""
    return {name: list(await tx.values(sql, list(cases))) for name, sql in HANDED_OUT.items()}


def joined(of_cases: dict[str, list[Any]], beside: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return what is told of cases and beside them, by table, each row once. Pure."""
    more = {name: [row for row in rows if row not in of_cases.get(name, [])] for name, rows in beside.items()}
    return of_cases | {name: of_cases.get(name, []) + rows for name, rows in more.items()}


async def remove(tx: Transaction, actor: Actor, driver_id: UUID, reason: str, now: datetime) -> int:
    """Remove what support knows of a driver; return of how many cases. What was paid and refunded stays in the books.

    Needs drivers:write and the whole network. Raises `NotFound`, `Invalid` (field reason), `Conflict` while a case is
    open: somebody still works on it.
    """
    actor.require(Permission.DRIVERS_WRITE)
    actor.require_everywhere()
    if not await tx.value(IS_DRIVER, driver_id):
        raise NotFound("There is no such driver.")
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    cases = [(row["id"], row["state"]) for row in await tx.rows(CASES, driver_id)]
    if any(state != "closed" for _, state in cases):
        raise Conflict("A case of theirs is still open.", remedy="Close it first.")
    await remove_cases(tx, [identity for identity, _ in cases])
    await remove_beside_cases(tx, driver_id)
    detail = {"cases": len(cases)}
    await audit.write(
        tx, actor, "driver.support_data_removed", "driver", driver_id, at=now, reason=reason.strip()[:REASON_MAX],
        detail=detail,
    )  # fmt: skip
    return len(cases)


async def forget_old(tx: Transaction, cases_before: datetime, files_before: datetime) -> int:
    """Remove what closed cases hold of people when it is old; their files and raw mails sooner. Return how many."""
    old = [row["id"] for row in await tx.rows(OLD, cases_before)]
    await remove_cases(tx, old)
    await tx.execute(FORGET_FILES, files_before)
    await tx.execute(FORGET_MAILS, files_before)
    return len(old)


async def note_read(tx: Transaction, actor: Actor, case_id: UUID, now: datetime) -> None:
    """Log that somebody read a case; who has it open all the time reads it once an hour."""
    await _note_read(tx, actor, "case.read", "support_case", case_id, now)


async def note_chat_read(tx: Transaction, actor: Actor, chat_id: UUID, now: datetime) -> None:
    """Log that somebody read a chat, as `note_read` does of a case."""
    await _note_read(tx, actor, "chat.read", "chat", chat_id, now)


async def _note_read(tx: Transaction, actor: Actor, deed: str, kind: str, object_id: UUID, now: datetime) -> None:
    if actor.id is not None and not await tx.value(READ_LATELY, object_id, actor.id, now - READ_AGAIN, deed):
        await audit.write(tx, actor, deed, kind, object_id, at=now)


async def remove_cases(tx: Transaction, cases: Sequence[UUID]) -> None:
    """Remove what cases hold of people: nobody is asked and nothing is audited here."""
    if cases:
        for sql in REMOVED.values():
            await tx.execute(sql, list(cases))


async def remove_beside_cases(tx: Transaction, driver_id: UUID) -> None:
    """Remove what support knows of a driver beside cases."""
    for sql in OF_DRIVER.values():
        await tx.execute(sql, driver_id)

"""Answers that wait for their time: written now, sent later, taken back until then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import rules, service, store, words
from laddverk.support.attachments import Sent
from laddverk.support.model import Entry, EntryKind

UNDO_FOR: Final = timedelta(seconds=20)  # what one sees at once that one should not have written
AHEAD_MAX: Final = timedelta(days=90)
BATCH: Final = 100

ADD_FILE: Final = """
INSERT INTO support_outgoing_file (id, outgoing_id, name, media_type, content) VALUES ($1, $2, $3, $4, $5)
"""
FILES: Final = "SELECT id, name, media_type, content FROM support_outgoing_file WHERE outgoing_id = $1 ORDER BY id"
DROP_FILES: Final = "DELETE FROM support_outgoing_file WHERE outgoing_id = $1"
ADD: Final = """
INSERT INTO support_outgoing (id, case_id, operator_id, operator_name, body, written_at, send_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
WAITING: Final = """
SELECT id, operator_name, body, written_at, send_at, ARRAY(
    SELECT name FROM support_outgoing_file WHERE outgoing_id = support_outgoing.id ORDER BY id) AS files
FROM support_outgoing
WHERE case_id = $1 AND sent_at IS NULL AND withdrawn_at IS NULL ORDER BY send_at LIMIT 20
"""
WITHDRAW: Final = """
UPDATE support_outgoing SET withdrawn_at = $3
WHERE id = $2 AND case_id = $1 AND sent_at IS NULL AND withdrawn_at IS NULL RETURNING body
"""
DUE: Final = """
SELECT id, case_id, operator_id, operator_name, body FROM support_outgoing
WHERE send_at <= $1 AND sent_at IS NULL AND withdrawn_at IS NULL ORDER BY send_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
SENT: Final = "UPDATE support_outgoing SET sent_at = $2, error = $3 WHERE id = $1"


class Outgoing(Struct, frozen=True):
    """An answer that waits."""

    id: UUID
    operator_name: str
    body: str
    written_at: datetime
    send_at: datetime
    files: tuple[str, ...] = ()


class _Due(Struct, frozen=True):
    id: UUID
    case_id: UUID
    operator_id: UUID | None
    operator_name: str
    body: str


async def schedule(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, text: str, send_at: datetime, now: datetime,
    files: Sequence[Sent] = (),
) -> None:  # fmt: skip
    """Let an answer be sent later, with files. Raises `Invalid` (fields reply, send_at), `NotFound`."""
    case = await service.worked_on(tx, actor, case_id)
    body = rules.checked_text(text, "reply")
    if not now < send_at <= now + AHEAD_MAX:
        raise Invalid("Choose a time to come, within 90 days.", field="send_at")
    identity = new_id()
    await tx.execute(ADD, identity, case.id, actor.id, actor.name, body, now, send_at)
    for one in files:
        await tx.execute(ADD_FILE, one.id, identity, one.name, one.media_type, one.content)
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=words.SCHEDULED,
        params={"who": actor.name or actor.kind, "send_at": send_at},
    )  # fmt: skip
    await service.keep(tx, actor, case, [entry], "reply_scheduled", now, house.hints)


async def waiting(tx: Transaction, case_id: UUID) -> Sequence[Outgoing]:
    """Return the answers of a case that wait for their time."""
    return await tx.fetch(Outgoing, WAITING, case_id)


async def withdraw(tx: Transaction, house: House, actor: Actor, case_id: UUID, identity: UUID, now: datetime) -> str:
    """Take an answer back before it is sent, and return its words. Raises `NotFound` for one that is gone."""
    case = await service.worked_on(tx, actor, case_id)
    body = await tx.value(WITHDRAW, case.id, identity, now)
    if body is None:
        raise NotFound("There is no answer that waits.")
    await tx.execute(DROP_FILES, identity)
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=words.WITHDRAWN,
        params={"who": actor.name or actor.kind},
    )  # fmt: skip
    await service.keep(tx, actor, case, [entry], "reply_withdrawn", now, house.hints)
    return str(body)


async def send_due(tx: Transaction, house: House, now: datetime) -> int:
    """Send the answers whose time has come; return how many. One that cannot be sent says so on its case."""
    due = await tx.fetch(_Due, DUE, now, BATCH)
    for one in due:
        actor = Actor("operator", one.operator_id, one.operator_name, PERMISSIONS[Role.SUPPORT])
        error = ""
        try:
            async with tx.savepoint():
                files = await tx.fetch(Sent, FILES, one.id)
                await service.reply(tx, house, actor, one.case_id, one.body, now, files=files)
        except Problem as problem:
            error = str(problem)
            entry = Entry(
                case_id=one.case_id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=words.NOT_SENT,
                params={"why": error}, body=one.body,
            )  # fmt: skip
            await store.add(tx, [entry])
            await audit.write(tx, actor, "case.reply_failed", "support_case", one.case_id, at=now, reason=error[:200])
        await tx.execute(SENT, one.id, now, error)
        await tx.execute(DROP_FILES, one.id)
    return len(due)

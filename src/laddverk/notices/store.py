"""Mails in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.ids import MailId
from laddverk.notices.model import Mail, MailFile, Template, Thread, Written
from laddverk.platform.database import Transaction

INSERT: Final = """
INSERT INTO mail (id, recipient, language, template, subject, body_text, body_html, created_at, unique_key,
                  thread)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (unique_key) DO NOTHING RETURNING id
"""
UNSENT: Final = """
SELECT id, recipient, language, subject, body_text, body_html, created_at, thread FROM mail
WHERE id = ANY($1) AND sent_at IS NULL ORDER BY created_at, id FOR UPDATE SKIP LOCKED
"""
LAST_WRITTEN: Final = "SELECT max(created_at) FROM mail WHERE template = $1"
MARK_SENT: Final = "UPDATE mail SET sent_at = $2, error = NULL WHERE id = ANY($1)"
MARK_FAILED: Final = "UPDATE mail SET error = $2 WHERE id = $1"
ADD_FILE: Final = "INSERT INTO mail_file (mail_id, place, name, media_type, content) VALUES ($1, $2, $3, $4, $5)"
FILES: Final = "SELECT name, media_type, content FROM mail_file WHERE mail_id = $1 ORDER BY place"
DROP_FILES: Final = "DELETE FROM mail_file WHERE mail_id = ANY($1)"
FORGET_FILES: Final = "DELETE FROM mail_file USING mail WHERE mail.id = mail_file.mail_id AND mail.created_at < $1"


async def insert(
    tx: Transaction,
    mail_id: MailId,
    recipient: str,
    language: str,
    template: Template,
    words: Written,
    now: datetime,
    unique_key: str | None,
    thread: Thread,
) -> bool:
    """Keep a mail; return False when its key was used before."""
    found = await tx.value(
        INSERT,
        mail_id,
        recipient,
        language,
        template,
        words.subject,
        words.body_text,
        words.body_html,
        now,
        unique_key,
        thread,
    )
    return found is not None


async def add_files(tx: Transaction, mail_id: MailId, files: Sequence[MailFile]) -> None:
    """Keep the files of a mail until it has left."""
    for place, one in enumerate(files):
        await tx.execute(ADD_FILE, mail_id, place, one.name, one.media_type, one.content)


async def drop_files(tx: Transaction, mail_ids: Sequence[MailId]) -> None:
    """Forget the files of mails that have left, or never will."""
    await tx.execute(DROP_FILES, mail_ids)


async def forget_files(tx: Transaction, before: datetime) -> None:
    """Forget the files of mails that were written before and never left."""
    await tx.execute(FORGET_FILES, before)


async def last_written(tx: Transaction, template: Template) -> datetime | None:
    """Return when the newest mail from a template was written."""
    found: datetime | None = await tx.value(LAST_WRITTEN, template)
    return found


async def unsent(tx: Transaction, mail_ids: Sequence[MailId]) -> list[Mail]:
    """Return those of `mail_ids` not sent yet, without files, locked; what another sender holds is left out."""
    return await tx.fetch(Mail, UNSENT, mail_ids)


async def with_files(tx: Transaction, mail: Mail) -> Mail:
    """Return a mail with its files, which may be many megabytes: of one mail at a time."""
    return replace(mail, files=tuple(await tx.fetch(MailFile, FILES, mail.id)))


async def mark_sent(tx: Transaction, mail_ids: Sequence[MailId], at: datetime) -> None:
    """Note that a server took these mails."""
    await tx.execute(MARK_SENT, mail_ids, at)


async def mark_failed(tx: Transaction, mail_id: MailId, error: str) -> None:
    """Note why a mail could not be sent, for people to see."""
    await tx.execute(MARK_FAILED, mail_id, error)

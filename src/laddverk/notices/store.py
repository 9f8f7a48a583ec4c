"""Mails in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from laddverk.kernel.ids import MailId
from laddverk.notices.model import Mail, Template, Thread, Written
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


async def last_written(tx: Transaction, template: Template) -> datetime | None:
    """Return when the newest mail from a template was written."""
    found: datetime | None = await tx.value(LAST_WRITTEN, template)
    return found


async def unsent(tx: Transaction, mail_ids: Sequence[MailId]) -> list[Mail]:
    """Return those of `mail_ids` that were not sent, locked; what another sender holds is left out."""
    return await tx.fetch(Mail, UNSENT, mail_ids)


async def mark_sent(tx: Transaction, mail_ids: Sequence[MailId], at: datetime) -> None:
    """Note that a server took these mails."""
    await tx.execute(MARK_SENT, mail_ids, at)


async def mark_failed(tx: Transaction, mail_id: MailId, error: str) -> None:
    """Note why a mail could not be sent, for people to see."""
    await tx.execute(MARK_FAILED, mail_id, error)

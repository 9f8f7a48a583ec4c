"""What screens ask of the notices: the mails that were written, newest first. Reads only."""

from __future__ import annotations

from uuid import UUID

from laddverk.notices.model import Mail
from laddverk.platform.database import Transaction

MAILS = "SELECT * FROM mail ORDER BY created_at DESC, id DESC LIMIT $1"

MAIL = "SELECT * FROM mail WHERE id = $1"


async def mails(tx: Transaction, *, limit: int) -> list[Mail]:
    """Return the newest mails."""
    return await tx.fetch(Mail, MAILS, limit)


async def mail(tx: Transaction, mail_id: UUID) -> Mail | None:
    """Return one mail, or None."""
    return await tx.fetch_one(Mail, MAIL, mail_id)

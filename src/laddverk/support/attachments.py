"""Files that came with what somebody wrote. They are foreign: only pictures are shown, all else is handed out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid
from laddverk.platform.database import Transaction

SIZE_MAX: Final = 10 * 1024 * 1024
FILES_MAX: Final = 10  # of one message
NAME_MAX: Final = 120
PICTURES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""How pictures begin. What only says that it is one is none."""
OTHER: Final = "application/octet-stream"

KEEP: Final = """
INSERT INTO support_attachment (id, case_id, entry_id, at, name, media_type, content)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
OF_CASE: Final = """
SELECT id, entry_id, at, name, media_type, length(content) AS size FROM support_attachment
WHERE case_id = $1 ORDER BY at, id LIMIT 500
"""
ONE: Final = "SELECT name, media_type, content FROM support_attachment WHERE case_id = $1 AND id = $2"


class Attachment(Struct, frozen=True, kw_only=True):
    """A file of a case, without what is in it."""

    id: UUID
    entry_id: UUID
    at: datetime
    name: str
    media_type: str
    size: int

    @property
    def is_picture(self) -> bool:
        """Whether it may be shown."""
        return self.media_type.startswith("image/")


class Content(Struct, frozen=True):
    """A file with what is in it."""

    name: str
    media_type: str
    content: bytes


def media_type_of(content: bytes) -> str:
    """Return the type of a picture by how it begins; for all else, that of bytes that nobody opens by themselves."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begins, kind in PICTURES.items() if content.startswith(begins)), OTHER)


async def keep(
    tx: Transaction, case_id: UUID, entry_id: UUID, name: str, content: bytes, now: datetime
) -> UUID:  # fmt: skip
    """Keep a file of an entry; return its id. Raises `Invalid` (field file) for one that is empty or too large."""
    if not 0 < len(content) <= SIZE_MAX:
        raise Invalid("The file is empty or too large.", field="file", remedy="At most 10 MB.")
    plain = "".join(each for each in name if each.isprintable() and each not in '/\\"<>|:*?').strip(" .")[-NAME_MAX:]
    identity = new_id()
    await tx.execute(KEEP, identity, case_id, entry_id, now, plain or "file", media_type_of(content), content)
    return identity


async def of_case(tx: Transaction, case_id: UUID) -> Sequence[Attachment]:
    """Return the files of a case, the oldest first."""
    return await tx.fetch(Attachment, OF_CASE, case_id)


async def one(tx: Transaction, case_id: UUID, attachment_id: UUID) -> Content | None:
    """Return a file of a case, or None."""
    return await tx.fetch_one(Content, ONE, case_id, attachment_id)

"""Files that came with what somebody wrote: only pictures are shown, all else is handed out, for they are foreign.

What somebody of ours sends with an answer is kept likewise, and is a picture or a PDF.
"""

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
PDF: Final = "application/pdf"
PDF_BEGINS: Final = b"%PDF-"
ANSWER_FILES_MAX: Final = 5  # of one answer
ANSWER_BYTES_MAX: Final = 15 * 1024 * 1024  # of one answer: a third more in a mail, and most servers take 25 MB

KEEP: Final = """
INSERT INTO support_attachment (id, case_id, entry_id, at, name, media_type, content)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
# What a driver sees of a case, by the entries that they see.
OF_ENTRY: Final = """
SELECT id, entry_id, at, name, media_type, length(content) AS size FROM support_attachment
WHERE case_id IN (SELECT $1 UNION ALL SELECT id FROM support_case WHERE merged_into_id = $1) AND entry_id = ANY($2)
ORDER BY at, id LIMIT 500
"""
SIZES: Final = """
SELECT id, length(content) AS size FROM support_attachment WHERE id = ANY($1) ORDER BY array_position($1, id)
"""
SOME: Final = """
SELECT id, name, media_type, content FROM support_attachment WHERE id = ANY($1) ORDER BY array_position($1, id)
"""
SAID_ONE: Final = """
SELECT name, media_type, content FROM support_attachment
WHERE id = $2 AND case_id IN (SELECT $1 UNION ALL SELECT id FROM support_case WHERE merged_into_id = $1)
  AND entry_id IN (SELECT id FROM case_entry WHERE case_id = support_attachment.case_id
                   AND kind IN ('message_in', 'message_out'))
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
    def shown_id(self) -> str:
        """Its id as lines of a chat keep it."""
        return str(self.id)

    @property
    def is_picture(self) -> bool:
        """Whether it may be shown."""
        return self.media_type.startswith("image/")


class Sent(Struct, frozen=True):
    """A file that somebody of ours sends: checked."""

    id: UUID
    name: str
    media_type: str
    content: bytes


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
    identity = new_id()
    await tx.execute(KEEP, identity, case_id, entry_id, now, _plain(name), media_type_of(content), content)
    return identity


async def keep_sent(tx: Transaction, case_id: UUID, entry_id: UUID, files: Sequence[Sent], now: datetime) -> None:
    """Keep the files of an answer."""
    for one in files:
        await tx.execute(KEEP, one.id, case_id, entry_id, now, one.name, one.media_type, one.content)


def checked(given: Sequence[tuple[str, bytes]]) -> list[Sent]:
    """Return files, by name and content, that may go with an answer. Raises `Invalid` (field files).

    What one is, is told by how it begins: pictures and PDF are what every program opens, and no macro is in them.
    """
    if len(given) > ANSWER_FILES_MAX:
        raise Invalid("These are too many files.", field="files", remedy="At most five with one answer.")
    if sum(len(content) for _, content in given) > ANSWER_BYTES_MAX:
        raise Invalid("The files are too large together.", field="files", remedy="At most 15 MB with one answer.")
    return [Sent(new_id(), _plain(name), _sendable(name, content), content) for name, content in given]


def _sendable(name: str, content: bytes) -> str:
    if not 0 < len(content) <= SIZE_MAX:
        raise Invalid("The file is empty or too large.", field="files", remedy="At most 10 MB.")
    kind = PDF if content.startswith(PDF_BEGINS) else media_type_of(content)
    if kind == OTHER:
        raise Invalid(
            "%(name)s is no picture and no PDF.", field="files", remedy="Send a JPEG, PNG, WebP or PDF.",
            name=_plain(name),
        )  # fmt: skip
    return kind


def _plain(name: str) -> str:
    plain = "".join(each for each in name if each.isprintable() and each not in '/\\"<>|:*?').strip(" .")
    return plain[-NAME_MAX:] or "file"


async def of_case(tx: Transaction, case_id: UUID) -> Sequence[Attachment]:
    """Return the files of a case, the oldest first."""
    return await tx.fetch(Attachment, OF_CASE, case_id)


async def of_entries(tx: Transaction, case_id: UUID, entries: Sequence[UUID]) -> dict[UUID, list[Attachment]]:
    """Return the files of some entries of a case or of what was merged into it, by entry."""
    found: dict[UUID, list[Attachment]] = {}
    for each in await tx.fetch(Attachment, OF_ENTRY, case_id, list(entries)):
        found.setdefault(each.entry_id, []).append(each)
    return found


async def fitting(tx: Transaction, identities: Sequence[UUID]) -> list[Sent]:
    """Return as many files as one mail carries, in the order asked for; what does not fit is never read."""
    kept, size = list[UUID](), 0
    for row in await tx.rows(SIZES, list(identities)):
        if size + row["size"] <= ANSWER_BYTES_MAX:
            kept.append(row["id"])
            size += row["size"]
    return await tx.fetch(Sent, SOME, kept) if kept else []


async def said_one(tx: Transaction, case_id: UUID, attachment_id: UUID) -> Content | None:
    """Return a file that came with what driver and support said to each other in a case, or None."""
    return await tx.fetch_one(Content, SAID_ONE, case_id, attachment_id)


async def one(tx: Transaction, case_id: UUID, attachment_id: UUID) -> Content | None:
    """Return a file of a case, or None."""
    return await tx.fetch_one(Content, ONE, case_id, attachment_id)

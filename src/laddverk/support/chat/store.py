"""Chats and their lines in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.attachments import Content
from laddverk.support.chat.model import Chat, Line, Written
from laddverk.support.chat.rules import WHOLE_MAX

CHAT_COLUMNS: Final = (
    "id, opened_at, changed_at, language, state, asks, complaint, situation, proof, driver_id, start_request_id,"
    " session_id, station_id, evse_number, connector_number, case_id, contact_name, contact_email, contact_phone,"
    " seen_at, read_at, read_by_us_at, driver_types_at, agent_types_at, agent_name, is_helped, closed_at"
)
KEPT_COLUMNS: Final = (
    "language, state, asks, complaint, situation, proof, driver_id, start_request_id, session_id, station_id,"
    " evse_number, connector_number, case_id, contact_name, contact_email, contact_phone, is_helped, changed_at,"
    " closed_at"
)
"""What a deed changes. Who is there and who has read what is written by itself, so that neither undoes the other."""
_SET: Final = ", ".join(f"{name.strip()} = excluded.{name.strip()}" for name in KEPT_COLUMNS.split(","))
SAVE: Final = f"""
INSERT INTO chat ({CHAT_COLUMNS}) SELECT {CHAT_COLUMNS} FROM jsonb_populate_record(NULL::chat, $1::jsonb)
ON CONFLICT (id) DO UPDATE SET {_SET}
"""  # noqa: S608 - constants above
ONE: Final = f"SELECT {CHAT_COLUMNS} FROM chat WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants above
# The chat of a case that somebody can still answer in; of several, the one where something was said last.
OF_CASE: Final = f"""
SELECT {CHAT_COLUMNS} FROM chat WHERE case_id = $1 ORDER BY changed_at DESC LIMIT 1 FOR UPDATE
"""  # noqa: S608 - constants above
ADD: Final = """
INSERT INTO chat_line (id, chat_id, at, who, name, text, params, body, offers, picture_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
LINES: Final = """
SELECT id, chat_id, at, who, name, text, params, body, offers, picture_id, carried FROM (
    SELECT * FROM chat_line WHERE chat_id = $1 ORDER BY at DESC, id DESC LIMIT $2
) AS latest ORDER BY at, id
"""
WRITTEN: Final = """
SELECT count(*) FILTER (WHERE at > $2)::int AS lately, count(*)::int AS in_all,
       count(picture_id)::int AS pictures
FROM chat_line WHERE chat_id = $1 AND who = 'driver'
"""
SEEN: Final = """
UPDATE chat SET seen_at = $2::timestamptz, read_at = $2
WHERE id = $1 AND (seen_at < $2::timestamptz - $3::interval OR read_at < $4)
"""
DRIVER_TYPES: Final = "UPDATE chat SET driver_types_at = $2 WHERE id = $1"
AGENT_TYPES: Final = """
UPDATE chat SET agent_types_at = $2, agent_name = $3 WHERE case_id = $1 AND state = 'with_us' RETURNING id
"""
READ_BY_US: Final = """
UPDATE chat SET read_by_us_at = $2, agent_name = $3
WHERE case_id = $1 AND EXISTS (SELECT FROM chat_line WHERE chat_id = chat.id AND who = 'driver'
                               AND at > coalesce(read_by_us_at, '-infinity'))
RETURNING id
"""
KEEP_PICTURE: Final = "INSERT INTO chat_picture (id, chat_id, at, media_type, content) VALUES ($1, $2, $3, $4, $5)"
# While no case has it, a picture is here; then it is a file of the case.
PICTURE: Final = """
SELECT media_type, content FROM chat_picture WHERE chat_id = $1 AND id = $2
UNION ALL
SELECT support_attachment.media_type, support_attachment.content FROM support_attachment
JOIN chat_line ON chat_line.picture_id = support_attachment.id
WHERE chat_line.chat_id = $1 AND support_attachment.id = $2
LIMIT 1
"""
# A file that one of us sent in a chat: it belongs to the case.
FILE: Final = """
SELECT name, media_type, content FROM support_attachment
WHERE id = $2::uuid AND EXISTS (SELECT FROM chat_line WHERE chat_id = $1 AND who = 'agent'
    AND params @> jsonb_build_object('files', jsonb_build_array(jsonb_build_object('id', $2::uuid::text))))
"""
HAND_PICTURES: Final = """
WITH handed AS (DELETE FROM chat_picture WHERE chat_id = $1 RETURNING id, at, media_type, content)
INSERT INTO support_attachment (id, case_id, entry_id, at, name, media_type, content)
SELECT handed.id, $2, chat_line.id, handed.at, 'photo', handed.media_type, handed.content
FROM handed JOIN chat_line ON chat_line.picture_id = handed.id
"""
OUTLETS: Final = """
SELECT connector.code, station.name FROM connector
JOIN station ON station.id = connector.station_id AND station.retired_at IS NULL
JOIN site ON site.id = station.site_id AND site.retired_at IS NULL
WHERE concat_ws(' ', connector.code, station.name, site.name, site.address, site.municipality) ILIKE ALL ($1::text[])
ORDER BY station.name, connector.code LIMIT $2
"""
PAYMENT: Final = "SELECT payment_id FROM start_request WHERE id = $1"
MERGED: Final = "SELECT coalesce(merged_into_id, id) FROM support_case WHERE id = $1"


class Picture(Struct, frozen=True):
    """A photo that came in a chat."""

    media_type: str
    content: bytes


class OutletNamed(Struct, frozen=True):
    """An outlet that somebody may mean."""

    code: str
    name: str


async def save(tx: Transaction, chat: Chat) -> None:
    """Write a chat, new or changed."""
    await tx.execute(SAVE, msgspec.to_builtins(chat))


async def chat(tx: Transaction, chat_id: UUID) -> Chat | None:
    """Return one chat, locked."""
    return await tx.fetch_one(Chat, ONE, chat_id)


async def of_case(tx: Transaction, case_id: UUID) -> Chat | None:
    """Return the chat that a case came from, locked, or None."""
    return await tx.fetch_one(Chat, OF_CASE, case_id)


async def add(tx: Transaction, lines: Sequence[Line]) -> None:
    """Add to a conversation."""
    for one in lines:
        await tx.execute(
            ADD, one.id, one.chat_id, one.at, one.who, one.name, one.text, one.params, one.body, list(one.offers),
            one.picture_id,
        )  # fmt: skip


async def lines(tx: Transaction, chat_id: UUID, limit: int = WHOLE_MAX) -> list[Line]:
    """Return all lines of a chat, or the latest, the oldest first."""
    return await tx.fetch(Line, LINES, chat_id, limit)


async def written(tx: Transaction, chat_id: UUID, since: datetime) -> Written:
    """Return how much a driver has said in a chat, in all and since an instant."""
    found = await tx.fetch_one(Written, WRITTEN, chat_id, since)
    assert found is not None
    return found


async def seen(tx: Transaction, chat_id: UUID, now: datetime, every: timedelta, said_at: datetime) -> bool:
    """Note that the driver's page is there and shows what was said until `said_at`; return whether that was news."""
    return bool(await tx.execute(SEEN, chat_id, now, every, said_at))


async def driver_types(tx: Transaction, chat_id: UUID, now: datetime) -> None:
    """Note that the driver is writing."""
    await tx.execute(DRIVER_TYPES, chat_id, now)


async def agent_types(tx: Transaction, case_id: UUID, now: datetime, name: str) -> list[UUID]:
    """Note that somebody of ours is writing; return the chats of the case."""
    return [UUID(str(each)) for each in await tx.values(AGENT_TYPES, case_id, now, name)]


async def read_by_us(tx: Transaction, case_id: UUID, now: datetime, name: str) -> list[UUID]:
    """Note that somebody of ours has what the driver said; return the chats in which that was news."""
    return [UUID(str(each)) for each in await tx.values(READ_BY_US, case_id, now, name)]


async def keep_picture(
    tx: Transaction, picture_id: UUID, chat_id: UUID, media_type: str, content: bytes, now: datetime
) -> None:
    """Keep a photo that no case has yet."""
    await tx.execute(KEEP_PICTURE, picture_id, chat_id, now, media_type, content)


async def picture(tx: Transaction, chat_id: UUID, picture_id: UUID) -> Picture | None:
    """Return a photo of a chat, or None."""
    return await tx.fetch_one(Picture, PICTURE, chat_id, picture_id)


async def hand_pictures(tx: Transaction, chat_id: UUID, case_id: UUID) -> None:
    """Make the photos of a chat files of a case; each belongs to the entry of its line."""
    await tx.execute(HAND_PICTURES, chat_id, case_id)


async def outlets_like(tx: Transaction, patterns: Sequence[str], limit: int) -> list[OutletNamed]:
    """Return outlets whose code, charger or place is like all `patterns`."""
    return await tx.fetch(OutletNamed, OUTLETS, list(patterns), limit)


async def file(tx: Transaction, chat_id: UUID, file_id: UUID) -> Content | None:
    """Return a file that one of us sent in a chat, or None."""
    return await tx.fetch_one(Content, FILE, chat_id, file_id)


async def payment_of(tx: Transaction, start_request_id: UUID) -> UUID | None:
    """Return the payment of a wish to charge."""
    found: UUID | None = await tx.value(PAYMENT, start_request_id)
    return found


async def case_now(tx: Transaction, case_id: UUID) -> UUID:
    """Return where everything of a case is now: itself, or what it was merged into."""
    return UUID(str(await tx.value(MERGED, case_id) or case_id))

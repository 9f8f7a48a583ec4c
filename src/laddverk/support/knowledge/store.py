"""Articles in PostgreSQL, as they are written. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.knowledge.model import Article, Given, State, Version

ARTICLE_COLUMNS: Final = "id, situations, models, shipped, retired_at, created_at, changed_at"
VERSION_COLUMNS: Final = (
    "article_id, language, version, state, title, summary, body, tags, revision, by_kind, by_name, saved_at,"
    " published_at, note"
)
ONE: Final = f"SELECT {ARTICLE_COLUMNS} FROM article WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants above
SHIPPED: Final = f"SELECT {ARTICLE_COLUMNS} FROM article WHERE shipped = $1 FOR UPDATE"  # noqa: S608 - as above
ADD: Final = """
INSERT INTO article (id, situations, models, shipped, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $5)
"""
ABOUT: Final = "UPDATE article SET situations = $2, models = $3, changed_at = $4 WHERE id = $1"
TOUCH: Final = "UPDATE article SET changed_at = $2 WHERE id = $1"
RETIRE: Final = "UPDATE article SET retired_at = $2, changed_at = $3 WHERE id = $1"
VERSIONS: Final = f"""
SELECT {VERSION_COLUMNS} FROM article_version WHERE article_id = $1 ORDER BY language, version DESC
"""  # noqa: S608 - constants above
STANDING: Final = f"""
SELECT {VERSION_COLUMNS} FROM article_version WHERE article_id = $1 AND language = $2 AND state = $3
"""  # noqa: S608 - constants above
NEXT: Final = "SELECT coalesce(max(version), 0) + 1 FROM article_version WHERE article_id = $1 AND language = $2"
SAVE: Final = """
INSERT INTO article_version (article_id, language, version, state, title, summary, body, tags, revision, by_kind,
                             by_name, saved_at, published_at, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (article_id, language, version) DO UPDATE SET
    state = excluded.state, title = excluded.title, summary = excluded.summary, body = excluded.body,
    tags = excluded.tags,
    revision = excluded.revision, by_kind = excluded.by_kind, by_name = excluded.by_name, saved_at = excluded.saved_at,
    published_at = excluded.published_at, note = excluded.note
"""
SUPERSEDE: Final = """
UPDATE article_version SET state = 'past' WHERE article_id = $1 AND language = $2 AND state = 'published'
"""
DROP_DRAFT: Final = "DELETE FROM article_version WHERE article_id = $1 AND language = $2 AND state = 'draft'"
ADDRESS_OF: Final = "SELECT slug FROM article_address WHERE article_id = $1 AND language = $2 AND is_current"
OWNER: Final = "SELECT article_id, language FROM article_address WHERE slug = $1"
PAST_ADDRESS: Final = "UPDATE article_address SET is_current = false WHERE article_id = $1 AND language = $2"
ADDRESS: Final = """
INSERT INTO article_address (slug, article_id, language, is_current) VALUES ($1, $2, $3, true)
ON CONFLICT (slug) DO UPDATE SET is_current = true
"""
FREE_ADDRESSES: Final = """
DELETE FROM article_address WHERE article_id = $1 AND language = $2
  AND NOT EXISTS (SELECT FROM article_version WHERE article_id = $1 AND language = $2)
"""
ADD_PICTURE: Final = """
INSERT INTO article_picture (id, article_id, at, name, media_type, content, by_name) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
DROP_PICTURE: Final = "DELETE FROM article_picture WHERE article_id = $1 AND id = $2"
COUNT_PICTURES: Final = "SELECT count(*) FROM article_picture WHERE article_id = $1"
READ: Final = """
INSERT INTO article_read (article_id, language, day, count) VALUES ($1, $2, $3, 1)
ON CONFLICT (article_id, language, day) DO UPDATE SET count = article_read.count + 1
"""
VOTE: Final = """
INSERT INTO article_vote (article_id, language, reader_key, version, helped, at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (article_id, language, reader_key) DO UPDATE SET
    helped = excluded.helped, version = excluded.version, at = excluded.at
"""
SEARCHED: Final = """
INSERT INTO article_search (language, text, found, count, last_at) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (language, text) DO UPDATE SET
    found = excluded.found, count = article_search.count + 1, last_at = excluded.last_at
"""
FORGET_SEARCHES: Final = "DELETE FROM article_search WHERE last_at < $1"


class Owner(Struct, frozen=True):
    """Whose an address is."""

    article_id: UUID
    language: str


async def article(tx: Transaction, article_id: UUID) -> Article | None:
    """Return one article, locked."""
    return await tx.fetch_one(Article, ONE, article_id)


async def shipped(tx: Transaction, name: str) -> Article | None:
    """Return the article that came from a file, locked."""
    return await tx.fetch_one(Article, SHIPPED, name)


async def add(tx: Transaction, article_id: UUID, given: Given, shipped_as: str, now: datetime) -> None:
    """Add an article that has no text yet."""
    await tx.execute(
        ADD, article_id, list(given.situations), list(given.models), shipped_as, now
    )  # fmt: skip


async def set_about(tx: Transaction, article_id: UUID, given: Given, now: datetime) -> None:
    """Write what an article is about."""
    await tx.execute(ABOUT, article_id, list(given.situations), list(given.models), now)


async def touch(tx: Transaction, article_id: UUID, now: datetime) -> None:
    """Note that something of an article was changed."""
    await tx.execute(TOUCH, article_id, now)


async def retire(tx: Transaction, article_id: UUID, since: datetime | None, now: datetime) -> None:
    """Take an article away from its readers (`since`), or give it back (None)."""
    await tx.execute(RETIRE, article_id, since, now)


async def versions(tx: Transaction, article_id: UUID) -> Sequence[Version]:
    """Return all versions of an article, the newest of each language first."""
    return await tx.fetch(Version, VERSIONS, article_id)


async def standing(tx: Transaction, article_id: UUID, language: str, state: State) -> Version | None:
    """Return the draft, or the published version, of a language."""
    return await tx.fetch_one(Version, STANDING, article_id, language, state)


async def next_version(tx: Transaction, article_id: UUID, language: str) -> int:
    """Return the number of the version after the newest."""
    return int(await tx.value(NEXT, article_id, language))


async def save(tx: Transaction, one: Version) -> None:
    """Write a version; one that is published makes the one before it past."""
    if one.state is State.PUBLISHED:
        await tx.execute(SUPERSEDE, one.article_id, one.language)
    await tx.execute(
        SAVE, one.article_id, one.language, one.version, one.state, one.title, one.summary, one.body, list(one.tags),
        one.revision, one.by_kind, one.by_name, one.saved_at, one.published_at, one.note,
    )  # fmt: skip


async def drop_draft(tx: Transaction, article_id: UUID, language: str) -> int:
    """Throw a draft away; where nothing was ever published in its language, its address is free again."""
    dropped = await tx.execute(DROP_DRAFT, article_id, language)
    await tx.execute(FREE_ADDRESSES, article_id, language)
    return dropped


async def address_of(tx: Transaction, article_id: UUID, language: str) -> str:
    """Return the present address of a language; '' for none."""
    found: str | None = await tx.value(ADDRESS_OF, article_id, language)
    return found or ""


async def owner(tx: Transaction, slug: str) -> Owner | None:
    """Return whose an address is, or was."""
    return await tx.fetch_one(Owner, OWNER, slug)


async def set_address(tx: Transaction, article_id: UUID, language: str, slug: str) -> None:
    """Give a language of an article an address; those it had lead on to it."""
    await tx.execute(PAST_ADDRESS, article_id, language)
    await tx.execute(ADDRESS, slug, article_id, language)


async def add_picture(
    tx: Transaction, picture_id: UUID, article_id: UUID, name: str, media_type: str, content: bytes, by: str,
    now: datetime,
) -> None:  # fmt: skip
    """Keep a picture."""
    await tx.execute(ADD_PICTURE, picture_id, article_id, now, name, media_type, content, by)


async def drop_picture(tx: Transaction, article_id: UUID, picture_id: UUID) -> int:
    """Throw a picture away; return whether there was one."""
    return await tx.execute(DROP_PICTURE, article_id, picture_id)


async def count_pictures(tx: Transaction, article_id: UUID) -> int:
    """Return how many pictures an article has."""
    return int(await tx.value(COUNT_PICTURES, article_id))


async def count_read(tx: Transaction, article_id: UUID, language: str, now: datetime) -> None:
    """Count that somebody opened an article."""
    await tx.execute(READ, article_id, language, now.date())


async def vote(
    tx: Transaction, article_id: UUID, language: str, reader_key: str, version: int, now: datetime, *, helped: bool
) -> None:
    """Keep whether an article helped its reader; who says it again changes their word."""
    await tx.execute(VOTE, article_id, language, reader_key, version, helped, now)


async def count_search(tx: Transaction, language: str, text: str, found: int, now: datetime) -> None:
    """Count what somebody looked for."""
    await tx.execute(SEARCHED, language, text, found, now)


async def forget_searches(tx: Transaction, before: datetime) -> int:
    """Forget what nobody has looked for since."""
    return await tx.execute(FORGET_SEARCHES, before)

"""What the inbox keeps: merges, relations, saved views, who looks at a case. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.model import Case, State

VISIBLE: Final = "SELECT id FROM support_case WHERE id = $2 AND ($1::uuid[] IS NULL OR site_id = ANY($1))"
NUMBERED: Final = "SELECT id FROM support_case WHERE number = $1"
MERGE: Final = """
INSERT INTO support_merge (case_id, into_id, at, by_name, was, children) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (case_id) DO UPDATE SET into_id = excluded.into_id, at = excluded.at, by_name = excluded.by_name,
                                    was = excluded.was, children = excluded.children
"""
MERGED: Final = "SELECT case_id, into_id, at, was, children FROM support_merge WHERE case_id = $1"
UNMERGE: Final = "DELETE FROM support_merge WHERE case_id = $1"
LEAD_ON: Final = "UPDATE support_case SET merged_into_id = $2 WHERE merged_into_id = $1 RETURNING id"
LEAD_BACK: Final = "UPDATE support_case SET merged_into_id = $2 WHERE id = ANY($1)"
# What was merged into a case, and until when it can be taken out again.
MERGED_HERE: Final = """
SELECT support_case.id, support_case.number, support_case.subject, support_case.state, merged.at, merged.by_name
FROM support_merge AS merged JOIN support_case ON support_case.id = merged.case_id
WHERE support_case.merged_into_id = $1 ORDER BY merged.at DESC LIMIT 50
"""
RELATE: Final = """
INSERT INTO support_relation (one_id, other_id, at, by_name)
VALUES (least($1::uuid, $2::uuid), greatest($1::uuid, $2::uuid), $3, $4)
ON CONFLICT DO NOTHING
"""
UNRELATE: Final = """
DELETE FROM support_relation WHERE one_id = least($1::uuid, $2::uuid) AND other_id = greatest($1::uuid, $2::uuid)
"""
RELATED: Final = """
SELECT support_case.id, support_case.number, support_case.subject, support_case.state, relation.at, relation.by_name
FROM (SELECT other_id AS id, at, by_name FROM support_relation WHERE one_id = $2
      UNION ALL SELECT one_id, at, by_name FROM support_relation WHERE other_id = $2) AS relation
JOIN support_case ON support_case.id = relation.id
WHERE $1::uuid[] IS NULL OR support_case.site_id = ANY($1) ORDER BY relation.at DESC LIMIT 50
"""
MOVE: Final = """
UPDATE case_entry SET case_id = $2 WHERE case_id = $1 AND id = ANY($3)
  AND kind IN ('message_in', 'message_out', 'note', 'call') RETURNING id
"""
MOVE_FILES: Final = "UPDATE support_attachment SET case_id = $2 WHERE case_id = $1 AND entry_id = ANY($3)"
LEFT: Final = """
SELECT count(*) FROM case_entry WHERE case_id = $1 AND kind IN ('message_in', 'message_out', 'note', 'call')
"""
FIRST_WORDS: Final = "SELECT body FROM case_entry WHERE id = ANY($1) ORDER BY at, id LIMIT 1"
VIEWS: Final = """
SELECT id, name, owner_id, owner_name, is_shared, query FROM support_view WHERE owner_id = $1 OR is_shared
ORDER BY is_shared, name LIMIT 100
"""
SAVE_VIEW: Final = """
INSERT INTO support_view (id, name, owner_id, owner_name, is_shared, query, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
DROP_VIEW: Final = "DELETE FROM support_view WHERE id = $1 AND (owner_id = $2 OR (is_shared AND $3)) RETURNING name"
COUNT_VIEWS: Final = "SELECT count(*) FROM support_view WHERE owner_id = $1"
LOOKED: Final = """
WITH me AS (
    INSERT INTO support_presence (case_id, operator_id, name, seen_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (case_id, operator_id) DO UPDATE SET seen_at = excluded.seen_at, name = excluded.name
)
SELECT name, seen_at, writing_at FROM support_presence WHERE case_id = $1 AND operator_id <> $2 AND seen_at > $5
ORDER BY name LIMIT 20
"""
WRITING: Final = """
INSERT INTO support_presence (case_id, operator_id, name, seen_at, writing_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (case_id, operator_id) DO UPDATE SET seen_at = excluded.seen_at, writing_at = excluded.writing_at
"""
FORGET_PRESENT: Final = "DELETE FROM support_presence WHERE seen_at < $1"
WAKE: Final = """
SELECT id FROM support_case WHERE snoozed_until <= $1 ORDER BY snoozed_until LIMIT 200 FOR UPDATE SKIP LOCKED
"""
TAGS_OF_LATEST: Final = 200  # cases: a week of a busy desk, and read whenever a case is opened
TAGS: Final = """
SELECT tag, count(*)::int AS times FROM (
    SELECT unnest(tags) AS tag FROM (
        SELECT tags FROM support_case WHERE $1::uuid[] IS NULL OR site_id = ANY($1) ORDER BY changed_at DESC LIMIT $2
    ) AS lately
) AS used GROUP BY tag ORDER BY times DESC, tag LIMIT 40
"""


class Merge(Struct, frozen=True, kw_only=True):
    """What a merged case was before."""

    case_id: UUID
    into_id: UUID
    at: datetime
    was: dict[str, Any]
    children: tuple[UUID, ...]


class Other(Struct, frozen=True, kw_only=True):
    """Another case, that is part of one or belongs to it."""

    id: UUID
    number: int
    subject: str
    state: State
    at: datetime
    by_name: str


class SavedView(Struct, frozen=True, kw_only=True):
    """A filter of the inbox that somebody keeps."""

    id: UUID
    name: str
    owner_id: UUID
    owner_name: str
    is_shared: bool
    query: str


class Present(Struct, frozen=True):
    """Somebody else who has a case open."""

    name: str
    seen_at: datetime
    writing_at: datetime | None


class Tag(Struct, frozen=True):
    """A tag, and how often it was used lately."""

    tag: str
    times: int


async def numbered(tx: Transaction, number: int) -> UUID | None:
    """Return the case with a number, or None."""
    found: UUID | None = await tx.value(NUMBERED, number)
    return found


async def keep_merge(
    tx: Transaction, case: Case, into_id: UUID, was: dict[str, Any], by_name: str, now: datetime
) -> None:
    """Note what a case was before it is merged, and lead on what was merged into it."""
    children = await tx.values(LEAD_ON, case.id, into_id)
    await tx.execute(MERGE, case.id, into_id, now, by_name, was, children)


async def merge_of(tx: Transaction, case_id: UUID) -> Merge | None:
    """Return what a merged case was before, or None."""
    return await tx.fetch_one(Merge, MERGED, case_id)


async def undo_merge(tx: Transaction, merge: Merge) -> None:
    """Forget a merge; what had been merged into the case before is its own again."""
    await tx.execute(UNMERGE, merge.case_id)
    await tx.execute(LEAD_BACK, list(merge.children), merge.case_id)


async def merged_here(tx: Transaction, case_id: UUID) -> list[Other]:
    """Return what was merged into a case."""
    return await tx.fetch(Other, MERGED_HERE, case_id)


async def relate(tx: Transaction, one: UUID, other: UUID, by_name: str, now: datetime) -> None:
    """Note that two cases belong together."""
    await tx.execute(RELATE, one, other, now, by_name)


async def unrelate(tx: Transaction, one: UUID, other: UUID) -> bool:
    """Forget that two cases belong together; return whether they did."""
    return bool(await tx.execute(UNRELATE, one, other))


async def related(tx: Transaction, sites: frozenset[UUID] | None, case_id: UUID) -> list[Other]:
    """Return the cases that belong to one, as far as they may be seen."""
    return await tx.fetch(Other, RELATED, None if sites is None else list(sites), case_id)


async def move_entries(tx: Transaction, case_id: UUID, to: UUID, entries: Sequence[UUID]) -> int:
    """Let entries that people wrote stand in another case, with their files; return how many did."""
    moved = await tx.values(MOVE, case_id, to, list(entries))
    await tx.execute(MOVE_FILES, case_id, to, moved)
    return len(moved)


async def count_said(tx: Transaction, case_id: UUID) -> int:
    """Return how many entries of a case are people's words."""
    return int(await tx.value(LEFT, case_id))


async def first_words(tx: Transaction, entries: Sequence[UUID]) -> str:
    """Return what was said first of some entries."""
    return await tx.value(FIRST_WORDS, list(entries)) or ""


async def seen_by(tx: Transaction, sites: frozenset[UUID] | None, case_id: UUID) -> UUID | None:
    """Return a case that may be seen, or None."""
    found: UUID | None = await tx.value(VISIBLE, None if sites is None else list(sites), case_id)
    return found


async def views(tx: Transaction, me: UUID | None) -> list[SavedView]:
    """Return somebody's own views, and those that are shared."""
    return await tx.fetch(SavedView, VIEWS, me)


async def looked(
    tx: Transaction, case_id: UUID, me: UUID, my_name: str, now: datetime, since: datetime
) -> list[Present]:  # fmt: skip
    """Note that I have a case open, and return who else has had it open since."""
    return await tx.fetch(Present, LOOKED, case_id, me, my_name, now, since)


async def tags(tx: Transaction, sites: frozenset[UUID] | None) -> list[Tag]:
    """Return the tags that were used lately, the most used first."""
    return await tx.fetch(Tag, TAGS, None if sites is None else list(sites), TAGS_OF_LATEST)

"""Articles as readers and writers look for them. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.knowledge import rules
from laddverk.support.knowledge.model import Found, Read, Row

CONFIGURATIONS: Final = {"sv": "swedish", "en": "english"}
PAGE: Final = 20
MATCHED_ENOUGH: Final = 0.12  # of ts_rank: a word in the title, or several in the text; less is chance
FROM_SITUATION: Final = 2.0  # what an article weighs that names the situation
FROM_MODEL: Final = 1.0

FOUND_FROM: Final = """
FROM article_version AS version
JOIN article ON article.id = version.article_id AND article.retired_at IS NULL
JOIN article_address AS address ON address.article_id = version.article_id AND address.language = version.language
     AND address.is_current
WHERE version.state = 'published' AND version.language = $1
"""
FOUND_COLUMNS: Final = (
    "version.article_id, version.language, address.slug, version.title, version.summary, version.published_at"
)
SEARCH: Final = f"""
SELECT {FOUND_COLUMNS}, ts_rank(version.words, asked) AS rank,
       ts_headline($2::regconfig, version.body, asked,
                   'StartSel="[[", StopSel="]]", MaxWords=24, MinWords=12, MaxFragments=1') AS headline
FROM (SELECT to_tsquery($2::regconfig, $3) AS asked) AS given, LATERAL (
    SELECT version.* FROM article_version AS version
    WHERE version.state = 'published' AND version.language = $1 AND version.words @@ asked
) AS version
JOIN article ON article.id = version.article_id AND article.retired_at IS NULL
JOIN article_address AS address ON address.article_id = version.article_id AND address.language = version.language
     AND address.is_current
ORDER BY rank DESC, version.title LIMIT $4 OFFSET $5
"""  # noqa: S608 - constants above
COUNT: Final = f"""
SELECT count(*) {FOUND_FROM} AND version.words @@ to_tsquery($2::regconfig, $3)
"""
MOST_READ: Final = f"""
SELECT {FOUND_COLUMNS}, coalesce((
    SELECT sum(count) FROM article_read AS opened
    WHERE opened.article_id = version.article_id AND opened.language = version.language AND opened.day >= $2
), 0)::float8 AS rank {FOUND_FROM}
ORDER BY rank DESC, version.title LIMIT $3
"""  # noqa: S608 - constants above
TAGGED: Final = f"""
SELECT {FOUND_COLUMNS} {FOUND_FROM} AND $2 = ANY(version.tags) ORDER BY version.title LIMIT $3 OFFSET $4
"""
COUNT_TAGGED: Final = f"SELECT count(*) {FOUND_FROM} AND $2 = ANY(version.tags)"
TAGS: Final = f"""
SELECT tag AS text, count(*)::int AS count {FOUND_FROM.replace("WHERE", "CROSS JOIN unnest(version.tags) AS tag WHERE")}
GROUP BY tag ORDER BY count DESC, tag LIMIT 30
"""
# Words that are close to what is asked for must be those that articles have: unstemmed, as people write them.
VOCABULARY: Final = """
SELECT word AS text, nentry::int AS count FROM ts_stat(
    'SELECT to_tsvector(''simple'', title || '' '' || summary || '' '' || body) FROM article_version
     WHERE state = ''published'' AND language = ' || quote_literal($1))
WHERE length(word) > 2 ORDER BY nentry DESC LIMIT 5000
"""
READ: Final = """
SELECT version.article_id, version.language, $1::text AS slug, version.version, version.title, version.summary,
       version.body, version.tags, article.situations, article.models, version.published_at, article.retired_at,
       coalesce((SELECT jsonb_object_agg(other.language, other.slug) FROM article_address AS other
                 JOIN article_version AS there ON there.article_id = other.article_id
                      AND there.language = other.language AND there.state = 'published'
                 WHERE other.article_id = version.article_id AND other.is_current
                   AND other.language <> version.language), '{}') AS others
FROM article_address AS address
JOIN article_version AS version ON version.article_id = address.article_id AND version.language = address.language
     AND version.state = 'published'
JOIN article ON article.id = version.article_id
WHERE address.slug = $1 AND article.retired_at IS NULL
"""
# Where an old address leads: to the present one of its language.
LEADS_TO: Final = """
SELECT present.slug FROM article_address AS old
JOIN article_address AS present ON present.article_id = old.article_id AND present.language = old.language
     AND present.is_current
WHERE old.slug = $1 AND NOT old.is_current
"""
SUGGEST: Final = f"""
SELECT article_id, language, slug, title, summary, published_at, rank FROM (
    SELECT {FOUND_COLUMNS},
           (CASE WHEN $2 <> '' AND $2 = ANY(article.situations) THEN $7::float8 ELSE 0 END)
         + (CASE WHEN cardinality(article.models) = 0 THEN 0
                 WHEN EXISTS (SELECT FROM unnest(article.models) AS each WHERE lower(each) IN (
                     lower($3), lower($4), (SELECT lower(vendor) FROM station WHERE id = $11),
                     (SELECT lower(btrim(vendor || ' ' || model)) FROM station WHERE id = $11)))
                 THEN $8::float8 ELSE -10 END)
         + (CASE WHEN $5 = '' THEN 0 ELSE coalesce(nullif(ts_rank('{{0.05, 0.1, 0.3, 1.0}}', version.words,
                 to_tsquery($6::regconfig, $5)), 0), 0) END) AS rank
    {FOUND_FROM}
) AS weighed
WHERE rank >= $9 ORDER BY rank DESC, title LIMIT $10
"""  # noqa: S608 - constants above
SITEMAP: Final = """
SELECT address.slug, version.language, version.published_at FROM article_address AS address
JOIN article_version AS version ON version.article_id = address.article_id AND version.language = address.language
     AND version.state = 'published'
JOIN article ON article.id = version.article_id AND article.retired_at IS NULL
WHERE address.is_current ORDER BY address.slug LIMIT 5000
"""
PICTURE: Final = "SELECT media_type, content FROM article_picture WHERE id = $1"
PICTURES: Final = """
SELECT id, name, media_type, length(content) AS size, at, by_name FROM article_picture
WHERE article_id = $1 ORDER BY at, id
"""
LISTED_COLUMNS: Final = """
article.id, shown.title, shown.language, shown.tags, article.situations, article.models, article.retired_at,
article.changed_at, shown.by_name AS changed_by,
ARRAY(SELECT language FROM article_version WHERE article_id = article.id AND state = 'published'
      ORDER BY language) AS languages,
ARRAY(SELECT language FROM article_version WHERE article_id = article.id AND state = 'draft'
      ORDER BY language) AS drafts,
coalesce((SELECT sum(count) FROM article_read WHERE article_id = article.id AND day >= $5), 0)::int AS read_30_days,
(SELECT count(*) FROM article_vote WHERE article_id = article.id AND helped)::int AS helped,
(SELECT count(*) FROM article_vote WHERE article_id = article.id AND NOT helped)::int AS did_not
"""
# The title in the reader's language, else in any; of a draft where nothing is published yet.
LISTED_FROM: Final = """
FROM article JOIN LATERAL (
    SELECT title, language, tags, by_name FROM article_version AS version
    WHERE version.article_id = article.id AND version.state <> 'past'
    ORDER BY version.language <> $1, version.state = 'draft', version.language LIMIT 1
) AS shown ON true
"""
LISTED_NARROWED: Final = """
WHERE CASE $2 WHEN 'retired' THEN article.retired_at IS NOT NULL
              WHEN 'draft' THEN EXISTS (SELECT FROM article_version WHERE article_id = article.id AND state = 'draft')
              WHEN 'published' THEN article.retired_at IS NULL AND EXISTS (
                  SELECT FROM article_version WHERE article_id = article.id AND state = 'published')
              WHEN 'untranslated' THEN article.retired_at IS NULL AND (
                  SELECT count(*) FROM article_version WHERE article_id = article.id AND state = 'published') < 2
              ELSE article.retired_at IS NULL END
  AND ($3 = '' OR $3 = ANY(shown.tags))
  AND ($4 = '' OR EXISTS (
      SELECT FROM article_version AS version WHERE version.article_id = article.id AND version.state <> 'past'
        AND (version.title ILIKE '%' || $4 || '%' OR version.body ILIKE '%' || $4 || '%'))
       OR EXISTS (SELECT FROM unnest(shown.tags || article.models || article.situations) AS each
                  WHERE each ILIKE $4 || '%'))
"""
ORDERS: Final = {
    "title": "shown.title", "-title": "shown.title DESC", "changed": "article.changed_at DESC",
    "-changed": "article.changed_at", "read": "read_30_days DESC", "-read": "read_30_days",
    "helped": "helped - did_not DESC", "-helped": "helped - did_not",
}  # fmt: skip
LISTED: Final = {
    name: f"""SELECT {LISTED_COLUMNS} {LISTED_FROM} {LISTED_NARROWED}
    ORDER BY {order}, article.id LIMIT $6 OFFSET $7"""
    for name, order in ORDERS.items()
}
LISTED_COUNT: Final = f"SELECT count(*) {LISTED_FROM} {LISTED_NARROWED}"
ALL_TAGS: Final = """
SELECT DISTINCT unnest(tags) AS tag FROM article_version WHERE state <> 'past' AND language = $1 ORDER BY tag LIMIT 100
"""
SEARCHES: Final = """
SELECT language, text, found, count, last_at FROM article_search WHERE count > 1 OR found = 0
ORDER BY found = 0 DESC, count DESC, last_at DESC LIMIT $1
"""
VOTES: Final = """
SELECT language, count(*) FILTER (WHERE helped)::int AS helped, count(*) FILTER (WHERE NOT helped)::int AS did_not
FROM article_vote WHERE article_id = $1 GROUP BY language ORDER BY language
"""


class Counted(Struct, frozen=True):
    """A word, and how often it is there."""

    text: str
    count: int


class Address(Struct, frozen=True):
    """An article for those who list them."""

    slug: str
    language: str
    published_at: datetime


class Picture(Struct, frozen=True, kw_only=True):
    """A picture of an article, without what is in it."""

    id: UUID
    name: str
    media_type: str
    size: int
    at: datetime
    by_name: str


class PictureContent(Struct, frozen=True):
    """What is in a picture."""

    media_type: str
    content: bytes


class Searched(Struct, frozen=True):
    """What readers look for."""

    language: str
    text: str
    found: int
    count: int
    last_at: datetime


class Votes(Struct, frozen=True):
    """What readers of one language said."""

    language: str
    helped: int
    did_not: int


async def search(
    tx: Transaction, language: str, text: str, *, limit: int = PAGE, offset: int = 0
) -> Sequence[Found]:  # fmt: skip
    """Return published articles that have all words of `text`, or words that begin so, the best first."""
    asked = rules.all_of_them(text)
    if not asked:
        return []
    return await tx.fetch(Found, SEARCH, language, CONFIGURATIONS[language], asked, limit, offset)


async def count(tx: Transaction, language: str, text: str) -> int:
    """Return how many articles `search` finds."""
    asked = rules.all_of_them(text)
    return int(await tx.value(COUNT, language, CONFIGURATIONS[language], asked)) if asked else 0


async def meant(tx: Transaction, language: str, text: str) -> str:
    """Return what a search that finds nothing may have meant; '' where nobody knows."""
    known = await tx.fetch(Counted, VOCABULARY, language)
    return rules.meant(text, {each.text: each.count for each in known})


async def suggest(
    tx: Transaction, language: str, *, text: str = "", situation: str = "", vendor: str = "", model: str = "",
    station_id: UUID | None = None, limit: int = 3,
) -> Sequence[Found]:  # fmt: skip
    """Return articles that may help somebody, the best first; none where nothing fits.

    One that names the situation comes first, then those whose words are in what was said. An article for certain
    chargers is left out for all others: the charger is `station_id`, or named by `vendor` and `model`.
    """
    words = rules.any_of_them(text)
    both = f"{vendor} {model}".strip()
    return await tx.fetch(
        Found, SUGGEST, language, situation, vendor, both, words, CONFIGURATIONS[language], FROM_SITUATION, FROM_MODEL,
        MATCHED_ENOUGH, limit, station_id,
    )  # fmt: skip


async def most_read(tx: Transaction, language: str, since: date, *, limit: int = PAGE) -> Sequence[Found]:
    """Return published articles, the most opened since a day first."""
    return await tx.fetch(Found, MOST_READ, language, since, limit)


async def tagged(tx: Transaction, language: str, tag: str, *, limit: int = PAGE, offset: int = 0) -> Sequence[Found]:
    """Return published articles of a tag, by title."""
    return await tx.fetch(Found, TAGGED, language, tag, limit, offset)


async def count_tagged(tx: Transaction, language: str, tag: str) -> int:
    """Return how many articles have a tag."""
    return int(await tx.value(COUNT_TAGGED, language, tag))


async def tags(tx: Transaction, language: str) -> Sequence[Counted]:
    """Return the tags of published articles, the most used first."""
    return await tx.fetch(Counted, TAGS, language)


async def read(tx: Transaction, slug: str) -> Read | None:
    """Return the published article at an address, old or present."""
    return await tx.fetch_one(Read, READ, slug)


async def leads_to(tx: Transaction, slug: str) -> str:
    """Return the present address where `slug` is an old one; '' else."""
    found: str | None = await tx.value(LEADS_TO, slug)
    return found or ""


async def sitemap(tx: Transaction) -> Sequence[Address]:
    """Return the addresses of all published articles."""
    return await tx.fetch(Address, SITEMAP)


async def picture(tx: Transaction, picture_id: UUID) -> PictureContent | None:
    """Return a picture with what is in it."""
    return await tx.fetch_one(PictureContent, PICTURE, picture_id)


async def pictures(tx: Transaction, article_id: UUID) -> Sequence[Picture]:
    """Return the pictures of an article, the oldest first."""
    return await tx.fetch(Picture, PICTURES, article_id)


async def listed(
    tx: Transaction, language: str, state: str, tag: str, text: str, since: date, sort: str, *, limit: int, offset: int
) -> Sequence[Row]:
    """Return articles for their writers; `since` is from when their readers are counted."""
    order = LISTED.get(sort, LISTED["title"])
    return await tx.fetch(Row, order, language, state, tag, text, since, limit, offset)


async def count_listed(tx: Transaction, language: str, state: str, tag: str, text: str) -> int:
    """Return how many articles `listed` has."""
    return int(await tx.value(LISTED_COUNT, language, state, tag, text))


async def all_tags(tx: Transaction, language: str) -> Sequence[str]:
    """Return every tag of a language."""
    return await tx.values(ALL_TAGS, language)


async def searches(tx: Transaction, limit: int = 20) -> Sequence[Searched]:
    """Return what readers look for, what they do not find first."""
    return await tx.fetch(Searched, SEARCHES, limit)


async def votes(tx: Transaction, article_id: UUID) -> Sequence[Votes]:
    """Return what readers said of an article, by language."""
    return await tx.fetch(Votes, VOTES, article_id)

"""Lists of chats, the newest first: all of them, narrowed down, and found by what was said or by whose they are.

A common word stands in a large part of all chats, and a rare one in hardly any. So the newest are read through first,
which costs the same for any word; where they do not fill a page, the search goes further back: for a common word by
reading more of them, for a rare one by the index of words. A chat that became a case is of that case's site, which may
have been moved to another charger; any other is of the site of its charger. One of no site is seen by whoever sees all
sites, as a case is.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support import searching
from laddverk.support.queries import Sites

NEWEST: Final = 1_000  # chats that are read through whatever the word
COMMON: Final = 10  # found among those: the word stands in at least a hundredth of all
BACK_MAX: Final = 10_000  # chats that are read through for a common word
EVER_MAX: Final = 4_000  # found among all, by each way of finding
NAMED_MAX: Final = 2_000  # drivers, and chargers, that a word may name
AHEAD_MAX: Final = 1_000  # counted beyond what is shown: nobody turns so many pages
MADE: Final = frozenset({"", "none", "made"})
"""What may be asked of a case: all chats, those without one, those that became one."""


class ChatFilter(Struct, frozen=True, kw_only=True):
    """What a list is narrowed to."""

    search: str = ""
    site_id: UUID | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    case: str = ""
    """One of `MADE`."""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return self != ChatFilter()


class ChatRow(Struct, frozen=True, kw_only=True):
    """A chat in a list, with the names of what it is about."""

    id: UUID
    opened_at: datetime
    changed_at: datetime
    state: str
    complaint: str
    situation: str
    is_helped: bool | None
    driver_id: UUID | None
    driver_name: str | None
    contact_name: str
    station_id: UUID | None
    station_name: str | None
    evse_number: int
    outlet_code: str | None
    site_id: UUID | None
    site_name: str | None
    session_id: UUID | None
    session_number: int | None
    case_id: UUID | None
    """What it became, or what that was merged into."""
    case_number: int | None
    said: str | None = None
    """What the driver said first in words of their own."""
    excerpt: str | None = None
    """Where the words that were searched for stand, between `HIT_BEGINS` and `HIT_ENDS` of `support.listing`."""


class Page(Struct, frozen=True):
    """A page of a list."""

    rows: list[ChatRow]
    total: int
    """How many a filter leaves, as far as was counted and looked."""
    has_more: bool = False
    """Whether there are, or may be, more than `total`."""


class _Near(Struct, frozen=True):
    looked_at: int
    ids: list[UUID]


class _Found(Struct, frozen=True):
    way: str
    id: UUID


class _Named(Struct, frozen=True):
    """Whom and what a search may name; outlets as pairs, in two lists of one length."""

    drivers: list[UUID]
    stations: list[UUID]
    sessions: list[UUID]
    outlet_stations: list[UUID]
    outlet_numbers: list[int]


# Erasure takes the chats of a driver away; what it has not come to yet is not shown either. Asked of each row that is
# walked over: a join would read all of them first.
_SEEN: Final = "(SELECT driver.erased_at FROM driver WHERE driver.id = chat.driver_id) IS NULL"
_CASE: Final = "(SELECT coalesce(made.merged_into_id, made.id) FROM support_case AS made WHERE made.id = chat.case_id)"
# A case is asked for its site one by one, its own unless it was merged; chargers are few: they are looked up at once.
_OF_SITES: Final = """($1::uuid[] IS NULL
    OR (chat.case_id IS NULL AND chat.station_id IN (SELECT own.id FROM station AS own WHERE own.site_id = ANY($1)))
    OR (chat.case_id IS NOT NULL AND (
        SELECT CASE WHEN made.merged_into_id IS NULL THEN made.site_id
               ELSE (SELECT whole.site_id FROM support_case AS whole WHERE whole.id = made.merged_into_id) END
        FROM support_case AS made WHERE made.id = chat.case_id) = ANY($1)))"""
_NARROWED: Final = f"""
WHERE {_OF_SITES}
  AND ($2::timestamptz IS NULL OR chat.opened_at >= $2)
  AND ($3::timestamptz IS NULL OR chat.opened_at < $3)
  AND CASE $4 WHEN 'none' THEN chat.case_id IS NULL WHEN 'made' THEN chat.case_id IS NOT NULL ELSE true END
  AND {_SEEN}
"""
_ORDER: Final = "ORDER BY chat.opened_at DESC, chat.id DESC"
_WORDS: Final = "to_tsvector('simple', line.body || ' ' || coalesce(line.params->>'title', ''))"


def _by_words(words: str) -> str:
    return f"line.body <> '' AND {_WORDS} @@ to_tsquery('simple', {words})"


IDS: Final = f"SELECT chat.id FROM chat {_NARROWED} {_ORDER} LIMIT $5 OFFSET $6"  # noqa: S608 - constants above
COUNT: Final = f"SELECT count(*) FROM (SELECT FROM chat {_NARROWED} LIMIT $5) AS counted"  # noqa: S608 - constants above
# Of those that a search found anywhere. OFFSET 0: they are few, and sooner sorted than found by a walk in order.
OF_FOUND: Final = f"""
SELECT id FROM (SELECT chat.id, chat.opened_at FROM chat {_NARROWED} AND chat.id = ANY($5) OFFSET 0) AS chat {_ORDER}
"""  # noqa: S608 - constants above
# What a search finds among the newest that a filter leaves.
NEAR: Final = f"""
WITH near AS MATERIALIZED (
    SELECT chat.id, chat.driver_id, chat.station_id, chat.evse_number, chat.session_id
    FROM chat {_NARROWED} {_ORDER} LIMIT $11)
SELECT (SELECT count(*)::int FROM near) AS looked_at, ARRAY(
    SELECT id FROM near
    WHERE driver_id = ANY($6) OR station_id = ANY($7) OR session_id = ANY($8)
       OR (station_id, evse_number) IN (SELECT * FROM unnest($9::uuid[], $10::int[]))
    UNION
    SELECT near.id FROM near JOIN chat_line AS line ON line.chat_id = near.id WHERE {_by_words("$5")}) AS ids
"""  # noqa: S608 - constants above
# Among all there ever were, by each way of finding the newest. OFFSET 0: by the index of words.
EVER: Final = f"""
(SELECT 'said' AS way, chat_id AS id
 FROM (SELECT chat_id, at FROM chat_line AS line WHERE {_by_words("$5")} OFFSET 0) AS found ORDER BY at DESC LIMIT $11)
UNION ALL (SELECT 'driver', chat.id FROM chat {_NARROWED} AND chat.driver_id = ANY($6) {_ORDER} LIMIT $11)
UNION ALL (SELECT 'charger', chat.id FROM chat {_NARROWED} AND chat.station_id = ANY($7) {_ORDER} LIMIT $11)
UNION ALL (SELECT 'session', chat.id FROM chat {_NARROWED} AND chat.session_id = ANY($8) {_ORDER} LIMIT $11)
UNION ALL (SELECT 'outlet', chat.id FROM unnest($9::uuid[], $10::int[]) AS outlet (station_id, evse_number)
           JOIN chat ON chat.station_id = outlet.station_id AND chat.evse_number = outlet.evse_number
           {_NARROWED} {_ORDER} LIMIT $11)
"""  # noqa: S608 - constants above
NAMED: Final = f"""
SELECT ARRAY(
           SELECT id FROM (
               SELECT id FROM driver WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $1)
               UNION SELECT id FROM driver WHERE email = lower($2)
               UNION SELECT id FROM driver
                     WHERE phone <> '' AND phone_key($2) <> '' AND phone_key(phone) = phone_key($2)) AS meant
           WHERE EXISTS (SELECT FROM chat WHERE chat.driver_id = meant.id)
           ORDER BY id DESC LIMIT {NAMED_MAX}) AS drivers,
       ARRAY(
           SELECT station.id FROM station LEFT JOIN site ON site.id = station.site_id
           WHERE station.name ILIKE '%' || $3 || '%' OR site.name ILIKE '%' || $3 || '%'
           ORDER BY station.id LIMIT {NAMED_MAX}) AS stations,
       ARRAY(SELECT id FROM session WHERE number = $4::bigint) AS sessions,
       ARRAY(SELECT station_id FROM connector WHERE code = upper($2) ORDER BY 1, evse_number) AS outlet_stations,
       ARRAY(SELECT evse_number FROM connector WHERE code = upper($2) ORDER BY station_id, 1) AS outlet_numbers
"""  # noqa: S608 - constants above
_ROW_COLUMNS: Final = """
SELECT chat.id, chat.opened_at, chat.changed_at, chat.state, chat.complaint, chat.situation, chat.is_helped,
       chat.driver_id, driver.name AS driver_name, chat.contact_name, chat.station_id, station.name AS station_name,
       chat.evse_number, outlet.code AS outlet_code, site.id AS site_id, site.name AS site_name, chat.session_id,
       session.number AS session_number, support_case.id AS case_id, support_case.number AS case_number,
       (SELECT left(line.body, 200) FROM chat_line AS line
        WHERE line.chat_id = chat.id AND line.who = 'driver' AND line.body <> ''
        ORDER BY line.at, line.id LIMIT 1) AS said
"""
_ROW_FROM: Final = f"""
FROM chat
LEFT JOIN driver ON driver.id = chat.driver_id
LEFT JOIN station ON station.id = chat.station_id
LEFT JOIN site ON site.id = station.site_id
LEFT JOIN session ON session.id = chat.session_id
LEFT JOIN support_case ON support_case.id = {_CASE}
LEFT JOIN LATERAL (
    SELECT code FROM connector WHERE connector.station_id = chat.station_id
      AND connector.evse_number = chat.evse_number AND connector.connector_number = greatest(chat.connector_number, 1)
    LIMIT 1) AS outlet ON true
"""  # noqa: S608 - constants above
# The chats of a page in its order, and where the words stand that were searched for.
ROWS: Final = f"""
{_ROW_COLUMNS},
 (SELECT ts_headline('simple', left(concat_ws(' – ', line.params->>'title', line.body), 4000), to_tsquery('simple', $2),
         'MaxFragments=1, MaxWords=18, MinWords=6, StartSel=' || chr(57344) || ', StopSel=' || chr(57345))
  FROM chat_line AS line WHERE $2 <> '' AND line.chat_id = chat.id AND {_by_words("$2")}
  ORDER BY line.who <> 'driver', line.at DESC LIMIT 1) AS excerpt
{_ROW_FROM}
WHERE chat.id = ANY($1) ORDER BY array_position($1, chat.id)
"""  # noqa: S608 - constants above
ONE: Final = f"""
{_ROW_COLUMNS} {_ROW_FROM}
WHERE chat.id = $2 AND {_OF_SITES} AND {_SEEN}
"""


async def one(tx: Transaction, sites: Sites, chat_id: UUID) -> ChatRow | None:
    """Return one chat, or None where there is none that may be seen."""
    return await tx.fetch_one(ChatRow, ONE, None if sites is None else list(sites), chat_id)


async def page(tx: Transaction, sites: Sites, wanted: ChatFilter, *, limit: int = 50, offset: int = 0) -> Page:
    """Return a page of chats, the newest first, with how many there are; excerpts where words were searched.

    Statements are planned for what is asked for, as those of cases are.
    """
    async with tx.planned_each():
        narrowed = (_sites(sites, wanted.site_id), wanted.opened_from, wanted.opened_until, wanted.case)
        if wanted.search.strip():
            ids, total, has_more = await _found(tx, narrowed, wanted.search.strip(), limit, offset)
        else:
            ids = await tx.values(IDS, *narrowed, limit, offset)
            total = offset + len(ids)
            if len(ids) == limit or (offset and not ids):
                total = int(await tx.value(COUNT, *narrowed, offset + limit + AHEAD_MAX))
            has_more = total == offset + limit + AHEAD_MAX
    if not ids:
        return Page([], total, has_more)
    words = searching.prefixes(wanted.search.strip())
    return Page(await tx.fetch(ChatRow, ROWS, ids, words), total, has_more)


def _sites(seen: Sites, wanted: UUID | None) -> list[UUID] | None:
    if wanted is None:
        return None if seen is None else list(seen)
    return [wanted] if seen is None or wanted in seen else []


async def _found(
    tx: Transaction, narrowed: tuple[object, ...], search: str, limit: int, offset: int
) -> tuple[list[UUID], int, bool]:
    """Return a page of what a search finds, how many that is as far as was looked, and whether there may be more."""
    number, words, plain, like = searching.given(search)
    named = await tx.fetch_one(_Named, NAMED, words, plain, like, number)
    assert named is not None
    given = (
        *narrowed, words, named.drivers, named.stations, named.sessions, named.outlet_stations, named.outlet_numbers
    )  # fmt: skip
    near = await _near(tx, given, NEWEST)
    found, is_all = near.ids, near.looked_at < NEWEST
    if not is_all and len(found) <= offset + limit:
        if len(found) >= COMMON:
            near = await _near(tx, given, BACK_MAX)
            found, is_all = near.ids, near.looked_at < BACK_MAX
        else:
            rows = await tx.fetch(_Found, EVER, *given, EVER_MAX)
            found = list({*found, *(row.id for row in rows)})
            is_cut = max(Counter(row.way for row in rows).values(), default=0) >= EVER_MAX
            is_all = not is_cut and max(len(named.drivers), len(named.stations)) < NAMED_MAX
    ids = await tx.values(OF_FOUND, *narrowed, found) if found else []
    return ids[offset : offset + limit], len(ids), not is_all


async def _near(tx: Transaction, given: tuple[object, ...], newest: int) -> _Near:
    near = await tx.fetch_one(_Near, NEAR, *given, newest)
    assert near is not None
    return near

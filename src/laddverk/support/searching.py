"""Search over everything of cases: number, words, labels, what was said, mails, files, driver, charger, site, session.

It finds ids, which `listing` narrows and shows. A common word stands in a large part of all that was ever said, and a
rare one in hardly anything. So what is open and what is newest is read through first: that costs the same for any word.
Where that does not fill a page, all there ever were are searched: from the newest back for a word that was common so
far, by the index of words else. The cases of one driver, charger or session are few enough to be read through.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

NUMBER_DIGITS: Final = 15  # a bigint holds more; nobody says more
WORD: Final = re.compile(r"[\w@.+-]+")
WORDS_MAX: Final = 8
NEWEST: Final = 1_000  # closed cases that are read through whatever the word
COMMON: Final = 60  # found among those: the word stands in some hundredths of all
EVER_MAX: Final = 4_000  # found among all, by each way of finding
SITES_MAX: Final = 20  # whose names hold the words: many a city's name stands in those of half of all sites
OF_SITE_MAX: Final = 200  # cases of each of those
BACK_MAX: Final = 100_000  # how many cases, and things said, are read back for a common word

_SHOWN: Final = (
    "SELECT id, number, words, tags, driver_id, station_id, evse_number, site_id, session_id FROM support_case"
)


def _within(cases: str) -> str:
    """Return what finds among some cases: by number, words, label, driver, charger and what was said."""
    return f"""
WITH near AS MATERIALIZED ({cases})
SELECT id FROM near
WHERE number = $1::bigint OR words @@ to_tsquery('simple', $2) OR tags @> ARRAY[lower($3)]
   OR driver_id IN (SELECT id FROM driver WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $2))
   OR station_id IN (SELECT id FROM station WHERE name ILIKE '%' || $4 || '%')
   OR (station_id, evse_number) IN (SELECT station_id, evse_number FROM connector WHERE code = upper($3))
   OR site_id IN (SELECT id FROM site WHERE name ILIKE '%' || $4 || '%')
   OR session_id IN (SELECT id FROM session WHERE session.number = $1::bigint)
UNION
SELECT near.id FROM near JOIN case_entry AS entry ON entry.case_id = near.id
WHERE entry.body <> '' AND entry.words @@ to_tsquery('simple', $2)
UNION
SELECT near.id FROM near JOIN support_mail AS mail ON mail.case_id = near.id
WHERE mail.words @@ to_tsquery('simple', $2)
UNION
SELECT near.id FROM near JOIN support_attachment AS file ON file.case_id = near.id
WHERE to_tsvector('simple', file.name) @@ to_tsquery('simple', $2)
"""  # noqa: S608 - made of constants


# Among cases that are not over and those since an id.
NEAR: Final = _within(f"{_SHOWN} WHERE state <> 'closed' UNION ALL {_SHOWN} WHERE id >= $5 AND state = 'closed'")
SINCE: Final = "SELECT id FROM support_case WHERE state = 'closed' ORDER BY id DESC OFFSET $1 LIMIT 1"
# Among all cases of a driver, charger or session.
OF_ONE: Final = _within(
    f"{_SHOWN} WHERE ($5::uuid IS NULL OR driver_id = $5) AND ($6::uuid IS NULL OR station_id = $6)"
    " AND ($7::uuid IS NULL OR session_id = $7)"
)


def _sites(words: str) -> str:
    return f"SELECT id FROM site WHERE name ILIKE '%' || {words} || '%' ORDER BY id LIMIT {SITES_MAX}"  # noqa: S608


# Among all there ever were, by each way of finding the newest; a case stands there once for all that is found in it.
_EVER_BESIDE: Final = f"""
(SELECT 'number' AS way, id FROM support_case WHERE number = $1::bigint)
UNION ALL (SELECT 'label', id FROM (SELECT id FROM support_case WHERE tags @> ARRAY[lower($3)] OFFSET 0) AS found
       ORDER BY id DESC LIMIT $5)
UNION ALL (SELECT 'driver', own.id FROM driver JOIN support_case AS own ON own.driver_id = driver.id
       WHERE to_tsvector('simple', driver.name) @@ to_tsquery('simple', $2) ORDER BY own.id DESC LIMIT $5)
UNION ALL (SELECT 'charger', at_it.id FROM station JOIN support_case AS at_it ON at_it.station_id = station.id
       WHERE station.name ILIKE '%' || $4 || '%' ORDER BY at_it.id DESC LIMIT $5)
UNION ALL (SELECT 'outlet', at_it.id FROM connector JOIN support_case AS at_it
           ON at_it.station_id = connector.station_id AND at_it.evse_number = connector.evse_number
       WHERE connector.code = upper($3) ORDER BY at_it.id DESC LIMIT $5)
UNION ALL (SELECT 'site', there.id FROM ({_sites("$4")}) AS named
       CROSS JOIN LATERAL (
           SELECT id FROM support_case WHERE site_id = named.id
           ORDER BY closed_at DESC NULLS FIRST, priority, changed_at, number LIMIT {OF_SITE_MAX}
       ) AS there)
UNION ALL (SELECT 'session', about.id FROM session JOIN support_case AS about ON about.session_id = session.id
       WHERE session.number = $1::bigint)
UNION ALL (SELECT 'file', case_id FROM (SELECT id, case_id FROM support_attachment
                            WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $2) OFFSET 0) AS found
       ORDER BY id DESC LIMIT $5)
"""  # noqa: S608 - made of constants
# Whether more sites are named so, or one of them has more cases, than are looked at.
IS_PAST_SITES: Final = f"""
SELECT EXISTS (SELECT FROM site WHERE name ILIKE '%' || $1 || '%' OFFSET {SITES_MAX})
    OR EXISTS (SELECT FROM ({_sites("$1")}) AS named
               WHERE EXISTS (SELECT FROM support_case WHERE site_id = named.id OFFSET {OF_SITE_MAX}))
"""  # noqa: S608 - made of constants
# OFFSET 0: by the index of words; who reads from the newest back until enough are found reads all for a rare word.
RARE: Final = (
    _EVER_BESIDE  # noqa: S608 - made of constants
    + """
UNION ALL (SELECT 'words', id FROM (SELECT id FROM support_case
                            WHERE words @@ to_tsquery('simple', $2) OFFSET 0) AS found
       ORDER BY id DESC LIMIT $5)
UNION ALL (SELECT 'said', case_id FROM (SELECT id, case_id FROM case_entry
                            WHERE words @@ to_tsquery('simple', $2) AND body <> '' OFFSET 0) AS found
       ORDER BY id DESC LIMIT $5)
UNION ALL (SELECT 'mail', case_id FROM (SELECT id, case_id FROM support_mail
                            WHERE words @@ to_tsquery('simple', $2) AND case_id IS NOT NULL OFFSET 0) AS found
       ORDER BY id DESC LIMIT $5)
"""
)
BACK: Final = (
    _EVER_BESIDE  # noqa: S608 - made of constants
    + """
UNION ALL (SELECT 'words', id FROM (SELECT id, words FROM support_case ORDER BY id DESC LIMIT $6) AS newest
       WHERE words @@ to_tsquery('simple', $2) LIMIT $5)
UNION ALL (SELECT 'said', case_id FROM (SELECT case_id, words, body FROM case_entry ORDER BY id DESC LIMIT $6) AS newest
       WHERE words @@ to_tsquery('simple', $2) AND body <> '' LIMIT $5)
UNION ALL (SELECT 'mail', case_id FROM (SELECT case_id, words FROM support_mail ORDER BY id DESC LIMIT $6) AS newest
       WHERE words @@ to_tsquery('simple', $2) AND case_id IS NOT NULL LIMIT $5)
"""
)
IS_LONGER: Final = "SELECT EXISTS (SELECT FROM case_entry OFFSET $1)"
LAST_ID: Final = UUID(int=2**128 - 1)
FIRST_ID: Final = UUID(int=0)


def prefixes(search: str) -> str:
    """Return a text search for all words of `search`, the last as far as it was typed. Only plain words stand in it."""
    words = [f"'{word}'" for word in WORD.findall(search)[:WORDS_MAX]]
    return " & ".join(words) + ":*" if words else ""


def given(search: str) -> tuple[int | None, str, str, str]:
    """Return the number that `search` may be, its words as a text search, it itself, and as a pattern of ILIKE."""
    digits = search.lstrip("#")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_DIGITS else None
    plain = search.replace("\\", "")
    return number, prefixes(search), plain, plain.replace("%", "\\%").replace("_", "\\_")


async def near(tx: Transaction, search: str, newest: int = NEWEST) -> list[UUID]:
    """Return the cases that `search` finds among those that are not over and the newest that are, in no order."""
    since = LAST_ID if newest == 0 else await tx.value(SINCE, newest) or FIRST_ID
    return await tx.values(NEAR, *given(search), since)


async def of_one(
    tx: Transaction, search: str, driver_id: UUID | None, station_id: UUID | None, session_id: UUID | None
) -> list[UUID]:
    """Return the cases that `search` finds among all of one driver, charger or session, in no order."""
    return await tx.values(OF_ONE, *given(search), driver_id, station_id, session_id)


class _Found(Struct, frozen=True):
    way: str
    id: UUID


async def ever(tx: Transaction, search: str, *, is_common: bool) -> tuple[list[UUID], bool]:
    """Return the cases that `search` finds among all, in no order, and whether that is all of them.

    Of each way of finding it is the newest `EVER_MAX`; of `SITES_MAX` sites that are named so, `OF_SITE_MAX` each; of
    a word that is common, those among the newest `BACK_MAX`.
    """
    sought = given(search)
    rows = await tx.fetch(_Found, BACK if is_common else RARE, *sought, EVER_MAX, *([BACK_MAX] if is_common else []))
    is_cut = max(Counter(row.way for row in rows).values(), default=0) >= EVER_MAX
    is_cut = is_cut or bool(is_common and await tx.value(IS_LONGER, BACK_MAX))
    is_cut = is_cut or bool(await tx.value(IS_PAST_SITES, sought[3]))
    return list({row.id for row in rows}), not is_cut

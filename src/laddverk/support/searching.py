"""Search over everything of cases: their number, words, labels, what was said, the driver and the charger.

It finds ids, which `listing` narrows and shows. A common word stands in a large part of all that was ever said: there
the newest are looked at first, and older ones only while a page is not full.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import first_id_of
from laddverk.platform.database import Transaction

NUMBER_DIGITS: Final = 15  # a bigint holds more; nobody says more
WORD: Final = re.compile(r"[\w@.+-]+")
WORDS_MAX: Final = 8
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Stage(Struct, frozen=True):
    """How far back is looked, and for how many by each way of finding."""

    lately: timedelta | None
    most: int


STAGES: Final = (Stage(timedelta(days=31), 1_000), Stage(None, 4_000))

# By number, words, label, what was said, driver and charger; of each the newest since an instant.
HITS: Final = """
(SELECT id FROM support_case WHERE number = $1::bigint)
UNION (SELECT id FROM support_case WHERE words @@ to_tsquery('simple', $2) AND created_at >= $5
       ORDER BY id DESC LIMIT $7)
UNION (SELECT id FROM support_case WHERE tags @> ARRAY[lower($3)] AND created_at >= $5 ORDER BY id DESC LIMIT $7)
UNION (SELECT case_id FROM case_entry WHERE words @@ to_tsquery('simple', $2) AND body <> '' AND id >= $6
       ORDER BY id DESC LIMIT $7)
UNION (SELECT own.id FROM driver JOIN support_case AS own ON own.driver_id = driver.id AND own.created_at >= $5
       WHERE to_tsvector('simple', driver.name) @@ to_tsquery('simple', $2) ORDER BY own.id DESC LIMIT $7)
UNION (SELECT at_it.id FROM station
       JOIN support_case AS at_it ON at_it.station_id = station.id AND at_it.created_at >= $5
       WHERE station.name ILIKE '%' || $4 || '%' ORDER BY at_it.id DESC LIMIT $7)
"""
# The same among those that are not over: few, whatever their age.
OPEN_HITS: Final = """
SELECT id FROM support_case
WHERE state <> 'closed'
  AND (number = $1::bigint OR words @@ to_tsquery('simple', $2) OR tags @> ARRAY[lower($3)])
UNION
SELECT own.id FROM support_case AS own JOIN case_entry AS said ON said.case_id = own.id
WHERE own.state <> 'closed' AND said.body <> '' AND said.words @@ to_tsquery('simple', $2)
UNION
SELECT own.id FROM support_case AS own JOIN driver ON driver.id = own.driver_id
WHERE own.state <> 'closed' AND to_tsvector('simple', driver.name) @@ to_tsquery('simple', $2)
UNION
SELECT own.id FROM support_case AS own JOIN station ON station.id = own.station_id
WHERE own.state <> 'closed' AND station.name ILIKE '%' || $4 || '%'
"""


def prefixes(search: str) -> str:
    """Return a text search for all words of `search`, the last as far as it was typed. Only plain words stand in it."""
    words = [f"'{word}'" for word in WORD.findall(search)[:WORDS_MAX]]
    return " & ".join(words) + ":*" if words else ""


def _given(search: str) -> tuple[object, ...]:
    digits = search.lstrip("#")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_DIGITS else None
    plain = search.replace("\\", "")
    return number, prefixes(search), plain, plain.replace("%", "\\%").replace("_", "\\_")


async def hits(tx: Transaction, search: str, stage: Stage, now: datetime) -> list[UUID]:
    """Return the cases that `search` finds at one stage, in no order; nothing for an empty text."""
    since = now - stage.lately if stage.lately is not None else EVER
    return await tx.values(HITS, *_given(search), since, first_id_of(since), stage.most)


async def open_hits(tx: Transaction, search: str) -> list[UUID]:
    """Return all cases that are not over and that `search` finds, in no order."""
    return await tx.values(OPEN_HITS, *_given(search))

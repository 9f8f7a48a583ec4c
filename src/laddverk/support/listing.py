"""Lists of cases: the views of the inbox, filters, and search over everything that was said, with where it stands."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.queries import CASE_FROM, CASE_SHOWN, CaseRow, Sites

NUMBER_DIGITS: Final = 15  # a bigint holds more; nobody says more
WORD: Final = re.compile(r"[\w@.+-]+")
WORDS_MAX: Final = 8
COUNT_MAX: Final = 10_000
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)  # nothing was due by then
HIT_BEGINS: Final = "\ue000"  # for private use: no text of people holds it
HIT_ENDS: Final = "\ue001"


class CaseFilter(Struct, frozen=True, kw_only=True):
    """What a list is narrowed to.

    `state`: open (and not put aside), waiting, closed, all; mine, team, late, snoozed and
    unassigned of those not closed.
    """

    search: str = ""
    state: str = "open"
    me: UUID | None = None
    kind: str = ""
    driver_id: UUID | None = None
    station_id: UUID | None = None
    session_id: UUID | None = None
    since: datetime | None = None
    """Only those that changed at or after this."""
    team_id: UUID | None = None
    assignee_id: UUID | None = None
    tag: str = ""
    priority: int | None = None
    channel: str = ""
    situation: str = ""
    site_id: UUID | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    model: str = ""
    """Vendor and model of the charger, as reports name them."""
    firmware: str = ""
    rated: str = ""
    """good, bad or any."""
    now: datetime | None = None
    """What late means."""

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the state and words is asked for."""
        return self != CaseFilter(state=self.state, search=self.search, me=self.me, now=self.now)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the state is asked for."""
        plain = CaseFilter(state=self.state, me=self.me, now=self.now)
        return self != plain


class Counts(Struct, frozen=True):
    """How many cases are in each view of the inbox."""

    open: int
    mine: int
    unassigned: int
    waiting: int
    team: int
    late: int
    snoozed: int


# Found by a number, a tag, words of the case or of anything said in it, a driver or a charger; of each the newest.
_FOUND_FROM: Final = """
FROM (SELECT id FROM support_case WHERE number = $3::bigint
      UNION (SELECT id FROM support_case WHERE words @@ to_tsquery('simple', $4) ORDER BY id DESC LIMIT 2000)
      UNION (SELECT id FROM support_case WHERE tags @> ARRAY[lower($2)] ORDER BY id DESC LIMIT 2000)
      UNION (SELECT case_id FROM case_entry WHERE words @@ to_tsquery('simple', $4) AND body <> ''
             ORDER BY id DESC LIMIT 4000)
      UNION (SELECT own.id FROM driver JOIN support_case AS own ON own.driver_id = driver.id
             WHERE driver.name ILIKE '%' || $2 || '%' ORDER BY own.id DESC LIMIT 1000)
      UNION (SELECT at_it.id FROM station JOIN support_case AS at_it ON at_it.station_id = station.id
             WHERE station.name ILIKE '%' || $2 || '%' ORDER BY at_it.id DESC LIMIT 1000)
) AS hit JOIN support_case ON support_case.id = hit.id
"""
_NARROWED: Final = """
WHERE ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))
  AND ($2::text IS NOT NULL AND ($3::bigint IS NULL OR true) AND $4::text IS NOT NULL)
  AND CASE $5 WHEN 'all' THEN true
              WHEN 'mine' THEN support_case.state <> 'closed' AND support_case.assignee_id = $6
              WHEN 'team' THEN support_case.state <> 'closed' AND support_case.team_id IN (
                  SELECT id FROM support_team WHERE $6 = ANY(members) AND removed_at IS NULL)
              WHEN 'unassigned' THEN support_case.state = 'open' AND support_case.assignee_id IS NULL
                  AND support_case.snoozed_until IS NULL
              WHEN 'snoozed' THEN support_case.state <> 'closed' AND support_case.snoozed_until IS NOT NULL
              WHEN 'late' THEN support_case.state <> 'closed'
                  AND ((support_case.answered_at IS NULL AND support_case.answer_due_at < $20)
                       OR (support_case.solve_due_at < $20 AND support_case.paused_at IS NULL))
              WHEN 'open' THEN support_case.state = 'open' AND support_case.snoozed_until IS NULL
              ELSE support_case.state = $5 END
  AND ($7 = '' OR support_case.kind = $7)
  AND ($8::uuid IS NULL OR support_case.driver_id = $8)
  AND ($9::uuid IS NULL OR support_case.station_id = $9)
  AND ($10::uuid IS NULL OR support_case.session_id = $10)
  AND ($11::timestamptz IS NULL OR support_case.changed_at >= $11)
  AND ($12::uuid IS NULL OR support_case.team_id = $12)
  AND ($13::uuid IS NULL OR support_case.assignee_id = $13)
  AND ($14 = '' OR support_case.tags @> ARRAY[$14::text])
  AND ($15::smallint IS NULL OR support_case.priority = $15)
  AND ($16 = '' OR support_case.channel = $16)
  AND ($17 = '' OR support_case.situation = $17)
  AND ($18::timestamptz IS NULL OR support_case.created_at >= $18)
  AND ($19::timestamptz IS NULL OR support_case.created_at < $19)
  AND $20::timestamptz IS NOT NULL
  AND ($21::uuid IS NULL OR support_case.site_id = $21)
  AND ($23 = '' OR support_case.station_id IN (SELECT id FROM station WHERE btrim(vendor || ' ' || model) = $23))
  AND ($24 = '' OR support_case.station_id IN (SELECT id FROM station WHERE firmware = $24))
  AND ($22 = '' OR EXISTS (SELECT FROM support_rating AS given WHERE given.case_id = support_case.id
                           AND CASE $22 WHEN 'good' THEN given.is_good WHEN 'bad' THEN NOT given.is_good ELSE true END))
"""
_PAGE_FROM: Final = CASE_FROM.replace("FROM support_case", " JOIN support_case ON support_case.id = page_id")
# What waits for us: the most urgent first, then whoever has waited longest. What is over: the newest first.
_PAGE_CONDITIONS: Final = """
ORDER BY support_case.closed_at DESC NULLS FIRST, support_case.priority, support_case.changed_at, support_case.number
"""
LIST: Final = (
    CASE_SHOWN  # noqa: S608 - constants above
    + "FROM (SELECT support_case.id AS page_id FROM support_case"
    + _NARROWED
    + _PAGE_CONDITIONS
    + "LIMIT $25 OFFSET $26) AS page"
    + _PAGE_FROM
    + _PAGE_CONDITIONS
)
FOUND: Final = (
    CASE_SHOWN  # noqa: S608 - constants above
    + """, (SELECT ts_headline('simple', left(said.body, 4000), to_tsquery('simple', $4),
            'MaxFragments=1, MaxWords=18, MinWords=6, StartSel=' || chr(57344) || ', StopSel=' || chr(57345))
      FROM case_entry AS said WHERE said.case_id = support_case.id AND said.body <> ''
        AND said.words @@ to_tsquery('simple', $4) ORDER BY said.at DESC LIMIT 1) AS excerpt
    """
    + "FROM (SELECT support_case.id AS page_id "
    + _FOUND_FROM
    + _NARROWED
    + _PAGE_CONDITIONS
    + "LIMIT $25 OFFSET $26) AS page"
    + _PAGE_FROM
    + _PAGE_CONDITIONS
)
COUNT: Final = "SELECT count(*) FROM (SELECT FROM support_case" + _NARROWED + "LIMIT $25) AS counted"  # noqa: S608
COUNT_FOUND: Final = "SELECT count(*) FROM (SELECT " + _FOUND_FROM + _NARROWED + "LIMIT $25) AS counted"  # noqa: S608
COUNTS: Final = """
SELECT count(*) FILTER (WHERE state = 'open' AND snoozed_until IS NULL)::int AS open,
       count(*) FILTER (WHERE assignee_id = $2)::int AS mine,
       count(*) FILTER (WHERE state = 'open' AND assignee_id IS NULL AND snoozed_until IS NULL)::int AS unassigned,
       count(*) FILTER (WHERE state = 'waiting')::int AS waiting,
       count(*) FILTER (WHERE team_id IN (
           SELECT id FROM support_team WHERE $2 = ANY(members) AND removed_at IS NULL))::int AS team,
       count(*) FILTER (WHERE (answered_at IS NULL AND answer_due_at < $3)
                        OR (solve_due_at < $3 AND paused_at IS NULL))::int AS late,
       count(*) FILTER (WHERE snoozed_until IS NOT NULL)::int AS snoozed
FROM support_case WHERE state <> 'closed' AND ($1::uuid[] IS NULL OR site_id = ANY($1))
"""


def hits_in(excerpt: str) -> list[tuple[str, bool]]:
    """Return an excerpt as pieces, and of each whether it is a word that was searched for."""
    pieces = [(text, False) for text in excerpt.split(HIT_BEGINS, 1)[:1]]
    for part in excerpt.split(HIT_BEGINS)[1:]:
        hit, _, rest = part.partition(HIT_ENDS)
        pieces += [(hit, True), (rest, False)]
    return [(text, is_hit) for text, is_hit in pieces if text]


def _prefixes(search: str) -> str:
    """Return a text search for all words of `search`, the last as far as it was typed. Only plain words stand in it."""
    words = [f"'{word}'" for word in WORD.findall(search)[:WORDS_MAX]]
    return " & ".join(words) + ":*" if words else ""


def _args(sites: Sites, wanted: CaseFilter) -> tuple[object, ...]:
    search = wanted.search.strip()
    digits = search.lstrip("#")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_DIGITS else None
    escaped = search.replace("\\", "").replace("%", "\\%").replace("_", "\\_")
    return (
        None if sites is None else list(sites), escaped, number, _prefixes(search), wanted.state, wanted.me,
        wanted.kind, wanted.driver_id, wanted.station_id, wanted.session_id, wanted.since, wanted.team_id,
        wanted.assignee_id, wanted.tag, wanted.priority, wanted.channel, wanted.situation, wanted.opened_from,
        wanted.opened_until, wanted.now or NEVER, wanted.site_id, wanted.rated, wanted.model,
        wanted.firmware,
    )  # fmt: skip


async def cases(
    tx: Transaction, sites: Sites, wanted: CaseFilter, *, limit: int = 50, offset: int = 0
) -> list[CaseRow]:
    """Return a page of cases, what is most urgent first; with an excerpt where words were searched for."""
    sql = FOUND if wanted.search.strip() else LIST
    return await tx.fetch(CaseRow, sql, *_args(sites, wanted), limit, offset)


async def count(tx: Transaction, sites: Sites, wanted: CaseFilter) -> int:
    """Return how many cases a filter leaves, at most `COUNT_MAX`: nobody turns so many pages."""
    sql = COUNT_FOUND if wanted.search.strip() else COUNT
    return int(await tx.value(sql, *_args(sites, wanted), COUNT_MAX))


async def counts(tx: Transaction, sites: Sites, me: UUID | None, now: datetime | None = None) -> Counts:
    """Return how many cases are in each view."""
    found = await tx.fetch_one(Counts, COUNTS, None if sites is None else list(sites), me, now or NEVER)
    assert found is not None
    return found

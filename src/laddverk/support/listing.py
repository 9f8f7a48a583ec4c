"""Lists of cases: the views of the inbox, filters, and search over everything that was said, with where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support import searching
from laddverk.support.queries import CASE_FROM, CASE_SHOWN, CaseRow, Sites

EVER_STATES: Final = frozenset({"all", "closed"})
"""Views that hold more than what is not over."""
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


class Page(Struct, frozen=True):
    """A page of a list."""

    rows: list[CaseRow]
    total: int
    """How many a filter leaves, at most `COUNT_MAX`. Of a common word only as far as was looked."""


class Counts(Struct, frozen=True):
    """How many cases are in each view of the inbox."""

    open: int
    mine: int
    unassigned: int
    waiting: int
    team: int
    late: int
    snoozed: int


_NARROWED: Final = """
WHERE ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))
  AND ($2::uuid[] IS NULL OR support_case.id = ANY($2))
  AND CASE $3 WHEN 'all' THEN true
              WHEN 'mine' THEN support_case.state <> 'closed' AND support_case.assignee_id = $4
              WHEN 'team' THEN support_case.state <> 'closed' AND support_case.team_id IN (
                  SELECT id FROM support_team WHERE $4 = ANY(members) AND removed_at IS NULL)
              WHEN 'unassigned' THEN support_case.state = 'open' AND support_case.assignee_id IS NULL
                  AND support_case.snoozed_until IS NULL
              WHEN 'snoozed' THEN support_case.state <> 'closed' AND support_case.snoozed_until IS NOT NULL
              WHEN 'late' THEN support_case.state <> 'closed'
                  AND ((support_case.answered_at IS NULL AND support_case.answer_due_at < $18)
                       OR (support_case.solve_due_at < $18 AND support_case.paused_at IS NULL))
              WHEN 'open' THEN support_case.state = 'open' AND support_case.snoozed_until IS NULL
              ELSE support_case.state = $3 END
  AND ($5 = '' OR support_case.kind = $5)
  AND ($6::uuid IS NULL OR support_case.driver_id = $6)
  AND ($7::uuid IS NULL OR support_case.station_id = $7)
  AND ($8::uuid IS NULL OR support_case.session_id = $8)
  AND ($9::timestamptz IS NULL OR support_case.changed_at >= $9)
  AND ($10::uuid IS NULL OR support_case.team_id = $10)
  AND ($11::uuid IS NULL OR support_case.assignee_id = $11)
  AND ($12 = '' OR support_case.tags @> ARRAY[$12::text])
  AND ($13::smallint IS NULL OR support_case.priority = $13)
  AND ($14 = '' OR support_case.channel = $14)
  AND ($15 = '' OR support_case.situation = $15)
  AND ($16::timestamptz IS NULL OR support_case.created_at >= $16)
  AND ($17::timestamptz IS NULL OR support_case.created_at < $17)
  AND $18::timestamptz IS NOT NULL
  AND ($19::uuid IS NULL OR support_case.site_id = $19)
  AND ($21 = '' OR support_case.station_id IN (SELECT id FROM station WHERE btrim(vendor || ' ' || model) = $21))
  AND ($22 = '' OR support_case.station_id IN (SELECT id FROM station WHERE firmware = $22))
  AND ($20 = '' OR EXISTS (SELECT FROM support_rating AS given WHERE given.case_id = support_case.id
                           AND CASE $20 WHEN 'good' THEN given.is_good WHEN 'bad' THEN NOT given.is_good ELSE true END))
"""
_PAGE_FROM: Final = CASE_FROM.replace("FROM support_case", " JOIN support_case ON support_case.id = page_id")
# What waits for us: the most urgent first, then whoever has waited longest. What is over: the newest first.
_PAGE_CONDITIONS: Final = """
ORDER BY support_case.closed_at DESC NULLS FIRST, support_case.priority, support_case.changed_at, support_case.number
"""
# Where the words stand that were searched for, in what was said last of it.
_EXCERPT_SHOWN: Final = """
, (SELECT ts_headline('simple', left(said.body, 4000), to_tsquery('simple', $23),
          'MaxFragments=1, MaxWords=18, MinWords=6, StartSel=' || chr(57344) || ', StopSel=' || chr(57345))
   FROM case_entry AS said
   WHERE $23 <> '' AND said.case_id = support_case.id AND said.body <> '' AND said.words @@ to_tsquery('simple', $23)
   ORDER BY said.at DESC LIMIT 1) AS excerpt
"""
LIST: Final = (
    CASE_SHOWN  # noqa: S608 - constants above
    + _EXCERPT_SHOWN
    + "FROM (SELECT support_case.id AS page_id FROM support_case"
    + _NARROWED
    + _PAGE_CONDITIONS
    + "LIMIT $24 OFFSET $25) AS page"
    + _PAGE_FROM
    + _PAGE_CONDITIONS
)
COUNT: Final = "SELECT count(*) FROM (SELECT FROM support_case" + _NARROWED + "LIMIT $23) AS counted"  # noqa: S608
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


def _args(sites: Sites, wanted: CaseFilter, hits: list[UUID] | None) -> tuple[object, ...]:
    return (
        None if sites is None else list(sites), hits, wanted.state, wanted.me, wanted.kind, wanted.driver_id,
        wanted.station_id, wanted.session_id, wanted.since, wanted.team_id, wanted.assignee_id, wanted.tag,
        wanted.priority, wanted.channel, wanted.situation, wanted.opened_from, wanted.opened_until,
        wanted.now or NEVER, wanted.site_id, wanted.rated, wanted.model, wanted.firmware,
    )  # fmt: skip


async def page(tx: Transaction, sites: Sites, wanted: CaseFilter, *, limit: int = 50, offset: int = 0) -> Page:
    """Return a page of cases, what is most urgent first, with how many there are; excerpts where words were searched.

    Statements are planned for what is asked for: a label that hangs on half of all cases and one that hangs on two
    want different ways.
    """
    search = wanted.search.strip()
    async with tx.planned_each():
        hits = await _open_hits(tx, wanted, search) if search else None
        rows, total = list[CaseRow](), 0
        for stage in _stages(wanted, search):
            if hits is not None and stage is not None:
                hits = [*hits, *await searching.hits(tx, search, stage, wanted.now or NEVER)]
            args = _args(sites, wanted, hits)
            rows = await tx.fetch(CaseRow, LIST, *args, searching.prefixes(search), limit, offset)
            total = int(await tx.value(COUNT, *args, COUNT_MAX))
            if total > offset + limit:  # there is a page after this one: who wants it looks further back
                break
    return Page(rows, total)


async def _open_hits(tx: Transaction, wanted: CaseFilter, search: str) -> list[UUID]:
    """Return what is found among cases that are not over: first in every list, so all of them are wanted."""
    return [] if wanted.state == "closed" else await searching.open_hits(tx, search)


def _stages(wanted: CaseFilter, search: str) -> Sequence[searching.Stage | None]:
    """Return how far back is searched, one after the other until a page is full."""
    if not search or wanted.state not in EVER_STATES:
        return [None]
    return searching.STAGES if wanted.now is not None else searching.STAGES[-1:]


async def cases(
    tx: Transaction, sites: Sites, wanted: CaseFilter, *, limit: int = 50, offset: int = 0
) -> list[CaseRow]:
    """Return the rows of `page`."""
    return (await page(tx, sites, wanted, limit=limit, offset=offset)).rows


async def count(tx: Transaction, sites: Sites, wanted: CaseFilter) -> int:
    """Return how many cases a filter leaves, at most `COUNT_MAX`: nobody turns so many pages."""
    search = wanted.search.strip()
    async with tx.planned_each():
        hits = await _open_hits(tx, wanted, search) if search else None
        stage = _stages(wanted, search)[-1]
        if hits is not None and stage is not None:
            hits = [*hits, *await searching.hits(tx, search, stage, wanted.now or NEVER)]
        return int(await tx.value(COUNT, *_args(sites, wanted, hits), COUNT_MAX))


async def counts(tx: Transaction, sites: Sites, me: UUID | None, now: datetime | None = None) -> Counts:
    """Return how many cases are in each view."""
    found = await tx.fetch_one(Counts, COUNTS, None if sites is None else list(sites), me, now or NEVER)
    assert found is not None
    return found

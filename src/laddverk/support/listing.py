"""Lists of cases: the views of the inbox, filters, and search over everything that was said, with where it stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support import searching
from laddverk.support.queries import CASE_FROM, CASE_SHOWN, CaseRow, Sites

EVER_STATES: Final = frozenset({"all", "closed"})
"""Views that hold more than what is not over."""
COUNT_MAX: Final = 10_000
DRIVERS_MAX: Final = 10_000  # with cases, that a name may mean: the newest; of more, a list says that it is cut
AHEAD_MAX: Final = 1_000  # counted beyond what is shown: nobody turns so many pages
FEW_WITHIN: Final = timedelta(days=62)  # cases of so many days are sooner sorted than found by a walk in order
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
    """That of the charger when the case was made."""
    charger: str = ""
    """A part of its name, or what stands on one of its outlets."""
    driver: str = ""
    """A part of the name, or the whole e-mail address or phone number."""
    session_number: int | None = None
    rated: str = ""
    """good, bad or any."""
    now: datetime | None = None
    """What late means."""

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the state and words is asked for."""
        return self != CaseFilter(state=self.state, search=self.search, me=self.me, now=self.now)

    @property
    def is_of_one(self) -> bool:
        """Whether it asks for cases of one driver, charger or session: never very many."""
        return any(one is not None for one in (self.driver_id, self.station_id, self.session_id))

    @property
    def leaves_few(self) -> bool:
        """Whether what is left is sooner sorted than found by a walk in order."""
        days = self.opened_until - self.opened_from if self.opened_until and self.opened_from else None
        names = self.charger or self.driver or self.session_number is not None
        return bool(self.search.strip() or names) or self.is_of_one or (days is not None and days <= FEW_WITHIN)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the state is asked for."""
        plain = CaseFilter(state=self.state, me=self.me, now=self.now)
        return self != plain


class Page(Struct, frozen=True):
    """A page of a list."""

    rows: list[CaseRow]
    total: int
    """How many a filter leaves, as far as was counted and looked."""
    has_more: bool = False
    """Whether there are, or may be, more than `total`."""


class _Named(Struct, frozen=True):
    """What a filter asks for by name; None where it does not."""

    stations: list[UUID] | None = None
    drivers: list[UUID] | None = None
    sessions: list[UUID] | None = None

    @property
    def is_all(self) -> bool:
        """Whether nobody else is named so."""
        return self.drivers is None or len(self.drivers) < DRIVERS_MAX


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
  AND ($20::uuid[] IS NULL OR support_case.station_id = ANY($20))
  AND $21::text IS NOT NULL
  AND ($22::uuid[] IS NULL OR support_case.driver_id = ANY($22))
  AND ($23::uuid[] IS NULL OR support_case.session_id = ANY($23))
  AND ($24 = '' OR lower(support_case.firmware) = lower($24))
"""
_FROM: Final = "FROM support_case"
_FROM_RATED: Final = """
FROM support_case JOIN support_rating AS given ON given.case_id = support_case.id
 AND CASE $21 WHEN 'good' THEN given.is_good WHEN 'bad' THEN NOT given.is_good ELSE true END
"""
# What waits for us: the most urgent first, then whoever has waited longest. What is over: the newest first.
_ORDER: Final = """
ORDER BY support_case.closed_at DESC NULLS FIRST, support_case.priority, support_case.changed_at, support_case.number
"""


def _ids(found: str, *, is_few: bool) -> str:
    """Return what finds the ids of a page. What leaves few is found first and sorted then (OFFSET 0); else the planner
    may walk in order until a page is full.
    """
    shown = "support_case.id, closed_at, priority, changed_at, number"
    source = f"FROM (SELECT {shown} {found} {_NARROWED} OFFSET 0) AS support_case" if is_few else found + _NARROWED
    return f"SELECT support_case.id {source} {_ORDER} LIMIT $25 OFFSET $26"


IDS: Final = {
    (is_rated, is_few): _ids(_FROM_RATED if is_rated else _FROM, is_few=is_few)
    for is_rated in (False, True)
    for is_few in (False, True)
}
"""By whether a rating is asked for, and whether few are left."""
COUNT: Final = {
    is_rated: f"SELECT count(*) FROM (SELECT {found} {_NARROWED} LIMIT $25) AS counted"  # noqa: S608 - constants
    for is_rated, found in ((False, _FROM), (True, _FROM_RATED))
}
"""By whether a rating is asked for."""
# The cases of a page in its order; and where the words stand that were searched for, in what was said last of it.
ROWS: Final = (
    CASE_SHOWN  # noqa: S608 - constants above
    + """
, (SELECT ts_headline('simple', left(said.body, 4000), to_tsquery('simple', $2),
          'MaxFragments=1, MaxWords=18, MinWords=6, StartSel=' || chr(57344) || ', StopSel=' || chr(57345))
   FROM case_entry AS said
   WHERE $2 <> '' AND said.case_id = support_case.id AND said.body <> '' AND said.words @@ to_tsquery('simple', $2)
   ORDER BY said.at DESC LIMIT 1) AS excerpt
"""
    + CASE_FROM
    + "WHERE support_case.id = ANY($1) ORDER BY array_position($1, support_case.id)"
)
# What is asked for by name: chargers, drivers who have cases, and sessions, each null where nothing is asked.
NAMED: Final = """
SELECT CASE WHEN $1 || $2 <> '' THEN ARRAY(
           SELECT id FROM station
           WHERE ($1 = '' OR lower(btrim(vendor || ' ' || model)) = lower($1))
             AND ($2 = '' OR name ILIKE '%' || $3 || '%' OR id IN (
                 SELECT station_id FROM connector WHERE code = upper($2)))) END AS stations,
       CASE WHEN $4 <> '' THEN ARRAY(
           SELECT id FROM (
               SELECT id FROM driver WHERE $5 <> '' AND to_tsvector('simple', name) @@ to_tsquery('simple', $5)
               UNION SELECT id FROM driver WHERE email = lower($4)
               UNION SELECT id FROM driver
                     WHERE phone <> '' AND phone_key($4) <> '' AND phone_key(phone) = phone_key($4)) AS meant
           WHERE EXISTS (SELECT FROM support_case WHERE support_case.driver_id = meant.id)
           ORDER BY id DESC LIMIT $7) END AS drivers,
       CASE WHEN $6::bigint IS NOT NULL THEN ARRAY(SELECT id FROM session WHERE number = $6) END AS sessions
"""
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


def _args(sites: Sites, wanted: CaseFilter, hits: list[UUID] | None, named: _Named) -> tuple[object, ...]:
    return (
        None if sites is None else list(sites), hits, wanted.state, wanted.me, wanted.kind, wanted.driver_id,
        wanted.station_id, wanted.session_id, wanted.since, wanted.team_id, wanted.assignee_id, wanted.tag,
        wanted.priority, wanted.channel, wanted.situation, wanted.opened_from, wanted.opened_until,
        wanted.now or NEVER, wanted.site_id, named.stations, wanted.rated, named.drivers, named.sessions,
        wanted.firmware,
    )  # fmt: skip


async def page(tx: Transaction, sites: Sites, wanted: CaseFilter, *, limit: int = 50, offset: int = 0) -> Page:
    """Return a page of cases, what is most urgent first, with how many there are; excerpts where words were searched.

    Statements are planned for what is asked for: a label that hangs on half of all cases and one that hangs on two
    want different ways.
    """
    ids, total, has_more = list[UUID](), 0, False
    async with tx.planned_each():
        named = await _named(tx, wanted)
        async for hits, is_all in _hits(tx, wanted):
            args = _args(sites, wanted, hits, named)
            ids = await tx.values(IDS[bool(wanted.rated), wanted.leaves_few], *args, limit, offset)
            total = offset + len(ids)
            if len(ids) == limit or (offset and not ids):
                total = int(await tx.value(COUNT[bool(wanted.rated)], *args, offset + limit + AHEAD_MAX))
            has_more = not (is_all and named.is_all) or total == offset + limit + AHEAD_MAX
            if total > offset + limit:  # there is a page after this one: who wants it looks further back
                break
    rows = await tx.fetch(CaseRow, ROWS, ids, searching.prefixes(wanted.search.strip())) if ids else []
    return Page(rows, total, has_more)


async def _named(tx: Transaction, wanted: CaseFilter) -> _Named:
    if not (wanted.model or wanted.charger or wanted.driver or wanted.session_number is not None):
        return _Named()
    charger, driver = wanted.charger.replace("\\", ""), wanted.driver.strip()
    named = await tx.fetch_one(
        _Named, NAMED, wanted.model, charger, charger.replace("%", "\\%").replace("_", "\\_"), driver,
        searching.prefixes(driver), wanted.session_number, DRIVERS_MAX,
    )  # fmt: skip
    assert named is not None
    return named


async def _hits(tx: Transaction, wanted: CaseFilter) -> AsyncIterator[tuple[list[UUID] | None, bool]]:
    """Yield what a search finds, further and further back, and whether that is all; None where nothing is searched."""
    search = wanted.search.strip()
    if not search:
        yield None, True
        return
    if wanted.is_of_one:
        yield await searching.of_one(tx, search, wanted.driver_id, wanted.station_id, wanted.session_id), True
        return
    goes_back = wanted.state in EVER_STATES
    near = await searching.near(tx, search, searching.NEWEST if goes_back else 0)
    yield near, not goes_back
    if goes_back:
        found, is_all = await searching.ever(tx, search, is_common=len(near) >= searching.COMMON)
        yield [*near, *found], is_all


async def cases(
    tx: Transaction, sites: Sites, wanted: CaseFilter, *, limit: int = 50, offset: int = 0
) -> list[CaseRow]:
    """Return the rows of `page`."""
    return (await page(tx, sites, wanted, limit=limit, offset=offset)).rows


async def count(tx: Transaction, sites: Sites, wanted: CaseFilter) -> int:
    """Return how many cases a filter leaves, at most `COUNT_MAX`."""
    total = 0
    async with tx.planned_each():
        named = await _named(tx, wanted)
        async for hits, _ in _hits(tx, wanted):
            total = int(await tx.value(COUNT[bool(wanted.rated)], *_args(sites, wanted, hits, named), COUNT_MAX))
    return total


async def counts(tx: Transaction, sites: Sites, me: UUID | None, now: datetime | None = None) -> Counts:
    """Return how many cases are in each view."""
    found = await tx.fetch_one(Counts, COUNTS, None if sites is None else list(sites), me, now or NEVER)
    assert found is not None
    return found

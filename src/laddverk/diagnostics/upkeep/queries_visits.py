"""What screens, programs and calendars read of visits: work to be done, drives proposed for it, and what is planned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics import runbooks
from laddverk.diagnostics.upkeep.bundling import Bundle, Job, bundles, due_of, skill_of
from laddverk.diagnostics.upkeep.model import State, WorkOrderId
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction
from laddverk.stations.queries.narrowing import Sites, as_list

JOBS_READ_MAX: Final = 500

_JOB_COLUMNS: Final = """
SELECT orders.id, orders.number, orders.station_id, station.name AS station_name, site.id AS site_id,
       site.name AS site_name, site.address, orders.evse_number, orders.title, orders.severity, orders.state,
       orders.assignee_name, orders.due_on, orders.created_at, orders.runbook, site.latitude, site.longitude,
       orders.visit_id
FROM work_order AS orders JOIN station ON station.id = orders.station_id JOIN site ON site.id = station.site_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
"""
TO_PLAN: Final = (
    _JOB_COLUMNS
    + """ AND orders.state IN ('planned', 'assigned') AND orders.visit_id IS NULL
ORDER BY orders.due_on NULLS LAST, orders.severity, orders.created_at LIMIT $2
"""
)
IN_VISITS: Final = _JOB_COLUMNS + " AND orders.visit_id = ANY($2) ORDER BY orders.number"
VISITS: Final = """
SELECT visit.id, visit.number, visit.planned_on, visit.starts_at, visit.technician, visit.note, visit.cancelled_at,
       visit.changed_at, visit.revision
FROM visit
WHERE visit.planned_on >= $2 AND visit.planned_on < $3 AND ($4 = '' OR visit.technician = $4)
  AND ($5 OR visit.cancelled_at IS NULL)
  AND ($1::uuid[] IS NULL OR EXISTS (
      SELECT FROM work_order JOIN station ON station.id = work_order.station_id
      WHERE work_order.visit_id = visit.id AND station.site_id = ANY($1)))
ORDER BY visit.planned_on, visit.starts_at NULLS LAST, visit.number LIMIT 300
"""
ONE: Final = """
SELECT visit.id, visit.number, visit.planned_on, visit.starts_at, visit.technician, visit.note, visit.cancelled_at,
       visit.changed_at, visit.revision
FROM visit WHERE visit.id = $2 AND ($1::uuid[] IS NULL OR EXISTS (
      SELECT FROM work_order JOIN station ON station.id = work_order.station_id
      WHERE work_order.visit_id = visit.id AND station.site_id = ANY($1)))
"""
SAVED: Final = """
SELECT count(*)::int AS visits, coalesce(sum(orders), 0)::int AS orders FROM (
    SELECT count(*) AS orders FROM visit JOIN work_order ON work_order.visit_id = visit.id
    JOIN station ON station.id = work_order.station_id
    WHERE visit.cancelled_at IS NULL AND visit.planned_on >= $2 AND visit.planned_on <= $3
      AND work_order.state <> 'cancelled' AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
    GROUP BY visit.id) AS each
"""
TECHNICIANS: Final = """
SELECT DISTINCT name FROM (
    SELECT assignee_name AS name FROM work_order WHERE created_at > $1
    UNION SELECT technician FROM visit WHERE created_at > $1
    UNION SELECT name FROM on_call_person) AS known
WHERE name <> '' ORDER BY name LIMIT 100
"""
CALENDARS: Final = """
SELECT id, technician, created_at, created_by, read_at FROM visit_calendar WHERE revoked_at IS NULL
ORDER BY technician, created_at
"""


class JobRow(Struct, frozen=True, kw_only=True):
    """A work order as plans show it."""

    id: WorkOrderId
    number: int
    station_id: StationId
    station_name: str
    site_id: SiteId
    site_name: str
    address: str
    evse_number: int
    title: str
    severity: int
    state: State
    assignee_name: str
    due_on: date | None
    created_at: datetime
    runbook: str
    latitude: float | None
    longitude: float | None
    visit_id: UUID | None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in (State.PLANNED, State.ASSIGNED, State.ON_SITE)

    def job(self) -> Job:
        """Return it as bundling takes it."""
        book = runbooks.runbook(self.runbook) if self.runbook else None
        return Job(
            key=str(self.id), site=str(self.site_id), latitude=self.latitude, longitude=self.longitude,
            severity=self.severity, due_on=due_of(self.severity, self.due_on, self.created_at.date()),
            skill=skill_of(book.en.skill if book else ""), part=self.runbook,
        )  # fmt: skip


class Proposal(Struct, frozen=True, kw_only=True):
    """A drive that is proposed, with its work orders in the order of the way."""

    bundle: Bundle
    rows: tuple[JobRow, ...]


class VisitRow(Struct, frozen=True, kw_only=True):
    """A visit."""

    id: UUID
    number: int
    planned_on: date
    starts_at: time | None
    technician: str
    note: str
    cancelled_at: datetime | None
    changed_at: datetime
    revision: int


class Planned(Struct, frozen=True, kw_only=True):
    """A visit with those of its work orders that may be seen."""

    visit: VisitRow
    rows: tuple[JobRow, ...]

    @property
    def is_done(self) -> bool:
        """Whether all of it was done."""
        return bool(self.rows) and not any(row.is_open for row in self.rows)

    @property
    def places(self) -> tuple[str, ...]:
        """The names of its sites."""
        return tuple(dict.fromkeys(row.site_name for row in self.rows))


class Saved(Struct, frozen=True, kw_only=True):
    """How many drives bundling has saved."""

    visits: int
    orders: int

    @property
    def drives(self) -> int:
        """Fewer than one for each work order."""
        return self.orders - self.visits


class CalendarRow(Struct, frozen=True, kw_only=True):
    """A secret link, without its secret."""

    id: UUID
    technician: str
    created_at: datetime
    created_by: str
    read_at: datetime | None


async def proposals(tx: Transaction, sites: Sites) -> list[Proposal]:
    """Return drives for the work that is in no visit yet, the most urgent first."""
    rows = {str(row.id): row for row in await tx.fetch(JobRow, TO_PLAN, as_list(sites), JOBS_READ_MAX)}
    return [
        Proposal(bundle=bundle, rows=tuple(rows[job.key] for job in bundle.jobs))
        for bundle in bundles([row.job() for row in rows.values()])
    ]


async def visits(
    tx: Transaction, sites: Sites, since: date, until: date, technician: str = "", *, cancelled: bool = False
) -> list[Planned]:
    """Return the visits from a day up to another, which is not among them."""
    found = await tx.fetch(VisitRow, VISITS, as_list(sites), since, until, technician, cancelled)
    return await _with_rows(tx, sites, found)


async def visit(tx: Transaction, sites: Sites, visit_id: UUID) -> Planned | None:
    """Return one visit, None where there is none that may be seen."""
    found = await tx.fetch_one(VisitRow, ONE, as_list(sites), visit_id)
    return (await _with_rows(tx, sites, [found]))[0] if found else None


async def _with_rows(tx: Transaction, sites: Sites, found: Sequence[VisitRow]) -> list[Planned]:
    rows = await tx.fetch(JobRow, IN_VISITS, as_list(sites), [one.id for one in found]) if found else []
    return [Planned(visit=one, rows=tuple(row for row in rows if row.visit_id == one.id)) for one in found]


async def saved(tx: Transaction, sites: Sites, since: date, until: date) -> Saved:
    """Return how many visits there were, and for how many work orders."""
    found = await tx.fetch_one(Saved, SAVED, as_list(sites), since, until)
    assert found is not None
    return found


async def technicians(tx: Transaction, since: datetime) -> list[str]:
    """Return the names of those who go to chargers or are on call."""
    return [str(name) for name in await tx.values(TECHNICIANS, since)]


async def calendars(tx: Transaction) -> list[CalendarRow]:
    """Return the secret links that open something."""
    return await tx.fetch(CalendarRow, CALENDARS)

"""What screens and programs read of work orders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.upkeep.model import OrderEvent, State, WorkOrder, WorkOrderId
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction
from laddverk.stations.queries.narrowing import Sites, as_list, like_text

_WHERE: Final = """
FROM work_order AS orders JOIN station ON station.id = orders.station_id JOIN site ON site.id = station.site_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', orders.number, orders.title, orders.assignee_name, station.name, site.name)
                  ILIKE '%' || $2 || '%')
  AND CASE $3 WHEN 'open' THEN orders.state IN ('planned', 'assigned', 'on_site')
              WHEN 'unproved' THEN orders.state = 'done' WHEN 'all' THEN true ELSE orders.state = $3 END
  AND ($4::uuid IS NULL OR orders.station_id = $4)
"""
_LIST_COLUMNS: Final = """
SELECT orders.id, orders.number, orders.station_id, station.name AS station_name, site.id AS site_id,
       site.name AS site_name, orders.evse_number, orders.title, orders.severity, orders.state, orders.assignee_name,
       orders.due_on, orders.created_at, orders.done_at, orders.verdict, orders.cause, orders.minutes, orders.currency,
       orders.cost_minor + coalesce((SELECT sum((part->>'cost_minor')::bigint)
                                    FROM jsonb_array_elements(orders.parts) AS part), 0)::bigint AS total_minor,
       site.latitude, site.longitude
"""
_ORDER: Final = """
ORDER BY (orders.state NOT IN ('planned', 'assigned', 'on_site')), orders.due_on NULLS LAST, orders.severity,
         orders.created_at DESC LIMIT $5 OFFSET $6
"""
LIST: Final = _LIST_COLUMNS + _WHERE + _ORDER
COUNT: Final = "SELECT count(*) " + _WHERE
ONE: Final = """
SELECT orders.* FROM work_order AS orders JOIN station ON station.id = orders.station_id
WHERE orders.id = $1 AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
"""
PLACE: Final = """
SELECT station.name AS station_name, station.model, site.id AS site_id, site.name AS site_name, site.address,
       site.municipality, site.latitude, site.longitude,
       incident.number AS incident_number
FROM work_order AS orders JOIN station ON station.id = orders.station_id JOIN site ON site.id = station.site_id
LEFT JOIN incident ON incident.id = orders.incident_id WHERE orders.id = $1
"""
EVENTS: Final = """
SELECT at, by_name, text, params, note FROM work_order_event WHERE work_order_id = $1 ORDER BY at, id LIMIT 500
"""
PHOTOS: Final = "SELECT id, at, by_name FROM work_order_photo WHERE work_order_id = $1 ORDER BY at, id"
PHOTO: Final = """
SELECT photo.content, photo.kind FROM work_order_photo AS photo
JOIN work_order AS orders ON orders.id = photo.work_order_id JOIN station ON station.id = orders.station_id
WHERE photo.id = $1 AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
"""
OF_INCIDENT: Final = "SELECT id, number, state FROM work_order WHERE incident_id = $1 ORDER BY created_at DESC LIMIT 1"


class WorkOrderRow(Struct, frozen=True):
    """A work order as lists show it."""

    id: WorkOrderId
    number: int
    station_id: StationId
    station_name: str
    site_id: SiteId
    site_name: str
    evse_number: int
    title: str
    severity: int
    state: State
    assignee_name: str
    due_on: date | None
    created_at: datetime
    done_at: datetime | None
    verdict: str
    cause: str
    minutes: int
    currency: str
    total_minor: int
    latitude: float | None
    longitude: float | None


class Place(Struct, frozen=True):
    """Where a work order sends somebody."""

    station_name: str
    model: str
    site_id: SiteId
    site_name: str
    address: str
    municipality: str
    latitude: float | None
    longitude: float | None
    incident_number: int | None


class PhotoRow(Struct, frozen=True):
    """A photo, without its content."""

    id: UUID
    at: datetime
    by_name: str


class WorkOrderOf(Struct, frozen=True):
    """The newest work order of an incident."""

    id: WorkOrderId
    number: int
    state: State


class WorkOrderFilter(Struct, frozen=True, kw_only=True):
    """What the list is narrowed to: a state of `State`, or open, unproved, all."""

    search: str = ""
    state: str = "open"
    station_id: UUID | None = None


def _given(sites: Sites, wanted: WorkOrderFilter) -> tuple[Any, ...]:
    return (as_list(sites), like_text(wanted.search), wanted.state, wanted.station_id)


async def work_orders(
    tx: Transaction, sites: Sites, wanted: WorkOrderFilter, *, limit: int, offset: int = 0
) -> list[WorkOrderRow]:
    """Return work orders at these sites: open ones first, by day and severity."""
    return await tx.fetch(WorkOrderRow, LIST, *_given(sites, wanted), limit, offset)


async def count(tx: Transaction, sites: Sites, wanted: WorkOrderFilter) -> int:
    """Return how many there are."""
    return int(await tx.value(COUNT, *_given(sites, wanted)))


async def work_order(tx: Transaction, sites: Sites, order_id: UUID) -> WorkOrder | None:
    """Return one work order, or None where there is none that may be seen."""
    return await tx.fetch_one(WorkOrder, ONE, order_id, as_list(sites))


async def place(tx: Transaction, order_id: UUID) -> Place:
    """Return where it goes. The work order must exist."""
    found = await tx.fetch_one(Place, PLACE, order_id)
    assert found is not None
    return found


async def events(tx: Transaction, order_id: UUID) -> list[OrderEvent]:
    """Return its timeline, oldest first."""
    return await tx.fetch(OrderEvent, EVENTS, order_id)


async def photos(tx: Transaction, order_id: UUID) -> list[PhotoRow]:
    """Return its photos, oldest first."""
    return await tx.fetch(PhotoRow, PHOTOS, order_id)


async def photo(tx: Transaction, sites: Sites, photo_id: UUID) -> tuple[bytes, str] | None:
    """Return a photo and its media type, or None where there is none that may be seen."""
    rows: list[Any] = await tx.rows(PHOTO, photo_id, as_list(sites))
    return (bytes(rows[0]["content"]), str(rows[0]["kind"])) if rows else None


async def of_incident(tx: Transaction, incident_id: UUID) -> WorkOrderOf | None:
    """Return the newest work order of an incident."""
    return await tx.fetch_one(WorkOrderOf, OF_INCIDENT, incident_id)

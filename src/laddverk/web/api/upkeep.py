"""The API's upkeep: work orders, the health of outlets with what will last how long, and spare parts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.upkeep import queries, queries_health, queries_lasting, service, stocking
from laddverk.diagnostics.upkeep.health import Reason
from laddverk.diagnostics.upkeep.model import Finish, NewWorkOrder, State
from laddverk.diagnostics.upkeep.queries import WorkOrderFilter
from laddverk.diagnostics.upkeep.queries_health import HealthFilter
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page

STATES: Final = frozenset({"open", "unproved", "all", *(state.value for state in State)})
LANGUAGE: Final = "en"  # of the checklists of orders that programs make


class UsedPart(Struct, frozen=True):
    """Parts of one kind that were used; the cost is for all of them."""

    name: str
    count: int
    cost_minor: int


class WorkOrder(Struct, frozen=True):
    """One work order. `state`: planned, assigned, on_site, done, verified or cancelled.

    `verdict`: proved or disproved by the next charge after the work, '' while none has told. `cause`: what it was.
    """

    id: str
    number: int
    station: str
    evse: int
    incident: str | None
    visit: str | None
    title: str
    severity: int
    state: str
    assignee: str
    due_on: date | None
    created_at: datetime
    done_at: datetime | None
    verdict: str
    cause: str
    minutes: int
    cost_minor: int
    currency: str
    parts: list[UsedPart]


class NewOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A work order to be made: for an incident, or with a title of its own."""

    station: str
    evse: int = 0
    incident: str | None = None
    title: str = ""
    assignee: str = ""
    due_on: date | None = None


class NewNote(Struct, frozen=True, forbid_unknown_fields=True):
    """A note in its timeline."""

    note: str


class Closing(Struct, frozen=True, forbid_unknown_fields=True):
    """What whoever was there found; the incident is closed with the same cause."""

    cause: str
    minutes: int = 0
    cost_minor: int = 0
    note: str = ""


class Why(Struct, frozen=True):
    """Why points are missing. `kind`: finding, lasting, worn, failures or returns."""

    kind: str
    points: float
    detector: str
    part: str


class Lasts(Struct, frozen=True):
    """What a trend says will be over, in days from now: the middle, and between which days eight times in ten."""

    detector: str
    part: str
    days: float
    low_days: float
    high_days: float


class OutletHealth(Struct, frozen=True):
    """The health of one outlet, 0 to 100; `lasts` is empty where no trend is a basis."""

    station: str
    evse: int
    site: str
    score: int
    station_score: int
    scored_at: datetime
    reasons: list[Why]
    lasts: list[Lasts]


class SparePart(Struct, frozen=True):
    """A family of parts: what failed, what is kept, what is needed while new ones are on their way.

    `due`: outlets where it is known to be over by then. `risk`: that the stock is not enough, 0 to 1.
    """

    part: str
    failures: int
    failures_per_charger_year: float
    lead_days: int
    stock: int
    due: int
    expected: float
    enough: int
    risk: float
    to_buy: int
    price_minor: int
    cost_minor: int


@get("/work-orders", opt=needs(Permission.STATIONS_READ))
async def list_work_orders(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "open",
    station: FromQuery[str | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[WorkOrder]:
    """List work orders, open ones first. `state` is one state, or open, unproved or all."""
    checked_limit(limit, offset)
    if in_state not in STATES:
        raise Invalid("There is no such state.", field="state")
    station_id = parsed("sta", station, field="station") if station else None
    wanted = WorkOrderFilter(search=search[:100], state=in_state, station_id=station_id)
    async with asked.transaction() as tx:
        rows = await queries.work_orders(tx, asked.actor.site_ids, wanted, limit=limit, offset=offset)
        total = await queries.count(tx, asked.actor.site_ids, wanted)
        found = [await _shown(tx, asked, row.id) for row in rows]
    return page(found, limit=limit, offset=offset, total=total)


@get("/work-orders/{order:str}", opt=needs(Permission.STATIONS_READ))
async def show_work_order(asked: Asking, order: FromPath[str]) -> WorkOrder:
    """Show one work order."""
    async with asked.transaction() as tx:
        return await _shown(tx, asked, parsed("wor", order, field="order"))


@post("/work-orders", opt=needs(Permission.COMMANDS_SEND), status_code=201)
async def make_work_order(asked: Asking, data: JSONBody[NewOrder]) -> WorkOrder:
    """Make a work order. For an incident that has an open one, that one is answered."""
    given = NewWorkOrder(
        station_id=StationId(parsed("sta", data.station, field="station")), evse_number=_evse(data.evse),
        incident_id=IncidentId(parsed("inc", data.incident, field="incident")) if data.incident else None,
        title=data.title, assignee_name=data.assignee, due_on=data.due_on,
    )  # fmt: skip
    async with asked.transaction() as tx:
        made = await service.order(tx, asked.actor, given, LANGUAGE, asked.now)
        return await _shown(tx, asked, made.id)


def _evse(number: int) -> int:
    if not 0 <= number <= 999:
        raise Invalid("There is no such outlet.", field="evse")
    return number


@post("/work-orders/{order:str}/notes", opt=needs(Permission.COMMANDS_SEND), status_code=200)
async def write_note(asked: Asking, order: FromPath[str], data: JSONBody[NewNote]) -> WorkOrder:
    """Write a note into its timeline."""
    identity = parsed("wor", order, field="order")
    async with asked.transaction() as tx:
        await service.note(tx, asked.actor, identity, data.note, asked.now)
        return await _shown(tx, asked, identity)


@post("/work-orders/{order:str}/close", opt=needs(Permission.COMMANDS_SEND), status_code=200)
async def close_work_order(asked: Asking, order: FromPath[str], data: JSONBody[Closing]) -> WorkOrder:
    """Say that it is mended, and what it was."""
    identity = parsed("wor", order, field="order")
    given = Finish(
        cause=data.cause, minutes=data.minutes, cost_minor=data.cost_minor,
        currency=asked.house.settings.currency, note=data.note,
    )  # fmt: skip
    async with asked.transaction() as tx:
        await service.finish(tx, asked.actor, identity, given, asked.now, asked.house.hints)
        return await _shown(tx, asked, identity)


async def _shown(tx: Transaction, asked: Asked, order_id: UUID) -> WorkOrder:
    found = await queries.work_order(tx, asked.actor.site_ids, order_id)
    if found is None:
        raise NotFound("There is no such work order.", field="order")
    return WorkOrder(
        id=shown("wor", found.id), number=found.number, station=shown("sta", found.station_id),
        evse=found.evse_number, incident=shown("inc", found.incident_id) if found.incident_id else None,
        visit=shown("vis", found.visit_id) if found.visit_id else None, title=found.title, severity=found.severity,
        state=found.state.value, assignee=found.assignee_name, due_on=found.due_on, created_at=found.created_at,
        done_at=found.done_at, verdict=found.verdict, cause=found.cause, minutes=found.minutes,
        cost_minor=found.total_minor, currency=found.currency,
        parts=[UsedPart(part.name, part.count, part.cost_minor) for part in found.parts],
    )  # fmt: skip


@get("/health", opt=needs(Permission.STATIONS_READ))
async def list_health(
    asked: Asking,
    search: FromQuery[str] = "",
    site: FromQuery[str | None] = None,
    below: FromQuery[int] = 101,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[OutletHealth]:
    """List outlets by health, the worst first; `below`: only scores lower than this."""
    checked_limit(limit, offset)
    site_id = parsed("sit", site, field="site") if site else None
    wanted = HealthFilter(search=search[:100], site_id=site_id, high=min(max(below, 0), 101) - 1)
    async with asked.transaction() as tx:
        rows = await queries_health.outlets(tx, asked.actor.site_ids, wanted, limit=limit, offset=offset)
        total = await queries_health.count(tx, asked.actor.site_ids, wanted)
        lives = await queries_lasting.remaining_at(tx, [row.station_id for row in rows])
    items = [
        OutletHealth(
            station=shown("sta", row.station_id), evse=row.evse_number, site=shown("sit", row.site_id),
            score=row.score, station_score=row.station_score, scored_at=row.scored_at,
            reasons=[_why(reason) for reason in row.reasons],
            lasts=[_lasts(life) for life in lives
                   if (life.station_id, life.evse_number) == (row.station_id, row.evse_number)],
        )
        for row in rows
    ]  # fmt: skip
    return page(items, limit=limit, offset=offset, total=total)


def _why(reason: Reason) -> Why:
    return Why(reason.kind, round(reason.points, 2), reason.detector, reason.part)


def _lasts(life: queries_lasting.Life) -> Lasts:
    return Lasts(life.detector, life.part, round(life.days, 1), round(life.low_days, 1), round(life.high_days, 1))


@get("/spare-parts", opt=needs(Permission.STATIONS_READ))
async def list_spare_parts(asked: Asking) -> Page[SparePart]:
    """List the families of parts: those that most likely run out first. Money is in the operator's currency."""
    async with asked.transaction() as tx:
        rows = await stocking.spares(tx, asked.actor.site_ids, asked.now)
    items = [
        SparePart(
            part=row.known.cause, failures=row.failures, failures_per_charger_year=round(row.rate.mean, 6),
            lead_days=row.known.lead_days, stock=row.known.stock, due=row.due, expected=round(row.need.expected, 3),
            enough=row.need.enough, risk=round(row.need.risk, 4), to_buy=row.need.to_buy,
            price_minor=row.known.price_minor, cost_minor=row.need.cost_minor,
        )
        for row in rows
    ]  # fmt: skip
    return page(items, limit=len(items), offset=0, total=len(items))


HANDLERS: Final = [
    list_work_orders, show_work_order, make_work_order, write_note, close_work_order, list_health, list_spare_parts,
]  # fmt: skip

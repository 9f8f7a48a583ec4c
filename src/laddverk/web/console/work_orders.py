"""Work on chargers: the list of work orders, and the page that a technician has in the hand on site."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from laddverk.diagnostics import runbooks
from laddverk.diagnostics.incidents import queries as incidents_queries
from laddverk.diagnostics.incidents import reporting
from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.upkeep import queries, service
from laddverk.diagnostics.upkeep.model import Finish, NewWorkOrder, Part, State
from laddverk.diagnostics.upkeep.queries import WorkOrderFilter
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.web import pictures, spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console import incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.words import Words
from laddverk.web.visit import named

PLACE: Final = "/console/work-orders"
BODY_MAX: Final = reporting.PHOTO_BYTES_MAX + 200_000  # a photo, and the fields beside it
FILTERS: Final = ("open", "unproved", "verified", "cancelled", "all")

STATES: Final[Words] = {
    State.PLANNED: ("wait", marked("Planned")),
    State.ASSIGNED: ("wait", marked("Given to somebody")),
    State.ON_SITE: ("info", marked("Somebody is there")),
    State.DONE: ("info", marked("Done, not proved yet")),
    State.VERIFIED: ("done", marked("Done and proved")),
    State.CANCELLED: ("off", marked("Cancelled")),
}


def href(order_id: UUID) -> str:
    """Return the address of a work order."""
    return f"{PLACE}/{shown('wor', order_id)}"


def _wanted(desk: Desk) -> WorkOrderFilter:
    state, station = desk.asked("state", "open"), desk.asked("station")
    return WorkOrderFilter(
        search=desk.asked("q").strip()[:100],
        state=state if state in FILTERS else "open",
        station_id=named("sta", station) if station else None,
    )


def _told(desk: Desk) -> dict[str, Any]:
    zone = desk.house.settings.timezone
    return {
        "inc": incident_words,
        "states": STATES,
        "told": lambda text, params: incident_words.told(text, params, desk.language, zone),
        "sentence_of": lambda evidence: incident_words.sentence(evidence, desk.language, zone),
    }


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_work_orders(desk: AtDesk) -> Response[str]:
    """The work orders: who goes where, for what, until when."""
    listing, wanted = desk.listing("due"), _wanted(desk)
    async with desk.transaction() as tx:
        return desk.page(
            "console/work_orders/list.html",
            rows=await queries.work_orders(tx, desk.sites, wanted, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count(tx, desk.sites, wanted),
            listing=listing,
            wanted=wanted,
            **_told(desk),
        )


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_work_orders(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await queries.work_orders(tx, desk.sites, _wanted(desk), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "work-orders",
        (
            "number", "site", "charger", "evse", "title", "severity", "state", "assignee", "due_on", "created_at",
            "done_at", "verdict", "cause", "minutes", "cost_minor", "currency",
        ),
        [
            (
                row.number, row.site_name, row.station_name, row.evse_number or None, desk.words(row.title),
                row.severity, row.state.value, row.assignee_name, str(row.due_on or ""), row.created_at, row.done_at,
                row.verdict, row.cause, row.minutes, row.total_minor, row.currency,
            )
            for row in rows
        ],
    )  # fmt: skip


@post(PLACE, opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def make_work_order(desk: AtDesk) -> Response[Any]:
    """Make a work order, for an incident or for a charger."""
    form = await desk.form()
    async with desk.transaction() as tx:
        given = await _ordered(desk, tx, form)
        made = await service.order(tx, desk.actor, given, desk.language, desk.now)
    return desk.go(href(made.id), desk.words("The work order is made."))


async def _ordered(desk: Desk, tx: Transaction, form: dict[str, str]) -> NewWorkOrder:
    if not form.get("incident"):
        station_id = StationId(named("sta", form.get("station", "")))
        return NewWorkOrder(station_id=station_id, title=form.get("title", ""))
    row = found(await incidents_queries.incident(tx, desk.sites, named("inc", form["incident"])))
    station_id_of = row.station_id or next(iter(row.stations), None)
    if station_id_of is None:
        raise Invalid("There is no charger to go to.", field="incident")
    return NewWorkOrder(
        station_id=StationId(station_id_of), incident_id=IncidentId(row.id), evse_number=row.evse_number
    )


@get(f"{PLACE}/{{order_id:str}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_work_order(desk: AtDesk, order_id: FromPath[str]) -> Response[str]:
    """One work order: where, what is known, what to bring and tick, what was found."""
    return await _page(desk, named("wor", order_id), {}, {})


async def _page(
    desk: Desk, identity: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        order = found(await queries.work_order(tx, desk.sites, identity))
        book = runbooks.runbook(order.runbook) if order.runbook else None
        return desk.page(
            "console/work_orders/detail.html",
            status=status,
            order=order,
            place=await queries.place(tx, identity),
            events=await queries.events(tx, identity),
            photos=await queries.photos(tx, identity),
            runbook=book.steps(desk.language) if book else None,
            line_of=lambda line: book.said_in(line, desk.language) if book else line,
            href=href(identity),
            currency=order.currency or desk.house.settings.currency,
            values=values,
            errors=errors,
            **_told(desk),
        )


@get("/console/work-order-photos/{photo_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_photo(desk: AtDesk, photo_id: FromPath[str]) -> Response[bytes]:
    """A photo: as a picture and nothing else, whatever it holds."""
    async with desk.transaction() as tx:
        content, kind = found(await queries.photo(tx, desk.sites, named("wph", photo_id)))
    return pictures.answer(content, kind)


@post(f"{PLACE}/{{order_id:str}}/do", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def do_something(desk: AtDesk, order_id: FromPath[str]) -> Response[Any]:
    """Give it to somebody, begin, tick, use a part, write a note, finish or cancel."""
    identity, form = named("wor", order_id), await desk.form()
    try:
        async with desk.transaction() as tx:
            await _done(desk, tx, identity, form)
    except Problem as problem:
        return await _page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(href(identity), desk.words("Noted."))


async def _done(desk: Desk, tx: Transaction, identity: UUID, form: dict[str, str]) -> None:
    currency = desk.house.settings.currency
    match form.get("what"):
        case "assign":
            await service.assign(tx, desk.actor, identity, form.get("name", ""), _day(form.get("due_on", "")), desk.now)
        case "begin":
            await service.begin(tx, desk.actor, identity, desk.now)
        case "tick":
            await service.tick(tx, desk.actor, identity, _whole(form.get("check", ""), "check"), desk.now)
        case "part":
            cost = minor_of(form["part_cost"], currency, "part_cost") if form.get("part_cost") else 0
            part = Part(name=form.get("part", ""), count=_whole(form.get("count", "1"), "count"), cost_minor=cost)
            await service.use(tx, desk.actor, identity, part, desk.now)
        case "note":
            await service.note(tx, desk.actor, identity, form.get("note", ""), desk.now)
        case "finish":
            cost = minor_of(form["cost"], currency, "cost") if form.get("cost") else 0
            given = Finish(
                cause=form.get("cause", ""), minutes=_whole(form.get("minutes") or "0", "minutes"), cost_minor=cost,
                currency=currency, note=form.get("closing_note", ""),
            )  # fmt: skip
            await service.finish(tx, desk.actor, identity, given, desk.now, desk.house.hints)
        case "cancel":
            await service.cancel(tx, desk.actor, identity, form.get("reason", ""), desk.now)
        case _:
            raise Invalid("Choose from the list.", field="what")


@post(f"{PLACE}/{{order_id:str}}/photos", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200,
      request_max_body_size=BODY_MAX)  # fmt: skip
async def take_photo(desk: AtDesk, order_id: FromPath[str]) -> Response[Any]:
    """Keep a photo."""
    identity = named("wor", order_id)
    file = (await desk.request.form()).get("photo")
    content = await file.read() if isinstance(file, UploadFile) else b""
    try:
        async with desk.transaction() as tx:
            await service.photograph(tx, desk.actor, identity, content, desk.now)
    except Problem as problem:
        return await _page(desk, identity, {}, desk.errors(problem), problem.status)
    return desk.go(href(identity), desk.words("The photo is kept."))


def _whole(text: str, field: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or len(text) > 6:
        raise Invalid("Enter a whole number.", field=field)
    return int(text)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("Enter a day.", field="due_on", remedy="Write it like 2026-11-30.") from None


ROUTES: Final = [
    list_work_orders,
    export_work_orders,
    make_work_order,
    show_work_order,
    show_photo,
    do_something,
    take_photo,
]

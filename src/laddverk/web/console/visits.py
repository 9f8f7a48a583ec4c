"""Drives to chargers: which work orders one drive can do, the visits of a week, and calendars that technicians read."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.diagnostics.upkeep import queries_lasting, queries_visits, visiting
from laddverk.diagnostics.upkeep.bundling import NEAR_KM, Skill
from laddverk.diagnostics.upkeep.queries_visits import Proposal
from laddverk.diagnostics.upkeep.visiting import Plan
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.languages import marked
from laddverk.web import spreadsheets
from laddverk.web.console import health_panel, work_orders
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/visits"
YEAR: Final = timedelta(days=365)
AHEAD: Final = timedelta(days=400)
SOON_DAYS: Final = 60.0  # of what a trend will end: time to order a part, and to find a drive that passes
SATURDAY: Final = 5
KNOWN_OVER: Final = timedelta(days=400)  # whoever went somewhere since then is offered as technician
SKILLS: Final = {
    Skill.SERVICE: marked("Service technician"),
    Skill.ELECTRICIAN: marked("Electrician"),
}


def href(visit_id: UUID) -> str:
    """Return the address of a visit."""
    return f"{PLACE}/{shown('vis', visit_id)}"


def _monday(desk: Desk) -> date:
    # On a weekend the week that one plans is the next one.
    asked = desk.day_asked("week") or desk.today + timedelta(days=2 if desk.today.weekday() >= SATURDAY else 0)
    if not date(2000, 1, 10) < asked < date(2200, 1, 1):
        asked = desk.today
    return asked - timedelta(days=asked.weekday())


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_visits(desk: AtDesk) -> Response[str]:
    """Drives that are proposed, the visits of a week, and the links of calendars."""
    return await _page(desk, {}, {})


async def _page(
    desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200, link: str = ""
) -> Response[str]:
    monday = _monday(desk)
    technician, search = desk.asked("technician")[:200], desk.asked("q").strip().casefold()[:100]
    async with desk.transaction() as tx:
        proposals = [one for one in await queries_visits.proposals(tx, desk.sites) if _matches(desk, one, search)]
        week = await queries_visits.visits(tx, desk.sites, monday, monday + timedelta(days=7), technician)
        saved = await queries_visits.saved(tx, desk.sites, desk.today - YEAR, desk.today + YEAR)
        technicians = await queries_visits.technicians(tx, desk.now - KNOWN_OVER) if desk.sites is None else []
        soon = await queries_lasting.due_soon(tx, desk.sites, SOON_DAYS)
        links = await queries_visits.calendars(tx) if desk.sites is None else []
    return desk.page(
        "console/work_orders/visits.html",
        status=status, proposals=proposals, monday=monday, technician=technician, saved=saved, links=links,
        technicians=technicians, jobs=sum(len(one.rows) for one in proposals), link=link,
        days=[(day, [one for one in week if one.visit.planned_on == day])
              for day in (monday + timedelta(days=number) for number in range(7))],
        today=desk.today, tomorrow=desk.today + timedelta(days=1), week=week, values=values, errors=errors,
        soon=[(one, health_panel.AIMS.get((one.detector, one.aim), "")) for one in soon],
        near_km=NEAR_KM, skills=SKILLS, visit_href=href, job_href=work_orders.href, timedelta=timedelta,
    )  # fmt: skip


def _matches(desk: Desk, one: Proposal, search: str) -> bool:
    return not search or any(
        search in f"{row.site_name} {row.station_name} {desk.words(row.title)} {row.number}".casefold()
        for row in one.rows
    )


@get(f"{PLACE}/map.json", opt={NEEDS: Permission.STATIONS_READ})
async def map_of_work(desk: AtDesk) -> dict[str, Any]:
    """The sites where somebody has to go, as `charger_map` reads them."""
    async with desk.transaction() as tx:
        proposals = await queries_visits.proposals(tx, desk.sites)
        planned = await queries_visits.visits(tx, desk.sites, desk.today, desk.today + AHEAD)
    sites: dict[UUID, list[tuple[queries_visits.JobRow, bool]]] = {}
    for row, is_planned in (
        *((row, False) for one in proposals for row in one.rows),
        *((row, True) for one in planned for row in one.rows if row.is_open),
    ):
        sites.setdefault(row.site_id, []).append((row, is_planned))
    return {
        "type": "FeatureCollection",
        "features": [_feature(desk, rows) for rows in sites.values() if rows[0][0].latitude is not None],
    }


def _feature(desk: Desk, rows: list[tuple[queries_visits.JobRow, bool]]) -> dict[str, Any]:
    site, planned = rows[0][0], sum(is_planned for _, is_planned in rows)
    waits = any(row.severity <= 1 and not is_planned for row, is_planned in rows)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [site.longitude, site.latitude]},
        "properties": {
            "name": site.site_name,
            "href": f"/console/work-orders?q={site.site_name}",
            "outlets": len(rows),
            "busy": planned,
            "state": "broken" if waits else "wait" if planned < len(rows) else "free",
            "text": desk.words("%(jobs)s work orders, %(planned)s planned", jobs=len(rows), planned=planned),
        },
    }


@post(PLACE, opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def make_visit(desk: AtDesk) -> Response[Any]:
    """Plan a visit for the work orders that were ticked."""
    form, chosen = await desk.form(), await desk.choices("order")
    try:
        async with desk.transaction() as tx:
            orders = [named("wor", one) for one in chosen]
            made = await visiting.plan(tx, desk.actor, orders, _plan(form), desk.now)
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    return desk.go(href(made.id), desk.words("The visit is planned."))


def _plan(form: dict[str, str]) -> Plan:
    try:
        on = date.fromisoformat(form.get("planned_on", ""))
    except ValueError:
        raise Invalid("Enter a day.", field="planned_on", remedy="Write it like 2026-11-30.") from None
    try:
        starts_at = time.fromisoformat(form["starts_at"]) if form.get("starts_at") else None
    except ValueError:
        raise Invalid("Enter a time.", field="starts_at", remedy="Write it like 08:30.") from None
    if starts_at is not None and starts_at.tzinfo is not None:
        raise Invalid("Enter a time.", field="starts_at", remedy="Write it like 08:30.")
    return Plan(
        on=on, starts_at=starts_at, technician=form.get("new_technician") or form.get("technician", ""),
        note=form.get("note", ""),
    )  # fmt: skip


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_visits(desk: AtDesk) -> Response[bytes]:
    """The visits of a year back and ahead as CSV: a row for each work order."""
    async with desk.transaction() as tx:
        planned = await queries_visits.visits(
            tx, desk.sites, desk.today - YEAR, desk.today + YEAR, desk.asked("technician")[:200]
        )
    return spreadsheets.answer(
        "visits",
        ("visit", "planned_on", "starts_at", "technician", "work_order", "site", "charger", "evse", "title", "state"),
        [
            (
                one.visit.number, one.visit.planned_on.isoformat(),
                one.visit.starts_at.isoformat("minutes") if one.visit.starts_at else "", one.visit.technician,
                row.number, row.site_name, row.station_name, row.evse_number or None, desk.words(row.title),
                row.state.value,
            )
            for one in planned for row in one.rows
        ],
    )  # fmt: skip


@get(f"{PLACE}/{{visit_id:str}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_visit(desk: AtDesk, visit_id: FromPath[str]) -> Response[str]:
    """One visit: who, when, where, what for."""
    return await _one(desk, named("vis", visit_id), {}, {})


async def _one(
    desk: Desk, identity: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        planned = found(await queries_visits.visit(tx, desk.sites, identity))
        technicians = await queries_visits.technicians(tx, desk.now - KNOWN_OVER) if desk.sites is None else []
    return desk.page(
        "console/work_orders/visit.html",
        status=status, one=planned, drive=planned.visit, href=href(identity), technicians=technicians, values=values,
        errors=errors, states=work_orders.STATES, job_href=work_orders.href,
    )  # fmt: skip


@post(f"{PLACE}/{{visit_id:str}}/do", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def do_something(desk: AtDesk, visit_id: FromPath[str]) -> Response[Any]:
    """Plan it anew, take a work order out, or cancel it."""
    identity, form = named("vis", visit_id), await desk.form()
    try:
        async with desk.transaction() as tx:
            match form.get("what"):
                case "change":
                    await visiting.change(tx, desk.actor, identity, _plan(form), desk.now)
                case "take_out":
                    await visiting.take_out(tx, desk.actor, identity, named("wor", form.get("order", "")), desk.now)
                case "cancel":
                    await visiting.cancel(tx, desk.actor, identity, form.get("reason", ""), desk.now)
                case _:
                    raise Invalid("Choose from the list.", field="what")
    except NotFound:
        raise
    except Problem as problem:
        return await _one(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(PLACE if form["what"] == "cancel" else href(identity), desk.words("Noted."))


@post(f"{PLACE}/calendars", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def open_calendar(desk: AtDesk) -> Response[Any]:
    """Make a secret link to somebody's visits; it is shown once."""
    form = await desk.form()
    whose = form.get("new_technician") or form.get("technician", "")
    try:
        async with desk.transaction() as tx:
            secret = await visiting.open_calendar(tx, desk.actor, whose, desk.language, desk.now)
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    return await _page(desk, {}, {}, link=f"{desk.house.settings.web_url}/visits/{secret}.ics")


@post(f"{PLACE}/calendars/{{calendar_id:str}}/revoke", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def revoke_calendar(desk: AtDesk, calendar_id: FromPath[str]) -> Response[Any]:
    """End a secret link."""
    async with desk.transaction() as tx:
        await visiting.revoke_calendar(tx, desk.actor, named("cal", calendar_id), desk.now)
    return desk.go(PLACE, desk.words("The link opens nothing any more."))


ROUTES: Final = [
    list_visits, map_of_work, make_visit, export_visits, show_visit, do_something, open_calendar, revoke_calendar,
]  # fmt: skip

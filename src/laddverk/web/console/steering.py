"""Remote control of one charger: start, stop, restart, ask; and the history of what was asked of any charger."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, StationId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.ocpp.facts import RateUnit
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate import remote_control
from laddverk.platform.database import Transaction
from laddverk.stations import command_queries as history
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web import starting
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.people import driver_meant
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts
from laddverk.web.visit import named

EVSE_MAX: Final = 999
LIMIT_MAX: Final = 1_000_000  # watts or amperes: more than any outlet gives
STATES: Final = ("open", "confirmed", "refused", "timed_out", "expired", "cancelled", "failed")


def wanted(desk: Desk, station_id: Any = None) -> history.HistoryFilter:
    """Return what the history is narrowed to, from the address."""
    state = desk.asked("state")
    return history.HistoryFilter(
        station_id=station_id,
        state=state if state in STATES or state == "queued" else "",
        kind=desk.asked("kind")[:50],
        search=desk.listing("latest").search,
    )


async def _known(desk: Desk, tx: Transaction, station: queries.StationDetail) -> dict[str, Any]:
    chosen = wanted(desk, station.id)
    listing = desk.listing("latest")
    return {
        "station": station,
        "rows": await history.history(tx, desk.sites, chosen, limit=PAGE_SIZE, offset=listing.offset),
        "total": await history.count_history(tx, desk.sites, chosen),
        "kinds": await history.kinds(tx, station.id),
        "listing": listing,
        "states": STATES,
        "connectors": [row for row in await queries.connectors(tx, station.id) if row.evse_number],
        "triggers": remote_control.triggers(Protocol(station.protocol)) if station.protocol else (),
        "is_16": station.protocol == Protocol.V16.value,
        "is_21": station.protocol == Protocol.V21.value,
        "with_station": False,
        "batch": None,
        "tab": "commands",
    }


@get("/console/stations/{station_id:str}/commands", opt={NEEDS: Permission.STATIONS_READ})
async def show_steering(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What can be asked of a charger, and what was."""
    return await _page(desk, station_id)


async def _page(desk: Desk, station_id: str, *, problem: Problem | None = None, values: Any = None) -> Response[str]:
    async with desk.transaction() as tx:
        known = await _known(desk, tx, await seen_station(desk, tx, station_id))
    return desk.page(
        "console/steering/station.html",
        status=problem.status if problem else 200,
        values=values or {},
        errors=desk.errors(problem) if problem else {},
        **known,
    )


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return the newest commands of a charger, which change by themselves."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        rows = await history.history(
            tx, desk.sites, history.HistoryFilter(station_id=station.id), limit=PAGE_SIZE
        )  # fmt: skip
    return {"history": desk.template("console/steering/rows.html", rows=rows, with_station=False, batch=None)}


@post("/console/stations/{station_id:str}/start", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def start_session(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Start a session for a driver, perhaps with a limit from its first moment on."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            wish = await _wish(tx, StationId(station.id), form)
            await starting.start(tx, desk.actor, wish, desk.now, reason=form.get("reason", ""))
    except Problem as problem:
        if isinstance(problem, NotFound) and problem.field is None:
            raise
        return await _page(desk, station_id, problem=problem, values=form)
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    path = f"/console/stations/{shown('sta', station.id)}/commands"
    return desk.go(path, desk.words("The charger is asked to start."))


async def _wish(tx: Transaction, station_id: StationId, form: dict[str, str]) -> starting.Start:
    """Return the session that a form wants: `outlet` is `2`, or `2.1` with its connector."""
    driver_id = await driver_meant(tx, form.get("driver", ""))
    if driver_id is None:
        raise Invalid("Say who pays: the driver's e-mail address.", field="driver")
    evse, _, connector = form.get("outlet", "").partition(".")
    return starting.Start(
        station_id=station_id,
        evse_number=whole(evse, "outlet", 1, EVSE_MAX),
        connector_number=whole(connector or "1", "outlet", 1, EVSE_MAX),
        driver_id=driver_id,
        limit=whole(form["limit"], "limit", 0, LIMIT_MAX) if form.get("limit") else None,
        unit=RateUnit.WATT if form.get("unit") == "W" else RateUnit.AMPERE,
    )


@post("/console/commands/{command_id:str}/cancel", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def cancel_command(desk: AtDesk, command_id: FromPath[str]) -> Response[Any]:
    """Take back a command that still waits to be sent."""
    form = await desk.form()
    async with desk.transaction() as tx:
        row: queries.CommandRow = found(await queries.command(tx, named("cmd", command_id)))
        await seen_station(desk, tx, shown("sta", row.station_id))
        await stations.cancel_command(tx, desk.actor, CommandId(row.id), desk.now, reason=form.get("reason", ""))
    desk.tell(f"station:{row.station_id}")
    return desk.go(_back(form.get("back", ""), row), desk.words("The command is taken back."))


def _back(where: str, row: queries.CommandRow) -> str:
    """Return the page that a button stood on: that of a batch, of all commands, or of the charger."""
    if where.startswith("bat_"):
        return f"/console/batches/{shown('bat', named('bat', where))}"
    return "/console/commands" if where == "all" else f"/console/stations/{shown('sta', row.station_id)}/commands"


@get("/console/commands", opt={NEEDS: Permission.STATIONS_READ})
async def list_commands(desk: AtDesk) -> Response[str]:
    """What was asked of chargers, and what became of it."""
    chosen, listing = wanted(desk), desk.listing("latest")
    async with desk.transaction() as tx:
        return desk.page(
            "console/steering/history.html",
            rows=await history.history(tx, desk.sites, chosen, limit=PAGE_SIZE, offset=listing.offset),
            total=await history.count_history(tx, desk.sites, chosen),
            kinds=await history.kinds(tx, None),
            batches=await history.batches(tx, desk.sites, limit=10),
            listing=listing,
            states=STATES,
            with_station=True,
            batch=None,
        )


ROUTES: Final = [show_steering, start_session, cancel_command, list_commands]

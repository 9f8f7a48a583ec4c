"""A charger's configuration: its components and variables, their history, reports, drift, and its ways to us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, StationId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.ocpp.commands import Selected, SetNetworkProfile
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Transaction
from laddverk.provisioning import rules, service
from laddverk.provisioning.queries import device_model as queries
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web import spreadsheets
from laddverk.web.console import provisioning_words, value_lines
from laddverk.web.console.commands import outcome_part
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts

CHANGED_DAYS: Final = 30  # "only changed": what was set or came about lately
EXPORT_MAX: Final = 10_000  # all that a station can have
ANSWERED: Final = frozenset({"refused", "timed_out", "expired", "failed"})


def wanted(desk: Desk) -> queries.VariableFilter:
    """Return what the list is narrowed to, from the address."""
    only = desk.asked("only")
    return queries.VariableFilter(
        search=desk.listing("name").search,
        component=desk.asked("component")[:200],
        writable=only == "writable",
        changed_since=desk.now - timedelta(days=CHANGED_DAYS) if only == "changed" else None,
        monitored=only == "monitored",
    )


async def facts(desk: Desk, tx: Transaction, station: stations_queries.StationDetail) -> dict[str, Any]:
    """Return what the page shows and what changes on it by itself."""
    listing, chosen = desk.listing("name"), wanted(desk)
    return {
        "station": station,
        "listing": listing,
        "rows": await queries.variables(tx, station.id, chosen, limit=PAGE_SIZE, offset=listing.offset),
        "total": await queries.count_variables(tx, station.id, chosen),
        "pending": await queries.pending(tx, station.id),
        "standings": await queries.standings(tx, station.id),
        "reports": [(row, how_far(row, desk.now)) for row in await queries.inventories(tx, station.id, "variables", 3)],
        "own": provisioning_words,
    }


def how_far(row: queries.InventoryRow, now: datetime) -> rules.Progress:
    """Return how far a report has come."""
    latest = row.received_at or row.requested_at
    return rules.progress(row.parts, row.last_part, latest, now, is_over=row.state in ANSWERED)


@get("/console/stations/{station_id:str}/configuration", opt={NEEDS: Permission.STATIONS_READ})
async def show_configuration(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What the charger is made of and set to."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        known = await facts(desk, tx, station)
        components = await queries.components(tx, station.id)
        changes = await queries.latest_changes(tx, station.id, 8)
    return desk.page(
        "console/stations/configuration.html", **known, components=components, changes=changes, tab="configuration"
    )


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return what changes while a charger tells: its variables, its reports, how it stands to its templates."""
    async with desk.transaction() as tx:
        known = await facts(desk, tx, await seen_station(desk, tx, station_id))
    return {
        "station-variables": desk.template("console/stations/variables.html", **known),
        "station-standing": desk.template("console/provisioning/standing.html", **known),
        "station-reports": desk.template("console/provisioning/reports.html", **known),
    }


COLUMNS: Final = (
    "component", "variable", "attribute", "value", "mutability", "unit", "data_type", "min_limit", "max_limit",
    "values_list", "reported_at", "changed_at", "changed_by",
)  # fmt: skip


@get("/console/stations/{station_id:str}/configuration.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_csv(desk: AtDesk, station_id: FromPath[str]) -> Response[bytes]:
    """The same list as CSV."""
    rows = await _exported(desk, station_id)
    return spreadsheets.answer("configuration", COLUMNS, [[getattr(row, name) for name in COLUMNS] for row in rows])


@get("/console/stations/{station_id:str}/configuration.json", opt={NEEDS: Permission.STATIONS_READ})
async def export_json(desk: AtDesk, station_id: FromPath[str]) -> Response[bytes]:
    """The same list as JSON."""
    rows = await _exported(desk, station_id)
    body = msgspec.json.encode([{name: getattr(row, name) for name in COLUMNS} for row in rows])
    return Response(
        msgspec.json.format(body, indent=1),
        media_type="application/json",
        headers={"content-disposition": 'attachment; filename="configuration.json"'},
    )


async def _exported(desk: Desk, station_id: str) -> list[queries.VariableRow]:
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        return await queries.variables(tx, station.id, wanted(desk), limit=EXPORT_MAX)


@get("/console/stations/{station_id:str}/configuration/variable", opt={NEEDS: Permission.STATIONS_READ})
async def show_variable(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """One variable: what it may be, what it is, and what it was."""
    component, variable = desk.asked("component"), desk.asked("variable")
    attribute = desk.asked("attribute") or "Actual"
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        row = found(await queries.variable(tx, station.id, component, variable, attribute))
        history = await queries.history(tx, station.id, component, variable, attribute)
    return desk.page(
        "console/provisioning/variable.html",
        station=station,
        row=row,
        history=history,
        own=provisioning_words,
        tab="configuration",
    )


@get("/console/stations/{station_id:str}/configuration/compare", opt={NEEDS: Permission.STATIONS_READ})
async def compare(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What was another way at the end of one day than at the end of another."""
    until = desk.day_asked("to") or desk.today
    since = desk.day_asked("from") or until - timedelta(days=7)
    then = desk.midnight(since + timedelta(days=1))
    later = min(desk.midnight(until + timedelta(days=1)), desk.now)
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        rows = await queries.differences(tx, station.id, min(then, later), later)
    return desk.page(
        "console/provisioning/compare.html",
        station=station,
        rows=rows,
        since=since,
        until=until,
        own=provisioning_words,
        tab="configuration",
    )


# Asking and setting


async def answer(
    desk: Desk, station: stations_queries.StationDetail, path: str, commands: list[CommandId]
) -> Response[Any]:
    """Wake the gateway, and show what became of the last of `commands`; a plain form goes back to its page."""
    async with desk.transaction() as tx:
        row = found(await stations_queries.command(tx, commands[-1]))
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    notice = desk.words("Sent to the charger.")
    return desk.part_or_page(f"/console/stations/{shown('sta', station.id)}{path}", outcome_part(desk, row), notice)


@post("/console/stations/{station_id:str}/configuration/read", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def read(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Ask for a report of everything, of what meets criteria, or read one variable."""
    form, criteria = await desk.form(), await desk.choices("criteria")
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        asked = (tx, desk.actor, StationId(station.id))
        if form.get("variable"):
            one = Variable(
                component=form.get("component", ""),
                variable=form["variable"],
                attribute=form.get("attribute") or "Actual",
            )
            commands = await service.read_variables(*asked, [one], desk.now)
        elif form.get("base"):
            commands = [await service.request_report(*asked, desk.now, base=form["base"])]
        else:
            name = form.get("component", "")
            selected = [Selected(component=name, variable=form.get("of", ""))] if name else []
            commands = [await service.request_custom_report(*asked, desk.now, criteria=criteria, selected=selected)]
    return await answer(desk, station, "/configuration", commands)


@post("/console/stations/{station_id:str}/configuration/write", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def write(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Set several values at once, written one on a line."""
    form = await desk.form()
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        values = value_lines.read(form.get("values", ""), keys=station.protocol == "ocpp1.6")
        commands = await service.write_values(
            tx, desk.actor, StationId(station.id), values, desk.now, reason=form.get("reason", "")
        )
    return await answer(desk, station, "/configuration", commands)


@get("/console/stations/{station_id:str}/configuration/network", opt={NEEDS: Permission.STATIONS_READ})
async def show_network(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """The ways to us that the charger knows."""
    return await _network_page(desk, station_id, {}, {})


async def _network_page(
    desk: Desk, station_id: str, values: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        profiles = await queries.profiles(tx, station.id)
        variables = await queries.network_variables(tx, station.id)
    return desk.page(
        "console/provisioning/network.html",
        status=status,
        station=station,
        profiles=profiles,
        variables=variables,
        values=values or {"slot": "1", "security_profile": "2", "message_timeout_s": "30", "interface": "Wired0"},
        errors=errors,
        own=provisioning_words,
        tab="configuration",
    )


@post(
    "/console/stations/{station_id:str}/configuration/network", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200
)
async def set_network(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Write one slot."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            if len(form.get("reason", "")) < 3:
                raise Invalid("Say why, in a few words.", field="reason")
            await service.set_network_profile(
                tx, desk.actor, StationId(station.id), _profile_of(form), desk.now, reason=form["reason"]
            )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _network_page(desk, station_id, form, desk.errors(problem), problem.status)
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    path = f"/console/stations/{shown('sta', station.id)}/configuration/network"
    return desk.go(path, desk.words("Sent to the charger."))


def _profile_of(form: dict[str, str]) -> SetNetworkProfile:
    interface = form.get("interface", "")
    if interface not in provisioning_words.INTERFACES:
        raise Invalid("This interface is not known here.", field="interface")
    return SetNetworkProfile(
        slot=whole(form.get("slot", ""), "slot", 0, 99),
        url=form.get("url", ""),
        security_profile=whole(form.get("security_profile", ""), "security_profile", 0, 3),
        message_timeout_s=whole(form.get("message_timeout_s", ""), "message_timeout_s", 1, 600),
        interface=interface,
        apn=form.get("apn") or None,
    )


def variable_query(component: str, variable: str, attribute: str) -> str:
    """Return the query that names one variable attribute."""
    return urlencode({"component": component, "variable": variable, "attribute": attribute})


ROUTES: Final = [
    show_configuration,
    export_csv,
    export_json,
    show_variable,
    compare,
    read,
    write,
    show_network,
    set_network,
]

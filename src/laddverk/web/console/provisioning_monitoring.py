"""What a charger watches by itself and tells: monitors, alarms, events and streams; and the alarms of all chargers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, StationId, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.commands import (
    AdjustStream,
    AnyCommand,
    ClearMonitors,
    ReadStreams,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    WantedMonitor,
)
from laddverk.platform.database import Transaction
from laddverk.provisioning import service
from laddverk.provisioning.queries import device_model
from laddverk.provisioning.queries import monitoring as queries
from laddverk.stations import queries as stations_queries
from laddverk.stations import service as stations
from laddverk.web.console import provisioning_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.provisioning import answer, how_far
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts

EVENTS_SHOWN: Final = 50
ALARMS_SHOWN: Final = 8  # above the events; all of them stand on a page of their own
SEVERITY_MAX: Final = 9
NUMBER_MAX: Final = 2**31 - 1
CLOSED_SHOWN: Final = timedelta(hours=1)  # a stream that has ended stands there a little longer
NAME_MAX: Final = 150
ALARMS: Final = "/console/alarms"

Fields = dict[str, str]


def severity_asked(desk: Desk) -> int | None:
    """Return up to which severity a list is wanted; None for all."""
    asked = desk.asked("severity")
    return int(asked) if asked.isdecimal() and len(asked) == 1 else None


async def facts(desk: Desk, tx: Transaction, station: stations_queries.StationDetail) -> dict[str, Any]:
    """Return what the page shows and what changes on it by itself."""
    before = desk.instant_asked("before") or desk.now + timedelta(days=1)
    events = await queries.events(
        tx,
        station.id,
        before,
        severity_max=severity_asked(desk),
        trigger=desk.asked("trigger")[:20],
        search=desk.listing("at").search,
        limit=EVENTS_SHOWN,
    )
    standing = queries.AlarmFilter(station_id=station.id)
    reports = await device_model.inventories(tx, station.id, "monitors", 1)
    return {
        "station": station,
        "alarms": await queries.alarms(tx, desk.sites, standing, limit=ALARMS_SHOWN),
        "alarms_total": await queries.count_alarms(tx, desk.sites, standing),
        "monitors": await queries.monitors(tx, station.id),
        "setting": await queries.setting(tx, station.id),
        "events": events,
        "older": events[-1].at if len(events) == EVENTS_SHOWN else None,
        "streams": await queries.streams(tx, station.id, desk.now - CLOSED_SHOWN),
        "reports": [(row, how_far(row, desk.now)) for row in reports],
        "own": provisioning_words,
    }


@get("/console/stations/{station_id:str}/monitoring", opt={NEEDS: Permission.STATIONS_READ})
async def show_monitoring(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What the charger watches, and what it noticed."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        known = await facts(desk, tx, station)
        can_watch = await device_model.variables(tx, station.id, device_model.VariableFilter(monitored=True), limit=500)
    return desk.page("console/provisioning/monitoring.html", **known, can_watch=can_watch, tab="monitoring")


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return the parts of the page that change by themselves."""
    async with desk.transaction() as tx:
        known = await facts(desk, tx, await seen_station(desk, tx, station_id))
    names = ("alarms", "monitors", "streams", "events")
    return {f"monitoring-{name}": desk.template(f"console/provisioning/{name}.html", **known) for name in names}


@get("/console/stations/{station_id:str}/monitoring/stream.json", opt={NEEDS: Permission.STATIONS_READ})
async def stream_curve(desk: AtDesk, station_id: FromPath[str]) -> dict[str, Any]:
    """The newest values of a stream, as `power_chart` reads them."""
    asked = desk.asked("stream")
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else -1
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        streams = await queries.streams(tx, station.id, desk.now - CLOSED_SHOWN, 0)
        points = await queries.stream_points(tx, station.id, number)
    stream = next((one for one in streams if one.stream_id == number), None)
    if stream is None:
        raise NotFound("There is no such stream.")
    values = [point.number for point in points]
    label = stream.variable or desk.words("Value")
    return {
        "time": [point.at.timestamp() for point in points],
        "series": [{"label": label, "unit": stream.unit or "", "kind": "power", "values": values}],
        "events": [],
    }


def _severity(fields: Fields) -> int:
    return whole(fields.get("severity", ""), "severity", 0, SEVERITY_MAX)


def _monitor(fields: Fields) -> SetMonitors:
    """Return the monitor that a form describes. `target` is `Component.Variable`."""
    component, dot, variable = fields.get("target", "").strip().rpartition(".")
    if not dot or not component or not variable or len(component) + len(variable) > NAME_MAX:
        raise Invalid("Write which variable is to be watched as Component.Variable.", field="target")
    kind = fields.get("kind", "")
    if kind not in provisioning_words.MONITOR_KINDS:
        raise Invalid("This kind of monitor is not known here.", field="kind")
    interval = fields.get("stream_interval_s")
    return SetMonitors(
        monitors=(
            WantedMonitor(
                component=component,
                variable=variable,
                kind=kind,
                value=_number(fields.get("value", "")),
                severity=_severity(fields),
                transaction=fields.get("transaction") == "yes",
                monitor_id=whole(fields["monitor_id"], "monitor_id", 0, NUMBER_MAX)
                if fields.get("monitor_id")
                else None,
                stream_interval_s=whole(interval, "stream_interval_s", 1, 86_400) if interval else None,
            ),
        )
    )


def _number(text: str) -> float:
    try:
        number = float(text.strip().replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        number = float("nan")
    if not -1e12 < number < 1e12:
        raise Invalid("Write a number.", field="value")
    return number


def _base(fields: Fields) -> SetMonitoringBase:
    if fields.get("base") not in provisioning_words.BASES:
        raise Invalid("Choose one of the sets.", field="base")
    return SetMonitoringBase(base=fields["base"])


def _clear(fields: Fields) -> ClearMonitors:
    return ClearMonitors(monitor_ids=(whole(fields.get("monitor_id", ""), "monitor_id", 0, NUMBER_MAX),))


def _adjust(fields: Fields) -> AdjustStream:
    return AdjustStream(
        stream_id=whole(fields.get("stream_id", ""), "stream_id", 0, NUMBER_MAX),
        interval_s=whole(fields.get("interval_s", ""), "interval_s", 1, 86_400),
    )


MAKERS: Final[dict[str, Callable[[Fields], AnyCommand]]] = {
    "set": _monitor,
    "clear": _clear,
    "base": _base,
    "level": lambda fields: SetMonitoringLevel(severity=_severity(fields)),
    "adjust": _adjust,
    "streams": lambda _fields: ReadStreams(),
}
"""What each button of the page asks of the charger."""


@post(
    "/console/stations/{station_id:str}/monitoring/{action:str}",
    opt={NEEDS: Permission.COMMANDS_SEND},
    status_code=200,
)
async def send(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Ask something of a charger's monitoring, and show the outcome in place as it happens."""
    form = await desk.form()
    if action != "report" and action not in MAKERS:
        raise NotFound("There is no such command.")
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        reason = form.get("reason", "")
        asked = (tx, desk.actor, StationId(station.id))
        if action == "report":
            command_id: CommandId = await service.request_monitors(*asked, desk.now, reason=reason)
        else:
            command_id = await stations.request_command(*asked, MAKERS[action](form), desk.now, reason=reason)
    return await answer(desk, station, "/monitoring", [command_id])


@get("/console/alarms", opt={NEEDS: Permission.STATIONS_READ})
async def list_alarms(desk: AtDesk) -> Response[str]:
    """What chargers alert of, all over the network."""
    listing = desk.listing("at")
    wanted = queries.AlarmFilter(
        with_cleared=desk.asked("show") == "all",
        only_unseen=desk.asked("show") == "new",
        severity_max=severity_asked(desk),
        search=listing.search,
    )
    async with desk.transaction() as tx:
        rows = await queries.alarms(tx, desk.sites, wanted, limit=PAGE_SIZE, offset=listing.offset)
        total = await queries.count_alarms(tx, desk.sites, wanted)
        knocks = await stations_queries.count_knocks(tx) if desk.sites is None else 0
    return desk.page(
        "console/provisioning/all_alarms.html",
        rows=rows,
        total=total,
        listing=listing,
        knocks=knocks,
        own=provisioning_words,
    )


@post("/console/alarms/acknowledge", opt={NEEDS: Permission.COMMANDS_SEND})
async def acknowledge_alarm(desk: AtDesk) -> Response[Any]:
    """Say that somebody deals with an alarm."""
    form = await desk.form()
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, form.get("station", ""))
        await service.acknowledge_alarm(
            tx, desk.actor, StationId(station.id), form.get("alarm", "")[:NAME_MAX], desk.now,
            note=form.get("reason", ""),
        )  # fmt: skip
    desk.tell(f"station:{station.id}")
    back = f"/console/stations/{shown('sta', station.id)}/monitoring" if form.get("back") == "station" else ALARMS
    return desk.go(back, desk.words("The alarm is acknowledged."))


ROUTES: Final = [show_monitoring, stream_curve, send, list_alarms, acknowledge_alarm]

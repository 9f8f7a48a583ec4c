"""The API's device model, reports and templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.ocpp.commands import NewValue, Selected
from laddverk.platform.database import Transaction
from laddverk.provisioning import rules, service
from laddverk.provisioning.model import TemplateDetails, TemplateId
from laddverk.provisioning.queries import device_model, templates
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.api import shapes
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, checked_limit, station_of
from laddverk.web.api.shapes import Page, of, page

RUNS_MAX: Final = 50


class ReportToAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """A report: `base` (FullInventory …), or criteria and names for a part; with `monitors`, of monitors."""

    base: str = ""
    criteria: list[str] = []
    selected: list[Selected] = []
    monitors: bool = False
    reason: str = ""


class ValuesToWrite(Struct, frozen=True, forbid_unknown_fields=True):
    """Values to set, and why. They go out in as many messages as the charger wants."""

    values: list[NewValue]
    reason: str = ""


class TemplateToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """A configuration template, and why it is made or changed. `vendor` and `model` are patterns with `*`."""

    name: str
    wanted: list[NewValue]
    vendor: str = ""
    model: str = ""
    site_id: str | None = None
    checks_at_start: bool = False
    reason: str = ""

    def details(self) -> TemplateDetails:
        """Return the template as the service takes it."""
        return TemplateDetails(
            name=self.name,
            vendor=self.vendor,
            model=self.model,
            site_id=SiteId(parsed("sit", self.site_id, field="site_id")) if self.site_id else None,
            checks_at_start=self.checks_at_start,
            wanted=tuple(self.wanted),
        )


class TemplateToApply(Struct, frozen=True, forbid_unknown_fields=True):
    """Write a template to one station, or (without one) to all that differ; and why."""

    reason: str
    station_id: str | None = None


class Attribute(Struct, frozen=True):
    """One attribute of a variable, with what it may be."""

    component: str
    variable: str
    attribute: str
    value: str | None
    mutability: str
    unit: str | None
    data_type: str | None
    min_limit: float | None
    max_limit: float | None
    values_list: str | None
    supports_monitoring: bool | None
    reported_at: datetime
    changed_at: datetime
    changed_by: str
    pending_value: str | None


class Change(Struct, frozen=True):
    """A value that a variable got: by a report, a command of ours or an event."""

    at: datetime
    value: str | None
    before: str | None
    cause: str
    changed_by: str


class Report(Struct, frozen=True):
    """A report that was asked for: waiting, coming, complete, incomplete, or absent when nothing of it came."""

    request_id: int
    kind: str
    what: str
    requested_at: datetime
    received_at: datetime | None
    state: str
    parts: int
    items: int
    missing: list[int]


class Template(Struct, frozen=True):
    """A configuration template, and how many stations stand how to it."""

    id: str
    name: str
    vendor: str
    model: str
    site_id: str | None
    family: str
    checks_at_start: bool
    version: int
    version_at: datetime
    wanted: list[dict[str, Any]]
    in_step: int
    drifted: int
    unknown: int


class Run(Struct, frozen=True):
    """One time that a template was written to stations, and how far it has come, in stations."""

    id: str
    version: int
    started_at: datetime
    started_by: str
    reason: str
    stations: int
    waiting: int
    done: int
    failed: int
    skipped: int


class Standing(Struct, frozen=True):
    """How a station stands to a template: in_step, drifted or unknown."""

    station_id: str
    station_name: str
    state: str
    since: datetime
    differences: list[dict[str, Any]]


@get("/stations/{station:str}/device-model", opt=needs(Permission.STATIONS_READ))
async def list_device_model(
    asked: Asking,
    station: FromPath[str],
    search: FromQuery[str] = "",
    component: FromQuery[str] = "",
    writable: FromQuery[bool] = False,
    changed_since: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Attribute]:
    """List what a station is made of and set to, with characteristics, by component and name."""
    wanted = device_model.VariableFilter(
        search=search, component=component, writable=writable, changed_since=changed_since
    )
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        rows = await device_model.variables(tx, row.id, wanted, limit=limit, offset=offset)
        total = await device_model.count_variables(tx, row.id, wanted)
    return page([of(Attribute, each) for each in rows], limit=limit, offset=offset, total=total)


@get("/stations/{station:str}/device-model/history", opt=needs(Permission.STATIONS_READ))
async def list_variable_history(
    asked: Asking,
    station: FromPath[str],
    variable: FromQuery[str],
    component: FromQuery[str] = "",
    attribute: FromQuery[str] = "Actual",
) -> list[Change]:
    """List the values that a variable had, newest first."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        return [of(Change, each) for each in await device_model.history(tx, row.id, component, variable, attribute)]


@get("/stations/{station:str}/reports", opt=needs(Permission.STATIONS_READ))
async def list_reports(asked: Asking, station: FromPath[str]) -> list[Report]:
    """List the latest reports that were asked for, and how far each has come."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        rows = [
            each for kind in ("variables", "monitors") for each in await device_model.inventories(tx, row.id, kind, 20)
        ]
    return [_report(each, asked.now) for each in rows]


def _report(row: device_model.InventoryRow, now: datetime) -> Report:
    latest = row.received_at or row.requested_at
    is_over = row.state in ("refused", "timed_out", "expired", "failed")
    how = rules.progress(row.parts, row.last_part, latest, now, is_over=is_over)
    return Report(
        row.request_id, row.kind, row.what, row.requested_at, row.received_at, how.state, how.parts, row.items,
        list(how.missing),
    )  # fmt: skip


@post("/stations/{station:str}/reports", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def ask_for_report(asked: Asking, station: FromPath[str], data: JSONBody[ReportToAsk]) -> shapes.Command:
    """Ask a station for a report. Its parts are counted as they come."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        to = (tx, asked.actor, StationId(row.id), asked.now)
        if data.monitors:
            command_id = await service.request_monitors(
                *to, criteria=data.criteria, selected=data.selected, reason=data.reason
            )
        elif data.base:
            command_id = await service.request_report(*to, base=data.base, reason=data.reason)
        else:
            command_id = await service.request_custom_report(
                *to, criteria=data.criteria, selected=data.selected, reason=data.reason
            )
        made = await stations_queries.command(tx, command_id)
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{row.id}"])
    if made is None:
        raise NotFound("There is no such command.")
    return of(shapes.Command, made, "cmd")


@post("/stations/{station:str}/values", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def write_values(asked: Asking, station: FromPath[str], data: JSONBody[ValuesToWrite]) -> list[str]:
    """Set values at a station; return the ids of the commands that do it."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        made = await service.write_values(
            tx, asked.actor, StationId(row.id), data.values, asked.now, reason=data.reason
        )
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{row.id}"])
    return [shown("cmd", command_id) for command_id in made]


@get("/templates", opt=needs(Permission.STATIONS_READ))
async def list_templates(asked: Asking, search: FromQuery[str] = "") -> list[Template]:
    """List the configuration templates in use."""
    async with asked.transaction() as tx:
        rows = await templates.templates(tx, asked.actor.site_ids, search)
    return [of(Template, each, "cfg") for each in rows]


@post("/templates", opt=needs(Permission.STATIONS_WRITE))
async def make_template(asked: Asking, data: JSONBody[TemplateToMake]) -> Template:
    """Make a configuration template. Stations are compared with it at once."""
    async with asked.transaction() as tx:
        made = await service.create_template(tx, asked.actor, data.details(), asked.now, reason=data.reason)
        return of(Template, await _template(tx, asked, str(made)), "cfg")


async def _template(tx: Transaction, asked: Asked, template: str) -> templates.TemplateRow:
    row = await templates.template(tx, asked.actor.site_ids, parsed("cfg", template))
    if row is None:
        raise NotFound("There is no such template.")
    return row


@post("/templates/{template:str}/revise", opt=needs(Permission.STATIONS_WRITE), status_code=200)
async def revise_template(asked: Asking, template: FromPath[str], data: JSONBody[TemplateToMake]) -> Template:
    """Make a new version of a template."""
    async with asked.transaction() as tx:
        row = await _template(tx, asked, template)
        await service.revise_template(
            tx, asked.actor, TemplateId(row.id), data.details(), asked.now, reason=data.reason
        )
        return of(Template, await _template(tx, asked, template), "cfg")


@get("/templates/{template:str}/stations", opt=needs(Permission.STATIONS_READ))
async def list_standings(
    asked: Asking,
    template: FromPath[str],
    standing: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Standing]:
    """List how stations stand to a template; `standing` narrows to in_step, drifted or unknown."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        row = await _template(tx, asked, template)
        narrowing = (tx, asked.actor.site_ids, row.id, standing, "")
        rows = await templates.standings(*narrowing, limit=limit, offset=offset)
        total = await templates.count_standings(*narrowing)
    return page([of(Standing, each) for each in rows], limit=limit, offset=offset, total=total)


@get("/templates/{template:str}/runs", opt=needs(Permission.STATIONS_READ))
async def list_runs(asked: Asking, template: FromPath[str]) -> list[Run]:
    """List the latest times that a template was written to stations."""
    async with asked.transaction() as tx:
        row = await _template(tx, asked, template)
        found = await templates.runs(tx, asked.actor.site_ids, row.id, RUNS_MAX)
    return [of(Run, each, "run") for each in found]


@post("/templates/{template:str}/apply", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def apply_template(asked: Asking, template: FromPath[str], data: JSONBody[TemplateToApply]) -> Template:
    """Write a template to the stations that differ from it. The commands are queued a little later."""
    async with asked.transaction() as tx:
        row = await _template(tx, asked, template)
        station = await station_of(tx, asked, data.station_id) if data.station_id else None
        await service.apply_template(
            tx,
            asked.actor,
            TemplateId(row.id),
            asked.now,
            station_id=StationId(station.id) if station else None,
            reason=data.reason,
        )
        return of(Template, await _template(tx, asked, template), "cfg")


HANDLERS: Final = [
    list_device_model,
    list_variable_history,
    list_reports,
    ask_for_report,
    write_values,
    list_templates,
    make_template,
    revise_template,
    list_standings,
    list_runs,
    apply_template,
]

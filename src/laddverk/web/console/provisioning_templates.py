"""Configuration templates: which there are, who stands how to them, and writing them to chargers."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, shown
from laddverk.kernel.problems import Problem
from laddverk.ocpp.commands import NewValue
from laddverk.platform.database import Transaction
from laddverk.provisioning import service
from laddverk.provisioning.model import TemplateDetails, TemplateId
from laddverk.provisioning.queries import device_model
from laddverk.provisioning.queries import templates as queries
from laddverk.stations import queries as stations_queries
from laddverk.stations import rules as stations_rules
from laddverk.web.console import provisioning_words, value_lines
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts
from laddverk.web.visit import named

FROM_STATION_MAX: Final = 40  # what a template holds


def href(template_id: Any) -> str:
    """Return the address of a template's page."""
    return f"/console/templates/{shown('cfg', template_id)}"


async def _seen(desk: Desk, tx: Transaction, template_id: str) -> queries.TemplateRow:
    row: queries.TemplateRow = found(await queries.template(tx, desk.sites, named("cfg", template_id)))
    return row


@get("/console/templates", opt={NEEDS: Permission.STATIONS_READ})
async def list_templates(desk: AtDesk) -> Response[str]:
    """The templates, with how many chargers are in step with each."""
    async with desk.transaction() as tx:
        rows = await queries.templates(tx, desk.sites, desk.listing("name").search)
        knocks = await stations_queries.count_knocks(tx) if desk.sites is None else 0
    return desk.page("console/provisioning/templates.html", rows=rows, own=provisioning_words, knocks=knocks)


async def facts(desk: Desk, tx: Transaction, template: queries.TemplateRow) -> dict[str, Any]:
    """Return what the page of a template shows and what changes on it by itself."""
    listing, state = desk.listing("name"), desk.asked("state")
    narrowing = (tx, desk.sites, template.id, state, listing.search)
    return {
        "chosen": template,
        "listing": listing,
        "rows": await queries.standings(*narrowing, limit=PAGE_SIZE, offset=listing.offset),
        "total": await queries.count_standings(*narrowing),
        "runs": await queries.runs(tx, desk.sites, template.id),
        "own": provisioning_words,
    }


@get("/console/templates/{template_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_template(desk: AtDesk, template_id: FromPath[str]) -> Response[str]:
    """One template: what it wants, who differs, and its versions."""
    async with desk.transaction() as tx:
        template = await _seen(desk, tx, template_id)
        known = await facts(desk, tx, template)
        versions = await queries.versions(tx, template.id)
    shown_versions = [(one, value_lines.written(_values(one.wanted))) for one in versions]
    return desk.page("console/provisioning/template.html", **known, versions=shown_versions)


async def live_parts(desk: Desk, template_id: str) -> Parts:
    """Return what changes while a template is written to chargers."""
    async with desk.transaction() as tx:
        known = await facts(desk, tx, await _seen(desk, tx, template_id))
    names = ("sentence", "runs", "stations")
    return {f"template-{name}": desk.template(f"console/provisioning/template_{name}.html", **known) for name in names}


@get("/console/templates/{template_id:str}/runs/{run_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_run(desk: AtDesk, template_id: FromPath[str], run_id: FromPath[str]) -> Response[str]:
    """One time that a template was written to chargers: what became of each."""
    listing, how = desk.listing("name"), desk.asked("how")
    async with desk.transaction() as tx:
        template = await _seen(desk, tx, template_id)
        run = named("run", run_id)
        counts = found(await queries.count_run_stations(tx, desk.sites, template.id, run) or None)
        rows = await queries.run_stations(tx, desk.sites, template.id, run, how, limit=PAGE_SIZE, offset=listing.offset)
    return desk.page(
        "console/provisioning/template_run.html",
        chosen=template,
        rows=rows,
        counts=counts,
        total=counts.get(how, 0) if how else sum(counts.values()),
        listing=listing,
        own=provisioning_words,
    )


def _values(wanted: list[dict[str, Any]]) -> list[NewValue]:
    return msgspec.convert(wanted, list[NewValue])


@get("/console/templates/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_template(desk: AtDesk) -> Response[str]:
    """The form for a new template, filled with what can be set at a station when one is named."""
    values: dict[str, Any] = {"family": "1.6", "site_id": "" if desk.sites is None else None}
    async with desk.transaction() as tx:
        if desk.asked("station"):
            values |= await _as_at(desk, tx, desk.asked("station"))
        sites = await _site_choices(desk, tx)
    return _form_page(desk, sites, values, {})


async def _as_at(desk: Desk, tx: Transaction, station_id: str) -> dict[str, Any]:
    """Return a form that says what a station is set to: what can be written, and no secret."""
    station = await seen_station(desk, tx, station_id)
    only = device_model.VariableFilter(writable=True)
    rows = await device_model.variables(tx, station.id, only, limit=FROM_STATION_MAX * 5)
    known = [
        NewValue(component=row.component, variable=row.variable, attribute=row.attribute, value=row.value)
        for row in rows
        if row.value and row.mutability == "ReadWrite" and not stations_rules.is_secret(row.variable)
    ]
    return {
        "family": "1.6" if station.protocol == "ocpp1.6" else "2.x",
        "vendor": station.vendor,
        "model": station.model,
        "values": value_lines.written(known[:FROM_STATION_MAX]),
        "was_cut": len(known) > FROM_STATION_MAX,
    }


async def _site_choices(desk: Desk, tx: Transaction) -> list[tuple[str, str]]:
    everywhere = [("", desk.words("All sites"))] if desk.sites is None else []
    sites = await stations_queries.sites(tx, desk.sites)
    return [*everywhere, *((shown("sit", site.id), site.name) for site in sites)]


def _form_page(
    desk: Desk,
    sites: list[tuple[str, str]],
    values: dict[str, Any],
    errors: dict[str, str],
    *,
    template: queries.TemplateRow | None = None,
    preview: service.Preview | None = None,
    names: dict[UUID, queries.StationName] | None = None,
    status: int = 200,
) -> Response[str]:
    return desk.page(
        "console/provisioning/template_form.html",
        status=status,
        sites=sites,
        values=values,
        errors=errors,
        chosen=template,
        preview=preview,
        names=names or {},
        own=provisioning_words,
    )


async def _previewed(desk: Desk, form: dict[str, str], template: queries.TemplateRow | None) -> Response[str]:
    """Show the form again with what the template would find at the chargers."""
    async with desk.transaction() as tx:
        known = TemplateId(template.id) if template else None
        preview = await service.preview_template(tx, desk.actor, _details_of(form), desk.now, known)
        names = await queries.station_names(tx, desk.sites, [one.station_id for one in preview.differing])
        sites = await _site_choices(desk, tx)
    return _form_page(desk, sites, form, {}, template=template, preview=preview, names=names)


@post("/console/templates/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def create_template(desk: AtDesk) -> Response[Any]:
    """Make a template."""
    form = await desk.form()
    try:
        if form.get("do") == "preview":
            return await _previewed(desk, form, None)
        async with desk.transaction() as tx:
            template_id = await service.create_template(tx, desk.actor, _details_of(form), desk.now)
    except Problem as problem:
        return await _again(desk, form, problem, None)
    return desk.go(href(template_id), desk.words("The template is made. Chargers are compared with it now."))


def _details_of(form: dict[str, str]) -> TemplateDetails:
    site = form.get("site_id", "")
    return TemplateDetails(
        name=form.get("name", ""),
        vendor=form.get("vendor", ""),
        model=form.get("model", ""),
        site_id=SiteId(named("sit", site)) if site else None,
        checks_at_start=form.get("checks_at_start") == "yes",
        wanted=value_lines.read(form.get("values", ""), keys=form.get("family") != "2.x"),
    )


async def _again(
    desk: Desk, form: dict[str, str], problem: Problem, template: queries.TemplateRow | None
) -> Response[Any]:
    """Show the form again with what is wrong. What is no fault of the form is shown as such."""
    if problem.status not in (409, 422):
        raise problem
    async with desk.transaction() as tx:
        sites = await _site_choices(desk, tx)
    errors = desk.errors(problem)
    if "wanted" in errors:
        errors["values"] = errors.pop("wanted")
    return _form_page(desk, sites, form, errors, template=template, status=problem.status)


@get("/console/templates/{template_id:str}/edit", opt={NEEDS: Permission.STATIONS_WRITE})
async def edit_template(desk: AtDesk, template_id: FromPath[str]) -> Response[str]:
    """The form of a template that is there."""
    async with desk.transaction() as tx:
        template = await _seen(desk, tx, template_id)
        sites = await _site_choices(desk, tx)
    values = {
        "name": template.name,
        "vendor": template.vendor,
        "model": template.model,
        "site_id": shown("sit", template.site_id) if template.site_id else "",
        "family": template.family,
        "checks_at_start": "yes" if template.checks_at_start else "",
        "values": value_lines.written(_values(template.wanted)),
    }
    return _form_page(desk, sites, values, {}, template=template)


@post("/console/templates/{template_id:str}/edit", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def revise_template(desk: AtDesk, template_id: FromPath[str]) -> Response[Any]:
    """Make a new version of a template."""
    form = await desk.form()
    async with desk.transaction() as tx:
        template = await _seen(desk, tx, template_id)
    try:
        if form.get("do") == "preview":
            return await _previewed(desk, form, template)
        async with desk.transaction() as tx:
            number = await service.revise_template(
                tx, desk.actor, TemplateId(template.id), _details_of(form), desk.now, reason=form.get("reason", "")
            )
    except Problem as problem:
        return await _again(desk, form, problem, template)
    return desk.go(href(template.id), desk.words("Version %(number)s is in force.", number=number))


@post("/console/templates/{template_id:str}/retire", opt={NEEDS: Permission.STATIONS_WRITE})
async def retire_template(desk: AtDesk, template_id: FromPath[str]) -> Response[Any]:
    """Take a template out of use."""
    form = await desk.form()
    async with desk.transaction() as tx:
        template = await _seen(desk, tx, template_id)
        await service.retire_template(tx, desk.actor, TemplateId(template.id), desk.now, reason=form.get("reason", ""))
    return desk.go("/console/templates", desk.words("The template is no longer in use."))


@post("/console/templates/{template_id:str}/apply", opt={NEEDS: Permission.COMMANDS_SEND})
async def apply_template(desk: AtDesk, template_id: FromPath[str]) -> Response[Any]:
    """Write a template to all chargers that differ, or to one."""
    form = await desk.form()
    one = form.get("station", "")
    async with desk.transaction() as tx:
        template = await _seen(desk, tx, template_id)
        station = await seen_station(desk, tx, one) if one else None
        await service.apply_template(
            tx,
            desk.actor,
            TemplateId(template.id),
            desk.now,
            station_id=StationId(station.id) if station else None,
            reason=form.get("reason", ""),
        )
    back = f"/console/stations/{shown('sta', station.id)}/configuration" if station else href(template.id)
    return desk.go(back, desk.words("The values are being written. What becomes of it stands here."))


ROUTES: Final = [
    list_templates,
    new_template,
    create_template,
    show_template,
    show_run,
    edit_template,
    revise_template,
    retire_template,
    apply_template,
]

"""Tariffs: what charging costs, where, and what a change would mean for a few well-known evenings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.access import queries as access_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, TariffId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.stations import queries as stations_queries
from laddverk.tariffs import lint, queries, rules, spot, store_spot
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.day import quarters
from laddverk.tariffs.model import Charge, Finding, Place, Priced, Severity, Tariff
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.tariff_form import fields_of, given, tariff_of
from laddverk.web.console.tariff_picture import DayPicture, picture
from laddverk.web.visit import named

PREVIEW_POWER_W: Final = 11_000  # what most chargers give
UNPRICED_SHOWN: Final = 8  # chargers without a price that are named; there are more, or none
YEARS: Final = range(2000, 2100)  # days beyond them have no prices
DAY: Final = timedelta(days=1)


class Example(Struct, frozen=True):
    """A session that everybody can picture, to show what a tariff makes of it."""

    title: str
    weekday: int
    starts: time
    charging_min: int
    staying_min: int
    energy_wh: int


EXAMPLES: Final = (
    Example(marked("Tuesday evening: 20 kWh from 17:30, left at once"), 1, time(17, 30), 150, 150, 20_000),
    Example(marked("Overnight: 45 kWh from 21:00, collected at 7:00"), 2, time(21), 300, 600, 45_000),
    Example(marked("Saturday shopping: 8 kWh in an hour, stayed two"), 5, time(11), 60, 120, 8_000),
    Example(marked("Fast charging on a Friday: 35 kWh in 25 minutes"), 4, time(16, 10), 25, 30, 35_000),
)


class Previewed(Struct, frozen=True):
    """An example with its price."""

    example: Example
    priced: Priced
    before: Priced | None


class Preview(Struct, frozen=True, kw_only=True):
    """What the editor shows of prices: what is wrong with them, a day of them, and some examples."""

    findings: list[Finding] = []
    examples: list[Previewed] = []
    day: DayPicture | None = None
    problem: str | None = None
    """Why there is nothing to be shown."""
    field: str = ""
    """The field of the form that is wrong."""


def charge_of(example: Example, today: date, timezone: str) -> Charge:
    """Return the example as it would be in the week before `today`: evenly charged, then staying."""
    day = today - timedelta(days=today.weekday() + 7 - example.weekday)
    starts = datetime.combine(day, example.starts, ZoneInfo(timezone)).astimezone(UTC)
    charged = starts + timedelta(minutes=example.charging_min)
    return Charge(
        started_at=starts,
        ended_at=starts + timedelta(minutes=example.staying_min),
        charging_ended_at=charged,
        readings=((starts, 0), (charged, example.energy_wh)),
        energy_wh=example.energy_wh,
        timezone=timezone,
    )


def day_of(desk: Desk) -> date:
    """Return the day whose prices are asked for, or today; no day so far away that calendars end there."""
    given = desk.day_asked("day")
    return given if given is not None and given.year in YEARS else desk.today


async def preview_of(
    desk: Desk, tx: Transaction, tariff: Tariff, before: Tariff | None = None, power_max_w: int = 0
) -> Preview:
    """Return what `tariff` means: its findings, a day, and examples beside what the version before makes of them."""
    findings = lint.findings(tariff, power_max_w)
    if any(finding.severity is Severity.ERROR for finding in findings if not finding.code.startswith("afir")):
        return Preview(findings=findings)
    zone = desk.house.settings.timezone
    day = day_of(desk)
    start = min(desk.midnight(day), desk.midnight(desk.today - timedelta(days=14)))
    end = max(desk.midnight(day + timedelta(days=1)), desk.now)
    spots, old_spots = [await spot.examples_for(tx, each, start, end) if each else {} for each in (tariff, before)]
    try:
        examples = [
            Previewed(
                each, rules.price(tariff, charge, spots), rules.price(before, charge, old_spots) if before else None
            )
            for each, charge in ((each, charge_of(each, desk.today, zone)) for each in EXAMPLES)
        ]
    except rules.SpotMissing as missing:
        why = desk.words(
            "The exchange's prices of %(area)s are not known yet: there are no examples.", area=missing.area
        )
        return Preview(findings=findings, problem=why)
    found = quarters(tariff, day, zone, PREVIEW_POWER_W, spots)
    return Preview(findings=findings, examples=examples, day=picture(found, day, zone))


@get("/console/tariffs", opt={NEEDS: Permission.TARIFFS_READ})
async def list_tariffs(desk: AtDesk) -> Response[str]:
    """The tariffs and where they apply."""
    listing, state = desk.listing("name"), desk.asked("state")
    async with desk.transaction() as tx:
        rows = await queries.found(tx, desk.sites, listing.search, state, PAGE_SIZE + 1, listing.offset)
        unpriced = await queries.unpriced(tx, desk.sites, desk.now, UNPRICED_SHOWN + 1)
    return desk.page(
        "console/tariffs/list.html",
        rows=rows[:PAGE_SIZE],
        listing=listing,
        has_next=len(rows) > PAGE_SIZE,
        unpriced=unpriced[:UNPRICED_SHOWN],
        more_unpriced=len(unpriced) > UNPRICED_SHOWN,
    )


@get("/console/tariffs/{tariff_id:str}", opt={NEEDS: Permission.TARIFFS_READ})
async def show_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[str]:
    """One tariff: its prices, examples, versions and where it applies."""
    return await tariff_page(desk, tariff_id, {})


async def tariff_page(desk: Desk, tariff_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    """Return the page of a tariff, with what stood in the way when something did."""
    async with desk.transaction() as tx:
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", tariff_id)))
        may_write = desk.may(Permission.TARIFFS_WRITE)
        strongest_w = await queries.strongest_w(tx, row.id)
        day = day_of(desk)
        return desk.page(
            "console/tariffs/detail.html",
            status=status,
            day_before=day - DAY,
            day_after=day + DAY,
            tariff=row,
            versions=await queries.versions(tx, row.id),
            preview=await preview_of(desk, tx, row.body, None, strongest_w) if row.body else Preview(),
            sites=await stations_queries.sites(tx, desk.sites) if may_write else [],
            stations=await _station_choices(desk, tx) if may_write else [],
            groups=await access_queries.driver_groups(tx) if may_write else [],
            asked=await store_spot.asked(tx) if row.body and row.body.spot_areas else [],
            errors=errors,
        )


async def _station_choices(desk: Desk, tx: Transaction) -> list[tuple[str, str]]:
    rows = await stations_queries.stations(tx, desk.sites, stations_queries.StationFilter(), "site", limit=1000)
    return [(shown("sta", row.id), f"{row.site_name} · {row.name}") for row in rows]


@get("/console/tariffs/new", opt={NEEDS: Permission.TARIFFS_WRITE})
async def new_tariff(desk: AtDesk) -> Response[str]:
    """The editor for a new tariff."""
    values = fields_of("", None, desk.house.settings.currency)
    return desk.page("console/tariffs/form.html", tariff=None, values=values, errors={}, preview=Preview())


@post("/console/tariffs/new", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def create_tariff(desk: AtDesk) -> Response[Any]:
    """Add a tariff."""
    values = await given(desk)
    try:
        tariff = tariff_of(values, None)
        async with desk.transaction() as tx:
            version = await tariffs.create(tx, desk.actor, values["name"], tariff, desk.now)
    except Problem as problem:
        return await _refused(desk, None, values, problem)
    path = f"/console/tariffs/{shown('tar', version.tariff_id)}"
    return desk.go(path, desk.words("The tariff is there. Say below where it applies."))


async def _refused(
    desk: Desk, row: queries.TariffRow | None, values: dict[str, Any], problem: Problem
) -> Response[Any]:
    """The form again, with what was wrong at its field."""
    return desk.page(
        "console/tariffs/form.html",
        status=problem.status,
        tariff=row,
        values=values,
        errors=desk.errors(problem),
        preview=await _preview_given(desk, values, row),
    )


@get("/console/tariffs/{tariff_id:str}/edit", opt={NEEDS: Permission.TARIFFS_WRITE})
async def edit_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[str]:
    """The editor: what is saved becomes a new version, for sessions that start from then on."""
    async with desk.transaction() as tx:
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", tariff_id)))
        preview = await preview_of(desk, tx, row.body) if row.body else Preview()
    return desk.page(
        "console/tariffs/form.html", tariff=row, values=fields_of(row.name, row.body), errors={}, preview=preview
    )


@post("/console/tariffs/{tariff_id:str}/edit", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def revise_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[Any]:
    """Save a new version."""
    values = await given(desk)
    async with desk.transaction() as tx:
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", tariff_id)))
    try:
        tariff = tariff_of(values, row.body.currency if row.body else None)
        async with desk.transaction() as tx:
            version = await tariffs.revise(tx, desk.actor, TariffId(row.id), tariff, desk.now)
    except Problem as problem:
        return await _refused(desk, row, values, problem)
    notice = desk.words("Version %(number)s applies to sessions that start from now on.", number=version.number)
    return desk.go(f"/console/tariffs/{shown('tar', row.id)}", notice)


@post("/console/tariffs/preview", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def preview_tariff(desk: AtDesk) -> Response[str]:
    """What the prices in the form mean, without saving them: a part for htmx, the whole form without script."""
    values = await given(desk)
    row: queries.TariffRow | None = None
    if given_id := desk.asked("tariff"):
        async with desk.transaction() as tx:
            row = found(await queries.tariff(tx, desk.sites, named("tar", given_id)))
    preview = await _preview_given(desk, values, row)
    if desk.wants_part:
        return desk.part(desk.template("console/tariffs/preview.html", preview=preview))
    errors = {preview.field: preview.problem} if preview.problem and preview.field else {}
    return desk.page("console/tariffs/form.html", tariff=row, values=values, errors=errors, preview=preview)


async def _preview_given(desk: Desk, values: dict[str, Any], row: queries.TariffRow | None) -> Preview:
    """The preview of a form, or what cannot be understood in it."""
    try:
        tariff = tariff_of(values, row.body.currency if row and row.body else None)
    except Problem as problem:
        field, words = next(iter(desk.errors(problem).items()))
        return Preview(problem=words, field=field)
    async with desk.transaction() as tx:
        strongest_w = await queries.strongest_w(tx, row.id) if row else 0
        return await preview_of(desk, tx, tariff, row.body if row else None, strongest_w)


@post("/console/tariffs/{tariff_id:str}/use", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def use_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[Any]:
    """Let a tariff apply to the network, a site or a station; for one driver group or everybody."""
    form = await desk.form()
    identity = TariffId(named("tar", tariff_id))
    try:
        async with desk.transaction() as tx:
            place = await place_of(desk, tx, form)
            await tariffs.choose(tx, desk.actor, identity, desk.now, place=place, reason=form.get("reason", ""))
    except Problem as problem:
        return await tariff_page(desk, tariff_id, desk.errors(problem), problem.status)
    return desk.go(f"/console/tariffs/{shown('tar', identity)}", desk.words("The tariff applies there from now on."))


async def place_of(desk: Desk, tx: Transaction, form: Mapping[str, str]) -> Place:
    """Return where, for whom and when a form means. Raises `Invalid` naming the field, `NotFound`."""
    where, driver = form.get("place", ""), form.get("driver", "").strip()
    return Place(
        site_id=named("sit", where) if where.startswith("sit_") else None,
        station_id=StationId(named("sta", where)) if where.startswith("sta_") else None,
        evse_number=_number(form.get("evse_number", ""), "evse_number"),
        connector_number=_number(form.get("connector_number", ""), "connector_number"),
        driver_group=form.get("driver_group", "").strip() or None,
        driver_id=await _driver_of(tx, driver) if driver else None,
        valid_from=desk.midnight(day) if (day := _day(form.get("from", ""), "valid_from")) else None,
        valid_until=desk.midnight(day + timedelta(days=1))
        if (day := _day(form.get("to", ""), "valid_until"))
        else None,
        label=form.get("label", "").strip(),
    )


def _number(text: str, field: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:5]) < 1000):
        raise Invalid("This must be a number.", field=field)
    return int(text)


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("This is no date.", field=field, remedy="Write it like 2026-11-21.") from None


async def _driver_of(tx: Transaction, text: str) -> UUID:
    """The driver whose mail address or name is `text`; there must be just one."""
    rows = await access_queries.drivers(tx, text[:100], "", "", "name", limit=2)
    if len(rows) != 1:
        raise Invalid("No single driver is found by that.", field="driver_id", remedy="Write the whole mail address.")
    return rows[0].id


@post("/console/tariffs/{tariff_id:str}/unuse", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=303)
async def unuse_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[Any]:
    """Take a choice away: the less specific one applies again."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await tariffs.unchoose(tx, desk.actor, named("tch", form.get("choice", "")), desk.now, form.get("reason", ""))
    return desk.go(
        f"/console/tariffs/{shown('tar', named('tar', tariff_id))}",
        desk.words("The tariff does not apply there any more."),
    )


@post("/console/tariffs/{tariff_id:str}/retire", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def retire_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[Any]:
    """Take a tariff out of use."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            await tariffs.retire(tx, desk.actor, TariffId(named("tar", tariff_id)), desk.now, form.get("reason", ""))
    except Problem as problem:
        return await tariff_page(desk, tariff_id, desk.errors(problem), problem.status)
    return desk.go("/console/tariffs", desk.words("The tariff is retired."))


ROUTES: Final = [
    list_tariffs,
    new_tariff,
    create_tariff,
    preview_tariff,
    show_tariff,
    edit_tariff,
    revise_tariff,
    use_tariff,
    unuse_tariff,
    retire_tariff,
]

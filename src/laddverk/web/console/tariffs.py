"""Tariffs: what charging costs, where, and what a change would mean for a few well-known evenings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.access import queries as access_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, TariffId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.stations import queries as stations_queries
from laddverk.tariffs import lint, queries, rules
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import COUNTED, Charge, Component, Dimension, Priced, Restriction, Severity, Tariff
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

ROWS_MAX: Final = 40  # more prices than anybody reads; the room's own limit is higher
BLANK_ROWS: Final = 3  # offered beside those that are there; saving offers three more
FAST_POWER_W: Final = 150_000


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


def previews(desk: Desk, tariff: Tariff, before: Tariff | None) -> list[Previewed]:
    """Return what `tariff` makes of the examples, beside what the version before it makes."""
    charges = [(each, charge_of(each, desk.today, desk.house.settings.timezone)) for each in EXAMPLES]
    return [
        Previewed(each, rules.price(tariff, charge), rules.price(before, charge) if before else None)
        for each, charge in charges
    ]


@get("/console/tariffs", opt={NEEDS: Permission.TARIFFS_READ})
async def list_tariffs(desk: AtDesk) -> Response[str]:
    """The tariffs and where they apply."""
    async with desk.transaction() as tx:
        rows = await queries.tariffs(tx, desk.sites)
    return desk.page("console/tariffs/list.html", rows=rows)


@get("/console/tariffs/{tariff_id:str}", opt={NEEDS: Permission.TARIFFS_READ})
async def show_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[str]:
    """One tariff: its prices, examples, versions and where it applies."""
    return await _tariff_page(desk, tariff_id, {})


async def _tariff_page(desk: Desk, tariff_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", tariff_id)))
        may_write = desk.may(Permission.TARIFFS_WRITE)
        strongest_w = await queries.strongest_w(tx, row.id)
        return desk.page(
            "console/tariffs/detail.html",
            status=status,
            tariff=row,
            versions=await queries.versions(tx, row.id),
            previews=previews(desk, row.body, None) if row.body else [],
            findings=lint.findings(row.body, strongest_w) if row.body else [],
            sites=await stations_queries.sites(tx, desk.sites) if may_write else [],
            stations=await _station_choices(desk, tx) if may_write else [],
            groups=await access_queries.driver_groups(tx) if may_write else [],
            errors=errors,
        )


async def _station_choices(desk: Desk, tx: Transaction) -> list[tuple[str, str]]:
    rows = await stations_queries.stations(tx, desk.sites, stations_queries.StationFilter(), "site", limit=1000)
    return [(shown("sta", row.id), f"{row.site_name} · {row.name}") for row in rows]


def fields_of(name: str, tariff: Tariff | None) -> dict[str, Any]:
    """Return the form's values for a tariff: each component as one row, and a few blank ones."""
    tariff = tariff or Tariff()
    rows = [
        {
            "dimension": component.dimension.value,
            "price": format(component.price, "f").replace(".", ","),
            "days": [str(day) for day in component.when.weekdays],
            "from": component.when.from_time or "",
            "to": component.when.to_time or "",
            "valid_from": component.when.valid_from.isoformat() if component.when.valid_from else "",
            "valid_until": component.when.valid_until.isoformat() if component.when.valid_until else "",
        }
        for component in tariff.components
    ]
    return {
        "name": name,
        "vat_percent": format(tariff.vat_percent, "f"),
        "idle_grace_minutes": str(tariff.idle_grace_minutes),
        "idle_max": "" if tariff.idle_max is None else format(tariff.idle_max, "f").replace(".", ","),
        "free": "yes" if tariff.free else "",
        "rows": with_blank_rows(rows),
    }


def with_blank_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the filled rows and a few to fill in."""
    blank = {"dimension": "energy", "price": "", "days": [], "from": "", "to": "", "valid_from": "", "valid_until": ""}
    return (rows + [dict(blank) for _ in range(BLANK_ROWS)])[:ROWS_MAX]


async def given(desk: Desk) -> dict[str, Any]:
    """Return the values of a form that was sent, in the shape of `fields_of`."""
    form = await desk.form()
    rows = []
    for number in range(ROWS_MAX):
        if form.get(f"price-{number}"):
            row: dict[str, Any] = {
                key: form.get(f"{key}-{number}", "")
                for key in ("dimension", "price", "from", "to", "valid_from", "valid_until")
            }
            row["days"] = await desk.choices(f"days-{number}")
            rows.append(row)
    names = ("name", "vat_percent", "idle_grace_minutes", "idle_max", "free", "power")
    return {name: form.get(name, "") for name in names} | {"rows": with_blank_rows(rows)}


def tariff_of(values: Mapping[str, Any], currency: str) -> Tariff:
    """Return the tariff that a form describes. Raises `Invalid` naming the field."""
    filled = [row for row in values["rows"] if row["price"]]
    return Tariff(
        currency=currency,
        vat_percent=decimal_of(values["vat_percent"] or "25", "vat_percent"),
        components=tuple(component_of(row, number) for number, row in enumerate(filled)),
        idle_grace_minutes=int(decimal_of(values["idle_grace_minutes"] or "0", "idle_grace_minutes")),
        idle_max=decimal_of(values["idle_max"], "idle_max") if values["idle_max"] else None,
        free=values["free"] == "yes",
    )


def component_of(row: Mapping[str, Any], number: int) -> Component:
    """Return the price component of one row of the form."""
    if row["dimension"] not in COUNTED:
        raise Invalid("Choose what the price is for.", field=f"dimension-{number}")
    return Component(
        dimension=Dimension(row["dimension"]),
        price=decimal_of(row["price"], f"price-{number}"),
        when=Restriction(
            weekdays=tuple(sorted(int(day) for day in row["days"] if day in "0123456" and len(day) == 1)),
            from_time=row["from"][:5] or None,
            to_time=row["to"][:5] or None,
            valid_from=_date_of(row["valid_from"], f"valid_from-{number}"),
            valid_until=_date_of(row["valid_until"], f"valid_until-{number}"),
        ),
    )


def decimal_of(text: str, field: str) -> Decimal:
    """Return a number as people write it, with comma or point. Raises `Invalid` naming `field`."""
    try:
        value = Decimal("".join(text.split()).replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 1_000_000:
        raise Invalid("This must be a number.", field=field, remedy="Write it like 4,90.")
    return value


def _date_of(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("This is no date.", field=field, remedy="Write it like 2026-11-21.") from None


@get("/console/tariffs/new", opt={NEEDS: Permission.TARIFFS_WRITE})
async def new_tariff(desk: AtDesk) -> Response[str]:
    """The editor for a new tariff."""
    return desk.page("console/tariffs/form.html", tariff=None, values=fields_of("", None), errors={}, **_shown_as({}))


def _shown_as(result: Mapping[str, Any]) -> dict[str, Any]:
    return {"previews": result.get("previews", []), "findings": result.get("findings", []), "problem": None}


@post("/console/tariffs/new", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def create_tariff(desk: AtDesk) -> Response[Any]:
    """Add a tariff."""
    values = await given(desk)
    try:
        tariff = tariff_of(values, desk.house.settings.currency)
        async with desk.transaction() as tx:
            version = await tariffs.create(tx, desk.actor, values["name"], tariff, desk.now)
    except Problem as problem:
        return desk.page(
            "console/tariffs/form.html",
            status=problem.status,
            tariff=None,
            values=values,
            errors=desk.errors(problem),
            **_shown_as({}),
        )
    path = f"/console/tariffs/{shown('tar', version.tariff_id)}"
    return desk.go(path, desk.words("The tariff is there. Say below where it applies."))


@get("/console/tariffs/{tariff_id:str}/edit", opt={NEEDS: Permission.TARIFFS_WRITE})
async def edit_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[str]:
    """The editor: what is saved becomes a new version, for sessions that start from then on."""
    async with desk.transaction() as tx:
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", tariff_id)))
    known = {"previews": previews(desk, row.body, None) if row.body else []}
    return desk.page(
        "console/tariffs/form.html", tariff=row, values=fields_of(row.name, row.body), errors={}, **_shown_as(known)
    )


@post("/console/tariffs/{tariff_id:str}/edit", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def revise_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[Any]:
    """Save a new version."""
    values = await given(desk)
    async with desk.transaction() as tx:
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", tariff_id)))
    try:
        tariff = tariff_of(values, desk.house.settings.currency)
        _require_lawful(tariff, await _strongest(desk, row))
        async with desk.transaction() as tx:
            version = await tariffs.revise(tx, desk.actor, TariffId(row.id), tariff, desk.now)
    except Problem as problem:
        return desk.page(
            "console/tariffs/form.html",
            status=problem.status,
            tariff=row,
            values=values,
            errors=desk.errors(problem),
            **_shown_as({}),
        )
    notice = desk.words("Version %(number)s applies to sessions that start from now on.", number=version.number)
    return desk.go(f"/console/tariffs/{shown('tar', row.id)}", notice)


async def _strongest(desk: Desk, row: queries.TariffRow) -> int:
    async with desk.transaction() as tx:
        return await queries.strongest_w(tx, row.id)


def _require_lawful(tariff: Tariff, power_max_w: int) -> None:
    """Raise `Invalid` for a version that may not be used where the tariff already applies."""
    for finding in lint.findings(tariff, power_max_w):
        if finding.severity is Severity.ERROR:
            raise Invalid(finding.message, field="components", **finding.params)


@post("/console/tariffs/preview", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def preview_tariff(desk: AtDesk) -> Response[str]:
    """What the prices in the form mean, without saving them."""
    values = await given(desk)
    before, strongest_w, given_id = None, 0, desk.asked("tariff")
    if given_id:
        async with desk.transaction() as tx:
            row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", given_id)))
            strongest_w = await queries.strongest_w(tx, row.id)
        before = row.body
    try:
        tariff = tariff_of(values, desk.house.settings.currency)
        findings = lint.findings(tariff, strongest_w)
        sound = not any(finding.severity is Severity.ERROR for finding in findings)
        shown_prices = previews(desk, tariff, before) if sound else []
        text = desk.template("console/tariffs/preview.html", previews=shown_prices, findings=findings, problem=None)
    except Problem as problem:
        words = next(iter(desk.errors(problem).values()))
        text = desk.template("console/tariffs/preview.html", previews=[], findings=[], problem=words)
    return desk.part(text)


@post("/console/tariffs/{tariff_id:str}/use", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def use_tariff(desk: AtDesk, tariff_id: FromPath[str]) -> Response[Any]:
    """Let a tariff apply to the network, a site or a station; for one driver group or everybody."""
    form = await desk.form()
    identity = TariffId(named("tar", tariff_id))
    place = form.get("place", "")
    try:
        async with desk.transaction() as tx:
            await tariffs.choose(
                tx,
                desk.actor,
                identity,
                desk.now,
                site_id=SiteId(named("sit", place)) if place.startswith("sit_") else None,
                station_id=StationId(named("sta", place)) if place.startswith("sta_") else None,
                driver_group=form.get("driver_group") or None,
                reason=form.get("reason", ""),
            )
    except Problem as problem:
        return await _tariff_page(desk, tariff_id, desk.errors(problem), problem.status)
    return desk.go(f"/console/tariffs/{shown('tar', identity)}", desk.words("The tariff applies there from now on."))


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
        return await _tariff_page(desk, tariff_id, desk.errors(problem), problem.status)
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

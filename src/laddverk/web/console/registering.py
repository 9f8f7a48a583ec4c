"""The life of a charger: registered, renamed, given outlets and keys, retired."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.platform.settings import Settings
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, StationDetails
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.stations import seen_station
from laddverk.web.visit import named

OUTLETS_MAX: Final = 12  # the largest station in the market has eight


async def _site_choices(desk: Desk, tx: Transaction) -> list[tuple[str, str]]:
    return [(shown("sit", site.id), site.name) for site in await queries.sites(tx, desk.sites)]


@get("/console/stations/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_station(desk: AtDesk) -> Response[str]:
    """The form for a charger that is to be let in."""
    values = {"identity": desk.asked("identity"), "site_id": desk.asked("site"), "outlets": "1", "power_kw": "22"}
    async with desk.transaction() as tx:
        sites = await _site_choices(desk, tx)
    return desk.page("console/stations/new.html", sites=sites, values=values, errors={})


@post("/console/stations/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def create_station(desk: AtDesk) -> Response[Any]:
    """Register a charger, and show the key that it must be given: once."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            profile = desk.house.settings.new_station_profile
            new = msgspec.structs.replace(new_station_of(form), security_profile=profile)
            made = await stations.create_station(
                tx, desk.actor, new, desk.now, pepper=desk.house.secrets.charger_pepper
            )
    except Problem as problem:
        async with desk.transaction() as tx:
            sites = await _site_choices(desk, tx)
        return desk.page(
            "console/stations/new.html",
            status=problem.status,
            sites=sites,
            values=form,
            errors=desk.errors(problem),
        )
    return await show_key(desk, shown("sta", made.station_id), made.password)


def charger_address(settings: Settings) -> str:
    """Return the address that is entered in a charger, without its identity at the end."""
    web = urlsplit(settings.web_url)
    if settings.ocpp_tls_port is not None:
        return f"wss://{web.hostname}:{settings.ocpp_tls_port}/ocpp"
    if web.scheme == "https":  # a proxy in front takes both
        return f"wss://{web.netloc}/ocpp"
    return f"ws://{web.hostname}:{settings.ocpp_port}/ocpp"


async def show_key(desk: Desk, station_id: str, password: str) -> Response[str]:
    """Show a station's new key, which is never shown again."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
    address = f"{charger_address(desk.house.settings)}/{quote(station.identity)}"
    return desk.page("console/stations/key.html", station=station, password=password, address=address)


def new_station_of(form: dict[str, str]) -> NewStation:
    """Return the station that a form describes. Raises `Invalid` naming the field."""
    outlets = whole(form.get("outlets", ""), "outlets", 1, OUTLETS_MAX)
    power_w = kilowatts(form.get("power_kw", ""), "power_kw")
    power_type = form.get("power_type", "ac3")
    plug = form.get("plug") or ("ccs2" if power_type == "dc" else "type2")
    if not form.get("site_id"):
        raise Invalid("Choose the site that the charger stands at.", field="site_id")
    return NewStation(
        site_id=SiteId(named("sit", form["site_id"])),
        identity=form.get("identity", ""),
        name=form.get("name", ""),
        power_max_w=power_w,
        connectors=tuple(
            NewConnector(evse_number=number, plug=plug, power_type=power_type, power_max_w=power_w)
            for number in range(1, outlets + 1)
        ),
    )


def whole(text: str, field: str, least: int, most: int) -> int:
    """Return the whole number in `text`. Raises `Invalid` naming `field`."""
    if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    raise Invalid(
        "This must be a whole number from %(least)s to %(most)s.", field=field, least=str(least), most=str(most)
    )


def kilowatts(text: str, field: str) -> int:
    """Return the watts of a number of kilowatts, with comma or point. Raises `Invalid` naming `field`."""
    try:
        watts = round(float(text.replace(",", ".").replace("\u00a0", "").replace(" ", "")) * 1000)
    except (ValueError, OverflowError):
        watts = 0
    if not 1000 <= watts <= 1_000_000:
        raise Invalid("This must be a power from 1 to 1000 kW.", field=field, remedy="Write it like 22 or 7,4.")
    return watts


async def _edit_page(
    desk: Desk, station_id: str, values: dict[str, str] | None, errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        return desk.page(
            "console/stations/edit.html",
            status=status,
            station=station,
            sites=await _site_choices(desk, tx),
            connectors=await queries.connectors(tx, station.id),
            values=values or _values_of(station),
            errors=errors,
            tab="edit",
        )


def _values_of(station: queries.StationDetail) -> dict[str, str]:
    return {
        "name": station.name,
        "site_id": shown("sit", station.site_id),
        "power_kw": f"{station.power_max_w / 1000:g}",
    }


@get("/console/stations/{station_id:str}/edit", opt={NEEDS: Permission.STATIONS_WRITE})
async def edit_station(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """The forms for a charger's name, place, power, outlets and key."""
    return await _edit_page(desk, station_id, None, {})


@post("/console/stations/{station_id:str}/edit", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def save_station(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Rename or move a charger."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            change = StationDetails(
                name=form.get("name", ""),
                site_id=SiteId(named("sit", form.get("site_id", ""))),
                power_max_w=kilowatts(form.get("power_kw", ""), "power_kw"),
                quirks=station.quirks,
                clock_offset_ms=station.clock_offset_ms,
            )
            await stations.update_station(tx, desk.actor, StationId(station.id), change, desk.now)
    except Problem as problem:
        return await _edit_page(desk, station_id, form, desk.errors(problem), problem.status)
    desk.tell(f"station:{station.id}")
    return desk.go(f"/console/stations/{shown('sta', station.id)}", desk.words("The changes are saved."))


@post("/console/stations/{station_id:str}/outlets", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def save_outlet(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Add, change or remove an outlet, as the pressed button says."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            await _do_with_outlet(tx, desk, StationId(station.id), form)
    except Problem as problem:
        return await _edit_page(desk, station_id, None, desk.errors(problem), problem.status)
    desk.tell(f"station:{station.id}")
    return desk.go(f"/console/stations/{shown('sta', station.id)}/edit", desk.words("The changes are saved."))


async def _do_with_outlet(tx: Transaction, desk: Desk, station_id: StationId, form: dict[str, str]) -> None:
    evse = whole(form.get("evse", ""), "evse", 1, 999)
    connector = whole(form.get("connector", "1"), "connector", 1, 9)
    if form.get("do") == "remove":
        await stations.remove_connector(tx, desk.actor, station_id, evse, connector, desk.now)
        return
    outlet = NewConnector(
        evse_number=evse,
        connector_number=connector,
        plug=form.get("plug", "type2"),
        power_type=form.get("power_type", "ac3"),
        power_max_w=kilowatts(form.get("power_kw", ""), "power_kw"),
        current_max_a=whole(form.get("current_a", "32"), "current_a", 1, 1000),
    )
    if form.get("do") == "add":
        await stations.add_connector(tx, desk.actor, station_id, outlet, desk.now)
    else:
        await stations.update_connector(tx, desk.actor, station_id, outlet, desk.now)


@post("/console/stations/{station_id:str}/key", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def rotate_key(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """Give the charger a new key: the old one opens nothing any more."""
    form = await desk.form()
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        made = await stations.rotate_key(
            tx,
            desk.actor,
            StationId(station.id),
            desk.now,
            pepper=desk.house.secrets.charger_pepper,
            reason=form.get("reason", ""),
        )
    return await show_key(desk, station_id, made.password)


@post("/console/stations/{station_id:str}/retire", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def retire_station(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Take a charger out of the network for good; its history stays."""
    form = await desk.form()
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        await stations.retire_station(tx, desk.actor, StationId(station.id), desk.now, reason=form.get("reason", ""))
    desk.tell(f"station:{station.id}")
    return desk.go("/console/stations", desk.words("%(name)s is retired.", name=station.name))


ROUTES: Final = [
    new_station,
    create_station,
    edit_station,
    save_station,
    save_outlet,
    rotate_key,
    retire_station,
]

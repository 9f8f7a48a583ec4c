"""The API's sites, stations and commands."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, parsed
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.commands import AnyCommand, PublishFirmware, RequestLog, SetNetworkProfile, UpdateFirmware
from laddverk.platform import journal
from laddverk.provisioning import service as provisioning
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC, NewConnector, NewStation, SiteDetails
from laddverk.web.api import shapes
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asking, checked_limit, station_of
from laddverk.web.api.shapes import Page, of, page

FRAMES_MAX: Final = 200
HOLDS_A_LINK: Final = (UpdateFirmware, PublishFirmware, RequestLog)
"""Commands that send a station to an address: only rooms that make links of our own may (T17)."""


class StationToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """A station to be registered. Its key is generated and returned once."""

    site_id: str
    identity: str
    name: str
    connectors: list[NewConnector]
    power_max_w: int = 22_000
    vendor: str = ""
    model: str = ""


class StationChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a station is changed; kept in the audit log."""

    reason: str


class CommandToSend(Struct, frozen=True, forbid_unknown_fields=True):
    """A command for a station: `{"kind": "reset", "reset": "soft"}` and so on, and why."""

    command: AnyCommand
    reason: str = ""


def check_link(command: AnyCommand) -> None:
    """Raise `Invalid` for a command that would send a station to an address of somebody's choice."""
    if isinstance(command, HOLDS_A_LINK):
        raise Invalid(
            "A station is sent to addresses of ours only.",
            field="command",
            remedy="Use /stations/{station}/firmware and /stations/{station}/logs, which make the link.",
        )


@get("/sites", opt=needs(Permission.STATIONS_READ))
async def list_sites(asked: Asking, search: FromQuery[str] = "") -> Page[shapes.Site]:
    """List all sites that the key may see."""
    async with asked.transaction() as tx:
        rows = await queries.sites(tx, asked.actor.site_ids, search)
    return Page([of(shapes.Site, row, "sit") for row in rows], len(rows), None)


@post("/sites", opt=needs(Permission.STATIONS_WRITE))
async def make_site(asked: Asking, data: JSONBody[SiteDetails]) -> shapes.Site:
    """Make a site."""
    async with asked.transaction() as tx:
        site_id = await stations.create_site(tx, asked.actor, data, asked.now)
        row = await queries.site(tx, asked.actor.site_ids, site_id)
    if row is None:
        raise NotFound("There is no such site.", field="site_id")
    return of(shapes.Site, row, "sit")


@get("/stations", opt=needs(Permission.STATIONS_READ))
async def list_stations(
    asked: Asking,
    search: FromQuery[str] = "",
    site_id: FromQuery[str | None] = None,
    condition: FromQuery[str] = "",
    protocol: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[shapes.Station]:
    """List stations, by name. `condition` is a word such as `can_charge`, `silent` or `broken`."""
    wanted = queries.StationFilter(
        search=search,
        site_id=parsed("sit", site_id, field="site_id") if site_id else None,
        condition=condition,
        protocol=protocol,
    )
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.stations(tx, asked.actor.site_ids, wanted, limit=limit, offset=offset)
        total = await queries.count_stations(tx, asked.actor.site_ids, wanted)
    return page([of(shapes.Station, row, "sta") for row in rows], limit=limit, offset=offset, total=total)


@post("/stations", opt=needs(Permission.STATIONS_WRITE))
async def make_station(asked: Asking, data: JSONBody[StationToMake]) -> shapes.StationKey:
    """Register a station and return its key, once."""
    new = NewStation(
        site_id=SiteId(parsed("sit", data.site_id, field="site_id")),
        identity=data.identity,
        name=data.name,
        connectors=tuple(data.connectors),
        power_max_w=data.power_max_w,
        vendor=data.vendor,
        model=data.model,
        security_profile=asked.house.settings.new_station_profile,
    )
    async with asked.transaction() as tx:
        made = await stations.create_station(tx, asked.actor, new, asked.now, pepper=asked.house.secrets.charger_pepper)
    return of(shapes.StationKey, made, identity=data.identity)


@get("/stations/{station:str}", opt=needs(Permission.STATIONS_READ))
async def show_station(asked: Asking, station: FromPath[str]) -> shapes.Station:
    """Show one station."""
    async with asked.transaction() as tx:
        return of(shapes.Station, await station_of(tx, asked, station), "sta")


@post("/stations/{station:str}/rotate-key", opt=needs(Permission.STATIONS_WRITE), status_code=200)
async def rotate_station_key(asked: Asking, station: FromPath[str], data: JSONBody[StationChange]) -> shapes.StationKey:
    """Give a station a new key and return it, once. The old one is worth nothing from then on."""
    pepper = asked.house.secrets.charger_pepper
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        made = await stations.rotate_key(tx, asked.actor, StationId(row.id), asked.now, pepper, reason=data.reason)
    return of(shapes.StationKey, made, identity=row.identity)


@post("/stations/{station:str}/retire", opt=needs(Permission.STATIONS_WRITE), status_code=200)
async def retire_station(asked: Asking, station: FromPath[str], data: JSONBody[StationChange]) -> shapes.Station:
    """Take a station out of the network. Its history stays."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        await stations.retire_station(tx, asked.actor, StationId(row.id), asked.now, reason=data.reason)
        return of(shapes.Station, await station_of(tx, asked, station), "sta")


@get("/knocks", opt=needs(Permission.STATIONS_WRITE))
async def list_knocks(asked: Asking, search: FromQuery[str] = "") -> list[shapes.Knock]:
    """List who tried to connect and was not let in, the latest first."""
    async with asked.transaction() as tx:
        return [of(shapes.Knock, row) for row in await queries.knocks(tx, search)]


@get("/stations/{station:str}/connectors", opt=needs(Permission.STATIONS_READ))
async def list_connectors(asked: Asking, station: FromPath[str]) -> list[shapes.Connector]:
    """List a station's connectors with their state."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        return [of(shapes.Connector, each) for each in await queries.connectors(tx, row.id)]


@get("/stations/{station:str}/variables", opt=needs(Permission.STATIONS_READ))
async def list_variables(asked: Asking, station: FromPath[str], search: FromQuery[str] = "") -> list[shapes.Variable]:
    """List the configuration that a station last told."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        return [of(shapes.Variable, each) for each in await queries.variables(tx, row.id, search)]


@get("/stations/{station:str}/frames", opt=needs(Permission.STATIONS_READ))
async def list_frames(
    asked: Asking, station: FromPath[str], limit: FromQuery[int] = LIMIT_DEFAULT
) -> list[shapes.Frame]:
    """List a station's newest frames, as they went over the wire."""
    if not 1 <= limit <= FRAMES_MAX:
        raise Invalid("The limit must be from 1 to %(max)s.", field="limit", max=FRAMES_MAX)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        frames = await journal.read(tx, row.id, asked.now, limit)
    return [shapes.Frame(each.received_at, each.direction, each.body.decode(errors="replace")) for each in frames]


@get("/stations/{station:str}/commands", opt=needs(Permission.STATIONS_READ))
async def list_commands(
    asked: Asking, station: FromPath[str], limit: FromQuery[int] = LIMIT_DEFAULT
) -> list[shapes.Command]:
    """List a station's newest commands and what became of them."""
    checked_limit(limit, 0)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        return [of(shapes.Command, each, "cmd") for each in await queries.commands(tx, row.id, limit)]


@post("/stations/{station:str}/commands", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def send_command(asked: Asking, station: FromPath[str], data: JSONBody[CommandToSend]) -> shapes.Command:
    """Queue a command. Ask for it again by its id to see its one outcome."""
    check_link(data.command)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        to = (tx, asked.actor, StationId(row.id))
        if isinstance(data.command, SetNetworkProfile):
            command_id = await provisioning.set_network_profile(*to, data.command, asked.now, reason=data.reason)
        else:
            command_id = await stations.request_command(*to, data.command, asked.now, reason=data.reason)
        made = await queries.command(tx, command_id)
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{row.id}"])
    if made is None:
        raise NotFound("There is no such command.")
    return of(shapes.Command, made, "cmd")


@get("/commands/{command:str}", opt=needs(Permission.STATIONS_READ))
async def show_command(asked: Asking, command: FromPath[str]) -> shapes.Command:
    """Show a command and what became of it."""
    async with asked.transaction() as tx:
        row = await queries.command(tx, parsed("cmd", command))
        if row is None:
            raise NotFound("There is no such command.")
        await station_of(tx, asked, str(row.station_id))
    return of(shapes.Command, row, "cmd")


HANDLERS: Final = [
    list_sites,
    make_site,
    list_stations,
    make_station,
    show_station,
    rotate_station_key,
    retire_station,
    list_knocks,
    list_connectors,
    list_variables,
    list_frames,
    list_commands,
    send_command,
    show_command,
]

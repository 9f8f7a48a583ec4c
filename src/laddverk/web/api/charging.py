"""The API's sessions and tariffs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, SessionId, StationId, TariffId, parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.ocpp.facts import RateUnit
from laddverk.sessions import queries
from laddverk.sessions import service as sessions
from laddverk.stations import queries as station_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.tariffs import queries as tariff_queries
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Place, Tariff
from laddverk.web import starting
from laddverk.web.api import shapes
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, of, page


class TariffShown(Struct, frozen=True):
    """A tariff with its newest version."""

    id: str
    name: str
    version: int | None
    tariff: Tariff | None
    created_at: datetime
    retired_at: datetime | None


class TariffToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """A new tariff, or a new version of one."""

    name: str
    tariff: Tariff


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a tariff applies: at a station, at a site, or (neither) in the whole network; for one group or all."""

    site_id: str | None = None
    station_id: str | None = None
    driver_group: str | None = None
    reason: str = ""
    evse_number: int | None = None
    """With `station_id`: one outlet, or with `connector_number` one connector of it."""
    connector_number: int | None = None
    driver_id: str | None = None
    """One customer, instead of a group."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    label: str = ""


class Start(Struct, frozen=True, forbid_unknown_fields=True):
    """A charge to be started for a driver; the month's invoice collects."""

    station_id: str
    evse_number: int
    driver_id: str
    connector_number: int = 1
    limit: float | None = None
    """What the session may draw from its first moment on: the start carries it as a charging profile."""
    unit: RateUnit = RateUnit.AMPERE
    """`A` per phase, or `W` in all."""
    reason: str = ""


class Reason(Struct, frozen=True, forbid_unknown_fields=True):
    """Why something is done; kept in the audit log."""

    reason: str


@get("/sessions", opt=needs(Permission.SESSIONS_READ))
async def list_sessions(
    asked: Asking,
    search: FromQuery[str] = "",
    site_id: FromQuery[str | None] = None,
    station_id: FromQuery[str | None] = None,
    driver_id: FromQuery[str | None] = None,
    in_state: InState = "",
    settlement: FromQuery[str] = "",
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[shapes.Session]:
    """List sessions, newest first. `since` and `until` are about their start."""
    wanted = queries.SessionFilter(
        search=search,
        site_id=parsed("sit", site_id, field="site_id") if site_id else None,
        station_id=parsed("sta", station_id, field="station_id") if station_id else None,
        driver_id=parsed("drv", driver_id, field="driver_id") if driver_id else None,
        state=in_state,
        settlement=settlement,
        since=since,
        until=until,
    )
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.sessions(tx, asked.actor.site_ids, wanted, limit=limit + 1, offset=offset)
    return page([of(shapes.Session, row, "ses") for row in rows], limit=limit, offset=offset)


@get("/sessions/{session:str}", opt=needs(Permission.SESSIONS_READ))
async def show_session(asked: Asking, session: FromPath[str]) -> shapes.SessionInFull:
    """Show one session with its price, line by line."""
    async with asked.transaction() as tx:
        return of(shapes.SessionInFull, await _seen(tx, asked, session), "ses")


@get("/sessions/{session:str}/samples", opt=needs(Permission.SESSIONS_READ))
async def list_samples(asked: Asking, session: FromPath[str]) -> list[shapes.Sample]:
    """List what the meter showed during a session."""
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, session)
        found = await queries.samples(tx, row.station_id, row.transaction_key)
    return [of(shapes.Sample, each) for each in found]


@post("/sessions", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def start_session(asked: Asking, data: JSONBody[Start]) -> shapes.Command:
    """Ask a charger to start for a driver. The session appears when the charger reports it."""
    station_id = StationId(parsed("sta", data.station_id, field="station_id"))
    async with asked.transaction() as tx:
        if await station_queries.station(tx, asked.actor.site_ids, station_id) is None:
            raise NotFound("There is no such station.", field="station_id")
        driver_id = DriverId(parsed("drv", data.driver_id, field="driver_id"))
        command_id = await starting.start(
            tx,
            asked.actor,
            starting.Start(
                station_id=station_id,
                evse_number=data.evse_number,
                connector_number=data.connector_number,
                driver_id=driver_id,
                limit=data.limit,
                unit=data.unit,
            ),
            asked.now,
            reason=data.reason,
        )
        made = await station_queries.command(tx, command_id)
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{station_id}"])
    if made is None:
        raise NotFound("There is no such command.")
    return of(shapes.Command, made, "cmd")


@post("/sessions/{session:str}/stop", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def stop_session(asked: Asking, session: FromPath[str], data: JSONBody[Reason]) -> shapes.Command:
    """Ask the charger to stop a session. The command's outcome tells whether it did."""
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, session)
        command_id = await sessions.request_stop(tx, asked.actor, SessionId(row.id), asked.now, data.reason)
        made = await station_queries.command(tx, command_id)
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{row.station_id}"])
    if made is None:
        raise NotFound("There is no such command.")
    return of(shapes.Command, made, "cmd")


@get("/tariffs", opt=needs(Permission.TARIFFS_READ))
async def list_tariffs(asked: Asking) -> list[TariffShown]:
    """List tariffs with their newest version. Prices include VAT."""
    async with asked.transaction() as tx:
        rows = await tariff_queries.tariffs(tx, asked.actor.site_ids)
    return [
        TariffShown(shown("tar", row.id), row.name, row.number, row.body, row.created_at, row.retired_at)
        for row in rows
    ]


@post("/tariffs", opt=needs(Permission.TARIFFS_WRITE))
async def make_tariff(asked: Asking, data: JSONBody[TariffToMake]) -> TariffShown:
    """Make a tariff. It is used where a site or station chooses it."""
    async with asked.transaction() as tx:
        made = await tariffs.create(tx, asked.actor, data.name, data.tariff, asked.now)
        return await _shown(tx, made.tariff_id)


@post("/tariffs/{tariff:str}/versions", opt=needs(Permission.TARIFFS_WRITE))
async def revise_tariff(asked: Asking, tariff: FromPath[str], data: JSONBody[Tariff]) -> TariffShown:
    """Add a version to a tariff. Sessions that have started keep theirs."""
    tariff_id = TariffId(parsed("tar", tariff))
    async with asked.transaction() as tx:
        await tariffs.revise(tx, asked.actor, tariff_id, data, asked.now)
        return await _shown(tx, tariff_id)


@post("/tariffs/{tariff:str}/choices", opt=needs(Permission.TARIFFS_WRITE))
async def choose_tariff(asked: Asking, tariff: FromPath[str], data: JSONBody[Choice]) -> TariffShown:
    """Let a tariff apply somewhere; it replaces the one that applied there."""
    tariff_id = TariffId(parsed("tar", tariff))
    place = Place(
        site_id=parsed("sit", data.site_id, field="site_id") if data.site_id else None,
        station_id=StationId(parsed("sta", data.station_id, field="station_id")) if data.station_id else None,
        evse_number=data.evse_number,
        connector_number=data.connector_number,
        driver_group=data.driver_group or None,
        driver_id=parsed("drv", data.driver_id, field="driver_id") if data.driver_id else None,
        valid_from=data.valid_from,
        valid_until=data.valid_until,
        label=data.label,
    )
    async with asked.transaction() as tx:
        await tariffs.choose(tx, asked.actor, tariff_id, asked.now, place=place, reason=data.reason)
        return await _shown(tx, tariff_id)


async def _shown(tx: Any, tariff_id: TariffId) -> TariffShown:
    """Return a tariff as the API shows it. Raises `NotFound`."""
    row = await tariff_queries.tariff(tx, None, tariff_id)
    if row is None:
        raise NotFound("There is no such tariff.")
    return TariffShown(shown("tar", row.id), row.name, row.number, row.body, row.created_at, row.retired_at)


async def _seen(tx: Any, asked: Asked, session: str) -> queries.SessionDetail:
    """Return a session that the key may see. Raises `NotFound`."""
    row = await queries.session(tx, asked.actor.site_ids, parsed("ses", session))
    if row is None:
        raise NotFound("There is no such session.")
    return row


HANDLERS: Final = [
    list_sessions,
    show_session,
    list_samples,
    start_session,
    stop_session,
    list_tariffs,
    make_tariff,
    revise_tariff,
    choose_tariff,
]

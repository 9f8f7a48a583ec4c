"""The API's reservations, local lists and what chargers know of a driver."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.authorisation import queries
from laddverk.authorisation import service as authorisation
from laddverk.authorisation.model import Kind, ListChoice, Scope, Wish
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, ReservationId, StationId, parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.stations import queries as station_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page


class Reservation(Struct, frozen=True):
    """A reservation. `state` is asked, held, used, expired, cancelled, removed or refused; `number` is OCPP's id."""

    id: str
    number: int
    station_id: str
    evse_number: int | None
    connector_type: str | None
    driver_id: str | None
    token_uid: str
    state: str
    why: str
    no_show: bool
    created_at: datetime
    expires_at: datetime
    held_at: datetime | None
    ended_at: datetime | None


class ReservationToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be kept: an EVSE, any with a plug (type2, ccs2, chademo), or any; for a driver or a tag."""

    station_id: str
    minutes: int
    evse_number: int | None = None
    connector_type: str | None = None
    driver_id: str | None = None
    token_uid: str = ""


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why something is done; kept in the audit log."""

    reason: str


class LocalList(Struct, frozen=True):
    """What a station's local list holds, as far as the station accepted it."""

    station_id: str
    scope: str
    driver_groups: list[str]
    version: int
    state: str
    word: str
    entries: int
    wanted: int
    known_at: datetime | None


class ListToChoose(Struct, frozen=True, forbid_unknown_fields=True):
    """Which tokens the list is to hold: off, site, all or groups; null: as for the site and the network."""

    scope: Scope | None
    driver_groups: list[str] = []
    reason: str = ""


class CustomerQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """What chargers are asked about a driver: read or erase."""

    kind: Kind
    reason: str


class CustomerAnswer(Struct, frozen=True):
    """What one charger answered about one tag."""

    station_id: str
    token_uid: str
    state: str
    word: str
    ended_at: datetime | None
    data: str | None


class CustomerRequest(Struct, frozen=True):
    """A question about a driver, with its answers so far."""

    id: str
    driver_id: str
    kind: str
    created_at: datetime
    finished_at: datetime | None
    answers: list[CustomerAnswer]


def _reservation(row: queries.ReservationRow) -> Reservation:
    return Reservation(
        shown("rsv", row.id), row.number, shown("sta", row.station_id), row.evse_number, row.connector_type,
        shown("drv", row.driver_id) if row.driver_id else None, row.token_uid, row.state, row.why, row.no_show,
        row.created_at, row.expires_at, row.held_at, row.ended_at,
    )  # fmt: skip


async def _found(tx: Transaction, asked: Asked, reservation: str) -> queries.ReservationRow:
    row = await queries.reservation(tx, asked.actor.site_ids, parsed("rsv", reservation))
    if row is None:
        raise NotFound("There is no such reservation.")
    return row


@get("/reservations", opt=needs(Permission.DRIVERS_READ))
async def list_reservations(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    station_id: FromQuery[str | None] = None,
    driver_id: FromQuery[str | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Reservation]:
    """List reservations, those in force first. `state` is a state, `active` or `no_show`."""
    checked_limit(limit, offset)
    wanted = queries.ReservationFilter(
        search=search,
        state=in_state,
        station_id=parsed("sta", station_id, field="station_id") if station_id else None,
        driver_id=parsed("drv", driver_id, field="driver_id") if driver_id else None,
    )
    async with asked.transaction() as tx:
        rows = await queries.reservations(tx, asked.actor.site_ids, wanted, limit=limit + 1, offset=offset)
    return page([_reservation(row) for row in rows], limit=limit, offset=offset)


@get("/reservations/{reservation:str}", opt=needs(Permission.DRIVERS_READ))
async def show_reservation(asked: Asking, reservation: FromPath[str]) -> Reservation:
    """Show one reservation."""
    async with asked.transaction() as tx:
        return _reservation(await _found(tx, asked, reservation))


@post("/reservations", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def make_reservation(asked: Asking, data: JSONBody[ReservationToMake]) -> Reservation:
    """Ask a charger to keep an outlet. The reservation is held once it has accepted."""
    wish = Wish(
        station_id=StationId(parsed("sta", data.station_id, field="station_id")),
        evse_number=data.evse_number,
        connector_type=data.connector_type,
        driver_id=DriverId(parsed("drv", data.driver_id, field="driver_id")) if data.driver_id else None,
        token_uid=data.token_uid,
        minutes=data.minutes,
    )
    async with asked.transaction() as tx:
        made = await authorisation.reserve(tx, asked.actor, wish, asked.now)
        row = await _found(tx, asked, shown("rsv", made))
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{row.station_id}"])
    return _reservation(row)


@post("/reservations/{reservation:str}/cancel", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def cancel_reservation(asked: Asking, reservation: FromPath[str], data: JSONBody[Why]) -> Reservation:
    """Ask the charger to let the outlet go."""
    async with asked.transaction() as tx:
        row = await _found(tx, asked, reservation)
        await authorisation.cancel(tx, asked.actor, ReservationId(row.id), asked.now, reason=data.reason)
        row = await _found(tx, asked, reservation)
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{row.station_id}"])
    return _reservation(row)


@get("/stations/{station:str}/local-list", opt=needs(Permission.STATIONS_READ))
async def show_list(asked: Asking, station: FromPath[str]) -> LocalList:
    """Show a station's local list as we believe it."""
    async with asked.transaction() as tx:
        return await _list(tx, asked, StationId(parsed("sta", station)))


@post("/stations/{station:str}/local-list", opt=needs(Permission.STATIONS_WRITE), status_code=202)
async def choose_list(asked: Asking, station: FromPath[str], data: JSONBody[ListToChoose]) -> LocalList:
    """Choose what a station's list holds, and send what is different."""
    station_id = StationId(parsed("sta", station))
    async with asked.transaction() as tx:
        await _list(tx, asked, station_id)
        choice = ListChoice(station_id=station_id, scope=data.scope, driver_groups=tuple(data.driver_groups))
        await authorisation.choose(tx, asked.actor, choice, asked.now, reason=data.reason)
        await authorisation.sync(tx, station_id, asked.now)
        answer = await _list(tx, asked, station_id)
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{station_id}"])
    return answer


async def _list(tx: Transaction, asked: Asked, station_id: StationId) -> LocalList:
    row = await queries.station_access(tx, asked.actor.site_ids, station_id)
    if row is None or await station_queries.station(tx, asked.actor.site_ids, station_id) is None:
        raise NotFound("There is no such station.")
    return LocalList(
        shown("sta", station_id), row.scope, list(row.driver_groups), row.version, row.state, row.word, row.entries,
        row.wanted, row.known_at,
    )  # fmt: skip


@post("/drivers/{driver:str}/customer-requests", opt=needs(Permission.DRIVERS_WRITE), status_code=202)
async def ask_chargers(asked: Asking, driver: FromPath[str], data: JSONBody[CustomerQuestion]) -> CustomerRequest:
    """Ask every charger that may know a driver what it knows, or to forget it. Needs commands:send too."""
    async with asked.transaction() as tx:
        driver_id = DriverId(parsed("drv", driver))
        made = await authorisation.request_customer(
            tx, asked.actor, driver_id, data.kind, asked.now, reason=data.reason
        )
        answer = await _request(tx, asked, shown("cus", made))
    asked.house.hints.publish([COMMANDS_TOPIC])
    return answer


@get("/customer-requests/{request_id:str}", opt=needs(Permission.DRIVERS_READ))
async def show_request(asked: Asking, request_id: FromPath[str]) -> CustomerRequest:
    """Show what chargers answered about a driver."""
    async with asked.transaction() as tx:
        return await _request(tx, asked, request_id)


async def _request(tx: Transaction, asked: Asked, request_id: str) -> CustomerRequest:
    row = await queries.request(tx, parsed("cus", request_id))
    if row is None:
        raise NotFound("There is no such request.")
    answers = [
        CustomerAnswer(shown("sta", one.station_id), one.token_uid, one.state, one.word, one.ended_at, one.data)
        for one in await queries.answers(tx, asked.actor.site_ids, row.id)
    ]
    driver_id = shown("drv", row.driver_id)
    return CustomerRequest(shown("cus", row.id), driver_id, row.kind, row.created_at, row.finished_at, answers)


HANDLERS: Final = [
    list_reservations,
    show_reservation,
    make_reservation,
    cancel_reservation,
    show_list,
    choose_list,
    ask_chargers,
    show_request,
]

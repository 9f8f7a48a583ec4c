"""The API's grid: limits of others, what cars need, who charges first, and functions of chargers that feed back."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from laddverk.energy import queries
from laddverk.energy import service as energy
from laddverk.kernel.actors import Permission
from laddverk.ocpp.facts import DerControl
from laddverk.web.api.current import Command, Reason, queued
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asking, station_id_of


class Outside(Struct, frozen=True):
    """What others limit, what cars need and how they mean to charge."""

    limits: list[queries.LimitRow]
    needs: list[queries.NeedRow]
    plans: list[queries.PlanRow]


class Controls(Struct, frozen=True):
    """Grid functions of a charger, and what happened with them."""

    controls: list[queries.ControlRow]
    events: list[queries.EventRow]


class ControlWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A grid function, by the names of OCPP 2.1."""

    control: str
    body: dict[str, Any]
    is_default: bool = True
    reason: Reason = ""


class ControlGone(Struct, frozen=True, forbid_unknown_fields=True):
    """A grid function that is to go."""

    control_id: Annotated[str, Meta(max_length=36)]
    is_default: bool = True
    reason: Reason = ""


class Priority(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the session at an outlet charges by the priority profile."""

    evse_number: int
    active: bool = True
    reason: Reason = ""


@get("/stations/{station:str}/limits", opt=needs(Permission.STATIONS_READ))
async def list_limits(asked: Asking, station: FromPath[str]) -> Outside:
    """List what others limit at a station, and what cars there need."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        return Outside(
            await queries.limits(tx, station_id), await queries.needs(tx, station_id),
            await queries.plans(tx, station_id),
        )  # fmt: skip


@post("/stations/{station:str}/priority", opt=needs(Permission.COMMANDS_SEND))
async def use_priority(asked: Asking, station: FromPath[str], data: JSONBody[Priority]) -> Command:
    """Let the session at an outlet (2.1) charge by the priority profile, or no longer."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.use_priority(
            tx, asked.actor, station_id, data.evse_number, data.active, asked.now, reason=data.reason
        )
    return queued(asked, sent)


@get("/stations/{station:str}/controls", opt=needs(Permission.STATIONS_READ))
async def list_controls(asked: Asking, station: FromPath[str]) -> Controls:
    """List the grid functions (DER) of a station, with its alarms."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        return Controls(await queries.controls(tx, station_id, asked.now), await queries.events(tx, station_id))


@post("/stations/{station:str}/controls", opt=needs(Permission.COMMANDS_SEND))
async def set_control(asked: Asking, station: FromPath[str], data: JSONBody[ControlWanted]) -> Command:
    """Set a grid function (2.1). Its settings are checked against the standard first."""
    control = DerControl(id="", control=data.control, is_default=data.is_default, body=data.body)
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.set_control(tx, asked.actor, station_id, control, asked.now, reason=data.reason)
    return queued(asked, sent)


@post("/stations/{station:str}/controls/clear", opt=needs(Permission.COMMANDS_SEND))
async def clear_control(asked: Asking, station: FromPath[str], data: JSONBody[ControlGone]) -> Command:
    """Take a grid function away."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.clear_controls(
            tx, asked.actor, station_id, data.control_id, data.is_default, asked.now, reason=data.reason
        )
    return queued(asked, sent)


@post("/stations/{station:str}/controls/read", opt=needs(Permission.COMMANDS_SEND))
async def read_controls(asked: Asking, station: FromPath[str]) -> Command:
    """Ask a station for all its grid functions."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.read_controls(tx, asked.actor, station_id, asked.now)
    return queued(asked, sent)


HANDLERS: Final = [
    list_limits,
    use_priority,
    list_controls,
    set_control,
    clear_control,
    read_controls,
]

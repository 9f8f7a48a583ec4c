"""Grid functions of chargers that feed back (block R, 2.1): set, read and take away."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

import msgspec

from laddverk.energy import store, store_told
from laddverk.energy.service.profiles import REQUEST_ID_MAX
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import CommandId, StationId, new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp import translate
from laddverk.ocpp.commands import ClearDerControls, ReadDerControls, SetDerControl
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import DerControl
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

BODY_BYTES_MAX: Final = 8_000  # a curve of ten points with all its parameters has about one thousand


async def set_control(
    tx: Transaction, actor: Actor, station_id: StationId, control: DerControl, now: datetime, *, reason: str = ""
) -> CommandId:
    """Set a grid function, as a default or for a time. Its settings are checked against the standard first.

    A control without an id gets one. Raises `NotFound`, and `Invalid` with what the standard says is wrong.
    """
    await _seen(tx, actor, station_id)
    if not control.id:
        control = msgspec.structs.replace(control, id=str(new_id()))
    if len(msgspec.json.encode(control.body)) > BODY_BYTES_MAX:
        raise Invalid("The settings are too long.", field="body")
    command = SetDerControl(control=control)
    try:
        translate.to_call(Protocol.V21, command)
    except Untranslatable as problem:
        raise Invalid("The standard does not allow this: %(why)s", field="body", why=str(problem)) from None
    await store_told.keep_control(tx, station_id, control, "wanted", None, now)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def read_controls(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> CommandId:
    """Ask a charger for all its grid functions."""
    await _seen(tx, actor, station_id)
    command = ReadDerControls(request_id=secrets.randbelow(REQUEST_ID_MAX))
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def clear_controls(
    tx: Transaction, actor: Actor, station_id: StationId, control_id: str, is_default: bool, now: datetime, *,
    reason: str = "",
) -> CommandId:  # fmt: skip
    """Take a grid function away."""
    await _seen(tx, actor, station_id)
    command = ClearDerControls(is_default=is_default, control_id=control_id)
    command_id = await stations.request_command(tx, actor, station_id, command, now, reason=reason)
    await store_told.control_condition(tx, station_id, control_id, "leaving", "", now)
    return command_id


async def _seen(tx: Transaction, actor: Actor, station_id: StationId) -> None:
    if await store.lock_station(tx, station_id, actor.site_ids) is None:
        raise NotFound("There is no such station.", field="station_id")

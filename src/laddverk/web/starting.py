"""Starting a session for a driver, as console and API do it: reservation, price and limit put together."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from laddverk.authorisation import service as authorisation
from laddverk.energy import service as energy
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, DriverId, StationId
from laddverk.kernel.problems import Conflict
from laddverk.ocpp.facts import RateUnit
from laddverk.platform.database import Transaction
from laddverk.sessions import service as sessions


class Start(Struct, frozen=True, kw_only=True):
    """A session that somebody wants to start for a driver."""

    station_id: StationId
    evse_number: int
    connector_number: int = 1
    driver_id: DriverId
    limit: float | None = None
    """What it may draw from its first moment on; None: as much as there is."""
    unit: RateUnit = RateUnit.AMPERE


async def start(tx: Transaction, actor: Actor, wish: Start, now: datetime, *, reason: str = "") -> CommandId:
    """Ask a charger to start a session and return the command.

    Needs commands:send. What is kept for the driver is used. Raises what `prepare_start`, `reserved_token` and
    `limit_for_start` raise. The caller publishes the hint `commands`.
    """
    actor.require(Permission.COMMANDS_SEND)
    kept_for = await authorisation.reserved_token(tx, wish.station_id, wish.evse_number, wish.driver_id, now)
    prepared = await sessions.prepare_start(
        tx,
        actor,
        reserved_for=kept_for,
        station_id=wish.station_id,
        evse_number=wish.evse_number,
        connector_number=wish.connector_number,
        driver_id=wish.driver_id,
        now=now,
    )
    profile = None
    if wish.limit is not None:
        good = await energy.limit_for_start(
            tx, actor, wish.station_id, wish.evse_number, wish.limit, wish.unit, now, reason=reason
        )
        profile = good.profile
    command_id = await sessions.begin_start(tx, actor, prepared.id, now, profile=profile, reason=reason)
    if command_id is None:
        raise Conflict("The charge could not be started here.", remedy="Look at the state of the outlet.")
    return command_id

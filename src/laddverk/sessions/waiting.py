"""A start whose cable has not come: it is given more time, or moved to the outlet where the cable is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.ocpp.commands import StartCharging
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.sessions import store_starts
from laddverk.sessions.model import StartRequest
from laddverk.sessions.starting import START_WITHIN, STARTABLE, asker, group_of
from laddverk.stations import service as stations
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Wish

WAIT_MAX: Final = timedelta(minutes=20)  # from the wish: so long an outlet is kept for somebody who fetches a cable

BY_ITSELF: Final = rule("start refused")
ASKED: Final = """
SELECT count(*)::int FROM command
WHERE station_id = $1 AND kind = 'start_charging' AND created_at >= $3 AND command->>'token_uid' = $2
"""


async def wait_more(tx: Transaction, actor: Actor, start_request_id: UUID, now: datetime) -> CommandId:
    """Give a start more time and ask the charger anew, whose own patience ends before ours. Returns that question.

    What becomes of that second question does not end the start. Raises `NotFound`, `Conflict` when it has ended, or
    has waited `WAIT_MAX`.
    """
    request = await _open(tx, start_request_id)
    until = min(now + START_WITHIN, request.created_at + WAIT_MAX)
    if until <= now:
        raise Conflict("It has waited long enough.", remedy="Start again when the cable is at hand.")
    await store_starts.set_expiry(tx, request.id, max(until, request.expires_at))
    return await _ask(tx, actor, request, now, "more time for the cable")


async def move_start(
    tx: Transaction, actor: Actor, start_request_id: UUID, station_id: StationId, evse_number: int,
    connector_number: int, now: datetime,
) -> CommandId:  # fmt: skip
    """Ask another outlet of the same price to start instead. Raises `NotFound`, `Conflict` when it cannot."""
    request = await _open(tx, start_request_id)
    place = await store_starts.place(tx, station_id, evse_number, connector_number)
    if place is None or place.retired:
        raise NotFound("There is no such outlet.")
    is_busy = await store_starts.is_busy(tx, station_id, evse_number, but=request.id, made_after=now - START_WITHIN)
    if not place.connected or place.status not in STARTABLE or is_busy:
        raise Conflict("Charging cannot start at that outlet now.", remedy="Move the cable to the outlet you started.")
    group = await group_of(tx, request.driver_id, station_id, now)
    wish = Wish(station_id, group, evse_number, connector_number, request.driver_id)
    (version,) = await tariffs.chosen(tx, [wish], now=now)
    if version is None or version.id != request.tariff_version_id:
        raise Conflict("The price is another at that outlet.", remedy="Cancel, and start there instead.")
    await store_starts.move(tx, request.id, station_id, evse_number, connector_number)
    moved = replace(request, station_id=station_id, evse_number=evse_number, connector_number=connector_number)
    command_id = await _ask(tx, actor, moved, now, "the cable is in this outlet")
    await store_starts.set_command(tx, request.id, command_id, now + START_WITHIN)
    await audit.write(tx, actor, "start.moved", "start_request", request.id, at=now)
    return command_id


async def ask_again(tx: Transaction, refused: Collection[UUID], now: datetime) -> set[UUID]:
    """Ask chargers once more that said no to a start, where nothing is known against it; return those commands.

    Once for each start, and only where the outlet is in contact and could still start. What is paid stays reserved
    meanwhile; the second no ends the start.
    """
    again: set[UUID] = set()
    for request in await store_starts.locked_by_commands(tx, list(refused)):
        asked = await tx.value(ASKED, request.station_id, request.token_uid, request.created_at)
        place = await store_starts.place(tx, request.station_id, request.evse_number, request.connector_number)
        if asked > 1 or place is None or not place.connected or place.status not in STARTABLE:
            continue
        assert request.command_id is not None
        again.add(request.command_id)
        command_id = await _ask(tx, BY_ITSELF, request, now, "the charger said no: once more")
        await store_starts.set_command(tx, request.id, command_id, now + START_WITHIN)
        await audit.write(tx, BY_ITSELF, "start.asked_again", "start_request", request.id, at=now)
    return again


async def _open(tx: Transaction, start_request_id: UUID) -> StartRequest:
    request = await store_starts.locked(tx, start_request_id)
    if request is None:
        raise NotFound("There is no such start request.")
    if not request.is_open or request.command_id is None:
        raise Conflict("This start is over.", remedy="Start again.")
    return request


async def _ask(tx: Transaction, actor: Actor, request: StartRequest, now: datetime, reason: str) -> CommandId:
    command = StartCharging(
        evse_number=request.evse_number,
        connector_number=request.connector_number,
        token_uid=request.token_uid,
        remote_start_id=request.remote_start_id,
    )
    sent_by, name = asker(actor)
    return await stations.request_command(
        tx, sent_by, request.station_id, command, now, reason=reason, requested_by=name
    )  # fmt: skip

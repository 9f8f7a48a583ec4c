"""What staff do in transcripts beside queueing commands: each a function of a network, a station and fields.

A deed returns the id of the command it caused, or a dict of names that later lines may use, or nothing.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from laddverk.kernel.ids import SessionId, StationId
from laddverk.ocpp.answers import Registration
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from tests.network import ACTOR, Network

OPEN_SESSION = "SELECT id FROM session WHERE station_id = $1 AND ended_at IS NULL ORDER BY started_at DESC LIMIT 1"


async def work_off(network: Network) -> None:
    """Do the jobs that wait."""
    await network.house.worker.run_until_idle()


async def hold(network: Network, station_id: StationId, *, answer: str, interval_s: int | None = None) -> None:
    """Decide how the next boots of the station are answered."""
    house = network.house
    async with house.database.transaction() as tx:
        await stations.set_registration(
            tx, ACTOR, station_id, Registration(answer), house.clock(), interval_s=interval_s, reason="transcript"
        )


async def stop(network: Network, station_id: StationId) -> UUID:
    """Stop the running session, as the console does."""
    session_id = SessionId(await network.value(OPEN_SESSION, station_id))
    async with network.house.database.transaction() as tx:
        return await sessions.request_stop(tx, ACTOR, session_id, network.house.clock(), "transcript")


async def start(
    network: Network, station_id: StationId, *, evse_number: int = 1, driver: str | None = None, **more: Any
) -> UUID | None:
    """Start a session for a driver, as the console does; the charger must be connected and free."""
    house = network.house
    async with house.database.transaction() as tx:
        driver_id = await tx.value("SELECT id FROM driver WHERE email = $1", driver or "driver@example.com")
        prepared = await sessions.prepare_start(
            tx, ACTOR, station_id=station_id, evse_number=evse_number, driver_id=driver_id, now=house.clock(), **more
        )
        return await sessions.begin_start(tx, ACTOR, prepared.id, house.clock())

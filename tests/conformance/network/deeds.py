"""What staff do in transcripts beside queueing commands: each a function of a network, a station and fields.

A deed returns the id of the command it caused, or a dict of names that later lines may use, or nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from laddverk.authorisation import reserving
from laddverk.authorisation import service as authorisation
from laddverk.authorisation.model import Kind, ListChoice, Scope, Wish
from laddverk.kernel.ids import CommandId, SessionId, StationId
from laddverk.ocpp.answers import Registration
from laddverk.ocpp.facts import Variable
from laddverk.ocpp.facts.smart_charging import Profile
from laddverk.provisioning import service as provisioning
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from tests.conformance.network.world import PARTING, RESIDENTS
from tests.network import ACTOR, Network

OPEN_SESSION = "SELECT id FROM session WHERE station_id = $1 AND ended_at IS NULL ORDER BY started_at DESC LIMIT 1"


async def work_off(network: Network, _station_id: StationId | None = None) -> None:
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
    network: Network,
    station_id: StationId,
    *,
    evse_number: int = 1,
    driver: str | None = None,
    profile: dict[str, Any] | None = None,
    **more: Any,
) -> UUID | None:
    """Start a session for a driver, as the console does; the charger must be connected and free."""
    house = network.house
    async with house.database.transaction() as tx:
        driver_id = await tx.value("SELECT id FROM driver WHERE email = $1", driver or "driver@example.com")
        prepared = await sessions.prepare_start(
            tx, ACTOR, station_id=station_id, evse_number=evse_number, driver_id=driver_id, now=house.clock(), **more
        )
        limit = msgspec.convert(profile, Profile) if profile else None
        return await sessions.begin_start(tx, ACTOR, prepared.id, house.clock(), profile=limit)


async def reserve(network: Network, station_id: StationId, **wish: Any) -> UUID:
    """Keep an outlet for a tag."""
    house = network.house
    async with house.database.transaction() as tx:
        wanted = Wish(station_id=station_id, **wish)
        reservation_id = await authorisation.reserve(tx, ACTOR, wanted, house.clock())
        found: UUID = await tx.value("SELECT command_id FROM reservation WHERE id = $1", reservation_id)
        return found


async def keep_list(network: Network, station_id: StationId, *, scope: str = "groups") -> CommandId | None:
    """Choose that the charger has a local list of the residents' tags, or none, and begin to send it."""
    house = network.house
    groups = (RESIDENTS,) if scope == Scope.GROUPS else ()
    async with house.database.transaction() as tx:
        choice = ListChoice(station_id=station_id, scope=Scope(scope), driver_groups=groups)
        await authorisation.choose(tx, ACTOR, choice, house.clock())
        return await authorisation.sync(tx, station_id, house.clock())


async def ask_about_customer(network: Network, station_id: StationId, *, kind: str) -> None:
    """Ask every charger that may remember the driver who leaves what it knows, or have it forget."""
    house = network.house
    async with house.database.transaction() as tx:
        driver_id = await tx.value("SELECT id FROM driver WHERE email = $1", PARTING)
        now = house.clock()
        await authorisation.request_customer(
            tx, ACTOR, driver_id, Kind(kind), now, reason="transcript", also_at=[station_id]
        )


async def read_many(network: Network, station_id: StationId, *, names: list[str]) -> None:
    """Read variables of one component, in as many messages as the charger's own limit asks for."""
    house = network.house
    async with house.database.transaction() as tx:
        asked = [Variable(component="OCPPCommCtrlr", variable=name) for name in names]
        await provisioning.read_variables(tx, ACTOR, station_id, asked, house.clock())


async def let_pass(network: Network, _station_id: StationId, *, minutes: int) -> None:
    """End what is over in so many minutes, as the job does then."""
    async with network.house.database.transaction() as tx:
        await reserving.expire(tx, network.house.clock() + timedelta(minutes=minutes))

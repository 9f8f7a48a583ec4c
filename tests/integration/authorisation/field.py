"""A small network with simulated chargers on its gateway, and its jobs at work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId, TokenId
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import THREE_PHASE_22KW, Hardware
from tests.network import ACTOR, Network, network_on

HASTY = Patience(answer_s=5.0, reconnect_first_s=0.05, reconnect_max_s=0.2, refused_first_s=0.2)
WAIT_S = 15.0


@asynccontextmanager
async def working(database: Database, state_dir: Path, **chosen: Any) -> AsyncIterator[Network]:
    """Yield a network whose worker runs. `chosen` are settings other than the usual ones."""
    async with network_on(database, state_dir, **chosen) as network:
        stop = asyncio.Event()
        task = asyncio.create_task(network.house.worker.run(stop))
        try:
            yield network
        finally:
            stop.set()
            network.house.worker.wake()
            await task


@asynccontextmanager
async def charger_at(network: Network, identity: str, protocol: Protocol) -> AsyncIterator[Link]:
    """Yield the line of a registered charger that is connected and accepted."""
    if identity not in network.keys:
        await network.add_station(identity)
    base = network.url("")[: -len("/")]
    hardware = Hardware(identity, protocol, outlets=(THREE_PHASE_22KW, THREE_PHASE_22KW))
    link = Link(Charger(hardware), base, network.keys[identity], patience=HASTY)
    running = asyncio.create_task(link.run())
    try:
        await until(lambda: _is(link.charger.booted))
        await link.drained()
        yield link
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _is(value: object) -> object:
    return value


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Return what `condition` returns once it is true. Raises `AssertionError` when it does not become so."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = await condition()
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it did not become true")


async def driver_with(
    network: Network, *uids: str, email: str = "anna@example.com", group: str = "", **token: Any
) -> tuple[DriverId, list[TokenId]]:
    """Return a driver with these tags."""
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        details = DriverDetails(email=email, name=email.partition("@")[0], driver_group=group)
        driver_id = await access.create_driver(tx, ACTOR, details, now)
        new = [NewToken(uid=uid, driver_id=driver_id, **token) for uid in uids]
        return driver_id, await access.create_tokens(tx, ACTOR, new, now)


def as_driver(driver_id: DriverId) -> Actor:
    """Return the driver as one who asks."""
    return Actor("driver", driver_id, "Anna")

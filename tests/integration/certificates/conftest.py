"""A network with one charger of each version, and the worker at hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import Hardware
from tests.network import Network, network_on

HASTY = Patience(answer_s=10.0, reconnect_first_s=0.02, reconnect_max_s=0.05, refused_first_s=0.02)
WAIT_S = 15.0


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as found:
        yield found


@asynccontextmanager
async def charger_on(network: Network, protocol: Protocol, identity: str = "CP1") -> AsyncIterator[Charger]:
    """Yield a simulated charger that is connected and has booted."""
    if identity not in network.keys:
        await network.add_station(identity)
    charger = Charger(Hardware(identity, protocol))
    link = Link(charger, network.url("").rstrip("/"), network.keys[identity], patience=HASTY)
    charger.witness = lambda _item: asyncio.get_running_loop().call_soon(link.wake)  # an idle line sleeps until then
    running = asyncio.create_task(link.run())
    try:
        await until(lambda: _is(charger.booted))
        yield charger
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _is(value: bool) -> bool:
    return value


async def until(condition: Callable[[], Awaitable[object]], *, network: Network | None = None) -> None:
    """Wait until `condition` holds, letting the jobs of `network` run meanwhile."""
    async with asyncio.timeout(WAIT_S):
        while not await condition():
            if network is not None:
                await network.house.worker.run_until_idle()
            await asyncio.sleep(0.01)

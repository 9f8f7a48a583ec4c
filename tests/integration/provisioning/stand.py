"""A network with one simulated charger on a real socket, whose time passes when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from laddverk.kernel.ids import StationId
from laddverk.ocpp.answers import Registration
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import Hardware
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.network import ACTOR, Network, network_on

HASTY = Patience(reconnect_first_s=0.02, reconnect_max_s=0.05, refused_first_s=0.02)
WITHIN_S = 30.0


class Stand:
    """A network with one simulated charger, whose time passes when a test says so."""

    def __init__(self, network: Network, link: Link, station_id: StationId) -> None:
        self.network, self.link, self.station_id = network, link, station_id

    async def asks(self, command: Any) -> None:
        async with self.network.house.database.transaction() as tx:
            await stations.request_command(tx, ACTOR, self.station_id, command, self.network.house.clock())
        self.network.house.hints.publish([COMMANDS_TOPIC])

    async def until(self, sql: str, wanted: object) -> None:
        """Let the charger live and the jobs work until a value in the database is as wanted."""
        found: object = None
        try:
            async with asyncio.timeout(WITHIN_S):
                while (found := await self.network.value(sql)) != wanted:
                    self.link.charger.advance(1, 1.0, self.network.house.clock())
                    self.link.wake()
                    await self.network.house.worker.run_until_idle()
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"{sql} gives {found!r}, not {wanted!r}")

    async def confirmed(self, kind: str) -> None:
        await self.until(
            f"SELECT state FROM command WHERE kind = '{kind}' ORDER BY created_at DESC LIMIT 1", "confirmed"
        )


@asynccontextmanager
async def standing(
    database: Database, state_dir: Path, protocol: Protocol = Protocol.V21, held: Registration = Registration.ACCEPTED
) -> AsyncIterator[Stand]:
    async with network_on(database, state_dir) as network:
        station_id = await network.add_station("CP-1", connectors=1)
        async with database.transaction() as tx:
            await stations.set_registration(
                tx, ACTOR, station_id, held, network.house.clock(), interval_s=None, reason="as agreed"
            )
        charger = Charger(Hardware("CP-1", protocol, vendor="Acme", model="Wall", firmware="1.0.0"))
        link = Link(charger, network.url("CP-1").rpartition("/")[0], network.keys["CP-1"], patience=HASTY)
        running = asyncio.create_task(link.run())
        try:
            yield Stand(network, link, station_id)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

"""A network with a receiver of files on a port, and simulated chargers on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from laddverk.firmware import service
from laddverk.firmware.model import ImageDetails, NewCampaign, Plan
from laddverk.firmware.shelf import FIRMWARE, DirectoryShelf
from laddverk.kernel.actors import Role
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.abilities.firmware import Mishap, Software
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import Hardware
from laddverk.web.app import create_app
from tests.integration.firmware.world import staff
from tests.network import Network, network_on

HASTY = Patience(reconnect_first_s=0.02, reconnect_max_s=0.1, transfer_step_s=0.0)
IMAGE = b"laddverk-simulated-firmware 2.0.0\n" + b"\x00\x01" * 5000
ADMIN = staff(Role.ADMIN)
WITHIN_S = 30.0


class Field:
    """A network with a receiver on a port, and simulated chargers."""

    def __init__(self, network: Network, url: str) -> None:
        self.network = network
        self.reach = service.Reach(url)
        self.links: dict[str, Link] = {}
        self.running: dict[str, asyncio.Task[None]] = {}

    async def charger(self, identity: str, protocol: Protocol = Protocol.V201, mishap: Mishap = Mishap.NONE) -> Link:
        await self.network.add_station(identity, connectors=1)
        charger = Charger(Hardware(identity, protocol, vendor="Acme", model="Wall", firmware="1.0.0"))
        charger.of(Software).mishap = mishap
        base = self.network.url(identity).rpartition("/")[0]
        link = Link(charger, base, self.network.keys[identity], patience=HASTY)
        self.links[identity] = link
        self.switch_on(identity)
        return link

    def switch_on(self, identity: str) -> None:
        """Let a charger connect."""
        self.running[identity] = asyncio.create_task(self.links[identity].run())

    async def switch_off(self, identity: str) -> None:
        """Take a charger's power away."""
        task = self.running.pop(identity)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def all_connected(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            for link in self.links.values():
                await link.drained()

    async def image(self, **details: str):
        shelf = DirectoryShelf(self.network.house.settings.files_dir)
        given = ImageDetails(**{"version": "2.0.0", "vendor": "Acme", **details})
        async with self.network.house.database.transaction() as tx:
            with shelf.incoming(1_000_000) as incoming:
                incoming.write(IMAGE)
                image_id = await service.add_image(tx, ADMIN, given, incoming.digests(), self.network.house.clock())
                incoming.put(FIRMWARE, image_id)
        return image_id

    async def campaign(self, image_id, **plan):
        wanted = NewCampaign(
            image_id=image_id, name="Höst", reason="test", plan=Plan(**plan), unsigned_reason="they are simulated"
        )
        async with self.network.house.database.transaction() as tx:
            return await service.create_campaign(tx, ADMIN, wanted, self.network.house.clock())

    async def until(self, sql: str, wanted: object, *args: object) -> None:
        """Let the jobs work until a value in the database is as wanted."""
        house = self.network.house
        async with asyncio.timeout(WITHIN_S):
            while True:
                async with house.database.transaction() as tx:
                    topics = await service.advance(tx, self.reach, house.clock())
                house.hints.publish(topics)
                await house.worker.run_until_idle()
                found = await self.network.value(sql, *args)
                if found == wanted:
                    return
                await asyncio.sleep(0.02)

    async def states(self) -> dict[str, str]:
        async with self.network.house.database.transaction() as tx:
            rows = await tx.rows(
                "SELECT s.identity, u.state || ' ' || u.reason AS how FROM firmware_update u"
                " JOIN station s ON s.id = u.station_id"
            )
        return {row["identity"]: row["how"].strip() for row in rows}


@asynccontextmanager
async def field_on(database: Database, tmp_path: Path) -> AsyncIterator[Field]:
    async with network_on(database, tmp_path) as network:
        config = uvicorn.Config(create_app(network.house), host="127.0.0.1", port=0, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
        web = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        field = Field(network, f"http://127.0.0.1:{port}")
        try:
            yield field
        finally:
            for identity in list(field.running):
                await field.switch_off(identity)
            server.should_exit = True
            await web

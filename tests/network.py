"""A small network for tests: the house on a test database, one site with stations, and a gateway on a free port."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from laddverk import wiring
from laddverk.certificates import jobs as certificates_jobs
from laddverk.gateway.server import Gateway
from laddverk.gateway.window import RecorderTable
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import SiteId, StationId
from laddverk.kernel.time import system_clock
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails

ACTOR = rule("test")


@dataclass
class Network:
    """What a test needs to act as a charger, and to look at what became of it."""

    house: House
    gateway: Gateway
    site_id: SiteId
    keys: dict[str, str] = field(default_factory=dict)
    station_ids: dict[str, StationId] = field(default_factory=dict)

    async def add_station(self, identity: str, connectors: int = 2, **connector: Any) -> StationId:
        """Register a station, whose connectors are all alike, and remember its key."""
        new = NewStation(
            site_id=self.site_id,
            identity=identity,
            name=identity,
            connectors=tuple(NewConnector(evse_number=number, **connector) for number in range(1, connectors + 1)),
        )
        async with self.house.database.transaction() as tx:
            made = await stations.create_station(
                tx, ACTOR, new, self.house.clock(), pepper=self.house.secrets.charger_pepper
            )
        self.keys[identity] = made.password
        self.station_ids[identity] = made.station_id
        return made.station_id

    def url(self, identity: str) -> str:
        """Return the address for a station."""
        return f"ws://127.0.0.1:{self.gateway.port}/ocpp/{identity}"

    def headers(self, identity: str, key: str | None = None) -> dict[str, str]:
        """Return the Authorization header of a station."""
        password = self.keys[identity] if key is None else key
        return {"Authorization": "Basic " + base64.b64encode(f"{identity}:{password}".encode()).decode()}

    @asynccontextmanager
    async def socket(self, identity: str, *, version: str = "ocpp1.6") -> AsyncIterator[ClientConnection]:
        """Yield an open WebSocket of a station."""
        async with connect(
            self.url(identity),
            subprotocols=[version],  # type: ignore[list-item]
            additional_headers=self.headers(identity),
            compression=None,
        ) as opened:
            yield opened

    async def value(self, sql: str, *args: object) -> Any:
        """Return one value from the database."""
        async with self.house.database.transaction() as tx:
            return await tx.value(sql, *args)


@asynccontextmanager
async def network_on(
    database: Database, state_dir: Path, recorders: RecorderTable = wiring.RECORDERS, **chosen: Any
) -> AsyncIterator[Network]:
    """Yield a network without faces other than the gateway; jobs run when a test calls `house.worker`.

    `chosen` are settings other than the usual ones.
    """
    settings = Settings(state_dir=state_dir, database_url=database.dsn, ocpp_port=0, web_port=0, **chosen)
    house = House(settings, secrets_in(state_dir), database, Hints(), system_clock, Worker(database, {}))
    wiring.subscribe_all()
    house.worker.handle(wiring.all_handlers(house))
    async with database.transaction() as tx:
        site_id = await stations.create_site(tx, ACTOR, SiteDetails(name="Test", code="TST"), house.clock())
    await certificates_jobs.prepare(house)
    gateway = Gateway(house, recorders, wiring.ASKERS)
    await gateway.start()
    try:
        yield Network(house, gateway, site_id)
    finally:
        await gateway.stop()


async def ask(socket: ClientConnection, action: str, payload: dict[str, Any]) -> list[Any]:
    """Send a CALL and return the answer to it."""
    unique_id = str(uuid4())
    await socket.send(json.dumps([2, unique_id, action, payload]))
    answer: list[Any] = json.loads(await socket.recv())
    assert answer[1] == unique_id
    return answer


BOOT_16 = {"chargePointVendor": "Test", "chargePointModel": "One"}
BOOT_201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Test", "model": "One"}}

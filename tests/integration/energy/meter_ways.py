"""Each way by which a meter reaches the network, over real sockets: our side of it, and a simulated meter."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
import uvicorn

from laddverk.access import service as access
from laddverk.energy.circuits.model import MeterId
from laddverk.energy.meters import listening, ocpp, register_maps, rules, sealing, service
from laddverk.energy.meters.model import Meter, Setup, Way
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.simulator.meters import modbus, mqtt, push
from laddverk.simulator.meters.ocpp import GridMeter
from laddverk.simulator.meters.telling import Fault, Teller, Told
from laddverk.web.app import create_app
from tests.integration.energy.garage import Garage
from tests.network import ACTOR, Network

MODELS: Final = register_maps.known()
LOOPBACK: Final = "127.0.0.0/8"
HASTY_S: Final = 0.05
USER: Final = "meters"
PASSWORD: Final = "s3cret"
TOPIC: Final = "home/meter"
COMES_S: Final = 30.0  # who asked a silent meter waits for it for some seconds before it asks again
LOOKS: Final = 6  # for what was said, until it is said again or given up
HEARD: Final = """
SELECT true FROM meter_reading JOIN meter ON meter.id = meter_id
WHERE meter_id = $1 AND (at >= $2 OR $3 AND trouble IS NOT NULL)
"""

Tell = Callable[[], Awaitable[Told | None]]


@dataclass
class Reached:
    """A simulated meter that the network reads. `tell` makes it say what flows, and waits until that has come."""

    network: Network
    meter: Meter
    teller: Teller
    said: Tell
    tells_time: bool
    """Whether its readings have the time of its own clock; else that of when they came counts."""

    async def tell(self) -> None:
        """Let it say what flows now: again and again, as meters do, until it is heard. What fails says it once."""
        is_well = self.teller.fault is Fault.NONE
        async with asyncio.timeout(COMES_S):
            while (told := await self.said()) is not None:
                at = told.at if self.tells_time else self.network.house.clock()
                if await self._heard(at, or_trouble=not is_well) or not is_well:
                    return

    async def _heard(self, at: datetime, *, or_trouble: bool) -> bool:
        for _ in range(LOOKS):
            if await self.network.value(HEARD, self.meter.id, at, or_trouble):
                return True
            await asyncio.sleep(HASTY_S)
        return False


def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the network look for meters, and at them, as often as a test in a hurry wants."""
    for name in ("KEEP_EVERY_S", "LOOK_EVERY_S", "AGAIN_FIRST_S"):
        monkeypatch.setattr(listening, name, HASTY_S)
    monkeypatch.setattr(listening, "AGAIN_MAX_S", 1.0)
    monkeypatch.setattr(ocpp, "LOOK_EVERY_S", HASTY_S)
    monkeypatch.setattr(rules, "EVERY_RANGE_S", (HASTY_S, 60.0))


@asynccontextmanager
async def listened(network: Network) -> AsyncIterator[None]:
    """Let the network listen to its meters."""
    task = asyncio.create_task(listening.listen(network.house))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[int]:
    """A foreign broker: nats-server, with its MQTT door behind a password. Yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    (folder / "nats.conf").write_text(
        f'server_name: test\nlisten: "127.0.0.1:-1"\njetstream {{ store_dir: "{folder}/js" }}\n'
        f'mqtt {{ listen: "127.0.0.1:{port}" }}\nauthorization {{ user: {USER}, password: "{PASSWORD}" }}\n'
    )
    program = Path(sys.executable).parent / "nats-server"
    running = await asyncio.create_subprocess_exec(program, "-c", folder / "nats.conf", stderr=asyncio.subprocess.PIPE)
    assert running.stderr is not None
    try:
        async with asyncio.timeout(20):
            while b"Server is ready" not in await running.stderr.readline():
                pass
        yield port
    finally:
        running.terminate()
        await running.communicate()


@asynccontextmanager
async def web(network: Network) -> AsyncIterator[str]:
    """The web application on a socket. Yields its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(network.house), log_level="error", lifespan="on"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(HASTY_S)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.force_exit = server.should_exit = True
        await serving


async def entered(garage: Garage, setup: Setup, password: str = "") -> Meter:
    """Enter a meter at the fuse of a garage."""
    network, now, meter_id = garage.network, garage.clock(), MeterId(new_id())
    secret = sealing.sealed(network.house.secrets, password, meter_id) if password else None
    async with network.house.database.transaction() as tx:
        made = await service.add(
            tx, ACTOR, network.site_id, "Huvudmätare", setup, MODELS, now, reason="fitted", secret=secret,
            meter_id=meter_id,
        )  # fmt: skip
        grid: UUID = garage.circuits[0].id
        await service.measure(tx, ACTOR, made, grid, now, reason="fitted")
    return made


@asynccontextmanager
async def over_modbus(garage: Garage, _folder: Path) -> AsyncIterator[Reached]:
    """We ask it."""
    async with modbus.serving(garage.flows, clock=garage.clock) as meter:
        made = await entered(
            garage,
            Setup(way=Way.MODBUS, host="127.0.0.1", port=meter.port, model="eastron_sdm630", every_s=HASTY_S),
        )

        async def asked() -> Told | None:
            return None if meter.fault is Fault.LOST else Told(garage.clock(), garage.flows())

        yield Reached(garage.network, made, meter, asked, tells_time=False)


@asynccontextmanager
async def over_mqtt(garage: Garage, folder: Path) -> AsyncIterator[Reached]:
    """It tells a broker, which tells us."""
    async with broker(folder) as port:
        setup = Setup(way=Way.MQTT, host="127.0.0.1", port=port, topic=TOPIC, user=USER, fields=dict(mqtt.FIELDS))
        made = await entered(garage, setup, PASSWORD)
        async with mqtt.publishing(
            garage.flows, port=port, topic=TOPIC, user=USER, password=PASSWORD, clock=garage.clock
        ) as meter:
            yield Reached(garage.network, made, meter, meter.tell, tells_time=False)


@asynccontextmanager
async def over_http(garage: Garage, _folder: Path) -> AsyncIterator[Reached]:
    """It pushes to the API with a key that is good for nothing else."""
    house = garage.network.house
    made = await entered(garage, Setup(way=Way.PUSH))
    async with house.database.transaction() as tx:
        key = await access.create_api_key(tx, ACTOR, "logger", frozenset({Permission.METERS_WRITE}), house.clock())
    async with (
        web(garage.network) as url,
        push.pushing(
            garage.flows, url=url, key=key.secret, meter=shown("mtr", made.id), clock=garage.clock
        ) as meter,
    ):  # fmt: skip
        yield Reached(garage.network, made, meter, meter.tell, tells_time=True)


async def _over_ocpp(garage: Garage, name: str) -> Reached:
    made = await entered(garage, Setup(way=Way.OCPP, station_id=garage.network.station_ids[name]))
    meter = GridMeter(garage.flows, garage.links[name], garage.clock)
    return Reached(garage.network, made, meter, meter.tell, tells_time=True)


@asynccontextmanager
async def over_ocpp_16(garage: Garage, _folder: Path) -> AsyncIterator[Reached]:
    """A charger of 1.6 measures at the grid."""
    yield await _over_ocpp(garage, "CP16")


@asynccontextmanager
async def over_ocpp_201(garage: Garage, _folder: Path) -> AsyncIterator[Reached]:
    """A charger of 2.0.1 measures at the grid."""
    yield await _over_ocpp(garage, "CP201")


WAYS: Final[dict[str, Callable[[Garage, Path], AbstractAsyncContextManager[Reached]]]] = {
    "modbus": over_modbus, "mqtt": over_mqtt, "push": over_http, "ocpp1.6": over_ocpp_16, "ocpp2.0.1": over_ocpp_201,
}  # fmt: skip

"""Laddverk as a running process: the house opened on its database, its faces and jobs begun, and ended in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, Final

import structlog
import uvicorn
from msgspec import Struct

from laddverk import wiring
from laddverk.certificates import jobs as certificates_jobs
from laddverk.diagnostics.alerting import deadman
from laddverk.energy.meters import listening as meters_listening
from laddverk.energy.signals import listening as signals_listening
from laddverk.gateway.server import Gateway
from laddverk.kernel.time import Clock, system_clock
from laddverk.platform import embedded, jobs, migrator
from laddverk.platform.database import Away, Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.stations.admission import Door
from laddverk.support.mail import listening as mail_listening
from laddverk.support.phone import listening as phone_listening
from laddverk.web.app import create_app
from laddverk.web.ftp.server import FtpReceiver
from laddverk.web.live import STOPPING

log = structlog.get_logger()

SCHEDULE_EVERY_S: Final = 1.0  # how often recurring jobs are looked at; the shortest period is five seconds
SHUTDOWN_S: Final = 10.0  # open pages and streams are cut after this


class Addresses(Struct, frozen=True):
    """Where the faces of a running Laddverk are."""

    web_url: str
    ocpp_url: str
    ocpp_tls_url: str | None = None


@asynccontextmanager
async def opened(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[House]:
    """Yield the house on a migrated database, with no face open and no job running yet.

    Uses `settings.database_url`, or the embedded PostgreSQL in `settings.state_dir`.
    """
    async with AsyncExitStack() as stack:
        dsn = settings.database_url
        if dsn is None:
            dsn = await stack.enter_async_context(embedded.running(settings.state_dir))
        database = await Database.connected(dsn)
        stack.push_async_callback(database.close)
        async with database.pool.acquire() as connection:
            await migrator.migrate(connection)
        wiring.subscribe_all()
        house = House(settings, secrets_in(settings.state_dir), database, Hints(), clock, Worker(database, {}))
        house.worker.handle(wiring.all_handlers(house))
        yield house


async def run(
    settings: Settings,
    *,
    ready: Callable[[House, Addresses], Awaitable[None]],
    stop: asyncio.Event,
    clock: Clock = system_clock,
) -> None:
    """Run gateway, web and worker in this process until `stop` is set; `ready` is awaited once all of them listen."""
    async with opened(settings, clock=clock) as house:
        await serve(house, ready=ready, stop=stop)


async def serve(house: House, *, ready: Callable[[House, Addresses], Awaitable[None]], stop: asyncio.Event) -> None:
    """Open the faces of `house`, work until `stop` is set, and close everything in order: faces first."""
    await certificates_jobs.prepare(house)
    await deadman.begin(house)
    gateway = Gateway(house, wiring.recorders(house.settings), wiring.ASKERS)
    web, ftp = _web_server(house), FtpReceiver(house)
    stopping = asyncio.Event()
    await gateway.start()
    await ftp.start()
    background = [
        asyncio.create_task(web.serve()),
        asyncio.create_task(house.worker.run(stopping)),
        asyncio.create_task(_keep_schedule(house)),
        asyncio.create_task(deadman.watch(house)),
        asyncio.create_task(meters_listening.listen(house)),
        asyncio.create_task(mail_listening.listen(house)),
        asyncio.create_task(signals_listening.listen(house)),
        asyncio.create_task(phone_listening.listen(house)),
    ]
    try:
        await _until_started(web, background[0])
        await ready(house, _addresses(house, gateway, web))
        await _first_of(stop.wait(), *background)
    finally:
        stopping.set()
        house.hints.publish([STOPPING])
        web.should_exit = True
        await ftp.stop()
        await gateway.stop()
        for endless in background[2:]:
            endless.cancel()
        await asyncio.gather(*background, return_exceptions=True)


class _WebServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone: they are the command's business, which stops all parts in order."""
        yield


def _web_server(house: House) -> uvicorn.Server:
    settings = house.settings
    config = uvicorn.Config(
        create_app(house),
        host=settings.host,
        port=settings.web_port,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(SHUTDOWN_S),
        timeout_keep_alive=30,
    )
    return _WebServer(config)


async def _until_started(web: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not web.started:
        if task.done():
            task.result()
            raise RuntimeError("the web server ended before it had started; is its port taken?")
        await asyncio.sleep(0.01)


def _addresses(house: House, gateway: Gateway, web: uvicorn.Server) -> Addresses:
    host = house.settings.host
    tls_port = gateway.port_of(Door.TLS)
    web_port = web.servers[0].sockets[0].getsockname()[1]
    return Addresses(
        web_url=house.settings.public_url or f"http://{host}:{web_port}",
        ocpp_url=f"ws://{host}:{gateway.port}/ocpp",
        ocpp_tls_url=f"wss://{host}:{tls_port}/ocpp" if tls_port is not None else None,
    )


async def _keep_schedule(house: House) -> None:
    every = wiring.recurring()
    while True:
        try:
            async with house.database.transaction() as tx:
                await jobs.schedule(tx, every, house.clock())
        except Away as error:
            log.warning("running.schedule_waits_for_database", error=repr(error))
        await asyncio.sleep(SCHEDULE_EVERY_S)


async def _first_of(stop: Awaitable[Any], *tasks: asyncio.Task[Any]) -> None:
    """Wait until `stop`, or until one of `tasks` ends, which it must not: then raise what ended it."""
    waiting = asyncio.ensure_future(stop)
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done - {waiting}:
        task.result()
        raise RuntimeError("a part of the program ended by itself")

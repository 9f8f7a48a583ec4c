"""Listens for chargers that know only FTP, and lets in as many as there is room for, from listed networks."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from ipaddress import ip_address
from typing import Final

import structlog

from laddverk.platform.house import House
from laddverk.platform.settings import networks_in
from laddverk.web.ftp.addresses import plain, ports_in
from laddverk.web.ftp.session import LINE_BYTES_MAX, Session

SESSIONS_MAX: Final = 50  # each may hold a file and two sockets; a fleet of old boxes takes turns
SESSIONS_OF_ONE_MAX: Final = 10  # of one address: many chargers may stand behind it

log = structlog.get_logger()


class FtpReceiver:
    """Gives images to and takes logs from old chargers, while it is started."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._networks = networks_in(house.settings.station_networks)
        self._passive_ports = ports_in(house.settings.ftp_passive_ports)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._here: Counter[str] = Counter()

    @property
    def port(self) -> int | None:
        """The port that is listened on, or None when it is off."""
        return self._server.sockets[0].getsockname()[1] if self._server else None

    async def start(self) -> None:
        """Listen, when a port is set."""
        settings = self._house.settings
        if settings.ftp_port is not None:
            self._server = await asyncio.start_server(
                self._connected, settings.ftp_host, settings.ftp_port, limit=LINE_BYTES_MAX
            )

    async def stop(self) -> None:
        """Listen no more, and break off what is under way: chargers try again."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        for task in list(self._tasks):
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a stream's callback runs as a task"
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._counted(reader, writer)
        finally:
            writer.close()

    async def _counted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let one in when there is room, and from a network where chargers may come without TLS."""
        address = plain(writer.get_extra_info("peername")[0])
        listed = any(ip_address(address) in network for network in self._networks)
        if not listed or self._here[address] >= SESSIONS_OF_ONE_MAX or self._here.total() >= SESSIONS_MAX:
            log.info("ftp.turned_away", address=address, listed=listed)
            writer.write(b"421 Not now.\r\n")
            return
        self._here[address] += 1
        try:
            await Session(self._house, reader, writer, self._passive_ports).run()
        except Exception:
            log.exception("ftp.stumbled", address=address)
        finally:
            self._here[address] -= 1
            if not self._here[address]:
                del self._here[address]

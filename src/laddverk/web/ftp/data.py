"""Data connections of FTP: a listener for one connection of one address (passive), or one to that address (active)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Sequence
from random import SystemRandom
from typing import Final

from laddverk.web.ftp.addresses import plain

OPEN_WITHIN_S: Final = 30.0
CHUNK: Final = 64 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_random = SystemRandom()


class NoPort(Exception):
    """All ports for data connections are in use."""


class Passive:
    """A listener for the one data connection that `peer` makes. Others are closed without a word."""

    def __init__(self, peer: str) -> None:
        self._peer = plain(peer)
        self._made: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, ports: Sequence[int]) -> int:
        """Listen on one of `ports`, in random order so that nobody guesses it; return it. Raises `NoPort`."""
        for port in _random.sample(list(ports), len(ports)):
            try:
                self._server = await asyncio.start_server(self._connected, host, port, limit=CHUNK, backlog=5)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise
            found: int = self._server.sockets[0].getsockname()[1]
            return found
        raise NoPort

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._made.done() or plain(writer.get_extra_info("peername")[0]) != self._peer:
            writer.close()
            return
        self._made.set_result((reader, writer))

    async def opened(self) -> Streams:
        """Return the connection once it is there. Raises `TimeoutError`."""
        async with asyncio.timeout(OPEN_WITHIN_S):
            return await asyncio.shield(self._made)

    def close(self) -> None:
        """Listen no more; a connection that was made is closed too."""
        if self._server is not None:
            self._server.close()
        if self._made.done() and not self._made.cancelled():
            self._made.result()[1].close()
        self._made.cancel()


class Active:
    """A data connection that we make, to a port of `peer` itself."""

    def __init__(self, peer: str, port: int) -> None:
        self._peer = peer
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def opened(self) -> Streams:
        """Return the connection. Raises `OSError` or `TimeoutError`."""
        async with asyncio.timeout(OPEN_WITHIN_S):
            reader, self._writer = await asyncio.open_connection(self._peer, self._port, limit=CHUNK)
        return reader, self._writer

    def close(self) -> None:
        """Close it."""
        if self._writer is not None:
            self._writer.close()


async def finished(writer: asyncio.StreamWriter) -> None:
    """Close a connection after the last byte has gone; one that has broken is no error."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()

"""Hands on simulated chargers for the demo's pages: `POST /do` with a line as `Control` takes it, on loopback only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from laddverk.simulator import loopback
from laddverk.simulator.control import Control


class Hands:
    """What a request may do. Nothing until there are chargers."""

    def __init__(self) -> None:
        self.control: Control | None = None

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close."""
        with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(loopback.TIMEOUT_S):
                method, path, fields = await loopback.request_in(reader)
                status, said = 404, ""
                if (method, path) == ("POST", "/do"):
                    status, said = 200, self.control.do(fields.get("line", "")) if self.control else "not yet"
                await loopback.answer(writer, status, "text/plain; charset=utf-8", said.encode())
        writer.close()


@asynccontextmanager
async def serving(hands: Hands) -> AsyncIterator[str]:
    """Serve hands on 127.0.0.1; yield their address."""
    server = await asyncio.start_server(hands.connection, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()

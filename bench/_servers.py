"""The servers that the benches load, each in a process of its own: `python bench/_servers.py NAME CONNECTIONS`.

Prints one line of JSON when ready (port, pid, postmaster, headers for each connection) and ends with its input.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

OPTIONS: dict[str, Any] = {"compression": None, "ping_interval": None, "subprotocols": ["ocpp2.0.1"]}


@asynccontextmanager
async def echo(_connections: int) -> AsyncIterator[dict[str, Any]]:
    """The ceiling: the same library, sending each frame back."""

    async def handle(socket: ServerConnection) -> None:
        async for frame in socket:
            await socket.send(frame)

    async with serve(handle, "127.0.0.1", 0, **OPTIONS) as server:
        yield {"port": server.sockets[0].getsockname()[1], "postmaster": None, "headers": None}


@asynccontextmanager
async def ocpp(_connections: int) -> AsyncIterator[dict[str, Any]]:
    """The usual package's own message handling: it validates, routes and answers, and stores nothing."""
    from ocpp.routing import on
    from ocpp.v201 import ChargePoint, call_result

    class Station(ChargePoint):  # type: ignore[misc]
        @on("TransactionEvent")
        def on_transaction_event(self, **_fields: Any) -> Any:
            return call_result.TransactionEvent()

    async def handle(socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # the package ends with the connection by raising
            await Station("bench", socket).start()

    async with serve(handle, "127.0.0.1", 0, **OPTIONS) as server:
        yield {"port": server.sockets[0].getsockname()[1], "postmaster": None, "headers": None}


@asynccontextmanager
async def gateway(connections: int) -> AsyncIterator[dict[str, Any]]:
    """Our gateway with its recorders on an embedded PostgreSQL with fsync, as `laddverk up` runs it."""
    from _network import stations_for_bench

    from laddverk import running, wiring
    from laddverk.gateway.server import Gateway
    from laddverk.platform.settings import Settings

    with tempfile.TemporaryDirectory(prefix="laddverk-bench-") as folder:
        Path(folder).chmod(0o755)
        settings = Settings(state_dir=Path(folder) / "state", ocpp_port=0)
        async with running.opened(settings) as house:
            keys = await stations_for_bench(house, connections)
            served = Gateway(house, wiring.RECORDERS)
            await served.start()
            postmaster = await postmaster_pid(house.database)
            headers = [{"Authorization": "Basic " + _basic(identity, key)} for identity, key in keys]
            yield {"port": served.port, "postmaster": postmaster, "headers": headers}
            await served.stop()


async def postmaster_pid(database: Any) -> int:
    """Return the process id of the PostgreSQL server behind `database`: the parent of any of its backends."""
    async with database.transaction() as tx:
        backend = int(await tx.value("SELECT pg_backend_pid()"))
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _basic(identity: str, key: str) -> str:
    return base64.b64encode(f"{identity}:{key}".encode()).decode()


async def main(name: str, connections: int) -> None:
    """Run server `name` until standard input ends."""
    async with {"echo": echo, "ocpp": ocpp, "gateway": gateway}[name](connections) as ready:
        print(json.dumps({**ready, "pid": os.getpid()}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))

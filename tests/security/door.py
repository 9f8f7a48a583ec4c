"""What tests at the door have in common: an attacker who can have any address of the loopback network, and waiting."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.network import Network

PATIENCE_S = 15.0


def basic(user: str | bytes, password: str | bytes) -> dict[str, str]:
    """Return an Authorization header."""
    parts = [part.encode() if isinstance(part, str) else part for part in (user, password)]
    return {"Authorization": "Basic " + base64.b64encode(b":".join(parts)).decode()}


async def knock(
    network: Network,
    path: str,
    headers: dict[str, str],
    *,
    source: str = "127.0.0.1",
    context: ssl.SSLContext | None = None,
    port: int | None = None,
) -> int:
    """Return the HTTP status with which a handshake ends: 101 when it was let in."""
    scheme = "wss" if context else "ws"
    url = f"{scheme}://127.0.0.1:{port or network.gateway.port}{path}"
    try:
        async with connect(
            url,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            additional_headers=headers,
            local_addr=(source, 0),
            compression=None,
            ssl=context,
            server_hostname="localhost" if context else None,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Return what `condition` returns once it is true."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await condition()
            if found:
                return found
            await asyncio.sleep(0.05)


async def ended(socket: ClientConnection) -> tuple[int | None, str]:
    """Return the code and reason with which a socket is closed."""
    async with asyncio.timeout(PATIENCE_S):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason or ""

"""A small HTTP/1.1 server on a real socket, whose handler may also break the connection or answer late."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Answer = tuple[int, bytes] | tuple[int, bytes, dict[str, str]]
Handler = Callable[["Request"], Awaitable[Answer]]


class BreakConnection(Exception):
    """Close the socket without an answer."""


@dataclass(frozen=True)
class Request:
    """One request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class HttpDouble:
    """Serves `handler` on 127.0.0.1 until it is closed, by TLS when given how."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> HttpDouble:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.close()

    @property
    def url(self) -> str:
        """Where it is."""
        assert self._server is not None
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                status, body, *more = await self._handler(request)
                headers = {"content-type": "application/json", "content-length": str(len(body))}
                for extra in more:
                    headers |= extra
                head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                writer.write(f"HTTP/1.1 {status} -\r\n{head}\r\n".encode() + body)
                await writer.drain()
        except (BreakConnection, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, body)

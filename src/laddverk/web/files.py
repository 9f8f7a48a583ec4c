"""The receiver: chargers fetch firmware and hand in logs at `/files/<secret>/…`. Only who has a link gets anything.

A plain ASGI application, as bodies are streamed and answers may be parts (Range). A charger that breaks off tries
again; a log that came whole ends its link. Whatever is wrong with a link looks the same from outside: 404.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast
from uuid import UUID

import structlog
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from msgspec import Struct

from laddverk.firmware import service
from laddverk.firmware.model import Link, Way
from laddverk.firmware.shelf import FIRMWARE, LOGS, DirectoryShelf, Incoming
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.web.bodies import FORM_OVERHEAD_BYTES, taken_in

PREFIX: Final = "/files"
TRANSFERS_MAX: Final = 100  # at once; each holds a file and a little memory
CHUNK: Final = 256 * 1024
SILENCE_MAX_S: Final = 60.0  # a charger that sends nothing for so long has gone
RETRY_AFTER_S: Final = 60
RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")

log = structlog.get_logger()


class Span(Struct, frozen=True):
    """The bytes that are wanted of a file: from the first to the last, both inclusive."""

    first: int
    last: int
    size: int

    @property
    def is_part(self) -> bool:
        """Whether it is not the whole file."""
        return self.first > 0 or self.last < self.size - 1

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.last - self.first + 1


def span_wanted(header: str, size: int) -> Span | None:
    """Return which bytes a Range header wants of `size`; None when there are none such (416).

    What is no range of bytes, or several of them, is the whole file: RFC 9110 lets a server ignore it.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or match.group(1) == match.group(2) == "":
        return Span(0, size - 1, size)
    first, last = match.groups()
    if not first:  # the last so many bytes
        wanted = min(int(last), size)
        return Span(size - wanted, size - 1, size) if wanted else None
    begin, end = int(first), min(int(last), size - 1) if last else size - 1
    return Span(begin, end, size) if begin <= end else None


class Gone(Exception):
    """The charger broke off."""


class Answer(Exception):
    """Ends a request with a status and a word."""

    def __init__(self, status: int, word: str = "", headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.headers = headers


def receiver(house: House) -> ASGIApp:
    """Return the application that takes and gives files."""
    desk = _Receiver(house, DirectoryShelf(house.settings.files_dir))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "http":
            return
        try:
            await desk.handle(cast(HTTPScope, scope), receive, send)
        except Answer as answer:
            await _say(send, answer)
        except Problem as problem:
            await _say(send, Answer(problem.status, str(problem)))
        except Gone:
            log.info("files.broken_off")
        except Away as error:
            log.warning("files.database_away", error=repr(error))
            await _say(send, Answer(503, "later", (("retry-after", str(RETRY_AFTER_S)),)))

    return application


async def _say(send: Send, answer: Answer) -> None:
    body = answer.word.encode()
    headers = [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body))), *answer.headers]
    await _start(send, answer.status, headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _start(send: Send, status: int, headers: list[tuple[str, str]]) -> None:
    encoded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


class _Receiver:
    def __init__(self, house: House, shelf: DirectoryShelf) -> None:
        self._house = house
        self._shelf = shelf
        self._running = 0

    async def handle(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Give or take one file."""
        secret, _, name = _below(scope["path"]).partition("/")
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        match str(scope["method"]):
            case "GET" | "HEAD":
                async with self._counted():
                    await self._give(secret, headers, send, with_body=scope["method"] == "GET")
            case "PUT" | "POST":
                async with self._counted():
                    await self._take(secret, name, headers, scope, receive)
                raise Answer(200, "ok")
            case _:
                raise Answer(405, "no", (("allow", "GET, HEAD, PUT, POST"),))

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        """Count one transfer. Raises `Answer` when there are too many."""
        if self._running >= TRANSFERS_MAX:
            raise Answer(503, "later", (("retry-after", str(RETRY_AFTER_S)),))
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def _opened(self, secret: str, way: Way) -> Link:
        link_id = service.link_behind(secret, self._house.secrets.link_key)
        link = await opened(self._house, link_id, way) if link_id else None
        if link is None:
            raise Answer(404, "There is no such file.")
        return link

    async def _give(self, secret: str, headers: dict[str, str], send: Send, *, with_body: bool) -> None:
        link = await self._opened(secret, Way.DOWN)
        assert link.image_id is not None, "a link that gives is one to an image"
        path = self._shelf.path(FIRMWARE, link.image_id)
        if not path.is_file():
            raise Answer(404, "There is no such file.")
        size, tag = path.stat().st_size, f'"{link.image_id.hex}"'
        resumes = headers.get("if-range", tag) == tag
        span = span_wanted(headers.get("range", "") if resumes else "", size)
        if span is None:
            raise Answer(416, "", (("content-range", f"bytes */{size}"),))
        told = [
            ("content-type", "application/octet-stream"),
            ("content-length", str(span.length)),
            ("accept-ranges", "bytes"),
            ("etag", tag),
            ("content-disposition", 'attachment; filename="firmware.bin"'),
        ]
        if span.is_part:
            told.append(("content-range", f"bytes {span.first}-{span.last}/{size}"))
        await _start(send, 206 if span.is_part else 200, told)
        left = span.length if with_body else 0
        with path.open("rb") as file:
            file.seek(span.first)
            while left > 0:
                chunk = await asyncio.to_thread(file.read, min(CHUNK, left))
                left = left - len(chunk) if chunk else 0
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _take(self, secret: str, name: str, headers: dict[str, str], scope: HTTPScope, receive: Receive) -> None:
        link = await self._opened(secret, Way.UP)
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > link.size_max_bytes + FORM_OVERHEAD_BYTES:
            raise Answer(413, "too large", (("connection", "close"),))
        with self._shelf.incoming(link.size_max_bytes) as incoming:
            arrived = await taken_in(_chunks(receive), headers.get("content-type", ""), incoming)
            await kept(self._house, link, incoming, arrived.file_name or name, "http", _remote(scope))


async def opened(house: House, link_id: UUID, way: Way) -> Link | None:
    """Return a link with one try less, or None when it is good for nothing (more)."""
    async with house.database.transaction() as tx:
        return await service.open_link(tx, link_id, way, house.clock())


async def kept(house: House, link: Link, incoming: Incoming, name: str, received_by: str, remote_address: str) -> None:
    """Keep a log that came whole, and tell of it. Raises what `keep_upload` raises."""
    beginning = await asyncio.to_thread(incoming.beginning)
    async with house.database.transaction() as tx:
        file_id = await service.keep_upload(
            tx,
            link,
            incoming.digests(),
            beginning,
            name=name,
            received_by=received_by,
            remote_address=remote_address,
            now=house.clock(),
        )
        await asyncio.to_thread(incoming.put, LOGS, file_id)
    house.worker.wake()
    house.hints.publish([f"station:{link.station_id}"])


def _below(path: str) -> str:
    """Return the path below the mount, whichever of both the server tells."""
    return path.removeprefix(PREFIX).strip("/")


def _remote(scope: HTTPScope) -> str:
    client: Any = scope.get("client")
    return client[0] if client else ""


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the body as it comes. Raises `Gone` when the charger breaks off, `Answer` when it falls silent."""
    while True:
        try:
            message: Any = await asyncio.wait_for(receive(), SILENCE_MAX_S)
        except TimeoutError:
            raise Answer(408, "too slow", (("connection", "close"),)) from None
        if message["type"] == "http.disconnect":
            raise Gone
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return

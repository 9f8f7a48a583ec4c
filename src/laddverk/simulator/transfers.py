"""Moves the bytes that a charger wants moved: images over HTTP or FTP to it, logs from it. In threads: files are large.

What the charger says about it is decided in `abilities.firmware`; here is only the I/O, and the time between steps.
"""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import secrets
from http.client import HTTPException
from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import structlog

from laddverk.simulator.abilities import firmware
from laddverk.simulator.abilities.firmware import Fetch, Software, Upload

if TYPE_CHECKING:
    from laddverk.simulator.connection import Link

TIMEOUT_S: Final = 60.0
IMAGE_BYTES_MAX: Final = 300_000_000
POLL_S: Final = 0.05  # how often it is looked whether a step can be done: a session ends, a boot is accepted
STEP_WITHIN_S: Final = 600.0
SCHEMES: Final = ("http", "https", "ftp")
DIRECT: Final = build_opener(ProxyHandler({}))  # a charger has no proxy
FAILURES: Final = (OSError, HTTPException, ValueError, ftplib.Error, EOFError)

log = structlog.get_logger()


class Transfers:
    """The transfers of one charger."""

    def __init__(self, link: Link, step_s: float) -> None:
        self._link = link
        self._step_s = step_s
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Begin what the charger wants and that has not begun."""
        wanted = self._link.charger.of(Software).wanted
        while wanted:
            task = asyncio.create_task(self._carry_out(wanted.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Break off what is under way."""
        for task in list(self._tasks):
            task.cancel()
        for task in list(self._tasks):
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _carry_out(self, wish: Fetch | Upload) -> None:
        charger, clock = self._link.charger, self._link.clock
        firmware.begun(charger, wish, clock())
        self._link.wake()
        if isinstance(wish, Upload):
            done = await self._tried(wish) is not None
            firmware.uploaded(charger, wish, done, clock())
            self._link.wake()
            return
        for step in firmware.fetched(charger, wish, await self._tried(wish)):
            await asyncio.sleep(self._step_s)
            async with asyncio.timeout(STEP_WITHIN_S):
                while not step.when(charger):  # noqa: ASYNC110 - the charger is pure and tells no event
                    await asyncio.sleep(POLL_S)
            step.do(charger, clock())
            self._link.wake()

    async def _tried(self, wish: Fetch | Upload) -> bytes | None:
        """Return what was fetched (nothing for an upload), or None after as many tries as were asked for."""
        for _ in range(1 + wish.retries):
            try:
                return await asyncio.to_thread(moved, wish)
            except FAILURES as error:
                log.info("transfers.failed", identity=self._link.charger.hardware.identity, error=repr(error))
                await asyncio.sleep(self._step_s)
        return None


def moved(wish: Fetch | Upload) -> bytes:
    """Move one file and return what came. Raises one of `FAILURES`."""
    parts = urlsplit(wish.location)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"{parts.scheme} is no way that this charger knows")
    if parts.scheme == "ftp":
        return _by_ftp(wish)
    with DIRECT.open(_request(wish), timeout=TIMEOUT_S) as response:
        received: bytes = response.read(IMAGE_BYTES_MAX)
        return received


def _request(wish: Fetch | Upload) -> Request:
    if isinstance(wish, Fetch):
        return Request(wish.location)  # noqa: S310 - the scheme is checked by the caller
    if not wish.as_form:
        return Request(wish.location, data=wish.content, method="PUT")  # noqa: S310 - as above
    boundary = secrets.token_hex(12)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quote(wish.name)}"\r\n\r\n'
    body = head.encode() + wish.content + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return Request(wish.location, data=body, headers=kind, method="POST")  # noqa: S310 - as above


def _by_ftp(wish: Fetch | Upload) -> bytes:
    parts = urlsplit(wish.location)
    name = parts.path.rpartition("/")[2] or "file"
    with ftplib.FTP(timeout=TIMEOUT_S) as session:  # noqa: S321 - old boxes know nothing else, and this plays one
        session.connect(parts.hostname or "", parts.port or 21)
        session.login(unquote(parts.username or ""), unquote(parts.password or ""))
        if isinstance(wish, Upload):
            session.storbinary(f"STOR {wish.name}", BytesIO(wish.content))
            return b""
        received = BytesIO()
        session.retrbinary(f"RETR {name}", received.write)
        return received.getvalue()

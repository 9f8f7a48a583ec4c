"""The simulated 46elks as a server: its own API, and beside it the handsets that the demo's pages hold."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from laddverk.simulator import loopback
from laddverk.simulator.elks import SimulatedElks

OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # we are on this machine


async def post(url: str, form: dict[str, str]) -> tuple[int, bytes]:
    """Make a webhook; (599, b"") when nobody answers."""
    return await asyncio.to_thread(_ask, url, urlencode(form).encode())


async def get(url: str) -> tuple[int, bytes]:
    """Fetch a sound or its words."""
    return await asyncio.to_thread(_ask, url, None)


def _ask(url: str, body: bytes | None) -> tuple[int, bytes]:
    if urlsplit(url).scheme not in ("http", "https"):
        return 599, b""
    try:
        with OPENER.open(urllib.request.Request(url, data=body), timeout=loopback.TIMEOUT_S) as answer:  # noqa: S310 - looked at above
            return int(answer.status), answer.read(loopback.BODY_MAX)
    except urllib.error.HTTPError as error:
        return int(error.code), b""
    except OSError:
        return 599, b""


@asynccontextmanager
async def serving(carrier: SimulatedElks, port: int = 0) -> AsyncIterator[str]:
    """Serve a carrier on 127.0.0.1; yield its address."""
    served = _Served(carrier)
    server = await asyncio.start_server(served.connection, "127.0.0.1", port)
    carrier.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield carrier.base
    finally:
        server.close()
        await carrier.close()


class _Served:
    """Requests, one for each connection."""

    def __init__(self, carrier: SimulatedElks) -> None:
        self._carrier = carrier

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close."""
        with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(loopback.TIMEOUT_S):
                method, path, form = await loopback.request_in(reader)
                status, media_type, body = await self._answer(method, path, form)
                await loopback.answer(writer, status, media_type, body)
        writer.close()

    async def _answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, str, bytes]:
        carrier = self._carrier
        if path.startswith("/a1/recordings/"):
            sound = carrier.api_recording(path.removeprefix("/a1/recordings/").removesuffix(".wav"))
            return (200, "audio/wav", sound) if sound else (404, "text/plain", b"")
        if (method, path) == ("POST", "/a1/sms"):
            return _json(carrier.api_text(form))
        if (method, path) == ("POST", "/a1/calls"):
            return _json(carrier.api_call(form))
        if path.startswith("/handset/"):
            return _json(await self._handset(method, path.removeprefix("/handset/"), form))
        return 404, "text/plain", b""

    async def _handset(self, method: str, what: str, form: dict[str, str]) -> dict[str, Any]:
        carrier, number = self._carrier, form.get("number", "")
        call = carrier.calls.get(form.get("call", ""))
        if method == "POST" and what == "dial":
            call = carrier.dial(number)
        elif method == "POST" and what == "text":
            await carrier.text(number, form.get("text", ""))
        elif method == "POST" and call is not None:
            self._deed(what, call, form)
        call = call or carrier.ringing_at(number)
        seen: dict[str, Any] = {"texts": [_text(one) for one in carrier.texts_of(number)] if number else []}
        if call is not None:
            seen["call"] = {
                "id": call.id, "number": call.number, "state": call.state, "direction": call.direction,
                "agent": call.agent, "is_asked": call.is_asked, "speaks": call.speaks,
                "lines": [asdict(line) for line in call.lines],
            }  # fmt: skip
        return seen

    def _deed(self, what: str, call: Any, form: dict[str, str]) -> None:
        if what == "press":
            for key in form.get("keys", "")[:20]:
                self._carrier.press(call, key)
        elif what == "say":
            self._carrier.speak(call, form.get("text", ""), "agent" if form.get("who") == "agent" else "caller")
        elif what == "answer":
            self._carrier.answer(call)
        elif what == "hang-up":
            self._carrier.hang_up(call, "agent" if form.get("who") == "agent" else "caller")


def _text(one: Any) -> dict[str, Any]:
    return {"text": one.text, "at": one.at.isoformat(), "is_ours": one.is_ours}


def _json(value: dict[str, Any]) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(value).encode()

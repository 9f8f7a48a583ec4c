"""A server of OpenADR 3.0.1 and 3.1: tokens, programs, events. What it does wrong is set at any time."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

BASE: Final = "/openadr3/3.1.0"
CLIENT_ID: Final = "ven_laddverk"
PAGE_MAX: Final = 50
BODY_MAX: Final = 64 * 1024
SLOW_S: Final = 3_600.0
NO_CONTENT: Final = b""

Answer = tuple[int, dict[str, str], bytes]


class Fault(StrEnum):
    """What a server can do wrong."""

    NONE = "none"
    BUSY = "busy"
    """429, come back later."""
    FAILS = "fails"
    """500."""
    SLOW = "slow"
    """It takes the question and says nothing."""
    NO_JSON = "no_json"
    CUT = "cut"
    """It closes in the middle of an answer."""
    DUPLICATES = "duplicates"
    """Every event comes twice."""
    TOKENS_EXPIRE = "tokens_expire"
    """A token is good for one question."""
    REFUSES = "refuses"
    """It does not know our secret any more."""


class SimulatedVtn:
    """Programs and events that a server holds, and who asked how often."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.clock_ahead = timedelta()
        self.secret = secrets.token_urlsafe(16)
        self.programs: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.token_url: str | None = None
        """What /auth/server says; None: as 3.0.1, where there is none."""
        self.port = 0
        self._tokens: set[str] = set()

    @property
    def url(self) -> str:
        """Where its API begins."""
        return f"http://127.0.0.1:{self.port}{BASE}"

    def add_program(self, name: str, **more: Any) -> str:
        """Add a program; return its id."""
        program_id = f"program-{len(self.programs)}"
        self.programs.append({"id": program_id, "objectType": "PROGRAM", "programName": name, **more})
        return program_id

    def add_event(self, program_id: str, intervals: list[dict[str, Any]], **more: Any) -> str:
        """Add an event; return its id."""
        event_id = f"event-{secrets.token_hex(4)}"
        made = datetime.now(UTC).isoformat()
        self.events.append({
            "id": event_id, "objectType": "EVENT", "programID": program_id, "createdDateTime": made,
            "modificationDateTime": made, "intervals": intervals, **more,
        })  # fmt: skip
        return event_id

    def limit(self, program_id: str, start: datetime, duration: str, value: Any, units: str = "KW", **more: Any) -> str:
        """Add an event that limits what is taken, for one interval; return its id."""
        return self.add_event(
            program_id,
            [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [value]}]}],
            intervalPeriod={"start": start.isoformat().replace("+00:00", "Z"), "duration": duration},
            payloadDescriptors=[{"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "IMPORT_CAPACITY_LIMIT",
                                 "units": units}],
            **more,
        )  # fmt: skip

    def cancel(self, event_id: str) -> None:
        """Delete an event."""
        self.events = [one for one in self.events if one["id"] != event_id]

    def forget_tokens(self) -> None:
        """Let none of the tokens be good any more."""
        self._tokens.clear()

    async def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Return status, headers and body."""
        parts = urlsplit(target)
        path, query = parts.path.removeprefix(BASE), parse_qs(parts.query)
        self.asked.append(f"{method} {path}")
        if self.fault is Fault.SLOW:
            await asyncio.sleep(SLOW_S)
        if self.fault is Fault.BUSY:
            return 429, {"retry-after": "2"}, NO_CONTENT
        if self.fault is Fault.FAILS:
            return 500, {}, b'{"title": "out of order"}'
        if self.fault is Fault.NO_JSON:
            return 200, {}, b"<html>maintenance</html>"
        if path == "/auth/server":
            return (200, {}, _json({"tokenURL": self.token_url})) if self.token_url else (404, {}, NO_CONTENT)
        if path == "/auth/token" and method == "POST":
            return self._token(parse_qs(body.decode()))
        if not self._is_let_in(headers.get("authorization", "")):
            return 401, {}, NO_CONTENT
        return self._list(path, query)

    def _token(self, form: dict[str, list[str]]) -> Answer:
        given = form.get("client_id"), form.get("client_secret"), form.get("grant_type")
        if self.fault is Fault.REFUSES or given != ([CLIENT_ID], [self.secret], ["client_credentials"]):
            return 400, {}, _json({"error": "invalid_client"})
        token = secrets.token_urlsafe(16)
        self._tokens.add(token)
        return 200, {}, _json({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _is_let_in(self, header: str) -> bool:
        token = header.removeprefix("Bearer ")
        if token not in self._tokens:
            return False
        if self.fault is Fault.TOKENS_EXPIRE:
            self._tokens.discard(token)
        return True

    def _list(self, path: str, query: dict[str, list[str]]) -> Answer:
        skip, limit = int(query.get("skip", ["0"])[0]), min(PAGE_MAX, int(query.get("limit", ["50"])[0]))
        if path == "/programs":
            return 200, {}, _json(self.programs[skip : skip + limit])
        if path == "/events":
            wanted = query.get("programID", [""])[0]
            found = [one for one in self.events if one.get("programID") == wanted]
            if self.fault is Fault.DUPLICATES:
                found = [one for one in found for _twice in range(2)]
            return 200, {}, _json(found[skip : skip + limit])
        return 404, {}, NO_CONTENT

    def date(self) -> str:
        """Return what its clock shows."""
        return format_datetime(datetime.now(UTC) + self.clock_ahead, usegmt=True)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


@asynccontextmanager
async def serving(*, port: int = 0) -> AsyncIterator[SimulatedVtn]:
    """Yield a server that listens on loopback, at a free port by default."""
    vtn = SimulatedVtn()
    server = await asyncio.start_server(_served_by(vtn), "127.0.0.1", port)
    vtn.port = server.sockets[0].getsockname()[1]
    try:
        yield vtn
    finally:
        server.close()


def _served_by(vtn: SimulatedVtn) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _version = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(min(BODY_MAX, int(headers.get("content-length", "0"))))
            status, more, content = await vtn.answer(method, target, headers, body)
            lines = {"content-type": "application/json", "content-length": str(len(content)), "date": vtn.date()} | more
            told = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in lines.items())]
            whole = "\r\n".join(told).encode() + b"\r\n\r\n" + content
            writer.write(whole[: len(whole) // 2] if vtn.fault is Fault.CUT else whole)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass  # who asked is gone
        finally:
            writer.close()

    return serve

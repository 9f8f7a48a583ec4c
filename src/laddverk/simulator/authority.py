"""An authority that gives access tokens (OAuth 2.0, RFC 6749) on loopback, and can misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

REQUEST_MAX: Final = 64 * 1024


@dataclass
class Authority:
    """What it knows of its one client, and how it behaves."""

    client_id: str = "laddverk"
    client_secret: str = "s3cret"  # noqa: S105 - of a simulator
    refresh_tokens: set[str] = field(default_factory=lambda: {"refresh-1"})
    renews: bool = False
    """Each answer brings a new refresh token, and the old one is worth nothing any more."""
    lasts_s: object = 3600
    answer: bytes | None = None
    """What it answers instead, headers and all; empty hangs up."""
    refuses: dict[str, str] | None = None
    """The error that it answers with."""
    delay_s: float = 0.0
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    """Access tokens, the oldest first."""
    revoked: set[str] = field(default_factory=set)
    port: int = 0

    @property
    def url(self) -> str:
        """Where tokens are asked for."""
        return f"http://127.0.0.1:{self.port}/token"

    def knows(self, token: str) -> bool:
        """Return whether an access token is good."""
        return token in self.given and token not in self.revoked

    def answered(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer to one request."""
        self.asked.append(form)
        if self.refuses is not None:
            return 400, dict(self.refuses)
        if form.get("client_id") != self.client_id or form.get("client_secret", "") not in ("", self.client_secret):
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}
        told: dict[str, Any] = {"token_type": "Bearer", "expires_in": self.lasts_s}
        match form.get("grant_type"):
            case "client_credentials" if form.get("client_secret"):
                pass
            case "refresh_token" if form.get("refresh_token") in self.refresh_tokens:
                if self.renews:
                    fresh = f"refresh-{len(self.given) + 2}"
                    self.refresh_tokens = {fresh}
                    told["refresh_token"] = fresh
            case "refresh_token":
                said = f"AADSTS700082: The refresh token {form.get('refresh_token')} has expired due to inactivity."
                return 400, {"error": "invalid_grant", "error_description": said}
            case _:
                return 400, {"error": "unsupported_grant_type"}
        self.given.append(f"access-{len(self.given) + 1}")
        return 200, told | {"access_token": self.given[-1]}

    def looked_at(self, token: str, user: str) -> tuple[int, dict[str, Any]]:
        """Return what a mail server hears that shows a token to be looked at (RFC 7662)."""
        return 200, {"active": self.knows(token), "username": user, "email": user, "scope": "mail"}


@asynccontextmanager
async def serving(authority: Authority, user: str = "support") -> AsyncIterator[Authority]:
    """Serve `authority` on a free port of loopback, which it then names; tokens are those of `user`."""

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await _answer(authority, user, reader))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", authority.port, limit=REQUEST_MAX)
    authority.port = server.sockets[0].getsockname()[1]
    try:
        yield authority
    finally:
        server.close()


async def _answer(authority: Authority, user: str, reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = await reader.readexactly(min(REQUEST_MAX, int(headers.get("content-length") or 0)))
    await asyncio.sleep(authority.delay_s)
    form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    if lines[0].startswith("POST /token"):
        status, told = authority.answered(form)
        if authority.answer is not None:
            return authority.answer
    else:
        shown = form.get("token") or headers.get("authorization", "").removeprefix("Bearer ")
        status, told = authority.looked_at(shown, user)
    content = json.dumps(told).encode()
    start = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
    return f"{start}connection: close\r\n\r\n".encode() + content

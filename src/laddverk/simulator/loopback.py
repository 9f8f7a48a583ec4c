"""One small HTTP request and its answer, for what the demo's simulators serve on this machine."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import parse_qs, urlsplit

BODY_MAX: Final = 64 * 1024
TIMEOUT_S: Final = 10.0


async def request_in(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """Return method, path and the fields of address and form. Raises `ValueError` and what streams raise."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _version = head[0].split(" ", 2)
    length = next((int(line[15:]) for line in head if line.lower().startswith("content-length:")), 0)
    body = (await reader.readexactly(length)).decode("utf-8", "replace") if 0 < length <= BODY_MAX else ""
    parts = urlsplit(target)
    fields = parse_qs(parts.query, keep_blank_values=True) | parse_qs(body, keep_blank_values=True)
    return method, parts.path, {name: values[-1] for name, values in fields.items()}


async def answer(writer: asyncio.StreamWriter, status: int, media_type: str, body: bytes) -> None:
    """Answer a request; the connection is then over."""
    head = f"HTTP/1.1 {status} -\r\ncontent-type: {media_type}\r\ncontent-length: {len(body)}\r\n"
    writer.write(head.encode() + b"connection: close\r\n\r\n" + body)
    await writer.drain()

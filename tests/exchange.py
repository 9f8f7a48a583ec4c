"""A simulated electricity exchange over HTTP, in the shape of elprisetjustnu.se, which can misbehave on request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal

from laddverk.tariffs.providers.entsoe import day_of

FAULTS = (
    "error", "late", "garbage", "html", "hole", "overlap", "short_day", "no_zone", "absurd", "huge", "hang_up", "text",
)  # fmt: skip


class Exchange:
    """Prices of `price` SEK per kWh for every period; `fault` spoils the next answers, `published` says until when."""

    def __init__(self) -> None:
        self.fault = ""
        self.price = Decimal("0.50")
        self.minutes = 15
        self.published: date | None = None
        self.asked: list[str] = []
        self.url = ""

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return status and body for a path such as /api/v1/prices/2026/11-21_SE3.json."""
        self.asked.append(path)
        year, name = path.split("/")[-2:]
        day = date.fromisoformat(f"{year}-{name[:5]}")
        if self.fault == "error":
            return 503, b"try later"
        if self.fault == "late" or (self.published is not None and day > self.published):
            return 404, b"not found"
        if self.fault == "garbage":
            return 200, b"[{"
        if self.fault == "html":
            return 200, b"<html><body>Welcome</body></html>"
        if self.fault == "huge":
            return 200, b"[" + b" " * 10_000_000 + b"]"
        return 200, json.dumps(self.spoilt(self.periods(day))).encode()

    def periods(self, day: date) -> list[dict[str, object]]:
        """Return a sound day."""
        start, end = day_of(day)
        length = timedelta(minutes=self.minutes)
        return [
            {
                "SEK_per_kWh": float(self.price),
                "EUR_per_kWh": float(self.price / 10),
                "EXR": 10.0,
                "time_start": (start + length * number).isoformat(),
                "time_end": (start + length * (number + 1)).isoformat(),
            }
            for number in range((end - start) // length)
        ]

    def spoilt(self, periods: list[dict[str, object]]) -> list[dict[str, object]]:
        """Return a day with the wished fault in it."""
        match self.fault:
            case "hole":
                return periods[:40] + periods[41:]
            case "overlap":
                return [*periods, {**periods[3], "SEK_per_kWh": 9.9}]
            case "short_day":
                return periods[:-4]
            case "no_zone":
                return [{**each, "time_start": str(each["time_start"])[:19]} for each in periods]
            case "absurd":
                return [{**periods[0], "SEK_per_kWh": 1e9}, *periods[1:]]
            case "text":
                return [{**periods[0], "SEK_per_kWh": "cheap"}, *periods[1:]]
            case _:
                return periods

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        if self.fault != "hang_up":
            status, body = self.answer(head.split(b" ")[1].decode())
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            try:
                await writer.drain()
            except ConnectionError:
                return  # who asked had read enough
        writer.close()


@asynccontextmanager
async def exchange() -> AsyncIterator[Exchange]:
    """Yield an exchange that listens on a free port."""
    made = Exchange()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()

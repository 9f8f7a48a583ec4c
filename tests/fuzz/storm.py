"""A storm of inputs against a whole network: many stations at once, while a quiet one asks how it is answered.

Run by itself it prints figures: `python -m tests.fuzz.storm --inputs 1000000 --seed 1` (see `make fuzz`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from laddverk.ocpp.protocol import Protocol
from tests.fuzz.generators import VERSIONS, Generator, wire
from tests.fuzz.watch import Watch, rss_mib
from tests.network import BOOT_16, Network, ask

STATIONS_OF_EACH = 8
BATCH = 40  # frames sent before their answers are looked for
RAW_SHARE = 0.02  # of sockets' batches that end with bytes against the WebSocket protocol itself
QUIET = "QUIET"
QUIET_EVERY_S = 0.2
QUIET_WH = 10
SETTLE_S = 30.0
TOKENS = ("04A1B2C3D4E5F6", "04B1B2C3D4E5F6")


@dataclass
class Storm:
    """What was sent and what came of it."""

    sent: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    closes: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    """Sockets given up after `SETTLE_S`: raw bytes may begin a frame that swallows the last question."""
    quiet_s: list[float] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def inputs(self) -> int:
        """How many inputs went over the wire."""
        return self.sent.total()

    def quiet_at(self, share: float) -> float:
        """Return the answer time of the quiet station that `share` of its questions did not exceed, in seconds."""
        ordered = sorted(self.quiet_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def told(self, watch: Watch) -> str:
        """Return the figures in words."""
        grown = self.rss_mib[-1] - self.rss_mib[len(self.rss_mib) // 4] if self.rss_mib else 0.0
        return "\n".join([
            f"inputs over the wire   {self.inputs:,} in {self.took_s:.0f} s ({self.inputs / self.took_s:.0f}/s)",
            f"by version             {dict(self.sent)}",
            f"answers                {dict(self.answers)}",
            f"sockets closed, by code {dict(self.closes)}",
            f"given up unanswered    {self.unanswered}",
            f"quiet station          {len(self.quiet_s)} heartbeats, median {self.quiet_at(0.5) * 1000:.0f} ms, "
            f"99 % {self.quiet_at(0.99) * 1000:.0f} ms, worst {self.quiet_at(1) * 1000:.0f} ms",
            f"memory                 {self.rss_mib[0]:.0f} MiB at first, {self.rss_mib[-1]:.0f} at the end, "
            f"{grown:+.0f} in the last three quarters",
            f"logged                 {dict(watch.events)}",
            f"errors                 {watch.error_count}",
        ])  # fmt: skip


async def rained(network: Network, inputs: int, seed: int, stations_of_each: int = STATIONS_OF_EACH) -> Storm:
    """Send `inputs` inputs, shared by stations of every version, and return what came of it."""
    storm = Storm()
    began = time.monotonic()
    identities = [f"FUZZ-{version}-{number}" for version in VERSIONS for number in range(stations_of_each)]
    for identity in [*identities, QUIET]:
        if identity not in network.keys:
            await network.add_station(identity)
    over = asyncio.Event()
    quiet = asyncio.create_task(_charge_quietly(network, storm, over))
    each = -(-inputs // len(identities))
    try:
        await asyncio.gather(*(
            _rain(network, storm, identity, Generator(identity.split("-")[1], seed * 1000 + number, TOKENS), each)
            for number, identity in enumerate(identities)
        ))  # fmt: skip
    finally:
        over.set()
        await quiet
    storm.took_s = time.monotonic() - began
    storm.rss_mib.append(rss_mib())
    return storm


async def _charge_quietly(network: Network, storm: Storm, over: asyncio.Event) -> None:
    """Charge a car on one socket, and ask for the time again and again: a station that deserves none of this."""
    async with network.socket(QUIET, version=Protocol.V16.value) as socket:
        assert (await ask(socket, "BootNotification", BOOT_16))[2]["status"] == "Accepted"
        start = {"connectorId": 1, "idTag": TOKENS[0], "meterStart": 1_000, "timestamp": _now()}
        number = (await ask(socket, "StartTransaction", start))[2]["transactionId"]
        while not over.is_set():
            began = time.monotonic()
            answer = await ask(socket, "Heartbeat", {})
            assert answer[0] == 3
            storm.quiet_s.append(time.monotonic() - began)
            storm.rss_mib.append(rss_mib())
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), QUIET_EVERY_S)
        stop = {"transactionId": number, "meterStop": 1_000 + QUIET_WH, "timestamp": _now()}
        assert (await ask(socket, "StopTransaction", stop))[0] == 3


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _rain(network: Network, storm: Storm, identity: str, generator: Generator, inputs: int) -> None:
    left = inputs
    while left > 0:
        try:
            async with network.socket(identity, version=generator.protocol.value) as socket:
                left = await _until_closed(socket, storm, generator, left)
        except (OSError, WebSocketException, EOFError):
            left -= 1  # a socket that was not opened in time; try again
        except AttributeError as gone:
            # The client library aborts a transport that is lost already, which asyncio does not bear (3.11).
            if "call_soon" not in str(gone):
                raise
            left -= 1


async def _until_closed(socket: ClientConnection, storm: Storm, generator: Generator, left: int) -> int:
    """Send batches until the socket is closed, or none are left; return how many are left."""
    random = Random(generator.random.random())
    try:
        while left > 0:
            size = min(BATCH, left)
            left -= size
            for _ in range(size):
                await socket.send(generator.text())
            storm.sent[generator.version] += size
            await _settled(socket, storm)
            if random.random() < RAW_SHARE:
                left -= 1
                storm.sent["websocket"] += 1
                socket.transport.write(wire(random))
                await _settled(socket, storm)
    except ConnectionClosed:
        pass
    except TimeoutError:
        storm.unanswered += 1
    storm.closes[socket.close_code or 0] += 1
    return left


async def _settled(socket: ClientConnection, storm: Storm) -> None:
    """Take answers until a last question, put after all the rest, is answered: then the rest has been handled."""
    await socket.send('[2,"the-last","Heartbeat",{}]')
    async with asyncio.timeout(SETTLE_S):
        while True:
            answer: list[Any] = json.loads(await socket.recv())
            kind = str(answer[0]) if answer[0] != 4 else f"4 {answer[2]}"
            storm.answers[kind] += 1
            if answer[1] == "the-last":
                return
            if answer[0] == 2:  # a call of ours; it gets an answer that says nothing
                await socket.send(json.dumps([3, answer[1], {}]))

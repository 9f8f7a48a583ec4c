"""A charger on a real socket, which says exactly what a test tells it to; and what became of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from laddverk.kernel.ids import CommandId, StationId
from laddverk.ocpp.commands import AnyCommand
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.network import ACTOR, BOOT_16, BOOT_201, Network

WAIT_S = 10.0
QUIET_S = 0.25  # long enough for what must not come: an answer takes some milliseconds


def now_text(*, minus_s: float = 0, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """Return a time as a charger writes it."""
    return (datetime.now(UTC) - timedelta(seconds=minus_s)).strftime(form)


@dataclass
class Field:
    """The network as these tests see it."""

    network: Network

    async def add(self, identity: str, quirks: dict[str, Any] | None = None, connectors: int = 2) -> StationId:
        """Register a station, with settings of its own."""
        station_id = await self.network.add_station(identity, connectors)
        if quirks:
            async with self.network.house.database.transaction() as tx:
                await stations.set_quirks(tx, ACTOR, station_id, quirks, self.network.house.clock(), reason="test")
        return station_id

    async def value(self, sql: str, *args: object) -> Any:
        """Return one value."""
        return await self.network.value(sql, *args)

    async def values(self, sql: str, *args: object) -> list[Any]:
        """Return one column."""
        async with self.network.house.database.transaction() as tx:
            found: list[Any] = await tx.values(sql, *args)
            return found

    async def until(self, wanted: object, sql: str, *args: object) -> None:
        """Wait until a value is what is wanted."""
        found: object = None
        try:
            async with asyncio.timeout(WAIT_S):
                while (found := await self.value(sql, *args)) != wanted:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{found!r} is not {wanted!r}") from None

    @asynccontextmanager
    async def charger(
        self,
        identity: str,
        quirks: dict[str, Any] | None = None,
        *,
        version: str = "ocpp1.6",
        connectors: int = 2,
        boots: bool = True,
    ) -> AsyncIterator[Charger]:
        """Yield a connected charger, booted unless told otherwise; registered when it is new."""
        if identity not in self.network.keys:
            await self.add(identity, quirks, connectors)
        async with self.connected(identity, version) as charger:
            if boots:
                await charger.boots()
            yield charger

    @asynccontextmanager
    async def handshake(self, target: str, headers: dict[str, str]) -> AsyncIterator[Handshake]:
        """Yield a connection made byte by byte."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.network.gateway.port)
        made = Handshake(reader, writer)
        try:
            await made.opened(target, headers)
            yield made
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def connected(self, identity: str, *versions: str, path: str | None = None) -> AsyncIterator[Charger]:
        """Yield a charger that has only connected, offering `versions`."""
        url = f"ws://127.0.0.1:{self.network.gateway.port}{path}" if path else self.network.url(identity)
        async with connect(
            url,
            subprotocols=list(versions) or None,  # type: ignore[arg-type]
            additional_headers=self.network.headers(identity),
            compression=None,
            ping_interval=None,
        ) as socket:
            yield Charger(self, identity, socket)


@dataclass
class Handshake:
    """A connection made byte by byte: what the other side answered, and the frames that it sends, unanswered."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pings: int = 0

    async def opened(self, target: str, headers: dict[str, str]) -> None:
        """Ask for an upgrade, and read the answer."""
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.writer.write("\r\n".join(lines).encode())
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WAIT_S)).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        self.headers = {name.lower(): value for name, value in pairs}

    def says(self, text: str) -> None:
        """Send a text frame, masked with zeros."""
        assert len(text) < 126
        self.writer.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())

    async def frame(self) -> tuple[int, bytes]:
        """Return the next frame: its kind and its payload."""
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2))
        payload = await self.reader.readexactly(size)
        self.pings += first & 0x0F == 0x9
        return first & 0x0F, payload

    async def hears_within(self, seconds: float) -> bytes:
        """Return the texts that come within some time."""
        heard = b""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    heard += (await self.frame())[1]
        except TimeoutError:
            return heard

    async def close_code(self) -> int:
        """Wait for the frame that closes, and return its code."""
        async with asyncio.timeout(WAIT_S):
            while True:
                kind, payload = await self.frame()
                if kind == 0x8:
                    return int.from_bytes(payload[:2])


class Charger:
    """One connected charger."""

    def __init__(self, field: Field, identity: str, socket: ClientConnection) -> None:
        self.field = field
        self.identity = identity
        self.socket = socket
        self.station_id = field.network.station_ids[identity]
        self._ids = count(1)

    @property
    def version(self) -> str:
        """The negotiated version."""
        return str(self.socket.subprotocol)

    async def boots(self) -> dict[str, Any]:
        """Boot, and return the answer."""
        return await self.says("BootNotification", BOOT_16 if self.version != "ocpp2.0.1" and self.version != "ocpp2.1"
                               else BOOT_201)  # fmt: skip

    async def sends(self, text: str) -> None:
        """Send a text as it is."""
        await self.socket.send(text)

    async def hears(self, timeout_s: float = WAIT_S) -> Any:
        """Return the next frame."""
        return json.loads(await asyncio.wait_for(self.socket.recv(), timeout_s))

    async def is_closed(self) -> int | None:
        """Wait until the socket is closed by the other side, and return the code."""
        try:
            while True:
                await self.hears()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    async def hears_nothing(self) -> None:
        """Check that no frame comes."""
        try:
            frame = await asyncio.wait_for(self.socket.recv(), QUIET_S)
        except TimeoutError:
            return
        raise AssertionError(f"{frame!r} came")

    async def asks(self, text: str) -> list[Any]:
        """Send a text, and return the frame that answers it."""
        await self.sends(text)
        answer: list[Any] = await self.hears()
        return answer

    async def calls(self, action: str, payload: Any) -> list[Any]:
        """Send a CALL and return the frame that answers it."""
        unique_id = f"{self.identity}-{next(self._ids)}"
        answer = await self.asks(json.dumps([2, unique_id, action, payload]))
        assert answer[1] == unique_id
        return answer

    async def says(self, action: str, payload: Any) -> dict[str, Any]:
        """Send a CALL, and return the payload of its CALLRESULT."""
        answer = await self.calls(action, payload)
        assert answer[0] == 3, answer
        result: dict[str, Any] = answer[2]
        return result

    async def lives(self) -> None:
        """Check that the connection still works."""
        assert "currentTime" in await self.says("Heartbeat", {})

    async def lives_after(self, unique_id: str) -> None:
        """Check that the connection still works, once the answer to a frame has come."""
        assert (await self.hears())[1] == unique_id
        await self.lives()

    # Of 1.6

    async def starts(self, tag: str = "T", *, connector: int = 1, meter: Any = 0, at: str | None = None) -> int:
        """Start a transaction, and return our number for it."""
        start = {"connectorId": connector, "idTag": tag, "meterStart": meter, "timestamp": at or now_text(minus_s=600)}
        return int((await self.says("StartTransaction", start))["transactionId"])

    async def stops(self, number: Any, meter: Any = 1_000, **more: Any) -> dict[str, Any]:
        """Stop a transaction."""
        return await self.says(
            "StopTransaction", {"transactionId": number, "meterStop": meter, "timestamp": now_text(), **more}
        )

    async def meters(self, values: Any, *, connector: int = 1, at: str | None = None, **more: Any) -> dict[str, Any]:
        """Send one reading."""
        reading = {"timestamp": at or now_text(minus_s=300), "sampledValue": values}
        return await self.says("MeterValues", {"connectorId": connector, "meterValue": [reading], **more})

    # Commands

    async def is_asked(self, command: AnyCommand) -> CommandId:
        """Have the operator ask something of the charger; it is sent when it may be."""
        house = self.field.network.house
        async with house.database.transaction() as tx:
            command_id = await stations.request_command(tx, ACTOR, self.station_id, command, house.clock())
        house.hints.publish([COMMANDS_TOPIC])
        return command_id

    async def is_wanted(self, evse: int = 1) -> tuple[CommandId, str]:
        """Have somebody want to charge here; return the command, and the tag that it starts with."""
        house = self.field.network.house
        async with house.database.transaction() as tx:
            start = await sessions.prepare_start(
                tx, ACTOR, station_id=self.station_id, evse_number=evse, now=house.clock()
            )
            command_id = await sessions.begin_start(tx, ACTOR, start.id, house.clock())
        assert command_id is not None
        house.hints.publish([COMMANDS_TOPIC])
        return command_id, start.token_uid

    async def answers(self, command: AnyCommand, reply: Callable[[str], str]) -> dict[str, Any]:
        """Have something asked, answer the call with `reply(id)`, and return what became of the command."""
        command_id = await self.is_asked(command)
        call = await self.hears()
        assert call[0] == 2, call
        await self.sends(reply(call[1]))
        return await self.outcome(command_id)

    async def outcome(self, command_id: CommandId, *, also: tuple[str, ...] = ("accepted",)) -> dict[str, Any]:
        """Wait until a command is answered or finished; return its state, outcome and detail."""
        sql = "SELECT state, outcome, detail, kind FROM command WHERE id = $1"
        async with asyncio.timeout(WAIT_S):
            while True:
                async with self.field.network.house.database.transaction() as tx:
                    row = dict((await tx.rows(sql, command_id))[0])
                if row["state"] not in ("queued", "sent") or row["state"] in also[1:]:
                    return row
                await asyncio.sleep(0.02)

    # What became of it

    async def bends(self) -> dict[str, str]:
        """Return what the station is known to bend: kinds, each with a place of it."""
        async with self.field.network.house.database.transaction() as tx:
            rows = await tx.rows("SELECT kind, place FROM station_quirk WHERE station_id = $1", self.station_id)
        return {row["kind"]: row["place"] for row in rows}

    async def bends_within(self, kind: str) -> str:
        """Wait until the station is known to bend something, and return the place."""
        async with asyncio.timeout(WAIT_S):
            while kind not in (found := await self.bends()):
                await asyncio.sleep(0.02)
        return found[kind]

    async def session(self) -> dict[str, Any]:
        """Return the only session of the station."""
        async with self.field.network.house.database.transaction() as tx:
            rows = await tx.rows("SELECT * FROM session WHERE station_id = $1", self.station_id)
        assert len(rows) == 1, len(rows)
        return dict(rows[0])

    async def samples(self) -> list[dict[str, Any]]:
        """Return the readings of the station, oldest first."""
        async with self.field.network.house.database.transaction() as tx:
            rows = await tx.rows("SELECT * FROM sample WHERE station_id = $1 ORDER BY at", self.station_id)
        return [dict(row) for row in rows]

    async def connector(self, evse: int = 1) -> dict[str, Any]:
        """Return a connector as it is shown."""
        async with self.field.network.house.database.transaction() as tx:
            sql = "SELECT * FROM connector WHERE station_id = $1 AND evse_number = $2"
            return dict((await tx.rows(sql, self.station_id, evse))[0])

    async def station(self) -> dict[str, Any]:
        """Return the station's row."""
        async with self.field.network.house.database.transaction() as tx:
            return dict((await tx.rows("SELECT * FROM station WHERE id = $1", self.station_id))[0])


def result(**payload: Any) -> Callable[[str], str]:
    """Return how to answer a call with a payload."""
    return lambda unique_id: json.dumps([3, unique_id, payload])


def error(*rest: Any) -> Callable[[str], str]:
    """Return how to answer a call with an error."""
    return lambda unique_id: json.dumps([4, unique_id, *rest])

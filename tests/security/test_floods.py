"""Slow, many, large and compressed: what a hostile peer may cost others, which is next to nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import zlib
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from laddverk.gateway import limits
from laddverk.platform.database import Database
from tests.network import BOOT_16, Network, ask, network_on
from tests.security.door import ended, until

SLOW = 900


async def test_a_genuine_charger_gets_in_while_hundreds_of_sockets_dawdle(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKES_WAITING_MAX", 300)

    async def dawdle(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        source = (f"127.8.0.{number % 3 + 1}", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", network.gateway.port, local_addr=source)
        writer.write(b"GET /ocpp/A HTTP/1.1\r\n" if number % 2 else b"G")
        return reader, writer

    slow = await asyncio.gather(*(dawdle(number) for number in range(SLOW)))
    try:
        for _ in range(5):
            begun = time.perf_counter()
            async with network.socket("A") as socket:
                await ask(socket, "BootNotification", BOOT_16)
            assert time.perf_counter() - begun < 2
    finally:
        for _, writer in slow:
            writer.close()


async def test_of_one_address_only_so_many_sockets_are_kept(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path, sockets_per_address=5) as network:
        opened = [await asyncio.open_connection("127.0.0.1", network.gateway.port) for _ in range(8)]
        cut = 0
        for reader, _ in opened[5:]:
            async with asyncio.timeout(15):
                cut += (await reader.read()) == b""
        assert cut == 3
        assert await until(lambda: network.value("SELECT reason FROM knock")) == "too_many_sockets"
        for _, writer in opened:
            writer.close()


async def test_a_handshake_that_never_ends_is_cut(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", network.gateway.port)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_compression_is_never_agreed_on_and_a_compressed_frame_ends_its_connection(network: Network) -> None:
    """A bomb of a few hundred bytes would be ten megabytes; here it is a frame with a reserved bit (quirk 11)."""
    async with connect(
        network.url("A"),
        subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        additional_headers=network.headers("A"),
        extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=15)],
    ) as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
        bomb = zlib.compress(b"x" * 10_000_000)[:120]
        socket.transport.write(bytes([0b1100_0001, 0x80 | len(bomb), 0, 0, 0, 0]) + bomb)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert (await ended(socket))[0] == 1002
    async with network.socket("B") as other:
        assert (await ask(other, "Heartbeat", {}))[0] == 3


async def test_one_large_message_in_many_small_frames_is_too_large_all_the_same(network: Network) -> None:
    async with network.socket("A") as socket:

        async def pieces() -> object:
            yield '[2,"1","Heartbeat",{"x":"'
            for _ in range(100):
                yield "y" * 1_000

        with contextlib.suppress(ConnectionClosed):
            await socket.send(pieces())  # type: ignore[arg-type]
        assert (await ended(socket))[0] == 1009


async def test_a_flood_of_one_station_does_not_delay_another(network: Network) -> None:
    async with network.socket("A") as loud, network.socket("B") as quiet:
        await ask(quiet, "BootNotification", BOOT_16)
        for number in range(2_000):
            await loud.send(json.dumps([2, str(number), "Heartbeat", {}]))
            if number % 400 == 0:
                begun = time.perf_counter()
                await ask(quiet, "Heartbeat", {})
                assert time.perf_counter() - begun < 1
        loud.transport.abort()

"""What a connected charger may do to itself and to others."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from websockets.exceptions import ConnectionClosed

from laddverk.gateway import limits
from laddverk.gateway.connection import REPLACED
from laddverk.platform import journal
from tests.network import BOOT_16, BOOT_201, Network, ask


async def test_a_newer_connection_takes_over_and_the_older_ones_end_changes_nothing(network: Network) -> None:
    async with network.socket("A") as older:
        await ask(older, "BootNotification", BOOT_16)
        async with network.socket("A") as newer:
            await ask(newer, "BootNotification", BOOT_16)
            with pytest.raises(ConnectionClosed) as closed:
                await older.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == REPLACED
            await ask(newer, "Heartbeat", {})
            assert await network.value("SELECT connected_at IS NOT NULL FROM station WHERE identity = 'A'")


async def test_a_charger_that_leaves_is_offline(network: Network) -> None:
    async with network.socket("A") as socket:
        await ask(socket, "Heartbeat", {})

    async with asyncio.timeout(10):
        while await network.value("SELECT connected_at FROM station WHERE identity = 'A'") is not None:
            await asyncio.sleep(0.05)
    assert await network.value("SELECT count(*) FROM station_connection WHERE disconnected_at IS NOT NULL") == 1


@pytest.mark.parametrize(
    "frame",
    [
        "this is not JSON",
        "[2]",
        "{}",
        '[2,"1","StatusNotification",' + "[" * 200 + "]" * 200 + "]",
        '[9,"1","Heartbeat",{}]',
        '[2,"1","NoSuchAction",{}]',
        '[2,"1","BootNotification",{"chargePointVendor":1e999}]',
        '[3,"never asked",{}]',
        '[2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"\\ud800"}]',
    ],
)
async def test_nonsense_is_answered_or_ignored_and_the_connection_lives(network: Network, frame: str) -> None:
    async with network.socket("A") as socket, network.socket("B") as other:
        await socket.send(frame)
        await socket.send('[2,"alive","Heartbeat",{}]')
        async with asyncio.timeout(10):
            while True:
                answer = json.loads(await socket.recv())
                if answer[1] == "alive":
                    break
                assert answer[0] in (3, 4)
        assert answer[0] == 3
        assert (await ask(other, "Heartbeat", {}))[0] == 3


@pytest.mark.parametrize(("frame", "code"), [("x" * (limits.FRAME_BYTES_MAX + 1), 1009), (b"\x00\x01", 1003)])
async def test_what_is_too_large_or_binary_closes_its_own_connection_only(
    network: Network, frame: str | bytes, code: int
) -> None:
    async with network.socket("A") as socket, network.socket("B") as other:
        await socket.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        assert (await ask(other, "Heartbeat", {}))[0] == 3


async def test_what_cannot_be_understood_is_quarantined_with_its_frame(network: Network) -> None:
    async with network.socket("A") as socket:
        await socket.send("gibberish")
        await ask(socket, "Heartbeat", {})

    assert await network.value("SELECT body FROM quarantine") == b"gibberish"


async def test_every_frame_is_in_the_journal_both_ways(network: Network) -> None:
    async with network.socket("A", version="ocpp2.0.1") as socket:
        await ask(socket, "BootNotification", BOOT_201)
        await ask(socket, "Heartbeat", {})
    station_id = network.station_ids["A"]

    async def frames() -> list[journal.Frame]:
        async with network.house.database.transaction() as tx:
            return await journal.read(tx, station_id, datetime.now(UTC), 10)

    async with asyncio.timeout(10):
        while len(found := await frames()) < 4:
            await asyncio.sleep(0.1)
    assert sorted(frame.direction for frame in found) == ["<", "<", ">", ">"]
    assert any(b"BootNotification" in frame.body for frame in found)


async def test_one_station_cannot_end_anothers_session(network: Network) -> None:
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-11-01T10:00:00Z"}
    async with network.socket("A") as victim, network.socket("B") as attacker:
        number = (await ask(victim, "StartTransaction", start))[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 5, "timestamp": "2026-11-01T10:05:00Z"}
        assert (await ask(attacker, "StopTransaction", stop))[0] == 3

    assert await network.value("SELECT ended_at FROM session WHERE number = $1", number) is None
    assert await network.value("SELECT count(*) FROM session_orphan") == 1


async def test_a_start_that_is_sent_twice_with_new_ids_is_one_session_with_one_number(network: Network) -> None:
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-11-01T10:00:00Z"}
    async with network.socket("A") as socket:
        first = await ask(socket, "StartTransaction", start)
        second = await ask(socket, "StartTransaction", start)

    assert first[2]["transactionId"] == second[2]["transactionId"] > 0
    assert await network.value("SELECT count(*) FROM session") == 1

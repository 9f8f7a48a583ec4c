"""Quirks 1 to 17: how chargers connect, prove who they are, keep their link alive and lose it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from laddverk.stations import service as stations
from tests.conformance.quirks.charger import Charger, Field, now_text
from tests.network import ACTOR, BOOT_16

pytestmark = pytest.mark.asyncio(loop_scope="module")

UPGRADE = {
    "Host": "127.0.0.1", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "ocpp1.6",
}  # fmt: skip


def basic(user: str, password: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + password).decode()}


async def status_of(field: Field, identity: str, headers: dict[str, str], *versions: str) -> int:
    """Try to connect with these headers, and return 101 or the status of the refusal."""
    offered = list(versions or ("ocpp1.6",))
    url = field.network.url(identity)
    try:
        async with connect(url, subprotocols=offered, additional_headers=headers):  # type: ignore[arg-type]
            return 101
    except InvalidStatus as refusal:
        refused = refusal.response
    assert refused.status_code != 401 or "WWW-Authenticate" in refused.headers
    return refused.status_code


async def test_q001_no_version_in_the_handshake(field: Field) -> None:
    await field.add("q001")
    async with field.connected("q001") as charger:
        assert await charger.is_closed() == 1002
    await field.until("no_subprotocol", "SELECT reason FROM knock WHERE identity = 'q001'")

    await field.add("q001-assumed", {"assume_protocol": "ocpp1.6"})
    async with field.connected("q001-assumed") as charger:
        assert (await charger.says("BootNotification", BOOT_16))["status"] == "Accepted"
        assert (await charger.station())["protocol"] == "ocpp1.6"


async def test_q001_a_model_that_is_known_for_it(field: Field) -> None:
    async with field.charger("q001-grizzl", boots=False) as charger:
        grizzl = {"chargePointVendor": "UnitedChargers", "chargePointModel": "Grizzl-E Smart Connect"}
        await charger.says("BootNotification", grizzl)
    async with field.connected("q001-grizzl") as charger:
        await charger.lives()


@pytest.mark.parametrize("path", ["/ocpp//{}", "///ocpp/v16/{}/", "/ocpp/{}/?x=1"])
async def test_q002_slashes_that_are_doubled_or_trail(field: Field, path: str) -> None:
    if "q002" not in field.network.keys:
        await field.add("q002")
    async with field.connected("q002", "ocpp1.6", path=path.format("q002")) as charger:
        await charger.lives()


async def test_q003_an_absolute_address_in_the_request(field: Field) -> None:
    await field.add("q003")
    target = f"ws://127.0.0.1:{field.network.gateway.port}/ocpp/q003"
    async with field.handshake(target, {**UPGRADE, **field.network.headers("q003")}) as answer:
        assert answer.status == 101


async def test_q004_an_identity_that_must_be_decoded_once(field: Field) -> None:
    for identity, path in (("q004 #1/x", "/ocpp/q004%20%231%2Fx"), ("q004%20", "/ocpp/q004%2520")):
        await field.add(identity)
        async with field.connected(identity, "ocpp1.6", path=path) as charger:
            await charger.lives()


@pytest.mark.parametrize(
    "opening",
    [
        b"GET /ocpp/q005 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"\x00\xff\r\n\r\n",
        b"HELO charger\r\n\r\n",
    ],
    ids=["no_connection_header", "tls", "bytes", "another_protocol"],
)
async def test_q005_what_is_no_handshake(field: Field, opening: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    files = len(os.listdir("/proc/self/fd"))
    reader, writer = await asyncio.open_connection("127.0.0.1", field.network.gateway.port)
    writer.write(opening)
    is_http = opening.startswith(b"GET")
    with contextlib.suppress(ConnectionResetError):  # what does not speak HTTP is not owed an answer in it
        answer = await asyncio.wait_for(reader.read(), 15)
        assert not answer.startswith(b"HTTP") or answer.split(b" ", 2)[1] in (b"400", b"401", b"426")
    writer.close()
    async with asyncio.timeout(10):
        while len(os.listdir("/proc/self/fd")) > files:  # neither end of the socket is left behind
            await asyncio.sleep(0.02)
    assert not [record for record in caplog.records if record.exc_info and record.levelno >= logging.WARNING]
    if not is_http:  # staff see from where, and what it was
        sql = "SELECT count(*) > 0 FROM knock WHERE reason = ANY($1) AND remote_address = '127.0.0.1'"
        await field.until(True, sql, ["tls_on_plain_port", "not_http"])
    async with field.charger("q005-other" + str(len(field.network.keys))) as charger:
        await charger.lives()


CAPTURED_KEY = "00ff1122334455667788998aaabbccddeeff0011"  # a byte that ends C texts, and one that is no UTF-8


async def key_is(field: Field, identity: str, key: str) -> None:
    house = field.network.house
    async with house.database.transaction() as tx:
        station_id = field.network.station_ids[identity]
        await stations.set_key(tx, ACTOR, station_id, key, house.clock(), house.secrets.charger_pepper, reason="test")


async def form_of(field: Field, identity: str) -> str:
    sql = "SELECT key_form FROM station WHERE identity = $1"
    async with asyncio.timeout(10):
        while (form := await field.value(sql, identity)) is None:
            await asyncio.sleep(0.02)
    return str(form)


async def test_q006_the_key_as_raw_bytes(field: Field) -> None:
    await field.add("q006")
    await key_is(field, "q006", CAPTURED_KEY)
    raw = bytes.fromhex(CAPTURED_KEY)
    assert await status_of(field, "q006", basic("q006", raw)) == 101
    assert await form_of(field, "q006") == "raw"
    assert await status_of(field, "q006", basic("q006", raw[:-1] + b"\x00")) == 401
    assert await status_of(field, "q006", basic("q006", b"")) == 401  # what a C text would make of it


async def test_q007_the_key_as_hexadecimal_text(field: Field) -> None:
    await field.add("q007")
    key = field.network.keys["q007"]
    for text in (key, key.upper()):
        assert await status_of(field, "q007", basic("q007", text.encode())) == 101
    assert await form_of(field, "q007") == "hex"  # staff see how the charger sends it


async def test_q008_keys_tried_in_turn_lock_nobody_out(field: Field) -> None:
    await field.add("q008")
    key = field.network.keys["q008"]
    for _ in range(5):
        assert await status_of(field, "q008", basic("q008", key.encode("utf-16"))) == 401
        assert await status_of(field, "q008", basic("q008", bytes.fromhex(key))) == 101


async def test_q009_another_user_name_than_the_identity(field: Field) -> None:
    await field.add("q009")
    key = field.network.keys["q009"].encode()
    assert await status_of(field, "q009", basic("foo", key)) == 401
    async with field.network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET basic_user = 'foo' WHERE identity = 'q009'")
    assert await status_of(field, "q009", basic("foo", key)) == 101


async def test_q009_a_short_password_that_somebody_brought_along(field: Field) -> None:
    await field.add("q009-short")
    await key_is(field, "q009-short", "hemligt")
    assert await status_of(field, "q009-short", basic("q009-short", b"hemligt")) == 101
    assert await status_of(field, "q009-short", basic("q009-short", b"")) == 401
    assert await field.value("SELECT key_weak FROM station WHERE identity = 'q009-short'")  # and staff are warned


async def test_q010_one_box_that_speaks_several_versions(field: Field) -> None:
    await field.add("q010")
    for offered, chosen in (
        (("ocpp2.0.1", "ocpp1.6"), "ocpp2.0.1"),
        (("ocpp1.6",), "ocpp1.6"),
        (("ocpp2.1", "ocpp1.6"), "ocpp2.1"),
    ):
        async with field.connected("q010", *offered) as charger:
            assert charger.version == chosen
            await charger.boots()
            assert (await charger.station())["protocol"] == chosen
    await field.add("q010-pinned", {"pin_protocol": "ocpp1.6"})
    async with field.connected("q010-pinned", "ocpp2.0.1", "ocpp1.6") as charger:
        assert charger.version == "ocpp1.6"


async def test_q011_compressed_frames_that_nobody_agreed_on(field: Field) -> None:
    await field.add("q011")
    headers = {**UPGRADE, **field.network.headers("q011"), "Sec-WebSocket-Extensions": "permessage-deflate"}
    async with field.handshake("/ocpp/q011", headers) as answer:
        assert "sec-websocket-extensions" not in answer.headers
        answer.writer.write(b"\xc1\x80\x00\x00\x00\x00")  # a text frame with the first reserved bit set
        assert await answer.close_code() == 1002
    async with field.charger("q011") as charger:
        await charger.lives()
        assert "identity_shared" not in await charger.bends()


async def test_q012_pings_that_are_not_answered(field: Field) -> None:
    await field.add("q012", {"ping_interval_s": 1, "ping_timeout_s": 1})
    await field.add("q012-never", {"no_ping": True})
    silent = {**UPGRADE, **field.network.headers("q012")}
    never = {**UPGRADE, **field.network.headers("q012-never")}
    async with field.handshake("/ocpp/q012", silent) as answer, field.handshake("/ocpp/q012-never", never) as other:
        assert await answer.close_code() == 1011  # it was pinged, said nothing at all, and is given up
        assert answer.pings == 1
        assert await other.hears_within(0.1) == b""
        assert other.pings == 0


async def test_q012_any_frame_shows_that_it_lives(field: Field) -> None:
    await field.add("q012-talks", {"ping_interval_s": 1, "ping_timeout_s": 1})
    async with field.handshake("/ocpp/q012-talks", {**UPGRADE, **field.network.headers("q012-talks")}) as answer:
        for _ in range(4):
            answer.says(json.dumps([2, "h", "Heartbeat", {}]))
            assert b'"currentTime"' in await answer.hears_within(0.5)
        assert answer.pings == 0


async def test_q013_heartbeats_as_the_only_traffic(field: Field) -> None:
    station_id = await field.add("q013", {"no_ping": True})
    async with field.network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET boot_interval_s = 1 WHERE id = $1", station_id)
    async with field.connected("q013", "ocpp1.6") as charger:
        assert (await charger.boots())["interval"] == 1
        await asyncio.sleep(1.5)  # later than the interval, and not gone
        await charger.lives()
        began = asyncio.get_running_loop().time()
        assert await charger.is_closed() == 1011
        assert asyncio.get_running_loop().time() - began > 2.9


async def test_q014_a_heartbeat_a_day(field: Field) -> None:
    quirks = {"heartbeat_interval_s": 86_400, "ping_interval_s": 1, "ping_timeout_s": 1}
    async with field.charger("q014", quirks, boots=False) as charger:
        assert (await charger.boots())["interval"] > 70_000
        await asyncio.sleep(2.2)  # its answers to pings say that it lives
        assert (await charger.station())["connected_at"] is not None
        await charger.lives()


async def test_q015_back_before_the_old_socket_is_closed(field: Field) -> None:
    async with field.charger("q015") as older, field.charger("q015") as newer:
        assert await older.is_closed() == 4001
        await newer.lives()
        sql = "SELECT count(*) FROM station_connection WHERE station_id = $1 AND disconnected_at IS NOT NULL"
        await field.until(1, sql, newer.station_id)
        assert (await newer.station())["connected_at"] is not None


async def test_q016_a_crash_within_a_transaction_that_goes_on(field: Field) -> None:
    async with field.charger("q016") as charger:
        number = await charger.starts(meter=0)
        charger.socket.transport.abort()
    async with field.charger("q016") as charger:
        await charger.says("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
        await _meters(charger, number, "5")
        session = await charger.session()
        assert (session["number"], session["ended_at"]) == (number, None)
        assert session["energy_wh"] == 5


async def _meters(charger: Charger, number: int, value: str) -> None:
    await charger.meters([{"value": value}], transactionId=number, at=now_text(minus_s=30))

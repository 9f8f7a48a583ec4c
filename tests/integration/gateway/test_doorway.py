"""Nobody comes in without a key, and those outside learn nothing."""

from __future__ import annotations

import asyncio
import base64

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from laddverk.gateway import limits
from tests.network import BOOT_16, Network, ask


async def refused(network: Network, path: str, headers: dict[str, str]) -> InvalidStatus:
    url = f"ws://127.0.0.1:{network.gateway.port}{path}"
    with pytest.raises(InvalidStatus) as caught:
        async with connect(url, subprotocols=["ocpp1.6"], additional_headers=headers):  # type: ignore[list-item]
            pass
    return caught.value


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def test_without_credentials_a_known_and_an_unknown_station_get_the_same_401(network: Network) -> None:
    known = await refused(network, "/ocpp/A", {})
    unknown = await refused(network, "/ocpp/NOBODY", {})

    assert known.response.status_code == unknown.response.status_code == 401
    assert known.response.body == unknown.response.body
    assert known.response.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("given", [("A", "wrong"), ("A", ""), ("B", "key of A"), ("NOBODY", "key of A")])
async def test_a_wrong_key_or_name_is_401(network: Network, given: tuple[str, str]) -> None:
    user, password = given
    password = network.keys["A"] if password == "key of A" else password

    assert (await refused(network, "/ocpp/A", basic(user, password))).response.status_code == 401


async def test_who_knocks_is_shown_to_staff_and_never_created(network: Network) -> None:
    await refused(network, "/ocpp/STRANGER", basic("STRANGER", "x"))
    await refused(network, "/ocpp/STRANGER", basic("STRANGER", "x"))

    async def knocks() -> int:
        return int(await network.value("SELECT coalesce(sum(count), 0) FROM knock WHERE identity = 'STRANGER'") or 0)

    async with asyncio.timeout(10):
        while await knocks() < 2:
            await asyncio.sleep(0.1)
    assert await network.value("SELECT reason FROM knock WHERE identity = 'STRANGER'") == "unknown_station"
    assert await network.value("SELECT count(*) FROM station") == 2


async def test_a_guesser_is_held_back_after_a_minutes_share(network: Network) -> None:
    for _ in range(limits.FAILED_HANDSHAKES_PER_MIN):
        await refused(network, "/ocpp/A", basic("A", "guess"))

    assert (await refused(network, "/ocpp/A", basic("A", "guess"))).response.status_code in (401, 429)
    assert (await refused(network, "/ocpp/A", basic("A", "guess"))).response.status_code == 429


async def test_the_key_is_accepted_as_text_and_as_the_raw_bytes_it_stands_for(network: Network) -> None:
    raw = base64.b64encode(b"A:" + bytes.fromhex(network.keys["A"])).decode()
    async with connect(
        network.url("A"),
        subprotocols=["ocpp1.6"],
        additional_headers={"Authorization": f"Basic {raw}"},  # type: ignore[list-item]
    ) as socket:
        assert (await ask(socket, "BootNotification", BOOT_16))[2]["status"] == "Accepted"
    async with network.socket("A") as socket:
        assert (await ask(socket, "BootNotification", BOOT_16))[2]["status"] == "Accepted"


async def test_a_path_that_is_not_ours_is_404(network: Network) -> None:
    assert (await refused(network, "/", {})).response.status_code == 404


async def test_without_a_common_version_the_socket_is_closed_at_once(network: Network) -> None:
    async with connect(network.url("A"), additional_headers=network.headers("A")) as socket:
        assert socket.subprotocol is None
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1002


async def test_of_several_versions_the_newest_is_spoken(network: Network) -> None:
    async with connect(
        network.url("A"),
        subprotocols=["ocpp1.6", "ocpp2.1", "ocpp2.0.1"],
        additional_headers=network.headers("A"),  # type: ignore[list-item]
    ) as socket:
        assert socket.subprotocol == "ocpp2.1"

"""The API's certificates, roots and security events, under scoped keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.platform.database import Database
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests import pki
from tests.network import ACTOR, Network, network_on


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    """A small network with one station."""
    async with network_on(database, tmp_path) as found:
        await found.add_station("A")
        yield found


async def test_a_tool_trusts_a_root_installs_it_and_asks_for_a_certificate(network: Network) -> None:
    wide = frozenset({Permission.STATIONS_READ, Permission.STATIONS_WRITE, Permission.COMMANDS_SEND})
    async with network.house.database.transaction() as tx:
        key = await access.create_api_key(tx, ACTOR, "tool", wide, network.house.clock())
        reader = await access.create_api_key(
            tx, ACTOR, "reader", frozenset({Permission.STATIONS_READ}), network.house.clock()
        )
    transport = httpx.ASGITransport(create_app(network.house))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080" + PATH) as client:
        may = {"Authorization": f"Bearer {key.secret}"}
        may_not = {"Authorization": f"Bearer {reader.secret}"}
        station = shown("sta", network.station_ids["A"])
        root = {"use": "csms_root", "pem": pki.entity("Root", ca=True).pem}
        assert (await client.post("/roots", json=root, headers=may_not)).status_code == 403
        made = await client.post("/roots", json=root, headers=may)
        assert made.status_code == 201, made.text
        listed = (await client.get("/roots", headers=may)).json()
        assert [one["id"] for one in listed] == [made.json()["id"]]
        wanted = {"root_id": made.json()["id"], "reason": "a test"}
        installed = await client.post(f"/stations/{station}/certificates/install", json=wanted, headers=may)
        asked = await client.post(f"/stations/{station}/certificates/request", json={}, headers=may)
        assert len(installed.json()["command_ids"]) == len(asked.json()["command_ids"]) == 1
        assert (await client.get(f"/stations/{station}/certificates", headers=may_not)).json() == []
        assert (await client.get("/security-events", headers=may_not)).json() == []
    kinds = "SELECT string_agg(kind, ',' ORDER BY kind) FROM command"
    assert await network.value(kinds) == "ask_for_certificate_request,install_certificate"


async def test_a_tool_reads_deletes_and_withdraws_and_odd_names_are_not_found(network: Network) -> None:
    wide = frozenset({Permission.STATIONS_READ, Permission.STATIONS_WRITE, Permission.COMMANDS_SEND})
    async with network.house.database.transaction() as tx:
        key = await access.create_api_key(tx, ACTOR, "tool", wide, network.house.clock())
    transport = httpx.ASGITransport(create_app(network.house))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080" + PATH) as client:
        client.headers["Authorization"] = f"Bearer {key.secret}"
        here = f"/stations/{shown('sta', network.station_ids['A'])}/certificates"
        assert (await client.get(f"{here}/inventory")).json() == []
        named = {
            "hash_algorithm": "SHA256", "issuer_name_hash": "ab", "issuer_key_hash": "cd", "serial_number": "1f",
        }  # fmt: skip
        assert (await client.post(f"{here}/delete", json=named)).status_code == 201
        for odd in ({"serial_number": "\x00"}, {"hash_algorithm": "MD5"}, {"issuer_key_hash": "x" * 500}):
            assert (await client.post(f"{here}/delete", json=named | odd)).status_code == 422, odd
        for nobody in ("nonsense", "01a1fec2-bbcf-732d-8973-0a5f4a3aa16f"):
            answer = await client.post(f"{here}/{nobody}/revoke", json={"reason": "lost"})
            assert answer.status_code == 404, answer.text


async def test_odd_texts_are_refused_and_never_an_error_of_ours(network: Network) -> None:
    wide = frozenset({Permission.STATIONS_READ, Permission.STATIONS_WRITE, Permission.COMMANDS_SEND})
    async with network.house.database.transaction() as tx:
        key = await access.create_api_key(tx, ACTOR, "tool", wide, network.house.clock())
    transport = httpx.ASGITransport(create_app(network.house))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080" + PATH) as client:
        client.headers["Authorization"] = f"Bearer {key.secret}"
        here = f"/stations/{shown('sta', network.station_ids['A'])}/certificates"
        root = {"use": "csms_root", "pem": pki.entity("Root", ca=True).pem}
        made = (await client.post("/roots", json=root)).json()["id"]
        asked = [
            await client.get("/security-events", params={"only": "\x00", "search": "\x00", "limit": "5"}),
            await client.get("/security-events", params={"limit": "-1"}),
            await client.get("/stations/sta_%00/certificates"),
            await client.post("/roots", json=root | {"name": "\x00"}),
            await client.post("/roots", json=root | {"ecosystem": "x" * 10_000, "responders": ["\x00"]}),
            await client.post("/roots", json=root | {"provisioning_url": "http://169.254.169.254/"}),
            await client.post(f"{here}/install", json={"root_id": made, "reason": "\x00"}),
            await client.post(f"{here}/install", json={"root_id": made, "reason": "x" * 100_000}),
            await client.post(f"{here}/install", json={"root_id": "\x00"}),
            await client.post(f"{here}/request", json={"signing": "station", "reason": "\x00"}),
            await client.post(f"{here}/%00/revoke", json={"reason": "\x00\x00\x00"}),
        ]
        assert [one.status_code for one in asked if one.status_code >= 500] == [], [one.text for one in asked]

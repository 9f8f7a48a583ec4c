"""A conformance tool by HTTP: calls and their answers whole, provisioning, and transactions as they are believed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.kernel.actors import Permission
from laddverk.platform.database import Database
from laddverk.stations.secrecy import HIDDEN, holds_a_secret, masked
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Tariff
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests.network import ACTOR, BOOT_16, BOOT_201, Network, ask, network_on


class Tool:
    """A program with a key."""

    def __init__(self, network: Network, client: httpx.AsyncClient, key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"}
        self.station = f"/stations/sta_{network.station_ids['A'].hex}"

    async def __call__(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self._client.request(method, PATH + path, json=body, headers=self._headers)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as found:
        await found.add_station("A")
        yield found


@asynccontextmanager
async def tool_of(network: Network, *scopes: Permission) -> AsyncIterator[Tool]:
    async with network.house.database.transaction() as tx:
        made = await access.create_api_key(tx, ACTOR, "tool", list(scopes or Permission), network.house.clock())
    transport = httpx.ASGITransport(create_app(network.house))
    async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as client:
        yield Tool(network, client, made.secret)


def at(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_any_call_is_made_and_its_answer_returned_whole(network: Network) -> None:
    async with tool_of(network) as tool, network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        making = asyncio.create_task(tool("POST", f"{tool.station}/calls", {"action": "GetConfiguration"}))
        call = json.loads(await socket.recv())
        assert call[2:] == ["GetConfiguration", {}]
        keys = [{"key": f"Key{number}", "readonly": True, "value": "x" * 400} for number in range(100)]
        await socket.send(json.dumps([3, call[1], {"configurationKey": keys, "unknownKey": ["Other"]}]))
        answer = await making
        assert answer.status_code == 200, answer.text
        assert answer.json()["answer"] == {"configurationKey": keys, "unknownKey": ["Other"]}
        assert answer.json()["error"] is None
        shown = (await tool("GET", f"/commands/{answer.json()['command_id']}")).json()
        assert (shown["kind"], shown["state"]) == ("raw_call", "confirmed")


async def test_a_refused_call_tells_the_error(network: Network) -> None:
    async with tool_of(network) as tool, network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        making = asyncio.create_task(tool("POST", f"{tool.station}/calls", {"action": "ClearCache"}))
        call = json.loads(await socket.recv())
        await socket.send(json.dumps([4, call[1], "NotSupported", "not here", {"a": 1}]))
        answer = (await making).json()
        assert (answer["answer"], answer["error"]["code"]) == (None, "NotSupported")
        assert answer["error"]["detail"] == {"description": "not here", "a": 1}


async def test_a_call_that_is_not_answered_in_time_is_asked_for_by_its_id(network: Network) -> None:
    async with tool_of(network) as tool:
        answer = await tool("POST", f"{tool.station}/calls", {"action": "ClearCache", "timeout_s": 0})
        assert answer.status_code == 202
        assert answer.json()["answer"] is None
        assert (await tool("GET", f"/commands/{answer.json()['command_id']}")).json()["state"] == "queued"


async def test_a_call_against_the_schema_is_not_sent(network: Network) -> None:
    async with tool_of(network) as tool, network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        answer = (await tool("POST", f"{tool.station}/calls", {"action": "Reset", "payload": {"type": "Odd"}})).json()
        assert answer["state"] == "failed"
        assert answer["error"]["code"] == "NotSupported"


async def test_calls_need_their_own_scope(network: Network) -> None:
    async with tool_of(network, Permission.COMMANDS_SEND, Permission.STATIONS_READ) as tool:
        call = {"action": "ClearCache", "timeout_s": 0}
        assert (await tool("POST", f"{tool.station}/calls", call)).status_code == 403
        command = {"command": {"kind": "raw_call", "action": "ClearCache"}}
        assert (await tool("POST", f"{tool.station}/commands", command)).status_code == 403


async def test_no_key_is_written_by_a_call(network: Network) -> None:
    payload = {"key": "AuthorizationKey", "value": "0011223344556677"}
    async with tool_of(network) as tool:
        answer = await tool("POST", f"{tool.station}/calls", {"action": "ChangeConfiguration", "payload": payload})
        assert answer.status_code == 422, answer.text
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    assert holds_a_secret("SetVariables", {"setVariableData": [{**variable, "attributeValue": "x"}]})
    assert not holds_a_secret("GetVariables", {"getVariableData": [variable]})
    told = {"getVariableResult": [{**variable, "attributeValue": "secret"}], "key": "AuthorizationKey", "value": "s"}
    hidden = masked(told)
    assert (hidden["getVariableResult"][0]["attributeValue"], hidden["value"]) == (HIDDEN, HIDDEN)


async def test_a_station_is_held_back_read_strictly_and_given_a_key(network: Network) -> None:
    async with tool_of(network) as tool:
        held = {"status": "Pending", "interval_s": 33, "reason": "test"}
        answer = await tool("PUT", f"{tool.station}/registration", held)
        assert (answer.json()["boot_answer"], answer.json()["boot_interval_s"]) == ("Pending", 33), answer.text
        strict = await tool("PUT", f"{tool.station}/strictness", {"strictness": "strict", "reason": "test"})
        assert strict.json()["settings"]["strictness"] == "strict"
        key = "00112233445566778899aabbccddeeff"
        assert (await tool("PUT", f"{tool.station}/key", {"key": key, "reason": "test"})).status_code == 204
        with pytest.raises(InvalidStatus):
            async with network.socket("A"):
                pass
        network.keys["A"] = key
        async with network.socket("A", version="ocpp2.0.1") as socket:
            boot = await ask(socket, "BootNotification", BOOT_201)
            assert (boot[2]["status"], boot[2]["interval"]) == ("Pending", 33)
            status = {"timestamp": at(0), "evseId": 1, "connectorId": 1, "connectorStatus": "Available"}
            assert (await ask(socket, "StatusNotification", status))[2] == "SecurityError"
        proof = {"certificate_sha256": "aa" * 32, "reason": "test"}
        assert (await tool("PUT", f"{tool.station}/proof", proof)).status_code == 204
        assert (await tool("PUT", f"{tool.station}/proof", {"certificate_sha256": "zz"})).status_code == 422
        assert (await tool("PUT", f"{tool.station}/profile", {"profile": 2, "reason": "test"})).status_code == 204


async def test_a_transaction_is_told_as_it_is_believed(network: Network) -> None:
    async with tool_of(network) as tool, network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        start = {"connectorId": 1, "idTag": "04AB", "meterStart": 100, "timestamp": at(-30)}
        transaction = (await ask(socket, "StartTransaction", start))[2]["transactionId"]
        value = {"timestamp": at(-20), "sampledValue": [{"value": "600"}]}
        await ask(socket, "MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": [value]})
        stop = {"transactionId": transaction, "meterStop": 900, "timestamp": at(-10), "reason": "Local"}
        await ask(socket, "StopTransaction", stop)
        found = (await tool("GET", f"{tool.station}/transactions?transaction_id={transaction}")).json()
        assert len(found) == 1
        believed = found[0]
        assert (believed["transaction_id"], believed["token_uid"]) == (str(transaction), "04AB")
        assert (believed["register_start_wh"], believed["register_end_wh"], believed["energy_wh"]) == (100, 900, 800)
        assert believed["stop_reason"] == "Local"
        assert 600 in [value["energy_wh"] for value in believed["meter_values"]]
        assert len(believed["messages"]) >= 2
        assert (await tool("GET", f"{tool.station}/reservations")).json()["items"] == []
        assert (await tool("GET", f"{tool.station}/flags")).status_code == 200


async def test_the_same_is_asked_of_many_and_what_waits_is_taken_back(network: Network) -> None:
    await network.add_station("B")
    ids = [f"sta_{network.station_ids[name].hex}" for name in ("A", "B")]
    async with tool_of(network) as tool:
        wish = {"station_ids": ids, "command": {"kind": "reset", "reset": "soft"}, "reason": "test", "wait_s": 600}
        assert (await tool("POST", "/batches", {**wish, "station_ids": [ids[0], "sta_" + "0" * 32]})).status_code == 404
        assert (await tool("POST", "/batches", {**wish, "reason": ""})).status_code == 422
        log = {"kind": "request_log", "request_id": 1, "log": "diagnostics", "url": "ftp://elsewhere.example"}
        assert (await tool("POST", "/batches", {**wish, "command": log})).status_code in (400, 422)
        made = await tool("POST", "/batches", wish)
        assert made.status_code == 202, made.text
        batch = f"/batches/{made.json()['id']}"
        assert (made.json()["asked"], made.json()["waiting"]) == (2, 2)
        waiting = (await tool("GET", f"{batch}/commands?state=open")).json()["items"]
        back = await tool("POST", f"/commands/{waiting[0]['id']}/cancel", {"reason": "a mistake"})
        assert (back.json()["state"], back.json()["outcome"]) == ("expired", "Cancelled")
        assert (await tool("POST", f"/commands/{waiting[0]['id']}/cancel", {})).status_code == 409
        shown = (await tool("GET", batch)).json()
        assert (shown["waiting"], shown["failed"], shown["left_out"]) == (1, 1, [])
    async with tool_of(network, Permission.STATIONS_READ) as reader:
        assert (await reader("POST", "/batches", wish)).status_code == 403
        assert (await reader("GET", batch)).status_code == 200


async def test_a_session_is_started_with_its_limit_by_a_program(network: Network) -> None:
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        free = await tariffs.create(tx, ACTOR, "Free", Tariff(currency="SEK", free=True), now)
        await tariffs.choose(tx, ACTOR, free.tariff_id, now, site_id=network.site_id)
        driver = await access.create_driver(tx, ACTOR, DriverDetails(email="a@example.com", name="A"), now)
    async with tool_of(network) as tool, network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
        await ask(socket, "StatusNotification", status)
        start = {"station_id": tool.station[len("/stations/") :], "evse_number": 1, "driver_id": f"drv_{driver.hex}"}
        assert (await tool("POST", "/sessions", {**start, "limit": -1})).status_code == 422
        made = await tool("POST", "/sessions", {**start, "limit": 10.5, "unit": "A", "reason": "test"})
        assert made.status_code == 202, made.text
        call = json.loads(await socket.recv())
        assert call[2] == "RemoteStartTransaction"
        schedule = call[3]["chargingProfile"]["chargingSchedule"]
        assert schedule == {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.5}]}

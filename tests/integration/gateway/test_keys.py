"""A key is changed while the charger works: the old one opens until the new one has been used, and nobody sees it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from laddverk.kernel.ids import CommandId
from laddverk.kernel.problems import Conflict
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.network import ACTOR, BOOT_16, BOOT_201, Network, ask
from tests.security.door import basic, knock, until


async def begin_change(network: Network, identity: str) -> CommandId:
    house = network.house
    async with house.database.transaction() as tx:
        command_id = await stations.change_key(
            tx, ACTOR, network.station_ids[identity], house.clock(), house.secrets.charger_pepper, reason="test"
        )
    house.hints.publish([COMMANDS_TOPIC])
    return command_id


async def call_of(socket: ClientConnection) -> tuple[str, str, dict[str, Any]]:
    async with asyncio.timeout(15):
        _, unique_id, action, payload = json.loads(await socket.recv())
    return unique_id, action, payload


async def state_of(network: Network, command_id: CommandId) -> str:
    """Return the state of a command, which is recorded a moment after its answer has come."""
    async with asyncio.timeout(15):
        while (state := await network.value("SELECT state FROM command WHERE id = $1", command_id)) == "sent":
            await asyncio.sleep(0.05)
    return str(state)


def key_in(action: str, payload: dict[str, Any]) -> str:
    if action == "ChangeConfiguration":
        assert payload["key"] == "AuthorizationKey"
        return str(payload["value"])
    assert action == "SetVariables"
    (asked,) = payload["setVariableData"]
    assert (asked["component"]["name"], asked["variable"]["name"]) == ("SecurityCtrlr", "BasicAuthPassword")
    return str(asked["attributeValue"])


def accepting(action: str, payload: dict[str, Any], word: str = "Accepted") -> dict[str, Any]:
    if action == "ChangeConfiguration":
        return {"status": word}
    (asked,) = payload["setVariableData"]
    target = {"component": asked["component"], "variable": asked["variable"]}
    return {"setVariableResult": [{**target, "attributeStatus": word}]}


@pytest.mark.parametrize(("version", "boot"), [("ocpp1.6", BOOT_16), ("ocpp2.0.1", BOOT_201), ("ocpp2.1", BOOT_201)])
async def test_the_old_key_opens_until_the_new_one_was_used_and_then_no_more(
    network: Network, version: str, boot: dict[str, Any]
) -> None:
    old = network.keys["A"]
    async with network.socket("A", version=version) as socket:
        await ask(socket, "BootNotification", boot)
        command_id = await begin_change(network, "A")
        unique_id, action, payload = await call_of(socket)
        new = key_in(action, payload)
        await socket.send(json.dumps([3, unique_id, accepting(action, payload)]))
        await ask(socket, "Heartbeat", {})  # the socket that was opened with the old key lives on

    assert new != old
    assert await knock(network, "/ocpp/A", basic("A", old)) == 101
    assert await knock(network, "/ocpp/B", basic("B", new)) == 401
    assert await state_of(network, command_id) == "accepted"
    assert await knock(network, "/ocpp/A", basic("A", bytes.fromhex(new))) == 101
    await until(lambda: network.value("SELECT next_key_hash IS NULL FROM station WHERE identity = 'A'"))
    assert await state_of(network, command_id) == "confirmed"
    assert await knock(network, "/ocpp/A", basic("A", old)) == 401
    assert await knock(network, "/ocpp/A", basic("A", new)) == 101


async def test_the_new_key_is_nowhere_in_the_database_not_even_in_the_journal(network: Network) -> None:
    async with network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await begin_change(network, "A")
        unique_id, action, payload = await call_of(socket)
        new = key_in(action, payload)
        await socket.send(json.dumps([3, unique_id, {"status": "Accepted"}]))
        await ask(socket, "Heartbeat", {})
    frame = "SELECT count(*) FROM frame WHERE body LIKE '%AuthorizationKey%'::bytea"
    assert await until(lambda: network.value(frame)) == 1  # the call itself is in the journal

    tables = "SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'"
    for table in str(await network.value(tables)).split(","):
        found = f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE $1 OR t::text LIKE $2'
        hexed = "%" + new.encode().hex() + "%"
        assert await network.value(found, f"%{new}%", hexed) == 0, table


async def test_a_charger_that_rejects_the_key_keeps_the_old_one(network: Network) -> None:
    async with network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        command_id = await begin_change(network, "A")
        unique_id, action, payload = await call_of(socket)
        new = key_in(action, payload)
        await socket.send(json.dumps([3, unique_id, {"status": "Rejected"}]))

        async def is_refused() -> bool:
            return await state_of(network, command_id) == "refused"

        await until(is_refused)
    await network.house.worker.run_until_idle()

    assert await knock(network, "/ocpp/A", basic("A", new)) == 401
    assert await knock(network, "/ocpp/A", basic("A", network.keys["A"])) == 101


async def test_a_charger_that_took_the_key_without_a_word_comes_in_with_either(network: Network) -> None:
    async with network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        command_id = await begin_change(network, "A")
        new = key_in(*(await call_of(socket))[1:])  # and the link breaks before it can answer

    async def is_unanswered() -> bool:
        return await network.value("SELECT detail ? 'no_answer' FROM command WHERE id = $1", command_id) is True

    await until(is_unanswered)
    assert await knock(network, "/ocpp/A", basic("A", network.keys["A"])) == 101
    assert await knock(network, "/ocpp/A", basic("A", new)) == 101


async def test_only_one_key_at_a_time_is_on_its_way(network: Network) -> None:
    await begin_change(network, "A")
    with pytest.raises(Conflict):
        await begin_change(network, "A")


async def test_a_short_password_that_was_brought_along_opens_and_is_changed_at_once(network: Network) -> None:
    house, station_id = network.house, network.station_ids["A"]
    async with house.database.transaction() as tx:
        await stations.set_key(tx, ACTOR, station_id, "opensesame", house.clock(), house.secrets.charger_pepper)
    network.keys["A"] = "opensesame"

    async with network.socket("A") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        unique_id, action, payload = await call_of(socket)
        new = key_in(action, payload)
        await socket.send(json.dumps([3, unique_id, {"status": "Accepted"}]))
        await ask(socket, "Heartbeat", {})
    assert await knock(network, "/ocpp/A", basic("A", "opensesamE")) == 401
    assert await knock(network, "/ocpp/A", basic("A", new)) == 101
    await until(lambda: network.value("SELECT NOT key_weak FROM station WHERE identity = 'A'"))
    assert await knock(network, "/ocpp/A", basic("A", "opensesame")) == 401


async def test_a_new_key_by_hand_may_leave_the_old_one_valid_until_it_is_used(network: Network) -> None:
    house, station_id = network.house, network.station_ids["A"]
    async with house.database.transaction() as tx:
        made = await stations.rotate_key(
            tx, ACTOR, station_id, house.clock(), house.secrets.charger_pepper, keep_old=True
        )
    assert await knock(network, "/ocpp/A", basic("A", network.keys["A"])) == 101
    assert await knock(network, "/ocpp/A", basic("A", made.password)) == 101
    await until(lambda: network.value("SELECT next_key_hash IS NULL FROM station WHERE identity = 'A'"))
    assert await knock(network, "/ocpp/A", basic("A", network.keys["A"])) == 401


async def test_which_form_of_the_key_a_charger_sends_is_remembered(network: Network) -> None:
    form = "SELECT key_form FROM station WHERE identity = 'A'"
    assert await knock(network, "/ocpp/A", basic("A", network.keys["A"])) == 101
    assert await until(lambda: network.value(form)) == "hex"
    assert await knock(network, "/ocpp/A", basic("A", bytes.fromhex(network.keys["A"]))) == 101
    assert await until(lambda: network.value(form + " AND key_form = 'raw'")) == "raw"

"""The API's current and displays, under scoped keys, with chargers on sockets."""

from __future__ import annotations

from contextlib import asynccontextmanager
from decimal import Decimal

import httpx
import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests.integration.energy.box import boxed
from tests.network import ACTOR, network_on


@pytest.fixture
async def network(database, tmp_path):
    async with network_on(database, tmp_path) as made:
        yield made


@asynccontextmanager
async def tool(network, *scopes):
    async with network.house.database.transaction() as tx:
        made = await access.create_api_key(tx, ACTOR, "tool", frozenset(scopes or Permission), network.house.clock())
    transport = httpx.ASGITransport(create_app(network.house))
    headers = {"Authorization": f"Bearer {made.secret}"}
    async with httpx.AsyncClient(
        transport=transport, base_url=network.house.settings.web_url + PATH, headers=headers
    ) as client:
        yield client


def address(network, identity):
    return f"/stations/{shown('sta', network.station_ids[identity])}"


SCHEDULE = {"unit": "A", "periods": [{"limit": 16}, {"start_s": 3600, "limit": 8}], "duration_s": 7200}


async def test_a_tool_sets_a_profile_sees_what_it_adds_up_to_and_takes_it_away(network):
    async with tool(network) as client, boxed(network, "box") as box:
        station = address(network, "box")
        wanted = {"evse_number": 1, "stack_level": 2, "schedules": [SCHEDULE], "reason": "the load manager"}
        made = await client.post(f"{station}/profiles", json=wanted)
        assert made.status_code == 201, made.text
        asked = (await box.was_asked("SetChargingProfile"))["chargingProfile"]
        assert [one["limit"] for one in asked["chargingSchedule"][0]["chargingSchedulePeriod"]] == [16, 8]
        listed = (await client.get(f"{station}/profiles")).json()
        assert [(one["profile_id"], one["condition"]) for one in listed["profiles"]] == [
            (made.json()["profile_id"], "installed")
        ]
        composite = (await client.get(f"{station}/composite", params={"evse": 1})).json()
        assert [one["limit_a"] for one in composite["ours"]] == [16, 8, None]
        assert composite["ours"][0]["because_of"] == "TxDefaultProfile"
        assert (await client.get(f"{station}/composite", params={"evse": 77})).status_code == 404
        for name in (str(made.json()["profile_id"]), "77", "none", "1" * 40):  # none of them is a dynamic one
            assert (await client.post(f"{station}/profiles/{name}/limit", json={"limit": 8})).status_code == 404
        await client.post(f"{station}/profiles/clear", json={"profile_id": made.json()["profile_id"]})
        await box.was_asked("ClearChargingProfile")
        asked = await client.post(f"{station}/composite", json={"evse_number": 1})
        assert asked.json()["command_id"].startswith("cmd_")
        await box.was_asked("GetCompositeSchedule")


@pytest.mark.parametrize("wrong", [
    {"schedules": []}, {"schedules": [{"periods": [{"limit": -1}]}]}, {"valid_from": "2026-10-24T20:00:00"},
    {"schedules": [SCHEDULE], "purpose": "ChargingStationExternalConstraints"},
    {"schedules": [SCHEDULE], "purpose": "TxProfile", "evse_number": 1}, {"schedules": [SCHEDULE], "evse_number": 9},
    {"schedules": [{"periods": [{"start_s": 1, "limit": 8}]}]}, {"schedules": [SCHEDULE], "kind": "Recurring"},
])  # fmt: skip
async def test_a_profile_that_no_charger_could_obey_is_refused(network, wrong):
    await network.add_station("box")
    async with tool(network) as client:
        answer = await client.post(f"{address(network, 'box')}/profiles", json=wrong)
        assert answer.status_code in (400, 404, 409, 422), answer.text


async def test_a_tool_puts_a_message_on_a_display_and_takes_it_off(network):
    async with tool(network) as client, boxed(network, "box", "ocpp2.1") as box:
        station = address(network, "box")
        texts = [{"text": "Hej", "language": "sv"}, {"text": "Hello", "language": "en"}]
        made = await client.post(f"{station}/messages", json={"texts": texts, "reason": "a greeting"})
        assert made.status_code == 201, made.text
        await box.was_asked("SetDisplayMessage")
        (message,) = (await client.get(f"{station}/messages")).json()["messages"]
        assert (message["state"], message["texts"]) == ("shown", texts)
        await client.post(f"{station}/messages/clear", json={"number": message["number"], "reason": "enough"})
        await box.was_asked("ClearDisplayMessage")
        assert (await client.get(f"{station}/messages")).json()["messages"][0]["state"] == "gone"
        assert (await client.post(f"{station}/messages/read")).status_code == 201
        assert (await client.get(f"{station}/swaps")).json() == []
        assert (await client.get("/settlements")).json() == []
        assert (await client.get("/display-texts")).json() == []


async def test_a_tool_sends_the_tariff_and_grid_functions_and_reads_them(network):
    async with network.house.database.transaction() as tx:
        body = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("4.00")),))
        version = await tariffs.create(tx, ACTOR, "All", body, network.house.clock())
        await tariffs.choose(tx, ACTOR, version.tariff_id, network.house.clock())
    async with tool(network) as client, boxed(network, "box", "ocpp2.1") as box:
        station = address(network, "box")
        assert (await client.get(f"{station}/tariff")).json()["is_sendable"] is True
        assert (await client.post(f"{station}/tariff/send", json={})).status_code == 201
        assert (await box.was_asked("SetDefaultTariff"))["evseId"] == 0
        control = {"control": "LimitMaxDischarge", "body": {"priority": 0, "pctMaxDischargePower": 60}}
        assert (await client.post(f"{station}/controls", json=control)).status_code == 201
        await box.was_asked("SetDERControl")
        (kept,) = (await client.get(f"{station}/controls")).json()["controls"]
        assert kept["condition"] == "installed"
        wrong = {"control": "LimitMaxDischarge", "body": {"nonsense": 1}}
        assert (await client.post(f"{station}/controls", json=wrong)).status_code == 422
        assert (await client.post(f"{station}/controls/clear", json={"control_id": kept["control_id"]})).is_success
        await box.was_asked("ClearDERControl")
        assert (await client.post(f"{station}/priority", json={"evse_number": 1})).status_code == 409
        assert (await client.get(f"{station}/limits")).json() == {"limits": [], "needs": [], "plans": []}


async def test_a_key_that_may_only_read_sends_nothing(network):
    await network.add_station("box")
    station = address(network, "box")
    async with tool(network, Permission.STATIONS_READ) as client:
        assert (await client.get(f"{station}/profiles")).status_code == 200
        for path, body in (("profiles", {"schedules": [SCHEDULE]}), ("messages", {"texts": [{"text": "x"}]}),
                           ("tariff/send", {}), ("controls/read", {}), ("priority", {"evse_number": 1})):  # fmt: skip
            assert (await client.post(f"{station}/{path}", json=body)).status_code == 403
        assert (await client.get("/settlements")).status_code == 403
        unknown = "/stations/sta_00000000000070008000000000000000/profiles"
        assert (await client.get(unknown)).status_code == 404

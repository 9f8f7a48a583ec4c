"""The API's device model, templates, monitors, events, alarms and streams, with a simulated charger on a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.platform.database import Database
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests.integration.provisioning.stand import Stand, standing
from tests.network import ACTOR

POWER = {"component": "EVSE@1", "variable": "Power"}


@pytest.fixture
async def stand(database: Database, tmp_path: Path) -> AsyncIterator[Stand]:
    async with standing(database, tmp_path) as made:
        yield made


@asynccontextmanager
async def tool(stand: Stand, *scopes: Permission) -> AsyncIterator[httpx.AsyncClient]:
    house = stand.network.house
    async with house.database.transaction() as tx:
        made = await access.create_api_key(tx, ACTOR, "tool", frozenset(scopes or Permission), house.clock())
    headers = {"Authorization": f"Bearer {made.secret}"}
    transport = httpx.ASGITransport(create_app(house))
    async with httpx.AsyncClient(
        transport=transport, base_url=house.settings.web_url + PATH, headers=headers
    ) as client:
        yield client


async def test_a_tool_reads_the_device_model_makes_a_template_and_writes_it(stand: Stand) -> None:
    station = f"/stations/{shown('sta', stand.station_id)}"
    async with tool(stand) as client:
        asked = await client.post(f"{station}/reports", json={"base": "FullInventory"})
        assert asked.status_code == 202, asked.text
        await stand.confirmed("request_report")
        report = (await client.get(f"{station}/reports")).json()[0]
        assert (report["state"], report["missing"]) == ("complete", [])
        found = (await client.get(f"{station}/device-model", params={"search": "HeartbeatInterval"})).json()
        assert [(one["component"], one["value"], one["unit"]) for one in found["items"]] == [
            ("OCPPCommCtrlr", "300", "s")
        ]
        wanted = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "240"}
        made = await client.post("/templates", json={"name": "Väggar", "vendor": "Acme", "wanted": [wanted]})
        template = made.json()["id"]
        await stand.until("SELECT state FROM configuration_standing", "drifted")
        assert (await client.get(f"/templates/{template}/stations")).json()["items"][0]["state"] == "drifted"
        applied = await client.post(f"/templates/{template}/apply", json={"reason": "as agreed"})
        assert applied.status_code == 202, applied.text
        await stand.until("SELECT state FROM configuration_standing", "in_step")
        (run,) = (await client.get(f"/templates/{template}/runs")).json()
        assert (run["stations"], run["done"], run["reason"]) == (1, 1, "as agreed")
        history = await client.get(
            f"{station}/device-model/history", params={"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}
        )
        newest = history.json()[0]
        assert (newest["before"], newest["value"], newest["cause"]) == ("300", "240", "command")


async def test_a_tool_watches_sees_the_alarm_and_acknowledges_it(stand: Stand) -> None:
    station = f"/stations/{shown('sta', stand.station_id)}"
    async with tool(stand) as client:
        monitor = {**POWER, "kind": "LowerThreshold", "value": 1, "severity": 2}
        stream = {**POWER, "kind": "Periodic", "value": 1, "severity": 8, "stream_interval_s": 1}
        sent = await client.post(
            f"{station}/commands", json={"command": {"kind": "set_monitors", "monitors": [monitor, stream]}}
        )
        assert sent.status_code == 202, sent.text
        await stand.until("SELECT count(*) FROM station_alarm", 1)
        await stand.until("SELECT count(*) FROM station_monitor", 2)
        assert {one["kind"] for one in (await client.get(f"{station}/monitors")).json()} == {
            "LowerThreshold",
            "Periodic",
        }
        events = (await client.get(f"{station}/events")).json()
        assert [(one["variable"], one["trigger"]) for one in events] == [("Power", "Alerting")]
        alarm = (await client.get("/alarms")).json()["items"][0]
        assert (alarm["severity"], alarm["seen_by"]) == (2, "")
        seen = {"station_id": alarm["station_id"], "alarm_key": alarm["alarm_key"], "note": "Ola is on his way"}
        assert (await client.post("/alarms/acknowledge", json=seen)).status_code == 204
        assert (await client.get("/alarms")).json()["items"][0]["seen_note"] == "Ola is on his way"
        wrong = await client.post("/alarms/acknowledge", json={**seen, "alarm_key": "0"})
        assert wrong.status_code == 404
        await stand.until("SELECT count(*) > 0 FROM stream_value", True)
        (told,) = (await client.get(f"{station}/streams")).json()
        assert told["variable"] == "Power"
    async with tool(stand, Permission.STATIONS_READ) as reader:
        assert (await reader.post("/alarms/acknowledge", json=seen)).status_code == 403


@pytest.mark.parametrize("url", ["wss://user:secret@example.com", "http://example.com", "nonsense"])
async def test_a_tool_cannot_send_a_charger_to_an_address_that_is_none(stand: Stand, url: str) -> None:
    async with tool(stand) as client:
        command = {"kind": "set_network_profile", "slot": 1, "url": url, "security_profile": 2}
        refused = await client.post(
            f"/stations/{shown('sta', stand.station_id)}/commands", json={"command": command, "reason": "move"}
        )
    assert refused.status_code == 422, refused.text

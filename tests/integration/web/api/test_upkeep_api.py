"""The API's upkeep: work orders made, noted and closed; health and spare parts; nothing of other sites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from laddverk.diagnostics.upkeep import scoring
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.platform.database import Database
from tests.integration.web.api.test_uptime_api import tool
from tests.network import Network, network_on

LIFE = """
INSERT INTO remaining_life VALUES ($1, 1, 'D16', 'alarm', 60.75, 56.5, 45, 0.5, 24, 23, 8.5, 7, 11, $2)
"""


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def test_a_program_makes_notes_and_closes_a_work_order_and_reads_health_and_parts(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET epoch = 1")
        await tx.execute(LIFE, station, network.house.clock())
        await scoring.keep_up(tx, network.house.clock())
    wanted = {"station": shown("sta", station), "evse": 1, "title": "New lock", "assignee": "Asta"}
    async with tool(network, Permission.STATIONS_READ, Permission.COMMANDS_SEND) as client:
        made = (await client.post("/work-orders", json=wanted)).json()
        assert (made["state"], made["title"], made["evse"], made["visit"]) == ("assigned", "New lock", 1, None)
        place = f"/work-orders/{made['id']}"
        assert (await client.post(f"{place}/notes", json={"note": "Comes on Thursday"})).status_code == 200
        refused = await client.post(f"{place}/close", json={"cause": "no such cause"})
        assert refused.status_code == 422
        assert (await client.post(f"{place}/close", json={"cause": "lock", "unknown": 1})).status_code in (400, 422)
        closed = (await client.post(f"{place}/close", json={"cause": "lock", "minutes": 40, "cost_minor": 9900})).json()
        assert (closed["state"], closed["cause"], closed["cost_minor"]) == ("done", "lock", 9900)
        assert (await client.post(f"{place}/notes", json={"note": "Late"})).status_code == 409
        listed = (await client.get("/work-orders?state=unproved&search=lock")).json()
        assert [one["id"] for one in listed["items"]] == [made["id"]]
        assert (await client.get("/work-orders?state=none")).status_code == 422
        assert (await client.get(f"/work-orders/{shown('wor', new_id())}")).status_code == 404

        (outlet, *_) = (await client.get("/health?below=100")).json()["items"]
        assert outlet["lasts"] == [
            {"detector": "D16", "part": "cable_or_plug", "days": 8.5, "low_days": 7.0, "high_days": 11.0}
        ]
        assert [one["kind"] for one in outlet["reasons"]] == ["lasting"]
        parts = {one["part"]: one for one in (await client.get("/spare-parts")).json()["items"]}
        assert (parts["cable_or_plug"]["due"], parts["lock"]["failures"]) == (1, 1)
    async with tool(network, Permission.STATIONS_READ) as reader:
        assert (await reader.post("/work-orders", json=wanted)).status_code == 403

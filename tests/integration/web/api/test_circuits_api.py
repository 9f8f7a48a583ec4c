"""The API's circuits: read, replaced, taken back; flows with limits from outside; nothing of other sites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.platform.database import Database
from tests.integration.web.api.test_uptime_api import tool
from tests.network import Network, network_on

SIZE = "SELECT count(*) FROM circuit_tree"


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


def wanted(station: str, **more: Any) -> dict[str, Any]:
    grid = {"name": "Grid", "kind": "grid", "limit_a": [63, 63, 63], "margin_a": 3, "unmetered_a": [10, 5, 5]}
    board = {"name": "Board", "kind": "board", "limit_a": [40, 40, 40], "parent": "Grid"}
    outlet = {"station": station, "evse": 1, "circuit": "Board", "rotation": "STR"}
    return {"version": 0, "reason": "by the drawing", "circuits": [grid, board], "outlets": [outlet]} | more


async def test_a_program_enters_a_site_limits_it_for_a_time_and_takes_it_back(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    station, now = shown("sta", station_id), network.house.clock()
    site = shown("sit", await network.value("SELECT site_id FROM station"))
    place = f"/circuits/{site}"
    async with tool(network, Permission.STATIONS_READ) as reader:
        assert (await reader.get(place)).json()["version"] == 0
        assert (await reader.put(place, json=wanted(station))).status_code == 403
    async with tool(network, Permission.STATIONS_READ, Permission.STATIONS_WRITE) as client:
        made = (await client.put(place, json=wanted(station))).json()
        assert (made["version"], [one["parent"] for one in made["circuits"]]) == (1, [None, "Grid"])
        assert made["outlets"][0]["rotation"] == "STR"
        assert (await client.put(place, json=wanted(station))).status_code == 409
        wrong = await client.put(place, json=wanted(station, version=1, circuits=[]))
        assert (wrong.status_code, wrong.json()["field"]) == (422, "circuit")
        foreign = wanted(shown("sta", new_id()), version=1)
        assert (await client.put(place, json=foreign)).status_code == 422
        assert (await client.put(place, json=wanted(station, version=1, reason=""))).status_code in (400, 422)
        listed = (await client.get("/circuits")).json()
        assert [one["site"] for one in listed["items"]] == [site]

        signal = {
            "circuit": "Board", "starts_at": (now - timedelta(hours=1)).isoformat(),
            "ends_at": (now + timedelta(hours=1)).isoformat(), "limit_a": [20, 20, 20],
        }  # fmt: skip
        assert (await client.put(f"{place}/signals/dso/1", json=signal)).status_code == 200
        assert (await client.put(f"{place}/signals/dso/1", json=signal | {"limit_a": [90, 0, 0]})).status_code == 422
        assert (await client.put(f"{place}/signals/dso/1", json=signal | {"ends_at": "2026-01-01"})).status_code == 422
        assert (await client.put(f"{place}/signals/moon/1", json=signal)).status_code in (400, 404, 422)
        grid, board = (await client.get(f"{place}/flows")).json()["flows"]
        assert (grid["limit_a"], grid["other_a"], grid["limited_by"]) == ([60, 60, 60], [10, 5, 5], None)
        assert (board["limit_a"], board["limited_by"]) == ([20, 20, 20], "dso")
        assert (await client.post(f"{place}/signals/dso/1/end", json={"circuit": "Board"})).status_code == 201
        assert (await client.post(f"{place}/signals/dso/1/end", json={"circuit": "Board"})).status_code == 404

        undone = (await client.post(f"{place}/undo", json={"version": 1})).json()
        assert (undone["version"], undone["circuits"]) == (2, [])
        assert (await client.get(f"/circuits/{shown('sit', new_id())}")).status_code == 404
    assert await network.value(SIZE) == 2

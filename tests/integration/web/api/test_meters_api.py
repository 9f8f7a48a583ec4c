"""The API's meters: added, pushed to once and again, bounded; nothing without the right scope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, parsed, shown
from laddverk.platform.database import Database
from tests.integration.web.api.test_circuits_api import wanted
from tests.integration.web.api.test_uptime_api import tool
from tests.network import Network, network_on

BIND = """
UPDATE circuit_tree SET tree = jsonb_set(tree, '{circuits,0,meter_id}', to_jsonb($1::text)) RETURNING version
"""


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def test_a_program_pushes_readings_again_and_again_and_the_circuit_has_the_newest(network: Network) -> None:
    station = shown("sta", await network.add_station("CP-1"))
    site, now = shown("sit", network.site_id), network.house.clock()
    to_add = {"site": site, "name": "Main", "reason": "fitted", "setup": {"way": "push", "ratio": 10}}
    async with tool(network, Permission.STATIONS_READ, Permission.STATIONS_WRITE) as editor:
        assert (await editor.put(f"/circuits/{site}", json=wanted(station))).status_code == 200
        made = (await editor.post("/meters", json=to_add)).json()
        assert (await editor.post("/meters", json=to_add | {"setup": {"way": "mqtt", "host": "x"}})).status_code == 422
        assert (await editor.post(f"/meters/{made['id']}/readings", json={"readings": []})).status_code == 403
        await network.value(BIND, str(parsed("mtr", made["id"])))

        def said(seconds: int, amperes: float, **more: Any) -> dict[str, Any]:
            at = (now - timedelta(seconds=seconds)).isoformat()
            return {"at": at, "current_a": [amperes, 1, 1], **more}

        async with tool(network, Permission.METERS_WRITE) as logger:
            place = f"/meters/{made['id']}/readings"
            for _again in range(2):
                answer = await logger.post(place, json={"readings": [said(1, 2.5), said(9, 4.0, power_w=900)]})
                assert answer.json() == {"readings": 2, "circuits": 1 if not _again else 0}
            for wrong in ([said(-600, 1.0)], [said(1, 1e6)], [said(1, 1.0)] * 501, [{"at": "now"}]):
                assert (await logger.post(place, json={"readings": wrong})).status_code in {400, 422}
            gone = await logger.post(f"/meters/{shown('mtr', new_id())}/readings", json={"readings": [said(1, 1)]})
            assert gone.status_code == 404
            assert (await logger.get(f"/circuits/{site}/meters")).status_code == 403
        (listed,) = (await editor.get(f"/circuits/{site}/meters")).json()
    assert (listed["quality"], listed["current_a"]) == ("fresh", [25.0, 10.0, 10.0])
    assert await network.value("SELECT current_a FROM circuit_load") == [25.0, 10.0, 10.0]
    assert await network.value("SELECT max(current_a[1]) FROM meter_minute") == 40.0

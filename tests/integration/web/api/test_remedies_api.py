"""The API's self-healing: its steps, what it may do, and who may switch it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.remedies import queries, service
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id
from laddverk.ocpp import quirks
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from tests.integration.diagnostics.incident_field import look, raised
from tests.integration.web.api.test_api import with_scopes
from tests.network import Network, network_on

P = Permission
KNOWN = quirks.registry_of(None)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    """A small network with one charger that is stuck, and that self-healing has looked at twice."""
    async with network_on(database, tmp_path) as found:
        station_id, now = await found.add_station("A"), found.house.clock()
        async with database.transaction() as tx:
            await tx.execute("UPDATE station SET vendor = 'Acme', model = 'Wall', connected_at = $1",
                             now - timedelta(hours=2))  # fmt: skip
        since = now - timedelta(hours=1)
        await raised(found, station_id, now, "D13", Family.STUCK_STATE, Severity.DOWN, 1, since)
        await look(found, now)
        for minutes in (4, 8):
            async with database.transaction() as tx:
                await service.heal(tx, KNOWN, now + timedelta(minutes=minutes))
        yield found


@pytest.fixture
async def client(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the whole web face."""
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as opened:
        yield opened


async def test_a_tool_reads_what_was_done_and_why_in_pages(network: Network, client: httpx.AsyncClient) -> None:
    tool = await with_scopes(network, client, P.STATIONS_READ)
    page = (await tool("GET", "/remedies?limit=1")).json()
    assert (page["total"], page["next_offset"]) == (2, 1)
    (newest,) = page["items"]
    assert (newest["action"], newest["state"], newest["dry"], newest["verdict"]) == (
        "make_operative",
        "dry",
        True,
        None,
    )
    assert newest["why"]["text"].startswith("A step that cannot hurt")
    (first,) = (await tool("GET", "/remedies?limit=1&offset=1")).json()["items"]
    assert first["action"] == "ask_state"
    for query, total in (
        ("state=dry", 2), ("state=done", 0), ("search=Wall", 2), ("search=nothing", 0),
        (f"incident={newest['incident']}", 2),
    ):  # fmt: skip
        assert (await tool("GET", f"/remedies?{query}")).json()["total"] == total, query
    wrong = await tool("GET", "/remedies?state=odd")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "state")


async def test_only_sites_that_one_sees_are_listed(network: Network) -> None:
    async with network.house.database.transaction() as tx:
        assert await queries.count(tx, frozenset({network.site_id}), queries.RemedyFilter()) == 2
        assert await queries.count(tx, frozenset({new_id()}), queries.RemedyFilter()) == 0


async def test_a_tool_stops_self_healing_with_a_reason_and_lets_it_act_again(
    network: Network, client: httpx.AsyncClient
) -> None:
    reader = await with_scopes(network, client, P.STATIONS_READ)
    standing = (await reader("GET", "/self-healing")).json()
    assert (standing["is_on"], standing["sessions_cut"], len(standing["models"])) == (True, 0, 1)
    assert (await reader("POST", "/self-healing", {"on": False, "reason": "Odd restarts"})).status_code == 403
    tool = await with_scopes(network, client, P.STATIONS_READ, P.STATIONS_WRITE)
    assert (await tool("POST", "/self-healing", {"on": False, "reason": " "})).json()["field"] == "reason"
    stopped = (await tool("POST", "/self-healing", {"on": False, "reason": "Odd restarts"})).json()
    assert (stopped["is_on"], stopped["switched_off_why"]) == (False, "Odd restarts")
    assert (await tool("POST", "/self-healing", {"on": True, "reason": "Found it"})).json()["is_on"]
    left = {"vendor": "Acme", "model": "Wall", "excluded": True, "reason": "It hangs"}
    assert (await tool("POST", "/self-healing/models", left)).json()["models"][0]["excluded_why"] == "It hangs"
    assert (await tool("POST", "/self-healing/models", left | {"model": "None"})).status_code == 404

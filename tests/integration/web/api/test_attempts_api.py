"""The API's attempts and observability: the same figures as the page, for those who may see the place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from laddverk.access import service as access
from laddverk.diagnostics import observing
from laddverk.diagnostics.observations import Beat
from laddverk.diagnostics.watching import Watcher
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.platform.database import Database
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests.network import ACTOR, Network, network_on


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


@asynccontextmanager
async def tool(network: Network, *scopes: Permission) -> AsyncIterator[httpx.AsyncClient]:
    async with network.house.database.transaction() as tx:
        made = await access.create_api_key(tx, ACTOR, "tool", frozenset(scopes), network.house.clock())
    transport = httpx.ASGITransport(create_app(network.house))
    headers = {"Authorization": f"Bearer {made.secret}"}
    url = network.house.settings.web_url + PATH
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as client:
        yield client


async def test_a_program_reads_attempts_their_rates_and_what_can_be_seen(network: Network) -> None:
    station, now = await network.add_station("CP-1"), network.house.clock()
    async with network.house.database.transaction() as tx:
        for number, outcome in enumerate(["ok", "ok", "zero_energy", "excluded"]):
            await tx.execute(
                "INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome,"
                " visit_key) VALUES ($1, 1, $2, $3, $2, $4, $3)",
                station, now - timedelta(hours=number + 1), f"a{number}", outcome,
            )  # fmt: skip
        await observing.observe(tx, [(station, Beat(at=now, received_at=now))])
    async with network.house.database.transaction() as tx:
        await Watcher(b"test").turn(tx, now, thorough=True)
    here = f"/stations/{shown('sta', station)}"
    async with tool(network, Permission.STATIONS_READ) as client:
        listed = (await client.get(f"{here}/attempts", params={"outcome": "ok"})).json()
        assert [one["outcome"] for one in listed["items"]] == ["ok", "ok"]
        for by in ("all", "evse", "station", "site", "model", "firmware", "hour", "car_make"):
            rates = (await client.get("/attempts/rates", params={"by": by})).json()
            assert sum(one["attempts"] for one in rates["items"]) == 3
        (whole,) = (await client.get("/attempts/rates", params={"station": shown("sta", station)})).json()["items"]
        assert (whole["ok"], whole["excluded"], round(whole["success"], 3)) == (2, 1, 0.667)
        seen = (await client.get(f"{here}/observability")).json()
        assert "heartbeat" in seen["inputs"]["0"]
        assert any(not one["observable"] and one["missing"] for one in seen["detectors"])


async def test_what_makes_no_sense_or_is_not_there_is_said(network: Network) -> None:
    await network.add_station("CP-1")
    async with tool(network, Permission.STATIONS_READ) as client:
        for query in ("by=token", "since=2026-01-01T00:00:00", "since=2020-01-01T00:00:00Z", "limit=0"):
            assert (await client.get(f"/attempts/rates?{query}")).status_code == 422
        unknown = shown("sta", new_id())
        for path in (f"/stations/{unknown}/attempts", f"/stations/{unknown}/observability"):
            assert (await client.get(path)).status_code == 404
    async with tool(network, Permission.INVOICES_READ) as client:
        assert (await client.get("/attempts/rates")).status_code == 403

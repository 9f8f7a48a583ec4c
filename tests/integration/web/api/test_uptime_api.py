"""The API's uptime: the same figures as the page, for those who may see the place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from laddverk.access import service as access
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


async def test_a_program_reads_the_uptime_of_a_charger_and_of_its_site(network: Network) -> None:
    station = await network.add_station("CP-1")
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO station_connection (station_id, epoch, connected_at, protocol, remote_address)"
            " VALUES ($1, 1, $2, 'ocpp1.6', '10.0.0.1')",
            station, now - timedelta(hours=4),
        )  # fmt: skip
        for minutes, status in ((240, "available"), (60, "faulted")):
            await tx.execute(
                "INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key,"
                " same_since, status, received_at) VALUES ($1, 1, 1, $2, $3, $2, $3, $2)",
                station, now - timedelta(minutes=minutes), status,
            )  # fmt: skip
        site = await tx.value("SELECT site_id FROM station WHERE id = $1", station)
        who = new_id()
        await tx.execute(
            "INSERT INTO operator (id, name, email, role, password_hash, created_at)"
            " VALUES ($1, 'Brf Ek', 'ek@example.com', 'site_host', 'x', $2)",
            who, now,
        )  # fmt: skip
        await tx.execute("INSERT INTO operator_site (operator_id, site_id) VALUES ($1, $2)", who, site)
    async with tool(network, Permission.STATIONS_READ) as client:
        host = f"/uptime/hosts/{shown('opr', who)}"
        for href in (f"/uptime/stations/{shown('sta', station)}", f"/uptime/sites/{shown('sit', site)}", host):
            for period in ({}, {"period": f"{now.year}"}):
                answer = (await client.get(href, params=period)).json()
                (outlet,) = [one for one in answer["outlets"] if one["evse"] == 1]
                honest = next(one for one in outlet["figures"] if one["policy"] == "honest")
                # from the first of a month on, less of the four hours lies in it
                assert honest["outage_s"] <= 3_600 + 300  # and as long as the test has taken
                assert honest["uptime"] == pytest.approx(1 - honest["outage_s"] / honest["eligible_s"])
                assert [one["end"] for one in answer["outages"] if one["evse"] == 1] == [None]
        answer = (await client.get(host)).json()
        assert (answer["host"], answer["site"], answer["station"]) == (shown("opr", who), "", None)
        assert (answer["remote_fix_share"], answer["first_time_fix_share"]) == (None, None)
        assert (await client.get("/uptime/hosts/opr_" + "0" * 32)).status_code == 404
        assert (await client.get(f"/uptime/sites/{shown('sit', site)}?period=soon")).status_code == 422
        assert (await client.get(f"/uptime/sites/{shown('sit', site)}?period=2099")).status_code == 422
        assert (await client.get("/uptime/sites/sit_" + "0" * 32)).status_code == 404
        assert (await client.get("/uptime/stations/sta_" + "0" * 32)).status_code == 404
    async with tool(network, Permission.SESSIONS_READ) as client:
        assert (await client.get(f"/uptime/sites/{shown('sit', site)}")).status_code == 403

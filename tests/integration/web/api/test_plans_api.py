"""The API's plans, subscriptions and accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from laddverk.kernel.actors import Permission
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from tests.integration.web.api.test_api import with_scopes
from tests.network import Network, network_on

P = Permission


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    """A small network with one station."""
    async with network_on(database, tmp_path) as found:
        await found.add_station("A")
        yield found


@pytest.fixture
async def client(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the whole web face."""
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as opened:
        yield opened


async def test_a_tool_offers_a_plan_begins_it_for_a_driver_and_reads_what_a_change_comes_to(
    network: Network, client: httpx.AsyncClient
) -> None:
    tool = await with_scopes(network, client, P.TARIFFS_WRITE, P.TARIFFS_READ, P.DRIVERS_READ, P.DRIVERS_WRITE)
    plan = await tool("POST", "/plans", {"name": "Plus", "terms": {"fee_minor": 9900, "included_wh": 20000}})
    assert plan.status_code == 201, plan.text
    plan_id = plan.json()["id"]
    ada = (await tool("POST", "/drivers", {"email": "ada@example.se", "name": "Ada"})).json()["id"]
    begun = await tool("POST", "/subscriptions", {"plan_id": plan_id, "driver_id": ada})
    assert begun.status_code == 201, begun.text
    subscription = begun.json()
    assert (subscription["state"], subscription["fee_minor"]) == ("active", 9900)
    again = await tool("POST", "/subscriptions", {"plan_id": plan_id, "driver_id": ada})
    assert again.status_code == 409
    change = f"/subscriptions/{subscription['id']}/change"
    dry = await tool("POST", change, {"do": "cancel", "dry_run": True})
    assert dry.status_code == 200, dry.text
    assert dry.json()["ends_on"] is not None
    assert (await tool("GET", "/subscriptions")).json()["items"][0]["ends_on"] is None
    await tool("POST", change, {"do": "cancel", "reason": "moves"})
    assert (await tool("GET", "/subscriptions?state=cancelled")).json()["total"] == 1
    wrong = await tool("POST", "/subscriptions", {"plan_id": plan_id})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "driver_id")
    reader = await with_scopes(network, client, P.DRIVERS_READ)
    assert (await reader("POST", change, {"do": "keep"})).status_code == 403


async def test_a_tool_opens_an_account_and_sets_limits(network: Network, client: httpx.AsyncClient) -> None:
    tool = await with_scopes(network, client, P.DRIVERS_READ, P.DRIVERS_WRITE)
    ada = (await tool("POST", "/drivers", {"email": "ada@example.se", "name": "Ada"})).json()["id"]
    account = {"owner_id": ada, "name": "Brf Eken", "org_number": "556036-0793", "limit_minor": 500_000}
    bad = await tool("POST", "/accounts", account | {"org_number": "1"})
    assert (bad.status_code, bad.json()["field"]) == (422, "org_number")
    made = await tool("POST", "/accounts", account)
    assert made.status_code == 201, made.text
    account_id, member = made.json()["account"]["id"], made.json()["members"][0]["id"]
    assert (await tool("PUT", f"/members/{member}/limit", {"limit_minor": 10_000})).status_code == 204
    found = (await tool("GET", f"/accounts/{account_id}")).json()
    assert found["members"][0]["limit_minor"] == 10_000
    invited = await tool("POST", f"/accounts/{account_id}/invitations", {"email": "kim@example.se"})
    assert invited.status_code == 202
    assert (await tool("POST", f"/members/{member}/remove", {"reason": "x"})).status_code == 409
    assert (await tool("GET", "/accounts?search=eken")).json()["total"] == 1

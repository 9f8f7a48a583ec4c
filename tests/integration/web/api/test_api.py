"""The API as a program meets it: keys, scopes, errors that name the field, and the way from a site to a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.platform.database import Database
from laddverk.web.api.routes import PATH, description
from laddverk.web.app import create_app
from tests.network import ACTOR, Network, network_on


class Program:
    """A program with a key."""

    def __init__(self, client: httpx.AsyncClient, key: str | None) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def __call__(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self._client.request(method, PATH + path, json=body, headers=self._headers)


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


async def with_scopes(network: Network, client: httpx.AsyncClient, *scopes: Permission) -> Program:
    """Return a program whose new key has `scopes`."""
    async with network.house.database.transaction() as tx:
        made = await access.create_api_key(tx, ACTOR, "test", list(scopes), network.house.clock())
    return Program(client, made.secret)


def operations() -> list[tuple[str, str]]:
    """Return every method and path of the published description."""
    return [
        (method.upper(), path.removeprefix(PATH))
        for path, methods in description()["paths"].items()
        for method in methods
    ]


@pytest.mark.parametrize(("method", "path"), operations())
async def test_nothing_answers_without_a_key(client: httpx.AsyncClient, method: str, path: str) -> None:
    for program in (Program(client, None), Program(client, "lvk_wrong")):
        answer = await program(method, path, {})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), [each for each in operations() if each[1] != "/me"])
async def test_a_key_without_scopes_may_do_nothing(
    network: Network, client: httpx.AsyncClient, method: str, path: str
) -> None:
    program = await with_scopes(network, client)

    assert (await program(method, path, {})).status_code == 403


async def test_from_a_site_to_a_command(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)
    site = (await program("POST", "/sites", {"name": "Hamngatan 3", "code": "HAM"})).json()
    made = await program(
        "POST",
        "/stations",
        {"site_id": site["id"], "identity": "NEW-1", "name": "New", "connectors": [{"evse_number": 1}]},
    )
    assert made.status_code == 201, made.text
    station = made.json()["station_id"]
    assert len(made.json()["password"]) >= 32

    connectors = (await program("GET", f"/stations/{station}/connectors")).json()
    assert connectors[0]["code"].startswith("HAM-")
    sent = await program(
        "POST", f"/stations/{station}/commands", {"command": {"kind": "reset", "reset": "soft"}, "reason": "test"}
    )
    assert sent.status_code == 202, sent.text
    command = sent.json()
    assert command["state"] == "queued"
    assert (await program("GET", f"/commands/{command['id']}")).json()["kind"] == "reset"
    listed = (await program("GET", "/stations?search=New")).json()
    assert [each["id"] for each in listed["items"]] == [station]


async def test_bad_input_names_the_field(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)

    answer = await program("POST", "/sites", {"name": "", "code": "lower case"})
    assert answer.status_code == 422
    assert answer.json()["field"] in ("name", "code")
    assert (await program("GET", "/sessions?limit=100000")).json()["field"] == "limit"
    assert (await program("GET", "/stations/sta_nonsense")).status_code in (404, 422)
    assert (await program("GET", "/sessions?site_id=ses_123")).json()["field"] == "site_id"


@pytest.mark.parametrize(
    "path",
    ["/sites", "/stations", "/sessions", "/tariffs", "/drivers", "/tokens", "/payments", "/invoices", "/ledger/accounts",
     "/audit", "/me"],
)  # fmt: skip
async def test_every_list_answers_on_an_empty_network(network: Network, client: httpx.AsyncClient, path: str) -> None:
    program = await with_scopes(network, client, *Permission)

    answer = await program("GET", path)

    assert answer.status_code == 200, answer.text


async def test_the_description_is_served_to_keys(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client)

    document = (await program("GET", "/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) == len(description()["paths"])



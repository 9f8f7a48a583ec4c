"""The API as a program meets it: keys, scopes, errors that name the field, and the way from a site to a command."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.platform.database import Database
from laddverk.web.api.keys import FAILURES_MAX
from laddverk.web.api.routes import PATH, description
from laddverk.web.app import create_app
from tests.network import ACTOR, BOOT_16, Network, ask, network_on


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


async def test_nothing_answers_without_a_key(network: Network) -> None:
    app = create_app(network.house)
    for number, (method, path) in enumerate(operations()):
        address = (f"10.0.0.{number}", 40_000)  # one each: an address that fails too often is not answered any more
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=address)
        async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as client:
            answer = await Program(client, "lvk_wrong" if number % 2 else None)(method, path, {})
        assert answer.status_code == 401, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_guesser_is_held_back(client: httpx.AsyncClient) -> None:
    guesser = Program(client, "lvk_guess")
    answers = [(await guesser("GET", "/me")).status_code for _ in range(FAILURES_MAX + 1)]
    assert answers[0] == 401
    assert answers[-1] == 429


async def test_a_key_may_do_nothing_beyond_its_scopes(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, Permission.STAFF_WRITE)
    for method, path in operations():
        if path != "/me":
            assert (await program(method, path, {})).status_code == 403, (method, path)


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


async def test_a_driver_a_tariff_and_a_charge_by_program(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)
    station = f"sta_{network.station_ids['A'].hex}"
    prices = {"components": [{"dimension": "energy", "price": "4.90"}]}
    made = await program("POST", "/tariffs", {"name": "Flat", "tariff": prices})
    assert made.status_code == 201, made.text
    tariff = made.json()["id"]
    dearer = {"components": [{"dimension": "energy", "price": "5.90"}]}
    assert (await program("POST", f"/tariffs/{tariff}/versions", dearer)).json()["version"] == 2
    assert (await program("POST", f"/tariffs/{tariff}/choices", {"station_id": station})).status_code == 201
    person = {"email": "a@example.com", "name": "A Driver"}
    driver = (await program("POST", "/drivers", person)).json()["id"]
    renamed = await program("PUT", f"/drivers/{driver}", {**person, "name": "Another"})
    assert renamed.json()["name"] == "Another"

    async with network.socket("A") as charger:
        await ask(charger, "BootNotification", BOOT_16)
        free = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
        await ask(charger, "StatusNotification", free)
        start = {"station_id": station, "evse_number": 1, "driver_id": driver}
        started = await program("POST", "/sessions", start)
        assert started.status_code == 202, started.text
        call = json.loads(await charger.recv())

    assert started.json()["kind"] == "start_charging"
    assert call[2] == "RemoteStartTransaction"


async def test_a_new_key_makes_the_old_one_worthless(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)
    station = f"sta_{network.station_ids['A'].hex}"

    rotated = await program("POST", f"/stations/{station}/rotate-key", {"reason": "test"})

    assert rotated.status_code == 200, rotated.text
    with pytest.raises(InvalidStatus):
        async with network.socket("A"):
            pass
    network.keys["A"] = rotated.json()["password"]
    async with network.socket("A") as charger:
        assert (await ask(charger, "Heartbeat", {}))[0] == 3
    assert (await program("GET", "/knocks")).status_code == 200


async def test_bad_input_names_the_field(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)

    answer = await program("POST", "/sites", {"name": "", "code": "lower case"})
    assert answer.status_code == 422
    assert answer.json()["field"] in ("name", "code")
    assert (await program("GET", "/sessions?limit=100000")).json()["field"] == "limit"
    assert (await program("GET", "/stations/sta_nonsense")).status_code in (404, 422)
    assert (await program("GET", "/sessions?site_id=ses_123")).json()["field"] == "site_id"


async def test_every_list_answers_on_an_empty_network(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)
    for method, path in operations():
        if method == "GET" and "{" not in path:
            answer = await program("GET", path)
            assert answer.status_code == 200, (path, answer.text)


def test_describing_the_api_does_not_change_how_the_program_logs() -> None:
    before = list(logging.getLogger().handlers)
    description()
    assert logging.getLogger().handlers == before


async def test_the_description_is_served_to_keys(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, Permission.STATIONS_READ)

    document = (await program("GET", "/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) == len(description()["paths"])

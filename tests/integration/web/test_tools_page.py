"""Every request that docs/tools.md shows is made here, in its order, with a station that is there."""

from __future__ import annotations

import json
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, parsed, shown
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Tariff
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests.integration.authorisation.field import charger_at, driver_with, until, working
from tests.network import ACTOR, Network
from tests.pki import entity

PAGE = Path(__file__).parents[3] / "docs" / "tools.md"
REQUEST = re.compile(
    r"api (?:-X (?P<method>[A-Z]+)\s+)?\"?\$URL(?P<path>[^\s\"]+)\"?(?:\s+-d '(?P<body>.*?)')?", re.DOTALL
)
SCOPES = re.compile(r"scopes\s+`([a-z:\s]+)`")


def requests() -> list[tuple[str, str, Any]]:
    """Return what the page shows: method, path, body."""
    text = re.sub(r"\s*#[^\n{]*$", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [
        (found["method"] or "GET", found["path"], json.loads(found["body"]) if found["body"] else None)
        for found in REQUEST.finditer(text)
    ]


def test_the_page_shows_requests_and_names_the_scopes_that_they_need() -> None:
    named = SCOPES.search(PAGE.read_text(encoding="utf-8"))
    assert named is not None
    assert set(named[1].split()) <= {permission.value for permission in Permission}
    assert len(requests()) > 20


def scopes() -> list[Permission]:
    named = SCOPES.search(PAGE.read_text(encoding="utf-8"))
    assert named is not None
    return [Permission(word) for word in named[1].split()]


class Names:
    """What stands for the `…` of the page."""

    def __init__(self, **known: str) -> None:
        self.known = known

    def filled(self, text: str) -> str:
        """Return a text of the page with real ids."""
        return re.sub(r"\b([a-z]{3})_…", lambda found: self.known[found[1]], text)

    def learn(self, answer: Any) -> None:
        """Keep the ids of an answer: the next request means the newest."""
        for key in ("id", "station_id", "command_id"):
            if isinstance(answer, dict) and isinstance(text := answer.get(key), str):
                self.known[text[:3]] = text


async def test_every_request_of_the_page_is_answered_as_it_says(database: Database, tmp_path: Path) -> None:
    root = entity("Root of a tool", ca=True)
    async with working(database, tmp_path) as network:
        driver_id, (token_id,) = await driver_with(network, "04DDEEFF00")
        await give_a_price(network)
        async with database.transaction() as tx:
            key = await access.create_api_key(tx, ACTOR, "tool", scopes(), network.house.clock())
        transport = httpx.ASGITransport(create_app(network.house))
        headers = {"Authorization": f"Bearer {key.secret}"}
        names = Names(
            sit=shown("sit", network.site_id), drv=shown("drv", driver_id), tok=shown("tok", token_id)
        )  # fmt: skip
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://test" + PATH, headers=headers) as tool,
            AsyncExitStack() as chargers,
        ):
            for method, path, body in requests():
                text = names.filled(json.dumps(body, ensure_ascii=False)).replace("9f86…", "9f86" * 16)
                given = json.loads(text.replace("-----BEGIN CERTIFICATE-----…", json.dumps(root.pem)[1:-1]))
                if "sta" in names.known and "CP-1" not in network.keys:
                    await connect(network, chargers, names.known["sta"])
                answer = await tool.request(method, names.filled(path), json=given)
                assert answer.is_success, f"{method} {path}: {answer.text}"
                if path.endswith("/calls"):
                    assert answer.json()["answer"]["getVariableResult"][0]["attributeStatus"] == "Accepted"
                if answer.content:
                    names.learn(answer.json())
                    if "password" in answer.json():
                        network.keys["made"] = answer.json()["password"]


async def connect(network: Network, chargers: AsyncExitStack, station: str) -> None:
    """Let a simulated charger come in with the key that the API gave out."""
    network.keys["CP-1"] = network.keys.pop("made")
    network.station_ids["CP-1"] = StationId(parsed("sta", station))
    await chargers.enter_async_context(charger_at(network, "CP-1", Protocol.V201))

    async def is_free() -> Any:
        return await network.value("SELECT status = 'available' FROM connector WHERE evse_number = 1")

    await until(is_free)


async def give_a_price(network: Network) -> None:
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        made = await tariffs.create(tx, ACTOR, "Free", Tariff(currency="SEK", free=True), now)
        await tariffs.choose(tx, ACTOR, made.tariff_id, now, site_id=network.site_id)

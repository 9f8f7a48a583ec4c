"""Looks at everything that people and programs can look at, after the storm: no page and no list may break."""

from __future__ import annotations

import re
from collections import Counter, deque
from urllib.parse import urljoin, urlsplit

import httpx

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import Permission, Role
from laddverk.web.app import create_app
from tests.network import ACTOR, Network

HOME = "http://testserver"
PASSWORD = "kaffe traktor molnfri"
LINK = re.compile(r'(?:href|hx-get)="(/console[^"#]*)"')
ID = re.compile(r"[a-z]{3}_[0-9a-f]{32}|(?<==)[^&]+|(?<=/)\d+(?=/|$)")
NOT_PAGES = re.compile(r"/logout|/live|/static/")
SAME_KIND_MAX = 3
PAGES_MAX = 400


async def looked_at(network: Network) -> Counter[int]:
    """Return how many addresses answered with which status: pages by following links, then all lists of the API."""
    house = network.house
    async with house.database.transaction() as tx:
        await access.create_staff(
            tx, ACTOR, StaffDetails(email="fuzz@example.com", name="Fuzz", role=Role.ADMIN), PASSWORD, house.clock()
        )
        made = await access.create_api_key(tx, ACTOR, "fuzz", frozenset(Permission), house.clock())
    app = create_app(house)
    seen: Counter[int] = Counter()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=HOME, timeout=60.0) as client:
        form = {"email": "fuzz@example.com", "password": PASSWORD}
        signed_in = await client.post("/console/login", data=form, headers={"origin": HOME})
        assert signed_in.status_code in (302, 303), signed_in.text[:500]
        await _follow(client, seen)
        await _lists(client, seen, {"Authorization": f"Bearer {made.secret}"})
    return seen


async def _follow(client: httpx.AsyncClient, seen: Counter[int]) -> None:
    waiting = deque(["/console", "/console/stations", "/console/sessions"])
    kinds: Counter[str] = Counter()
    done: set[str] = set()
    while waiting and len(done) < PAGES_MAX:
        address = waiting.popleft()
        if address in done or NOT_PAGES.search(address) or kinds[ID.sub("*", address)] >= SAME_KIND_MAX:
            continue
        kinds[ID.sub("*", address)] += 1
        done.add(address)
        page = await client.get(address)
        seen[page.status_code] += 1
        if "html" in page.headers.get("content-type", ""):
            waiting.extend(urljoin(address, link.replace("&amp;", "&")) for link in LINK.findall(page.text))


async def _lists(client: httpx.AsyncClient, seen: Counter[int], headers: dict[str, str]) -> None:
    described = (await client.get("/api/v1/openapi.json", headers=headers)).json()
    for path, ways in described["paths"].items():
        if "get" not in ways or "{" in path:
            continue
        page = await client.get(urlsplit(path).path, headers=headers)
        seen[page.status_code] += 1

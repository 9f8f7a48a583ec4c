"""The API's support cases, opened, noted and closed by a program; and the pages on which drivers write and read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from tests.integration.web.api.test_uptime_api import tool
from tests.network import Network, network_on

OURS = {"sec-fetch-site": "same-origin"}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path, operator_phone="010-123") as made:
        yield made


async def test_a_program_opens_notes_and_closes_a_case(network: Network) -> None:
    station = shown("sta", await network.add_station("CP-1"))
    new = {"kind": "no_start", "text": "It beeps", "station": station, "evse": 1, "contact_email": "ada@example.se"}
    async with tool(network, Permission.CASES_READ, Permission.CASES_WRITE) as client:
        made = (await client.post("/cases", json=new)).json()
        assert (made["state"], made["channel"], made["subject"], made["station"]) == (
            "open",
            "api",
            "It beeps",
            station,
        )
        place = f"/cases/{made['id']}"
        assert (await client.post(f"{place}/notes", json={"note": "Called back"})).status_code == 201
        assert (await client.post(f"{place}/notes", json={"note": "a\u0000b"})).status_code == 422
        timeline = (await client.get(place)).json()["timeline"]
        assert {one["body"] for one in timeline} == {"", "It beeps", "Called back"}
        assert [one["id"] for one in (await client.get("/cases?search=beeps")).json()["items"]] == [made["id"]]
        assert (await client.post(f"{place}/close", json={"outcome": "no"})).status_code == 422
        closed = (await client.post(f"{place}/close", json={"outcome": "explained"})).json()
        assert (closed["state"], closed["outcome"]) == ("closed", "explained")
        assert (await client.post(f"{place}/close", json={"outcome": "explained"})).status_code == 409
        for wrong in ({"kind": "x"}, {"text": ""}, {"contact_email": "no"}, {"priority": 9}, {"station": "sta_x"}):
            assert (await client.post("/cases", json=new | wrong)).status_code in (400, 422), wrong
        assert (await client.get(f"/cases/{shown('cas', new_id())}")).status_code == 404
    async with tool(network, Permission.STATIONS_READ) as client:
        assert (await client.get("/cases")).status_code == 403
        assert (await client.post("/cases", json=new)).status_code == 403


async def test_a_driver_writes_from_the_help_page_and_reads_the_case_by_its_address(network: Network) -> None:
    await network.add_station("CP-1")
    code = str(await network.value("SELECT code FROM connector ORDER BY code LIMIT 1"))
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    url = network.house.settings.web_url
    async with httpx.AsyncClient(transport=transport, base_url=url, cookies={"language": "en"}) as client:
        assert "/help/write" in (await client.get("/help")).text
        assert f'value="{code}"' in (await client.get(f"/help/write?from=/u/{code}")).text
        form = {"kind": "cable", "text": f"{HOSTILE} stuck", "code": code, "email": "bo@example.se", "tell": "yes"}
        for wrong in ({"kind": ""}, {"text": ""}, {"email": ""}, {"email": "x"}, {"code": "NO-1"}):
            answer = await client.post("/help/write", data=form | wrong, headers=OURS)
            assert answer.status_code == 422, wrong
        answer = await client.post("/help/write", data=form, headers=OURS)
        assert answer.status_code == 303, answer.text
        path = answer.headers["location"]
        page = (await client.get(path)).text
        assert HOSTILE not in page
        assert "Case 2001" in page
        assert "You get a mail when the charger works again." in page
        answer = await client.post(path, data={"text": "Still stuck"}, headers=OURS)
        assert answer.status_code == 303
        assert "Still stuck" in (await client.get(path)).text
        assert (await client.post(path, data={"text": " "}, headers=OURS)).status_code == 422
        assert (await client.get(path[:-1] + ("a" if path[-1] != "a" else "b"))).status_code == 404
        assert (await client.get("/help/cases/2001")).status_code == 404, "a number opens nothing"
    found = await network.value("SELECT count(*) FROM support_case WHERE report_id IS NOT NULL AND tell_when_mended")
    assert found == 1

"""Planning as programs and boards see it: usage, bottlenecks, a study asked, played, read as JSON, CSV and PDF."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import httpx

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import new_id, shown
from laddverk.planning.usage.service import keep_up
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests.integration.planning.test_studies import FIRST, NOW, site  # noqa: F401 - the same site
from tests.integration.planning.usage_field import OTHER_SITE, SITE
from tests.network import ACTOR, Network

DAY = "INSERT INTO site_day (site_id, day, made_at, found) VALUES ($1, $2, $3, $4)"
PASSWORD = "kaffe traktor molnfri"
KEY = frozenset({Permission.SESSIONS_READ, Permission.STATIONS_READ, Permission.STATIONS_WRITE})


@asynccontextmanager
async def program(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    async with network.house.database.transaction() as tx:
        made = await access.create_api_key(tx, ACTOR, "planner", KEY, NOW)
    headers = {"Authorization": f"Bearer {made.secret}"}
    url = network.house.settings.web_url
    transport = httpx.ASGITransport(create_app(network.house))
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as client:
        yield client


async def test_a_program_reads_usage_and_bottlenecks_and_has_a_site_studied(site: Network) -> None:  # noqa: F811
    house, place = site.house, shown("sit", SITE)
    while await house.database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    async with program(site) as client:
        period = {"first": FIRST.isoformat(), "last": "2026-10-25"}
        use = (await client.get(f"{PATH}/usage", params={**period, "by": "site"})).json()
        assert {one["name"]: one["sessions"] for one in use["groups"]} == {"Site 0": 112, "Site 1": 0}
        assert use["whole"]["sessions"] == 112
        assert use["whole"]["energy_wh"] > 112 * 8_000
        mine = (await client.get(f"{PATH}/usage", params={**period, "by": "outlet", "site": place})).json()
        assert sum(one["sessions"] for one in mine["groups"]) == 112
        assert use["whole"]["turnover_per_h"] > 0
        assert use["whole"]["margin_minor"] is None
        assert 0 < use["coincidence"] < 1
        assert {"turnover_per_h", "coincidence", "margin_minor", "unseen"} <= set(use["formulas"])
        by_hour = (await client.get(f"{PATH}/usage", params={**period, "by": "hour"})).json()
        assert {one["revenue_minor"] for one in by_hour["groups"]} == {None}
        beside = (await client.get(f"{PATH}/usage/compare", params=period)).json()
        assert (date.fromisoformat(beside["first"]) - date.fromisoformat(beside["last2"])).days == 1
        figures = {one["name"]: one for one in beside["figures"]}
        assert figures["began"]["first"] == 112
        assert figures["coincidence"]["first"] == use["coincidence"]
        assert (await client.get(f"{PATH}/usage", params={"last": "0001-01-01"})).status_code == 200
        backwards = {"first": "2026-10-02", "last": "2026-10-01"}
        assert (await client.get(f"{PATH}/usage", params=backwards)).status_code == 422
        held = (await client.get(f"{PATH}/bottlenecks")).json()
        assert {"Site 0", "Site 1"} <= {one["name"] for one in held}
        assert [one["name"] for one in held if one["is_managed"]] == ["Site 0"]
        reasons = [each for one in held for each in one["found"]]
        assert all(each["evidence"] and each["formula"] for each in reasons)
        spots = (await client.get(f"{PATH}/wanted-spots")).json()
        assert all(one["score"] == one["drivers"] + one["refusals_month"] for one in spots)
        day = {"currency": "SEK", "sessions": 3, "given_wh": 30_000.0, "cost": 45.0, "best_cost": 40.0,
               "over": {"forecast": 5.0}}  # fmt: skip
        async with house.database.transaction() as tx:
            await tx.execute(DAY, SITE, (NOW - timedelta(days=1)).date(), NOW, day)
        (best,) = (await client.get(f"{PATH}/circuits/{place}/days")).json()["days"]
        assert (best["cost"], best["best_cost"], best["over"]) == (45.0, 40.0, {"forecast": 5.0})

        wanted = {"site": place, "first": "2026-10-05", "last": "2026-10-11", "draws": 1, "ports_more": [1],
                  "title": "Garaget", "growth": 0.5, "scenarios": [0.0]}  # fmt: skip
        asked = await client.post(f"{PATH}/studies", json=wanted)
        assert asked.status_code == 201, asked.text
        await house.worker.run_until_idle()
        study = (await client.get(f"{PATH}/studies/{asked.json()['id']}")).json()
        assert (study["state"], study["share_done"]) == ("done", 1.0)
        assert {"rotation", "fuse", "ports"} <= {one["kind"] for one in study["options"]}
        assert 0 < study["as_is"]["delivered"] <= 1
        assert [one["growth"] for one in study["scenarios"]] == [0.0, 0.5]
        assert study["scenarios"][1]["options"] == study["options"]
        listed = (await client.get(f"{PATH}/studies", params={"site": place, "state": "done"})).json()
        assert [one["title"] for one in listed["items"]] == ["Garaget"]
        for wrong in ({"site": shown("sit", new_id())}, {"draws": 0}, {"last": "2027-01-01"}, {"more": 1}):
            assert (await client.post(f"{PATH}/studies", json={**wanted, **wrong})).status_code in (400, 404, 422)

    await _on_paper(site, study["id"])
    await _a_host(site, study["id"], place)


@asynccontextmanager
async def _signed_in(network: Network, role: Role, *sites: object) -> AsyncIterator[httpx.AsyncClient]:
    email = f"{role.value}@example.se"
    details = StaffDetails(email=email, name=role.value, role=role, language="en", site_ids=tuple(sites))
    async with network.house.database.transaction() as tx:
        await access.create_staff(tx, ACTOR, details, PASSWORD, NOW)
    transport, own = httpx.ASGITransport(create_app(network.house)), {"sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(
        transport=transport, base_url=network.house.settings.web_url, headers={**own, "accept-language": "en"}
    ) as client:  # fmt: skip
        answer = await client.post("/console/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client


async def _on_paper(network: Network, study: str) -> None:
    async with _signed_in(network, Role.OPERATOR) as browser:
        paper = await browser.get(f"/console/studies/{study}/report.pdf")
        assert paper.content.startswith(b"%PDF-")
        rows = (await browser.get(f"/console/studies/{study}/report.csv")).text.splitlines()
        assert "delivered_p50" in rows[0]
        assert len(rows) > 4
        page = (await browser.get(f"/console/studies/{study}")).text
        assert "If more or fewer drivers come" in page
        assert "50 % (reckoned with)" in page.replace("\xa0", " ").replace("50%", "50 %")
        by_refusals = (await browser.get(f"/console/studies/{study}?order=refusals")).text
        assert "the cheapest avoided refusal first" in by_refusals
        assert "Load management, once" in page, "the configuration names every price"
        compared = await browser.get(f"/console/studies/compare?study={study}")
        assert "Garaget" in compared.text


async def _a_host(network: Network, study: str, place: str) -> None:
    async with _signed_in(network, Role.SITE_HOST, OTHER_SITE) as host:
        for page in (f"/{study}", f"/{study}/report.pdf", f"/{study}/report.csv", f"/compare?study={study}"):
            assert (await host.get(f"/console/studies{page}")).status_code == 404
        assert (await host.get(f"/console/bottlenecks/{place}")).status_code == 404

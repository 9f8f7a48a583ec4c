"""Planning as programs and boards see it: usage, bottlenecks, a study asked, played, read as JSON, CSV and PDF."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from math import exp

import httpx
import pytest

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import new_id, shown
from laddverk.planning import jobs
from laddverk.planning.seeking import seeing
from laddverk.planning.seeking import store as seeking
from laddverk.planning.seeking.rules import Wish
from laddverk.planning.usage.service import keep_up
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.web.api.routes import PATH
from laddverk.web.app import create_app
from tests.integration.planning.test_studies import FIRST, NOW, site  # noqa: F401 - the same site
from tests.integration.planning.usage_field import OTHER_SITE, SITE, visit
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
        assert sum(one["revenue_minor"] for one in by_hour["groups"]) == use["whole"]["revenue_minor"]
        assert {one["stay_s"] is None for one in by_hour["groups"] if one["sessions"]} == {False}
        assert use["whole"]["able_utilisation"] is not None
        assert {one["able_utilisation"] is None for one in by_hour["groups"]} == {False}
        beside = (await client.get(f"{PATH}/usage/compare", params=period)).json()
        assert (date.fromisoformat(beside["first"]) - date.fromisoformat(beside["last2"])).days == 1
        figures = {one["name"]: one for one in beside["figures"]}
        assert figures["began"]["first"] == 112
        assert figures["coincidence"]["first"] == use["coincidence"]
        assert (await client.get(f"{PATH}/usage", params={"last": "0001-01-01"})).status_code == 422
        backwards = {"first": "2026-10-02", "last": "2026-10-01"}
        assert (await client.get(f"{PATH}/usage", params=backwards)).status_code == 422
        held = (await client.get(f"{PATH}/bottlenecks")).json()
        assert {"Site 0", "Site 1"} <= {one["name"] for one in held}
        assert [one["name"] for one in held if one["is_managed"]] == ["Site 0"]
        reasons = [each for one in held for each in one["found"]]
        assert reasons
        assert all(each["evidence"] and each["formula"] for each in reasons)
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


async def _wishes(network: Network, *senders: bytes) -> None:
    """Let drivers wish for a charger at the same door, none of whom has an account."""
    async with network.house.database.transaction() as tx:
        for number, sender in enumerate(senders):
            wish = Wish(id=new_id(), at=NOW - timedelta(days=9 - number), who="", place="Storgatan 5", note="",
                        latitude=57.7089, longitude=11.9746, state="new")  # fmt: skip
            await seeking.add(tx, wish, None, sender)


async def test_where_a_new_site_is_wanted_says_no_drivers_door_and_reads_what_a_job_has_reckoned(
    site: Network,  # noqa: F811
) -> None:
    house = site.house
    await _wishes(site, b"a")
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE site SET latitude = 57.71, longitude = 11.98 WHERE id = $1", SITE)
        for day in range(28):  # in the evening there is no room
            begins = datetime(2026, 9, 28, 18, tzinfo=UTC) + timedelta(days=day)
            for who, evse in ((0, 1), (0, 2), (1, 1), (1, 2)):
                await visit(tx, begins, begins + timedelta(hours=3), who=who, evse=evse, energy_wh=20_000)
    while await house.database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    async with program(site) as client:
        (spot,) = (await client.get(f"{PATH}/wanted-spots")).json()
        assert (spot["drivers"], spot["refusals_month"], spot["score"]) == (1, 0.0, 1.0), "nothing is reckoned yet"
        assert (spot["latitude"], spot["longitude"]) == pytest.approx((57.705, 11.97)), "the middle, not the door"
        assert spot["place"] == "", "one driver's own words tell where that one lives"
        async with house.database.transaction() as tx:
            await enqueue(tx, [NewJob(jobs.REFUSALS, {})])
        await house.worker.run_until_idle()
        held = (await client.get(f"{PATH}/bottlenecks", params={"site": shown("sit", SITE)})).json()[0]
        lost = sum(one["sessions_lost"] for one in held["found"] if one["kind"] in ("ports", "overstay", "reliability"))
        assert lost > 12
        await _wishes(site, b"b", b"c")
        (spot,) = (await client.get(f"{PATH}/wanted-spots")).json()
        assert (spot["drivers"], spot["place"]) == (3, "Storgatan 5")
        (away,) = spot["sites_near"].values()
        assert spot["refusals_month"] == pytest.approx(lost / 12 * exp(-away / 1.5), rel=1e-6)
        assert spot["score"] == pytest.approx(3 + spot["refusals_month"])


async def test_sites_are_reckoned_some_at_a_time_until_all_are(
    site: Network,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seeing, "SITES_AT_ONCE", 1)
    async with site.house.database.transaction() as tx:
        await enqueue(tx, [NewJob(jobs.REFUSALS, {})])
    await site.house.worker.run_until_idle()
    async with site.house.database.transaction() as tx:
        assert await tx.values("SELECT site_id FROM site_refusal ORDER BY 1") == await tx.values(
            "SELECT id FROM site ORDER BY 1"
        )


async def test_what_is_compared_is_a_period_or_a_place_and_faults_name_their_field(site: Network) -> None:  # noqa: F811
    here, there = shown("sit", SITE), shown("sit", OTHER_SITE)
    period = {"first": FIRST.isoformat(), "last": "2026-10-25", "site": here}
    async with program(site) as client:

        async def days(**more: str) -> tuple[str, str]:
            told = (await client.get(f"{PATH}/usage/compare", params={**period, **more})).json()
            return told["first2"], told["last2"]

        assert await days() == ("2026-08-31", "2026-09-27")
        assert await days(site2=there) == (period["first"], period["last"]), "another place, in the same period"
        assert await days(site2=there, last2="2026-09-27") == ("2026-08-31", "2026-09-27")
        assert await days(last2="2026-05-31") == ("2026-05-04", "2026-05-31")
        assert await days(site2=there, first2="2026-09-21") == ("2026-09-21", "2026-09-27")
        for odd in ({"last2": "0001-01-01"}, {"first2": "2026-10-26"}):
            refused = await client.get(f"{PATH}/usage/compare", params={**period, **odd})
            assert (refused.status_code, refused.json()["field"]) == (422, "first2"), "no other period in its place"
        assert await days(first="2015-01-01", last="2015-01-31") == ("2015-01-01", "2015-01-01")
        site.house.clock = lambda: datetime(2026, 10, 26, 23, 30, tzinfo=UTC)
        today = (await client.get(f"{PATH}/usage")).json()
        assert (today["first"], today["last"]) == ("2026-09-30", "2026-10-27"), "it is the next day at home"
        assert (await client.get(f"{PATH}/usage", params={"last": "2026-10-28"})).status_code == 422
        nowhere = await client.get(f"{PATH}/usage/compare", params={**period, "site2": "nowhere"})
        assert (nowhere.status_code, nowhere.json()["field"]) == (422, "site2")


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

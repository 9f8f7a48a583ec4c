"""Where a charger is missing: drivers say it on a page of its own, staff decide, the map and the list agree."""

from __future__ import annotations

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from tests.integration.web.console.conftest import FORMULA, HOSTILE, Browser, SignedIn, World

GOOD = {"place": "Kajen, Göteborg", "position": "57.7089, 11.9746", "note": "At night, twice a week."}
LONG = "x" * 1_001


async def kept(world: World) -> list[tuple[str, str]]:
    async with world.house.database.transaction() as tx:
        rows = await tx.values("SELECT place || '|' || state FROM place_wish ORDER BY at, id")
        return [tuple(one.split("|")) for one in rows]


async def test_anybody_may_say_where_a_charger_is_missing(world: World, stranger: Browser) -> None:
    page = await stranger.open("/wish")
    assert page.status_code == 200
    assert 'name="place"' in page.text
    said = await stranger.send("/wish", **GOOD)
    assert said.status_code == 303
    assert said.headers["location"].split("?")[0] == "/"
    assert (await stranger.send("/wish", place="Torget", position="")).status_code == 303  # nowhere on the map
    assert await kept(world) == [("Kajen, Göteborg", "new"), ("Torget", "new")]


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("place", {"place": ""}),
        ("place", {"place": "ab"}),
        ("place", {"place": "x" * 201}),
        ("position", {"position": "by the sea"}),
        ("position", {"position": "57.7"}),
        ("position", {"position": "1, 2, 3"}),
        ("position", {"position": "91, 12"}),
        ("position", {"position": "57, 181"}),
        ("position", {"position": "nan, 12"}),
        ("position", {"position": "inf, 12"}),
        ("note", {"note": LONG}),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_kept(
    world: World, stranger: Browser, field: str, form: dict[str, str]
) -> None:
    answer = await stranger.send("/wish", **(GOOD | form))
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert "Göteborg" in answer.text or field == "place"  # what was typed is there still
    assert await kept(world) == []


async def test_a_campaign_is_stopped_after_a_few(world: World, stranger: Browser) -> None:
    for number in range(5):
        assert (await stranger.send("/wish", **(GOOD | {"place": f"Kajen {number}"}))).status_code == 303
    stopped = await stranger.send("/wish", **GOOD)
    assert stopped.status_code == 429
    assert "several wishes today" in stopped.text
    assert len(await kept(world)) == 5


async def test_staff_see_spots_and_wishes_and_decide(world: World, stranger: Browser, signed_in: SignedIn) -> None:
    for place, position in ((HOSTILE, "57.7089, 11.9746"), (FORMULA, "57.7090, 11.9747"), ("Elsewhere", "")):
        assert (await stranger.send("/wish", place=place, position=position)).status_code == 303
    browser = await signed_in()
    page = await browser.open("/console/seeking")
    assert page.status_code == 200
    assert HOSTILE not in page.text
    assert "Elsewhere" in page.text
    shape = (await browser.open("/console/seeking.json")).json()
    (spot,) = [one for one in shape["features"] if one["properties"]["name"] in (HOSTILE, FORMULA)]
    assert spot["geometry"]["coordinates"] == pytest.approx([11.97, 57.705]), "the middle of that part of the map"
    scored = (await browser.open("/console/seeking/spots.csv")).content.decode().splitlines()
    assert scored[0].endswith('"score","sites_near_by"')
    assert len(scored) > 1
    table = (await browser.open("/console/seeking.csv")).content.decode()
    assert "'" + FORMULA in table
    assert table.count("\n") >= 4
    assert "Elsewhere" not in (await browser.open("/console/seeking?state=built")).text

    async with world.house.database.transaction() as tx:
        wish = shown("wsh", await tx.value("SELECT id FROM place_wish WHERE place = 'Elsewhere'"))
    place = f"/console/seeking/{wish}"
    assert (await browser.send(place, state="sold")).status_code == 422
    assert (await browser.send(f"/console/seeking/{shown('wsh', new_id())}", state="built")).status_code == 404
    assert (await browser.send(place, state="built", reason="opened in May")).status_code in (200, 303)
    assert ("Elsewhere", "built") in await kept(world)
    assert "Elsewhere" in (await browser.open("/console/seeking?state=built")).text
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT reason FROM audit_log WHERE action = 'place_wish.decided'") == "opened in May"


async def test_who_runs_one_site_sees_no_wishes_of_the_network(world: World, signed_in: SignedIn) -> None:
    host = await signed_in(Role.SITE_HOST, world.site)
    for path in ("/console/seeking", "/console/seeking.json", "/console/seeking.csv", "/console/seeking/spots.csv"):
        assert (await host.open(path)).status_code in (403, 404), path

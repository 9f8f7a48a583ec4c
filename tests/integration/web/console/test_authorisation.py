"""Local lists, reservations, groups of tags and what chargers know, as people see and change them."""

from __future__ import annotations

import pytest

from laddverk.access import service as access
from laddverk.access.model import NewToken
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import ACTOR, NOW, SignedIn, World


async def value(world: World, sql: str, *args: object) -> object:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def prepare(world: World) -> None:
    """Give the driver a tag, free the first outlet, and connect the charger with 2.0.1."""
    async with world.house.database.transaction() as tx:
        new = NewToken(uid="0411223344", driver_id=world.driver, group_code="FLEET7")
        await access.create_tokens(tx, ACTOR, [new], NOW)
        await tx.execute("UPDATE session SET ended_at = started_at WHERE ended_at IS NULL")
        await tx.execute("UPDATE connector SET status = 'available'")
        await tx.execute("UPDATE station SET connected_at = $1, protocol = 'ocpp2.0.1'", NOW)
        await tx.execute("INSERT INTO token_presence VALUES ($1, '0411223344', $2, $2)", world.station, NOW)


async def test_the_pages_stand_in_both_languages(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser = await signed_in()
    station, driver = shown("sta", world.station), shown("drv", world.driver)
    paths = [
        f"/console/stations/{station}/access", "/console/lists", "/console/lists?state=off&q=ham",
        "/console/reservations", "/console/reservations?state=active&q=x", "/console/reservations.csv",
        f"/console/drivers/{driver}/chargers", "/console/tokens", "/console/tokens/new",
        f"/console/live/access?id={shown('sta', world.driver)}",
    ]  # fmt: skip
    for language in ("sv", "en"):
        browser.client.cookies.set("language", language)
        for path in paths[:-1]:
            assert (await browser.open(path)).status_code == 200, path
    assert (await browser.open(paths[-1])).status_code == 404


async def test_staff_choose_the_list_of_a_charger_and_of_the_network(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser, station = await signed_in(), shown("sta", world.station)
    address = f"/console/stations/{station}/access"
    refused = await browser.send(f"{address}/choice", scope="groups", groups="")
    assert refused.status_code == 422
    assert (await browser.send(f"{address}/choice", scope="everybody")).status_code == 422
    assert (await browser.send(f"{address}/choice", scope="all")).status_code == 303
    assert await value(world, "SELECT scope FROM list_choice WHERE station_id = $1", world.station) == "all"
    assert await value(world, "SELECT state FROM local_list WHERE station_id = $1", world.station) == "sending"
    assert (await browser.send(f"{address}/choice", scope="")).status_code == 303
    assert await value(world, "SELECT count(*) FROM list_choice") == 0
    chosen = {"scope": "site", "cache_hours": "24", "reason": "the winter"}
    assert (await browser.send("/console/lists", **chosen)).status_code == 303
    assert await value(world, "SELECT cache_hours FROM access_policy") == 24
    assert (await browser.send("/console/lists", scope="site", cache_hours="0", reason="x")).status_code == 422
    assert await value(world, "SELECT count(*) FROM audit_log WHERE action LIKE 'local_list.%'") == 3


async def test_the_rules_for_no_contact_go_to_the_charger_in_its_own_words(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser, station = await signed_in(), shown("sta", world.station)
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO station_variable (station_id, component, variable, value, reported_at, changed_at)"
            " VALUES ($1, 'AuthCtrlr', 'LocalAuthorizeOffline', 'true', $2, $2)",
            world.station,
            NOW,
        )
    sent = {"known": "on", "unknown": "off", "cache": "", "reason": "too many strangers"}
    assert (await browser.send(f"/console/stations/{station}/access/offline", **sent)).status_code == 303
    async with world.house.database.transaction() as tx:
        written = await tx.values(
            "SELECT command->>'variable' FROM command WHERE kind = 'write_variable' ORDER BY created_at, id"
        )
    assert written[-2:] == ["OfflineTxForUnknownIdEnabled", "MasterPassGroupId"]  # what is so already is not written


async def test_an_outlet_is_reserved_and_let_go(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser, station = await signed_in(), shown("sta", world.station)
    address = f"/console/stations/{station}/access/reserve"
    driver = shown("drv", world.driver)
    assert (await browser.send(address, where="1", minutes="30", driver=driver)).status_code == 303
    assert (await browser.send(address, where="1", minutes="30", driver=driver)).status_code == 409
    assert (await browser.send(address, where="9", minutes="30", driver=driver)).status_code == 422
    assert (await browser.send(address, where="", minutes="30", driver="nobody@example.se")).status_code == 422
    page = await browser.open("/console/reservations?state=active")
    assert "Hamngatan 1" in page.text
    reservation = shown("rsv", await value(world, "SELECT id FROM reservation"))  # type: ignore[arg-type]
    assert (await browser.send(f"/console/reservations/{reservation}/cancel", reason="moved")).status_code == 303
    assert (await browser.send(f"/console/reservations/{reservation}/cancel", reason="moved")).status_code == 409
    assert await value(world, "SELECT cancel_id IS NOT NULL FROM reservation")


async def test_chargers_are_asked_about_a_driver_with_a_reason(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser, driver = await signed_in(), shown("drv", world.driver)
    address = f"/console/drivers/{driver}/chargers"
    assert (await browser.send(address, kind="read", reason="")).status_code == 422
    answer = await browser.send(address, kind="read", reason="the driver asked")
    assert answer.status_code == 303
    page = await browser.open(answer.headers["location"])
    assert "0411223344" in page.text
    assert (await browser.open(answer.headers["location"] + "/answers.txt")).text.count("asked") >= 1
    assert (await browser.open(address)).status_code == 200


async def test_a_tag_gets_a_group_or_becomes_a_master(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser = await signed_in()
    token = shown("tok", await value(world, "SELECT id FROM token WHERE uid = '0411223344'"))  # type: ignore[arg-type]
    assert "FLEET7" in (await browser.open(f"/console/tokens/{token}/edit")).text
    assert (await browser.send(f"/console/tokens/{token}/edit", group_code="x" * 30)).status_code == 422
    assert (await browser.send(f"/console/tokens/{token}/edit", valid_until="soon")).status_code == 422
    saved = await browser.send(
        f"/console/tokens/{token}/edit", is_master="yes", label="Guard", valid_until="2030-01-01"
    )
    assert saved.status_code == 303
    assert await value(world, "SELECT is_master FROM token WHERE uid = '0411223344'")
    async with world.house.database.transaction() as tx:
        standing = (await access.standing(tx, ["04 11 22 33 44"], NOW))["04 11 22 33 44"]
    assert (standing.group_code, standing.authorisation) == ("LADDVERKMASTER", "accepted")


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SITE_HOST])
async def test_those_who_only_look_change_nothing(signed_in: SignedIn, world: World, role: Role) -> None:
    await prepare(world)
    browser = await signed_in(role, *([world.site] if role is Role.SITE_HOST else []))
    station = shown("sta", world.station)
    page = await browser.open(f"/console/stations/{station}/access")
    assert page.status_code == 200
    assert "/access/offline" not in page.text or "Skicka" not in page.text
    for path in ("choice", "anew", "clear-cache", "ask", "offline", "reserve"):
        assert (await browser.send(f"/console/stations/{station}/access/{path}", reason="why")).status_code == 403


async def test_all_that_is_known_of_a_driver_is_handed_out_once_asked_and_that_is_audited(
    signed_in: SignedIn, world: World
) -> None:
    await prepare(world)
    browser, driver = await signed_in(), shown("drv", world.driver)
    await browser.send(f"/console/drivers/{driver}/chargers", kind="erase", reason="the driver asked")
    answer = await browser.send(f"/console/drivers/{driver}/data.json")
    assert answer.status_code == 200
    known = answer.json()
    assert "0411223344" in {tag["uid"] for tag in known["tags"]}
    assert known["driver"]["id"] == driver
    assert known["sessions"]
    assert known["sessions"][0]["id"].startswith("ses_")
    assert "provider_ref" not in answer.text
    assert {one["asked_to"] for one in known["chargers"]} == {"erase"}
    assert await value(world, "SELECT count(*) FROM audit_log WHERE action = 'driver.data_handed_out'") == 1
    for role in (Role.SITE_HOST, Role.FINANCE):
        other = await signed_in(role, *([world.site] if role is Role.SITE_HOST else []))
        assert (await other.send(f"/console/drivers/{driver}/data.json")).status_code in (403, 404)

"""Remote control as people use it: start with a limit, restart, ask, take back; and the same of many chargers."""

from __future__ import annotations

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import NOW, SignedIn, World


async def value(world: World, sql: str, *args: object) -> object:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def prepare(world: World, protocol: str = "ocpp2.0.1") -> None:
    """Connect both chargers, with free outlets and no session."""
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET ended_at = started_at WHERE ended_at IS NULL")
        await tx.execute("UPDATE start_request SET cancelled_at = created_at WHERE session_id IS NULL")
        await tx.execute("UPDATE connector SET status = 'available'")
        await tx.execute("UPDATE station SET connected_at = $1, protocol = $2", NOW, protocol)


async def test_the_pages_stand_in_both_languages_with_what_was_asked(signed_in: SignedIn, world: World) -> None:
    await prepare(world, "ocpp2.1")
    browser, station = await signed_in(), shown("sta", world.station)
    for fields in ({"how": "resume", "evse": "1", "reason": "stuck"}, {"how": "soft", "reason": "<script>"}):
        assert (await browser.send(f"/console/stations/{station}/commands/reset", **fields)).status_code == 303
    paths = [f"/console/stations/{station}/commands", "/console/commands", "/console/batches/new"]
    for language in ("sv", "en"):
        browser.client.cookies.set("language", language)
        for path in [*paths, f"{paths[0]}?state=open&q=stuck", f"{paths[1]}?state=cancelled", f"{paths[1]}?q=%25"]:
            page = await browser.open(path)
            assert page.status_code == 200, path
            assert "<script>" not in page.text.partition("<main")[2].replace("<script src", "")
    page = await browser.open(paths[0])
    assert "at once, and sessions go on afterwards · outlet 1" in page.text
    assert "CustomTrigger" in page.text


async def test_a_session_is_started_for_a_driver_with_a_limit(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser, address = await signed_in(), f"/console/stations/{shown('sta', world.station)}/start"
    driver = shown("drv", world.driver)
    for wrong in ({"driver": ""}, {"driver": "nobody@example.se"}, {"outlet": "9"}, {"limit": "much"}):
        answer = await browser.send(address, **{"outlet": "1", "driver": driver, **wrong})
        assert answer.status_code in (404, 422), wrong
        assert "has-error" in answer.text, wrong
    answer = await browser.send(address, outlet="1", driver=driver, limit="10", unit="A", reason="thin cable")
    assert answer.status_code == 303, answer.text
    limit = "command#>>'{profile,schedules,0,periods,0,limit}'"
    assert await value(world, f"SELECT {limit} FROM command WHERE kind = 'start_charging'") == "10"
    assert await value(world, "SELECT condition FROM charging_profile") == "wanted"
    assert (await browser.send(address, outlet="1", driver=driver)).status_code == 409


@pytest.mark.parametrize(
    ("action", "fields", "kind"),
    [
        ("in-service", {"where": "2.1", "in_service": "no"}, "change_availability"),
        ("trigger", {"message": "SignV2GCertificate", "evse": ""}, "trigger"),
        ("clear-cache", {"reason": "test"}, "clear_cache"),
        ("send-data", {"vendor_id": "com.example", "data": '{"a": [1]}'}, "send_data"),
    ],
)
async def test_each_button_queues_its_command(
    signed_in: SignedIn, world: World, action: str, fields: dict[str, str], kind: str
) -> None:
    await prepare(world)
    browser, address = await signed_in(), f"/console/stations/{shown('sta', world.station)}/commands"
    assert (await browser.send(f"{address}/{action}", **fields)).status_code == 303
    assert await value(world, "SELECT state FROM command WHERE kind = $1 ORDER BY created_at DESC", kind) == "queued"
    for wrong in ({"message": "Bogus"}, {"in_service": "perhaps"}, {"how": "gently"}, {"data": "{", "vendor_id": "x"}):
        name = {"message": "trigger", "in_service": "in-service", "how": "reset", "data": "send-data"}[
            next(iter(wrong))
        ]
        assert (await browser.send(f"{address}/{name}", **wrong)).status_code == 422


async def test_what_waits_is_taken_back_once(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser, station = await signed_in(), shown("sta", world.station)
    await browser.send(f"/console/stations/{station}/commands/reset", reason="test")
    waiting = shown("cmd", await value(world, "SELECT id FROM command WHERE kind = 'reset' AND state = 'queued'"))  # type: ignore[arg-type]
    answer = await browser.send(f"/console/commands/{waiting}/cancel", back="all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/commands")
    assert (await browser.send(f"/console/commands/{waiting}/cancel")).status_code == 409
    browser.client.cookies.set("language", "en")
    assert "taken back" in (await browser.open("/console/commands?state=cancelled")).text
    assert await value(world, "SELECT count(*) FROM audit_log WHERE action = 'command.cancelled'") == 1


async def test_many_are_asked_at_once_and_those_that_failed_again(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser = await signed_in()
    both = [shown("sta", world.station), shown("sta", world.other_station)]
    address, fields = "/console/batches/new", {"do": "clear-cache", "wait": "60", "reason": "tags were lost"}
    assert (await browser.send(address, **fields)).status_code == 422
    assert (await browser.send(address, station=both, **{**fields, "reason": ""})).status_code == 422
    assert (await browser.send(address, station=both, **{**fields, "do": "explode"})).status_code == 422
    assert (await browser.send(address, station=[shown("sta", world.driver)], **fields)).status_code == 404
    answer = await browser.send(address, station=both, **fields)
    assert answer.status_code == 303, answer.text
    batch = answer.headers["location"]
    browser.client.cookies.set("language", "en")
    page = (await browser.open(batch)).text
    assert "2 wait for contact" in page
    assert "Ask them again" not in page
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE command SET state = CASE WHEN station_id = $1 THEN 'confirmed' ELSE 'refused' END,"
            " outcome = 'Rejected', finished_at = $2 WHERE kind = 'clear_cache'",
            world.station,
            NOW,
        )
    part = await browser.client.get(batch, headers={"hx-request": "true"})
    assert "1 charger has done it" in part.text
    assert "hx-get" not in part.text
    assert "Ask them again" in (await browser.open(batch)).text
    again = await browser.send(f"{batch}/again", reason="once more")
    assert again.status_code == 303
    assert "1 waits for contact" in (await browser.open(again.headers["location"])).text


async def test_a_host_sees_and_asks_nothing_elsewhere(signed_in: SignedIn, world: World) -> None:
    await prepare(world)
    browser = await signed_in()
    other = shown("sta", world.other_station)
    made = await browser.send("/console/batches/new", station=[other], do="read", reason="test")
    host = await signed_in(Role.SITE_HOST, world.site)
    assert (await host.open("/console/commands")).status_code == 200
    assert "Kajen" not in (await host.open("/console/commands")).text
    assert (await host.open(made.headers["location"])).status_code == 404
    assert (await host.open("/console/batches/new")).status_code == 403
    waiting = shown("cmd", await value(world, "SELECT id FROM command WHERE kind = 'read_variables' ORDER BY id DESC"))  # type: ignore[arg-type]
    assert (await host.send(f"/console/commands/{waiting}/cancel")).status_code == 403

"""A charger's key and profile in the console: changed and shown, by who may, with a reason."""

from __future__ import annotations

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import SignedIn, World


async def value(world: World, sql: str, *args: object) -> object:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def test_a_key_is_changed_by_a_button_and_its_progress_is_shown(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    page = f"/console/stations/{shown('sta', world.station)}/proof"
    assert (await browser.send(f"{page}/key", reason="left a technician")).status_code == 303
    command = "SELECT command::text FROM command WHERE kind = 'set_station_key' AND station_id = $1"
    assert str(await value(world, command, world.station)) == '{"key": "", "kind": "set_station_key", "number": 1}'
    assert "the old one stays valid" in (await browser.open(page)).text
    assert (await browser.send(f"{page}/key", reason="again")).status_code == 409


async def test_profile_0_needs_a_reason_and_is_shown_as_what_it_is(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    page = f"/console/stations/{shown('sta', world.station)}/proof"
    assert (await browser.send(f"{page}/profile", profile="0", reason="")).status_code == 422
    assert (await browser.send(f"{page}/profile", profile="0", reason="behind a VPN", until="")).status_code == 303
    text = (await browser.open(page)).text
    assert "Nothing is asked of this charger." in text
    assert "behind a VPN" in text
    assert await value(world, "SELECT security_profile FROM station WHERE id = $1", world.station) == 0


async def test_who_may_not_write_sees_and_changes_nothing(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    page = f"/console/stations/{shown('sta', world.station)}/proof"
    assert "Change the key now" not in (await browser.open(page)).text
    assert (await browser.send(f"{page}/profile", profile="0", reason="x")).status_code == 403
    assert await value(world, "SELECT security_profile FROM station WHERE id = $1", world.station) == 1

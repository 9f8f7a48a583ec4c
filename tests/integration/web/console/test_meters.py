"""The pages of a site's meters, as staff use them: added, read while one looks, changed, removed; and what fails."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from laddverk.energy.circuits import store
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import parsed, shown
from laddverk.simulator.meters import modbus
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world

MINUTE = "INSERT INTO meter_minute (meter_id, minute, current_a, power_w) VALUES ($1, $2, '{41.5, 20, 10}', 15000)"
WHY = {"reason": "fitted today"}


async def test_a_meter_is_added_read_bound_to_a_circuit_and_removed(world: World, signed_in: SignedIn) -> None:
    world.house.settings = msgspec.structs.replace(world.house.settings, meter_networks="127.0.0.0/8")
    browser = await signed_in(Role.TECHNICIAN)
    load = f"/console/sites/{shown('sit', world.site)}/load"
    assert "No meter yet" in (await browser.open(f"{load}/meters")).text
    for way, says in (("modbus", "Eastron SDM630"), ("mqtt", "Topic"), ("push", "Factor")):
        assert says in (await browser.open(f"{load}/meters/new?way={way}")).text
    await browser.send(f"{load}/circuits/new", name="Servis", kind="grid", limit_1="63", **WHY)
    async with world.house.database.transaction() as tx:
        (grid,) = (await store.tree(tx, world.site)).circuits

    async with modbus.serving(lambda: (12.5, 9.0, 11.0)) as simulated:
        form = {
            "way": "modbus", "name": "Huvudmätare", "host": "127.0.0.1", "port": str(simulated.port), "unit": "1",
            "model": "eastron_sdm630", "every": "2", "ratio": "1", "circuit": shown("cir", grid.id), **WHY,
        }  # fmt: skip
        wrong = await browser.send(f"{load}/meters/new", **{**form, "host": "not a host"})
        assert (wrong.status_code, "such as 192.168.1.20" in wrong.text) == (422, True)
        added = await browser.send(f"{load}/meters/new", **form)
        assert added.status_code == 303, added.text
        place = added.headers["location"].partition("?")[0]
        read = (await browser.send(place, what="read")).text
        assert "current_a@6" in read
        assert "4148" in read  # 12.5 as a float begins so
    assert "Nothing answers at this address and port" in (await browser.send(place, what="read")).text
    async with world.house.database.transaction() as tx:
        assert (await store.tree(tx, world.site)).circuits[0].meter_id is not None
    listed = (await browser.open(f"{load}/meters")).text
    assert "Servis" in listed
    assert "Silent" in listed

    assert "It has said nothing for a day" in (await browser.open(place)).text
    meter_id = parsed("mtr", place.rpartition("/")[2])
    async with world.house.database.transaction() as tx:
        await tx.execute(MINUTE, meter_id, NOW - timedelta(minutes=10))
    page = (await browser.open(place)).text
    assert "The line is what may flow through Servis." in page
    assert 'class="limit"' in page
    heading, row = (await browser.open(f"{place}/minutes.csv")).text.splitlines()
    assert "current_l1_a" in heading
    assert row.replace('"', "").endswith("41.5,20.0,10.0,15000,63.0,63.0,63.0")
    for far in ("?to=0001-01-01", "?from=9999-12-31", "?from=0001-01-01&to=9999-12-31"):
        assert (await browser.open(f"{place}/minutes.csv{far}")).status_code == 200

    used = await browser.send(place, what="remove", **WHY)
    assert (used.status_code, "is measured by this meter" in used.text) == (409, True)
    assert (await browser.send(place, **{**form, "circuit": "", "name": "Gamla"})).status_code == 303
    assert (await browser.send(place, what="remove", **WHY)).status_code == 303
    assert (await browser.open(place)).status_code == 404
    async with world.house.database.transaction() as tx:
        done = await tx.values("SELECT action FROM audit_log WHERE action LIKE 'meter.%' ORDER BY at, id")
    assert done == ["meter.added", "meter.changed", "meter.removed"]

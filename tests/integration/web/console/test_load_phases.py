"""What was measured of an outlet's phases stands on the page of the load with its evidence; one enters it there."""

from __future__ import annotations

from laddverk.energy.circuits.model import Rotation
from laddverk.kernel.actors import Role
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import world as world
from tests.integration.web.console.test_load import do, entered, load, outlet, tree

MEASURED = """
INSERT INTO steering_phase (site_id, station_id, evse_number, steps, phase, answers, confidence, is_wrong, at)
VALUES ($1, $2, 1, $3, 2, '{0.02, 0.01, 0.97}', 0.95, true, $4)
"""


async def test_what_was_measured_is_shown_with_its_evidence_and_entered(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    ids = await entered(world, browser)
    await do(browser, world, "hang", outlet=outlet(world, 1), circuit=ids["Central A"], rotation="RST", known="yes")
    assert "Phases as measured" not in (await browser.open(load(world))).text
    assert (await do(browser, world, "measured", outlet=outlet(world, 1))).status_code == 404

    async with world.house.database.transaction() as tx:
        steps = [{"drawn_a": 9.0, "shown_a": [0.2, 0.1, 8.7]}] * 7
        await tx.execute(MEASURED, world.site, world.station, steps, NOW)
    page = (await browser.open(load(world))).text
    assert "Phases as measured" in page
    assert "7 steps of what it draws" in page

    assert (await do(browser, world, "measured", outlet=outlet(world, 1))).status_code == 303
    (place,) = (await tree(world)).places
    assert (place.rotation, place.is_rotation_known) == (Rotation.TRS, True)
    assert "Phases as measured" not in (await browser.open(load(world))).text
    assert "as measured" in (await browser.open(f"{load(world)}/history")).text

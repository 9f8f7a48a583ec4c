"""A circuit over a day and a week: what cars took, what the meter showed and what limited, drawn and as CSV."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

from laddverk.energy.meters import service as meters
from laddverk.energy.meters.model import Reading, Setup, Way
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.console.test_load import WHY, do, entered, load, outlet
from tests.network import ACTOR

SAMPLED = """
INSERT INTO sample (station_id, evse_number, at, transaction_key, received_at, current_l1_a)
SELECT station_id, evse_number, started_at + n * interval '1 minute', transaction_key, started_at, 10 + n
FROM session, generate_series(0, 4) AS n WHERE station_id = $1 AND evse_number = $2
ORDER BY started_at DESC, n LIMIT 5
"""


async def test_a_circuit_over_a_day_shows_cars_the_rest_and_the_limit(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    place = f"{load(world)}/curves"
    assert "Nobody has entered what feeds this site" in (await browser.open(place)).text
    ids = await entered(world, browser)
    assert "Nothing is known of this time" in (await browser.open(place)).text
    hung = {"outlet": outlet(world, 1), "circuit": ids["Central A"], "rotation": "STR", "known": "yes", "phases": "1"}
    assert (await do(browser, world, "hang", **hung)).status_code == 303
    async with world.house.database.transaction() as tx:
        meter = await meters.add(tx, ACTOR, world.site, "Servis", Setup(way=Way.PUSH), (), NOW, reason="fitted")
    where = {"name": "Servis", "way": "push", "ratio": "1", "circuit": ids["Servis"], **WHY}
    await browser.send(f"{load(world)}/meters/{shown('mtr', meter.id)}", **where)
    async with world.house.database.transaction() as tx:
        started = await tx.value(
            "SELECT started_at FROM session WHERE station_id = $1 AND evse_number = 1 ORDER BY started_at DESC LIMIT 1",
            world.station,
        )
        await tx.execute(SAMPLED, world.station, 1)
        at = min(started + timedelta(minutes=3), NOW)
        await meters.pushed(tx, meter, [Reading(at=at, current_a=(5.0, 33.0, 6.0))], NOW)
    day = f"day={started.date().isoformat()}"
    page = (await browser.open(f"{place}?{day}")).text
    assert page.count('class="load-curve"') == 3
    assert "L2: at most 33" in page
    assert "Other load is what the meter showed beyond what chargers said." in page
    week = (await browser.open(f"{place}?{day}&span=week&circuit={ids['Central A']}")).text
    assert "Nothing measures this circuit" in week
    assert "cars at most" in week
    assert (await browser.open(f"{place}?day=never&circuit=cir_x&span=year")).status_code == 200
    text = (await browser.open(f"{place}.csv?{day}")).text
    rows = list(csv.DictReader(StringIO(text.lstrip("\ufeff"))))
    assert {"charging_l2_a", "metered_l2_a", "limit_l2_a"} <= rows[0].keys()
    assert max(float(row["charging_l2_a"]) for row in rows) >= 14.0
    assert {row["metered_l2_a"] for row in rows} >= {"33.0"}

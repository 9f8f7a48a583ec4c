"""The fleet at a glance: every charger, what is wrong first, narrowed by site, model and firmware."""

from __future__ import annotations

import asyncio
import csv
import io

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.web.live import STOPPING
from tests.integration.web.console.conftest import HOSTILE, NOW, SignedIn, World

PLACE = "/console/fleet"
INCIDENT = """
INSERT INTO incident (id, scope, scope_key, site_id, station_id, stations, sites, family, severity, found_severity,
                      confidence, state, since, opens_at, raised_at, last_at, changed_at)
SELECT $1, 'station', '', site_id, id, ARRAY[id], ARRAY[site_id], 'metering', 1, 1, 1, 'new', $3, $3, $3, $3, $3
FROM station WHERE id = $2
"""


async def furnished(world: World) -> str:
    """Let one charger have an open problem, poor health and a hostile model; return the problem's address."""
    incident = new_id()
    async with world.house.database.transaction() as tx:
        await tx.execute(INCIDENT, incident, world.other_station, NOW)
        await tx.execute(
            "UPDATE station SET vendor = $2, model = 'Zeppelin9', firmware = '2.0' WHERE id = $1",
            world.other_station,
            HOSTILE,
        )
        await tx.execute(
            "INSERT INTO health_now (station_id, evse_number, score, reasons, scored_at) VALUES ($1, 1, 37, '[]', $2)",
            world.other_station, NOW,
        )  # fmt: skip
    return f"/console/incidents/{shown('inc', incident)}"


async def test_what_is_wrong_comes_first_and_the_list_is_narrowed(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    problem = await furnished(world)
    page = (await browser.open(PLACE)).text
    bad, good = (f'id="fleet-{one.hex}"' for one in (world.other_station, world.station))
    assert page.index(bad) < page.index(good)
    assert problem in page
    assert "1 has an open problem." in page
    assert HOSTILE not in page
    for query in ("?trouble=open", "?trouble=poor", "?fw=2.0", "?q=Zeppelin9"):
        narrowed = (await browser.open(PLACE + query)).text
        assert bad in narrowed, query
        assert good not in narrowed, query
    assert bad not in (await browser.open(PLACE + "?trouble=none")).text
    assert "No charger matches" in (await browser.open(PLACE + "?model=Nobody")).text
    for query in ("?sort=health", "?sort=-model", "?sort=site", "?page=9", "?state=free", "?state=" + "x" * 300):
        assert (await browser.open(PLACE + query)).status_code == 200
    rows = list(csv.DictReader(io.StringIO((await browser.open(PLACE + ".csv?trouble=open")).text)))
    assert [(row["problems"], row["worst_problem"], row["health"]) for row in rows] == [("1", "metering", "37")]


async def test_a_host_sees_own_chargers_only_also_among_models_and_counts(world: World, signed_in: SignedIn) -> None:
    await furnished(world)
    host = await signed_in(Role.SITE_HOST, world.site)
    page = (await host.open(PLACE)).text
    assert world.station.hex in page
    assert world.other_station.hex not in page
    assert "None has an open problem." in page
    assert "2.0" not in page[page.index('name="fw"') : page.index("fleet-rows")]


async def test_the_fleet_shows_what_comes_while_somebody_looks(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    problem = await furnished(world)
    looking = asyncio.create_task(browser.open("/console/live/fleet?trouble=open"))
    while not looking.done():
        world.house.hints.publish([STOPPING])
        await asyncio.sleep(0.05)
    sent = (await looking).text
    assert '<hx-partial hx-target="#fleet-sentence"' in sent
    assert problem in sent
    assert "/console/live/fleet" not in sent

"""The pages of visits: drives proposed, planned, changed, cancelled; calendars behind secret links; own sites alone."""

from __future__ import annotations

import re

from laddverk.diagnostics.upkeep import queries, service
from laddverk.diagnostics.upkeep.model import NewWorkOrder, WorkOrder
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import StationId, shown
from tests.integration.web.console.conftest import ACTOR, NOW, SignedIn, World
from tests.unit.diagnostics.test_visits import plain, read

LIFE = """
INSERT INTO remaining_life VALUES ($1, 1, 'D16', 'alarm', 60.75, 56.5, 45, 0.5, 24, 23, 8.5, 7, 11, $2)
"""


async def ordered(world: World, station: StationId, title: str) -> WorkOrder:
    async with world.house.database.transaction() as tx:
        return await service.order(tx, ACTOR, NewWorkOrder(station_id=station, title=title), "en", NOW)


async def test_work_that_waits_is_one_drive_planned_changed_and_read_by_a_calendar(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    assert "Every work order is planned, or there is none" in (await browser.open("/console/visits")).text
    async with world.house.database.transaction() as tx:
        await tx.execute(LIFE, world.station, NOW)
    assert "Due soon, as it drifts" in (await browser.open("/console/visits")).text
    first, second = (
        await ordered(world, world.station, "Change the filter; look, too"),
        await ordered(world, world.station, "New lock"),
    )
    page = (await browser.open("/console/visits")).text
    assert "Due soon, as it drifts" not in page, "somebody goes there"
    assert "2 work orders are in no visit. 1 drive would do." in page
    assert "Saves 1 drive." in page
    assert (await browser.open("/console/visits/map.json")).json()["type"] == "FeatureCollection"

    chosen = [shown("wor", first.id), shown("wor", second.id)]
    day = NOW.date().isoformat()
    refused = await browser.send("/console/visits", order=chosen, planned_on="someday", technician="Asta Lind")
    assert refused.status_code == 422
    assert "Enter a day" in refused.text
    made = await browser.send(
        "/console/visits", order=chosen, planned_on=day, starts_at="08:30", technician="Asta Lind"
    )
    assert made.status_code in (302, 303), made.text
    place = made.headers["location"]
    shown_page = (await browser.open(place)).text
    assert "That saves 1 drive." in shown_page
    assert "Asta Lind goes there on" in shown_page
    async with world.house.database.transaction() as tx:
        kept = await queries.work_order(tx, None, first.id)
    assert kept is not None
    assert (kept.assignee_name, kept.state) == ("Asta Lind", "assigned")
    week = (await browser.open(f"/console/visits?week={day}")).text
    assert "have saved 1 drive" in week
    assert "08:30" in week
    assert "Planned together" in (await browser.open(f"/console/work-orders/{shown('wor', first.id)}")).text
    assert "New lock" in (await browser.open("/console/visits.csv")).text

    opened = await browser.send("/console/visits/calendars", technician="Asta Lind")
    link = re.search(r"/visits/[\w-]+\.ics", opened.text)
    assert link
    (event,) = read((await browser.open(link[0])).content)
    assert "Change the filter; look, too" in plain(event["DESCRIPTION"])
    assert event["STATUS"] == "CONFIRMED"
    assert (await browser.open("/visits/" + "x" * 43 + ".ics")).status_code == 404

    taken = await browser.send(f"{place}/do", what="take_out", order=shown("wor", second.id))
    assert taken.status_code in (302, 303)
    moved = await browser.send(f"{place}/do", what="change", planned_on=day, technician="Bo Ek")
    assert moved.status_code in (302, 303)
    assert read((await browser.open(link[0])).content) == []
    assert (await browser.send(f"{place}/do", what="cancel", reason="")).status_code == 422
    assert (await browser.send(f"{place}/do", what="cancel", reason="Snow")).status_code in (302, 303)
    assert "Nobody goes that day after all" in (await browser.open(place)).text
    assert "2 work orders are in no visit" in (await browser.open("/console/visits")).text
    revoke = re.search(r"/console/visits/calendars/cal_[0-9a-f]+/revoke", opened.text)
    assert revoke
    await browser.send(revoke[0])
    assert (await browser.open(link[0])).status_code == 404


async def test_a_host_plans_at_own_sites_alone(world: World, signed_in: SignedIn) -> None:
    theirs = await ordered(world, world.other_station, "Elsewhere")
    host = await signed_in(Role.SITE_HOST, world.site)
    cookies = dict(host.client.cookies)
    page = (await host.open("/console/visits")).text
    assert "Elsewhere" not in page
    assert "Make a link" not in page
    asked = await host.send("/console/visits", order=shown("wor", theirs.id), planned_on=NOW.date().isoformat())
    assert asked.status_code in (403, 404)
    desk = await signed_in(Role.TECHNICIAN)
    made = await desk.send("/console/visits", order=shown("wor", theirs.id), planned_on=NOW.date().isoformat())
    host.client.cookies.update(cookies)
    assert (await host.open(made.headers["location"])).status_code == 404
    assert "Elsewhere" not in (await host.open("/console/visits.csv")).text

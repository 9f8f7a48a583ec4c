"""The inbox and the page of an incident: what staff see, do, export and may not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from laddverk.diagnostics import findings
from laddverk.diagnostics.incidents import queries, service
from laddverk.diagnostics.incidents.queries import IncidentFilter
from laddverk.diagnostics.model import Evidence, Family, Severity, Signal, Turn
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import StationId, new_id, shown
from laddverk.web.live import STOPPING
from tests.integration.web.console.conftest import FORMULA, HOSTILE, NOW, SignedIn, World

EVERYTHING = IncidentFilter(state="all")


async def raised(
    world: World, station: StationId, detector: str = "D07", family: Family = Family.NO_ENERGY, evse: int = 1
) -> str:
    """Let a detector find something at a charger; return the address of its incident."""
    signal = Signal(
        detector=detector, evse_number=evse, turn=Turn.RAISED, at=NOW, since=NOW - timedelta(hours=2), family=family,
        severity=Severity.DOWN, confidence=0.9,
        evidence=(Evidence(text="%(sessions)s of them", values={"sessions": 4, "said": HOSTILE}),
                  Evidence(text=HOSTILE + "%(missing)s")),
    )  # fmt: skip
    async with world.house.database.transaction() as tx:
        await findings.raise_for(tx, [signal], station, NOW)
        await service.attend(tx, NOW, world.house.hints)
        rows = await queries.open_incidents(tx, None, EVERYTHING)
    (row,) = [row for row in rows if row.station_id == station and row.family is family]
    return f"/console/incidents/{shown('inc', row.id)}"


async def test_the_inbox_shows_one_line_for_each_problem(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert "Nothing is wrong that anybody would have to know" in (await browser.open("/console/incidents")).text
    href = await raised(world, world.station)
    page = (await browser.open("/console/incidents")).text
    assert href in page
    assert "4 of them" in page
    assert "1 problem needs somebody" in page
    assert HOSTILE not in page
    for query in (
        "?state=closed",
        "?severity=0",
        "?family=meter",
        "?q=Kajen",
        f"?site={shown('sit', world.other_site)}",
    ):
        assert href not in (await browser.open("/console/incidents" + query)).text
    for query in ("?state=new", "?severity=1", "?family=no_energy", "?q=hamngatan", "?q=CP-1", "?sort=-demand&page=1"):
        assert href in (await browser.open("/console/incidents" + query)).text


async def test_an_incident_is_taken_noted_and_closed_on_its_page(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    href = await raised(world, world.station)
    assert "How sure" in (await browser.open(href)).text
    assert (await browser.send(href + "/do", what="work")).status_code == 303
    await browser.send(href + "/do", what="note", note=HOSTILE)
    page = (await browser.open(href)).text
    assert "works on it" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    refused = await browser.send(href + "/close", cause="", closing_note="kept")
    assert refused.status_code == 422
    assert "Choose what it was" in refused.text
    assert "kept" in refused.text
    assert (await browser.send(href + "/close", cause="contactor", cost="twelve")).status_code == 422
    assert (await browser.send(href + "/close", cause="contactor", part=FORMULA, cost="1 234,50")).status_code == 303
    page = (await browser.open(href)).text
    assert "It is over: Contactor." in page
    assert "1,234.50" in page or "1 234,50" in page.replace("\u00a0", " ")
    assert (await browser.send(href + "/do", what="work")).status_code == 409
    assert (await browser.send(href + "/reopen")).status_code == 303
    assert "In work" in (await browser.open(href)).text


async def test_nothing_was_wrong_needs_a_word_of_what_was_looked_at(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    href = await raised(world, world.station)
    refused = await browser.send(href + "/false", looked="")
    assert refused.status_code == 422
    assert "Say what you looked at." in refused.text
    await browser.send(href + "/false", looked="It charges")
    assert "Somebody looked, and nothing was wrong." in (await browser.open(href)).text


async def test_several_are_acknowledged_at_once(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    one = await raised(world, world.station)
    two = await raised(world, world.other_station, "D25", Family.METER)
    ticked = [href.rpartition("/")[2] for href in (one, two)]
    await browser.send("/console/incidents/acknowledge", incident=[*ticked, shown("inc", new_id())])
    counts = (await browser.open("/console/incidents?state=acknowledged")).text
    assert one in counts
    assert two in counts
    page = await browser.open("/console/incidents")
    assert "2 of them are taken" in page.text


async def test_the_csv_has_the_same_rows_and_no_formula(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    await raised(world, world.station)
    answer = await browser.open("/console/incidents.csv?state=all")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "no_energy" in answer.text
    assert "Hamngatan 1" in answer.text
    assert "\n=" not in answer.text


async def test_a_host_sees_its_own_sites_and_changes_nothing(world: World, signed_in: SignedIn) -> None:
    mine = await raised(world, world.station)
    other = await raised(world, world.other_station)
    host = await signed_in(Role.SITE_HOST, world.site)
    inbox = (await host.open("/console/incidents")).text
    assert mine in inbox
    assert other not in inbox
    assert "Acknowledge" not in inbox
    assert (await host.open(other)).status_code == 404
    assert (await host.open(mine)).status_code == 200
    assert (await host.send(mine + "/do", what="work")).status_code == 403
    assert (await host.send(mine + "/close", cause="lock")).status_code == 403


async def test_pages_of_incidents_are_live(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    href = await raised(world, world.station)
    for path in ("/console/incidents", href):
        assert "hx-sse:connect" in (await browser.open(path)).text
    assert (await browser.open(f"/console/live/incident?id={shown('inc', new_id())}")).status_code == 404


async def test_the_first_page_begins_with_what_is_wrong(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    href = await raised(world, world.station)
    page = (await browser.open("/console")).text
    assert page.count(href) == 2, "in the sentence and among what needs someone"
    assert "Hamngatan 1 · outlet 1 since 07:00" in page or "Hamngatan 1 · outlet 1 since 08:00" in page


async def test_the_inbox_shows_what_comes_while_somebody_looks(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    href = await raised(world, world.station)
    looking = asyncio.create_task(browser.open("/console/live/incidents?state=open"))
    while not looking.done():
        world.house.hints.publish([STOPPING])
        await asyncio.sleep(0.05)
    sent = (await looking).text
    assert '<hx-partial hx-target="#incidents-rows"' in sent
    assert href in sent
    assert "/console/live/incidents" not in sent, "its links lead to the page, not to the stream"
    assert "/console/incidents?state=open&amp;sort=since" in sent

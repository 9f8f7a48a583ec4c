"""The list of detectors and the page of one: what they compute, what they found, what of it was of use."""

from __future__ import annotations

from csv import DictReader
from datetime import timedelta
from io import StringIO

from laddverk.diagnostics import findings
from laddverk.diagnostics.detectors.registry import ABOUTS
from laddverk.diagnostics.incidents import queries, service
from laddverk.diagnostics.incidents.queries import IncidentFilter
from laddverk.diagnostics.model import Evidence, Signal, Turn
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import StationId, new_id, shown
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from tests.integration.web.console.conftest import ACTOR, HOSTILE, NOW, SignedIn, World

PLACE = "/console/diagnosis/detectors"

JUDGED = """
INSERT INTO incident_closing (id, incident_id, at, by_name, cause, useful, detectors)
SELECT $1, id, $2, 'Ada', 'contactor', $3, '{D07}' FROM incident LIMIT 1
"""


async def raised(world: World, station: StationId, detector: str, turn: Turn = Turn.RAISED) -> None:
    signal = Signal(
        detector=detector, evse_number=1, turn=turn, at=NOW, since=NOW - timedelta(hours=2),
        evidence=(Evidence(text="%(sessions)s of them", values={"sessions": 4}), Evidence(text=HOSTILE)),
    )  # fmt: skip
    async with world.house.database.transaction() as tx:
        await findings.raise_for(tx, [signal], station, NOW)
        await service.attend(tx, NOW, world.house.hints)


async def test_every_detector_is_listed_and_has_a_page_with_its_formula(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    page = (await browser.open(PLACE)).text
    assert "Nothing is held against any of them now" in page
    for about in ABOUTS.values():
        assert f'href="{PLACE}/{about.id}"' in page
    one = (await browser.open(f"{PLACE}/D07")).text
    assert "Four attempts without energy in a row" in one
    assert "What is safe to do" in one
    assert "one soft reset" in one
    assert (await browser.open(f"{PLACE}/D99")).status_code == 404


async def test_the_list_is_searched_and_narrowed(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    await raised(world, world.station, "D07")
    for query, is_there in (
        ("?q=d07", True), ("?q=gives+no+energy", True), ("?q=nonsense", False), ("?severity=1", True),
        ("?severity=3", False), ("?only=open", True), ("?severity=x%00", False),
    ):  # fmt: skip
        text = (await browser.open(PLACE + query)).text
        assert (f'href="{PLACE}/D07"' in text) is is_there, query
    assert f'href="{PLACE}/D01"' not in (await browser.open(PLACE + "?only=open")).text
    rows = (await browser.open(PLACE + ".csv?q=d07")).text.splitlines()
    assert len(rows) == 2
    assert rows[1].lstrip('"').startswith("D07")


async def test_the_page_shows_what_was_found_and_what_is_gone(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    await raised(world, world.station, "D07")
    page = (await browser.open(f"{PLACE}/D07?state=open")).text
    assert "4 of them" in page
    assert HOSTILE not in page
    await raised(world, world.station, "D07", Turn.CLEARED)
    assert "4 of them" not in (await browser.open(f"{PLACE}/D07?state=open")).text
    assert "4 of them" in (await browser.open(f"{PLACE}/D07?state=cleared")).text
    assert "4 of them" in (await browser.open(f"{PLACE}/D07")).text


async def test_the_measured_share_of_use_comes_from_how_incidents_were_closed(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.OPERATOR)
    await raised(world, world.station, "D07")
    async with world.house.database.transaction() as tx:
        for number in range(6):
            await tx.execute(JUDGED, new_id(), NOW - timedelta(days=number), number != 0)
        await tx.execute(JUDGED, new_id(), NOW, None)
    assert "5 of 6" in (await browser.open(PLACE)).text
    page = (await browser.open(f"{PLACE}/D07")).text
    assert "5 of 6 that somebody judged" in page
    assert "83" in page


async def found_at_a_new_site(world: World, number: int) -> tuple[StationId, list[str]]:
    """Let D07 find something at a charger that stands alone; return the charger, and its open incidents' addresses."""
    async with world.house.database.transaction() as tx:
        site = await stations.create_site(tx, ACTOR, SiteDetails(name=f"Site {number}", code=f"S{number}"), NOW)
        outlets = (NewConnector(evse_number=1),)
        new = NewStation(site_id=site, identity=f"S-{number}", name="Alone", connectors=outlets)
        made = await stations.create_station(tx, ACTOR, new, NOW, world.house.secrets.charger_pepper)
    await raised(world, made.station_id, "D07")
    async with world.house.database.transaction() as tx:
        rows = await queries.open_incidents(tx, None, IncidentFilter())
    here = [f"/console/incidents/{shown('inc', one.id)}" for one in rows if one.station_id == made.station_id]
    return made.station_id, here


async def test_what_people_confirm_and_what_they_call_false_moves_the_measured_use_until_it_is_muted(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.OPERATOR)
    for number, cause in enumerate(("contactor", "contactor", "meter", *["no_fault"] * 7)):
        station, (href,) = await found_at_a_new_site(world, number)
        closed = await browser.send(f"{href}/close", cause=cause, closing_note="Two cars charged there")
        assert closed.status_code == 303
        await raised(world, station, "D07", Turn.CLEARED)
        if number == 5:
            assert "3 of 6" in (await browser.open(PLACE)).text
    assert (await found_at_a_new_site(world, 99))[1] == []  # nobody is called any more, and nobody judges it
    page = (await browser.open(f"{PLACE}/D07")).text
    assert "3 of 10 that somebody judged" in page
    assert "Less than half of its last incidents were of use" in page
    (row,) = list(DictReader(StringIO((await browser.open(PLACE + ".csv?q=d07")).text.lstrip("\ufeff"))))
    assert (row["useful"], row["useless"], row["muted"]) == ("3", "7", "yes")


async def test_a_detector_of_little_use_is_called_muted(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    await raised(world, world.station, "D07")
    async with world.house.database.transaction() as tx:
        for number in range(10):
            await tx.execute(JUDGED, new_id(), NOW - timedelta(days=number), number == 0)
    assert "Less than half of its last incidents were of use" in (await browser.open(f"{PLACE}/D07")).text


async def test_an_incident_shows_the_runbook_of_its_detector(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    await raised(world, world.station, "D07")
    inbox = (await browser.open("/console/incidents")).text
    href = inbox.partition('href="/console/incidents/inc_')[2].partition('"')[0]
    page = (await browser.open(f"/console/incidents/inc_{href}")).text
    assert "It is mended when" in page
    assert "Two charges with different cars" in page

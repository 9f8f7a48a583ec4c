"""Cases on a real database: opened by staff and drivers, joined to incidents, answered, closed and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.diagnostics.incidents import queries as incidents_queries
from laddverk.diagnostics.incidents import reporting
from laddverk.diagnostics.incidents import working as incidents_working
from laddverk.diagnostics.model import Family, IncidentId, Severity
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound, TooMany
from laddverk.notices import queries as notice_queries
from laddverk.platform.database import Database
from laddverk.support import links, listing, queries, service, working
from laddverk.support.model import Case, Channel, Links, NewCase, State, WaitsFor
from tests.integration.diagnostics.incident_field import listed, look, one_incident, raised
from tests.network import ACTOR, Network, network_on

EVA = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], None)
ANYBODY = Actor("anonymous")
STUCK = NewCase(text="The cable is stuck", kind="cable", contact_email="bo@example.se", language="en")


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path, operator_phone="010-123") as made:
        yield made


async def a_driver(network: Network, email: str = "ada@example.se") -> DriverId:
    async with network.house.database.transaction() as tx:
        return await access.create_driver(tx, ACTOR, DriverDetails(email=email, name="Ada Ek"), network.house.clock())


async def written(network: Network, given: NewCase, actor: Actor = ANYBODY) -> Case:
    """Open a case as a driver does."""
    async with network.house.database.transaction() as tx:
        return await service.open_by_driver(tx, network.house, actor, given, network.house.clock())


async def mails_to(network: Network, recipient: str) -> list[str]:
    async with network.house.database.transaction() as tx:
        return [one.subject for one in await notice_queries.mails(tx, limit=50) if one.recipient == recipient]


async def timeline(network: Network, case: Case) -> list[str]:
    async with network.house.database.transaction() as tx:
        return [one.body or one.text for one in reversed(await queries.timeline(tx, case.id))]


async def seen(network: Network, case: Case) -> queries.CaseRow:
    async with network.house.database.transaction() as tx:
        found = await queries.case(tx, None, case.id)
    assert found is not None
    return found


def at(station_id: object, evse: int = 1) -> Links:
    return Links(station_id=station_id, evse_number=evse)  # type: ignore[arg-type]


async def test_a_driver_writes_gets_a_receipt_and_an_answer_and_writes_again(network: Network) -> None:
    text = "SECRET-WORDS the cable is stuck"
    case = await written(network, NewCase(text=text, kind="cable", contact_email="Bo@example.se", language="en"))
    assert case.number >= 2001
    assert await mails_to(network, "bo@example.se") == [f"We have your message: case {case.number}"]
    assert "SECRET-WORDS" not in str(await network.value("SELECT string_agg(body_text || body_html, '') FROM mail")), (
        "a stranger's address gets no text of ours to carry"
    )
    async with network.house.database.transaction() as tx:
        now = network.house.clock()
        answered = await service.reply(tx, network.house, EVA, case.id, "Lock and unlock <b>the car</b>.", now)
    assert (answered.state, answered.waits_for) == (State.WAITING, WaitsFor.DRIVER)
    mail = await network.value("SELECT body_text || body_html FROM mail ORDER BY created_at DESC LIMIT 1")
    assert "Lock and unlock <b>the car</b>." in mail
    assert "&lt;b&gt;the car" in mail
    assert links.path_of(network.house.secrets, case.id) in mail
    async with network.house.database.transaction() as tx:
        again = await service.write_by_driver(tx, case.id, "Thanks, that did it", now)
    assert again.state is State.OPEN
    async with network.house.database.transaction() as tx:
        closed = await working.close(tx, network.house, EVA, case.id, "explained", "", now)
    assert closed.outcome == "explained"
    deeds = "SELECT array_agg(action ORDER BY id) FROM audit_log WHERE object_kind = 'support_case'"
    assert await network.value(deeds) == ["case.opened", "case.replied", "case.closed"]


async def test_nobody_can_be_answered_who_leaves_no_address_and_nobody_floods_us(network: Network) -> None:
    with pytest.raises(Invalid) as caught:
        await written(network, NewCase(text="hello"))
    assert caught.value.field == "email"
    for _ in range(service.PER_PERSON_MAX):
        await written(network, STUCK)
    with pytest.raises(TooMany):
        await written(network, STUCK)
    phone = await written(network, NewCase(text="call me", contact_phone="0701234567"))
    async with network.house.database.transaction() as tx:
        with pytest.raises(Conflict):
            await service.reply(tx, network.house, EVA, phone.id, "hello", network.house.clock(), channel=Channel.EMAIL)
        await service.reply(tx, network.house, EVA, phone.id, "hello", network.house.clock())
    sent = await network.value("SELECT phone FROM text_message WHERE case_id = $1", phone.id)
    assert sent == "+46701234567"


async def test_a_case_joins_the_incident_of_its_outlet_and_a_driver_counts_once(network: Network) -> None:
    now, house = network.house.clock(), network.house
    row = await one_incident(network, now)
    station_id, driver = network.station_ids["CP-1"], await a_driver(network)
    ada = Actor("driver", driver, "Ada Ek")
    case = await written(network, NewCase(text="dead", kind="no_start", links=at(station_id)), ada)
    assert (await seen(network, case)).incident_number == row.number
    async with house.database.transaction() as tx:
        report = reporting.NewReport(station_id=station_id, evse_number=1, kind="no_start", person=str(driver))
        await reporting.report(tx, house.secrets, report, now)
        assert await incidents_queries.drivers_affected(tx, row.id) == 1, "the same driver by page and by case"
    await written(network, NewCase(text="dead too", kind="no_start", links=at(station_id), contact_phone="0701234567"))
    async with house.database.transaction() as tx:
        assert await incidents_queries.drivers_affected(tx, row.id) == 2
        assert [one.number for one in await queries.of_incident(tx, None, row.id)] == [case.number, case.number + 1]
    assert any("It speaks of problem number" in line for line in await timeline(network, case))


async def test_what_drivers_say_makes_an_incident_worse_by_the_rule_of_reports(network: Network) -> None:
    now, house = network.house.clock(), network.house
    station_id = await network.add_station("CP-1")
    await raised(network, station_id, now, "D09", Family.POWER_ELECTRONICS, Severity.PLAN, 1, now - timedelta(hours=2))
    await look(network, now)
    (before,) = await listed(network)
    assert before.found_severity == Severity.PLAN
    await written(network, NewCase(text="no", kind="no_start", links=at(station_id), contact_phone="0701234561"))
    assert (await listed(network))[0].found_severity == Severity.PLAN, "one driver may be wrong"
    await written(network, NewCase(text="no", kind="no_start", links=at(station_id), contact_phone="0701234562"))
    assert (await listed(network))[0].found_severity == Severity.DOWN
    await written(network, NewCase(text="smoke", kind="danger", links=at(station_id), contact_phone="0701234563"))
    (after,) = await listed(network)
    assert (after.id, after.severity) == (before.id, Severity.SAFETY)
    await look(network, house.clock())
    assert (await listed(network))[0].severity == Severity.SAFETY, "looking again changes nothing"


async def test_two_cases_without_an_incident_make_one_and_stay_with_it(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    first = await written(network, NewCase(text="a", kind="cable", links=at(station_id), contact_phone="0701234561"))
    assert (await seen(network, first)).incident_number is None
    await written(network, NewCase(text="b", kind="cable", links=at(station_id), contact_phone="0701234562"))
    (incident,) = await listed(network)
    assert (await seen(network, first)).incident_number == incident.number


async def test_who_waits_for_an_incident_is_told_when_it_is_over_and_once(network: Network) -> None:
    now, house = network.house.clock(), network.house
    row = await one_incident(network, now)
    station_id = network.station_ids["CP-1"]
    new = NewCase(text="dead", kind="no_start", links=at(station_id), contact_email="bo@example.se", language="en")
    case = await written(network, new)
    async with house.database.transaction() as tx:
        waiting = await working.wait_for_incident(tx, house, EVA, case.id, tell_driver=True, now=now)
        assert waiting.waits_for is WaitsFor.INCIDENT
    async with house.database.transaction() as tx:
        closing = incidents_working.NewClosing(cause="link")
        await incidents_working.close(tx, ACTOR, IncidentId(row.id), closing, now)
    await house.worker.run_until_idle()
    after = await seen(network, case)
    assert (after.state, after.waits_for) == (State.OPEN, WaitsFor.NOTHING)
    assert (await mails_to(network, "bo@example.se"))[0] == f"It works again: case {case.number}"
    said = await timeline(network, case)
    assert said[-2:] == ["Problem number %(number)s is over", "The driver is told that it works again: %(email)s"]
    async with house.database.transaction() as tx:
        await incidents_working.reopen(tx, ACTOR, IncidentId(row.id), "", now)
        await incidents_working.close(tx, ACTOR, IncidentId(row.id), closing, now)
    await house.worker.run_until_idle()
    assert len(await mails_to(network, "bo@example.se")) == 2, "the receipt, and once that it works"


async def test_staff_open_a_case_from_what_it_is_about_and_the_rest_is_filled_in(network: Network) -> None:
    now, house = network.house.clock(), network.house
    row = await one_incident(network, now)
    driver = await a_driver(network)
    async with house.database.transaction() as tx:
        given = NewCase(
            text="called", kind="no_start", channel=Channel.PHONE, links=Links(incident_id=row.id, driver_id=driver)
        )
        case = await service.open_case(tx, house, EVA, given, now)
    found = await seen(network, case)
    assert (found.station_name, found.driver_name, found.contact_email) == ("CP-1", "Ada Ek", "ada@example.se")
    assert found.incident_number == row.number
    for links_, field in ((Links(station_id=new_id()), "station"), (Links(driver_id=new_id()), "driver")):
        async with house.database.transaction() as tx:
            with pytest.raises(NotFound) as caught:
                await service.open_case(tx, house, EVA, NewCase(text="x", links=links_), now)
            assert caught.value.field == field
    technician = Actor("operator", new_id(), "T", PERMISSIONS[Role.TECHNICIAN], None)
    async with house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await service.open_case(tx, house, technician, NewCase(text="x"), now)


async def test_who_sees_some_sites_sees_the_cases_of_those(network: Network) -> None:
    now, house = network.house.clock(), network.house
    station_id = await network.add_station("CP-1")
    here = await written(network, NewCase(text="here", kind="slow", links=at(station_id), contact_email="a@b.se"))
    nowhere = await written(network, NewCase(text="nowhere", contact_email="a@b.se"))
    site = frozenset({UUID(str(network.site_id))})
    elsewhere = Actor("operator", new_id(), "E", PERMISSIONS[Role.SUPPORT], frozenset({new_id()}))
    async with house.database.transaction() as tx:
        wanted = listing.CaseFilter(state="all")
        assert [one.number for one in await listing.cases(tx, site, wanted)] == [here.number]
        assert await listing.count(tx, None, wanted) == 2
        assert await queries.case(tx, site, nowhere.id) is None
        with pytest.raises(NotFound):
            await service.note(tx, elsewhere, here.id, "x", now)


async def test_cases_are_found_by_number_words_contact_and_charger(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    case = await written(
        network,
        NewCase(
            text="Kabeln sitter\nfast som berget", kind="cable", links=at(station_id), contact_email="bo@example.se"
        ),
    )
    await written(network, NewCase(text="something else", contact_email="cy@example.se"))
    async with network.house.database.transaction() as tx:
        for search in (str(case.number), f"#{case.number}", "berget", "kabeln sit", "bo@example.se", "CP-1"):
            found = await listing.cases(tx, None, listing.CaseFilter(search=search, state="all"))
            assert [one.id for one in found] == [case.id], search
        for search in ("%", "'", "& | !", "CP-9", "1e9", "9" * 40):
            assert await listing.cases(tx, None, listing.CaseFilter(search=search, state="all")) == [], search


async def test_views_of_the_inbox(network: Network) -> None:
    now, house = network.house.clock(), network.house
    mine, free, waiting = [
        await written(network, NewCase(text=text, contact_email="a@b.se")) for text in ("m", "f", "w")
    ]
    async with house.database.transaction() as tx:
        await working.take(tx, house, EVA, mine.id, now)
        await service.reply(tx, house, EVA, waiting.id, "?", now)
        assert EVA.id is not None
        views = {
            view: [one.number for one in await listing.cases(tx, None, listing.CaseFilter(state=view, me=EVA.id))]
            for view in ("open", "mine", "unassigned", "waiting", "closed")
        }
        counts = await listing.counts(tx, None, EVA.id)
    assert views == {
        "open": [mine.number, free.number], "mine": [mine.number], "unassigned": [free.number],
        "waiting": [waiting.number], "closed": [],
    }  # fmt: skip
    assert (counts.open, counts.mine, counts.unassigned, counts.waiting) == (2, 1, 1, 1)

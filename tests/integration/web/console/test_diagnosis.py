"""The page of a charger's diagnosis: the verdict with its evidence, attempts, curves, packs, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from laddverk.diagnostics import findings, observing
from laddverk.diagnostics.model import Evidence, Signal, Turn
from laddverk.diagnostics.observations import Beat, StateSeen
from laddverk.diagnostics.outcomes import service as outcomes
from laddverk.diagnostics.outcomes import store as outcomes_store
from laddverk.diagnostics.watching import Watcher
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.ocpp.facts import Status
from tests.integration.web.console.conftest import FORMULA, HOSTILE, NOW, SignedIn, World

PEPPER = b"test"


async def diagnosed(world: World) -> str:
    """Make out the world's sessions, hold something against its charger, and return the page's address."""
    async with world.house.database.transaction() as tx:
        ids = await tx.values("SELECT id FROM session WHERE station_id = $1", world.station)
        await outcomes_store.look_now(tx, ids, NOW)
        await outcomes.make_out(tx, PEPPER, {}, NOW)
        state: dict[str, Any] = {"at": NOW, "received_at": NOW, "evse_number": 1, "status": Status.FAULTED}
        await observing.observe(
            tx,
            [
                (world.station, Beat(at=NOW, received_at=NOW)),
                (world.station, StateSeen(**state, error_code="OtherError", info=HOSTILE)),
            ],
        )
    async with world.house.database.transaction() as tx:
        await Watcher(PEPPER, detectors=()).turn(tx, NOW, thorough=True)
        said = Evidence(text="%(sessions)s of them", values={"sessions": 4, "said": HOSTILE})
        evidence = (said, Evidence(text=HOSTILE))
        signal = Signal(detector="D07", evse_number=1, turn=Turn.RAISED, at=NOW, evidence=evidence)
        await findings.raise_for(tx, [signal], world.station, NOW)
    return f"/console/stations/{shown('sta', world.station)}/diagnosis"


async def test_the_page_says_whether_it_can_charge_and_why(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    empty = await browser.open(f"/console/stations/{shown('sta', world.other_station)}/diagnosis")
    assert empty.status_code == 200
    assert "it sends nothing that a detector could look at" in empty.text
    page = (await browser.open(await diagnosed(world))).text
    assert "Does not charge" in page
    assert "4 of them" in page
    assert "Not observable" in page
    assert "not sent:" in page
    assert "States of outlets" in page
    assert HOSTILE not in page


async def test_attempts_are_listed_filtered_and_exported(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    here = await diagnosed(world)
    page = (await browser.open(here + "/attempts")).text
    assert "Went well" in page
    assert "10" in page
    assert "No attempt matches" in (await browser.open(here + "/attempts?outcome=zero_energy&evse=1")).text
    answer = await browser.open(here + "/attempts.csv")
    assert answer.text.count("\n") > 1
    assert FORMULA not in answer.text
    odd = ("?kind=nonsense", "?day=9999-12-31", "?day=2024-02-30", "?outlet=99999", "?before=yesterday")
    for query in ("?kind=outcome", *odd, "?days=-1&evse=99999999999"):
        assert (await browser.open(here + query)).status_code == 200


MACHINE_EVENTS = """
INSERT INTO incident (id, scope, scope_key, site_id, station_id, stations, sites, family, severity, found_severity,
                      confidence, state, since, opens_at, raised_at, last_at, changed_at)
SELECT $1, 'station', '', site_id, id, ARRAY[id], ARRAY[site_id], 'offline', 1, 1, 1, 'closed', $3, $3, $3, $3, $3
FROM station WHERE id = $2
"""
REMEDY = """
INSERT INTO remedy (id, incident_id, number, station_id, family, action, why, dry, decided_at, state)
VALUES (gen_random_uuid(), $1, 1, $2, 'offline', 'reset_soft', '{}', true, $3, 'dry')
"""
ORDER = """
INSERT INTO work_order (id, station_id, evse_number, title, state, created_at, created_by, changed_at, done_at, done_by,
                        cause, verdict)
VALUES (gen_random_uuid(), $1, 2, $3, 'verified', $2, 'Bo', $2, $2, 'Bo', 'cable_or_plug', 'proved')
"""
REPORT = """
INSERT INTO driver_report (id, station_id, evse_number, at, kind, text, person_key)
VALUES (gen_random_uuid(), $1, 1, $2, 'cable', $3, 'k')
"""


async def test_problems_mending_and_reports_stand_on_the_one_line_of_time(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    here, incident = await diagnosed(world), new_id()
    at = NOW - timedelta(minutes=5)
    async with world.house.database.transaction() as tx:
        await tx.execute(MACHINE_EVENTS, incident, world.station, at)
        await tx.execute(
            "INSERT INTO incident_closing (id, incident_id, at, by_name, cause) VALUES ($1, $1, $2, 'Bo', 'link')",
            incident, at,
        )  # fmt: skip
        await tx.execute(REMEDY, incident, world.station, at)
        await tx.execute(ORDER, world.station, at, HOSTILE)
        await tx.execute(REPORT, world.station, at, HOSTILE)
    words = {
        "problem": ("is closed: Router", "Found: "),
        "mending": ("Dry run: it would start", "is done: Cable or plug", "A charge has proved it"),
        "report": ("A driver reports: The cable",),
    }
    whole, overview = (await browser.open(here)).text, (await browser.open(here.removesuffix("/diagnosis"))).text
    for kind, said in words.items():
        page = (await browser.open(f"{here}?kind={kind}")).text
        assert all(word in page and word in whole and word in overview for word in said)
        assert not any(word in page for other in words if other != kind for word in words[other])
        assert HOSTILE not in page
    other = (await browser.open(f"{here}?outlet=1")).text  # the report is of outlet 1, the order of outlet 2
    assert "A driver reports" in other
    assert "is done: Cable or plug" not in other
    early = (NOW - timedelta(days=900)).date()
    assert "Nothing of this kind has happened." in (await browser.open(f"{here}?day={early}")).text


CASE = """
INSERT INTO support_case (id, subject, kind, state, channel, site_id, station_id, evse_number, created_at, created_by,
                          changed_at, closed_at, closed_by, outcome)
SELECT gen_random_uuid(), $3, 'question', 'closed', 'phone', site_id, id, 2, $2, 'Sam', $2, $2, 'Sam', 'solved'
FROM station WHERE id = $1
"""
ALARM = """
INSERT INTO security_event (id, station_id, at, received_at, kind, tech_info, source, critical, times)
VALUES (gen_random_uuid(), $1, 'epoch', $2, 'TamperDetectionActivated', $3, 'charger', true, 3)
"""


async def test_alarms_and_support_cases_stand_on_it_too_for_whoever_reads_cases(
    world: World, signed_in: SignedIn
) -> None:
    here = await diagnosed(world)
    async with world.house.database.transaction() as tx:
        await tx.execute(CASE, world.station, NOW - timedelta(minutes=5), HOSTILE)
        await tx.execute(ALARM, world.station, NOW - timedelta(minutes=5), HOSTILE)
    support = await signed_in(Role.SUPPORT)
    alarm, case = "Somebody has opened the charger × 3", "is closed"
    for path in (here, here.removesuffix("/diagnosis")):
        page = (await support.open(path)).text
        assert alarm in page
        assert "Show the case" in page
        assert HOSTILE not in page
    cases = (await support.open(f"{here}?kind=case")).text
    assert alarm not in cases
    assert case in cases
    assert "Solved" in cases
    assert "Show the case" not in (await support.open(f"{here}?outlet=1")).text
    technician = await signed_in(Role.TECHNICIAN)
    page = (await technician.open(here)).text
    assert alarm in page
    assert "Show the case" not in page
    assert "Support cases" not in page
    assert "Show the case" not in (await technician.open(f"{here}?kind=case")).text


async def test_the_line_of_time_is_looked_at_by_day_week_or_month(world: World, signed_in: SignedIn) -> None:
    browser, here = await signed_in(Role.OPERATOR), await diagnosed(world)
    async with world.house.database.transaction() as tx:
        await tx.execute(ALARM, world.station, NOW - timedelta(days=1), "yesterday")
        await tx.execute(ALARM, world.station, NOW - timedelta(days=40), "long ago")
    day = (NOW - timedelta(days=1)).date()
    page = (await browser.open(f"{here}?kind=security&scale=day&day={day}")).text
    assert "yesterday" in page
    assert "long ago" not in page
    assert f"day={day - timedelta(days=1)}&amp;scale=day" in page
    assert f"day={day + timedelta(days=1)}&amp;scale=day" in page
    today = (await browser.open(f"{here}?kind=security&scale=day")).text
    assert "Nothing of this kind happened in this time." in today
    assert "Later" not in today
    then = (await browser.open(f"{here}?kind=security&scale=month&day={(NOW - timedelta(days=40)).date()}")).text
    assert "long ago" in then
    assert "yesterday" not in then
    for scale in ("day", "week", "month", "eon"):
        for odd in ("0001-01-01", "9999-12-31", "1970-01-01", "9000-01-01", "no day"):
            assert (await browser.open(f"{here}?scale={scale}&day={odd}")).status_code == 200


async def test_curves_hold_what_was_measured_and_nothing_else_is_measured(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    here = await diagnosed(world)
    for what in ("power", "current", "voltage", "temperature"):
        curve = (await browser.open(f"{here}/curve.json?what={what}&evse=1&days=90")).json()
        assert set(curve) == {"time", "series", "events"}
    assert (await browser.open(f"{here}/curve.json?what=token_uid")).status_code == 404


async def test_what_drifts_is_drawn_beside_its_own_usual_and_its_peers(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    here = await diagnosed(world)
    assert "How much the plug" not in (await browser.open(here)).text
    async with world.house.database.transaction() as tx:
        peers = [new_id() for _ in range(5)]
        await tx.execute(
            "UPDATE station SET vendor = 'Volta', model = 'One', firmware = '2' WHERE id = $1", world.station
        )
        for number, peer in enumerate(peers):
            await tx.execute(
                "INSERT INTO station (id, site_id, identity, name, vendor, model, firmware, registered_at)"
                " SELECT $1, site_id, $2, $2, vendor, model, firmware, registered_at FROM station WHERE id = $3",
                peer, f"PEER-{number}", world.station,
            )  # fmt: skip
        drifting = [(world.station, days, 60.0 - days) for days in range(10)]
        quiet = [(peer, 1, 30.0 + number) for number, peer in enumerate(peers)]
        for station, days, value in drifting + quiet:
            await tx.execute(
                "INSERT INTO drift_day (station_id, evse_number, detector, day, value, usual, heard)"
                " VALUES ($1, 1, 'D16', $2, $3, 50, 30)",
                station, (NOW - timedelta(days=days)).date(), value,
            )  # fmt: skip
    assert "How much the plug" in (await browser.open(here + "?evse=1")).text
    curve = (await browser.open(f"{here}/curve.json?what=D16&evse=1&days=30")).json()
    assert curve["series"][0]["values"] == [51.0 + day for day in range(10)]
    assert [line["values"][0] for line in curve["series"][1:]] == [50.0, 31.0, 33.0]  # usual, and half of five peers
    assert len(curve["time"]) == 10


async def test_a_pack_is_applied_by_a_person_with_a_reason_and_never_by_itself(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.OPERATOR)
    here = await diagnosed(world)
    count = "SELECT count(*) FROM command WHERE station_id = $1 AND kind = 'write_variable'"
    async with world.house.database.transaction() as tx:
        await tx.execute("DELETE FROM station_variable WHERE station_id = $1", world.station)
        before = await tx.value(count, world.station)
    assert "Let us see more" in (await browser.open(here)).text
    assert (await browser.send(here + "/packs/keys-ac/apply", reason="to see more")).status_code == 303
    async with world.house.database.transaction() as tx:
        assert await tx.value(count, world.station) - before == 6
        assert await tx.value(
            "SELECT count(*) FROM audit_log WHERE reason = 'to see more' AND object_id = $1", world.station
        ) + await tx.value("SELECT count(*) FROM command WHERE reason = 'to see more'")
    made = await browser.send(here + "/packs/keys-ac/template", reason="for all of them")
    assert made.status_code == 303
    assert (await browser.open(made.headers["location"])).status_code == 200
    assert (await browser.send(here + "/packs/nonsense/apply", reason="why")).status_code == 404
    assert (await browser.send(here + "/packs/keys-dc/apply", reason="why")).status_code == 404


async def test_a_host_sees_its_own_chargers_only_and_sets_nothing_up(world: World, signed_in: SignedIn) -> None:
    host = await signed_in(Role.SITE_HOST, world.site)
    here = await diagnosed(world)
    pages = [here, f"/console/stations/{shown('sta', world.other_station)}/diagnosis"]
    seen = [(await host.open(page)).status_code for page in pages]
    assert sorted(seen) == [200, 404]
    assert (await host.send(here + "/packs/keys-ac/apply", reason="why")).status_code in (403, 404)


async def test_what_diagnosis_could_not_hear_is_said(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    here = await diagnosed(world)
    assert "Diagnosis is incomplete" not in (await browser.open(here)).text
    async with world.house.database.transaction() as tx:
        await tx.execute("INSERT INTO observation_lost (at, dropped) VALUES ($1, 7)", NOW - timedelta(hours=1))
    assert "Diagnosis is incomplete" in (await browser.open(here)).text

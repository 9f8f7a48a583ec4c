"""What becomes of findings: what is told, when, as how many problems, and when it is over."""

from __future__ import annotations

from datetime import timedelta

from laddverk.diagnostics.incidents import holding, words
from laddverk.diagnostics.incidents.model import Cause, Hidden, OwnOutage, State
from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.scope import Blame
from tests.unit.diagnostics.incident_world import World, site_of, station


def test_a_charger_that_is_silent_for_ten_minutes_bothers_nobody():
    world = World()
    finding = world.raised()
    world.look(1)
    assert world.shown == []
    world.look(9)
    world.cleared(finding)
    world.look(1)
    world.look(31)
    assert world.incidents == {}


def test_a_charger_that_is_silent_for_a_quarter_is_one_incident():
    world = World()
    world.raised()
    world.look(14)
    assert world.shown == []
    world.look(1)
    assert [one.state for one in world.shown] == [State.NEW]


def test_safety_is_told_at_once():
    world = World()
    world.raised(detector="D06", family=Family.GROUND_FAULT, severity=Severity.SAFETY, evse=1)
    world.look()
    assert world.only.state is State.NEW
    assert world.events[-1].text == words.OPENED_AT_ONCE


def test_what_comes_and_goes_is_one_incident():
    world = World()
    for _ in range(12):
        finding = world.raised()
        world.look(5)
        world.cleared(finding)
        world.look(5)
    assert world.only.times == 12
    assert world.only.raised_at is not None


def test_several_detectors_of_one_outlet_see_one_problem():
    world = World()
    world.raised(detector="D07", family=Family.NO_ENERGY, evse=1, since=world.now - timedelta(hours=5))
    world.look()
    world.raised(detector="D25", family=Family.METER, evse=1, since=world.now - timedelta(hours=1))
    world.look(10)
    world.raised(detector="D32", family=Family.DEMAND, severity=Severity.DEGRADED, evse=1)
    world.look(10)
    assert world.only.family is Family.METER
    assert {one.incident_id for one in world.findings.values()} == {world.only.id}


def test_an_emergency_stop_and_an_outlet_that_is_out_of_order_and_does_not_say_why_are_one_problem():
    world = World()
    world.raised(detector="D06", family=Family.PHYSICAL_DAMAGE, severity=Severity.SAFETY, evse=1)
    world.look()
    world.raised(detector="D13", family=Family.STUCK_STATE, severity=Severity.DOWN, evse=1)
    world.look(30)
    assert world.only.family is Family.PHYSICAL_DAMAGE


def test_two_parts_of_one_outlet_are_two_problems():
    world = World()
    world.raised(detector="D15", family=Family.CONNECTOR_LOCK, evse=1)
    world.raised(detector="D17", family=Family.COOLING, severity=Severity.PLAN, evse=1)
    world.look(61)
    assert len(world.shown) == 2


def test_a_site_without_network_is_one_incident_of_the_site():
    world = World()
    for number in range(1, 6):
        world.raised(number)
        world.look(0.5)
    world.look(15)
    assert world.only.scope == Blame.SITE
    assert len(world.only.stations) == 5
    assert world.only.site_id == site_of(station(1))
    assert world.only.station_id is None


def test_single_problems_that_turn_out_to_be_the_site_become_one():
    world = World()
    for number in (1, 2):
        world.raised(number)
    world.look(9)
    assert len(world.incidents) == 2
    world.raised(3)
    world.look(8)
    assert len(world.shown) == 1
    assert world.shown[0].scope == Blame.SITE


def test_what_was_shown_and_turns_out_to_be_the_site_says_where_it_went():
    world = World()
    world.raised(1, since=world.now - timedelta(minutes=16))
    world.look()
    first = world.only
    for number in (2, 3, 4):
        world.raised(number, since=world.now - timedelta(minutes=12))
    world.look(1)
    merged = world.incidents[first.id]
    assert merged.state is State.MERGED
    assert merged.parent_id in world.incidents
    assert {one.incident_id for one in world.findings.values()} == {merged.parent_id}


def test_a_charger_that_comes_back_does_not_split_its_site():
    world = World()
    findings = [world.raised(number) for number in range(1, 5)]
    world.look(16)
    for finding in findings[:3]:
        world.cleared(finding)
    world.look(5)
    assert world.only.scope == Blame.SITE


def test_nothing_else_is_told_of_chargers_whose_site_is_offline():
    world = World()
    for number in range(1, 5):
        world.raised(number)
    world.look(16)
    world.raised(2, "D32", Family.DEMAND, Severity.DEGRADED, evse=1)
    world.look(30)
    assert len(world.shown) == 1
    assert [one.hidden_by for one in world.incidents.values() if one.family is Family.DEMAND] == [Hidden.PARENT]


def test_what_begins_at_a_charger_that_came_back_is_told_though_another_of_its_site_stays_away():
    world = World()
    findings = [world.raised(number) for number in range(1, 5)]
    world.look(16)
    for finding in findings[:3]:
        world.cleared(finding)
    world.wait(2)
    world.raised(2, "D13", Family.STUCK_STATE, Severity.DOWN, evse=1)
    world.wait(1)
    assert Family.STUCK_STATE in {one.family for one in world.shown}


def test_safety_is_told_also_where_the_site_is_offline():
    world = World()
    for number in range(1, 5):
        world.raised(number)
    world.look(16)
    world.raised(2, "D06", Family.GROUND_FAULT, Severity.SAFETY, evse=1)
    world.look(1)
    assert len(world.shown) == 2


def test_our_own_outage_is_not_the_chargers_fault():
    world = World()
    world.raised(1)
    world.look(20)
    world.incidents.clear()
    world.outages.append(OwnOutage(world.now - timedelta(minutes=30), world.now))
    world.look(1)
    assert [one.hidden_by for one in world.incidents.values()] == [Hidden.OUTAGE]
    world.look(16)
    assert len(world.shown) == 1, "it did not come back"


def test_maintenance_hides_all_but_safety():
    world = World()
    world.quiet_span("maintenance", 2, number=1)
    world.raised(1)
    world.raised(1, "D06", Family.CONTACTOR, Severity.SAFETY, evse=1)
    world.look(30)
    assert [one.family for one in world.shown] == [Family.CONTACTOR]
    world.look(100)
    assert {one.family for one in world.shown} == {Family.CONTACTOR, Family.CONNECTIVITY}


def test_a_silence_holds_for_its_site_and_no_other():
    world = World()
    world.quiet_span("silence", 2, site=site_of(station(1)))
    world.raised(1)
    world.raised(15)
    world.look(20)
    assert [one.stations for one in world.shown] == [(station(15),)]


def test_what_a_detector_says_is_not_told_while_it_is_no_use():
    world = World()
    world.muted = frozenset({"D26"})
    world.raised(1, "D26", Family.CONNECTIVITY, Severity.PLAN)
    world.look(90)
    assert world.shown == []
    assert world.only.hidden_by is Hidden.MUTED


def test_what_went_away_is_watched_for_a_day_and_closed_by_itself():
    world = World()
    finding = world.raised()
    world.look(20)
    world.cleared(finding)
    world.look(10)
    assert world.only.state is State.NEW
    world.look(21)
    assert world.only.state is State.VERIFYING
    world.wait(24)
    assert world.only.state is State.CLOSED
    assert [(one.cause, one.useful) for one in world.closings] == [(Cause.RECOVERED, None)]


def test_what_a_person_has_taken_is_closed_by_a_person():
    world = World()
    finding = world.raised()
    world.look(20)
    world.change(world.only, state=State.IN_WORK, acknowledged_at=world.now)
    world.cleared(finding)
    world.wait(30)
    assert world.only.state is State.VERIFYING


def test_what_is_seen_again_while_it_is_watched_goes_back_to_work():
    world = World()
    world.look()
    finding = world.raised()
    world.look(20)
    world.change(world.only, state=State.VERIFYING, acknowledged_at=world.now, verifying_at=world.now)
    world.look(5)
    assert world.only.state is State.VERIFYING
    world.renewed(finding)
    world.look(1)
    assert world.only.state is State.IN_WORK


def test_what_comes_back_within_a_week_is_the_same_incident():
    world = World()
    finding = world.raised()
    world.look(20)
    first = world.only.id
    world.cleared(finding)
    world.wait(26)
    assert world.only.state is State.CLOSED
    world.look(60 * 24 * 3)
    world.raised()
    world.look(16)
    assert world.only.id == first
    assert (world.only.state, world.only.repeats) == (State.NEW, 1)
    assert world.events[-1].text == words.CAME_BACK


def test_what_comes_back_has_to_last_before_it_is_told_again():
    world = World()
    finding = world.raised()
    world.look(20)
    world.cleared(finding)
    world.wait(26)
    second = world.raised()
    world.look(5)
    world.cleared(second)
    world.look(5)
    world.look(40)
    assert world.only.state is State.CLOSED


def test_a_false_alarm_is_not_told_again_within_a_week_unless_it_is_worse():
    world = World()
    finding = world.raised(detector="D20", family=Family.SUPPLY, severity=Severity.DEGRADED)
    world.look(20)
    world.change(world.only, state=State.FALSE, closed_at=world.now)
    world.look(60)
    world.cleared(finding)
    world.look(1)
    world.raised(detector="D20", family=Family.SUPPLY, severity=Severity.DEGRADED)
    world.look(20)
    assert world.shown == []
    world.raised(detector="D06", family=Family.SUPPLY, severity=Severity.SAFETY)
    world.look(1)
    assert len(world.shown) == 1


def test_an_incident_that_was_closed_too_early_comes_back_when_it_is_seen_again():
    world = World()
    finding = world.raised()
    world.look(20)
    world.change(world.only, state=State.CLOSED, closed_at=world.now)
    world.look(20)
    assert world.only.state is State.CLOSED
    world.look(20)
    world.renewed(finding)
    world.look(1)
    assert (world.only.state, world.only.repeats) == (State.NEW, 1)


def test_an_incident_that_was_closed_while_it_stands_comes_back_after_a_day():
    world = World()
    world.raised()
    world.look(20)
    world.change(world.only, state=State.CLOSED, closed_at=world.now)
    world.wait(23)
    assert world.only.state is State.CLOSED
    world.wait(2)
    assert world.only.state is State.NEW


def test_one_driver_who_complains_is_not_an_incident_and_two_are():
    world = World()
    world.reported("anna")
    world.reported("anna")
    world.look()
    assert world.incidents == {}
    world.reported("bo", "stops")
    world.look(5)
    assert (world.only.state, world.only.reports, world.only.family) == (State.NEW, 3, Family.NO_ENERGY)


def test_danger_needs_one_driver_only():
    world = World()
    world.reported("anna", "danger")
    world.look()
    assert world.only.severity is Severity.SAFETY
    assert world.only.state is State.NEW


def test_a_report_joins_the_incident_of_its_outlet():
    world = World()
    world.raised(detector="D08", family=Family.NO_ENERGY, severity=Severity.DEGRADED, evse=2)
    world.look(16)
    world.reported("anna", evse=2)
    world.reported("bo", evse=1)
    world.look(1)
    assert world.only.reports == 1


def test_charges_that_go_well_disprove_what_drivers_said():
    world = World()
    world.reported("anna")
    world.reported("bo")
    world.look()
    world.successes = {world.only.id: 3}
    world.look(60)
    assert world.only.state is State.VERIFYING
    world.wait(25)
    assert world.only.state is State.CLOSED


def test_a_lonely_charger_is_worse_than_one_among_many():
    assert holding.weighed(Severity.DEGRADED, 6, has_alternative=True) is Severity.DEGRADED
    assert holding.weighed(Severity.DEGRADED, 6, has_alternative=False) is Severity.DOWN
    assert holding.weighed(Severity.DEGRADED, 30, has_alternative=True) is Severity.DOWN
    assert holding.weighed(Severity.DOWN, 99, has_alternative=False) is Severity.DOWN
    assert holding.weighed(Severity.INFO, 99, has_alternative=False) is Severity.INFO

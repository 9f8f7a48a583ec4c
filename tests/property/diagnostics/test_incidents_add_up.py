"""Whatever detectors say and in whatever order it is read: each finding has one home, and nothing is decided twice."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.diagnostics.incidents import rules
from laddverk.diagnostics.incidents.model import SHOWN, State
from laddverk.diagnostics.model import Family, Severity
from tests.unit.diagnostics.incident_world import World, site_of, station

FAMILIES = st.sampled_from(
    [Family.CONNECTIVITY, Family.NO_ENERGY, Family.METER, Family.SUPPLY, Family.CONTROLLER, Family.DEMAND, Family.CLOCK]
)
moves = st.one_of(
    st.tuples(st.just("raise"), st.integers(1, 14), st.integers(0, 2), FAMILIES, st.integers(0, 4)),
    st.tuples(st.just("clear"), st.integers(0, 30), st.just(0), FAMILIES, st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 400), st.just(0), FAMILIES, st.just(0)),
    st.tuples(st.just("report"), st.integers(1, 14), st.integers(1, 2), FAMILIES, st.integers(0, 3)),
    st.tuples(st.just("quiet"), st.integers(1, 14), st.integers(1, 12), FAMILIES, st.just(0)),
    st.tuples(st.just("close"), st.integers(0, 10), st.just(0), FAMILIES, st.integers(0, 1)),
)


def lived(history: list[tuple[str, int, int, Family, int]]) -> World:
    world = World()
    for what, number, other, family, degree in history:
        standing = [one for one in world.findings.values() if one.cleared_at is None]
        if what == "raise":
            detector = f"D{list(Family).index(family):02d}"
            known = {(one.station_id, one.evse_number, one.detector) for one in standing}
            if (station(number), other, detector) not in known:
                world.raised(number, detector, family, Severity(degree), other)
        elif what == "clear" and standing:
            world.cleared(standing[number % len(standing)].id)
        elif what == "report":
            world.reported(f"person {degree}", number=number, evse=other)
        elif what == "quiet":
            world.quiet_span("silence", other, site=site_of(station(number)))
        elif what == "close":
            open_ones = [one for one in world.incidents.values() if one.state in SHOWN]
            if open_ones:
                state = State.FALSE if degree else State.CLOSED
                world.change(open_ones[number % len(open_ones)], state=state, closed_at=world.now)
        world.look(number if what == "wait" else 1)
    return world


@given(st.lists(moves, max_size=25))
@settings(max_examples=120, deadline=None)
def test_every_finding_that_stands_has_one_home(history):
    world = lived(history)
    for finding in world.findings.values():
        if finding.cleared_at is None:
            home = world.incidents[finding.incident_id]
            assert home.state is not State.MERGED
            assert finding.station_id in home.stations or home.is_over


@given(st.lists(moves, max_size=25))
@settings(max_examples=120, deadline=None)
def test_the_same_world_is_decided_once(history):
    world = lived(history)
    again = rules.attended(world.situation(), world.now, world.make_id)
    assert (again.saved, again.dropped, again.moved, again.events, again.closings) == ((), (), {}, (), ())


@given(st.lists(moves, max_size=25), st.randoms(use_true_random=False), st.integers(0, 90))
@settings(max_examples=120, deadline=None)
def test_the_order_in_which_findings_are_read_changes_nothing(history, random: Random, minutes):
    world = lived(history)
    now = world.now + timedelta(minutes=minutes)

    def shuffled(findings):
        mixed = list(findings)
        random.shuffle(mixed)
        return mixed

    straight = rules.attended(world.situation(), now, World().make_id)
    assert rules.attended(world.situation(shuffled), now, World().make_id) == straight


@given(st.lists(moves, max_size=25))
@settings(max_examples=120, deadline=None)
def test_safety_is_never_kept_from_people(history):
    world = lived(history)
    for incident in world.incidents.values():
        if incident.severity is Severity.SAFETY:
            assert not incident.hidden_by
            assert incident.state is not State.HELD or incident.quiet_since is not None

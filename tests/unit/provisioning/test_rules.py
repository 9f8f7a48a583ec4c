"""Decisions about templates, inventories and alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from laddverk.ocpp.commands import NewValue
from laddverk.ocpp.facts import EventNotified
from laddverk.provisioning import rules
from laddverk.provisioning.model import Family, Present, StandingState, StationTraits, Template

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SITE, OTHER_SITE = UUID(int=1), UUID(int=2)
STATION = StationTraits(
    station_id=UUID(int=9), site_id=SITE, vendor="Zaptec", model="Pro 22", protocol="ocpp1.6"
)  # fmt: skip


def template(name="t", *wanted, vendor="", model="", site_id=None, family=Family.KEYS, number=3):
    values = tuple(NewValue(variable=key, value=value) for key, value in wanted)
    return Template(
        id=UUID(int=number), name=name, vendor=vendor, model=model, site_id=site_id, family=family,
        checks_at_start=False, version=1, version_at=NOW, wanted=values,
    )  # fmt: skip


def present(value, minutes=0, **more):
    return Present(value=value, changed_at=NOW + timedelta(minutes=minutes), **more)


@pytest.mark.parametrize(
    ("one", "other", "data_type", "same"),
    [
        ("True", "true", None, True),
        ("60", "60.0", None, True),
        ("60", "61", None, False),
        ("a, b", "a,b", None, True),
        ("b,a", "a,b", None, False),
        ("b,a", "a,b", "MemberList", True),
        ("b,a", "a,b", "SequenceList", False),
        (None, "", None, True),
        ("NaN", "nan", None, False),
        ("1e3", "1000", None, True),
    ],
)
def test_values_that_mean_the_same_are_the_same(one, other, data_type, same):
    assert rules.same_value(one, other, data_type) is same


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("", "anything", True),
        ("zaptec", "Zaptec ", True),
        ("Zap*", "Zaptec Pro", True),
        ("*pro*", "Zaptec Pro 22", True),
        ("*Pro", "Zaptec Pro 22", False),
        ("a*a", "a", False),
        ("a*b*c", "aXbYc", True),
        ("a*b*b", "ab", False),
        ("[a-z]*", "Zaptec", False),
    ],
)
def test_a_pattern_knows_only_the_star(pattern, text, fits):
    assert rules.matches(pattern, text) is fits


def test_a_template_is_meant_for_stations_of_its_family_site_vendor_and_model():
    assert rules.is_meant_for(template(vendor="zap*", model="pro*"), STATION)
    assert not rules.is_meant_for(template(family=Family.DEVICE_MODEL), STATION)
    assert not rules.is_meant_for(template(site_id=OTHER_SITE), STATION)
    assert not rules.is_meant_for(template(model="Go"), STATION)


def test_a_station_that_never_connected_has_no_template():
    unknown = StationTraits(station_id=UUID(int=9), site_id=SITE, vendor="", model="", protocol=None)
    assert not rules.is_meant_for(template(), unknown)


def test_what_differs_is_named_with_since_when():
    wanted = template("t", ("HeartbeatInterval", "300"), ("LocalPreAuthorize", "true"))
    known = {
        ("", "heartbeatinterval", "actual"): present("60", minutes=5),
        ("", "localpreauthorize", "actual"): present("TRUE"),
    }
    (standing,) = rules.standings(STATION, [wanted], known)
    assert standing.state is StandingState.DRIFTED
    assert [(one.variable, one.value, one.since) for one in standing.differences] == [
        ("HeartbeatInterval", "60", NOW + timedelta(minutes=5))
    ]


def test_what_was_never_read_makes_the_standing_unknown():
    (standing,) = rules.standings(STATION, [template("t", ("HeartbeatInterval", "300"))], {})
    assert standing.state is StandingState.UNKNOWN
    assert not standing.differences[0].is_known


def test_a_value_that_waits_for_a_start_is_still_a_difference_and_says_so():
    known = {("", "heartbeatinterval", "actual"): present("60", pending_value="300")}
    (standing,) = rules.standings(STATION, [template("t", ("HeartbeatInterval", "300"))], known)
    assert standing.state is StandingState.DRIFTED
    assert standing.differences[0].pending


def test_the_more_specific_template_counts_where_two_name_the_same_key():
    general = template("all", ("HeartbeatInterval", "300"), number=1)
    local = template("here", ("heartbeatinterval", "60"), site_id=SITE, number=2)
    known = {("", "heartbeatinterval", "actual"): present("60")}
    standings = {one.template_id: one.state for one in rules.standings(STATION, [general, local], known)}
    assert standings == {UUID(int=1): StandingState.IN_STEP, UUID(int=2): StandingState.IN_STEP}


def test_chunks_hold_everything_once_in_order():
    assert rules.chunks([1, 2, 3, 4, 5], 2) == [(1, 2), (3, 4), (5,)]
    assert rules.chunks([1], 0) == [(1,)]


@pytest.mark.parametrize(("said", "items"), [("4", 4), ("0", 20), ("x", 20), ("100000000", 20), ("9999", 100)])
def test_the_charger_says_how_many_items_it_takes_within_reason(said, items):
    assert rules.items_per_message("write", {"ItemsPerMessageSetVariables": said}) == items


def test_an_answer_that_reached_the_limit_is_asked_for_the_rest_by_name():
    told = list(rules.CORE_KEYS_16)
    assert rules.keys_to_ask(told, [], max_keys=None) == []
    more = rules.keys_to_ask(told, ["VendorKey"], max_keys=len(told))
    assert "VendorKey" in more
    assert "LocalAuthListEnabled" in more
    assert not set(more) & set(told)


def test_a_charger_that_returns_a_few_fixed_keys_is_asked_for_those_it_must_have():
    missing = rules.keys_to_ask(["HeartbeatInterval"], [], max_keys=None)
    assert "NumberOfConnectors" in missing
    assert "HeartbeatInterval" not in missing


@pytest.mark.parametrize(
    ("parts", "last", "minutes", "over", "state", "missing"),
    [
        ([], None, 1, False, "waiting", ()),
        ([0, 1], None, 1, False, "coming", ()),
        ([0, 1, 2], 2, 1, False, "complete", ()),
        ([0, 2], 2, 1, False, "coming", (1,)),
        ([0, 2], 2, 11, False, "incomplete", (1,)),
        ([], None, 1, True, "absent", ()),
        ([1], 10**9, 11, False, "incomplete", (0, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    ],
)
def test_a_report_is_complete_when_every_part_has_come(parts, last, minutes, over, state, missing):
    how = rules.progress(parts, last, NOW, NOW + timedelta(minutes=minutes), is_over=over)
    assert (how.state, how.missing) == (state, missing)


def event(**more):
    given = {"event_id": 1, "trigger": "Alerting", "component": "EVSE@1", "variable": "Power", "value": "5", **more}
    return EventNotified(station_id=UUID(int=9), at=NOW, received_at=NOW, **given)


def test_an_event_that_clears_belongs_to_the_alarm_it_clears_even_without_its_code():
    assert rules.alarm_key(event(tech_code="E1")) == rules.alarm_key(event(cleared=True, value="1", event_id=2))
    assert rules.alarm_key(event()) != rules.alarm_key(event(variable="Other"))
    assert rules.alarm_key(event(trigger="Periodic")) is None


def test_an_event_told_again_is_the_same_and_another_value_is_not():
    assert rules.event_key(event()) == rules.event_key(event(severity=3))
    assert rules.event_key(event()) != rules.event_key(event(value="6"))

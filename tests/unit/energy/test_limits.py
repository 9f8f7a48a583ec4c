"""Limits from the form to the profile: hours that come back, later starts, dynamic ones; units and pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.composite import composite, value_at
from laddverk.energy.model import Allowed, Feed, Note, Placed, Wish
from laddverk.energy.rules import allowed, checked, profile_of
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import ProfileKind, Purpose, RateUnit
from laddverk.web.console.energy_forms import number_in, wish_of

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)  # a Saturday, 16:30 in Sweden
ZONE = "Europe/Stockholm"
FORM = {"purpose": "default", "evse": "1", "limit": "10", "unit": "A", "length": "0"}
FEED = Feed()


def wanted(**form):
    return wish_of(FORM | form, NOW, ZONE)


def steps_of(wish, hours=24):
    placed = [Placed(profile_of(wish, NOW), wish.evse_number, NOW)]
    return composite(placed, 1, NOW, hours * 3600, FEED, None)


def test_a_limit_of_every_day_holds_in_its_hours_only():
    steps = steps_of(wanted(when="daily", from_time="17:00", to_time="20:00"), hours=48)
    held = [(step.at, step.limit_a) for step in steps]
    assert held == [
        (NOW, None),
        (datetime(2026, 11, 21, 16, tzinfo=UTC), 10.0),
        (datetime(2026, 11, 21, 19, tzinfo=UTC), None),
        (datetime(2026, 11, 22, 16, tzinfo=UTC), 10.0),
        (datetime(2026, 11, 22, 19, tzinfo=UTC), None),
    ]


def test_hours_past_midnight_that_have_begun_hold_now():
    wish = wanted(when="daily", from_time="16:00", to_time="06:00")
    assert wish.starts_at == datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert wish.lasts_s == 14 * 3600
    assert value_at(steps_of(wish), NOW) == 10.0


def test_hours_of_a_weekday_began_on_the_last_one():
    wish = wanted(when="mon", from_time="08:00", to_time="10:00")
    assert (wish.recurrency, wish.starts_at) == ("Weekly", datetime(2026, 11, 16, 7, tzinfo=UTC))
    wish = wanted(when="sat", from_time="18:00", to_time="19:00")
    assert wish.starts_at == datetime(2026, 11, 14, 17, tzinfo=UTC)


def test_from_a_time_to_the_same_time_is_all_day():
    assert wanted(when="daily", from_time="00:00", to_time="00:00").lasts_s == 86_400


def test_a_limit_that_begins_later_lasts_from_there():
    wish = wanted(starts_at="2026-11-21T18:00", length="60")
    steps = steps_of(wish)
    assert [(step.at.hour, step.limit_a) for step in steps] == [(15, None), (17, 10.0), (18, None)]
    assert wish.until == datetime(2026, 11, 21, 18, tzinfo=UTC)


def test_a_dynamic_limit_is_asked_for_by_the_charger():
    profile = profile_of(wanted(dynamic="yes"), NOW)
    assert (profile.kind, profile.update_every_s) == (ProfileKind.DYNAMIC, 300)
    assert checked(profile, 1, FEED, Allowed(), is_16=False, now=NOW).profile == profile


@pytest.mark.parametrize("form", [
    {"purpose": "other"}, {"when": "never"}, {"when": "daily", "from_time": "17:00"}, {"when": "mon", "to_time": "x"},
    {"starts_at": "soon"}, {"limit": "many"}, {"evse": "-1"}, {"stack_level": "1001"},
])  # fmt: skip
def test_a_form_that_cannot_be_understood_is_refused_by_field(form):
    with pytest.raises(Invalid) as refused:
        wanted(**form)
    assert refused.value.field in form or refused.value.field == "from_time"


@pytest.mark.parametrize(("text", "number"), [("10", 10.0), ("7,5", 7.5), (" 6 900 ", 6900.0), ("-3", -3.0)])
def test_numbers_are_read_as_people_write_them(text, number):
    assert number_in(text) == number


def test_a_limit_from_outside_is_not_ours_to_set():
    wish = Wish(evse_number=0, limit=10.0, purpose=Purpose.EXTERNAL)
    with pytest.raises(Invalid):
        checked(profile_of(wish, NOW), 0, FEED, Allowed(), is_16=False, now=NOW)


def test_what_is_known_of_a_model_counts_more_than_what_it_says():
    said = {"chargingscheduleallowedchargingrateunit": "Current,Power"}
    assert allowed(said).units == {RateUnit.AMPERE, RateUnit.WATT}
    assert allowed(said, "W").units == {RateUnit.WATT}
    assert allowed({}).units == {RateUnit.AMPERE, RateUnit.WATT}


def test_a_conversion_never_raises_a_limit():
    wish = Wish(evse_number=1, limit=10_000.0, unit=RateUnit.WATT, until=NOW + timedelta(hours=1))
    made = checked(profile_of(wish, NOW), 1, FEED, allowed({}, "A"), is_16=True, now=NOW)
    (period,) = made.profile.schedules[0].periods
    assert (period.limit, made.notes) == (14.4, (Note.CONVERTED,))  # 14.49 A

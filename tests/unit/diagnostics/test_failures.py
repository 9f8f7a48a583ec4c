"""Attempts that fail: a row of them, and a share that rises, at the edges of their formulas."""

from __future__ import annotations

from typing import Any

import pytest

from laddverk.diagnostics.detectors.failures import FailingStarts, SilentNoEnergy
from laddverk.diagnostics.detectors.metering import StuckMeter
from laddverk.diagnostics.model import Family, OutcomeClass, Severity, Turn
from laddverk.diagnostics.observations import EventSeen, Metered, SessionBegan, SessionOver
from laddverk.ocpp.facts import Status
from tests.unit.diagnostics.playing import DAY, DC, HOUR, SCENE, instant, outcome, play, seen_at, state, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED
OK, ZERO, ABORT, AUTH = OutcomeClass.OK, OutcomeClass.ZERO_ENERGY, OutcomeClass.EARLY_ABORT, OutcomeClass.AUTH_FAIL


def row(how: OutcomeClass, users: str, every_s: float = 600, **fields: Any) -> list[Any]:
    """One attempt for each letter, which is its user; `.` is nobody known."""
    return [
        outcome((number + 1) * every_s, how, "" if user == "." else user, **fields) for number, user in enumerate(users)
    ]


def test_four_without_energy_by_two_users_are_told_with_the_first_as_since() -> None:
    (signal,) = play(SilentNoEnergy(evse_number=1), row(ZERO, "AABB"))
    assert signal.turn is RAISED
    assert signal.since == instant(600 - 60)
    assert signal.at == instant(2_400)


@pytest.mark.parametrize("users", ["AAB", "AAAA", "AAAAAAAAAA", "...."])
def test_three_or_one_stubborn_user_or_nobody_known_for_an_hour_is_not_told(users: str) -> None:
    assert play(SilentNoEnergy(evse_number=1), row(ZERO, users)) == []


def test_where_nobody_is_known_two_hours_stand_for_two_users() -> None:
    assert play(SilentNoEnergy(evse_number=1), row(ZERO, "....", (7_200 - 61) / 3)) == []
    assert turns(play(SilentNoEnergy(evse_number=1), row(ZERO, "....", (7_200 - 60) / 3))) == [RAISED]


def test_other_failures_take_five_by_three_at_public_ac_and_four_by_two_at_dc() -> None:
    assert play(SilentNoEnergy(evse_number=1), row(ABORT, "ABBA")) == []
    assert play(SilentNoEnergy(evse_number=1), row(ABORT, "ABBAA")) == []
    assert turns(play(SilentNoEnergy(evse_number=1), row(ABORT, "ABBAC"))) == [RAISED]
    assert turns(play(SilentNoEnergy(evse_number=1), row(ABORT, "ABBA"), scene=DC)) == [RAISED]


def test_one_that_gets_energy_breaks_the_row_and_ends_the_finding() -> None:
    broken = [*row(ZERO, "ABC"), outcome(5_000, OK, "D"), *row(ZERO, "ABC", 6_000)]
    assert play(SilentNoEnergy(evse_number=1), broken) == []
    mended = [*row(ZERO, "ABCD"), outcome(5_000, OK, "E")]
    assert turns(play(SilentNoEnergy(evse_number=1), mended)) == [RAISED, CLEARED]


def test_an_abrupt_end_after_much_energy_is_no_lack_of_energy() -> None:
    ends = row(OutcomeClass.ABNORMAL_END, "ABCDEF", energy_wh=500)
    assert play(SilentNoEnergy(evse_number=1), ends) == []


@pytest.mark.parametrize("how", [AUTH, OutcomeClass.PAYMENT_FAIL, OutcomeClass.NO_AUTH, OutcomeClass.EXCLUDED])
def test_refusals_and_full_cars_say_nothing_of_the_outlet(how: OutcomeClass) -> None:
    assert play(SilentNoEnergy(evse_number=1), row(how, "ABCDEFGH")) == []
    assert play(FailingStarts(evse_number=1), row(how, "ABCDEFGH")) == []


def test_full_cars_between_do_not_break_the_row() -> None:
    story = [*row(ZERO, "AB"), outcome(3_000, OutcomeClass.EXCLUDED, "C"), outcome(4_000, ZERO, "D"),
             outcome(5_000, ZERO, "E")]  # fmt: skip
    assert turns(play(SilentNoEnergy(evse_number=1), story)) == [RAISED]


def waiting(number: int, user: str) -> list[Any]:
    """A session whose car says after a minute that it wants no current."""
    start = number * 2 * HOUR
    return [
        seen_at(SessionBegan, start, evse_number=1, session_key=f"s{number}"),
        state(start + 1, Status.CHARGING),
        state(start + 60, Status.SUSPENDED_EV),
        seen_at(SessionOver, start + HOUR, evse_number=1, session_key=f"s{number}"),
        outcome(start + HOUR, ZERO, user, lasted_s=HOUR),
    ]


def test_where_cars_want_no_current_it_takes_eight_by_four() -> None:
    def story(users: str) -> list[Any]:
        return [each for number, user in enumerate(users) for each in waiting(number, user)]

    assert play(SilentNoEnergy(evse_number=1), story("ABABCDA")) == []
    assert play(SilentNoEnergy(evse_number=1), story("ABCABCABC")) == []
    (signal,) = play(SilentNoEnergy(evse_number=1), story("ABABCCAD"))
    assert (signal.family, signal.severity, signal.confidence) == (None, Severity.DEGRADED, 0.5)
    assert play(FailingStarts(evse_number=1), story("ABCDEFGHIJ")) == []
    assert play(StuckMeter(evse_number=1), story("ABCDEFGHIJ")) == []


def test_a_lucky_time_does_not_make_three_failures_a_fault() -> None:
    good = [outcome(number * HOUR, OK, f"user{number}") for number in range(300)]
    bad = [outcome((300 + number) * HOUR, ABORT, f"new{number}") for number in range(5)]
    assert play(FailingStarts(evse_number=1), [*good, *bad[:4]]) == []
    assert turns(play(FailingStarts(evse_number=1), [*good, *bad])) == [RAISED]


def test_who_stays_for_an_hour_without_energy_points_at_the_meter() -> None:
    (signal,) = play(SilentNoEnergy(evse_number=1), row(ZERO, "AABB", 2 * HOUR, lasted_s=HOUR))
    assert signal.family is Family.METER


def test_codes_that_half_of_the_failures_share_name_the_part() -> None:
    coded = [*row(ZERO, "AB", error_codes=("PowerMeterFailure",)), outcome(3_000, ZERO, "C"), outcome(4_000, ZERO, "D")]
    (signal,) = play(SilentNoEnergy(evse_number=1), coded)
    assert signal.family is Family.METER
    (signal,) = play(SilentNoEnergy(evse_number=1), row(ZERO, "ABCD"))
    assert signal.family is None


def test_five_users_in_a_row_raise_the_share_and_four_do_not() -> None:
    assert play(FailingStarts(evse_number=1), row(ABORT, "ABCD")) == []
    assert turns(play(FailingStarts(evse_number=1), row(ABORT, "ABCDE"))) == [RAISED]


def test_a_stubborn_user_has_one_vote_a_day() -> None:
    assert play(FailingStarts(evse_number=1), row(ABORT, "A" * 50)) == []
    daily = row(ABORT, "AAAAA", DAY)
    assert turns(play(FailingStarts(evse_number=1), daily)) == [RAISED]


def test_nobody_known_has_one_vote_a_visit() -> None:
    assert play(FailingStarts(evse_number=1), row(ABORT, "." * 20, 900)) == []
    assert turns(play(FailingStarts(evse_number=1), row(ABORT, "." * 5, 901))) == [RAISED]


def test_the_usual_share_of_failures_is_never_told() -> None:
    story = []
    for number in range(1_000):
        story.append(outcome(number * HOUR, ABORT if number % 25 == 0 else OK, f"user{number}"))
    assert play(FailingStarts(evse_number=1), story) == []


def test_half_of_the_users_failing_is_told_within_a_day_and_over_after_twelve_good_ones() -> None:
    bad = [outcome(number * 1_800, ABORT if number % 2 else OK, f"user{number}") for number in range(40)]
    good = [outcome(DAY + number * 1_800, OK, f"new{number}") for number in range(12)]
    signals = play(FailingStarts(evse_number=1), [*bad, *good])
    assert signals[0].turn is RAISED
    assert signals[0].at < instant(DAY)
    assert signals[-1].turn is CLEARED
    assert signals[-1].at == good[-1].at


def test_a_model_that_fails_more_is_judged_by_its_own_kind() -> None:
    weak = SCENE.__class__(station_id=SCENE.station_id, fail_share=0.3)
    assert play(FailingStarts(evse_number=1), row(ABORT, "ABCDE"), scene=weak) == []


def inside(number: int, user: str, **reading: Any) -> list[Any]:
    """A session of an hour without energy, and one reading in it."""
    start = number * 2 * HOUR
    return [
        seen_at(SessionBegan, start, evse_number=1, session_key=f"s{number}"),
        seen_at(Metered, start + 600, evse_number=1, session_key=f"s{number}", **reading),
        seen_at(SessionOver, start + HOUR, evse_number=1, session_key=f"s{number}"),
        outcome(start + HOUR, ZERO, user, lasted_s=HOUR),
    ]


@pytest.mark.parametrize(
    ("reading", "family"),
    [
        ({"power_w": 0}, None),
        ({"current_a": (0.0, 0.2, 0.0)}, None),
        ({"power_w": 9_000}, Family.METER),
        ({}, Family.METER),
        ({"offered_a": 4.0}, Family.LIMIT),
    ],
)
def test_what_was_read_inside_says_whether_meter_limit_or_another_part_is_to_blame(
    reading: dict[str, Any], family: Family | None
) -> None:
    story = [each for number, user in enumerate("ABAB") for each in inside(number, user, **reading)]
    (signal,) = play(SilentNoEnergy(evse_number=1), story)
    assert signal.family is family
    assert bool(play(StuckMeter(evse_number=1), story)) is (family is Family.METER)


def test_a_car_that_fails_everywhere_says_nothing_of_this_outlet() -> None:
    scene = SCENE.__class__(station_id=SCENE.station_id, bad_cars=frozenset({"A", "car"}))
    assert play(SilentNoEnergy(evse_number=1), row(ZERO, "AABAB"), scene=scene) == []
    assert play(SilentNoEnergy(evse_number=1), row(ZERO, "BCBCBC", car_key="car"), scene=scene) == []
    assert play(FailingStarts(evse_number=1), row(ZERO, "BCDEFG", car_key="car"), scene=scene) == []


def events(*seconds: float, tech_code: str = "CX001", **fields: Any) -> list[Any]:
    return [
        seen_at(EventSeen, each, component="ConnectorPlugRetentionLock", variable="Problem", tech_code=tech_code,
                evse_number=1, **fields)
        for each in seconds
    ]  # fmt: skip


def in_order(*stories: list[Any]) -> list[Any]:
    return sorted((each for story in stories for each in story), key=lambda each: each.received_at)


def test_events_of_2_x_name_what_a_row_of_failures_failed_of() -> None:
    said = in_order(events(590, 1_190, 2_390), row(ZERO, "ABAB"))
    (signal,) = play(SilentNoEnergy(evse_number=1), said, scene=DC)
    assert signal.family is Family.CONNECTOR_LOCK


def test_events_of_2_x_name_what_a_rising_share_failed_of() -> None:
    users = [f"U{number}" for number in range(12)]
    attempts = [outcome((number + 1) * DAY, ABORT, user) for number, user in enumerate(users)]
    said = in_order(attempts, events(*[(number + 1) * DAY - 30 for number in range(12)]))
    raised = [signal for signal in play(FailingStarts(evse_number=1), said) if signal.turn is RAISED]
    assert raised[0].family is Family.CONNECTOR_LOCK
    assert raised[0].confidence == 0.8


@pytest.mark.parametrize("said", [events(3_500, 4_800, 6_000), events(590, 1_190, 1_790, cleared=True)])
def test_an_event_of_another_time_or_that_is_taken_back_names_nothing(said: list[Any]) -> None:
    (signal,) = play(SilentNoEnergy(evse_number=1), in_order(said, row(ZERO, "ABAB")), scene=DC)
    assert signal.family is None

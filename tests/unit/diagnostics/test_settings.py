"""Clocks, settings, limits and security events: at the edges of their formulas."""

from __future__ import annotations

from typing import Any

import pytest

from laddverk.diagnostics.detectors.clock import WrongClock
from laddverk.diagnostics.detectors.security import SecurityEvents
from laddverk.diagnostics.detectors.settings import ConfigurationDrift, StuckLimit
from laddverk.diagnostics.model import Family, OutcomeClass, Severity, Turn
from laddverk.diagnostics.observations import (
    DriftSeen,
    LimitSet,
    LinkOpened,
    Metered,
    Restarted,
    SecuritySeen,
    SessionBegan,
    SessionOver,
)
from laddverk.ocpp.facts import Status
from tests.unit.diagnostics.playing import DAY, HOUR, MINUTE, command, instant, outcome, play, seen_at, state, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED


def off(seconds: float, off_ms: int) -> Any:
    return state(seconds, Status.AVAILABLE, clock_off_ms=off_ms)


def test_three_wrong_messages_over_a_minute_are_told_and_two_or_a_burst_are_not() -> None:
    assert play(WrongClock(), [off(0, 8_001), off(60, 8_001)]) == []
    assert play(WrongClock(), [off(0, 8_001), off(1, 8_001), off(59, 8_001)]) == []
    assert play(WrongClock(), [off(0, 8_000), off(30, 8_000), off(60, 8_000)]) == []
    (signal,) = play(WrongClock(), [off(0, 8_001), off(30, 8_001), off(60, 8_001)])
    assert signal.severity is Severity.PLAN


def test_a_clock_that_is_a_minute_off_touches_bills() -> None:
    (signal,) = play(WrongClock(), [off(0, -60_000), off(30, -60_000), off(60, -60_000)])
    assert signal.severity is Severity.DEGRADED


def test_messages_that_were_queued_for_different_times_are_no_wrong_clock() -> None:
    assert play(WrongClock(), [off(second, -1_000_000 + second * 9_000) for second in range(0, 100, 10)]) == []


def test_old_messages_after_a_reconnect_and_the_first_ones_after_a_boot_say_nothing() -> None:
    queue = [seen_at(LinkOpened, 0), *[off(second, -3_600_000) for second in range(0, 600, 60)]]
    assert play(WrongClock(), queue) == []
    boot = [seen_at(Restarted, 0), *[off(second, 500_000) for second in range(0, 120, 20)], off(130, 0)]
    assert play(WrongClock(), boot) == []


def test_three_right_messages_end_it() -> None:
    wrong = [off(second, 3_600_000) for second in (0, 30, 60)]
    right = [off(second, 100) for second in (100, 101, 102)]
    signals = play(WrongClock(), [*wrong, *right])
    assert turns(signals) == [RAISED, CLEARED]
    assert signals[0].evidence[0].values["hours"] == 1


def test_a_clock_that_lost_its_battery_is_told_even_after_a_reconnect() -> None:
    years_ms = -50 * 365 * 86_400_000
    story = [seen_at(LinkOpened, 0), *[off(second, years_ms) for second in (10, 40, 70)]]
    assert turns(play(WrongClock(), story)) == [RAISED]


def drift(seconds: float, *names: str) -> Any:
    return seen_at(DriftSeen, seconds, names=names)


def test_settings_that_differ_for_a_quarter_of_an_hour_are_told() -> None:
    assert play(ConfigurationDrift(), [drift(0, "A"), drift(899)], DAY) == []
    signals = play(ConfigurationDrift(), [drift(0, "B", "A"), drift(DAY)], 2 * DAY)
    assert turns(signals) == [RAISED, CLEARED]
    assert signals[0].evidence[0].values == {"count": 2, "names": "A, B"}


def test_other_settings_that_differ_are_told_again_and_the_same_are_not() -> None:
    story = [drift(0, "A"), drift(HOUR, "A"), drift(2 * HOUR, "A", "B")]
    assert turns(play(ConfigurationDrift(), story, DAY)) == [RAISED, RAISED]


def session(
    start: float, key: str, offered_a: float, minutes: int = 40, limit_a: float | None = None, **fields: Any
) -> list[Any]:
    return [
        seen_at(SessionBegan, start, evse_number=1, session_key=key),
        *[
            seen_at(Metered, start + minute * MINUTE, evse_number=1, session_key=key, offered_a=offered_a, **fields)
            for minute in range(1, minutes + 1)
        ],
        seen_at(SessionOver, start + (minutes + 1) * MINUTE, evse_number=1, session_key=key),
        outcome(start + (minutes + 2) * MINUTE, OutcomeClass.ZERO_ENERGY, "A", limit_a=limit_a),
    ]


def limited(story: list[Any]) -> list[Any]:
    return turns(play(StuckLimit(evse_number=1), story))


def test_two_sessions_in_a_row_without_an_offer_are_told_and_one_is_not() -> None:
    assert limited(session(0, "s1", 0.0)) == []
    assert limited([*session(0, "s1", 0.0), *session(HOUR, "s2", 5.9)]) == [RAISED]
    assert limited([*session(0, "s1", 0.0), *session(HOUR, "s2", 6.0), *session(2 * HOUR, "s3", 0.0)]) == []
    assert limited([*session(0, "s1", 0.0, 10), *session(HOUR, "s2", 0.0, 10)]) == []


def test_two_hours_without_an_offer_are_told_at_once_and_over_when_it_offers() -> None:
    assert limited(session(0, "s1", 0.0, 120)) == []
    assert limited([*session(0, "s1", 0.0, 121), *session(3 * HOUR, "s2", 16.0)]) == [RAISED, CLEARED]


@pytest.mark.parametrize(
    ("before", "fields"),
    [
        ([seen_at(LimitSet, 0, evse_number=1, limit_a=0.0)], {}),
        ([seen_at(LimitSet, 0, evse_number=0, limit_a=5.9)], {}),
        ([command(0, "set_profile")], {}),
        ([], {"soc_percent": 90.0}),
    ],
)
def test_our_own_limits_and_full_cars_are_no_stuck_limit(before: list[Any], fields: dict[str, Any]) -> None:
    assert limited([*before, *session(1, "s1", 0.0, 300, **fields)]) == []


def test_what_held_a_session_by_the_hour_is_known_when_it_is_over() -> None:
    plan = [command(0, "set_profile"), seen_at(LimitSet, 0, evse_number=1, limit_a=None)]
    ours = [*session(1, "s1", 0.0, 130, limit_a=0.0), *session(3 * HOUR, "s2", 0.0, 130, limit_a=0.0)]
    assert limited([*plan, *ours]) == []
    not_ours = [*session(1, "s1", 0.0, 130), *session(3 * HOUR, "s2", 0.0, 130, limit_a=16.0)]
    assert limited([*plan, *not_ours]) == [RAISED]


def test_a_limit_of_ours_that_is_lifted_holds_nothing_any_more() -> None:
    lifted = [seen_at(LimitSet, 0, evse_number=1, limit_a=0.0), seen_at(LimitSet, 5, evse_number=1, limit_a=None)]
    assert limited([*lifted, *session(10, "s1", 0.0, 130)]) == [RAISED]


def test_a_car_that_waits_by_itself_is_no_stuck_limit() -> None:
    story = session(0, "s1", 0.0, 300)
    assert limited([story[0], state(1, Status.SUSPENDED_EV), *story[1:]]) == []


def event(seconds: float, kind: str, **fields: Any) -> Any:
    return seen_at(SecuritySeen, seconds, kind=kind, **fields)


def test_tampering_is_told_at_once_as_down_and_over_after_a_week() -> None:
    signals = play(SecurityEvents(), [event(0, "TamperDetectionActivated")], 8 * DAY)
    assert turns(signals) == [RAISED, CLEARED]
    assert (signals[0].severity, signals[0].family) == (Severity.DOWN, Family.PHYSICAL_DAMAGE)
    assert signals[1].at == instant(7 * DAY)


def test_five_failed_log_ins_within_an_hour_are_told_and_four_or_slow_ones_are_not() -> None:
    kind = "CsmsFailedToAuthenticate"
    assert play(SecurityEvents(), [event(number * 60, kind) for number in range(4)]) == []
    assert play(SecurityEvents(), [event(number * 901, kind) for number in range(20)]) == []
    assert turns(play(SecurityEvents(), [event(number * 60, kind) for number in range(5)])) == [RAISED]


def test_a_flood_of_one_kind_is_told_once_an_hour() -> None:
    flood = [event(number * 10, "GuessedKeys") for number in range(720)]
    assert turns(play(SecurityEvents(), flood)) == [RAISED, RAISED]


def test_what_is_routine_says_nothing_and_unknown_critical_kinds_are_planned() -> None:
    assert play(SecurityEvents(), [event(0, "StartupOfTheDevice"), event(1, "Whatever")]) == []
    (signal,) = play(SecurityEvents(), [event(0, "Whatever", critical=True)])
    assert signal.severity is Severity.PLAN

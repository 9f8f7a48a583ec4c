"""The meter stands still, falls or jumps; its values come unevenly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from laddverk.diagnostics.detectors.metering import Jitter, StuckMeter
from laddverk.diagnostics.model import OutcomeClass, Severity, Turn
from laddverk.diagnostics.observations import Beat, LinkOpened, Metered, SessionBegan
from tests.unit.diagnostics.playing import DAY, HOUR, MINUTE, command, instant, outcome, play, seen_at, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED
OK, ZERO = OutcomeClass.OK, OutcomeClass.ZERO_ENERGY


def began(seconds: float, key: str = "s1", register_wh: int | None = 1_000) -> Any:
    return seen_at(SessionBegan, seconds, evse_number=1, session_key=key, register_wh=register_wh)


def metered(seconds: float, energy_wh: int, key: str = "s1", **fields: Any) -> Any:
    return seen_at(Metered, seconds, evse_number=1, session_key=key, energy_wh=energy_wh, **fields)


def stuck(story: list[Any], until_s: float = 0) -> list[Any]:
    return turns(play(StuckMeter(evse_number=1), story, until_s))


def test_a_register_that_stands_while_power_flows_is_told_when_1500_wh_are_missing() -> None:
    minutes = [metered(minute * MINUTE, 1_000, power_w=9_000) for minute in range(1, 12)]
    assert stuck([began(0), *minutes[:10]]) == []  # the first reading only shows that it flows from now on
    (signal,) = play(StuckMeter(evse_number=1), [began(0), *minutes])
    assert signal.evidence[0].values["expected_wh"] == 1_500
    assert signal.since == instant(0)


def test_a_car_that_begins_to_draw_just_before_it_is_read_is_no_stuck_meter() -> None:
    waits = [metered(minute * MINUTE, 1_000, power_w=0) for minute in (15, 30)]
    draws = [metered(45 * MINUTE, 1_010, power_w=22_000), metered(60 * MINUTE, 6_500, power_w=22_000)]
    assert stuck([began(0), metered(6 * MINUTE, 1_000, power_w=22_000)]) == []
    assert stuck([began(0), *waits, *draws]) == []


def test_current_alone_shows_that_power_flows() -> None:
    story = [metered(minute * MINUTE, 1_000, current_a=(16.0, 16.0, 16.0)) for minute in range(1, 12)]
    assert stuck([began(0), *story]) == [RAISED]
    rest = [metered(minute * MINUTE, 1_000, current_a=(0.9, 0.0, 0.0)) for minute in range(1, 1_000)]
    assert stuck([began(0), *rest]) == []


def test_a_register_of_whole_kilowatt_hours_is_no_fault() -> None:
    story = [metered(minute * MINUTE, 1_000 + 150 * minute // 1_000 * 1_000, power_w=9_000) for minute in range(1, 60)]
    assert stuck([began(0), *story]) == []


def test_a_meter_that_counts_again_is_well_again() -> None:
    still = [metered(minute * MINUTE, 1_000, power_w=9_000) for minute in range(1, 12)]
    counts = [metered((11 + minute) * MINUTE, 1_000 + 150 * minute, power_w=9_000) for minute in range(1, 11)]
    assert stuck([began(0), *still, *counts]) == [RAISED, CLEARED]


def test_a_register_that_falls_twice_within_a_week_is_told_and_over_after_two_weeks() -> None:
    fall = [began(0), metered(60, 2_000), metered(120, 5)]
    assert stuck(fall) == []
    again = [*fall, metered(DAY, 4_000), metered(DAY + 60, 5)]
    signals = play(StuckMeter(evse_number=1), again, 30 * DAY)
    assert turns(signals) == [RAISED, CLEARED]
    assert signals[0].severity is Severity.DEGRADED
    late = [*fall, metered(DAY, 4_000), metered(8 * DAY, 5)]
    assert stuck(late) == []


def test_a_register_that_begins_every_session_at_nought_is_a_habit() -> None:
    story: list[Any] = []
    for number in range(20):
        start = number * HOUR
        story += [began(start, f"s{number}", 0), metered(start + 60, 900, f"s{number}")]
    assert stuck(story) == []


def test_a_jump_counts_only_when_it_was_told_live() -> None:
    jumps = [began(0), metered(60, 1_000), metered(120, 100_000), metered(180, 100_100), metered(240, 200_000)]
    assert stuck(jumps) == [RAISED]
    queued = [
        Metered(at=one.at, received_at=one.at + timedelta(hours=1), evse_number=1, session_key="s1",
                energy_wh=one.energy_wh)
        for one in jumps[1:]
    ]  # fmt: skip
    assert stuck([began(0), *queued]) == []


def test_readings_that_come_late_do_not_make_the_register_fall() -> None:
    assert stuck([began(0), metered(120, 3_000), metered(60, 2_000), metered(180, 4_000), metered(90, 2_500)]) == []


def test_four_long_empty_sessions_of_two_users_are_told_and_short_ones_are_not() -> None:
    def sessions(lasted_s: float, users: str) -> list[Any]:
        return [outcome(n * 2 * HOUR, ZERO, user, lasted_s) for n, user in enumerate(users, start=1)]

    assert stuck(sessions(HOUR, "AAB")) == []
    assert stuck(sessions(HOUR, "AAAA")) == []
    assert stuck(sessions(HOUR - 1, "ABCDEF")) == []
    assert stuck(sessions(HOUR, "AABA")) == [RAISED]
    assert stuck([*sessions(HOUR, "AABA"), outcome(DAY, OK, "C")]) == [RAISED, CLEARED]


def beats(start: float, count: int, *gaps: float) -> list[Any]:
    found, at = [], start
    for number in range(count):
        found.append(seen_at(Beat, at))
        at += gaps[number % len(gaps)]
    return found


def test_heartbeats_that_come_unevenly_for_six_hours_are_watched() -> None:
    even = beats(0, 60, 60, 61, 59)
    uneven = beats(3_601, 500, 50, 70, 45, 75)
    signals = play(Jitter(), [*even, *uneven])
    assert turns(signals) == [RAISED]
    assert signals[0].at >= instant(3_601 + 6 * HOUR)
    assert signals[0].since is not None
    short = [*even, *uneven[:300]]
    assert play(Jitter(), short) == []


def test_a_lost_link_and_a_new_interval_are_no_jitter() -> None:
    even = beats(0, 60, 60, 61, 59)
    gap = [seen_at(LinkOpened, 3 * HOUR), *beats(3 * HOUR, 600, 60, 61, 59)]
    assert play(Jitter(), [*even, *gap]) == []
    slower = [command(3_600, "write_variables", "confirmed"), *beats(3_601, 600, 90, 91, 89)]
    assert play(Jitter(), [*even, *slower]) == []

"""States and sessions that never end, and cars that only stand there."""

from __future__ import annotations

from typing import Any

import pytest

from laddverk.diagnostics.detectors.stuck import EternalSession, StuckState
from laddverk.diagnostics.model import Family, Turn
from laddverk.diagnostics.observations import (
    LimitSet,
    LinkClosed,
    LinkOpened,
    Metered,
    Restarted,
    SessionBegan,
    SessionOver,
)
from laddverk.ocpp.facts import Status
from tests.unit.diagnostics.playing import DAY, DC, HOUR, MINUTE, SCENE, command, instant, play, seen_at, state, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED


def began(seconds: float, key: str = "s1", register_wh: int | None = 1_000) -> Any:
    return seen_at(SessionBegan, seconds, evse_number=1, session_key=key, register_wh=register_wh)


def over(seconds: float, key: str = "s1", reason: str = "Local") -> Any:
    return seen_at(SessionOver, seconds, evse_number=1, session_key=key, reason=reason)


def metered(seconds: float, energy_wh: int, key: str = "s1", **fields: Any) -> Any:
    return seen_at(Metered, seconds, evse_number=1, session_key=key, energy_wh=energy_wh, **fields)


def stuck(story: list[Any], until_s: float, scene: Any = SCENE) -> list[Any]:
    return turns(play(StuckState(evse_number=1), story, until_s, scene))


def eternal(story: list[Any], until_s: float, scene: Any = SCENE) -> list[Any]:
    return turns(play(EternalSession(evse_number=1), story, until_s, scene))


def test_finishing_after_the_cable_was_taken_out_may_last_half_an_hour() -> None:
    story = [began(0), over(100, reason="EVDisconnected"), state(101, Status.FINISHING)]
    assert stuck(story, 101 + 30 * MINUTE - 1) == []
    assert stuck(story, 101 + 30 * MINUTE) == [RAISED]


def test_an_outlet_of_2_x_that_stays_occupied_after_the_cable_was_taken_out_is_stuck() -> None:
    story = [state(0, Status.AVAILABLE), state(5, Status.OCCUPIED), began(10), over(HOUR, reason="EVDisconnected")]
    assert stuck(story, HOUR + 30 * MINUTE - 1) == []
    assert stuck(story, HOUR + 30 * MINUTE) == [RAISED]
    assert stuck([*story, state(HOUR + 1, Status.AVAILABLE)], DAY) == []
    assert stuck([*story[:3], over(HOUR, reason="Remote")], 12 * HOUR) == []


def test_a_car_may_stand_for_a_night_and_at_a_fast_charger_for_three_hours() -> None:
    story = [began(0), over(100, reason="Remote"), state(101, Status.FINISHING)]
    assert stuck(story, 12 * HOUR) == []
    assert stuck(story, 101 + 12 * HOUR) == [RAISED]
    assert stuck(story, 101 + 3 * HOUR, DC) == [RAISED]


def test_who_stops_at_the_charger_leaves_within_two_hours() -> None:
    story = [began(0), over(100, reason="Local"), state(101, Status.FINISHING)]
    assert stuck(story, 101 + 2 * HOUR - 1) == []
    assert stuck(story, 101 + 2 * HOUR) == [RAISED]
    again = [*story, state(HOUR, Status.AVAILABLE), state(HOUR + 60, Status.PREPARING)]
    assert stuck(again, 12 * HOUR) == []


def test_somebody_who_has_just_plugged_in_is_a_car() -> None:
    story = [state(0, Status.AVAILABLE), state(10, Status.PREPARING)]
    assert stuck(story, 10 * HOUR) == []
    assert stuck([state(10, Status.PREPARING)], 10 + 30 * MINUTE) == [RAISED]


def test_what_was_plugged_in_before_a_restart_is_not_known_to_be_a_car() -> None:
    story = [state(0, Status.AVAILABLE), seen_at(Restarted, 5), state(6, Status.FINISHING)]
    assert stuck(story, 6 + 30 * MINUTE) == [RAISED]


def test_a_state_that_changes_ends_it() -> None:
    story = [state(0, Status.FINISHING), state(HOUR, Status.AVAILABLE)]
    assert stuck(story, DAY) == [RAISED, CLEARED]


def test_unavailable_is_a_fault_only_when_nobody_ordered_it() -> None:
    assert stuck([state(0, Status.UNAVAILABLE)], 30 * MINUTE) == [RAISED]
    assert stuck([command(0, "change_availability"), state(600, Status.UNAVAILABLE)], DAY) == []
    assert stuck([state(0, Status.UNAVAILABLE), command(1_500, "change_availability", "confirmed")], DAY) == []
    assert stuck([state(0, Status.UNAVAILABLE), command(601, "reset", "confirmed")], DAY) == [RAISED]
    assert stuck([command(0, "change_availability"), state(601, Status.UNAVAILABLE)], DAY) == [RAISED]
    assert stuck([command(0, "change_availability", "refused"), state(5, Status.UNAVAILABLE)], DAY) == [RAISED]


def test_a_reset_of_ours_explains_it_only_while_the_charger_starts_again() -> None:
    story = [command(0, "reset", "confirmed"), state(60, Status.UNAVAILABLE)]
    assert stuck(story, 60 + 30 * MINUTE - 1) == []
    assert stuck(story, 60 + 30 * MINUTE) == [RAISED]
    held = [state(0, Status.UNAVAILABLE), command(HOUR, "reset", "confirmed"), state(HOUR + 9, Status.UNAVAILABLE)]
    assert stuck(held, DAY) == [RAISED], "it was stuck before, and is still"
    woken = [*held[:2], seen_at(LinkClosed, HOUR + 5), seen_at(LinkOpened, HOUR + 30), command(HOUR + 31, "reset")]
    assert stuck([*woken, state(HOUR + 40, Status.UNAVAILABLE)], DAY) == [RAISED]


def test_an_order_into_service_is_no_reason_to_be_out_of_it() -> None:
    back, out = (command(5, "change_availability", operative=each) for each in (True, False))
    assert stuck([state(0, Status.UNAVAILABLE), back], DAY) == [RAISED]
    assert stuck([state(0, Status.UNAVAILABLE), out], DAY) == []


def test_out_of_order_without_a_reason_is_stuck_after_five_minutes_and_with_one_is_not() -> None:
    assert stuck([state(0, Status.FAULTED)], 5 * MINUTE - 1) == []
    assert stuck([state(0, Status.FAULTED)], 5 * MINUTE) == [RAISED]
    assert stuck([state(0, Status.FAULTED, error_code="GroundFailure")], DAY) == []
    assert stuck([state(0, Status.FAULTED), state(400, Status.FAULTED, error_code="ReaderFailure")], DAY) == [
        RAISED,
        CLEARED,
    ]


def test_a_reservation_of_more_than_a_day_is_stuck() -> None:
    assert stuck([state(0, Status.RESERVED)], 25 * HOUR - 1) == []
    assert stuck([state(0, Status.RESERVED)], 25 * HOUR) == [RAISED]


def test_nothing_is_stuck_while_nobody_can_hear_it() -> None:
    away = [state(0, Status.FINISHING), seen_at(LinkClosed, 60)]
    assert stuck(away, DAY) == []
    back = [*away, seen_at(LinkOpened, HOUR)]
    assert stuck(back, HOUR + 30 * MINUTE - 1) == []
    assert stuck(back, HOUR + 30 * MINUTE) == [RAISED]


def test_what_the_station_says_of_itself_is_no_state_of_the_outlet() -> None:
    assert stuck([state(0, Status.AVAILABLE), state(1, Status.UNAVAILABLE, 0)], DAY) == []


def test_a_free_outlet_with_an_open_session_is_told_after_ten_minutes() -> None:
    story = [began(0), state(100, Status.AVAILABLE)]
    assert eternal(story, 100 + 10 * MINUTE - 1) == []
    assert eternal(story, 100 + 10 * MINUTE) == [RAISED]
    assert eternal([*story, over(300)], DAY) == []
    assert eternal([*story, over(HOUR)], DAY) == [RAISED, CLEARED]


def test_a_day_without_a_car_is_too_long_and_a_week_with_one() -> None:
    assert eternal([began(0)], DAY - 1) == []
    assert eternal([began(0)], DAY) == [RAISED]
    parked = [began(0), state(1, Status.SUSPENDED_EV)]
    assert eternal(parked, 7 * DAY - 1) == []
    assert eternal(parked, 7 * DAY) == [RAISED]


def test_metering_that_goes_on_after_the_end_is_told_and_over_when_it_stops() -> None:
    story = [began(0), metered(60, 1_100), over(100), metered(100 + 10 * MINUTE, 1_200)]
    assert eternal(story[:-1], DAY) == []
    assert eternal(story, 100 + 10 * MINUTE) == [RAISED]
    assert eternal(story, DAY) == [RAISED, CLEARED]


CHARGES = [began(0), state(0, Status.CHARGING)]
STANDS = [metered(second, 1_009) for second in (60, 299, 300)]


def test_a_fast_charger_that_charges_for_five_minutes_without_energy_is_told() -> None:
    assert eternal([*CHARGES, *STANDS[:2]], 299, DC) == []
    assert eternal([*CHARGES, *STANDS], 300, DC) == [RAISED]
    assert eternal([*CHARGES, *STANDS, metered(400, 1_010)], 400, DC) == [RAISED, CLEARED]


def test_a_single_odd_car_at_a_slow_outlet_is_not_told_but_the_second_in_a_row_is() -> None:
    assert eternal([*CHARGES, *STANDS], 300) == []
    second = [over(400), began(500, "s2"), state(500, Status.CHARGING), metered(800, 1_000, "s2")]
    assert eternal([*CHARGES, *STANDS, *second], 800) == [RAISED]


@pytest.mark.parametrize(
    "why",
    [
        metered(200, 1_000, soc_percent=90.0),
        seen_at(LimitSet, 200, evse_number=1, limit_a=0.0),
        state(200, Status.SUSPENDED_EV),
    ],
)
def test_a_full_car_our_own_limit_and_a_car_that_waits_are_no_fault(why: Any) -> None:
    assert eternal([*CHARGES, why, metered(600, 1_000)], 600, DC) == []


def test_the_finding_counts_from_when_it_began() -> None:
    (signal,) = play(EternalSession(evse_number=1), [began(0), state(100, Status.AVAILABLE)], HOUR)
    assert signal.since == instant(100)


def test_a_charge_that_gives_nothing_is_told_as_no_energy_and_not_as_a_session_to_be_stopped() -> None:
    signals = play(EternalSession(evse_number=1), [*CHARGES, metered(600, 1_000)], 600, DC)
    assert [one.family for one in signals] == [Family.NO_ENERGY]
    (ghost,) = play(EternalSession(evse_number=1), [began(0), state(100, Status.AVAILABLE)], HOUR)
    assert ghost.family is None

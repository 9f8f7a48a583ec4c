"""No contact, contact that comes and goes, deaf sockets, restarts: at the edges of their formulas."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from laddverk.diagnostics.detectors.link import Flapping, HalfOpen, Offline
from laddverk.diagnostics.detectors.restarts import RebootLoop
from laddverk.diagnostics.model import Severity, Turn
from laddverk.diagnostics.observations import Beat, LinkClosed, LinkOpened, Metered, Restarted
from tests.unit.diagnostics.playing import DAY, HOUR, MINUTE, SCENE, command, instant, play, seen_at, turns, wait

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED


def loss(seconds: float, away_s: float = 60, reason: str = "") -> list[Any]:
    return [seen_at(LinkClosed, seconds, reason=reason), seen_at(LinkOpened, seconds + away_s)]


def losses(*starts: float, away_s: float = 60) -> list[Any]:
    return list(chain.from_iterable(loss(start, away_s) for start in starts))


def boots(*starts: float, away_s: float = 60, reason: str = "") -> list[Any]:
    return list(
        chain.from_iterable(
            [*loss(start, away_s), seen_at(Restarted, start + away_s + 1, reason=reason)] for start in starts
        )
    )


def test_a_station_without_a_socket_is_offline_after_a_quarter_of_an_hour() -> None:
    gone = [seen_at(LinkOpened, 0), seen_at(LinkClosed, 100)]
    assert play(Offline(), gone, 100 + 15 * MINUTE - 1) == []
    (signal,) = play(Offline(), gone, 100 + 15 * MINUTE)
    assert signal.turn is RAISED
    assert signal.since == instant(100)


def test_an_outage_that_is_over_in_time_is_never_told() -> None:
    assert play(Offline(), loss(0, 14 * MINUTE), 16 * MINUTE) == []


def test_a_silent_socket_counts_after_three_heartbeats() -> None:
    slow = SCENE.__class__(station_id=SCENE.station_id, heartbeat_interval_s=1_000)
    silent = [seen_at(LinkOpened, 0), seen_at(Beat, 10)]
    assert play(Offline(), silent, 3_009, scene=slow) == []
    assert turns(play(Offline(), silent, 3_010, scene=slow)) == [RAISED]


def test_any_frame_shows_that_it_is_back() -> None:
    detector = Offline()
    signals = play(detector, [seen_at(LinkClosed, 0), seen_at(Metered, 2_000, evse_number=1)], 2_000)
    assert turns(signals) == [RAISED, CLEARED]


def test_a_frame_that_was_received_before_the_socket_went_shows_nothing() -> None:
    late = [seen_at(LinkClosed, 100), seen_at(Beat, 99)]
    assert turns(play(Offline(), late, 2_000)) == [RAISED]


def test_a_loss_that_is_heard_after_it_has_spoken_again_is_no_loss() -> None:
    story = [seen_at(Beat, 103), seen_at(LinkClosed, 100), seen_at(LinkOpened, 102), *[
        seen_at(Beat, second) for second in range(200, 3_000, 100)
    ]]  # fmt: skip
    assert play(Offline(), story, 3_000) == []


def test_a_reset_that_we_ordered_is_waited_for() -> None:
    ordered = [seen_at(LinkOpened, 0), command(10, "reset"), seen_at(LinkClosed, 12)]
    assert play(Offline(), ordered, 10 + 20 * MINUTE - 1) == []
    assert turns(play(Offline(), ordered, 10 + 20 * MINUTE)) == [RAISED]


def test_a_refused_reset_excuses_nothing() -> None:
    refused = [seen_at(LinkOpened, 0), command(10, "reset", "refused"), seen_at(LinkClosed, 12)]
    assert turns(play(Offline(), refused, 12 + 15 * MINUTE)) == [RAISED]


def test_nine_losses_within_an_hour_are_flapping_and_eight_are_not() -> None:
    starts = [number * 360.0 for number in range(9)]
    assert play(Flapping(), losses(*starts[:8]), HOUR) == []
    signals = play(Flapping(), losses(*starts), HOUR)
    assert turns(signals) == [RAISED]
    assert signals[0].since == instant(0)
    assert signals[0].evidence[0].values["times"] == 9


def test_five_losses_a_day_are_noticed_within_three_days() -> None:
    starts = [day * DAY + number * 4 * HOUR for day in range(3) for number in range(5)]
    signals = play(Flapping(), losses(*starts), 3 * DAY)
    assert RAISED in turns(signals)


def test_a_loss_a_day_is_life() -> None:
    starts = [day * DAY for day in range(120)]
    assert play(Flapping(), losses(*starts), 120 * DAY) == []


def test_a_link_that_holds_for_two_days_is_well_again() -> None:
    starts = [number * 360.0 for number in range(9)]
    detector = Flapping()
    play(detector, losses(*starts), HOUR)
    assert turns(wait(detector, instant(starts[-1] + 2 * DAY - 1))) == []
    assert turns(wait(detector, instant(starts[-1] + 2 * DAY))) == [CLEARED]


def test_restarts_are_not_losses_and_our_own_restarts_neither() -> None:
    starts = [number * 360.0 for number in range(12)]
    assert play(Flapping(), boots(*starts), 3 * HOUR) == []
    ours = list(chain.from_iterable(loss(start, reason="restarting") for start in starts))
    assert play(Flapping(), ours, 3 * HOUR) == []


def test_a_charger_that_says_it_booted_whenever_it_connects_is_flapping_and_not_restarting() -> None:
    starts = [number * 360.0 for number in range(9)]
    frames = boots(*starts, away_s=5)
    assert turns(play(Flapping(), frames, 3 * HOUR)) == [RAISED]
    assert play(RebootLoop(), frames, 3 * HOUR) == []


def test_two_unanswered_calls_in_a_row_make_a_socket_half_open() -> None:
    once = [command(0, "trigger", "timed_out", took_s=30.0)]
    twice = [*once, command(60, "trigger", "timed_out", took_s=31.0)]
    assert play(HalfOpen(), once, DAY) == []
    (signal,) = play(HalfOpen(), twice, 60)
    assert signal.since == instant(0)
    assert signal.confidence == 0.9


def test_a_call_that_timed_out_early_or_was_never_sent_says_nothing() -> None:
    early = [command(second, "trigger", "timed_out", took_s=28.9) for second in (0, 60, 120)]
    never = [command(second, "trigger", "expired") for second in (0, 60, 120)]
    assert play(HalfOpen(), [*early, *never], DAY) == []


def test_what_was_answered_and_not_carried_out_says_nothing() -> None:
    slow = [command(second, "stop_charging", "timed_out", took_s=60.0, word="Accepted") for second in (0, 60, 120)]
    assert play(HalfOpen(), slow, DAY) == []


@pytest.mark.parametrize("away_s", [5, 60])
def test_a_boot_that_is_heard_before_the_loss_and_the_socket_is_judged_the_same(away_s: float) -> None:
    frames: list[Any] = []
    for start in (0.0, 700.0, 1_400.0, 2_100.0, 2_800.0, 3_500.0, 4_200.0, 4_900.0, 5_600.0):
        boot = seen_at(Restarted, start + away_s + 1)
        frames += [boot, *loss(start, away_s)]
    assert bool(play(RebootLoop(), frames, 3 * HOUR)) is (away_s == 60)
    assert bool(play(Flapping(), frames, 3 * HOUR)) is (away_s == 5)


def test_a_charger_that_talks_and_does_not_answer_is_less_sure_to_be_half_open() -> None:
    deaf = [
        command(0, "trigger", "timed_out", took_s=30.0),
        seen_at(Beat, 30),
        command(60, "trigger", "timed_out", took_s=30.0),
    ]
    assert [signal.confidence for signal in play(HalfOpen(), deaf, 60)] == [0.6]


def test_an_answer_between_breaks_the_row_and_one_afterwards_clears() -> None:
    mixed = [
        command(0, "trigger", "timed_out", took_s=30.0),
        command(30, "trigger", "refused"),
        command(60, "trigger", "timed_out", took_s=30.0),
    ]
    assert play(HalfOpen(), mixed, 60) == []
    again = [*mixed, command(90, "trigger", "timed_out", took_s=30.0), command(120, "trigger", "confirmed")]
    assert turns(play(HalfOpen(), again, 120)) == [RAISED, CLEARED]


def test_three_dead_sockets_in_a_day_make_it_half_open_for_a_day() -> None:
    dead = list(chain.from_iterable(loss(start, reason="nothing was heard") for start in (0, HOUR, 2 * HOUR)))
    assert play(HalfOpen(), dead[:4], HOUR + 60) == []
    signals = play(HalfOpen(), dead, 2 * HOUR + DAY)
    assert turns(signals) == [RAISED, CLEARED]
    assert signals[1].at == instant(2 * HOUR + DAY)


def test_three_restarts_within_an_hour_are_a_loop_and_two_are_not() -> None:
    assert play(RebootLoop(), boots(0, 1_000), HOUR) == []
    signals = play(RebootLoop(), boots(0, 1_000, 2_000, reason="Watchdog"), HOUR)
    assert turns(signals) == [RAISED]
    assert signals[0].severity is Severity.DOWN
    assert signals[0].confidence == 0.9


def test_a_restart_a_day_is_noticed_within_a_week_and_one_a_fortnight_never() -> None:
    daily = boots(*[day * DAY for day in range(7)])
    signals = play(RebootLoop(), daily, 7 * DAY)
    assert RAISED in turns(signals)
    assert signals[0].severity is None
    assert play(RebootLoop(), boots(*[day * 14 * DAY for day in range(20)]), 280 * DAY) == []


def test_restarts_that_somebody_ordered_do_not_count() -> None:
    ordered = list(
        chain.from_iterable([command(start - 5, "reset"), *boots(start)] for start in (10.0, 1_000.0, 2_000.0, 3_000.0))
    )
    assert play(RebootLoop(), ordered, 2 * HOUR) == []
    assert play(RebootLoop(), boots(0, 900, 1_800, 2_700, reason="RemoteReset"), 2 * HOUR) == []
    ours = [seen_at(Restarted, second, ours=True) for second in (0.0, 900.0, 1_800.0)]
    assert play(RebootLoop(), ours, 2 * HOUR) == []


def test_a_boot_that_is_sent_again_while_it_waits_is_one_restart() -> None:
    waiting = [seen_at(Restarted, second) for second in (0.0, 10.0, 20.0, 29.0)]
    assert play(RebootLoop(), waiting, HOUR) == []


def test_three_days_without_a_restart_clear_it() -> None:
    signals = play(RebootLoop(), boots(0, 1_000, 2_000), 2_061 + 3 * DAY)
    assert turns(signals) == [RAISED, CLEARED]

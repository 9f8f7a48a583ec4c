"""Lock, trips, dead reader, handshake: at the edges of their formulas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from laddverk.diagnostics.detectors.code_rates import ConnectorLock, ResidualCurrentTrips
from laddverk.diagnostics.detectors.handshake import Handshake
from laddverk.diagnostics.detectors.reader import DeadReader
from laddverk.diagnostics.model import OutcomeClass, Severity, Turn
from laddverk.diagnostics.observations import (
    EventSeen,
    TokenSeen,
)
from laddverk.ocpp.facts import Status
from tests.unit.diagnostics.drifts import began, standing
from tests.unit.diagnostics.playing import DAY, HOUR, command, outcome, play, seen_at, state, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED


# Here: D15, D21: rates of codes.


def locks(*days: float) -> list[Any]:
    return [
        one
        for day in days
        for one in (
            state(day * DAY, Status.FAULTED, error_code="ConnectorLockFailure"),
            state(day * DAY + 600, Status.AVAILABLE),
        )
    ]


def test_three_lock_failures_in_a_day_are_more_than_usual_and_two_are_not() -> None:
    assert standing(ConnectorLock(evse_number=1), locks(1, 1.2))[0] is False
    raised, signals = standing(ConnectorLock(evse_number=1), locks(1, 1.2, 1.4))
    assert raised
    assert signals[0].since == locks(1)[0].at


def test_lock_failures_half_a_year_apart_are_usual() -> None:
    assert standing(ConnectorLock(evse_number=1), locks(*range(0, 1500, 60)))[1] == []


def test_the_same_complaint_said_again_is_one_failure() -> None:
    again = [state(n * HOUR, Status.FAULTED, error_code="ConnectorLockFailure") for n in range(12)]
    assert standing(ConnectorLock(evse_number=1), again)[1] == []


def test_an_unlock_that_failed_counts_and_one_that_is_not_supported_does_not() -> None:
    failed = [command(n * HOUR, "unlock_connector", "failed", word="UnlockFailed", evse_number=1) for n in range(4)]
    unknown = [command(n * HOUR, "unlock_connector", "failed", word="NotSupported", evse_number=1) for n in range(9)]
    assert standing(ConnectorLock(evse_number=1), failed)[0]
    assert standing(ConnectorLock(evse_number=1), unknown)[1] == []


def test_a_lock_that_holds_for_long_is_cleared() -> None:
    detector = ConnectorLock(evse_number=1)
    signals = play(detector, locks(1, 1.2, 1.4), 120 * DAY)
    assert turns(signals)[-1] is CLEARED


def test_three_trips_within_a_day_are_a_matter_of_safety() -> None:
    def trips(*hours: float) -> list[Any]:
        return [
            one
            for hour in hours
            for one in (
                state(hour * HOUR, Status.FAULTED, error_code="GroundFailure"),
                state(hour * HOUR + 300, Status.AVAILABLE),
            )
        ]

    quick = standing(ResidualCurrentTrips(evse_number=1), trips(0, 8, 16))[1]
    slow = standing(ResidualCurrentTrips(evse_number=1), trips(0, 20, 40, 60))[1]
    assert quick[-1].severity is Severity.SAFETY
    assert slow[-1].severity is None
    assert standing(ResidualCurrentTrips(evse_number=1), trips(0, 8))[1] == []


# Here: D12: the reader.


def taps(count: int, every_s: float = HOUR, start: float = 0) -> list[Any]:
    return [began(start + n * every_s, f"card{n}", local=True) for n in range(count)]


def by_app(count: int, every_s: float = HOUR, start: float = 0, token: str = "app%d") -> list[Any]:
    return [began(start + n * every_s, token % n if "%" in token else token, local=False) for n in range(count)]


def test_a_reader_that_all_used_and_nobody_uses_any_more_seems_dead() -> None:
    detector = DeadReader()
    raised, signals = standing(detector, taps(40) + by_app(12, start=50 * HOUR))
    assert raised
    assert signals[0].since == taps(40)[-1].at
    assert play(detector, [seen_at(TokenSeen, 80 * HOUR, token_key="x", accepted=False)])[0].turn is CLEARED


def test_one_stubborn_user_of_the_app_proves_nothing() -> None:
    assert standing(DeadReader(), taps(40) + by_app(20, 600, 50 * HOUR, token="one"))[1] == []


def test_a_reader_that_few_use_is_not_missed() -> None:
    assert standing(DeadReader(), by_app(200))[1] == []


def test_before_twenty_starts_are_known_nothing_is_said() -> None:
    assert standing(DeadReader(), taps(5) + by_app(10, start=10 * HOUR))[1] == []


def left(count: int, every_s: float = 4 * HOUR, start: float = 50 * HOUR, **fields: Any) -> list[Any]:
    """Return people who plug in, and leave after some minutes without having shown anything."""
    return [outcome(start + n * every_s, OutcomeClass.NO_AUTH, lasted_s=240, **fields) for n in range(count)]


def test_people_who_leave_without_a_card_tell_of_a_dead_reader_within_two_days() -> None:
    raised, signals = standing(DeadReader(), taps(40) + left(12))
    assert raised
    assert signals[0].at <= taps(40)[-1].at + timedelta(days=2)
    assert signals[-1].evidence[1].values["left"] == 12


def test_one_who_plugs_in_again_and_again_or_left_before_a_card_was_read_tells_nothing() -> None:
    assert standing(DeadReader(), taps(40) + left(30, every_s=300))[1] == []
    told_late = [outcome(60 * HOUR + n, OutcomeClass.NO_AUTH, lasted_s=30 * HOUR) for n in range(12)]
    assert standing(DeadReader(), taps(40) + told_late)[1] == []


def test_a_reader_that_few_use_is_not_missed_by_those_who_leave() -> None:
    assert standing(DeadReader(), by_app(200) + left(30, start=250 * HOUR))[1] == []


# Here: D09: the handshake.


def attempts(start: int, pattern: str, token: str = "user%d") -> list[Any]:
    """Return attempts an hour apart: `o` charged, `x` failed in talking, `z` failed for another reason."""
    made = []
    for n, sign in enumerate(pattern):
        how = OutcomeClass.OK if sign == "o" else OutcomeClass.PLUG_NO_START
        who = token % (start + n) if "%" in token else token
        said = ("EVCommunicationError",) if sign == "x" else ()
        made.append(outcome((start + n) * 4 * HOUR, how, who, error_codes=said, car_make="Acme" if sign == "x" else ""))
    return made


def test_cars_that_are_not_understood_are_noticed_and_one_user_is_not() -> None:
    usual = attempts(0, "ooooooooox" * 3 + "oooooooooo")
    raised, signals = standing(Handshake(evse_number=1), usual + attempts(40, "xoxxoxx"))
    assert raised
    assert len(signals[-1].evidence) == 2
    alone = attempts(40, "x" * 60, token="one")
    assert standing(Handshake(evse_number=1), attempts(0, "o" * 40) + alone)[1] == []


def test_a_complaint_that_came_as_an_event_belongs_to_the_attempt_of_that_time() -> None:
    def told(late_s: float) -> list[Any]:
        story: list[Any] = attempts(0, "o" * 20)
        for attempt in attempts(20, "zzzz"):
            seconds = (attempt.at - attempts(0, "o")[0].at).total_seconds() + late_s
            event = seen_at(EventSeen, seconds, evse_number=1, component="ISO15118Ctrlr", variable="Problem",
                            tech_code="SLACTimeout")  # fmt: skip
            story += [event, attempt] if late_s <= 0 else [attempt, event]
        return story

    assert standing(Handshake(evse_number=1), told(-30))[0]
    assert standing(Handshake(evse_number=1), told(-3_600))[1] == []


def test_failures_for_another_reason_are_not_the_handshake() -> None:
    assert standing(Handshake(evse_number=1), attempts(0, "oooo" + "z" * 30))[1] == []


def test_cars_that_are_understood_again_clear_it() -> None:
    detector = Handshake(evse_number=1)
    standing(detector, attempts(0, "oooooooooxxxxx"))
    assert detector.raised
    assert standing(detector, attempts(40, "o" * 150))[0] is False

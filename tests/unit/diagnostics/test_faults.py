"""What a charger says itself: codes that stand, come back and go; what is dangerous at once."""

from __future__ import annotations

from typing import Any

from laddverk.diagnostics.detectors.base import Scene
from laddverk.diagnostics.detectors.faults import COMPLAINTS_MAX, ReportedFault, SafetyCode
from laddverk.diagnostics.model import Family, Severity, Turn
from laddverk.diagnostics.observations import EventSeen, Restarted
from laddverk.ocpp.facts import Status
from tests.unit.diagnostics.playing import DAY, MINUTE, SCENE, instant, play, seen_at, state, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED
V2 = Scene(station_id=SCENE.station_id, protocol="ocpp2.0.1")


def faulted(seconds: float, code: str, evse_number: int = 1, **fields: Any) -> Any:
    return state(seconds, Status.FAULTED, evse_number, error_code=code, **fields)


def well(seconds: float, evse_number: int = 1) -> Any:
    return state(seconds, Status.AVAILABLE, evse_number)


def event(seconds: float, **fields: Any) -> Any:
    given = {"evse_number": 1, "component": "Connector", "variable": "Problem", "value": "true"} | fields
    return seen_at(EventSeen, seconds, **given)


def test_a_code_is_told_when_it_has_stood_for_a_minute() -> None:
    assert play(ReportedFault(), [faulted(0, "PowerMeterFailure")], 59) == []
    (signal,) = play(ReportedFault(), [faulted(0, "PowerMeterFailure")], 60)
    assert (signal.turn, signal.evse_number, signal.since) == (RAISED, 1, instant(0))
    assert signal.family is Family.METER
    assert signal.severity is Severity.DOWN


def test_a_code_of_an_outlet_that_still_works_is_as_bad_as_its_file_says() -> None:
    (signal,) = play(ReportedFault(), [state(0, Status.AVAILABLE, error_code="PowerMeterFailure")], 60)
    assert signal.severity is Severity.DEGRADED


def test_a_code_that_is_gone_within_a_minute_is_never_told() -> None:
    assert play(ReportedFault(), [faulted(0, "PowerMeterFailure"), well(59)], DAY) == []


def test_a_minute_after_the_code_is_gone_it_is_over() -> None:
    story = [faulted(0, "PowerMeterFailure"), well(100)]
    assert turns(play(ReportedFault(), story, 159)) == [RAISED]
    assert turns(play(ReportedFault(), story, 160)) == [RAISED, CLEARED]


def test_a_code_that_comes_back_at_once_is_told_once_more_and_never_over() -> None:
    story = [faulted(0, "PowerMeterFailure"), well(100), faulted(130, "PowerMeterFailure")]
    assert turns(play(ReportedFault(), story, DAY)) == [RAISED, RAISED]


def test_the_same_message_said_a_hundred_times_is_told_once() -> None:
    story = [faulted(second, "PowerMeterFailure") for second in range(0, 1_000, 10)]
    assert turns(play(ReportedFault(), story, DAY)) == [RAISED]


def test_each_outlet_and_the_station_have_findings_of_their_own() -> None:
    story = [faulted(0, "InternalError", 1), faulted(0, "PowerMeterFailure", 2), faulted(0, "UnderVoltage", 0)]
    signals = play(ReportedFault(), [*story, well(100, 2)], 200)
    assert [(signal.evse_number, signal.turn) for signal in signals] == [
        (0, RAISED), (1, RAISED), (2, RAISED), (2, CLEARED),
    ]  # fmt: skip


def test_a_car_that_does_not_talk_is_no_fault_of_an_outlet_that_still_works() -> None:
    story = [state(0, Status.SUSPENDED_EVSE, error_code="EVCommunicationError")]
    assert play(ReportedFault(), story, DAY) == []
    assert turns(play(ReportedFault(), [faulted(0, "EVCommunicationError")], DAY)) == [RAISED]


def test_an_unknown_code_is_told_as_it_was_written_and_less_surely() -> None:
    (signal,) = play(ReportedFault(), [faulted(0, "OtherError", vendor_error_code="X-77")], 60)
    assert signal.family is Family.OTHER
    assert signal.confidence < 0.5
    assert "X-77" in str(signal.evidence)


def test_what_is_dangerous_is_told_at_once_and_by_one_detector_only() -> None:
    (signal,) = play(SafetyCode(), [faulted(0, "GroundFailure")], 0)
    assert signal.severity is Severity.SAFETY
    assert signal.family is Family.GROUND_FAULT
    assert play(ReportedFault(), [faulted(0, "GroundFailure")], DAY) == []
    assert play(SafetyCode(), [faulted(0, "PowerMeterFailure")], DAY) == []


def test_what_was_dangerous_is_over_after_a_quarter_of_an_hour_without() -> None:
    story = [faulted(0, "GroundFailure"), well(10)]
    assert turns(play(SafetyCode(), story, 10 + 15 * MINUTE - 1)) == [RAISED]
    assert turns(play(SafetyCode(), story, 10 + 15 * MINUTE)) == [RAISED, CLEARED]


def test_two_codes_in_one_field_are_both_in_the_evidence() -> None:
    story = [faulted(0, "OtherError", vendor_error_code="CX022,CX024", vendor_id="https://chargex.inl.gov")]
    (signal,) = play(SafetyCode(), story, 0)
    assert {evidence.values["code"] for evidence in signal.evidence} == {"CX022", "CX024"}


def test_an_event_stands_until_it_is_cleared() -> None:
    hot = event(0, tech_code="CX017")
    over = event(300, tech_code="CX017", cleared=True)
    detector = SafetyCode() if play(SafetyCode(), [hot], 0, V2) else ReportedFault()
    assert turns(play(detector, [hot, over], DAY, V2)) == [RAISED, CLEARED]


def test_an_event_of_another_variable_clears_nothing() -> None:
    fault = event(0, tech_code="CX014", component="EVSE")
    other = event(300, component="Connector", cleared=True)
    assert turns(play(ReportedFault(), [fault, other], 600, V2)) in ([RAISED], [])


def test_a_boot_takes_back_events_but_nothing_dangerous() -> None:
    ground = event(0, tech_code="CX002")
    assert turns(play(SafetyCode(), [ground, seen_at(Restarted, 60)], DAY, V2)) == [RAISED]


def test_what_is_dangerous_is_never_forgotten_while_the_outlet_does_not_work() -> None:
    stop = [state(0, Status.FAULTED), event(0, tech_code="CX008")]
    assert turns(play(SafetyCode(), stop, 60 * DAY, V2)) == [RAISED]
    again = [*stop, well(10 * DAY), state(11 * DAY, Status.FAULTED)]
    assert turns(play(SafetyCode(), again, 60 * DAY, V2)) == [RAISED]
    works = [*stop, well(10 * DAY)]
    assert turns(play(SafetyCode(), works, 17 * DAY - 1, V2)) == [RAISED]
    assert turns(play(SafetyCode(), works, 17 * DAY + 15 * MINUTE, V2)) == [RAISED, CLEARED]


def test_an_event_that_only_breaks_the_outlet_is_forgotten_after_a_week_without() -> None:
    broken = [event(0, tech_code="CX015")]
    assert turns(play(ReportedFault(), broken, 7 * DAY - 1, V2)) == [RAISED]
    assert turns(play(ReportedFault(), broken, 7 * DAY + MINUTE, V2)) == [RAISED, CLEARED]


def test_a_flood_of_codes_is_bounded_and_keeps_the_worst() -> None:
    flood = [
        state(
            0, Status.FAULTED, 1, connector_number=number + 2, error_code="OtherError", vendor_error_code=f"Y{number}"
        )
        for number in range(100)
    ]
    detector = ReportedFault()
    signals = play(detector, [*flood, faulted(1, "PowerMeterFailure")], 61)
    assert len(detector.standing) == COMPLAINTS_MAX
    assert signals[-1].family is Family.METER


def test_a_charger_that_only_says_that_something_is_wrong_is_believed_less_than_one_that_says_what() -> None:
    (vague,) = play(ReportedFault(), [event(0, component="ChargingStation", evse_number=None)], 60)
    (exact,) = play(ReportedFault(), [event(0, component="TokenReader")], 60)
    assert vague.confidence < exact.confidence

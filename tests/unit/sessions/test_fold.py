"""One session from its messages and readings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from laddverk.kernel.ids import DriverId, SessionId, StationId, new_id
from laddverk.sessions.fold import fold
from laddverk.sessions.model import Detail, Doubt, Kind, Payer, StoredEvent, StoredSample

START = datetime(2026, 10, 24, 20, tzinfo=UTC)
STATION, SESSION = StationId(new_id()), SessionId(new_id())
EVA = Payer(accepted=True, driver_id=DriverId(new_id()))


def moment(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def event(kind: Kind, minutes: float, *, said: float | None = None, **detail: Any) -> StoredEvent:
    at = moment(minutes)
    said_at = at if said is None else moment(said)
    return StoredEvent(STATION, "tx", f"{kind} {minutes}", kind, at, at, said_at, Detail(**detail))


def sample(minutes: float, energy_wh: int | None, context: str = "Sample.Periodic", **more: Any) -> StoredSample:
    at = moment(minutes)
    given: dict[str, Any] = {"received_at": at, "said_at": at, "power_w": None, "soc_percent": None} | more
    return StoredSample(session_id=SESSION, at=at, context=context, energy_wh=energy_wh, **given)


STARTED = event(Kind.STARTED, 0, evse_number=2, connector_number=1, register_wh=0, payer=EVA, token_uid="A")


def test_a_running_session_shows_its_latest_values() -> None:
    found = fold(
        [STARTED], [sample(5, 700, power_w=9_000, soc_percent=20.6), sample(9, None, soc_percent=22.4)], 11_000
    )
    assert (found.energy_wh, found.power_w, found.soc_percent, found.ended_at) == (700, 9_000, 22, None)
    assert (found.evse_number, found.payer, found.doubts) == (2, EVA, frozenset())


def test_the_first_end_that_was_told_counts() -> None:
    ends = [event(Kind.ENDED, 60, register_wh=5_000), event(Kind.ENDED, 90, register_wh=9_000)]
    found = fold([ends[1], STARTED, ends[0]], [], 11_000)
    assert (found.ended_at, found.energy_wh) == (moment(60), 5_000)


def test_an_end_that_was_told_outranks_one_that_was_concluded() -> None:
    concluded = event(Kind.SUPERSEDED, 50)
    assert fold([STARTED, concluded], [sample(9, 1_000)], 11_000).doubts == {Doubt.NO_END, Doubt.ESTIMATED_END}
    assert fold([STARTED, concluded, event(Kind.ENDED, 60, register_wh=500)], [], 11_000).ended_at == moment(60)


def test_a_register_after_the_end_says_nothing_about_the_session() -> None:
    found = fold([STARTED, event(Kind.ENDED, 60, register_wh=5_000)], [sample(61, 5_100), sample(-5, 0)], 11_000)
    assert (found.energy_wh, found.doubts) == (5_000, frozenset())


def test_without_a_register_at_the_end_the_last_reading_counts_as_an_estimate() -> None:
    found = fold([STARTED, event(Kind.ENDED, 60)], [sample(50, 4_000)], 11_000)
    assert (found.energy_wh, found.doubts) == (4_000, {Doubt.ESTIMATED_END})


def test_an_end_that_no_reading_follows_the_start_to_is_held() -> None:
    assert fold([STARTED, event(Kind.ENDED, 60)], [], 11_000).doubts == {Doubt.NO_READINGS}


def test_a_session_of_no_time_and_no_energy_is_not_doubted() -> None:
    found = fold([STARTED, event(Kind.ENDED, 0, register_wh=0)], [], 11_000)
    assert (found.energy_wh, found.doubts) == (0, frozenset())


def test_an_end_before_the_start_takes_no_time_and_is_doubted() -> None:
    found = fold([STARTED, event(Kind.ENDED, -30, register_wh=0)], [], 11_000)
    assert (found.ended_at, found.doubts) == (moment(0), {Doubt.END_BEFORE_START})


def test_a_session_whose_start_was_lost_begins_with_what_was_told_first() -> None:
    told = [event(Kind.UPDATED, 10), event(Kind.ENDED, 60)]
    found = fold(told, [sample(10, 1_000), sample(60, 3_000, "Transaction.End")], 11_000)
    assert (found.started_at, found.energy_wh, found.doubts) == (moment(10), 2_000, {Doubt.NO_START})


def test_the_token_that_stops_does_not_pay() -> None:
    other = Payer(accepted=True, driver_id=DriverId(new_id()))
    events = [STARTED, event(Kind.UPDATED, 30, payer=other, token_uid="B"), event(Kind.ENDED, 60, token_uid="B")]
    found = fold(events, [], 11_000)
    assert (found.payer, found.token_uid, found.stop_token_uid) == (EVA, "A", "B")


def test_who_was_asked_for_pays_though_another_token_was_shown_before() -> None:
    asked = Payer(accepted=True, start_request_id=new_id())
    found = fold([STARTED, event(Kind.UPDATED, 1, payer=asked, token_uid="ONCE")], [], 11_000)
    assert (found.payer, found.token_uid) == (asked, "ONCE")


def test_the_chargers_word_says_when_charging_ended_between_two_readings() -> None:
    events = [
        STARTED,
        event(Kind.UPDATED, 1, charging_state="charging"),
        event(Kind.UPDATED, 42, charging_state="suspended_ev"),
        event(Kind.UPDATED, 44, charging_state="ev_connected"),
        event(Kind.ENDED, 120, register_wh=6_000),
    ]
    samples = [sample(30, 4_000), sample(60, 6_000), sample(90, 6_000)]
    assert fold(events, samples, 11_000).charging_ended_at == moment(42)


def test_a_state_that_is_said_again_is_as_old_as_when_it_was_said_first() -> None:
    said = ((1, "charging"), (42, "suspended_ev"), (47, None), (52, "suspended_ev"), (57, "suspended_ev"))
    found = fold([STARTED, *(event(Kind.UPDATED, at, charging_state=state) for at, state in said)], [], 11_000)
    assert (found.charging_state, found.state_at) == ("suspended_ev", moment(42))
    again = fold([STARTED, *(event(Kind.UPDATED, at, charging_state="charging") for at in (1, 60))], [], 11_000)
    assert again.state_at == moment(1)


def test_charging_that_went_on_after_a_pause_ended_later() -> None:
    events = [
        STARTED,
        event(Kind.UPDATED, 42, charging_state="suspended_evse"),
        event(Kind.UPDATED, 50, charging_state="charging"),
        event(Kind.ENDED, 120, register_wh=6_000),
    ]
    assert fold(events, [sample(30, 4_000), sample(60, 6_000)], 11_000).charging_ended_at == moment(60)


def test_copies_that_were_corrected_differently_are_one_reading() -> None:
    said_at = moment(20)
    first = sample(20, 2_000, said_at=said_at)
    copy = sample(55, 2_000, said_at=said_at, received_at=moment(300))
    found = fold([STARTED, event(Kind.ENDED, 60, register_wh=5_000)], [copy, sample(40, 4_000), first], 11_000)
    assert (found.energy_wh, found.doubts) == (5_000, frozenset())

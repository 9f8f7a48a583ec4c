"""Scripted timelines, and the minutes that each policy makes of them, worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from laddverk.diagnostics.uptime.counting import by_state, count, together
from laddverk.diagnostics.uptime.gathering import Course
from laddverk.diagnostics.uptime.hours import Length, Opening, Period, closed_spans, midnight, period_named, period_of
from laddverk.diagnostics.uptime.model import Count, Exempt, Facts, Policy, Reason, Said, Span, State
from laddverk.diagnostics.uptime.policies import ours, policies_of
from laddverk.diagnostics.uptime.store import OutletRow
from laddverk.diagnostics.uptime.timeline import timeline
from laddverk.diagnostics.uptime.whole import as_one
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import Status

STOCKHOLM = ZoneInfo("Europe/Stockholm")
START = datetime(2026, 6, 1, tzinfo=UTC)
HONEST, NEVI, UK = ours()
DAY = 1_440  # minutes


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def span(start: float, end: float | None = None) -> Span:
    return Span(at(start), None if end is None else at(end))


def said(minute: float, status: Status, *, connector: int = 1, error: str | None = None) -> Said:
    return Said(connector_number=connector, span=span(minute), status=status, error_code=error)


def outlet(*words: Said, **more: object) -> Facts:
    given: dict[str, object] = {
        "in_service": span(0),
        "said": words or (said(0, Status.AVAILABLE),),
        "linked": (span(0),),
    }
    return Facts(**(given | more))  # type: ignore[arg-type]  # what each test is about


def minutes(policy: Policy, facts: Facts, *exempt: Exempt, days: int = 1) -> tuple[float, float, float]:
    """Return the minutes that count, that were out of order, and of these the excused ones."""
    end = at(days * DAY)
    found = count(policy, timeline(facts, START, end, end), exempt, START, end)
    return tuple(one / timedelta(minutes=1) for one in (found.eligible, found.outage, found.excluded))  # type: ignore[return-value]  # three of them


def test_the_policies_are_those_we_promise() -> None:
    assert [one.name for one in (HONEST, NEVI, UK)] == ["honest", "nevi-2023", "uk-pcpr-2023"]


def test_a_fault_of_two_hours_counts_under_each_policy() -> None:
    facts = outlet(said(0, Status.AVAILABLE), said(600, Status.FAULTED), said(720, Status.AVAILABLE))
    for policy in (HONEST, NEVI, UK):
        assert minutes(policy, facts) == (DAY, 120, 0)  # 720 - 600


def test_a_silent_link_counts_from_the_sixteenth_minute_for_us_at_once_for_nevi_and_never_in_the_uk() -> None:
    facts = outlet(linked=(span(0, 600), span(720)))
    assert minutes(HONEST, facts) == (DAY, 105, 0)  # 120 - 15
    assert minutes(NEVI, facts) == (DAY, 120, 0)
    assert minutes(UK, facts) == (DAY, 0, 0)


def test_ten_minutes_without_a_link_are_forgiven() -> None:
    facts = outlet(linked=(span(0, 600), span(610, 700), span(716)))
    assert minutes(HONEST, facts) == (DAY, 1, 0)  # 10 - 10, and 16 - 15
    assert minutes(NEVI, facts) == (DAY, 26, 0)  # 10 + 16


def test_a_replayed_session_proves_that_it_worked_while_we_heard_nothing() -> None:
    facts = outlet(linked=(span(0, 600), span(720)), proven=(span(630, 690),))
    # unknown 600-630 and 690-720: 15 of each forgiven by us
    assert minutes(HONEST, facts) == (DAY, 30, 0)
    assert minutes(NEVI, facts) == (DAY, 60, 0)
    found = timeline(facts, START, at(DAY), at(DAY))
    assert [(one.state, one.why) for one in found][1:4] == [
        (State.UNKNOWN, ""), (State.UP_USE, "proven"), (State.UNKNOWN, ""),
    ]  # fmt: skip


def test_what_looks_fine_and_does_not_charge_is_down_for_us_from_the_first_failed_session() -> None:
    facts = outlet(silent=(span(300, 900),))
    assert minutes(HONEST, facts) == (DAY, 600, 0)
    assert minutes(NEVI, facts) == (DAY, 600, 0)
    assert minutes(UK, facts) == (DAY, 0, 0)  # its status said available


def test_too_little_power_fails_nevi_and_dead_payment_fails_the_uk() -> None:
    facts = outlet(degraded=(Reason(span(100, 200), "power"), Reason(span(400, 450), "payment")))
    assert minutes(HONEST, facts) == (DAY, 150, 0)  # 100 + 50
    assert minutes(NEVI, facts) == (DAY, 100, 0)
    assert minutes(UK, facts) == (DAY, 50, 0)


def test_an_order_of_ours_is_told_apart_from_a_charger_that_shut_itself() -> None:
    words = (said(0, Status.AVAILABLE), said(60, Status.UNAVAILABLE), said(180, Status.AVAILABLE))
    ordered = timeline(outlet(*words, ordered=(span(59, 179),)), START, at(DAY), at(DAY))
    assert [(one.state, one.why) for one in ordered] == [
        (State.UP_IDLE, ""), (State.DOWN_ORDERED, ""), (State.DOWN_FAULT, "unavailable"), (State.UP_IDLE, ""),
    ]  # fmt: skip
    by_itself = timeline(outlet(*words), START, at(DAY), at(DAY))
    assert by_itself[1].state is State.DOWN_FAULT
    assert minutes(HONEST, outlet(*words)) == (DAY, 120, 0)


def test_a_maintenance_window_excuses_an_outage_where_the_policy_says_so() -> None:
    facts = outlet(
        said(0, Status.AVAILABLE), said(600, Status.FAULTED), said(720, Status.AVAILABLE), planned=(span(660, 800),)
    )
    assert minutes(NEVI, facts) == (DAY, 120, 60)  # 660-720 lie in the window; 720-800 it was up and needs no excuse
    assert minutes(HONEST, facts) == (DAY, 120, 0)
    shown = by_state(timeline(facts, START, at(DAY), at(DAY)), START, at(DAY))
    assert shown[State.PLANNED] == timedelta(minutes=140)
    assert shown[State.DOWN_FAULT] == timedelta(minutes=60)


def test_an_exclusion_excuses_no_more_than_the_outage_and_no_minute_twice() -> None:
    facts = outlet(said(0, Status.AVAILABLE), said(600, Status.FAULTED), said(720, Status.AVAILABLE))
    exempt = [Exempt(span(540, 660), "vandalism"), Exempt(span(630, 700), "utility"), Exempt(span(700, 720), "other")]
    # 600-660 and 630-700 together are 600-700; "other" is no reason for NEVI
    assert minutes(NEVI, facts, *exempt) == (DAY, 120, 100)
    assert minutes(HONEST, facts, *exempt) == (DAY, 120, 0)


def test_what_is_excluded_stands_beside_the_raw_value() -> None:
    facts = outlet(said(0, Status.AVAILABLE), said(720, Status.FAULTED))
    end = at(DAY)
    exempt = [Exempt(span(1_080, 1_440), "disaster")]
    found = count(NEVI, timeline(facts, START, end, end), exempt, START, end)
    assert found.raw == 0.5  # 720 of 1440
    assert found.uptime == 0.75  # 360 of these 720 are excused


def test_outside_opening_hours_nothing_counts_for_us_and_an_outage_is_excused_for_nevi() -> None:
    facts = outlet(
        said(0, Status.AVAILABLE), said(600, Status.FAULTED), said(1_320, Status.AVAILABLE),
        closed=(span(0, 360), span(1_080, 1_440)),
    )  # fmt: skip
    # open 360-1080 (720 minutes); out of order 600-1320, of which 600-1080 in opening hours
    assert minutes(HONEST, facts) == (720, 480, 0)
    assert minutes(UK, facts) == (720, 480, 0)
    assert minutes(NEVI, facts) == (DAY, 720, 240)  # 1080-1320 is excused


def test_states_that_overlap_are_counted_once() -> None:
    facts = outlet(
        said(0, Status.AVAILABLE), said(100, Status.FAULTED), said(400, Status.AVAILABLE),
        linked=(span(0, 200), span(300)), silent=(span(50, 500),), degraded=(Reason(span(0, 450), "power"),),
    )  # fmt: skip
    found = by_state(timeline(facts, START, at(DAY), at(DAY)), START, at(DAY))
    # 0-50 degraded, 50-100 silent, 100-200 fault, 200-300 unknown, 300-400 fault, 400-500 silent, then fine
    assert {state.value: one / timedelta(minutes=1) for state, one in found.items() if one} == {
        "degraded": 50, "silent": 150, "down_fault": 200, "unknown": 100, "up_idle": 940,
    }  # fmt: skip
    assert sum(found.values(), timedelta(0)) == timedelta(days=1)
    assert minutes(HONEST, facts) == (DAY, 485, 0)  # 50 + 150 + 200 + 100 - 15


EVENTFUL: Final = outlet(
    said(0, Status.AVAILABLE),
    said(60, Status.FAULTED), said(120, Status.AVAILABLE),
    said(200, Status.UNAVAILABLE), said(260, Status.AVAILABLE),
    said(600, Status.FAULTED), said(660, Status.AVAILABLE),
    said(800, Status.FAULTED), said(900, Status.AVAILABLE),
    said(1_000, Status.RESERVED), said(1_030, Status.CHARGING), said(1_100, Status.AVAILABLE),
    said(1_300, Status.FAULTED), said(1_320, Status.AVAILABLE),
    linked=(span(0, 130), span(170)),
    ordered=(span(200, 260),),
    degraded=(Reason(span(300, 400), "power"), Reason(span(420, 440), "payment")),
    silent=(span(500, 560),),
    planned=(span(600, 720),),
    closed=(span(1_200, 1_440),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # fault 60, silence 40 - 15, ordered 60, power 100, payment 20, did not charge 60, in the window 60, fault 100;
        # the last fault lies outside opening hours, which do not count at all
        (HONEST, (1_200, 60 + 25 + 60 + 100 + 20 + 60 + 60 + 100, 0)),
        # all of the silence, not the payment, and the fault at night; the window, 850-900 and the night are excused
        (NEVI, (DAY, 60 + 40 + 60 + 100 + 60 + 60 + 100 + 20, 60 + 50 + 20)),
        # what it said of itself, and the payment
        (UK, (1_200, 60 + 60 + 20 + 60 + 100, 0)),
    ],
    ids=["honest", "nevi", "uk"],
)
def test_a_day_on_which_everything_happens(policy: Policy, expected: tuple[int, int, int]) -> None:
    assert minutes(policy, EVENTFUL, Exempt(span(850, 900), "vandalism")) == expected


@pytest.mark.parametrize(("policy", "out"), [(HONEST, 485), (NEVI, 500), (UK, 200)], ids=["honest", "nevi", "uk"])
def test_states_that_overlap_count_once_under_each_policy(policy: Policy, out: int) -> None:
    """0-50 too little power, 50-100 and 400-500 no energy, 100-200 and 300-400 fault, 200-300 unknown."""
    facts = outlet(
        said(0, Status.AVAILABLE), said(100, Status.FAULTED), said(400, Status.AVAILABLE),
        linked=(span(0, 200), span(300)), silent=(span(50, 500),), degraded=(Reason(span(0, 450), "power"),),
    )  # fmt: skip
    assert minutes(policy, facts) == (DAY, out, 0)


@pytest.mark.parametrize(("policy", "out"), [(HONEST, 165), (NEVI, 180), (UK, 0)], ids=["honest", "nevi", "uk"])
def test_only_its_time_in_service_counts_under_each_policy(policy: Policy, out: int) -> None:
    """It stood there from 720 to 1080 and was silent from 900 on."""
    assert minutes(policy, outlet(in_service=span(720, 1_080), linked=(span(720, 900),))) == (360, out, 0)


@pytest.mark.parametrize("policy", [HONEST, NEVI, UK], ids=["honest", "nevi", "uk"])
def test_one_broken_connector_of_two_is_no_outage_under_any_policy_and_both_are(policy: Policy) -> None:
    words = (
        said(0, Status.AVAILABLE), said(0, Status.AVAILABLE, connector=2),
        said(60, Status.FAULTED, connector=2), said(120, Status.FAULTED), said(180, Status.CHARGING),
    )  # fmt: skip
    assert minutes(policy, outlet(*words)) == (DAY, 60, 0)


@pytest.mark.parametrize(("policy", "excused"), [(HONEST, 0), (NEVI, 60), (UK, 0)], ids=["honest", "nevi", "uk"])
def test_an_order_within_a_window_is_excused_where_the_policy_says_so(policy: Policy, excused: int) -> None:
    """Taken out of service by us from 600 to 720, while the window lasted from 540 to 660."""
    words = (said(0, Status.AVAILABLE), said(600, Status.UNAVAILABLE), said(720, Status.AVAILABLE))
    assert minutes(policy, outlet(*words, ordered=(span(600, 720),), planned=(span(540, 660),))) == (DAY, 120, excused)


def test_one_broken_connector_of_two_is_degraded_and_both_are_down() -> None:
    words = (
        said(0, Status.AVAILABLE), said(0, Status.AVAILABLE, connector=2),
        said(60, Status.FAULTED, connector=2), said(120, Status.FAULTED, error="GroundFailure"),
        said(180, Status.CHARGING),
    )  # fmt: skip
    found = timeline(outlet(*words), START, at(240), at(240))
    assert [(one.state, one.why, one.lasted) for one in found] == [
        (State.UP_IDLE, "", timedelta(minutes=60)),
        (State.DEGRADED, "connector", timedelta(minutes=60)),
        (State.DOWN_FAULT, "GroundFailure", timedelta(minutes=60)),
        (State.DEGRADED, "connector", timedelta(minutes=60)),
    ]


def test_a_fault_that_still_stands_counts_until_now_and_is_not_over() -> None:
    facts = outlet(said(0, Status.AVAILABLE), said(600, Status.FAULTED))
    now = at(700)
    found = count(HONEST, timeline(facts, START, at(DAY), now), (), START, at(DAY))
    assert (found.eligible, found.outage) == (timedelta(minutes=700), timedelta(minutes=100))
    assert [one.is_over for one in found.outages] == [False]


def test_a_station_that_came_at_noon_and_left_at_six_counts_for_six_hours() -> None:
    facts = outlet(in_service=span(720, 1_080), linked=(span(720, 900),))
    assert minutes(NEVI, facts) == (360, 180, 0)  # 720-1080, silent since 900


def test_a_silence_across_the_end_of_a_month_uses_up_its_grace_once() -> None:
    end = at(DAY)
    facts = outlet(linked=(span(0, DAY - 10), span(DAY + 30)), in_service=span(0))
    found = timeline(facts, START, at(2 * DAY), at(2 * DAY))
    first = count(HONEST, found, (), START, end)
    second = count(HONEST, found, (), end, at(2 * DAY))
    assert first.outage == timedelta(0)  # its last ten minutes are forgiven
    assert second.outage == timedelta(minutes=25)  # 40 in all, 15 forgiven, of which 5 on this side


def test_a_month_has_as_many_minutes_as_its_nights() -> None:
    for key, expected in (
        ("2026-03", 31 * DAY - 60),  # the night of 23 hours
        ("2026-10", 31 * DAY + 60),  # the night of 25 hours
        ("2026-02", 28 * DAY),
        ("2028-02", 29 * DAY),
        ("2026-Q4", 92 * DAY + 60),
        ("2026", 365 * DAY),
    ):
        start, end = period_named(key).instants(STOCKHOLM)
        assert (end - start) / timedelta(minutes=1) == expected, key
        facts = Facts(
            in_service=Span(start), said=(Said(span=Span(start), status=Status.AVAILABLE),), linked=(Span(start),)
        )
        found = count(UK, timeline(facts, start, end, end), (), start, end)
        assert found.eligible / timedelta(minutes=1) == expected, key


def test_a_leap_year_has_525600_minutes_by_the_letter_of_nevi() -> None:
    start, end = period_named("2028").instants(STOCKHOLM)
    word = Said(span=Span(start), status=Status.AVAILABLE)
    broken = Said(span=Span(start + timedelta(days=1)), status=Status.FAULTED)
    mended = Said(span=Span(start + timedelta(days=2)), status=Status.AVAILABLE)
    facts = Facts(in_service=Span(start), said=(word, broken, mended), linked=(Span(start),))
    found = count(NEVI, timeline(facts, start, end, end), (), start, end)
    assert found.uptime == pytest.approx((525_600 - 1_440) / 525_600)


def test_opening_hours_follow_the_clock_on_the_wall() -> None:
    night = [Opening(7, 0, 6 * 60)]  # Sundays from midnight to six
    for day, expected in ((date(2026, 3, 29), 5), (date(2026, 10, 25), 7), (date(2026, 6, 7), 6)):
        start, end = midnight(day, STOCKHOLM), midnight(day + timedelta(days=1), STOCKHOLM)
        closed = closed_spans(night, STOCKHOLM, start, end)
        shut = sum(((one.end or end) - one.start for one in closed), timedelta(0))
        assert (end - start - shut) / timedelta(hours=1) == expected, day
    assert closed_spans([], STOCKHOLM, START, at(DAY)) == ()


def test_a_place_that_is_open_past_midnight_is_written_as_two_days() -> None:
    late = [Opening(1, 8 * 60, 24 * 60), Opening(2, 0, 2 * 60)]
    start = datetime(2026, 5, 31, 22, tzinfo=UTC)  # Monday 1 June, midnight in Stockholm
    closed = closed_spans(late, STOCKHOLM, start, start + timedelta(days=2))
    hour = timedelta(hours=1)
    hours = [((one.start - start) / hour, ((one.end or start) - start) / hour) for one in closed]
    assert hours == [(0, 8), (26, 48)]


def test_many_outlets_are_counted_by_their_time_or_as_equals() -> None:
    short = Count(policy="x", version=1, eligible=timedelta(minutes=100), outage=timedelta(minutes=50))
    long = Count(policy="x", version=1, eligible=timedelta(minutes=900))
    assert together(UK, [short, long]).uptime == 0.95  # 50 of 1000
    assert together(NEVI, [short, long]).uptime == 0.75  # the mean of 0.5 and 1
    assert together(UK, []).uptime is None


def test_periods_have_names_and_come_after_each_other() -> None:
    assert period_of(Length.QUARTER, date(2026, 11, 21)).key == "2026-Q4"
    assert Period(Length.MONTH, date(2026, 1, 1)).before.key == "2025-12"
    assert period_named("2026-Q1").before.key == "2025-Q4"
    for wrong in ("", "26", "2026-13", "2026-Q5", "2026-", "2026-0x", "20266", "\x00"):
        with pytest.raises(Invalid):
            period_named(wrong)


def test_a_contract_of_ones_own_is_a_policy_and_a_bad_one_is_named(tmp_path: Path) -> None:
    good = (
        'name = "contract-city"\nversion = 3\nen = "City"\nsv = "Staden"\nsource = "Contract 2026-17"\n'
        'down = ["down_fault", "unknown"]\ngrace_minutes = { unknown = 60 }\n'
        'excluded_reasons = ["utility"]\ntarget = 0.98\n'
    )
    (tmp_path / "contract-city.toml").write_text(good)
    (tmp_path / "contract-bad.toml").write_text(good.replace('"unknown"]', '"asleep"]'))
    found = policies_of(tmp_path)
    city = found.named("contract-city")
    assert city is not None
    assert [(one.name, "asleep" in one.reason) for one in found.faults] == [("contract-bad.toml", True)]
    facts = outlet(linked=(span(0, 600), span(720)))
    assert minutes(city, facts, Exempt(span(690, 720), "utility")) == (DAY, 60, 30)  # 120 - 60, of which the last 30


def test_a_station_is_out_of_order_when_none_of_its_outlets_can_charge() -> None:
    station = StationId(new_id())

    def course(number: int, facts: Facts, *exempt: Exempt) -> Course:
        place = OutletRow(
            station_id=station, site_id=SiteId(new_id()), station_name="", site_name="", timezone="UTC",
            evse_number=number, power_max_w=11_000 * number, code="", first_at=START, retired_at=None,
        )  # fmt: skip
        return Course(outlet=place, intervals=timeline(facts, START, at(DAY), at(DAY)), exempt=exempt)

    first = outlet(said(0, Status.AVAILABLE), said(600, Status.FAULTED), said(720, Status.AVAILABLE))
    second = outlet(said(0, Status.AVAILABLE), said(660, Status.FAULTED), said(900, Status.AVAILABLE))
    vandals = Exempt(span(700, 710), "vandalism")
    whole = as_one(NEVI, [course(2, second, vandals), course(1, first)])
    found = count(NEVI, whole.intervals, whole.exempt, START, at(DAY))
    # both were out of order from 660 to 720, of which ten minutes are excused at one of them
    assert (found.eligible, found.outage, found.excluded) == tuple(timedelta(minutes=each) for each in (DAY, 60, 10))
    assert (whole.outlet.evse_number, whole.outlet.power_max_w) == (1, 22_000)
    assert as_one(NEVI, [course(1, first)]).intervals == course(1, first).intervals

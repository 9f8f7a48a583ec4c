"""Events of OpenADR 3 become limits in amperes over time; what cannot be understood is told and stays safe."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Wiring
from laddverk.energy.signals import events
from laddverk.energy.signals.asking import again_s
from laddverk.energy.signals.events import Frame, decoded, read
from laddverk.energy.signals.model import Oddity
from laddverk.kernel.ids import new_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRID = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(63.0, 63.0, 63.0))
SILENT = (10.0, 10.0, 10.0)


def frame(**more):
    return Frame(**({"circuit": GRID, "wiring": Wiring.STAR_400, "now": NOW, "silent_a": SILENT} | more))


def event(value, *, at=NOW, lasts="PT1H", units="KW", key="e1", **more):
    return {
        "id": key, "programID": "p", "intervals": [{"id": 0, "payloads": [payload(value)]}],
        "intervalPeriod": {"start": at.isoformat(), "duration": lasts},
        "payloadDescriptors": [{"payloadType": "IMPORT_CAPACITY_LIMIT", "units": units}],
    } | more  # fmt: skip


def payload(value):
    return {"type": "IMPORT_CAPACITY_LIMIT", "values": [value]}


def said(*raw, **more):
    found, remarks = decoded(raw)
    done = read(found, frame(**more))
    return done.limits, [one.oddity for one in (*remarks, *done.remarks)]


def spans(limits):
    return [(one.starts_at, one.ends_at, one.limit_a[0]) for one in limits]


def test_kilowatts_are_shared_by_the_phases_that_are_there():
    limits, odd = said(event(13.8))
    assert not odd
    assert spans(limits) == [(NOW, NOW + HOUR, 20.0)]
    one_phase = Circuit(id=GRID.id, name="1", kind=CircuitKind.GRID, limit_a=(63.0, 0.0, 0.0))
    assert said(event(4.6), circuit=one_phase)[0][0].limit_a == (20.0, 0.0, 0.0)
    assert said(event(13.8), wiring=Wiring.DELTA_230)[0][0].limit_a[0] == pytest.approx(34.641, abs=0.001)
    assert said(event(25, units="AMPS"))[0][0].limit_a == (25.0, 25.0, 25.0)


def test_a_limit_above_the_fuse_is_the_fuse_and_one_below_zero_is_zero():
    assert said(event(1_000))[0][0].limit_a == GRID.limit_a
    assert said(event(-5))[0][0].limit_a == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("value", "units", "oddity"),
    [
        ("much", "KW", Oddity.NO_NUMBER),
        (None, "KW", Oddity.NO_NUMBER),
        (True, "KW", Oddity.NO_NUMBER),
        ("NaN", "KW", Oddity.NO_NUMBER),
        (20, "KWH", Oddity.UNITS),
    ],
)
def test_a_limit_that_cannot_be_understood_holds_as_the_limit_of_silence(value, units, oddity):
    limits, odd = said(event(value, units=units))
    assert odd == [oddity]
    assert [one.limit_a for one in limits] == [SILENT]
    assert said(event(value, units=units), silent_a=None)[0] == ()


def test_intervals_follow_one_another_and_one_with_a_start_of_its_own_begins_there():
    series = event(0, lasts="PT15M") | {
        "intervals": [
            {"id": 0, "payloads": [payload(6.9)]},
            {"id": 1, "payloads": [payload(6.9)], "intervalPeriod": {"start": "", "duration": "PT45M"}},
            {"id": 2, "payloads": [payload(13.8)], "intervalPeriod": {"start": "2026-11-22T20:00:00Z"}},
        ]
    }
    limits, _odd = said(series)
    quarter = timedelta(minutes=15)
    evening = datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert spans(limits) == [
        (NOW, NOW + quarter, 10.0), (NOW + quarter, NOW + 4 * quarter, 10.0), (evening, evening + quarter, 20.0),
    ]  # fmt: skip
    assert len({one.key for one in limits}) == 3


def test_the_event_of_the_higher_priority_counts_and_of_equal_ones_both_are_kept():
    low = event(6.9, key="low", lasts="PT3H", priority=5)
    high = event(27.6, key="high", at=NOW + HOUR, priority=1)
    limits, _odd = said(low, high)
    assert sorted(spans(limits)) == [
        (NOW, NOW + HOUR, 10.0), (NOW + HOUR, NOW + 2 * HOUR, 40.0), (NOW + 2 * HOUR, NOW + 3 * HOUR, 10.0),
    ]  # fmt: skip
    assert len(said(low, event(13.8, key="other", priority=5))[0]) == 2


def test_what_is_over_or_far_away_limits_nothing_and_what_has_begun_goes_on():
    assert said(event(10, at=NOW - 2 * HOUR))[0] == ()
    assert said(event(10, at=NOW + timedelta(days=40)))[0] == ()
    assert said(event(10, at=NOW - HOUR / 2))[0][0].ends_at == NOW + HOUR / 2
    assert said(event(10, at=NOW - timedelta(days=60), lasts="P40D"))[0] == ()


def test_a_limit_without_an_end_holds_for_weeks_and_now_is_when_it_was_made():
    for lasts in ("P9999Y", "PT0S"):
        made = (NOW - HOUR).isoformat()
        raw = event(10, lasts=lasts, createdDateTime=made)
        raw["intervalPeriod"]["start"] = "0000-01-01T00:00:00Z"
        (limit,), odd = said(raw)
        assert not odd
        assert limit.starts_at == NOW - HOUR
        assert timedelta(days=29) < limit.ends_at - NOW <= timedelta(days=30)


def test_an_event_with_a_duration_of_its_own_comes_again_each_day():
    daily = event(6.9, at=NOW - timedelta(days=100), lasts="PT24H", duration="P9999Y")
    daily["intervals"] = [
        {"id": 0, "payloads": [payload(6.9)], "intervalPeriod": daily["intervalPeriod"] | {"duration": "PT2H"}},
        {"id": 1, "payloads": [payload(13.8)], "intervalPeriod": {"start": "", "duration": "PT22H"}},
    ]
    limits, _odd = said(daily)
    assert len(limits) == 16
    assert min(one.starts_at for one in limits) == NOW
    assert len({one.key for one in limits}) == 16


def test_an_event_that_comes_again_each_second_limits_from_now_on_and_is_not_read_for_ever():
    often = [event(6.9, at=NOW - timedelta(days=3), lasts="PT1S", duration="P9999Y", key=str(n)) for n in range(20)]
    limits, odd = said(*often)
    assert Oddity.TOO_MANY in odd
    assert min(one.starts_at for one in limits) <= NOW
    assert len(limits) == events.LIMITS_MAX


def test_times_that_cannot_be_understood_are_told_and_left_out():
    for raw in (
        event(10) | {"intervalPeriod": {"start": "soon", "duration": "PT1H"}},
        event(10) | {"intervalPeriod": {"start": NOW.isoformat(), "duration": "1 hour"}},
        event(10) | {"intervalPeriod": {"start": "9999-12-31T00:00:00Z", "duration": "PT1H"}},
        {"id": "e", "intervals": "none"},
        "no event",
    ):
        assert said(raw) == ((), [Oddity.NO_TIMES])


def test_events_for_others_and_prices_limit_nothing_and_duplicates_count_once():
    assert said(event(10, targets=[{"type": "VEN_NAME", "values": ["other"]}]), targets=("ours",))[0] == ()
    assert len(said(event(10, targets=["ours", "x"]), targets=("ours",))[0]) == 1
    price = event(0) | {"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [0.2]}]}]}
    assert said(price) == ((), [Oddity.OTHER_PAYLOAD])
    old = event(6.9, modificationDateTime="2026-11-22T10:00:00Z")
    new = event(13.8, modificationDateTime="2026-11-22T11:00:00Z")
    assert [one.limit_a[0] for one in said(new, old, new)[0]] == [20.0]


def test_a_clock_that_is_wrong_makes_a_limit_hold_by_either_clock():
    ((limit,), odd) = said(event(10), clock_ahead=timedelta(minutes=10))
    assert odd == [Oddity.CLOCK]
    assert (limit.starts_at, limit.ends_at) == (NOW - timedelta(minutes=10), NOW + HOUR)


def test_a_server_that_wants_to_be_left_alone_is_for_a_quarter_of_an_hour_at_most():
    assert again_s("30", NOW) == 30.0
    assert again_s("99999999", NOW) == 900.0
    assert again_s("Sun, 22 Nov 2026 12:01:00 GMT", NOW) == 60.0
    assert again_s("later", NOW) == 0.0


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "intervals", "intervalPeriod", "start", "duration", "payloads", "type", "values",
                         "targets", "priority", "payloadDescriptors"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
periods = st.fixed_dictionaries(
    {
        "start": st.sampled_from(["", "0000-01-01", "2026-11-22T11:00:00Z", "2026-11-22T11:00:00+23:00", "x"])
        | st.text(max_size=8),
        "duration": st.sampled_from(["PT1S", "PT1H", "P1M", "P9999Y", "PT0S", "-PT1H", "PT99999999999H"])
        | st.text(max_size=8) | st.none(),
    }
)  # fmt: skip
hostile = anything | st.fixed_dictionaries(
    {
        "id": st.text(max_size=8),
        "intervals": st.lists(
            st.fixed_dictionaries({"payloads": st.lists(anything.map(payload), max_size=2)},
                                  optional={"intervalPeriod": periods}), max_size=3),
    },
    optional={"intervalPeriod": periods, "duration": st.sampled_from(["P1Y", "P9999Y", "PT1S"]),
              "priority": st.integers(), "targets": anything},
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(hostile, max_size=4), st.integers(-(10**7), 10**7))
def test_whatever_a_server_says_a_limit_lies_between_nothing_and_the_fuse_and_ends_after_now(raw, ahead_s):
    found, _remarks = decoded(raw)
    done = read(found, frame(clock_ahead=timedelta(seconds=ahead_s)))
    assert len(done.limits) <= 2 * events.LIMITS_MAX
    for limit in done.limits:
        assert limit.starts_at < limit.ends_at
        assert limit.ends_at > NOW
        assert all(0.0 <= lower <= 63.0 for lower in limit.limit_a)
        assert limit.note.isprintable()

"""The composite schedule against a naive one, that asks every profile at every second what it allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.energy.composite import composite, limit_at, value_at
from laddverk.energy.model import Feed, Placed, Running
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule

NOW = datetime(2026, 10, 24, 20, tzinfo=UTC)
LENGTH_S = 90  # in seconds, so that every second can be asked; a "day" stays a day, begun shortly before or after
FEED = Feed(phases=3, current_max_a=32.0)
PURPOSES = list(Purpose)
DAY = timedelta(days=1)
seconds = st.integers(-40, 120)


def instant(second):
    return NOW + timedelta(seconds=second)


@st.composite
def schedules(draw):
    starts = sorted({0, *draw(st.lists(st.integers(1, 60), max_size=3))})
    unit = draw(st.sampled_from(list(RateUnit)))
    factor = 1.0 if unit is RateUnit.AMPERE else 690.0
    limits = st.integers(0, 40).map(lambda amperes: amperes * factor)
    return Schedule(
        unit=unit,
        periods=tuple(Period(start_s=start, limit=draw(limits)) for start in starts),
        starts_at=draw(st.none() | seconds.map(instant)),
        duration_s=draw(st.none() | st.integers(1, 80)),
    )


@st.composite
def placed(draw):
    purpose = draw(st.sampled_from(PURPOSES))
    kind = draw(st.sampled_from([ProfileKind.ABSOLUTE, ProfileKind.RELATIVE, ProfileKind.RECURRING]))
    schedule = draw(schedules())
    if kind is ProfileKind.RECURRING and schedule.starts_at is None:
        kind = ProfileKind.ABSOLUTE
    profile = Profile(
        id=draw(st.integers(1, 99)),
        stack_level=draw(st.integers(0, 2)),
        purpose=purpose,
        kind=kind,
        recurrency=draw(st.sampled_from(["Daily", "Weekly"])) if kind is ProfileKind.RECURRING else None,
        schedules=(schedule,),
        valid_from=draw(st.none() | seconds.map(instant)),
        valid_until=draw(st.none() | seconds.map(instant)),
        transaction_key=draw(st.sampled_from(["tx-1", "tx-2"])) if purpose is Purpose.TX else None,
    )
    evse = 0 if purpose in (Purpose.STATION_MAX, Purpose.LOCAL_GENERATION) else draw(st.integers(0, 2))
    return Placed(profile, evse, instant(draw(st.integers(-60, 0))))


sessions = st.none() | st.builds(Running, st.just("tx-1"), st.integers(-60, 0).map(instant), st.booleans())


def allows(one, at, evse, running):
    """What one profile says at one second, or None: straight from the standard's words."""
    profile, schedule = one.profile, one.profile.schedules[0]
    if one.evse_number not in (0, evse):
        return None
    if profile.purpose is Purpose.TX and (running is None or running.transaction_key != profile.transaction_key):
        return None
    if profile.purpose is Purpose.PRIORITY and not (running and running.priority):
        return None
    if (profile.valid_from and at < profile.valid_from) or (profile.valid_until and at >= profile.valid_until):
        return None
    begun = schedule.starts_at or profile.valid_from or one.since
    if profile.kind is ProfileKind.RELATIVE:
        if running is None:
            return None
        begun = running.started_at
    if profile.kind is ProfileKind.RECURRING:
        cycle = DAY if profile.recurrency == "Daily" else 7 * DAY
        while begun > at:
            begun -= cycle
        while begun + cycle <= at:
            begun += cycle
    second = (at - begun).total_seconds()
    if second < 0 or (schedule.duration_s is not None and second >= schedule.duration_s):
        return None
    (limit,) = [one.limit for one in schedule.periods if one.start_s <= second][-1:]
    return limit if schedule.unit is RateUnit.AMPERE else limit / 690.0


def naive(all_placed, at, evse, running):
    """The limit of an outlet at one second."""

    def of(purpose, meant):
        said = [(one, allows(one, at, evse, running)) for one in all_placed if one.profile.purpose is purpose]
        said = [(one, limit) for one, limit in said if limit is not None and meant(one)]
        ranked = [((one.profile.stack_level, one.evse_number, one.since, one.profile.id), limit) for one, limit in said]
        return max(ranked, key=lambda each: each[0])[1] if ranked else None

    def anywhere(_one):
        return True

    def whole(one):
        return one.evse_number == 0

    grid = [of(purpose, meant) for purpose in (Purpose.EXTERNAL, Purpose.STATION_MAX) for meant in (anywhere, whole)]
    bounds = [limit for limit in grid if limit is not None]
    if bounds:
        bounds = [min(bounds) + (of(Purpose.LOCAL_GENERATION, anywhere) or 0)]
    own = [of(purpose, anywhere) for purpose in (Purpose.PRIORITY, Purpose.TX, Purpose.TX_DEFAULT)]
    bounds += [limit for limit in own if limit is not None][:1]
    return min(bounds, default=None)


def one_of_each_rank(found):
    """Profiles of the same rank and age have no order in the standard: the schedule may choose either."""
    ranks = [(one.profile.purpose, one.profile.stack_level, one.evse_number, one.since, one.profile.id)
             for one in found]  # fmt: skip
    return len(set(ranks)) == len(ranks)


@settings(max_examples=150, deadline=None)
@given(st.lists(placed(), max_size=5).filter(one_of_each_rank), st.integers(1, 2), sessions)
def test_the_schedule_of_edges_says_what_asking_every_second_says(found, evse, running):
    steps = composite(found, evse, NOW, LENGTH_S, FEED, running)
    for second in range(LENGTH_S):
        ours, theirs = value_at(steps, instant(second)), naive(found, instant(second), evse, running)
        assert (ours is None) == (theirs is None), second
        assert ours is None or abs(ours - theirs) < 0.051, second  # closer limits are taken together


@settings(max_examples=80, deadline=None)
@given(st.lists(placed(), max_size=5), st.integers(1, 2), sessions)
def test_a_stop_from_outside_stops_an_outlet_unless_something_is_generated_there(found, evse, running):
    tighter = Placed(
        Profile(
            id=100, stack_level=9, purpose=Purpose.EXTERNAL, kind=ProfileKind.ABSOLUTE,
            schedules=(Schedule(unit=RateUnit.AMPERE, periods=(Period(limit=0.0),), starts_at=instant(-60)),),
        ),
        evse, NOW,
    )  # fmt: skip
    generation = any(one.profile.purpose is Purpose.LOCAL_GENERATION for one in found)
    step = limit_at([*found, tighter], evse, instant(1), FEED, running)
    assert step.limit_a is not None
    assert generation or step.limit_a == 0


@given(st.lists(placed(), max_size=5), st.integers(0, 2), sessions, st.randoms())
def test_the_order_in_which_profiles_are_told_changes_nothing(found, evse, running, random):
    if not one_of_each_rank(found):
        return
    mixed = list(found)
    random.shuffle(mixed)
    assert composite(mixed, evse, NOW, LENGTH_S, FEED, running) == composite(found, evse, NOW, LENGTH_S, FEED, running)

"""Whatever way it came, what is known of a station makes the same attempts and the same visits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.diagnostics.outcomes.attempts import made_out
from laddverk.diagnostics.outcomes.model import SessionTold, StartTold, StateTold, TokenTold, Told
from laddverk.diagnostics.outcomes.visits import GAP_MAX, Tried, visits
from laddverk.ocpp.facts import Status

START = datetime(2026, 10, 24, 20, tzinfo=UTC)
instants = st.integers(0, 7_200).map(lambda seconds: START + timedelta(seconds=seconds))
people = st.sampled_from(["", "a", "b"])
evses = st.sampled_from([1, 2])


@st.composite
def sessions(draw: st.DrawFn) -> SessionTold:
    started_at, token = draw(instants), draw(people)
    number = draw(st.integers(0, 5))
    return SessionTold(
        session_id=UUID(int=number),
        transaction_key=f"tx{number}",
        evse_number=draw(evses),
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=draw(st.integers(0, 3_600))),
        energy_wh=draw(st.sampled_from([0, 99, 100, 5_000])),
        person=token,
        token=token,
        accepted=draw(st.booleans()),
        stop_reason=draw(st.sampled_from(["", "Local", "PowerLoss", "DeAuthorized"])),
        charged=draw(st.booleans()),
    )


states = st.builds(
    StateTold,
    evse_number=st.sampled_from([0, 1, 2]),
    at=instants,
    status=st.sampled_from(list(Status)),
    codes=st.sampled_from([(), ("GroundFailure",)]),
)
tokens = st.builds(
    TokenTold, at=instants, token=people.filter(bool), person=people, accepted=st.booleans(), technician=st.booleans()
)
starts = st.builds(
    StartTold,
    id=st.integers(0, 5).map(lambda number: UUID(int=number)),
    evse_number=evses,
    created_at=st.just(START),
    cancelled_at=instants,
    why=st.sampled_from(["refused", "timed_out", "payment_failed", "busy", "cancelled"]),
)
worlds = st.builds(
    Told,
    sessions=st.lists(sessions(), max_size=4, unique_by=lambda one: one.session_id).map(tuple),
    states=st.lists(states, max_size=12).map(tuple),
    tokens=st.lists(tokens, max_size=6).map(tuple),
    starts=st.lists(starts, max_size=2, unique_by=lambda one: one.id).map(tuple),
    evses=st.just((1, 2)),
    since=st.just(START),
    now=st.just(START + timedelta(days=1)),
)


def shuffled(told: Told, random: Random) -> Told:
    """Return the same, each part of it twice and in another order."""
    parts = {}
    for name in ("sessions", "states", "tokens", "starts"):
        part = [*getattr(told, name), *getattr(told, name)]
        random.shuffle(part)
        parts[name] = tuple(part)
    return replace(told, **parts)


@settings(max_examples=150, deadline=None)
@given(worlds, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_an_attempt(told: Told, random: Random) -> None:
    assert made_out(shuffled(told, random)) == made_out(told)


@settings(max_examples=100, deadline=None)
@given(worlds)
def test_every_session_is_one_attempt_and_no_key_is_used_twice(told: Told) -> None:
    made = made_out(told)
    assert len({attempt.key for attempt in made}) == len(made)
    assert {one.session_id for one in made if one.session_id and not one.key.startswith("start")} == {
        one.session_id for one in told.sessions
    }
    assert all(attempt.ended_at >= attempt.began_at for attempt in made)


tried = st.builds(
    Tried,
    station_id=st.sampled_from([UUID(int=1), UUID(int=2)]),
    evse_number=evses,
    began_at=instants,
    attempt_key=st.sampled_from("xyz"),
    ended_at=st.just(START + timedelta(hours=3)),
    person=people,
).map(lambda one: replace(one, ended_at=one.began_at + timedelta(minutes=3)))


@settings(max_examples=150, deadline=None)
@given(st.lists(tried, max_size=12), st.randoms(use_true_random=False))
def test_visits_are_the_same_in_any_order_and_have_one_first_attempt(given_: list[Tried], random: Random) -> None:
    mixed = given_ * 2
    random.shuffle(mixed)
    found = visits(given_)
    assert visits(mixed) == found
    firsts = [visit.visit_key for visit in found.values() if visit.first]
    assert sorted(firsts) == sorted({visit.visit_key for visit in found.values()})


def test_a_gap_of_a_quarter_of_an_hour_is_one_visit_and_a_second_more_is_two() -> None:
    def at(seconds: int) -> Tried:
        began = START + timedelta(seconds=seconds)
        return Tried(station_id=UUID(int=1), evse_number=1, began_at=began, attempt_key="x", ended_at=began, person="a")

    gap_s = int(GAP_MAX.total_seconds())
    assert len({visit.visit_key for visit in visits([at(0), at(gap_s)]).values()}) == 1
    assert len({visit.visit_key for visit in visits([at(0), at(gap_s + 1)]).values()}) == 2

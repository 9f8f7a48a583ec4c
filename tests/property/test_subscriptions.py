"""Subscriptions under any order of changes: days and money neither appear nor vanish."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.ids import PlanVersionId, SessionId
from laddverk.subscriptions import rules
from laddverk.subscriptions.model import Kind, Terms, Timeline, Use

FIRST = date(2026, 1, 1)
VERSIONS = [PlanVersionId(UUID(int=number)) for number in range(1, 5)]
TERMS = {
    version: Terms(fee_minor=fee, included_wh=wh)
    for version, fee, wh in zip(VERSIONS, (0, 9_900, 12_345, 29_901), (0, 20_000, 33_333, 100_000), strict=True)
}
days = st.integers(0, 800).map(lambda number: FIRST + timedelta(days=number))
versions = st.sampled_from(VERSIONS)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("change"), days, versions),
        st.tuples(st.just("pause"), days, st.integers(1, 90)),
        st.tuples(st.just("resume"), days, st.just(0)),
        st.tuples(st.just("end"), days, st.just(0)),
    ),
    max_size=8,
)


def lived(start: Timeline, given_changes: list[tuple[str, date, object]]) -> Timeline:
    """Carry changes out in the order of their days, as life does."""
    timeline = start
    for word, day, what in sorted(given_changes, key=lambda each: (each[1], each[0])):
        if word == "change":
            assert isinstance(what, UUID)
            timeline = rules.changed(timeline, day, PlanVersionId(what))
        elif word == "pause":
            assert isinstance(what, int)
            timeline = rules.paused(timeline, day, day + timedelta(days=what))
        elif word == "resume":
            timeline = rules.resumed(timeline, day)
        else:
            timeline = rules.ended(timeline, day)
    return timeline


def counted(timeline: Timeline, day: date) -> tuple[Kind, PlanVersionId] | None:
    """What counts on a day, wherever its piece is cut."""
    piece = rules.piece_on(timeline, day)
    return None if piece is None else (piece.kind, piece.version_id)


starts = st.builds(rules.begun, versions, days, st.integers(0, 60))


@given(starts, changes)
def test_pieces_neither_overlap_nor_leave_gaps(start: Timeline, given_changes: list[tuple[str, date, object]]) -> None:
    timeline = lived(start, given_changes)
    assert all(first.until_day == second.from_day for first, second in pairwise(timeline))
    assert all(rules.end(piece) > piece.from_day for piece in timeline)


@given(starts, changes, days)
def test_the_parts_of_a_month_sum_to_its_exact_fee_rounded_once(
    start: Timeline, given_changes: list[tuple[str, date, object]], day: date
) -> None:
    timeline, month = lived(start, given_changes), rules.month_of(day)
    length = (rules.next_month(month) - month).days
    exact = Fraction(0)
    for number in range(length):
        piece = rules.piece_on(timeline, month + timedelta(days=number))
        if piece is not None and piece.kind is Kind.ACTIVE:
            exact += Fraction(TERMS[piece.version_id].fee_minor, length)
    parts = rules.fee_of(timeline, month, TERMS)
    assert sum(part.amount_minor for part in parts) == int(exact + Fraction(1, 2))
    assert all(part.amount_minor >= 0 for part in parts)


@given(starts, changes, days, versions)
def test_up_and_down_again_on_the_same_day_is_nothing(
    start: Timeline, given_changes: list[tuple[str, date, object]], day: date, version: PlanVersionId
) -> None:
    timeline = lived(start, given_changes)
    later = {piece.version_id for piece in timeline if rules.end(piece) > day}
    if len(later) == 1:
        assert rules.changed(rules.changed(timeline, day, version), day, later.pop()) == timeline


@given(starts, changes, days)
def test_a_change_leaves_the_days_before_it_as_they_were(
    start: Timeline, given_changes: list[tuple[str, date, object]], day: date
) -> None:
    timeline = lived(start, given_changes)
    after = rules.ended(rules.changed(timeline, day, VERSIONS[3]), day + timedelta(days=40))
    for number in range(60):
        past = day - timedelta(days=number + 1)
        assert counted(timeline, past) == counted(after, past)


uses = st.lists(
    st.tuples(st.integers(0, 60_000), st.integers(0, 500), st.booleans(), st.booleans(), st.integers(0, 60_000)),
    max_size=12,
)


@given(uses, st.integers(0, 100_000), st.randoms())
def test_no_more_than_the_quota_is_used_whatever_the_order(
    given_uses: list[tuple[int, int, bool, bool, int]],
    quota: int,
    random: object,
) -> None:
    made: list[Use] = []
    settled: set[SessionId] = set()
    left = quota
    for number, (energy_wh, minute, is_voided, is_settled, used_wh) in enumerate(given_uses):
        session_id = SessionId(UUID(int=number + 1))
        used = min(used_wh, energy_wh, left) if is_settled else 0
        left -= used
        at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=minute)
        made.append(
            Use(session_id=session_id, ended_at=at, energy_wh=energy_wh, used_wh=used, voided=is_voided and not used)
        )
        if is_settled:
            settled.add(session_id)
    shares = rules.shared_out(quota, made, frozenset(settled))
    shuffled = list(made)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' random
    assert rules.shared_out(quota, shuffled, frozenset(settled)) == shares
    assert sum(shares.values()) <= quota
    assert all(0 <= shares[use.session_id] <= use.energy_wh for use in made)
    open_wh = sum(use.energy_wh for use in made if use.session_id not in settled and not use.voided)
    assert sum(shares.values()) == min(quota, sum(shares[each] for each in settled) + open_wh)

"""When more is reserved for a running charge, and when it is stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.payments.reserved.rules import Does, Reserve, Step, ends_soon, next_step

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
amounts = st.integers(0, 500_000)


def reserve(reserved_minor: int = 30_000, *, can_raise: bool = True, stops: bool = True) -> Reserve:
    return Reserve(reserved_minor=reserved_minor, can_raise=can_raise, step_minor=10_000, max_minor=50_000, stops=stops)


@pytest.mark.parametrize(
    ("held", "soon", "ahead", "wanted"),
    [
        (reserve(), 29_000, 30_000, Step(Does.NOTHING)),
        (reserve(), 29_000, 30_001, Step(Does.RAISE, 40_000)),
        (reserve(), 29_000, 41_000, Step(Does.RAISE, 50_000)),
        (reserve(), 60_000, 90_000, Step(Does.RAISE, 50_000)),
        (reserve(50_000), 50_000, 60_000, Step(Does.NOTHING)),
        (reserve(50_000), 50_001, 60_000, Step(Does.STOP)),
        (reserve(can_raise=False), 30_000, 40_000, Step(Does.NOTHING)),
        (reserve(can_raise=False), 30_001, 40_000, Step(Does.STOP)),
        (reserve(can_raise=False, stops=False), 90_000, 90_000, Step(Does.NOTHING)),
        (reserve(), None, None, Step(Does.NOTHING)),
    ],
)
def test_what_is_done_at_each_edge(held: Reserve, soon: int | None, ahead: int | None, wanted: Step) -> None:
    assert next_step(held, soon, ahead) == wanted


@given(amounts, amounts, amounts, st.booleans(), st.booleans())
def test_a_raise_is_always_more_and_never_above_the_most(
    reserved: int, soon: int, more: int, can_raise: bool, stops: bool
) -> None:
    held = reserve(reserved, can_raise=can_raise, stops=stops)
    step = next_step(held, soon, soon + more)
    if step.does == Does.RAISE:
        assert can_raise
        assert reserved < step.to_minor <= held.max_minor
    if step.does == Does.STOP:
        assert stops
        assert soon > reserved
        assert not can_raise or reserved >= held.max_minor


def test_a_reserve_ends_soon_in_its_last_two_hours() -> None:
    assert ends_soon(NOW + timedelta(hours=1, minutes=59), NOW)
    assert not ends_soon(NOW + timedelta(hours=2), NOW)
    assert not ends_soon(None, NOW)

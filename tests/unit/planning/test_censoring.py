"""Who was turned away is estimated from when there was room; hours of the week follow the clock of the place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.planning.usage import censoring
from laddverk.planning.usage.censoring import WEEK_HOURS, Slot, hours_of_week, places, rates

MONDAY = datetime(2026, 10, 25, 23, tzinfo=UTC)  # in Stockholm, after the night in which summer time ended


def unseen(*weeks: dict[int, Slot]) -> float:
    """Return who likely came to pools with these weeks."""
    stood_h, full_h, began = (np.zeros((len(weeks), WEEK_HOURS)) for _ in range(3))
    for row, week in enumerate(weeks):
        for at, slot in week.items():
            stood_h[row, at], full_h[row, at], began[row, at] = slot.stood_h, slot.full_h, slot.began
    return censoring.unseen(stood_h, full_h, began)


def test_those_who_came_while_there_was_room_tell_of_those_who_came_while_there_was_none() -> None:
    week = {8: Slot(stood_h=10, full_h=5, began=20)}
    assert unseen(week) == pytest.approx(20)  # 4 an hour while there was room; 5 hours without


def test_an_hour_that_is_nearly_always_full_asks_the_same_hour_of_other_days() -> None:
    week = {8: Slot(stood_h=10, full_h=9, began=9), 32: Slot(stood_h=10, full_h=0, began=13)}
    assert unseen(week) == pytest.approx(9 * (9 + 13) / (1 + 10))


def test_nothing_is_said_where_there_never_was_room() -> None:
    assert unseen({8: Slot(stood_h=10, full_h=10, began=3)}) == 0


def test_a_week_with_room_turns_nobody_away() -> None:
    assert unseen({at: Slot(stood_h=4, full_h=0, began=9) for at in range(WEEK_HOURS)}) == 0


def test_the_night_in_which_the_clock_goes_back_has_the_hour_from_two_to_three_twice() -> None:
    hours = hours_of_week(MONDAY - timedelta(hours=25), MONDAY, "Europe/Stockholm")
    assert hours[6 * 24 + 2] == 2
    assert sum(hours) == 25


@given(
    st.datetimes(datetime(2025, 11, 1), datetime(2026, 4, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(days=60)),
)
@settings(max_examples=40)
def test_the_hours_of_the_week_sum_to_the_time(since: datetime, lasts: timedelta) -> None:
    hours = hours_of_week(since, since + lasts, "Europe/Stockholm")
    assert sum(hours) == pytest.approx(lasts.total_seconds() / 3_600, abs=1e-6)
    assert min(hours) >= -1e-9


@given(
    st.lists(
        st.dictionaries(
            st.integers(0, WEEK_HOURS - 1),
            st.tuples(st.floats(0.1, 10), st.floats(0, 1), st.integers(0, 9)),
            max_size=12,
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=60)
def test_pools_together_turn_away_what_each_does_by_its_own_rates(
    drawn: list[dict[int, tuple[float, float, int]]],
) -> None:
    weeks = [
        {at: Slot(stood_h=hours, full_h=hours * share, began=came) for at, (hours, share, came) in week.items()}
        for week in drawn
    ]
    expected = sum(slot.full_h * rates(week)[at] for week in weeks for at, slot in week.items())
    assert unseen(*weeks) == pytest.approx(expected)


def test_hours_are_placed_in_the_local_week_over_new_year_and_the_doubled_hour() -> None:
    for begins in (datetime(2025, 12, 31, 20, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        hours = [begins + timedelta(hours=at) for at in range(30)]
        here = [at.astimezone(ZoneInfo("Europe/Stockholm")) for at in hours]
        found = places(np.array([at.timestamp() for at in hours]), "Europe/Stockholm")
        assert found.tolist() == [at.weekday() * 24 + at.hour for at in here]

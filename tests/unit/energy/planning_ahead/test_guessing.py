"""What is usual at a site is made of its past once, for however many cars somebody asks."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from laddverk.energy.planning_ahead.guessing import usual, usual_of
from laddverk.energy.planning_ahead.store import Past

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def past(number, who, hours, *, is_over=True):
    began = NOW - timedelta(days=number)
    ended = began + timedelta(hours=hours)
    return Past(UUID(int=1), 1, who, began, ended - timedelta(hours=1), ended if is_over else None, 9_000)


PAST = [past(0, "a", 1, is_over=False), past(1, "a", 2), past(2, "", 3), past(3, "b", 4), past(4, "a", 5)]


def test_a_driver_has_their_own_past_and_shares_that_of_everybody():
    found = usual_of(["a", "b", "", "a", "new"], PAST)
    assert {who: each.own.hours.tolist() for who, each in found.items()} == {"a": [5, 2], "b": [4], "": [], "new": []}
    assert found["a"].own_drawn.hours.tolist() == [4, 1]
    assert found["a"].everybody.hours.tolist() == [5, 4, 3, 2]
    assert usual("b", PAST).everybody_drawn.hours.tolist() == [4, 3, 2, 1]


def test_what_everybody_does_is_made_once_for_all_drivers():
    first, *others = usual_of(["a", "b", ""], PAST).values()
    assert all(each.everybody is first.everybody for each in others)
    assert all(each.everybody_drawn is first.everybody_drawn for each in others)

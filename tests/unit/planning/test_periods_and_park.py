"""A period is read as whole months and the days at its ends; what stood there is known for any stretch of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.problems import Invalid
from laddverk.planning.usage.due import Due
from laddverk.planning.usage.figures import stood
from laddverk.planning.usage.park import Park
from laddverk.planning.usage.periods import DAYS_MAX, EARLIEST, USUAL, Cover, asked, compared, cover
from laddverk.planning.usage.queries import Stood
from laddverk.planning.usage.service import DAYS_AT_ONCE, LONGER_DAY, OUTLET_DAYS_AT_ONCE, portion
from laddverk.planning.usage.summing import runs

DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def days_of(one: Cover) -> list[date]:
    """Return every day that is read, in order; of months all their days."""
    stretches = [one.head, (one.month, one.months_end - DAY), one.tail]
    return sorted(first + at * DAY for first, last in stretches for at in range((last - first).days + 1))


@given(DAYS, st.integers(0, 800), st.integers(0, 40))
def test_each_day_of_a_period_is_read_once_and_none_else_before_today(first: date, length: int, ago: int) -> None:
    last = first + length * DAY
    today = last + ago * DAY
    found = days_of(cover(first, last, today))
    assert [day for day in found if day <= today] == [first + at * DAY for at in range(length + 1)]
    assert cover(first, last, today).month.day == cover(first, last, today).months_end.day == 1


def test_a_period_until_today_has_no_days_after_its_months() -> None:
    one = cover(date(2025, 11, 23), date(2026, 11, 22), date(2026, 11, 22))
    assert (one.month, one.months_end) == (date(2025, 12, 1), date(2026, 12, 1))
    assert one.head == (date(2025, 11, 23), date(2025, 11, 30))
    assert one.tail[0] > one.tail[1]


@given(DAYS, st.none() | st.integers(-40, 6_000), st.none() | st.integers(-3, 6_000))
def test_a_period_is_what_was_asked_for_or_refused(today: date, before: int | None, ago: int | None) -> None:
    last = None if ago is None else today - ago * DAY
    first = None if before is None else (last or today) - before * DAY
    until = last or today
    since = first or max(EARLIEST, until - USUAL)
    if EARLIEST <= since <= until <= today and (until - since).days <= DAYS_MAX:
        assert asked(first, last, today, field="from") == (since, until)
        return
    with pytest.raises(Invalid) as refused:
        asked(first, last, today, field="from")
    assert refused.value.field == "from"


@given(DAYS, st.integers(0, DAYS_MAX), st.integers(0, 4_000))
def test_a_period_is_compared_with_as_many_days_just_before_it_or_another_place_in_the_same(
    today: date, length: int, ago: int
) -> None:
    last = max(EARLIEST, today - ago * DAY)
    one = max(EARLIEST, last - length * DAY), last
    assert compared(one, None, None, today, field="from2", is_elsewhere=True) == one
    first, until = compared(one, None, None, today, field="from2", is_elsewhere=False)
    if one[0] == EARLIEST:
        assert first == until == EARLIEST, "before it nothing is known"
        return
    assert until + DAY == one[0]
    assert until - first == one[1] - one[0] or first == EARLIEST


def test_what_is_compared_with_it_may_be_said_by_either_of_its_days() -> None:
    today, one = date(2026, 11, 22), (date(2026, 10, 1), date(2026, 10, 31))
    for is_elsewhere in (False, True):
        given = {"today": today, "field": "from2", "is_elsewhere": is_elsewhere}
        assert compared(one, None, date(2026, 5, 31), **given) == (date(2026, 5, 1), date(2026, 5, 31))
        assert compared(one, date(2026, 9, 21), None, **given) == (date(2026, 9, 21), date(2026, 9, 30))
        for days in (
            (None, date.min), (date.min, None), (date(2026, 10, 2), None), (None, today + DAY), (None, date.max)
        ):  # fmt: skip
            with pytest.raises(Invalid):
                compared(one, *days, **given)


outlets = st.lists(
    st.tuples(st.integers(0, 1_000), st.none() | st.integers(0, 500), st.sampled_from([11_000, 50_000])), max_size=8
)


@given(outlets, st.lists(st.tuples(st.integers(-50, 1_200), st.integers(-50, 1_200)), min_size=1, max_size=5))
def test_what_stood_in_any_stretch_is_the_sum_over_outlets(
    drawn: list[tuple[int, int | None, int]], stretches: list[tuple[int, int]]
) -> None:
    opened = [START + timedelta(hours=at) for at, _, _ in drawn]
    closed = [
        None if lasts is None else at + timedelta(hours=lasts) for at, (_, lasts, _) in zip(opened, drawn, strict=True)
    ]
    park = Park(
        Stood(
            opened_s=np.array([at.timestamp() for at in opened]),
            closed_s=np.array([at.timestamp() if at else np.inf for at in closed]),
            power_w=np.array([float(power_w) for _, _, power_w in drawn]),
        )
    )
    spans = [(START + timedelta(hours=since), START + timedelta(hours=until)) for since, until in stretches]
    ports_s, rated_wh = park.stood(
        np.array([since.timestamp() for since, _ in spans]), np.array([until.timestamp() for _, until in spans])
    )
    for at, (since, until) in enumerate(spans):
        each = [stood(o, c, power_w, since, until) for o, c, (_, _, power_w) in zip(opened, closed, drawn, strict=True)]
        assert ports_s[at] == pytest.approx(sum(one.port_s for one in each), abs=1e-3)
        assert rated_wh[at] == pytest.approx(sum(one.rated_wh for one in each), abs=1e-2)


def due(site: int, days: float, outlets: int, since: datetime = START) -> Due:
    return Due(site_id=UUID(int=site), since=since, until=since + timedelta(days=days), outlets=outlets)


def test_a_turn_is_bounded_and_what_is_left_begins_where_it_ended() -> None:
    wanted = [
        due(1, 1_000, 20),
        due(1, 3, 20, START + timedelta(days=2_000)),
        *(due(at, 700, 50) for at in range(2, 9)),
    ]
    turn, later = portion(wanted)
    assert len({one.site_id for one in turn}) == len(turn)
    assert sum((one.until - one.since).days * one.outlets for one in turn) <= OUTLET_DAYS_AT_ONCE
    assert turn[0].until - turn[0].since == timedelta(days=DAYS_AT_ONCE) + LONGER_DAY
    counted: dict[object, timedelta] = {}
    turns = 0
    while turn:
        turns += 1
        for one in turn:
            counted[one.site_id] = counted.get(one.site_id, timedelta()) + (one.until - one.since)
        turn, later = portion(later)
    days = {1: 1_003} | dict.fromkeys(range(2, 9), 700)
    assert counted == {due(at, 1, 1).site_id: timedelta(days=lasts) for at, lasts in days.items()}
    assert turns < 30


def test_a_site_of_very_many_outlets_gets_on_as_well() -> None:
    (one,), (rest,) = portion([due(1, 400, 100_000)])
    assert one.until == rest.since > one.since


def test_days_are_taken_as_runs() -> None:
    first = date(2026, 2, 27)
    assert runs([first + 3 * DAY, first, first + DAY]) == [(first, first + DAY), (first + 3 * DAY, first + 3 * DAY)]
    assert runs([]) == []

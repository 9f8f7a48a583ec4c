"""The parts of a line of time lie beside each other without gap or overlap."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from laddverk.web.console.happening_span import FIRST_DAY, LAST_DAY, Scale, part_of, readable


@pytest.mark.parametrize("scale", Scale)
def test_a_part_holds_its_day_and_ends_where_the_next_begins(scale: Scale) -> None:
    for day in (FIRST_DAY + timedelta(days=40), date(2024, 2, 29), date(2026, 11, 22), date(2026, 12, 31), LAST_DAY):
        part = part_of(scale, day)
        assert part.first <= day <= part.last
        assert part_of(scale, part.after).first == part.after
        assert part.earlier is not None
        assert part_of(scale, part.earlier).after == part.first


def test_a_week_begins_on_monday_and_a_month_on_its_first() -> None:
    assert part_of(Scale.WEEK, date(2026, 11, 22)).first == date(2026, 11, 16)
    assert part_of(Scale.MONTH, date(2026, 11, 22)).last == date(2026, 11, 30)


def test_days_beyond_any_charger_are_not_looked_at() -> None:
    assert readable(date(1, 1, 1)) is None
    assert readable(date(9999, 12, 31)) is None
    assert part_of(Scale.DAY, FIRST_DAY).earlier is None

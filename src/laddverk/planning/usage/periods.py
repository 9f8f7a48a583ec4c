"""How a period of days is read: whole months, and the days before and after them. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

DAY: Final = timedelta(days=1)


class Cover(Struct, frozen=True, kw_only=True):
    """Months and days that together are a period, each day once. A stretch that ends before it begins is none."""

    month: date
    """The first day of the first month."""
    months_end: date
    """The first day of the month after the last: the same as `month` where there is none."""
    head: tuple[date, date]
    """The days before the months, both included."""
    tail: tuple[date, date]
    """The days after them."""

    @property
    def args(self) -> tuple[date, ...]:
        """The same as statements take it."""
        return self.month, self.months_end, *self.head, *self.tail


def cover(first: date, last: date, today: date) -> Cover:
    """Return how the days from `first` to `last` are read. After `today` nothing has happened: its month is whole."""
    month = first if first.day == 1 else _next_month(first)
    months_end = _next_month(last) if last >= today or (last + DAY).day == 1 else last.replace(day=1)
    none = first, first - DAY
    if month >= months_end:
        return Cover(month=month, months_end=month, head=(first, last), tail=none)
    return Cover(month=month, months_end=months_end, head=(first, month - DAY), tail=(months_end, last))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

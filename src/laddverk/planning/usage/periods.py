"""Which days are looked at and which they are compared with; how they are read: whole months, and days beside. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from laddverk.kernel.problems import Invalid

DAY: Final = timedelta(days=1)
EARLIEST: Final = date(2015, 1, 1)
USUAL: Final = timedelta(days=27)  # back from today: four weeks, today included
DAYS_MAX: Final = 366 * 5  # hours of more years than five do not fit a picture
Days = tuple[date, date]
"""The first and the last day of a period, both included."""


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


def asked(first: date | None, last: date | None, today: date, *, field: str, usual: timedelta = USUAL) -> Days:
    """Return the days to look at: those that are asked for, else until today, and from `usual` before the last.

    Raises `Invalid` (naming `field`) for what is asked for and cannot be: nothing else is shown in its place.
    """
    last = last or today
    if first is not None and first > last:
        raise Invalid("The first day is after the last.", field=field, remedy="Change one of them.")
    if EARLIEST <= last <= today:
        first = first or max(EARLIEST, last - usual)
        if first >= EARLIEST and (last - first).days <= DAYS_MAX:
            return first, last
    raise Invalid(
        "This is not a period of at most five years up to today.", field=field, remedy="Choose a shorter one."
    )


def compared(
    one: Days, first: date | None, last: date | None, today: date, *, field: str, is_elsewhere: bool
) -> Days:  # fmt: skip
    """Return the days that `one` is compared with: those that are asked for, else as many just before it.

    Another place alone is compared in the same days. Raises `Invalid` as `asked` does.
    """
    if is_elsewhere and first is None and last is None:
        return one
    return asked(first, last or max(EARLIEST, one[0] - DAY), today, field=field, usual=one[1] - one[0])


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

"""The part of a line of time that is looked at: a local day, week or month, and the ones beside it. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(9000, 1, 1)  # after which days have no midnight in every place


class Scale(StrEnum):
    """How long a part is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Part(Struct, frozen=True):
    """The local days from `first` to before `after`."""

    scale: Scale
    first: date
    after: date

    @property
    def last(self) -> date:
        """The last day of the part."""
        return self.after - timedelta(days=1)

    @property
    def earlier(self) -> date | None:
        """A day of the part before, or None where time begins."""
        return self.first - timedelta(days=1) if self.first > FIRST_DAY else None


def readable(day: date | None) -> date | None:
    """Return the day, or None where no charger can have been."""
    return day if day is not None and FIRST_DAY <= day <= LAST_DAY else None


def part_of(scale: Scale, day: date) -> Part:
    """Return the part that holds `day`; weeks begin on Monday."""
    if scale is Scale.DAY:
        return Part(scale, day, day + timedelta(days=1))
    if scale is Scale.WEEK:
        first = day - timedelta(days=day.weekday())
        return Part(scale, first, first + timedelta(days=7))
    first = day.replace(day=1)
    return Part(scale, first, (first + timedelta(days=31)).replace(day=1))

"""Opening hours and periods: local time in, instants out, so that a night of 23 or 25 hours has that many. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.diagnostics.uptime.model import Span
from laddverk.kernel.problems import Invalid

DAY_MINUTES: Final = 24 * 60
PERIOD: Final = re.compile(r"(?P<year>20[0-9]{2})(-(?P<month>0[1-9]|1[0-2])|-[Qq](?P<quarter>[1-4]))?")


class Opening(Struct, frozen=True, order=True):
    """Open on a weekday (1 Monday to 7 Sunday) from and to so many minutes after midnight by the clock on the wall."""

    weekday: int
    from_minute: int
    until_minute: int


class Length(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Period(Struct, frozen=True):
    """A month, quarter or year, by its first local day."""

    length: Length
    first: date

    @property
    def after(self) -> date:
        """The first day that is no longer part of it."""
        months = {Length.MONTH: 1, Length.QUARTER: 3, Length.YEAR: 12}[self.length]
        number = self.first.year * 12 + self.first.month - 1 + months
        return date(number // 12, number % 12 + 1, 1)

    @property
    def before(self) -> Period:
        """The period before it."""
        return period_of(self.length, self.first - timedelta(days=1))

    @property
    def key(self) -> str:
        """What it is called in an address: 2026-10, 2026-Q4, 2026."""
        if self.length is Length.MONTH:
            return f"{self.first:%Y-%m}"
        return (
            f"{self.first.year}-Q{(self.first.month + 2) // 3}"
            if self.length is Length.QUARTER
            else str(self.first.year)
        )

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return when it begins and ends."""
        return midnight(self.first, zone), midnight(self.after, zone)


def period_of(length: Length, day: date) -> Period:
    """Return the period in which `day` lies."""
    month = {Length.MONTH: day.month, Length.QUARTER: (day.month - 1) // 3 * 3 + 1, Length.YEAR: 1}[length]
    return Period(length, date(day.year, month, 1))


def period_named(key: str) -> Period:
    """Return the period that 2026-10, 2026-Q4 or 2026 names. Raises `Invalid`."""
    found = PERIOD.fullmatch(key)
    if found is None:
        raise Invalid(
            "This is not a period.", field="period", remedy="Write a month (2026-10), a quarter (2026-Q4) or a year."
        )
    year, month, quarter = int(found["year"]), found["month"], found["quarter"]
    if quarter:
        return Period(Length.QUARTER, date(year, int(quarter) * 3 - 2, 1))
    return Period(Length.MONTH, date(year, int(month), 1)) if month else Period(Length.YEAR, date(year, 1, 1))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a local day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def closed_spans(openings: Sequence[Opening], zone: ZoneInfo, start: datetime, end: datetime) -> tuple[Span, ...]:
    """Return when a place is closed between `start` and `end`; none where no opening hours are given: always open."""
    if not openings:
        return ()
    opened = sorted(span for span in _open_spans(openings, zone, start, end) if span.end)
    closed: list[Span] = []
    at = start
    for span in opened:
        if span.start > at:
            closed.append(Span(at, min(span.start, end)))
        at = max(at, span.end or end)
    if at < end:
        closed.append(Span(at, end))
    return tuple(one for one in closed if one.end is not None and one.start < one.end)


def _open_spans(openings: Sequence[Opening], zone: ZoneInfo, start: datetime, end: datetime) -> Iterable[Span]:
    day = start.astimezone(zone).date()
    while (begin := midnight(day, zone)) < end:
        del begin
        for one in openings:
            if one.weekday == day.isoweekday():
                yield Span(_at_minute(day, one.from_minute, zone), _at_minute(day, one.until_minute, zone))
        day += timedelta(days=1)


def _at_minute(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which the clock on the wall shows it; 24:00 is the next midnight."""
    if minute >= DAY_MINUTES:
        return midnight(day + timedelta(days=1), zone)
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)

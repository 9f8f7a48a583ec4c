"""Business time: which instants are worked, how much lies between two of them, and when some of it is over. Pure.

Local wall-clock spans become instants day by day, so that a day of 23 or 25 hours has the hours that people work.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.planning_ahead.holidays import public_holidays
from laddverk.kernel.problems import Invalid

MINUTES_OF_DAY: Final = 24 * 60
DAYS_LOOKED: Final = 366 * 3  # who is closed for longer never answers
SPANS_MAX: Final = 4  # of one day


class Attended(StrEnum):
    """Where somebody expects an answer of ours at once."""

    PHONE = "phone"
    CHAT = "chat"


Span = tuple[int, int]
"""Minutes after midnight, local: from, until."""


class Hours(Struct, frozen=True, kw_only=True):
    """When somebody of ours works."""

    id: UUID | None = None
    name: str = ""
    zone: str = "Europe/Stockholm"
    days: tuple[tuple[Span, ...], ...]
    """Monday to Sunday."""
    free_holidays: bool = True
    """Closed on the public holidays of Sweden."""
    free_days: tuple[date, ...] = ()
    closes: tuple[str, ...] = ()
    """What nobody of ours answers outside of them: values of `Attended`."""


ALWAYS: Final = Hours(days=(((0, MINUTES_OF_DAY),),) * 7, free_holidays=False)
"""Around the clock."""


def checked(hours: Hours) -> Hours:
    """Return hours that can be kept. Raises `Invalid` (fields name, days)."""
    if not hours.name.strip():
        raise Invalid("Give it a name.", field="name")
    if len(hours.days) != 7 or not any(hours.days):
        raise Invalid("Somebody has to work on some day.", field="days")
    if not set(hours.closes) <= {each.value for each in Attended}:
        raise Invalid("Choose from the list.", field="closes")
    for spans in hours.days:
        ends = 0
        if len(spans) > SPANS_MAX:
            raise Invalid("A day has at most four spans.", field="days")
        for begin, end in spans:
            if not ends <= begin < end <= MINUTES_OF_DAY:
                raise Invalid("The hours of a day do not follow each other.", field="days")
            ends = end
    return hours


def is_free(hours: Hours, day: date) -> bool:
    """Return whether nobody works on a day because it is a holiday, or one of ours."""
    return day in hours.free_days or (hours.free_holidays and day in public_holidays(day.year))


def worked(hours: Hours, day: date) -> list[tuple[datetime, datetime]]:
    """Return the spans of a local day in which somebody works, as instants."""
    if is_free(hours, day):
        return []
    zone = ZoneInfo(hours.zone)
    spans = [(_instant(day, begin, zone), _instant(day, end, zone)) for begin, end in hours.days[day.weekday()]]
    return [(begin, end) for begin, end in spans if begin < end]  # the hour that a spring night skips is no time


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time; one that does not exist is the instant at which it is skipped."""
    if minute >= MINUTES_OF_DAY:
        day, minute = day + timedelta(days=1), minute - MINUTES_OF_DAY
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def _spans(hours: Hours, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = since.astimezone(ZoneInfo(hours.zone)).date()
    for _ in range(DAYS_LOOKED):
        for begin, end in worked(hours, day):
            if end > since:
                yield max(begin, since), end
        day += timedelta(days=1)


def after(hours: Hours, since: datetime, seconds: int) -> datetime | None:
    """Return the instant at which `seconds` of work have passed; None where nobody ever works again.

    No time is over at once, in the next hour of work: what is promised within no time is due when the door opens.
    """
    left = timedelta(seconds=seconds)
    for begin, end in _spans(hours, since):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return None


def between(hours: Hours, since: datetime, until: datetime) -> int:
    """Return the seconds of work between two instants; 0 where the second is not after the first."""
    passed = timedelta()
    if until <= since:
        return 0
    for begin, end in _spans(hours, since):
        if begin >= until:
            break
        passed += min(end, until) - begin
    return int(passed.total_seconds())

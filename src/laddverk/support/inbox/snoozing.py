"""When a case that is put aside comes back. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.kernel.problems import Invalid

MORNING: Final = time(8, 0)
LATER: Final = timedelta(hours=3)
DAYS_MAX: Final = 366
CHOICES: Final = ("later", "tomorrow", "monday")


def until(choice: str, day: date | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when a case comes back: in three hours, tomorrow, on Monday or on a day, at eight in the morning.

    Raises `Invalid` (field until) for a day that is past or more than a year away, or no choice at all.
    """
    today = now.astimezone(zone).date()
    if choice == "later":
        return now + LATER
    if choice == "tomorrow":
        day = today + timedelta(days=1)
    elif choice == "monday":
        day = today + timedelta(days=7 - today.weekday())
    if day is None or not today < day <= today + timedelta(days=DAYS_MAX):
        raise Invalid("Choose a day to come.", field="until", remedy="From tomorrow, within a year.")
    return datetime.combine(day, MORNING, zone).astimezone(UTC)

"""Public holidays of Sweden: on them the tariffs of most grid operators hold no high load. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

FIXED: Final = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 25), (12, 26))
AFTER_EASTER_DAYS: Final = (-2, 0, 1, 39, 49)
"""Good Friday, Easter, Easter Monday, Ascension Day, Pentecost."""
SATURDAY: Final = 5


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """Return the public holidays of a year (lag 1989:253). Eves are none: who frees them, names them."""
    easter = _easter(year)
    found = {date(year, month, day) for month, day in FIXED}
    found |= {easter + timedelta(days=days) for days in AFTER_EASTER_DAYS}
    found |= {_saturday_from(date(year, 6, 20)), _saturday_from(date(year, 10, 31))}  # midsummer, All Saints
    return frozenset(found)


def _saturday_from(day: date) -> date:
    return day + timedelta(days=(SATURDAY - day.weekday()) % 7)


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Oudin's method)."""
    golden, century = year % 19, year // 100
    moon = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    days = moon - weekday
    month = 3 + (days + 40) // 44
    return date(year, month, days + 28 - 31 * (month // 4))

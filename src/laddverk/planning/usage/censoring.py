"""Who likely came and found no place: nobody sees them, so they are estimated from when there was room. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

HOURS: Final = 24
WEEK_HOURS: Final = 7 * HOURS
SURE_H: Final = 4.0  # with less time of room than this in an hour of the week, the same hour of all days is asked
CREDIBLE_RATE_H: Final = 0.25  # and with less than a quarter of an hour in all days nothing is said


class Slot(Struct, frozen=True, kw_only=True):
    """One hour of the local week (0 is Monday, 0 to 1) over a whole period."""

    stood_h: float
    """How many hours of it there were."""
    full_h: float
    """Of these: without room."""
    began: int


def unseen(stood_h: Numbers, full_h: Numbers, began: Numbers) -> float:
    """Return how many likely came while there was no room: arrivals per hour with room × hours without.

    Arrays of pools × hours of the local week. It is an estimate: some of them come back later, and are seen then.
    """
    open_h = stood_h - full_h
    by_hour = (-1, 7, HOURS)
    own = np.divide(began, open_h, out=np.zeros_like(open_h), where=open_h >= SURE_H)
    days_h = open_h.reshape(by_hour).sum(axis=1)
    of_days = np.divide(
        began.reshape(by_hour).sum(axis=1), days_h, out=np.zeros_like(days_h), where=days_h >= CREDIBLE_RATE_H
    )
    arriving = np.where(open_h >= SURE_H, own, np.tile(of_days, 7))
    return float((full_h * arriving).sum())


def rates(week: Mapping[int, Slot]) -> dict[int, float]:
    """Return how many come in an hour, for each hour of the week by itself, as people come by the hour.

    Only time with room tells. Where that was less than `SURE_H`, the rate is that of the same hour of all days; where
    that too was next to nothing, none is known, and it is 0.
    """
    seen = [(at, slot.began, slot.stood_h - slot.full_h) for at, slot in week.items()]
    came, open_h = [0] * HOURS, [0.0] * HOURS
    for at, began, room_h in seen:
        came[at % HOURS] += began
        open_h[at % HOURS] += room_h
    of_days = [one / room_h if room_h >= CREDIBLE_RATE_H else 0.0 for one, room_h in zip(came, open_h, strict=True)]
    return {at: began / room_h if room_h >= SURE_H else of_days[at % HOURS] for at, began, room_h in seen}


def hours_of_week(since: datetime, until: datetime, zone: str) -> list[float]:
    """Return how many hours of each hour of the local week lie between two instants; Monday 0 to 1 first."""
    found = np.zeros(WEEK_HOURS)
    for year in range(since.astimezone(UTC).year, until.astimezone(UTC).year + 1):
        begins = datetime(year, 1, 1, tzinfo=UTC)
        places = _places(year, zone)
        from_h, until_h = (
            min(max((at - begins).total_seconds() / 3_600, 0.0), float(len(places))) for at in (since, until)
        )  # fmt: skip
        first, last = int(from_h), int(until_h)
        if until_h <= from_h:
            continue
        found += np.bincount(places[first:last], minlength=WEEK_HOURS)
        if from_h > first:
            found[places[first]] -= from_h - first
        if until_h > last:
            found[places[last]] += until_h - last
    return [float(hours) for hours in found]


def places(at_s: Numbers, zone: str) -> NDArray[np.int16]:
    """Return the hour of the local week of each full hour (UTC), given in seconds since 1970 and in their order."""
    found = np.zeros(len(at_s), dtype=np.int16)
    if len(at_s):
        for year in range(_year(at_s[0]), _year(at_s[-1]) + 1):
            begins, ends = (datetime(one, 1, 1, tzinfo=UTC).timestamp() for one in (year, year + 1))
            there = (at_s >= begins) & (at_s < ends)
            found[there] = _places(year, zone)[((at_s[there] - begins) // 3_600).astype(int)]
    return found


def _year(at_s: float) -> int:
    return datetime.fromtimestamp(at_s, UTC).year


@lru_cache(maxsize=64)
def _places(year: int, zone: str) -> NDArray[np.int16]:
    """Return the hour of the local week of each hour of a year of UTC."""
    local, begins = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC)
    hours = round((datetime(year + 1, 1, 1, tzinfo=UTC) - begins).total_seconds() / 3_600)
    here = [(begins + timedelta(hours=hour)).astimezone(local) for hour in range(hours)]
    return np.array([at.weekday() * HOURS + at.hour for at in here], dtype=np.int16)

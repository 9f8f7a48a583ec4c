"""When prices change: restrictions in local time, and the instants at which they may begin or end. Pure.

Local times are ambiguous in one night of the year and missing in another. Here a restriction is asked about an
instant's wall clock, and every instant at which an answer may change is a cut: both runs of a repeated time, and the
moment in which the clock itself jumps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.tariffs.model import Restriction

CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
MIDNIGHT: Final = time(0)
WEEKDAY_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def minutes_of(text: str) -> int | None:
    """Return the minutes since midnight of `HH:MM`, or None when it is not that."""
    found = CLOCK.fullmatch(text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def applies(when: Restriction, local: datetime) -> bool:
    """Return whether `when` holds at the wall clock `local`."""
    if when.weekdays and local.weekday() not in when.weekdays:
        return False
    if when.valid_from is not None and local.date() < when.valid_from:
        return False
    if when.valid_until is not None and local.date() >= when.valid_until:
        return False
    return _in_window(when, local.hour * 60 + local.minute)


def _in_window(when: Restriction, minute: int) -> bool:
    if when.from_time is None or when.to_time is None:
        return True
    start, end = minutes_of(when.from_time), minutes_of(when.to_time)
    if start is None or end is None:
        return False  # an unreadable window never applies; `lint` refuses it before it is kept
    return start <= minute < end if start < end else minute >= start or minute < end


def cuts(whens: Iterable[Restriction], started_at: datetime, ended_at: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the instants strictly between two at which any of `whens` may begin or cease to hold, in order (UTC)."""
    restrictions = [when for when in whens if when != Restriction()]
    if not restrictions:
        return []
    times = {MIDNIGHT} | {
        time.fromisoformat(text)
        for when in restrictions
        for text in (when.from_time, when.to_time)
        if text is not None and minutes_of(text) is not None
    }
    first = started_at.astimezone(zone).date() - timedelta(days=1)
    last = ended_at.astimezone(zone).date() + timedelta(days=1)
    found: set[datetime] = set()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        found.update(_instants(day, times, zone))
        jump = _jump(day, zone)
        if jump is not None:
            found.add(jump)
    return sorted(at for at in found if started_at < at < ended_at)


def _instants(day: date, times: Iterable[time], zone: ZoneInfo) -> Iterable[datetime]:
    for clock in times:
        for fold in (0, 1):
            yield datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)


def _jump(day: date, zone: ZoneInfo) -> datetime | None:
    """The instant of that day in which the clock is changed, to the second."""
    earlier = datetime.combine(day, MIDNIGHT, zone).astimezone(UTC)
    later = datetime.combine(day + timedelta(days=1), MIDNIGHT, zone).astimezone(UTC)
    before = earlier.astimezone(zone).utcoffset()
    if before == later.astimezone(zone).utcoffset():
        return None
    while later - earlier > timedelta(seconds=1):
        middle = earlier + (later - earlier) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    return later


def words(when: Restriction) -> str:
    """Return a restriction in short: `Mon-Fri 06:00-22:00`; '' when it always applies."""
    parts: list[str] = []
    if when.weekdays:
        parts.append(_weekdays(sorted(set(when.weekdays))))
    if when.from_time is not None and when.to_time is not None:
        parts.append(f"{when.from_time}-{when.to_time}")
    if when.valid_from is not None:
        parts.append(f">= {when.valid_from.isoformat()}")
    if when.valid_until is not None:
        parts.append(f"< {when.valid_until.isoformat()}")
    return " ".join(parts + _bounds(when))


def _bounds(when: Restriction) -> list[str]:
    """What is asked of the charge itself: `20-50 kWh`, `>= 1 h`, `< 11 kW`."""
    thousand = Decimal(1000)
    ranges = (
        (when.min_wh, when.max_wh, thousand, "kWh"),
        (when.min_power_w, when.max_power_w, thousand, "kW"),
        (when.min_current_a, when.max_current_a, Decimal(1), "A"),
        (when.min_duration_s, when.max_duration_s, Decimal(60), "min"),
    )
    return [found for low, high, unit, name in ranges if (found := _range(low, high, unit, name))]


def _range(low: Decimal | int | None, high: Decimal | int | None, unit: Decimal, name: str) -> str:
    least, most = (None if value is None else f"{(Decimal(value) / unit).normalize():f}" for value in (low, high))
    if least is not None and most is not None:
        return f"{least}-{most} {name}"
    if least is not None:
        return f">= {least} {name}"
    return "" if most is None else f"< {most} {name}"


def _weekdays(days: list[int]) -> str:
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{WEEKDAY_NAMES[days[0]]}-{WEEKDAY_NAMES[days[-1]]}"
    return ",".join(WEEKDAY_NAMES[day] for day in days)

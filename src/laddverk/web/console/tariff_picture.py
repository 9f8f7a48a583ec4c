"""A day of prices as a picture: a step for each quarter of an hour, in numbers that a template puts into SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.tariffs.day import Quarter

WIDTH: Final = 720
HEIGHT: Final = 120
HOURS_MARKED: Final = 6


class Mark(Struct, frozen=True):
    """A local time on the axis."""

    x: float
    text: str


class DayPicture(Struct, frozen=True):
    """The steps of a day as an SVG path, with what stands at its edges."""

    day: date
    path: str
    low: Decimal
    high: Decimal
    marks: tuple[Mark, ...]
    spans: tuple[tuple[str, str, Decimal], ...]
    """(from, to, price) where the price stays the same: the picture in words."""
    width: int = WIDTH
    height: int = HEIGHT


def picture(quarters: Sequence[Quarter], day: date, timezone: str) -> DayPicture | None:
    """Return the picture of a day; None when no price is known."""
    known = [each.per_kwh for each in quarters if each.per_kwh is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    top = max(high, Decimal("0.01"))
    bottom = min(low, Decimal(0))
    zone = ZoneInfo(timezone)

    def x(index: int) -> float:
        return round(index * WIDTH / len(quarters), 1)

    def y(price: Decimal) -> float:
        return round(float(HEIGHT - 4 - (price - bottom) / (top - bottom) * (HEIGHT - 12)), 1)

    path, at = "", None
    for index, each in enumerate(quarters):
        if each.per_kwh is None:
            at = None
            continue
        height = y(each.per_kwh)
        path += f"M{x(index)} {height}" if at is None else "" if at == height else f"V{height}"
        path += f"H{x(index + 1)}"
        at = height
    clocks = [each.starts_at.astimezone(zone) for each in quarters]
    marks = tuple(
        Mark(x(index), f"{clock:%H:%M}")
        for index, clock in enumerate(clocks)
        if clock.minute == 0 and clock.hour % HOURS_MARKED == 0 and not clock.fold
    )
    return DayPicture(day, path, low, high, marks, _spans(quarters, zone))


def _spans(quarters: Sequence[Quarter], zone: ZoneInfo) -> tuple[tuple[str, str, Decimal], ...]:
    found: list[tuple[str, str, Decimal]] = []
    for index, each in enumerate(quarters):
        start = f"{each.starts_at.astimezone(zone):%H:%M}"
        end = f"{quarters[index + 1].starts_at.astimezone(zone):%H:%M}" if index + 1 < len(quarters) else "24:00"
        if each.per_kwh is None:
            continue
        if found and found[-1][1] == start and found[-1][2] == each.per_kwh:
            found[-1] = (found[-1][0], end, each.per_kwh)
        else:
            found.append((start, end, each.per_kwh))
    return tuple(found)

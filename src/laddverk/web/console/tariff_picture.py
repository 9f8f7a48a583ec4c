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


class SidePicture(Struct, frozen=True):
    """A day of several tariffs in one picture: a path for each, '' where no price of it is known."""

    day: date
    paths: tuple[str, ...]
    low: Decimal
    high: Decimal
    marks: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT


def picture(quarters: Sequence[Quarter], day: date, timezone: str) -> DayPicture | None:
    """Return the picture of a day; None when no price is known."""
    sides = side_by_side([quarters], day, timezone)
    if sides is None:
        return None
    return DayPicture(day, sides.paths[0], sides.low, sides.high, sides.marks, _spans(quarters, ZoneInfo(timezone)))


def side_by_side(days: Sequence[Sequence[Quarter]], day: date, timezone: str) -> SidePicture | None:
    """Return the same day of several tariffs on one scale; None when no price is known."""
    known = [each.per_kwh for quarters in days for each in quarters if each.per_kwh is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    bottom, top = min(low, Decimal(0)), max(high, Decimal("0.01"))
    paths = tuple(_path(quarters, bottom, top) for quarters in days)
    return SidePicture(day, paths, low, high, _marks(days[0], ZoneInfo(timezone)))


def _x(index: int, count: int) -> float:
    return round(index * WIDTH / count, 1)


def _path(quarters: Sequence[Quarter], bottom: Decimal, top: Decimal) -> str:
    path, at = "", None
    for index, each in enumerate(quarters):
        if each.per_kwh is None:
            at = None
            continue
        height = round(float(HEIGHT - 4 - (each.per_kwh - bottom) / (top - bottom) * (HEIGHT - 12)), 1)
        path += f"M{_x(index, len(quarters))} {height}" if at is None else "" if at == height else f"V{height}"
        path += f"H{_x(index + 1, len(quarters))}"
        at = height
    return path


def _marks(quarters: Sequence[Quarter], zone: ZoneInfo) -> tuple[Mark, ...]:
    clocks = [each.starts_at.astimezone(zone) for each in quarters]
    return tuple(
        Mark(_x(index, len(quarters)), f"{clock:%H:%M}")
        for index, clock in enumerate(clocks)
        if clock.minute == 0 and clock.hour % HOURS_MARKED == 0 and not clock.fold
    )


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

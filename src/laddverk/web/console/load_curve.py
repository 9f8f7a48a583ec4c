"""What flowed on one phase over time, drawn by the server: other load, cars above it, the limit as a line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.circuits.history import Step
from laddverk.energy.circuits.limits import Span

WIDTH: Final = 720.0
LEFT: Final = 40.0  # the numbers of the axis
TOP: Final = 8.0
HEIGHT: Final = 110.0
FOOT: Final = 20.0  # the hours
LEAST_A: Final = 10.0  # a scale that is lower makes much of nothing
DAY: Final = timedelta(days=1)


class Column(Struct, frozen=True):
    """What flowed in one step: other load and cars."""

    x: float
    other_y: float
    other_height: float
    cars_y: float
    cars_height: float
    label: str


class Mark(Struct, frozen=True):
    """A place on an axis, and what is written there."""

    at: float
    label: str


class Curve(Struct, frozen=True, kw_only=True):
    """A phase's drawing, and how large it is."""

    name: str
    most_a: float
    column_width: float
    columns: tuple[Column, ...]
    limit: str
    """The limit as a path; empty where none is known."""
    marks: tuple[Mark, ...]
    amperes: tuple[Mark, ...]
    right: float = LEFT + WIDTH
    floor: float = TOP + HEIGHT
    left: float = LEFT
    width: float = LEFT + WIDTH + 8.0
    height: float = TOP + HEIGHT + FOOT


def curve(
    phase: int, steps: Sequence[Step], spans: Sequence[Span], begins_at: datetime, ends_at: datetime, step: timedelta,
    zone: ZoneInfo,
) -> Curve:  # fmt: skip
    """Return the drawing of a phase (0, 1, 2) of these steps, with what limited it."""
    whole = ends_at - begins_at
    most_a = max([one.charging_a[phase] + one.other_a[phase] for one in steps], default=0.0)
    limit_a = max([span.holding.limit_a[phase] for span in spans], default=0.0)
    top_a = _round_up(max(LEAST_A, most_a, limit_a))
    floor = TOP + HEIGHT

    def x(at: datetime) -> float:
        return round(LEFT + (at - begins_at) / whole * WIDTH, 1)

    def high(amperes: float) -> float:
        return round(amperes / top_a * HEIGHT, 1)

    columns = []
    for one in steps:
        other, cars = high(one.other_a[phase]), high(one.charging_a[phase])
        label = f"{one.at.astimezone(zone):%H:%M} {one.other_a[phase] + one.charging_a[phase]:.1f} A"
        columns.append(Column(x(one.at), round(floor - other, 1), other, round(floor - other - cars, 1), cars, label))
    path = []
    for number, span in enumerate(spans):
        y = round(floor - high(span.holding.limit_a[phase]), 1)
        path.append(f"{'L' if number else 'M'}{x(max(span.starts_at, begins_at))} {y}H{x(min(span.ends_at, ends_at))}")
    marks = tuple(Mark(x(at), label) for at, label in _marks(begins_at, ends_at, zone))
    return Curve(
        name=f"L{phase + 1}", most_a=most_a, column_width=round(max(0.5, step / whole * WIDTH - 0.3), 2),
        columns=tuple(columns), limit="".join(path), marks=marks,
        amperes=tuple(Mark(round(floor - high(part * top_a), 1), f"{part * top_a:g}") for part in (0.0, 0.5, 1.0)),
    )  # fmt: skip


def _marks(begins_at: datetime, ends_at: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """Return the hours of a day by three, or the days of a week, that are written below."""
    is_day = ends_at - begins_at <= 2 * DAY
    local = begins_at.astimezone(zone).replace(tzinfo=None)
    found = []
    for number in range(9):
        wall = (local + number * (DAY / 8 if is_day else DAY)).replace(tzinfo=zone)
        if wall < ends_at:
            found.append((wall, f"{wall:%H}" if is_day else f"{wall.day}/{wall.month}"))
    return found


def _round_up(amperes: float) -> float:
    """Return the next round number: 10, 20, 40, 50, 100 …"""
    for power in (10.0, 100.0, 1_000.0, 10_000.0):
        for step in (1.0, 2.0, 4.0, 5.0, 8.0):
            if amperes <= step * power:
                return step * power
    return amperes

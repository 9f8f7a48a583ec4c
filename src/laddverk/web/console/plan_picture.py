"""Plan against actual, drawn by the server: a column for each quarter, the plan as a line, the price below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.planning_ahead.following import Power

STEP: Final = timedelta(minutes=15)
COLUMN: Final = 7.0  # of a quarter of an hour
LEFT: Final = 46.0  # the numbers of the axis
TOP: Final = 12.0
POWER_HEIGHT: Final = 150.0
GAP: Final = 26.0  # between power and price: the hours stand there
PRICE_HEIGHT: Final = 60.0
BOTTOM: Final = 10.0
RIGHT: Final = 12.0
LEAST_KW: Final = 5.0  # a scale that is lower makes much of nothing
HOURS_BETWEEN: Final = 3  # of the hours that are written


class Column(Struct, frozen=True):
    """What flowed in one step."""

    x: float
    y: float
    height: float
    label: str


class Mark(Struct, frozen=True):
    """A line of the grid with what is written at it."""

    at: float
    label: str = ""
    value: float = 0.0


class PlanPicture(Struct, frozen=True, kw_only=True):
    """Everything, and how large the drawing is."""

    width: float
    height: float
    left: float
    right: float
    floor: float
    """Where no power is."""
    price_top: float
    price_base: float
    now_x: float
    columns: tuple[Column, ...]
    planned: str
    """The plan as a path; empty where there is none."""
    base: str
    """The forecast of all load but cars, from now on."""
    solar: str
    """The forecast of the sun, from now on."""
    prices: str
    """The price as a path; empty where none is known."""
    hours: tuple[Mark, ...]
    powers: tuple[Mark, ...]
    price_marks: tuple[Mark, ...]


def picture(
    flowed: Sequence[Power], planned: Sequence[Power], prices: Sequence[float], begins_at: datetime, now: datetime,
    zone: ZoneInfo, beside: Sequence[Power] = (), sun: Sequence[Power] = (),
) -> PlanPicture:  # fmt: skip
    """Return the drawing of the steps from `begins_at` on; there are as many as there are `prices`, or planned steps.

    `beside` and `sun` are forecasts of other load and of the site's own sun.
    Powers are in watts, prices in major currency for each kWh.
    """
    last = max([each.at for each in planned] + [now])
    count = max(len(prices), (last - begins_at) // STEP + 1)
    most_kw = max([LEAST_KW] + [each.power_w / 1000 for each in (*flowed, *planned, *beside, *sun)])
    top_kw = _round_up(most_kw)
    base = TOP + POWER_HEIGHT
    price_top, price_base = base + GAP, base + GAP + PRICE_HEIGHT

    def x(at: datetime) -> float:
        return round(LEFT + (at - begins_at) / STEP * COLUMN, 1)

    def y(power_w: float) -> float:
        return round(base - power_w / 1000 / top_kw * POWER_HEIGHT, 1)

    low, high = min([*prices, 0.0]), max([*prices, 0.01])
    price_y = [round(price_base - (price - low) / (high - low) * PRICE_HEIGHT, 1) for price in prices]
    return PlanPicture(
        width=LEFT + count * COLUMN + RIGHT,
        height=price_base + BOTTOM if prices else base + GAP,
        left=LEFT,
        right=LEFT + count * COLUMN,
        floor=base,
        price_top=price_top,
        price_base=price_base,
        now_x=x(now),
        columns=tuple(
            Column(x(each.at), y(each.power_w), round(base - y(each.power_w), 1), f"{each.at.astimezone(zone):%H:%M}")
            for each in flowed
            if each.at >= begins_at and each.power_w > 0
        ),
        planned=_steps([(x(each.at), y(each.power_w)) for each in planned if each.at >= begins_at]),
        base=_steps([(x(each.at), y(each.power_w)) for each in beside]),
        solar=_steps([(x(each.at), y(each.power_w)) for each in sun]),
        prices=_steps([(round(LEFT + number * COLUMN, 1), at) for number, at in enumerate(price_y)]),
        hours=_hours(begins_at, count, zone),
        powers=tuple(Mark(y(top_kw * part * 1000), f"{top_kw * part:g}") for part in (0.0, 0.5, 1.0)),
        price_marks=tuple(Mark(price_y[prices.index(each)], value=each) for each in {max(prices), min(prices)})
        if prices else (),
    )  # fmt: skip


def _steps(points: Sequence[tuple[float, float]]) -> str:
    """Return a path of level steps; where some are missing it begins anew."""
    path, end = [], None
    for x, y in points:
        path.append(f"{'L' if end is not None and abs(end - x) < 0.2 else 'M'}{x} {y}H{x + COLUMN:.1f}")
        end = x + COLUMN
    return "".join(path)


def _hours(begins_at: datetime, count: int, zone: ZoneInfo) -> tuple[Mark, ...]:
    found = []
    for number in range(count):
        local = (begins_at + number * STEP).astimezone(zone)
        if local.minute == 0 and local.hour % HOURS_BETWEEN == 0:
            found.append(Mark(LEFT + number * COLUMN, f"{local:%H}"))
    return tuple(found)


def _round_up(value_kw: float) -> float:
    """Return the next round number: 5, 10, 20, 50 …"""
    step = 5.0
    for factor in (2, 2, 2.5) * 6:
        if value_kw <= step:
            return step
        step *= factor
    return step

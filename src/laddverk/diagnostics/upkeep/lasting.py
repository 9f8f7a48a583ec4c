"""How long a thing that drifts will last: a robust line to its limit, with an interval, or nothing at all. Pure.

The line is Theil-Sen's: the middle of the slopes between all pairs of points, which one odd week does not turn. The
interval holds eight in ten: the points are drawn anew with repetition, and each draw says when its own line meets the
limit. Nothing is claimed of a trend that may be none: see `remaining`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, sqrt
from random import Random
from statistics import median
from typing import Final

from msgspec import Struct

POINTS_MIN: Final = 10
POINTS_MAX: Final = 30  # the newest: what a fault did since, and 435 pairs are quick
SPAN_MIN_DAYS: Final = 7.0
TREND_Z: Final = 2.6  # of Mann and Kendall's test: a row without a trend passes once in 200 times
DRAWS: Final = 200
INTERVAL: Final = (0.10, 0.90)
AHEAD_TIMES: Final = 4.0  # never further ahead than so many times as far as was looked back


class Point(Struct, frozen=True, kw_only=True):
    """A quantity on one day."""

    day: float
    """In days of any calendar."""
    value: float


class Remaining(Struct, frozen=True, kw_only=True):
    """In how many days the limit is met: the middle, and the interval that holds eight in ten."""

    days: float
    low_days: float
    high_days: float
    slope: float
    """A day, in the unit of the quantity; below zero it falls."""
    level: float
    """Where the line is now."""
    points: int
    span_days: float


def remaining(points: Sequence[Point], limit: float, now_day: float, *, upward: bool = True) -> Remaining | None:
    """Return when a quantity meets `limit`; None where its points are no basis to say so.

    That is: fewer than 10 points or a week, a trend that chance alone makes once in 200 times, an interval that
    contains "never", or a date further ahead than four times what was looked back. `upward` False: it falls to the
    limit. What is past its limit already remains 0 days. The draws come from the points themselves: the same points
    give the same answer.
    """
    kept = sorted((one for one in points if isfinite(one.value)), key=lambda one: one.day)[-POINTS_MAX:]
    if len(kept) < POINTS_MIN or kept[-1].day - kept[0].day < SPAN_MIN_DAYS:
        return None
    sign = 1.0 if upward else -1.0
    days, values = [one.day for one in kept], [sign * one.value for one in kept]
    if trend_z(days, values) < TREND_Z:
        return None
    slopes = _slopes(days, values)
    every = list(range(len(kept)))
    middle, level, slope = _met(days, values, slopes, every, sign * limit, now_day)
    random = Random(repr((days, values)))
    met = sorted(
        _met(days, values, slopes, random.choices(every, k=len(every)), sign * limit, now_day)[0] for _ in range(DRAWS)
    )
    low, high = (met[min(int(share * DRAWS), DRAWS - 1)] for share in INTERVAL)
    span = days[-1] - days[0]
    if not isfinite(high) or middle > AHEAD_TIMES * span:
        return None
    return Remaining(
        days=middle, low_days=min(low, middle), high_days=max(high, middle), slope=sign * slope, level=sign * level,
        points=len(kept), span_days=span,
    )  # fmt: skip


def trend_z(days: Sequence[float], values: Sequence[float]) -> float:
    """Return how many sigmas the count of rising pairs is above that of falling ones (Mann and Kendall)."""
    count = len(values)
    if count < 3:
        return 0.0
    score = sum(
        (values[late] > values[early]) - (values[late] < values[early])
        for early in range(count)
        for late in range(early + 1, count)
        if days[late] > days[early]
    )
    return (score - (score > 0) + (score < 0)) / sqrt(count * (count - 1) * (2 * count + 5) / 18)


def _slopes(days: Sequence[float], values: Sequence[float]) -> list[list[float]]:
    """Return the slope of every pair, 0 where both are of one day."""
    return [
        [(late - early) / (day - before) if day != before else 0.0 for day, late in zip(days, values, strict=True)]
        for before, early in zip(days, values, strict=True)
    ]


def _met(
    days: Sequence[float],
    values: Sequence[float],
    slopes: Sequence[Sequence[float]],
    drawn: Sequence[int],
    limit: float,
    now_day: float,
) -> tuple[float, float, float]:
    """Return when the line through the drawn points meets the limit, where it is now, and how steep it is."""
    ordered = sorted(drawn)
    found = [
        row[late]
        for place, early in enumerate(ordered)
        for row in (slopes[early],)
        for late in ordered[place + 1 :]
        if days[late] != days[early]
    ]
    slope = median(found) if found else 0.0
    level = median(values[one] + slope * (now_day - days[one]) for one in ordered)
    if level >= limit:
        return 0.0, level, slope
    return ((limit - level) / slope if slope > 0 else inf), level, slope

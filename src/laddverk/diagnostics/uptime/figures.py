"""Figures beside uptime: how often things fail, how soon they are mended, whether they last, what it cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.diagnostics.uptime.model import NOTHING, Count, Outage

HOURS: Final = 168  # of a week
REPEAT_WITHIN: Final = timedelta(days=7)
HELD_BACK: Final = 4  # weeks: an outlet's own weeks weigh as much as its site's when there are so many
HOUR: Final = timedelta(hours=1)


class Failures(Struct, frozen=True, kw_only=True):
    """How an outlet failed in a period."""

    outages: int = 0
    """Begun in the period."""
    mended: int = 0
    """Ended in the period."""
    mended_s: float = 0.0
    repeats: int = 0
    """Of those begun: within seven days of the end of another."""


def failures(outages: Sequence[Outage], start: datetime, end: datetime) -> Failures:
    """Return how often it failed between `start` and `end`. `outages` may begin earlier: a repeat looks back a week."""
    begun = mended = repeats = 0
    mended_s = 0.0
    last_end: datetime | None = None
    for one in outages:
        if start <= one.start < end:
            begun += 1
            repeats += last_end is not None and one.start - last_end <= REPEAT_WITHIN
        if one.is_over and start < one.end <= end:
            mended += 1
            mended_s += one.lasted.total_seconds()
        last_end = one.end
    return Failures(outages=begun, mended=mended, mended_s=mended_s, repeats=repeats)


def between_failures(count: Count, outages: int) -> timedelta | None:
    """Return the mean time in order for each failure; None when nothing failed."""
    return (count.eligible - count.outage) / outages if outages else None


def expected_wh(own_wh: Sequence[float], site_wh: Sequence[float], weeks: float) -> tuple[float, ...]:
    """Return what an outlet gives in each hour of a week: its own mean, drawn towards its site's while it is young.

    `own_wh` is its energy by hour of the week in `weeks` weeks, `site_wh` the mean of the site's outlets in one.
    """
    return tuple(
        (own + HELD_BACK * site) / (weeks + HELD_BACK) for own, site in zip(own_wh, site_wh, strict=True)
    )  # fmt: skip


def lost_wh(outages: Iterable[Outage], expected: Sequence[float], zone: ZoneInfo) -> float:
    """Return what would have been charged in these outages, hour by hour of the local week."""
    lost = 0.0
    for one in outages:
        at = one.start
        while at < one.end:
            until = min(at.replace(minute=0, second=0, microsecond=0) + HOUR, one.end)
            local = at.astimezone(zone)
            lost += expected[local.weekday() * 24 + local.hour] * ((until - at) / HOUR)
            at = until
    return lost


def share(part: float, whole: float) -> float | None:
    """Return a part of a whole, 0 to 1; None of nothing."""
    return part / whole if whole else None


def mean(durations: Sequence[timedelta]) -> timedelta | None:
    """Return the mean; None of nothing."""
    return sum(durations, NOTHING) / len(durations) if durations else None

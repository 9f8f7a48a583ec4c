"""Turns one session of the file into what its meter showed, hour by hour. Pure.

The car charges at its own rate until most of the energy is in, more slowly for the rest, and then stands. Readings are
taken at full hours, so that each change of a price by the hour has one, and at the end of charging.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.cli.replay.source import Row

RATES_W: Final = (2_300, 3_680, 7_360, 11_040, 22_000)  # 10 A, 16 A, 32 A on one phase; 16 A, 32 A on three
SLOW_FROM: Final = 0.85  # share of the energy after which the battery takes less
SLOW_SHARE: Final = 0.5  # of the rate
READ_EVERY: Final = timedelta(hours=1)
IDLE_READ_HOURS: Final = 6  # a car that only stands is read at 00, 06, 12 and 18 UTC
SECONDS_PER_HOUR: Final = 3600


class Point(Struct, frozen=True):
    """What the meter had counted since the start, and the power at that moment."""

    at: datetime
    energy_wh: int
    power_w: int


class Plan(Struct, frozen=True):
    """One session as the charger lives it. The last point is the end."""

    row: Row
    points: tuple[Point, ...]
    charged_at: datetime
    """When the energy was in."""


class _Phase(Struct, frozen=True):
    power_w: float
    seconds: float


def usual_rate_w(rows: Sequence[Row]) -> int:
    """Return the rate at which a user's car charges: the lowest that explains the most powerful of the sessions."""
    needed_w = max(row.energy_wh * SECONDS_PER_HOUR / (row.ended_at - row.started_at).total_seconds() for row in rows)
    return next((rate for rate in RATES_W if rate >= needed_w), RATES_W[-1])


def planned(row: Row, rate_w: int) -> Plan:
    """Return the readings of one session of a car that charges at `rate_w`, or faster when the stay was too short.

    The last shows exactly `row.energy_wh`, and none shows less than the one before.
    """
    phases = _phases(row, rate_w)
    charged_at = row.started_at + timedelta(seconds=int(sum(phase.seconds for phase in phases)))
    charged_at = min(max(charged_at, row.started_at + timedelta(seconds=1)), row.ended_at)
    points = [
        _point(row, phases, at, charged_at)
        for at in _hours(row.started_at, row.ended_at, charged_at)
        if at != charged_at
    ]
    if charged_at < row.ended_at:
        points.append(Point(charged_at, row.energy_wh, 0))
    points.sort(key=lambda point: point.at)
    return Plan(row, (*points, Point(row.ended_at, row.energy_wh, 0)), charged_at)


def _phases(row: Row, usual_w: int) -> tuple[_Phase, ...]:
    """Return the parts of charging: full rate, then slower; a single even one when the stay is too short for that."""
    stay_s = (row.ended_at - row.started_at).total_seconds()
    for rate_w in (rate for rate in RATES_W if rate >= usual_w):
        fast_s = SLOW_FROM * row.energy_wh / rate_w * SECONDS_PER_HOUR
        slow_s = (1 - SLOW_FROM) * row.energy_wh / (rate_w * SLOW_SHARE) * SECONDS_PER_HOUR
        if fast_s + slow_s <= stay_s:
            return (_Phase(rate_w, fast_s), _Phase(rate_w * SLOW_SHARE, slow_s))
    return (_Phase(row.energy_wh * SECONDS_PER_HOUR / stay_s, stay_s),)


def _point(row: Row, phases: tuple[_Phase, ...], at: datetime, charged_at: datetime) -> Point:
    if at >= charged_at:
        return Point(at, row.energy_wh, 0)
    left_s = (at - row.started_at).total_seconds()
    energy_wh, power_w = 0.0, 0.0
    for phase in phases:
        spent_s = min(left_s, phase.seconds)
        energy_wh += phase.power_w * spent_s / SECONDS_PER_HOUR
        power_w, left_s = phase.power_w, left_s - spent_s
        if left_s <= 0:
            break
    return Point(at, min(int(energy_wh), row.energy_wh), round(power_w))


def _hours(started_at: datetime, ended_at: datetime, charged_at: datetime) -> list[datetime]:
    """Return the full hours within a session; those after charging only every `IDLE_READ_HOURS`."""
    hour = started_at.replace(minute=0, second=0, microsecond=0) + READ_EVERY
    hours = []
    while hour < ended_at:
        if hour < charged_at or hour.hour % IDLE_READ_HOURS == 0:
            hours.append(hour)
        hour += READ_EVERY
    return hours

"""What a roof of solar cells will give: the clear sky of its place and date, and how much of it the roof used to give.

Pure. No weather service is asked: what the last weeks gave of a clear sky, hour by hour, holds the weather, the roof's
tilt and its shadows. Until something was measured, a share of the clear sky that is usual in the north stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import cos, exp, pi, radians, sin
from typing import Final

import numpy as np
from msgspec import Struct

from laddverk.energy.planning_ahead.forecasting import COVERAGE, Floats, weighted_quantiles

FIRST_SHARE: Final = 0.4  # of a clear sky on flat ground: clouds take half in the north, and wires and heat the rest
FIRST_SPREAD: Final = (0.1, 0.8)  # overcast and bright: the interval until something was measured
SKY_LEAST: Final = 0.05  # of 1000 W/m2: at dawn a ratio to the sky says nothing
HALF_LIFE_DAYS: Final = 10.0  # weather and the sun's height: older days say less
SEEN_MIN: Final = (
    96  # quarters of daylight that were measured, below which the first guess stands; some ten days in winter
)
HOURS: Final = 24
POINTS: Final = ((1 - COVERAGE) / 2, 0.5, (1 + COVERAGE) / 2)


class Position(Struct, frozen=True):
    """Where a site lies, in degrees; north and east are above 0."""

    latitude: float
    longitude: float


class Given(Struct, frozen=True):
    """What a source gave in the mean of the quarter that begins at an instant."""

    at: datetime
    power_w: float


def height(at: datetime, position: Position) -> float:
    """Return the sine of the sun's height above the horizon; below 0 at night.

    Declination and the equation of time by their Fourier series (Spencer 1971), right to half a degree or so.
    """
    at = at.astimezone(UTC)
    turn = 2 * pi * (at.timetuple().tm_yday - 1 + (at.hour - 12) / 24) / 365
    declination = (
        0.006918 - 0.399912 * cos(turn) + 0.070257 * sin(turn) - 0.006758 * cos(2 * turn) + 0.000907 * sin(2 * turn)
    )
    late_min = 229.18 * (
        0.000075 + 0.001868 * cos(turn) - 0.032077 * sin(turn) - 0.014615 * cos(2 * turn) - 0.040849 * sin(2 * turn)
    )
    minutes = at.hour * 60 + at.minute + at.second / 60 + late_min + 4 * position.longitude
    angle = radians(minutes / 4 - 180)
    latitude = radians(position.latitude)
    return sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(angle)


def clear_sky(at: datetime, position: Position) -> float:
    """Return what a clear sky gives flat ground, as a share of 1000 W/m2, at which cells are rated (Haurwitz 1945)."""
    sine = height(at, position)
    return 1.098 * sine * exp(-0.057 / sine) if sine > 0 else 0.0


def is_known(given: Sequence[Given], position: Position) -> bool:
    """Return whether enough was measured in daylight for a forecast of the roof's own."""
    middle = timedelta(minutes=7.5)
    return sum(clear_sky(each.at + middle, position) >= SKY_LEAST for each in given) >= SEEN_MIN


def forecast(
    given: Sequence[Given], power_max_w: float, position: Position, begins_at: datetime, step: timedelta, periods: int
) -> Floats:
    """Return rows of (low, middle, high) in W for each period; `given` is what was measured, in any order."""
    sky = np.array([clear_sky(begins_at + (number + 0.5) * step, position) for number in range(periods)])
    hours = np.array([(begins_at + number * step).astimezone(UTC).hour for number in range(periods)])
    shares = _shares(given, power_max_w, position, begins_at)
    return np.asarray(np.clip(sky[:, None] * shares[hours] * power_max_w, 0.0, power_max_w), dtype=np.float64)


def _shares(given: Sequence[Given], power_max_w: float, position: Position, now: datetime) -> Floats:
    """Return by hour of the day in UTC what share of the clear sky comes: (low, middle, high)."""
    found = np.tile(np.array([FIRST_SPREAD[0], FIRST_SHARE, FIRST_SPREAD[1]]), (HOURS, 1))
    middle = timedelta(minutes=7.5)
    sky = np.array([clear_sky(each.at + middle, position) for each in given])
    light = sky >= SKY_LEAST
    if light.sum() < SEEN_MIN or power_max_w <= 0:
        return found
    ratio = np.array([max(0.0, each.power_w) for each in given])[light] / (sky[light] * power_max_w)
    hour = np.array([each.at.astimezone(UTC).hour for each in given])[light]
    age_days = np.array([(now - each.at) / timedelta(days=1) for each in given])[light]
    weights = 0.5 ** (np.maximum(age_days, 0.0) / HALF_LIFE_DAYS)
    found[:] = weighted_quantiles(ratio, weights, POINTS)
    for each in np.unique(hour):
        mine = hour == each
        found[each] = weighted_quantiles(ratio[mine], weights[mine], POINTS)
    return found

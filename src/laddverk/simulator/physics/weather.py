"""How warm and how wet it is at a place: the season, the hour, the day's own mood, and heat waves. Pure, seeded."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Final

from msgspec import Struct

MEAN_C: Final = 8.0  # of the year in the south of Sweden
SEASON_C: Final = 9.0
DAY_C: Final = 4.0
WARMEST_DAY: Final = 200  # of the year
WARMEST_HOUR: Final = 14.0
MOOD_C: Final = 3.0
COMES_WITHIN: Final = timedelta(hours=18)
WET_SHARE: Final = 0.35  # of the days


class Spell(Struct, frozen=True):
    """A time with other weather than usual."""

    since: datetime
    until: datetime
    warmer_c: float

    def share(self, at: datetime) -> float:
        """Return how much of it is there: it comes and goes within a day."""
        if not self.since < at < self.until:
            return 0.0
        return min(1.0, (at - self.since) / COMES_WITHIN, (self.until - at) / COMES_WITHIN)


class Weather(Struct):
    """The weather of one world. Days are drawn by their date: the same seed gives the same, whatever is asked first."""

    seed: int
    spells: list[Spell] = []

    def ambient_c(self, at: datetime) -> float:
        """Return the temperature of the air."""
        day = at.timetuple().tm_yday
        hour = at.hour + at.minute / 60
        season = SEASON_C * math.cos(2 * math.pi * (day - WARMEST_DAY) / 365)
        daily = DAY_C * math.cos(2 * math.pi * (hour - WARMEST_HOUR) / 24)
        mood = self._mood_at(at) * MOOD_C
        return MEAN_C + season + daily + mood + sum(one.share(at) * one.warmer_c for one in self.spells)

    def _mood_at(self, at: datetime) -> float:
        """Return how much warmer than usual a day is; it goes over into the next one, as weather does."""
        day, share = at.toordinal(), (at.hour + at.minute / 60) / 24
        return _mood(self.seed, day)[0] * (1 - share) + _mood(self.seed, day + 1)[0] * share

    def wet(self, at: datetime) -> bool:
        """Return whether it rains that day."""
        return _mood(self.seed, at.toordinal())[1] < WET_SHARE


@lru_cache(maxsize=4096)
def _mood(seed: int, day: int) -> tuple[float, float]:
    random = Random(f"weather {seed} {day}")
    return random.gauss(0.0, 1.0), random.random()

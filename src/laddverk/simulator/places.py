"""Where cars come from and for how long: the rhythm of homes, work places, streets, depots and fast chargers. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

HOURS_PER_DAY: Final = 24


class Rhythm(StrEnum):
    """The kind of place."""

    HOME = "home"
    WORK = "work"
    PUBLIC = "public"
    DEPOT = "depot"
    FAST = "fast"


class Habit(Struct, frozen=True):
    """How a kind of place is used: visits per outlet and day, by hour of the local day, and how long they last."""

    visits_per_day: float
    by_hour: tuple[int, ...]
    """24 weights."""
    weekend: float
    """Visits on Saturday and Sunday, compared with a working day."""
    stay_h: tuple[float, float, float]
    """Shortest, longest, usual."""
    goes_when_full: bool = False


HABITS: Final[dict[Rhythm, Habit]] = {
    Rhythm.HOME: Habit(
        0.75, (2, 1, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 5, 9, 13, 14, 12, 9, 8, 7, 6, 4), 1.1, (2.0, 15.0, 11.0)
    ),
    Rhythm.WORK: Habit(
        0.9, (0, 0, 0, 0, 0, 2, 10, 22, 16, 8, 4, 3, 4, 5, 3, 2, 1, 1, 0, 0, 0, 0, 0, 0), 0.1, (1.5, 9.5, 8.0)
    ),
    Rhythm.PUBLIC: Habit(
        1.5, (1, 0, 0, 0, 0, 1, 2, 4, 6, 8, 9, 10, 11, 10, 9, 9, 10, 10, 8, 6, 5, 4, 3, 2), 1.2, (0.5, 7.0, 2.0)
    ),
    Rhythm.DEPOT: Habit(
        0.9, (0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 5, 5, 6, 12, 20, 18, 9, 4, 2, 1, 0, 0, 0), 0.15, (8.0, 16.0, 14.0)
    ),
    Rhythm.FAST: Habit(
        3.0,
        (1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 11, 11, 12, 13, 12, 9, 7, 5, 4, 3, 2),
        1.3,
        (0.2, 0.9, 0.5),
        True,
    ),
}


def arrivals_per_hour(rhythm: Rhythm, at: datetime, zone: ZoneInfo) -> float:
    """Return how many cars come to one free outlet in an hour like this one."""
    habit, local = HABITS[rhythm], at.astimezone(zone)
    share = habit.by_hour[local.hour] / sum(habit.by_hour)
    return habit.visits_per_day * share * (habit.weekend if local.weekday() >= 5 else 1.0)


def stay_h(rhythm: Rhythm, random: Random) -> float:
    """Return how many hours a visit lasts."""
    shortest, longest, usual = HABITS[rhythm].stay_h
    return random.triangular(shortest, longest, usual)


def share_taken(rhythm: Rhythm, at: datetime, zone: ZoneInfo) -> float:
    """Return which share of the outlets is taken about now: the arrivals of the last usual stay."""
    habit, hour = HABITS[rhythm], at.astimezone(zone).hour
    usual_h = max(1, round(habit.stay_h[2]))
    recent = sum(habit.by_hour[(hour - back) % HOURS_PER_DAY] for back in range(usual_h))
    weekend = habit.weekend if at.astimezone(zone).weekday() >= 5 else 1.0
    short = habit.stay_h[2] if habit.stay_h[2] < 1 else 1.0
    return min(0.9, habit.visits_per_day * weekend * short * recent / sum(habit.by_hour))

"""Who comes to an outlet: when, with which card and car, and how they behave. Drawn once from a seed, whatever happens.

The visits to an outlet do not depend on its faults: the outlet without them, its twin, sees the very same people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.simulator import garage, places
from laddverk.simulator.car import Car
from laddverk.simulator.places import Rhythm

APP_SHARE: Final = 0.25  # of the visits are started from the telephone
UNKNOWN_SHARE: Final = 0.01  # of the cards, nobody knows these
FUMBLING_SHARE: Final = 0.015  # plug in, find no card, and leave
HASTY_SHARE: Final = 0.01  # change their mind within a minute or two
NOTICING_SHARE: Final = 0.6  # see that nothing is charged, and leave early
CARD_STOP_SHARE: Final = 0.4
TRIES: Final = (1, 2, 2, 3)
HOUR: Final = timedelta(hours=1)
GRID_MIN: Final = 5
"""People come and go on these minutes, so that a network may record what several chargers say in one commit."""


class Visit(Struct, frozen=True, kw_only=True):
    """One person at one outlet."""

    at: datetime
    minutes: float
    token: str
    app: bool = False
    tries: int = 1
    fumbles: bool = False
    hasty: bool = False
    notices: bool = True
    stops_by_card: bool = False
    full: bool = False
    """The battery is full already, or the car takes nothing."""
    seed: str = ""
    """Draws the car."""

    def car(self, *, dc: bool) -> Car:
        """Return the car as it comes."""
        car = garage.arriving(Random(self.seed), dc=dc)
        if self.full:
            car.target_share, car.charged_wh = 1.0, float(car.battery_wh)
        return car


def cards(seed: int, site: int, count: int) -> list[str]:
    """Return the cards of those who live or work near a site."""
    random = Random(f"cards {seed} {site}")
    return [f"04{random.getrandbits(48):012X}" for _ in range(count)]


class Regular(Struct, frozen=True, kw_only=True):
    """What is usual at one outlet."""

    name: str
    rhythm: Rhythm
    per_day: float
    cards: Sequence[str]
    zone: ZoneInfo


def visits(seed: int, usual: Regular, since: datetime, until: datetime) -> Iterator[Visit]:
    """Yield the visits to an outlet in order of time, on the minutes of the grid."""
    random = Random(f"visits {seed} {usual.name}")
    habit = places.HABITS[usual.rhythm]
    factor = usual.per_day / habit.visits_per_day
    hour, number = since, 0
    while hour < until:
        if random.random() < places.arrivals_per_hour(usual.rhythm, hour, usual.zone) * factor:
            number += 1
            at = hour + timedelta(minutes=random.randrange(0, 60, GRID_MIN))
            yield _visit(random, usual, at, f"{seed} {usual.name} {number}")
        hour += HOUR


def to_grid(minutes: float) -> int:
    """Return a stay in whole steps of the grid, at least one."""
    return max(1, round(minutes / GRID_MIN)) * GRID_MIN


def _visit(random: Random, usual: Regular, at: datetime, name: str) -> Visit:
    longest = 45.0 if usual.rhythm is Rhythm.FAST else 240.0
    token = random.choice(usual.cards)
    if random.random() < UNKNOWN_SHARE:
        token = f"04{random.getrandbits(48):012X}"
    return Visit(
        at=at,
        minutes=min(longest, max(15.0, places.stay_h(usual.rhythm, random) * 60)),
        token=token,
        app=random.random() < APP_SHARE,
        tries=random.choice(TRIES),
        fumbles=random.random() < FUMBLING_SHARE,
        hasty=random.random() < HASTY_SHARE,
        notices=random.random() < NOTICING_SHARE,
        stops_by_card=random.random() < CARD_STOP_SHARE,
        seed=name,
    )

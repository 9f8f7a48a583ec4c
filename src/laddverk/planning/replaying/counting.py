"""What is counted while a replay runs, and the outcome made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from laddverk.planning.replaying.model import GRACE_S, Binding, Ground, Outcome
from laddverk.planning.replaying.parked import Parked
from laddverk.planning.traces import SECONDS_PER_HOUR, Stay

SHORT_A: Final = 0.5  # a car that gets less than it takes by no more than this is not held back
BINDINGS_MAX: Final = 6
HOURS: Final = 24
WORST: Final = 0.05


class Counts:
    """The sums of one replay."""

    def __init__(self, ground: Ground, begins_s: float, ends_s: float) -> None:
        self._ground, self._begins_s = ground, begins_s
        self._first_hour = int(begins_s // SECONDS_PER_HOUR)
        hours = max(1, int((ends_s + ground.patience_s) // SECONDS_PER_HOUR) - self._first_hour + 2)
        self._grid_wh: NDArray[np.float64] = np.zeros(hours)
        self._cars_wh: NDArray[np.float64] = np.zeros(hours)
        self._shares: list[float] = []
        self._waits_s: list[float] = []
        self._arrivals = self._blocked = 0
        self._asked_wh = self._delivered_wh = self._blocked_wh = 0.0
        self._short_s = self._full_s = self._span_s = 0.0
        self._bound: tuple[str, int] | None = None
        self._binding_s: dict[tuple[str, int], float] = {}
        self._idle_s = 0.0
        self.peak_w = 0.0
        """The highest mean of an hour from the grid so far; of an hour that runs, what it has reached."""
        self.own_solar_wh = 0.0
        """What of the sun came to cars, and what the battery has of it for them."""
        self.sun_used_wh = 0.0
        """What was taken of the sun for that, with what the battery loses: it cannot be sold."""

    def passed(self, from_s: float, until_s: float, parked: Sequence[Parked], grid_w: float) -> None:
        """Count a time in which nothing changed."""
        lasts_s = until_s - from_s
        self._span_s += lasts_s
        if len(parked) == len(self._ground.ports):
            self._full_s += lasts_s
        if any(car.drawn_a < car.wants_a - SHORT_A for car in parked):
            self._short_s += lasts_s
            if self._bound is not None:
                self._binding_s[self._bound] = self._binding_s.get(self._bound, 0.0) + lasts_s
        cars_w = sum(car.drawn_a * car.watts_per_a for car in parked)
        if cars_w <= 0 and grid_w <= 0:
            return
        at_s = from_s
        while at_s < until_s:
            hour = int(at_s // SECONDS_PER_HOUR)
            end_s = min(until_s, (hour + 1) * SECONDS_PER_HOUR)
            place = min(hour - self._first_hour, len(self._grid_wh) - 1)
            self._grid_wh[place] += grid_w * (end_s - at_s) / SECONDS_PER_HOUR
            self._cars_wh[place] += cars_w * (end_s - at_s) / SECONDS_PER_HOUR
            self.peak_w = max(self.peak_w, float(self._grid_wh[place]))
            at_s = end_s

    def held_back(self, bound: tuple[str, int] | None) -> None:
        """Note which feeder and phase keeps cars from more, from now on."""
        self._bound = bound

    def left(self, car: Parked) -> None:
        """Count a car that leaves."""
        self._arrivals += 1
        self._asked_wh += car.asked_wh
        self._delivered_wh += car.got_wh
        self._shares.append(car.got_wh / car.asked_wh)
        if car.full_s is not None:
            self._idle_s += max(0.0, car.departs_s - car.full_s - GRACE_S)
        if car.waited_s > 0.5:
            self._waits_s.append(car.waited_s)

    def blocked(self, stay: Stay) -> None:
        """Count a driver who gave up."""
        self._arrivals += 1
        self._blocked += 1
        self._asked_wh += stay.energy_wh
        self._blocked_wh += stay.energy_wh

    def outcome(self) -> Outcome:
        """Return what came of it all."""
        ahead_h = round(self._ground.local_ahead_s / SECONDS_PER_HOUR)
        hour = (np.arange(len(self._cars_wh)) + self._first_hour + ahead_h) % HOURS
        by_hour = np.bincount(hour, weights=self._cars_wh, minlength=HOURS)
        names = {one.key: one.name or one.key for one in self._ground.feeders}
        longest = sorted(self._binding_s.items(), key=lambda each: (-each[1], each[0]))[:BINDINGS_MAX]
        return Outcome(
            arrivals=self._arrivals, blocked=self._blocked, waited=len(self._waits_s),
            mean_wait_s=float(np.mean(self._waits_s)) if self._waits_s else 0.0,
            asked_wh=self._asked_wh, delivered_wh=self._delivered_wh, blocked_wh=self._blocked_wh,
            p05=float(np.quantile(self._shares, WORST)) if self._shares else 1.0,
            peak_w=self.peak_w, short_h=self._short_s / SECONDS_PER_HOUR,
            full_h=self._full_s / SECONDS_PER_HOUR, span_h=self._span_s / SECONDS_PER_HOUR,
            by_hour_wh=tuple(by_hour.tolist()), own_solar_wh=self.own_solar_wh,
            sold_solar_wh=max(0.0, self._sun_wh() - self.sun_used_wh), idle_h=self._idle_s / SECONDS_PER_HOUR,
            bindings=tuple(
                Binding(feeder=names.get(key, key), phase=phase, hours=lasted / SECONDS_PER_HOUR)
                for (key, phase), lasted in longest
            ),
        )  # fmt: skip

    def _sun_wh(self) -> float:
        """Return what panels give in the hours that were played."""
        if not self._ground.solar_w:
            return 0.0
        begins_s = self._first_hour * SECONDS_PER_HOUR + self._ground.local_ahead_s
        hours = begins_s + np.arange(int(self._span_s // SECONDS_PER_HOUR), dtype=np.float64) * SECONDS_PER_HOUR
        return float(np.array(self._ground.solar_w)[hour_of_year(hours) % len(self._ground.solar_w)].sum())


def hour_of_year(local_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the hour of the year of instants, seconds since 1970 of local time; the first is 0."""
    local = local_s.astype("int64").astype("datetime64[s]")
    since: NDArray[np.int64] = (local - local.astype("datetime64[Y]").astype("datetime64[s]")).astype(np.int64)
    return since // int(SECONDS_PER_HOUR)

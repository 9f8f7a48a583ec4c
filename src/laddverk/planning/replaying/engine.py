"""The replay itself: from event to event, cars come, wait, charge and leave. Pure and seeded.

Between two events nothing changes, so steps are as long as the time between them; only while somebody gets nothing
does the allocator look again every quarter of an hour, for the turns go round by energy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from laddverk.planning.replaying.counting import Counts, hour_of_year
from laddverk.planning.replaying.model import DAY_S, GRACE_S, WEEK_S, Ground, Outcome, PerPhase
from laddverk.planning.replaying.parked import FULL_WH, Parked
from laddverk.planning.replaying.sharing import Sharing, row_of
from laddverk.planning.traces import SECONDS_PER_HOUR, WATTS_PER_A_DC, Stay

TURN_S: Final = 900.0  # how often turns are looked at while somebody gets nothing: who is let in stays for so long
SOURCE_S: Final = 900.0  # how often a battery or the sun is looked at
A_MOMENT_S: Final = 1e-3
MONDAY_S: Final = 4 * DAY_S  # 1970-01-05 was a Monday
NEVER_S: Final = float("inf")


Watcher = Callable[[float, dict[str, float]], None]
"""Is told at each decision of the instant and of what the cars draw from then on, by port."""


def replay(ground: Ground, stays: Sequence[Stay], seed: int = 0, watched: Watcher | None = None) -> Outcome:
    """Play `stays` (by arrival) on `ground`; the seed says how long each driver waits for a free outlet."""
    if not stays:
        return Counts(ground, 0.0, 0.0).outcome()
    return _Run(ground, stays, seed, watched).played()


class _Run:
    """The state of a replay."""

    def __init__(self, ground: Ground, stays: Sequence[Stay], seed: int, watched: Watcher | None) -> None:
        self._ground, self._stays, self._watched = ground, stays, watched
        rng = np.random.default_rng(seed)
        self._patience = (rng.random(len(stays)) * ground.patience_s).tolist()
        self._ports: list[Parked | None] = [None] * len(ground.ports)
        self._place_of = {port.key: index for index, port in enumerate(ground.ports)}
        self._parked: list[Parked] = []
        self._queue: deque[tuple[Stay, float]] = deque()
        self._coming = 0
        self._sharing = Sharing(ground)
        self._now_s = stays[0].arrives_s
        self._counts = Counts(ground, self._now_s, max(one.departs_s for one in stays))
        self._is_dirty, self._turn_s = True, NEVER_S
        self._soc_wh = ground.battery.energy_wh if ground.battery else 0.0
        self._limits: tuple[PerPhase, ...] = ()
        self._more_a = 0.0
        self._has_source = bool(ground.solar_w) or ground.battery is not None
        self._limit_until_s = NEVER_S
        self._set_limits()

    def played(self) -> Outcome:
        """Play to the end."""
        while self._coming < len(self._stays) or self._parked or self._queue:
            self._pass_until(self._next_s())
            self._leave()
            self._give_up()
            self._arrive()
            if self._now_s >= self._limit_until_s - A_MOMENT_S:
                self._set_limits()
            if self._is_dirty or self._now_s >= self._turn_s - A_MOMENT_S:
                self._share()
        return self._counts.outcome()

    def _next_s(self) -> float:
        coming = self._stays[self._coming].arrives_s if self._coming < len(self._stays) else NEVER_S
        next_s = min(coming, self._turn_s)
        battery = self._ground.battery
        if self._parked or (battery is not None and self._soc_wh < battery.energy_wh - FULL_WH):
            next_s = min(next_s, self._limit_until_s)
        for car in self._parked:
            next_s = min(next_s, car.departs_s)
            next_s = min(next_s, car.changes_s(self._now_s))
        for _, until_s in self._queue:
            next_s = min(next_s, until_s)
        return max(next_s, self._now_s)

    def _pass_until(self, next_s: float) -> None:
        lasts_s = next_s - self._now_s
        if lasts_s > 0:
            self._counts.passed(self._now_s, next_s, self._parked, self._grid_w(lasts_s / SECONDS_PER_HOUR))
        for car in self._parked:
            if self._now_s < car.idle_s <= next_s:
                self._is_dirty = True
            if car.drawn_a > 0:
                car.left_wh -= car.drawn_a * car.watts_per_a * lasts_s / SECONDS_PER_HOUR
                if car.is_full:
                    car.fill(next_s)
                    self._filled(car, next_s)
        self._now_s = next_s

    def _filled(self, car: Parked, now_s: float) -> None:
        """A full car: with a fee on idle time its driver comes back earlier."""
        self._is_dirty = True
        idle_s = car.departs_s - now_s - GRACE_S
        if self._ground.idle_cut > 0 and idle_s > 0:
            car.departs_s -= idle_s * self._ground.idle_cut

    def _leave(self) -> None:
        gone = [car for car in self._parked if car.departs_s <= self._now_s + A_MOMENT_S]
        if not gone:
            return
        for car in gone:
            self._counts.left(car)
            self._ports[car.port] = None
        self._parked = [car for car in self._parked if car.departs_s > self._now_s + A_MOMENT_S]
        self._is_dirty = True
        while self._queue and (place := self._free_for(self._queue[0][0])) is not None:
            self._seat(self._queue.popleft()[0], place)

    def _give_up(self) -> None:
        while self._queue and any(until <= self._now_s + A_MOMENT_S for _, until in self._queue):
            staying: deque[tuple[Stay, float]] = deque()
            for stay, until_s in self._queue:
                if until_s <= self._now_s + A_MOMENT_S:
                    self._counts.blocked(stay)
                else:
                    staying.append((stay, until_s))
            self._queue = staying

    def _arrive(self) -> None:
        while self._coming < len(self._stays) and self._stays[self._coming].arrives_s <= self._now_s + A_MOMENT_S:
            stay, patience_s = self._stays[self._coming], self._patience[self._coming]
            self._coming += 1
            place = self._free_for(stay) if not self._queue else None
            if place is None:
                self._queue.append((stay, self._now_s + patience_s))
            else:
                self._seat(stay, place)

    def _free_for(self, stay: Stay) -> int | None:
        """Return the outlet a driver takes: the one of the trace, else a free one of its kind, DC for DC."""
        own = self._place_of.get(stay.outlet)
        if own is not None and self._ports[own] is None:
            return own
        is_dc = stay.phases == 0
        for index, port in enumerate(self._ground.ports):
            if self._ports[index] is None and (port.phases == 0) == is_dc:
                return index
        return None

    def _seat(self, stay: Stay, place: int) -> None:
        car = Parked(stay, self._ground.ports[place], place, self._now_s)
        self._ports[place] = car
        self._parked.append(car)
        self._is_dirty = True

    def _share(self) -> None:
        grants, is_turn = self._sharing.share(self._parked, self._now_s)
        self._turn_s = self._now_s + TURN_S if is_turn else NEVER_S
        self._counts.held_back(row_of(grants) if grants else None)
        if self._watched is not None:
            self._watched(self._now_s, {self._ground.ports[car.port].key: car.drawn_a for car in self._parked})
        self._is_dirty = False

    def _set_limits(self) -> None:
        """Take the limits that hold from now on, with what a battery and the sun add at the connection."""
        ground = self._ground
        base = tuple(one.limit_a for one in ground.feeders)
        self._limit_until_s = NEVER_S
        if ground.stretches:
            week_s = (self._now_s + ground.local_ahead_s - MONDAY_S) % WEEK_S
            place = max((n for n, one in enumerate(ground.stretches) if one.starts_s <= week_s + 0.5), default=-1)
            base = ground.stretches[place].limits_a
            later = [one.starts_s for one in ground.stretches if one.starts_s > week_s + 0.5]
            ends_s = min(later) if later else WEEK_S + ground.stretches[0].starts_s
            self._limit_until_s = self._now_s + max(ends_s - week_s, 1.0)
        if self._has_source:
            self._limit_until_s = min(self._limit_until_s, (self._now_s // SOURCE_S + 1) * SOURCE_S)
            more_a = self._more_a = (self._sun_w() + self._reserve_w()) / WATTS_PER_A_DC
            root = base[0]
            base = ((root[0] + more_a, root[1] + more_a, root[2] + more_a), *base[1:])
        if base != self._limits:
            self._limits = base
            self._sharing.limit(base)
            self._is_dirty = True

    def _sun_w(self) -> float:
        solar_w = self._ground.solar_w
        if not solar_w:
            return 0.0
        return solar_w[int(hour_of_year(np.array([self._now_s + self._ground.local_ahead_s]))[0]) % len(solar_w)]

    def _reserve_w(self) -> float:
        """Return the power that the battery can hold until it is looked at again."""
        battery = self._ground.battery
        if battery is None:
            return 0.0
        return min(battery.power_w, self._soc_wh / (SOURCE_S / SECONDS_PER_HOUR))

    def _grid_w(self, hours: float) -> float:
        """Return the power from the grid, and let the battery give or take what is between it and the cars."""
        cars_w = sum(car.drawn_a * car.watts_per_a for car in self._parked)
        shines_w = self._sun_w()
        sun_w = min(shines_w, cars_w)
        self._counts.own_solar_wh += sun_w * hours
        self._counts.sun_used_wh += sun_w * hours
        battery = self._ground.battery
        if battery is None:
            return cars_w - sun_w
        limit_w = self._free_w()
        if self._ground.shaves_peaks:
            limit_w = min(limit_w, self._counts.peak_w)
        over_w = cars_w - sun_w - limit_w
        if over_w > 0:
            given_w = min(over_w, battery.power_w, self._soc_wh / hours)
            self._soc_wh -= given_w * hours
            return cars_w - sun_w - given_w
        most_w = min(battery.power_w, (battery.energy_wh - self._soc_wh) / battery.efficiency / hours)
        from_sun_w = max(0.0, min(shines_w - sun_w, most_w))
        bought_w = max(0.0, min(-over_w, most_w - from_sun_w))
        self._soc_wh += (from_sun_w + bought_w) * hours * battery.efficiency
        self._counts.own_solar_wh += from_sun_w * hours * battery.efficiency
        self._counts.sun_used_wh += from_sun_w * hours
        return cars_w - sun_w + bought_w

    def _free_w(self) -> float:
        """Return what the connection gives cars by itself, taken as evenly loaded."""
        return max(0.0, min(self._limits[0]) - self._more_a) * WATTS_PER_A_DC

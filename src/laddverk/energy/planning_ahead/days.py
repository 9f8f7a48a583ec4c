"""What a day of a planned site was beside the best, and a month beside no plan at all: shapes, and how they are made.

Pure. A session belongs to the day on which it ended; whatever else charged then is other load. What cars could have
taken is not known of most: only what a driver or car asked for, and did not get, is lacking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.planning_ahead.capacity_tariffs import CapacityTariff, Metered, by_interval, lines, total_minor
from laddverk.energy.planning_ahead.capping import INTERVAL_FREE, replayed
from laddverk.energy.planning_ahead.forecasting import Floats
from laddverk.energy.planning_ahead.model import Ahead, Stay
from laddverk.energy.planning_ahead.splitting import Because, Split
from laddverk.kernel.money import MINOR_DIGITS

PEAK_MINUTES: Final = 60  # what a peak is told by


class Lack(StrEnum):
    """What was not known of a day, so that its numbers say less."""

    NO_PRICES = "no_prices"
    """Nothing can be said of money."""
    SOME_PRICES = "some_prices"
    """Some are those of the nearest day."""
    LOAD_NOT_MEASURED = "load_not_measured"
    """Other load is what people estimated."""
    SOME_READINGS = "some_readings"
    """Of some sessions nothing was read: their energy is spread evenly."""
    NO_BEST = "no_best"
    """The solver found no answer in time."""
    NOT_PLANNED = "not_planned"
    """No plan was made that day."""
    STAYED_LONG = "stayed_long"
    """Cars that stayed for more than two days are left out."""


class DayFound(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A day that is over. Money in major currency, of the cars alone: their energy, and what they added to the month's
    peaks. Without prices it is 0 and means nothing.
    """

    currency: str
    sessions: int = 0
    given_wh: float = 0.0
    cost: float = 0.0
    best_cost: float = 0.0
    at_once_cost: float = 0.0
    over: dict[Because, float] = {}
    lacking_wh: dict[Because, float] = {}
    lacks: tuple[Lack, ...] = ()

    @property
    def has_money(self) -> bool:
        """Whether a best was found at known prices."""
        return self.sessions > 0 and not {Lack.NO_PRICES, Lack.NO_BEST} & set(self.lacks)

    @property
    def over_all(self) -> float:
        """What was paid beyond the best."""
        return sum(self.over.values())

    @property
    def lacking_all_wh(self) -> float:
        """What cars left without that they could have had."""
        return sum(self.lacking_wh.values())


class Way(StrEnum):
    """How a month could have been charged."""

    AS_IT_WAS = "as_it_was"
    AT_ONCE = "at_once"
    """Each car as it came, as fast as it was seen to charge; no circuit in the way."""
    FAIR_SHARE = "fair_share"
    """At once, but sharing the connection equally."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What a way of charging came to, with the other load of the site. Money in minor units."""

    energy_wh: float
    """What cars got."""
    energy_minor: int
    capacity_minor: int
    peak_w: float
    """The highest hour."""

    @property
    def total_minor(self) -> int:
        """Energy and capacity."""
        return self.energy_minor + self.capacity_minor


class MonthFound(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A month, so far or in all."""

    currency: str
    sessions: int = 0
    planned_days: int = 0
    days: int = 0
    outcomes: dict[Way, Outcome] = {}
    lacks: tuple[Lack, ...] = ()


def day_found(currency: str, sessions: int, found: Split, alone: float, lacks: Sequence[Lack]) -> DayFound:
    """Return a day from how far it was from the best; `alone` is what the site would have cost without its cars."""
    return DayFound(
        currency=currency,
        sessions=sessions,
        given_wh=round(found.found.given_wh),
        cost=round(found.found.cost - alone, 2),
        best_cost=round(found.found.best_cost - alone, 2),
        at_once_cost=round(found.found.at_once_cost - alone, 2),
        over={why: round(each, 2) for why, each in found.over.items()},
        lacking_wh={why: round(each) for why, each in found.lacking_wh.items()},
        lacks=tuple(lacks),
    )


def known_prices(
    true: Sequence[float],
    known_at: Sequence[datetime | None],
    day_before: Sequence[float],
    stays: Sequence[Stay],
    begins_at: Sequence[datetime],
) -> list[float]:
    """Return each period's price as it was known when the first of the cars came that were there then.

    A price that came later, or never (None), was taken to be that of the day before. Where no car was it does not
    matter.
    """
    first: list[int | None] = [None] * len(true)
    for stay in stays:
        for period in range(stay.arrives, min(stay.departs, len(true))):
            earlier = first[period]
            first[period] = stay.arrives if earlier is None else min(earlier, stay.arrives)
    found = []
    for period, price in enumerate(true):
        came, known = first[period], known_at[period]
        was_known = came is None or (known is not None and known <= begins_at[came])
        found.append(price if was_known else day_before[period])
    return found


def outcomes(
    seen: Ahead, tariff: CapacityTariff, given_wh: Mapping[str, Sequence[float]], most_w: Mapping[str, float]
) -> dict[Way, Outcome]:
    """Return what a time was, and what it would have been at once and by fair share.

    `seen` has the stays with what they took as what they want; `most_w` what each was seen to draw at most.
    """
    free = np.full(seen.periods, INTERVAL_FREE)
    open_feeders = tuple(
        replace(each, limit_a=((INTERVAL_FREE, INTERVAL_FREE, INTERVAL_FREE),)) for each in seen.feeders
    )
    stays = tuple(
        replace(stay, ceiling_a=min(stay.ceiling_a, most_w.get(stay.key, INTERVAL_FREE) / stay.watts_per_a))
        for stay in seen.stays
    )
    ways = {
        Way.AS_IT_WAS: given_wh,
        Way.AT_ONCE: replayed(replace(seen, stays=stays, feeders=open_feeders), free),
        Way.FAIR_SHARE: replayed(replace(seen, stays=stays), free),
    }
    return {way: _outcome(seen, tariff, _summed(given, seen.periods)) for way, given in ways.items()}


def _outcome(seen: Ahead, tariff: CapacityTariff, cars_wh: Floats) -> Outcome:
    base_wh = np.array(seen.base_load_w or [0.0] * seen.periods) * seen.step_h
    grid_wh = cars_wh + base_wh
    load = Metered(
        begins_at=seen.begins_at, step_minutes=seen.step_minutes, energy_wh=tuple(round(each) for each in grid_wh)
    )
    minor = 10 ** MINOR_DIGITS[tariff.currency]
    prices = np.array(seen.price_per_kwh or [0.0] * seen.periods)
    return Outcome(
        energy_wh=round(float(cars_wh.sum())),
        energy_minor=round(float(np.dot(cars_wh, prices)) / 1000 * minor),
        capacity_minor=total_minor(lines(tariff, load)),
        peak_w=max((float(power_w) for _, power_w in by_interval(load, PEAK_MINUTES)), default=0.0),
    )


def _summed(given_wh: Mapping[str, Sequence[float]], periods: int) -> Floats:
    found = np.zeros(periods)
    for row in given_wh.values():
        found[: len(row)] += np.array(row)
    return found

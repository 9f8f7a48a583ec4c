"""The interface of a source of the electricity exchange's day-ahead prices, and what every answer must be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar, Final, Protocol
from zoneinfo import ZoneInfo

from laddverk.tariffs.model import SpotPrice

EXCHANGE_ZONE: Final = ZoneInfo("Europe/Stockholm")  # the exchange's day is that of central Europe, in all of its zones
LENGTHS: Final = frozenset({timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=60)})
PRICE_MAX: Final = Decimal(1000)  # per kWh; the exchange's own limits are -0.5 and 4 EUR (harmonised, 2023)
PERIODS_MAX: Final = 100  # a day of 25 hours by quarters


class NoPrices(Exception):
    """The source did not answer, or with something that cannot be a day's prices."""


class NotPublished(NoPrices):
    """The day's prices are not out yet; the exchange publishes the next day's at about 13:00."""


class SpotSource(Protocol):
    """Somebody who knows what the exchange asks."""

    name: ClassVar[str]

    async def day(self, area: str, currency: str, day: date) -> Sequence[SpotPrice]:
        """Return the prices of one day in one bidding zone, without VAT. Raises `NotPublished`, `NoPrices`."""


def checked(prices: Sequence[SpotPrice], day: date) -> list[SpotPrice]:
    """Return the prices in order of time, when they are those of the whole `day` without holes. Raises `NoPrices`.

    Nothing is guessed: a price that is wrong would be on an invoice. A day has 23, 24 or 25 hours.
    """
    ordered = sorted(set(prices), key=lambda each: each.starts_at)
    if not ordered or len(ordered) > PERIODS_MAX:
        raise NoPrices(f"{len(ordered)} periods for {day}")
    if any(each.ends_at - each.starts_at not in LENGTHS for each in ordered):
        raise NoPrices(f"a period of {day} is neither a quarter nor an hour")
    if any(earlier.ends_at != later.starts_at for earlier, later in pairwise(ordered)):
        raise NoPrices(f"the periods of {day} leave holes or overlap")
    first, after = (_midnight(each) for each in (day, day + timedelta(days=1)))
    if ordered[0].starts_at != first or ordered[-1].ends_at != after:
        raise NoPrices(f"the prices are not those of the whole of {day}")
    if any(not each.price.is_finite() or abs(each.price) > PRICE_MAX for each in ordered):
        raise NoPrices(f"a price of {day} cannot be one")
    return ordered


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=EXCHANGE_ZONE)

"""The exchange's prices: fetched a day at a time, kept, and given to whoever prices.

A session whose price is not known yet waits for it; nothing is guessed and nothing provisional is billed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.tariffs import store_spot
from laddverk.tariffs.model import SpotPrice, SpotPricesCame, Tariff
from laddverk.tariffs.providers.port import EXCHANGE_ZONE, NotPublished, SpotSource, Unavailable
from laddverk.tariffs.rules import Spots, spots_of

PUBLISHED_HOUR: Final = 13  # the exchange tells tomorrow's prices at about 12:45
BACK_DAYS: Final = 3  # sessions that end today may have begun the day before yesterday
DAYS_AT_ONCE: Final = 8  # bounds one run of the job


async def spots_for(tx: Transaction, tariffs: Sequence[tuple[Tariff, datetime, datetime]]) -> list[Spots]:
    """Return for each (tariff, start, end) the prices that it follows, as far as they are known."""
    wanted = [each for each in tariffs if each[0].spot_areas]
    found: dict[str, Spots] = {}
    for currency in {tariff.currency for tariff, _, _ in wanted}:
        its = [each for each in wanted if each[0].currency == currency]
        areas = frozenset[str]().union(*(tariff.spot_areas for tariff, _, _ in its))
        start, end = min(each[1] for each in its), max(each[2] for each in its)
        found[currency] = spots_of(await store_spot.between(tx, areas, currency, start, end + timedelta(hours=1)))
    return [found.get(tariff.currency, {}) if tariff.spot_areas else {} for tariff, _, _ in tariffs]


async def prices_of(
    tx: Transaction, areas: Sequence[str], currency: str, start: datetime, end: datetime
) -> list[SpotPrice]:
    """Return what is known of the exchange's prices between two instants."""
    return await store_spot.between(tx, areas, currency, start, end)


async def fetch(tx: Transaction, source: SpotSource, now: datetime) -> int:
    """Ask for the days that are missing of each zone that a tariff follows; return how many prices are new.

    Publishes `SpotPricesCame` for each zone with news. What goes wrong is noted, and asked again the next time.
    """
    news = 0
    for zone in await store_spot.followed(tx):
        until = await store_spot.known_until(tx, zone.area, zone.currency)
        problem, came = "", 0
        for day in missing_days(until, now):
            try:
                prices = await source.day(zone.area, zone.currency, day)
            except NotPublished as error:
                problem = "" if day > local_day(now) else str(error)
                break
            except Unavailable as error:
                problem = str(error) or "unavailable"
                break
            came += await store_spot.save(tx, prices, zone.currency, source.name, now)
        await store_spot.save_asked(tx, zone.area, zone.currency, now, problem)
        if came:
            await outbox.publish(tx, [SpotPricesCame(area=zone.area, currency=zone.currency)])
        news += came
    return news


def local_day(now: datetime) -> date:
    """Return the exchange's day of an instant."""
    return now.astimezone(EXCHANGE_ZONE).date()


def missing_days(known_until: datetime | None, now: datetime) -> list[date]:
    """Return the days to ask for, the oldest first: from what is known until today, in the afternoon until tomorrow."""
    today = local_day(now)
    last = today + timedelta(days=1) if now.astimezone(EXCHANGE_ZONE).hour >= PUBLISHED_HOUR else today
    first = today - timedelta(days=BACK_DAYS)
    if known_until is not None:
        first = max(first, known_until.astimezone(EXCHANGE_ZONE).date())
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return days[:DAYS_AT_ONCE]

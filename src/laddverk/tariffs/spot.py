"""The exchange's prices: fetched a day at a time, kept, and given to whoever prices.

A session whose price is not known yet waits for it; nothing is guessed and nothing provisional is billed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.money import MINOR_DIGITS
from laddverk.kernel.problems import Invalid, NotAllowed
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.tariffs import store_spot
from laddverk.tariffs.model import SpotPrice, SpotPricesCame, Tariff
from laddverk.tariffs.plan import spot_price
from laddverk.tariffs.providers.port import EXCHANGE_ZONE, NoPrices, NotPublished, SpotSource, checked
from laddverk.tariffs.rules import Spots, spots_of

PUBLISHED_HOUR: Final = 13  # the exchange tells tomorrow's prices at about 12:45
BACK_DAYS: Final = 3  # sessions that end today may have begun the day before yesterday
EXAMPLES_AROUND: Final = timedelta(days=8)  # a week before and after is enough for examples of this week
HOUR: Final = timedelta(hours=1)
DAYS_AT_ONCE: Final = 8  # bounds one run of the job
AREA_MAX: Final = 20
PUSHED: Final = "push"
"""The source of prices that a program sent."""


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


async def prices_now(tx: Transaction, tariff: Tariff, now: datetime) -> dict[str, Decimal] | None:
    """Return what a kWh costs now under each component that follows the exchange, by zone; None while one is unknown.

    Whoever starts without an account must be shown a price (AFIR article 5): where this is None, nobody can.
    """
    known = {each.area: each.price for each in await _prices_at(tx, tariff, now)}
    spots = [(each.spot, tariff.rate_of(each)) for each in tariff.components if each.spot is not None]
    if any(spot.area not in known for spot, _ in spots):
        return None
    return {spot.area: spot_price(spot, known[spot.area], vat, tax_included=tariff.tax_included) for spot, vat in spots}


async def _prices_at(tx: Transaction, tariff: Tariff, now: datetime) -> list[SpotPrice]:
    found = await store_spot.between(tx, tariff.spot_areas, tariff.currency, now, now + timedelta(seconds=1))
    return [each for each in found if each.starts_at <= now < each.ends_at]


async def examples_for(tx: Transaction, tariff: Tariff, start: datetime, end: datetime) -> Spots:
    """Return prices for pictures and examples: where one is not known, that of the same time on the nearest known day.

    Nothing that is billed may use them.
    """
    if not tariff.spot_areas:
        return {}
    known = await store_spot.between(
        tx, tariff.spot_areas, tariff.currency, start - EXAMPLES_AROUND, end + EXAMPLES_AROUND
    )
    return spots_of(filled(known, start, end))


def filled(known: Sequence[SpotPrice], start: datetime, end: datetime) -> list[SpotPrice]:
    """Return `known`, and what is missing between two instants from the nearest day that has it."""
    found = list(known)
    taken = {(each.area, each.starts_at) for each in known}
    for shift in range(1, 2 * EXAMPLES_AROUND.days + 1):
        for days in (shift, -shift):
            moved = timedelta(days=days)
            for each in known:
                starts_at, ends_at = each.starts_at + moved, each.ends_at + moved
                if start - HOUR < starts_at < end + HOUR and (each.area, starts_at) not in taken:
                    taken.add((each.area, starts_at))
                    found.append(SpotPrice(each.area, starts_at, ends_at, each.price))
    return found


async def fetch(
    tx: Transaction, source: SpotSource, now: datetime, zones: Sequence[store_spot.Followed] | None = None
) -> int:
    """Ask for the days that are missing of `zones` (None: those that tariffs follow); return how many prices are new.

    Publishes `SpotPricesCame` for each zone with news. What goes wrong is noted, and asked again the next time.
    """
    news = 0
    for zone in await store_spot.followed(tx) if zones is None else zones:
        until = await store_spot.known_until(tx, zone.area, zone.currency)
        problem, came = "", 0
        for day in missing_days(until, now):
            try:
                prices = await source.day(zone.area, zone.currency, day)
            except NotPublished as error:
                problem = "" if day > local_day(now) else str(error)
                break
            except NoPrices as error:
                problem = str(error) or "unavailable"
                break
            came += await store_spot.save(tx, prices, zone.currency, source.name, now)
        await store_spot.save_asked(tx, zone.area, zone.currency, now, problem)
        if came:
            await outbox.publish(tx, [SpotPricesCame(area=zone.area, currency=zone.currency)])
        news += came
    return news


async def push(
    tx: Transaction, actor: Actor, area: str, currency: str, day: date, prices: Sequence[SpotPrice], now: datetime
) -> int:
    """Keep a whole day's prices that a program of ours sends; return how many are new. Needs tariffs:write.

    What a source must give holds for it as well (`providers.port.checked`): raises `Invalid` naming `prices`. A price
    that has begun is never changed. Publishes `SpotPricesCame`.
    """
    actor.require(Permission.TARIFFS_WRITE)
    if actor.site_ids is not None:
        raise NotAllowed("Prices of the exchange hold in the whole network.")
    if not (area.isalnum() or area.replace("_", "").isalnum()) or len(area) > AREA_MAX:
        raise Invalid("This is no bidding zone.", field="area", remedy="In Sweden it is SE1, SE2, SE3 or SE4.")
    if currency not in MINOR_DIGITS:
        raise Invalid("This currency is not known.", field="currency")
    try:
        whole = checked(prices, day)
    except NoPrices as problem:
        raise Invalid("These are not the prices of a day: %(reason)s", field="prices", reason=str(problem)) from problem
    came = await store_spot.save(tx, whole, currency, PUSHED, now)
    if came:
        await outbox.publish(tx, [SpotPricesCame(area=area, currency=currency)])
    await audit.write(
        tx, actor, "spot.pushed", "spot_price", None, at=now,
        detail={"area": area, "currency": currency, "day": day.isoformat(), "new": came},
    )  # fmt: skip
    return came


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

"""Looks back at days and months of planned sites that are over: each night, how far they were from the best."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import store_days, store_quarters, truth
from laddverk.energy.planning_ahead.days import DayFound, Lack, MonthFound, day_found, known_prices, outcomes
from laddverk.energy.planning_ahead.gathering import MONTH_AT_MOST, net_w, quarters_of
from laddverk.energy.planning_ahead.knowing import STEP, taken
from laddverk.energy.planning_ahead.model import STEP_MINUTES
from laddverk.energy.planning_ahead.peak_terms import sunk, terms
from laddverk.energy.planning_ahead.regret import cost_of
from laddverk.energy.planning_ahead.rolling import LEARNT_FROM, floor
from laddverk.energy.planning_ahead.splitting import Split, split
from laddverk.energy.planning_ahead.store import Past, Wanted
from laddverk.energy.planning_ahead.store_days import Stayed
from laddverk.energy.planning_ahead.truth import DAY, NEAR_DAYS, Truth
from laddverk.platform.database import Transaction

DAYS_BACK: Final = 35  # a month and its weekdays; days before the first plan show what one could be worth
DAYS_AT_ONCE: Final = 2  # of one turn of the job, which is one transaction: some seconds of the solver
LATE: Final = timedelta(hours=1)  # after midnight: chargers that were away have told what they had
STAY_MAX: Final = timedelta(days=2)  # a car that stays longer is left out: it says nothing of a day


async def look_back(tx: Transaction, wanted: Wanted, now: datetime) -> int:
    """Keep the days that are over and were not looked at yet, and the months they are in; return how many days."""
    tree = await circuits.tree(tx, wanted.site_id)
    if not tree.circuits or not tree.places:
        return 0
    zone = ZoneInfo(wanted.tariff.timezone)
    last = (now - LATE).astimezone(zone).date()  # the day that goes on
    kept = {each.day for each in await store_days.days(tx, wanted.site_id, last - DAYS_BACK * DAY, last)}
    missing = [day for number in range(1, DAYS_BACK + 1) if (day := last - number * DAY) not in kept][:DAYS_AT_ONCE]
    for day in missing:
        await store_days.keep_day(tx, wanted.site_id, day, now, await _day(tx, wanted, tree, day))
    for month in sorted({day.replace(day=1) for day in missing}):
        found = await _month(tx, wanted, tree, month, min(last, _next(month)))
        await store_days.keep_month(tx, wanted.site_id, month, now, found)
    return len(missing)


async def _day(tx: Transaction, wanted: Wanted, tree: Tree, day: date) -> DayFound:
    zone, currency = ZoneInfo(wanted.tariff.timezone), wanted.tariff.currency
    since, until = midnight(day, zone), midnight(day + DAY, zone)
    here = await _here(tx, tree, since - STAY_MAX, until)
    ended = [one for one in here if one.energy_wh and one.ended_at is not None and since < one.ended_at <= until]
    mine = [one for one in ended if until - one.started_at <= STAY_MAX + DAY]
    noted = [Lack.STAYED_LONG] if len(mine) < len(ended) else []
    if not await store_days.plans_between(tx, wanted.site_id, since, until):
        noted.append(Lack.NOT_PLANNED)
    if not mine:
        return DayFound(currency=currency, lacks=tuple(noted))
    begins_at = floor(min(one.started_at for one in mine))
    others = [one for one in here if one not in mine]
    known = await _truth(tx, wanted, tree, begins_at, until, mine, others)
    noted += truth.lacks(known)
    if not known.prices:
        given_wh = float(sum(one.energy_wh for one in mine))
        return DayFound(currency=currency, sessions=len(mine), given_wh=given_wh, lacks=tuple(noted))
    stations = sorted({place.station_id for place in tree.places})
    before = await store_days.past(tx, stations, begins_at - MONTH_AT_MOST, begins_at)
    found = await asyncio.to_thread(_split, wanted, known, before)
    if found is None:
        return DayFound(currency=currency, sessions=len(mine), lacks=(*noted, Lack.NO_BEST))
    return day_found(currency, len(mine), *found, noted)


def _split(wanted: Wanted, known: Truth, before: Sequence[Past]) -> tuple[Split, float] | None:
    """Return how far a day was from the best, and what the site would have cost without the cars."""
    begins_at, since = known.begins_at, known.begins_at - MONTH_AT_MOST
    load = taken(before, since, begins_at, net_w(known.tree, known.quarters, since, begins_at))
    fees = terms(wanted.tariff, begins_at, STEP_MINUTES, known.periods, sunk(wanted.tariff, load, begins_at))
    seen = replace(truth.seen(known, is_asked=True), peaks=fees)
    starts = [begins_at + number * STEP for number in range(known.periods)]
    prices = known_prices(seen.price_per_kwh, truth.known_at(known), truth.prices(known, DAY), seen.stays, starts)
    found = split(seen, truth.careful(known), prices, truth.given_wh(known, known.mine))
    return None if found is None else (found, cost_of(seen, [0.0] * seen.periods))


async def _month(tx: Transaction, wanted: Wanted, tree: Tree, month: date, until: date) -> MonthFound:
    zone = ZoneInfo(wanted.tariff.timezone)
    begins_at, ends_at = midnight(month, zone), midnight(until, zone)
    mine = [
        one
        for one in await _here(tx, tree, begins_at, ends_at)
        if one.energy_wh and one.started_at >= begins_at and one.ended_at is not None and one.ended_at <= ends_at
    ]
    planned = 0
    for number in range((until - month).days):
        since = midnight(month + number * DAY, zone)
        planned += await store_days.plans_between(tx, wanted.site_id, since, since + DAY) > 0
    empty = MonthFound(currency=wanted.tariff.currency, days=(until - month).days, planned_days=planned)
    if not mine:
        return empty
    known = await _truth(tx, wanted, tree, begins_at, ends_at, mine, [])

    def reckoned() -> MonthFound:
        seen, given = truth.seen(known, is_asked=False), truth.given_wh(known, known.mine)
        most_w = {str(one.id): one.power_most_w for one in mine if one.power_most_w}
        found = outcomes(seen, wanted.tariff, given, most_w)
        return replace(empty, sessions=len(mine), outcomes=found, lacks=tuple(truth.lacks(known)))

    return await asyncio.to_thread(reckoned)


async def _here(tx: Transaction, tree: Tree, since: datetime, until: datetime) -> list[Stayed]:
    """Return the sessions at the tree's outlets that touch a time."""
    stations, keys = sorted({place.station_id for place in tree.places}), {place.key for place in tree.places}
    found = await store_days.stayed(tx, stations, since, until)
    return [one for one in found if (one.station_id, one.evse_number) in keys]


async def _truth(
    tx: Transaction, wanted: Wanted, tree: Tree, begins_at: datetime, ends_at: datetime, mine: Sequence[Stayed],
    others: Sequence[Stayed],
) -> Truth:  # fmt: skip
    stations = sorted({place.station_id for place in tree.places})
    prices = await store_days.prices(
        tx, wanted.area, wanted.tariff.currency, begins_at - (NEAR_DAYS + 1) * DAY, ends_at
    )  # fmt: skip
    return Truth(
        tree=tree,
        zone=ZoneInfo(wanted.tariff.timezone),
        added_per_kwh=wanted.added_per_kwh,
        begins_at=begins_at,
        periods=-((begins_at - ends_at) // STEP),
        mine=tuple(mine),
        others=tuple(others),
        drawn=tuple(await store_quarters.drawn(tx, stations, begins_at, ends_at)),
        quarters=tuple(await quarters_of(tx, tree, begins_at - LEARNT_FROM, ends_at)),
        prices=tuple(prices),
        signals=tuple(await circuits.signals(tx, [wanted.site_id], begins_at)),
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)

"""Plans of sites: who wants them, how they are made of what is known, and what the allocator is told of them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace

from laddverk.energy.allocating import Grant, Situation, allocated
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Place, Tree
from laddverk.energy.planning_ahead import store, store_wishes
from laddverk.energy.planning_ahead.building import Car, feeders, stays
from laddverk.energy.planning_ahead.capacity_tariffs import Metered
from laddverk.energy.planning_ahead.capping import caps_kw, factors, level_of
from laddverk.energy.planning_ahead.forecasting import Interval, Source, Stays, are_good, stay, told
from laddverk.energy.planning_ahead.guiding import guided, wished
from laddverk.energy.planning_ahead.model import HORIZON_H, STEP_MINUTES, Ahead, Plan
from laddverk.energy.planning_ahead.peak_terms import sunk, terms
from laddverk.energy.planning_ahead.planning import planned
from laddverk.energy.planning_ahead.store import Open, Past, Wanted
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform import audit, jobs
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob
from laddverk.tariffs import spot, store_spot

PLAN_SITE: Final = "energy.plan_site"
LEARN_LEVEL: Final = "energy.learn_level"
STEP: Final = timedelta(minutes=STEP_MINUTES)
PERIODS: Final = HORIZON_H * 60 // STEP_MINUTES
PAST_KEPT: Final = timedelta(days=200)  # habits, and the whole of the month
LEARNT_FROM: Final = timedelta(days=28)
PRICES_AROUND: Final = timedelta(days=7)  # what is not known yet is taken from a day near by
ADDED_MAX: Final = 100.0  # major currency for each kWh
AREA_MAX: Final = 20
REASON_MAX: Final = 500
ALL_THAT_FITS_KWH: Final = 500.0  # more than any car's battery: nothing is known of it


async def want(tx: Transaction, actor: Actor, wanted: Wanted, now: datetime, *, reason: str) -> None:
    """Let a site be planned under a capacity tariff. Needs stations:write."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(wanted.site_id)
    if await circuits.locked(tx, wanted.site_id) is None:
        raise NotFound("There is no such site.", field="site_id")
    if not 0 <= wanted.added_per_kwh <= ADDED_MAX:
        raise Invalid("This is not from 0 to %(most)s.", field="added_per_kwh", most=ADDED_MAX)
    if not wanted.area.isalnum() or len(wanted.area) > AREA_MAX:
        raise Invalid("This is no bidding zone.", field="area", remedy="In Sweden it is SE1, SE2, SE3 or SE4.")
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise Invalid("Say why.", field="reason", remedy="A few words that others will understand in a year.")
    await store.want(tx, wanted, actor.name or actor.kind, now)
    await jobs.enqueue(tx, [soon(kind, wanted.site_id) for kind in (LEARN_LEVEL, PLAN_SITE)])
    await audit.write(
        tx, actor, "plan.wanted", "site", wanted.site_id, at=now, reason=reason.strip(),
        detail={"tariff": wanted.tariff.key, "area": wanted.area, "added_per_kwh": wanted.added_per_kwh,
                "lets_ask": wanted.lets_ask},
    )  # fmt: skip


async def unwant(tx: Transaction, actor: Actor, site_id: SiteId, now: datetime, *, reason: str) -> None:
    """Let a site be planned no more; its cars share as if nothing had a price. Needs stations:write."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(site_id)
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise Invalid("Say why.", field="reason", remedy="A few words that others will understand in a year.")
    if not await store.unwant(tx, site_id):
        raise NotFound("This site has no plan.", field="site_id")
    await audit.write(tx, actor, "plan.unwanted", "site", site_id, at=now, reason=reason.strip())


def soon(kind: str, site_id: SiteId) -> NewJob:
    """Return the job of one site; while one waits, there is no second."""
    return NewJob(kind, {"site_id": str(site_id)}, unique_key=f"{kind}:{site_id}")


async def plan_site(tx: Transaction, wanted: Wanted, now: datetime) -> Plan | None:
    """Make and keep a plan for a site; None where it has no outlets in circuits. The solver runs on a thread."""
    tree = await circuits.tree(tx, wanted.site_id)
    if not tree.circuits or not tree.places:
        return None
    begins_at = now - (now - datetime.fromtimestamp(0, now.tzinfo)) % STEP
    stations = sorted({place.station_id for place in tree.places})
    past = await store.past_sessions(tx, stations, now - PAST_KEPT)
    cars = cars_of(tree, await store.open_sessions(tx, stations), past, now)
    signals = await circuits.signals(tx, [wanted.site_id], now)
    zone = ZoneInfo(wanted.tariff.timezone)
    before = sunk(wanted.tariff, taken(past, begins_at - timedelta(days=32), begins_at), begins_at)
    ahead = Ahead(
        begins_at=begins_at,
        price_per_kwh=await prices(tx, wanted, begins_at),
        feeders=feeders(tree, signals, {}, begins_at, STEP_MINUTES, PERIODS, zone),
        stays=stays(tree, cars, begins_at, STEP_MINUTES),
        peaks=terms(wanted.tariff, begins_at, STEP_MINUTES, PERIODS, before),
    )
    good = not cars or are_good([car.hours for car in cars], [max(car.energy_kwh.middle, 0.1) for car in cars])
    caps = _caps(wanted, begins_at)
    plan = await asyncio.to_thread(planned, ahead, caps, are_forecasts_good=good)
    await store.keep(tx, wanted.site_id, now, plan)
    return plan


async def learn(tx: Transaction, wanted: Wanted, now: datetime) -> float:
    """Learn the level of the cap rule from the last weeks, keep and return it; 0 where nobody came."""
    tree = await circuits.tree(tx, wanted.site_id)
    if not tree.circuits or not tree.places:
        return 0.0
    begins_at = (now - LEARNT_FROM).replace(minute=0, second=0, microsecond=0)
    periods = LEARNT_FROM // timedelta(hours=1)
    stations = sorted({place.station_id for place in tree.places})
    past = [each for each in await store.past_sessions(tx, stations, begins_at) if each.ended_at is not None]
    zone = ZoneInfo(wanted.tariff.timezone)
    places: dict[tuple[object, int], Place] = {place.key: place for place in tree.places}
    cars = [_as_it_was(place, each) for each in past if (place := places.get((each.station_id, each.evse_number)))]
    seen = Ahead(
        begins_at=begins_at,
        step_minutes=60,
        price_per_kwh=(0.0,) * periods,
        feeders=feeders(tree, (), {}, begins_at, 60, periods, zone),
        stays=tuple(replace(each, key=f"{number}") for number, each in enumerate(stays(tree, cars, begins_at, 60))),
        peaks=terms(wanted.tariff, begins_at, 60, periods),
    )
    level_kw = await asyncio.to_thread(level_of, seen, wanted.tariff)
    await store.keep_level(tx, wanted.site_id, level_kw)
    return level_kw


async def allocator(tx: Transaction, site_id: SiteId) -> Callable[[Situation, datetime], Sequence[Grant]]:
    """Return the allocator for a site: with what drivers said, and the newest plan's targets while one is wanted."""
    told = await store_wishes.running_at(tx, site_id)
    kept = await store.latest(tx, site_id) if await store.wishes(tx, site_id) else None
    if kept is None:
        return (lambda situation, now: allocated(wished(situation, told), now)) if told else allocated
    plan = kept.plan
    return lambda situation, now: allocated(guided(wished(situation, told), plan, now), now)


def cars_of(tree: Tree, running: Sequence[Open], past: Sequence[Past], now: datetime) -> list[Car]:
    """Return the cars that are plugged in: what they or their drivers said, else what they and others used to do."""
    ended = [each for each in reversed(past) if each.ended_at is not None]
    by_who: dict[str, list[Past]] = defaultdict(list)
    for each in ended:
        by_who[each.who].append(each)
    everybody = stays_of(ended)
    places: dict[tuple[object, int], Place] = {place.key: place for place in tree.places}
    found = []
    for one in running:
        place = places.get((one.station_id, one.evse_number))
        if place is None:
            continue
        so_far = (now - one.started_at) / timedelta(hours=1), one.energy_wh / 1000
        own = stays_of(by_who[one.who]) if one.who else stays_of([])
        hours, energy = stay(own, everybody, hour_of_week(one.started_at), so_far=so_far)
        found.append(
            Car(
                place=place,
                comes_at=one.started_at,
                hours=_until(one) or hours,
                energy_kwh=_asked(one) or _known(energy),
                attained_wh=float(one.energy_wh),
            )
        )
    return found


def taken(past: Sequence[Past], begins_at: datetime, ends_at: datetime) -> Metered:
    """Return what cars took by steps, each session's energy spread evenly over the time in which it drew.

    Real peaks were higher: no peak is taken to be paid for that was not.
    """
    steps = int((ends_at - begins_at) / STEP)
    energy_wh = np.zeros(steps)
    for each in past:
        first, last = (each.started_at - begins_at) / STEP, (each.drew_until - begins_at) / STEP
        if last <= max(first, 0) or first >= steps:
            continue
        edges = np.clip([first, *range(int(np.ceil(first)), int(np.floor(last)) + 1), last], 0, steps)
        for left, right in pairwise(edges):
            if right > left:
                energy_wh[min(int(left), steps - 1)] += each.energy_wh * (right - left) / (last - first)
    return Metered(begins_at=begins_at, step_minutes=STEP_MINUTES, energy_wh=tuple(int(each) for each in energy_wh))


async def prices(tx: Transaction, wanted: Wanted, begins_at: datetime, periods: int = PERIODS) -> tuple[float, ...]:
    """Return what a kWh costs in each period; empty where the exchange's prices are not known at all."""
    ends_at = begins_at + periods * STEP
    known = await store_spot.between(
        tx, [wanted.area], wanted.tariff.currency, begins_at - PRICES_AROUND, ends_at
    )  # fmt: skip
    if not known:
        return ()
    starts = sorted(spot.filled(known, begins_at, ends_at), key=lambda each: each.starts_at)
    found, at = [], 0
    for period in range(periods):
        now = begins_at + period * STEP
        while at + 1 < len(starts) and starts[at + 1].starts_at <= now:
            at += 1
        found.append(float(starts[at].price) + wanted.added_per_kwh)
    return tuple(found)


def _caps(wanted: Wanted, begins_at: datetime) -> tuple[float, ...]:
    if wanted.level_kw <= 0:
        return ()
    counted = factors(wanted.tariff, [begins_at + period * STEP for period in range(PERIODS)])
    return tuple(caps_kw(wanted.level_kw, counted).tolist())


def hour_of_week(at: datetime) -> float:
    """In UTC: habits move by an hour twice a year, and forget it in some weeks."""
    return at.weekday() * 24 + at.hour + at.minute / 60


def stays_of(ended: Sequence[Past]) -> Stays:
    """Return sessions that are over as arrays, in the order given: the oldest first."""
    hours = [((each.ended_at or each.drew_until) - each.started_at) / timedelta(hours=1) for each in ended]
    return Stays(
        np.array([hour_of_week(each.started_at) for each in ended], dtype=np.float64),
        np.array(hours, dtype=np.float64),
        np.array([each.energy_wh / 1000 for each in ended], dtype=np.float64),
    )


def _until(each: Open) -> Interval | None:
    if each.departure_at is None or each.departure_at <= each.started_at:
        return None
    return told((each.departure_at - each.started_at) / timedelta(hours=1))


def _asked(each: Open) -> Interval | None:
    """What was asked for at some time is taken to be of the whole session."""
    return told(max(each.asked_wh, each.energy_wh) / 1000) if each.asked_wh else None


def _known(energy: Interval) -> Interval:
    """Where nothing is known of a car, it may want all that fits."""
    if energy.source is not Source.NOTHING:
        return energy
    return Interval(low=energy.low, middle=ALL_THAT_FITS_KWH, high=ALL_THAT_FITS_KWH, source=Source.NOTHING)


def _as_it_was(place: Place, each: Past) -> Car:
    hours = ((each.ended_at or each.drew_until) - each.started_at) / timedelta(hours=1)
    return Car(place=place, comes_at=each.started_at, hours=told(hours), energy_kwh=told(each.energy_wh / 1000))

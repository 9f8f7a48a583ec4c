"""Plans of sites: who wants them, how they are made of what is known, and what the allocator is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from laddverk.energy.allocating import Situation
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Place
from laddverk.energy.planning_ahead import completing, rolling, store
from laddverk.energy.planning_ahead.building import Car, feeders, stays
from laddverk.energy.planning_ahead.capping import caps_kw, factors, level_of
from laddverk.energy.planning_ahead.forecasting import told
from laddverk.energy.planning_ahead.gathering import PERIODS, Gathered, gathered, net_w, quarters_of
from laddverk.energy.planning_ahead.guiding import guided, wished
from laddverk.energy.planning_ahead.knowing import STEP, hours_of
from laddverk.energy.planning_ahead.model import Ahead, Plan
from laddverk.energy.planning_ahead.peak_terms import terms
from laddverk.energy.planning_ahead.planning import advice, planned
from laddverk.energy.planning_ahead.store import Past, Wanted
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform import audit, jobs
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob

PLAN_SITE: Final = "energy.plan_site"
LEARN_LEVEL: Final = "energy.learn_level"
LEARNT_FROM: Final = timedelta(days=28)
ADDED_MAX: Final = 100.0  # major currency for each kWh
AREA_MAX: Final = 20
REASON_MAX: Final = 500


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
        detail={"tariff": wanted.tariff.key, "area": wanted.area, "added_per_kwh": wanted.added_per_kwh},
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
    """Make and keep a plan for a site; None where it has no outlets in circuits. The solver runs on a thread.

    What its meters showed since the last plan is kept first.
    """
    tree = await circuits.tree(tx, wanted.site_id)
    if not tree.circuits or not tree.places:
        return None
    await rolling.roll(tx, wanted, now)
    known = await gathered(tx, wanted, tree, now)
    plan = await asyncio.to_thread(_made, known, _caps(wanted, known.ahead.begins_at))
    await store.keep(tx, wanted.site_id, now, plan)
    return plan


def _made(known: Gathered, caps: tuple[float, ...]) -> Plan:
    plan = planned(
        known.ahead,
        caps,
        are_forecasts_good=known.are_forecasts_good,
        are_prices_stale=known.are_prices_stale,
    )
    advised = advice(known.ahead, plan, known.battery) if known.battery is not None else None
    return replace(plan, knows=known.knows, advice=advised)


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
    ends_at = begins_at + LEARNT_FROM
    net = net_w(tree, await quarters_of(tx, tree, begins_at, ends_at), begins_at, ends_at)
    seen = Ahead(
        begins_at=begins_at,
        step_minutes=60,
        price_per_kwh=(0.0,) * periods,
        base_load_w=tuple(max(0.0, sum(net[number : number + 4]) / 4) for number in range(0, len(net), 4)),
        feeders=feeders(tree, (), {}, begins_at, 60, periods, zone),
        stays=tuple(replace(each, key=f"{number}") for number, each in enumerate(stays(tree, cars, begins_at, 60))),
        peaks=terms(wanted.tariff, begins_at, 60, periods),
    )
    level_kw = await asyncio.to_thread(level_of, seen, wanted.tariff)
    await store.keep_level(tx, wanted.site_id, level_kw)
    return level_kw


async def guide(tx: Transaction, site_id: SiteId, now: datetime) -> Callable[[Situation, datetime], Situation]:
    """Return what makes the allocator's question whole: what drivers and cars said, and the newest plan while one is
    wanted.
    """
    told = await completing.completed(tx, site_id, now)
    kept = await store.latest(tx, site_id) if await store.wishes(tx, site_id) else None
    if kept is None:
        return lambda situation, _now: wished(situation, told)
    plan = kept.plan
    return lambda situation, now: guided(wished(situation, told), plan, now)


def _caps(wanted: Wanted, begins_at: datetime) -> tuple[float, ...]:
    if wanted.level_kw <= 0:
        return ()
    counted = factors(wanted.tariff, [begins_at + period * STEP for period in range(PERIODS)])
    return tuple(caps_kw(wanted.level_kw, counted).tolist())


def _as_it_was(place: Place, each: Past) -> Car:
    return Car(
        place=place, comes_at=each.started_at, hours=told(hours_of(each)), energy_kwh=told(each.energy_wh / 1000)
    )

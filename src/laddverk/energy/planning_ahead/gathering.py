"""Gathers all that a plan depends on: the tree, cars, habits, meters, sun, battery, prices and the month's peaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import SourceKind, Tree
from laddverk.energy.planning_ahead import arriving, store, store_quarters, sunshine, surroundings
from laddverk.energy.planning_ahead.arriving import Arrivals
from laddverk.energy.planning_ahead.building import Car, feeders, stays
from laddverk.energy.planning_ahead.calibrating import widenings
from laddverk.energy.planning_ahead.forecasting import Floats, Source, are_good
from laddverk.energy.planning_ahead.knowing import STEP, cars_of, ended_of, stays_of, taken, used
from laddverk.energy.planning_ahead.model import (
    HORIZON_H,
    STEP_MINUTES,
    VOLTAGE_V,
    Ahead,
    Basis,
    Battery,
    Knows,
    Stay,
)
from laddverk.energy.planning_ahead.peak_terms import sunk, terms
from laddverk.energy.planning_ahead.rolling import LEARNT_FROM, floor
from laddverk.energy.planning_ahead.store import Past, Wanted
from laddverk.energy.planning_ahead.sunshine import Given, Position
from laddverk.energy.planning_ahead.surroundings import Beside, Quarter
from laddverk.platform.database import Transaction
from laddverk.tariffs import spot, store_spot

PERIODS: Final = HORIZON_H * 60 // STEP_MINUTES
PAST_KEPT: Final = timedelta(days=200)  # habits, and the whole of the month
MONTH_AT_MOST: Final = timedelta(days=32)
PRICES_AROUND: Final = timedelta(days=7)  # what is not known yet is taken from a day near by
WEEK: Final = timedelta(days=7)
HELD_SHARE: Final = 0.5  # of a battery, for nothing tells how full it is


class Gathered(Struct, frozen=True, kw_only=True):
    """The plan's question, and what is known of its parts."""

    ahead: Ahead
    knows: Knows
    are_forecasts_good: bool
    are_prices_stale: bool
    battery: Battery | None
    """It is not in `ahead`: nobody here commands it."""


class Prices(Struct, frozen=True):
    """What a kWh costs by periods, and until when that is known; empty where nothing at all is."""

    per_kwh: tuple[float, ...] = ()
    until: datetime | None = None


class Own(Struct, frozen=True, kw_only=True):
    """What a site draws beside charging and gets from its sun, by periods in W."""

    base_w: tuple[float, ...] = ()
    solar_w: tuple[float, ...] = ()
    load: Basis = Basis.UNKNOWN
    sun: Basis | None = None
    sun_quarters: int = 0


async def gathered(tx: Transaction, wanted: Wanted, tree: Tree, now: datetime) -> Gathered:
    """Return the question of a site's plan as of `now`. The tree must have circuits and outlets."""
    begins_at = floor(now)
    zone = ZoneInfo(wanted.tariff.timezone)
    stations = sorted({place.station_id for place in tree.places})
    past = await store.past_sessions(tx, stations, now - PAST_KEPT)
    widening = widenings(ended_of(past))
    cars = cars_of(tree, await store.open_sessions(tx, stations, now), past, now, widening)
    coming = _coming(tree, cars, past, begins_at)
    quarters = await quarters_of(tx, tree, begins_at - LEARNT_FROM, begins_at)
    beside = surroundings.forecast(tree, quarters, begins_at, STEP, PERIODS, zone)
    own = await _own(tx, wanted, tree, quarters, begins_at, zone)
    signals = await circuits.signals(tx, [wanted.site_id], now)
    prices = await prices_of(tx, wanted, begins_at, PERIODS)
    before = begins_at - MONTH_AT_MOST
    seen = taken(past, before, begins_at, net_w(tree, quarters, before, begins_at))
    ahead = Ahead(
        begins_at=begins_at,
        price_per_kwh=prices.per_kwh,
        sell_per_kwh=tuple(max(0.0, each - wanted.added_per_kwh) for each in prices.per_kwh) if own.solar_w else (),
        base_load_w=own.base_w,
        solar_w=own.solar_w,
        feeders=feeders(tree, signals, beside.current_a, begins_at, STEP_MINUTES, PERIODS, zone),
        stays=stays(tree, cars, begins_at, STEP_MINUTES) + expected_stays(tree, coming, begins_at),
        peaks=terms(wanted.tariff, begins_at, STEP_MINUTES, PERIODS, sunk(wanted.tariff, seen, begins_at)),
    )
    good = not cars or are_good([car.hours for car in cars], [max(car.energy_kwh.middle, 0.1) for car in cars])
    return Gathered(
        ahead=ahead,
        knows=_knows(own, beside, coming, widening.get(Source.EVERYBODY, (0.0, 0.0))[0], prices.until),
        are_forecasts_good=good,
        are_prices_stale=prices.until is not None and prices.until <= begins_at,
        battery=battery_of(tree),
    )


def _knows(own: Own, beside: Beside, coming: Arrivals, widened_h: float, until: datetime | None) -> Knows:
    return Knows(
        load=own.load,
        load_quarters=beside.seen,
        sun=own.sun,
        sun_quarters=own.sun_quarters,
        cars_low=coming.low,
        cars_mean=round(coming.mean, 1),
        cars_high=coming.high,
        widened_h=round(widened_h, 2),
        prices_until=until,
    )


def _coming(tree: Tree, cars: Sequence[Car], past: Sequence[Past], begins_at: datetime) -> Arrivals:
    if not past:
        return Arrivals()
    ended = [each for each in reversed(past) if each.ended_at is not None]
    weeks = (begins_at - min(each.started_at for each in past)) / WEEK
    taken_now = [car.place.key for car in cars]
    return arriving.expected(stays_of(ended), weeks, tree.places, used(past), begins_at, STEP, PERIODS, taken_now)


def expected_stays(tree: Tree, coming: Arrivals, begins_at: datetime) -> tuple[Stay, ...]:
    """Return the cars that are only expected as stays: middles of what is usual, for they promise nothing."""
    found = stays(tree, coming.cars, begins_at, STEP_MINUTES, safe_quantile=False)
    return tuple(replace(each, key=arriving.EXPECTED + each.key) for each in found)


async def quarters_of(tx: Transaction, tree: Tree, since: datetime, until: datetime) -> list[Quarter]:
    """Return what is kept of a site's circuits and sources."""
    series = [*(one.id for one in tree.circuits), *(one.id for one in tree.sources)]
    return await store_quarters.quarters(tx, series, since, until)


async def _own(
    tx: Transaction, wanted: Wanted, tree: Tree, quarters: Sequence[Quarter], begins_at: datetime, zone: ZoneInfo
) -> Own:
    """Forecast load and sun. What a roof with a meter gave is load too: the meter at the fuse shows the rest."""
    sun = [one for one in tree.sources if one.kind is SourceKind.SOLAR]
    given = {one.id: [Given(q.at, q.power_w or 0.0) for q in quarters if q.series == one.id] for one in sun}
    gross = with_sun(tree, quarters)
    load = surroundings.forecast(tree, gross, begins_at, STEP, PERIODS, zone).power_w
    base_w = None if load is None else load[:, 1]
    seen_by = [one for one in sun if one.meter_id is not None or base_w is None]
    site = await store_quarters.place_of(tx, wanted.site_id)
    solar_w, basis = np.zeros(PERIODS), None
    if sun and not seen_by:
        basis = Basis.IN_THE_METER
    elif sun and (site is None or site.latitude is None or site.longitude is None):
        basis = Basis.UNKNOWN
    elif site is not None:
        where = Position(site.latitude or 0.0, site.longitude or 0.0)
        for one in seen_by:
            solar_w += sunshine.forecast(given[one.id], one.power_max_w, where, begins_at, STEP, PERIODS)[:, 1]
            basis = Basis.MEASURED if sunshine.is_known(given[one.id], where) else Basis.GUESSED
    return _balanced(tree, base_w, solar_w, basis, sum(len(each) for each in given.values()))


def _balanced(tree: Tree, base_w: Floats | None, solar_w: Floats, basis: Basis | None, sun_quarters: int) -> Own:
    """Load below nothing is sun. Where the load is not measured, the sun is taken to meet the estimated one first."""
    load = Basis.MEASURED
    if base_w is None:
        estimate_w = sum(sum(one.unmetered_a) for one in tree.circuits) * VOLTAGE_V
        load = Basis.GUESSED if estimate_w else Basis.UNKNOWN
        base_w = np.full(PERIODS, estimate_w if solar_w.any() else 0.0)
    surplus_w = np.maximum(0.0, -base_w)
    base_w, solar_w = np.maximum(0.0, base_w), solar_w + surplus_w
    return Own(
        base_w=tuple(np.round(base_w).tolist()) if base_w.any() else (),
        solar_w=tuple(np.round(solar_w).tolist()) if solar_w.any() else (),
        load=load,
        sun=basis,
        sun_quarters=sun_quarters,
    )


def with_sun(tree: Tree, quarters: Sequence[Quarter]) -> list[Quarter]:
    """Return the quarters of the topmost metered circuits with what metered roofs gave then added: the whole load."""
    tops = top_metered(tree)
    sources = {one.id for one in tree.sources}
    given: dict[datetime, float] = {}
    for each in quarters:
        if each.series in sources:
            given[each.at] = given.get(each.at, 0.0) + (each.power_w or 0.0)
    return [
        replace(each, power_w=(each.power_w or 0.0) + given.get(each.at, 0.0)) if each.series in tops[:1] else each
        for each in quarters
        if each.series not in sources
    ]


def net_w(tree: Tree, quarters: Sequence[Quarter], since: datetime, until: datetime) -> list[float]:
    """Return by quarters what the site drew from the grid beside charging; empty where nothing measures it."""
    tops = set(top_metered(tree))
    found = np.zeros(int((until - since) / STEP))
    mine = [each for each in quarters if each.series in tops and since <= each.at < until]
    for each in mine:
        found[int((each.at - since) / STEP)] += each.power_w or 0.0
    return found.tolist() if mine else []


def top_metered(tree: Tree) -> list[object]:
    """Return the metered circuits that have no metered one above them."""
    tops: list[object] = []
    under: set[object] = set()
    for circuit in tree.circuits:  # parents before their children
        if circuit.parent_id in under or circuit.meter_id is not None:
            under.add(circuit.id)
            if circuit.parent_id not in under:
                tops.append(circuit.id)
    return tops


def battery_of(tree: Tree) -> Battery | None:
    """Return the site's batteries as one, half full; None where there is none."""
    found = [one for one in tree.sources if one.kind is SourceKind.BATTERY and one.energy_wh > 0]
    if not found:
        return None
    capacity_wh = sum(one.energy_wh for one in found)
    power_w = sum(one.power_max_w for one in found)
    return Battery(capacity_wh=capacity_wh, held_wh=HELD_SHARE * capacity_wh, power_max_w=power_w)


async def prices_of(tx: Transaction, wanted: Wanted, begins_at: datetime, periods: int) -> Prices:
    """Return what a kWh costs in each period, with what is not known from the nearest day that is."""
    ends_at = begins_at + periods * STEP
    known = await store_spot.between(
        tx, [wanted.area], wanted.tariff.currency, begins_at - PRICES_AROUND, ends_at
    )  # fmt: skip
    if not known:
        return Prices()
    starts = sorted(spot.filled(known, begins_at, ends_at), key=lambda each: each.starts_at)
    found, at = [], 0
    for period in range(periods):
        now = begins_at + period * STEP
        while at + 1 < len(starts) and starts[at + 1].starts_at <= now:
            at += 1
        found.append(float(starts[at].price) + wanted.added_per_kwh)
    return Prices(tuple(found), max(each.ends_at for each in known))

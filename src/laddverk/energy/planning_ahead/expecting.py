"""What is known of the cars that are plugged in, for those who look: what was said, and between what it is forecast."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import completing, store, store_wishes
from laddverk.energy.planning_ahead.building import Car
from laddverk.energy.planning_ahead.calibrating import widenings
from laddverk.energy.planning_ahead.forecasting import Source
from laddverk.energy.planning_ahead.guessing import Span
from laddverk.energy.planning_ahead.knowing import cars_of, ended_of
from laddverk.energy.planning_ahead.store_wishes import Told
from laddverk.platform.database import Transaction


class Expected(Struct, frozen=True, kw_only=True):
    """What is known of a car. Forecasts are only of what nobody said, and hold eight times of ten."""

    told: Told | None
    leaves: Span | None
    takes_wh: tuple[int, int] | None
    """At least and at most, of the whole session."""


async def expected(tx: Transaction, tree: Tree, now: datetime) -> Mapping[Key, Expected]:
    """Return what is known of the cars at the outlets of a tree, by outlet."""
    stations = sorted({place.station_id for place in tree.places})
    running = await store.open_sessions(tx, stations)
    if not running:
        return {}
    past = await completing.past_of(tx, tree, now)
    told = {(each.station_id, each.evse_number): each for each in await store_wishes.running_at(tx, tree.site_id, now)}
    cars = cars_of(tree, running, past, now, widenings(ended_of(past)))
    return {
        car.place.key: Expected(told=told.get(car.place.key), leaves=_leaves(car, now), takes_wh=_takes_wh(car))
        for car in cars
    }


def _leaves(car: Car, now: datetime) -> Span | None:
    if car.hours.source in (Source.DRIVER, Source.NOTHING):
        return None
    since, until = (car.comes_at + timedelta(hours=each) for each in (car.hours.low, car.hours.high))
    return Span(since, until) if until > now else None


def _takes_wh(car: Car) -> tuple[int, int] | None:
    if car.energy_kwh.source in (Source.DRIVER, Source.NOTHING):
        return None
    return round(car.energy_kwh.low * 1000), round(car.energy_kwh.high * 1000)

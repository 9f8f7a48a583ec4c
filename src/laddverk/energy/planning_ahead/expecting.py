"""What nobody said of the cars that are plugged in, as it is forecast, for those who look."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import completing, store
from laddverk.energy.planning_ahead.building import Car
from laddverk.energy.planning_ahead.calibrating import widenings
from laddverk.energy.planning_ahead.forecasting import Source
from laddverk.energy.planning_ahead.guessing import Span
from laddverk.energy.planning_ahead.knowing import cars_of, ended_of
from laddverk.energy.planning_ahead.store import Open, Past
from laddverk.platform.database import Transaction


class Expected(Struct, frozen=True, kw_only=True):
    """Between what an unsaid departure and energy of a car are forecast to lie, eight times of ten."""

    leaves: Span | None
    takes_wh: tuple[int, int] | None
    """At least and at most, of the whole session."""


class Known(Struct, frozen=True, kw_only=True):
    """What the forecast is made of, as it was read."""

    tree: Tree
    running: Sequence[Open]
    past: Sequence[Past]
    now: datetime


async def known_of(tx: Transaction, tree: Tree, now: datetime) -> Known:
    """Return what is known of the cars at the outlets of a tree, and of those before them."""
    running = await store.open_sessions(tx, sorted({place.station_id for place in tree.places}), now)
    past = await completing.past_of(tx, tree, now) if running else []
    return Known(tree=tree, running=running, past=past, now=now)


async def expected(known: Known) -> Mapping[Key, Expected]:
    """Return what is forecast of the cars that are known, by outlet; without those that leave nothing open.

    Some milliseconds for each car: for a page that is opened, not for one that is drawn anew twice a second, and for
    when its transaction is over.
    """
    if not known.running:
        return {}
    cars = await asyncio.to_thread(_cars, known.tree, known.running, known.past, known.now)
    found = {car.place.key: Expected(leaves=_leaves(car, known.now), takes_wh=_takes_wh(car)) for car in cars}
    return {key: each for key, each in found.items() if each.leaves or each.takes_wh}


def _cars(tree: Tree, running: Sequence[Open], past: Sequence[Past], now: datetime) -> list[Car]:
    return cars_of(tree, running, past, now, widenings(ended_of(past)))


def _leaves(car: Car, now: datetime) -> Span | None:
    if car.hours.source in (Source.DRIVER, Source.NOTHING):
        return None
    since, until = (car.comes_at + timedelta(hours=each) for each in (car.hours.low, car.hours.high))
    return Span(since, until) if until > now else None


def _takes_wh(car: Car) -> tuple[int, int] | None:
    if car.energy_kwh.source in (Source.DRIVER, Source.NOTHING):
        return None
    return round(car.energy_kwh.low * 1000), round(car.energy_kwh.high * 1000)

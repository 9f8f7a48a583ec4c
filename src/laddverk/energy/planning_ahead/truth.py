"""A time that is over as it turned out: who came, what each drew, what else flowed, what energy cost. Pure.

The best of such a time uses the fuses to their ratings, less what other load truly drew; what a plan had to leave free
beyond that is the price of safety.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits import loads
from laddverk.energy.circuits.model import NO_CURRENT, CircuitId, PerPhase, Place, Signal, Tree
from laddverk.energy.planning_ahead import surroundings
from laddverk.energy.planning_ahead.building import Car, feeders, stays
from laddverk.energy.planning_ahead.days import Lack
from laddverk.energy.planning_ahead.forecasting import Floats, told
from laddverk.energy.planning_ahead.gathering import net_w
from laddverk.energy.planning_ahead.knowing import HOUR, STEP
from laddverk.energy.planning_ahead.model import STEP_MINUTES, Ahead, Feeder, Stay
from laddverk.energy.planning_ahead.store_days import Price, Stayed
from laddverk.energy.planning_ahead.surroundings import DrawnQuarter, Quarter

DAY: Final = timedelta(days=1)
STEP_H: Final = STEP / HOUR
NEAR_DAYS: Final = 7  # a price that is missing is that of a day before, at most so long ago
Rows = dict[CircuitId, list[PerPhase]]


class Truth(Struct, frozen=True, kw_only=True):
    """What a time was. `quarters`, `drawn` and `prices` may begin before it."""

    tree: Tree
    zone: ZoneInfo
    added_per_kwh: float
    begins_at: datetime
    periods: int
    mine: tuple[Stayed, ...]
    """Sessions that are looked at: they begin and end within the time."""
    others: tuple[Stayed, ...]
    """Sessions that were there as well: other load."""
    drawn: tuple[DrawnQuarter, ...]
    quarters: tuple[Quarter, ...]
    prices: tuple[Price, ...]
    signals: tuple[Signal, ...] = ()

    @property
    def ends_at(self) -> datetime:
        """When it was over."""
        return self.begins_at + self.periods * STEP

    def period_of(self, at: datetime) -> int:
        """The period in which an instant lies."""
        return (at - self.begins_at) // STEP


def seen(truth: Truth, *, is_asked: bool) -> Ahead:
    """Return a time as the best would have seen it, without the fees of peaks.

    `is_asked`: a stay wants what was asked for where that is more than it took; else exactly what it took.
    """
    others = _others_by_circuit(truth)
    bare = replace(truth.tree, circuits=tuple(replace(one, margin_a=0.0, windows=()) for one in truth.tree.circuits))
    net = net_w(truth.tree, truth.quarters, truth.begins_at, truth.ends_at) or [0.0] * truth.periods
    others_w = np.sum([np.array(row) for row in given_wh(truth, truth.others).values()] or [np.zeros(1)], axis=0)
    return Ahead(
        begins_at=truth.begins_at,
        price_per_kwh=tuple(prices(truth)),
        base_load_w=tuple(np.maximum(0.0, np.array(net) + others_w / STEP_H).tolist()),
        feeders=_feeders(truth, bare, _added(others, _measured_by_circuit(truth)), ()),
        stays=tuple(_stays(truth, is_asked=is_asked)),
    )


def careful(truth: Truth) -> tuple[Feeder, ...]:
    """Return the feeders as a plan had to see them: below margins and hours, beside a careful forecast of the rest."""
    before = [each for each in truth.quarters if each.at < truth.begins_at]
    beside = surroundings.forecast(truth.tree, before, truth.begins_at, STEP, truth.periods, truth.zone).current_a
    return _feeders(truth, truth.tree, _added(_others_by_circuit(truth), beside), truth.signals)


def _feeders(truth: Truth, tree: Tree, other_a: Rows, signals: Sequence[Signal]) -> tuple[Feeder, ...]:
    return feeders(tree, signals, other_a, truth.begins_at, STEP_MINUTES, truth.periods, truth.zone)


def _stays(truth: Truth, *, is_asked: bool) -> list[Stay]:
    places = _places(truth)
    given = given_wh(truth, truth.mine)
    found = []
    for one in truth.mine:
        ended_at = one.ended_at or truth.ends_at
        car = Car(
            place=places[one.station_id, one.evse_number],
            comes_at=one.started_at,
            hours=told((ended_at - one.started_at) / HOUR),
            energy_kwh=told((max(one.energy_wh, one.asked_wh or 0) if is_asked else one.energy_wh) / 1000),
            phases_seen=1 if one.is_on_one_phase else None,
        )
        (stay,) = stays(truth.tree, [car], truth.begins_at, STEP_MINUTES)
        row = given[str(one.id)]
        most_w = max(one.power_most_w or 0.0, max(row) / STEP_H)
        departs = min(truth.periods, -((truth.begins_at - ended_at) // STEP))
        found.append(
            replace(stay, key=str(one.id), departs=max(stay.arrives + 1, departs), ceiling_a=most_w / stay.watts_per_a)
        )
    return found


def given_wh(truth: Truth, sessions: Sequence[Stayed]) -> dict[str, list[float]]:
    """Return what each session got by periods, by its id: as its readings tell; unread it is spread evenly.

    A session that lies within the time gets its energy exactly; one that goes beyond it, what was read within.
    """
    by_outlet: dict[loads.Key, dict[int, float]] = {}
    for each in truth.drawn:
        by_outlet.setdefault(each.key, {})[truth.period_of(each.at)] = each.power_w
    return {
        str(one.id): _row(truth, one, by_outlet.get((one.station_id, one.evse_number), {})).tolist() for one in sessions
    }


def _row(truth: Truth, one: Stayed, read_w: dict[int, float]) -> Floats:
    until = min(one.ended_at or truth.ends_at, truth.ends_at)
    there = _overlap(truth, one.started_at, until)
    read = np.array([read_w.get(period, 0.0) for period in range(truth.periods)])
    is_whole = one.ended_at is not None and truth.begins_at <= one.started_at and one.ended_at <= truth.ends_at
    row: Floats = there * read * STEP_H
    if not is_whole:
        return row
    if row.sum() <= 0:
        row = _overlap(truth, one.started_at, max(one.started_at + timedelta(minutes=1), min(one.drew_until, until)))
    whole = float(row.sum())
    scale = one.energy_wh / whole if whole > 0 else 1.0
    return np.asarray(row * scale, dtype=np.float64)


def _overlap(truth: Truth, since: datetime, until: datetime) -> Floats:
    """Return which share of each period lies between two instants."""
    first, last = (since - truth.begins_at) / STEP, (until - truth.begins_at) / STEP
    starts = np.arange(truth.periods, dtype=np.float64)
    return np.asarray(np.maximum(0.0, np.minimum(starts + 1, last) - np.maximum(starts, first)), dtype=np.float64)


def _others_by_circuit(truth: Truth) -> Rows:
    """Return what the other sessions drew through each circuit, on the phases of their outlets."""
    places = _places(truth)
    found: Rows = {one.id: [NO_CURRENT] * truth.periods for one in truth.tree.circuits}
    given = given_wh(truth, truth.others)
    for period in range(truth.periods):
        currents: dict[loads.Key, PerPhase] = {}
        for one in truth.others:
            power_w = given[str(one.id)][period] / STEP_H
            if power_w > 0:
                place = places[one.station_id, one.evse_number]
                currents[place.key] = loads.on_grid(place, loads.Drawn(power_w=power_w), truth.tree.wiring)
        if currents:
            for key, load in loads.loads(truth.tree, currents, {}).items():
                found[key][period] = load.charging_a
    return found


def _measured_by_circuit(truth: Truth) -> Rows:
    """Return what other load drew through each circuit; what was not measured is what people estimated."""
    by_series: dict[object, dict[int, PerPhase]] = {}
    for each in truth.quarters:
        if truth.begins_at <= each.at < truth.ends_at:
            by_series.setdefault(each.series, {})[truth.period_of(each.at)] = each.current_a
    rows: Rows = {one.id: [one.unmetered_a] * truth.periods for one in truth.tree.circuits}
    for circuit in reversed(truth.tree.circuits):  # children before their parents
        for period, current_a in by_series.get(circuit.id, {}).items():
            rows[circuit.id][period] = current_a
        if circuit.parent_id is None:
            continue
        measured = by_series.get(circuit.parent_id, {})
        for period in range(truth.periods):
            if period not in measured:
                above = rows[circuit.parent_id]
                above[period] = loads.added(above[period], rows[circuit.id][period])
    return rows


def _added(ones: Rows, others: Rows) -> Rows:
    return {key: [loads.added(*pair) for pair in zip(row, others[key], strict=True)] for key, row in ones.items()}


def _places(truth: Truth) -> dict[loads.Key, Place]:
    return {place.key: place for place in truth.tree.places}


def prices(truth: Truth, shift: timedelta = timedelta()) -> list[float]:
    """Return each period's price with what is added; one that is missing is a day's before, else the mean.

    `shift` moves the time back: a day back it is what one knew who had yesterday's prices alone.
    """
    known = _by_start(truth)
    mean = float(sum(each.price for each in truth.prices) / len(truth.prices)) if truth.prices else 0.0
    found = []
    for period in range(truth.periods):
        at = truth.begins_at + period * STEP - shift
        days = (known[day] for back in range(NEAR_DAYS + 1) if (day := at - back * DAY) in known)
        near = next(days, None)
        found.append((float(near.price) if near is not None else mean) + truth.added_per_kwh)
    return found


def known_at(truth: Truth) -> list[datetime | None]:
    """Return when each period's price became known; None: it never did."""
    known = _by_start(truth)
    starts = [truth.begins_at + period * STEP for period in range(truth.periods)]
    return [known[at].fetched_at if at in known else None for at in starts]


def _by_start(truth: Truth) -> dict[datetime, Price]:
    return {
        each.starts_at + number * STEP: each
        for each in truth.prices
        for number in range(max(1, (each.ends_at - each.starts_at) // STEP))
    }


def lacks(truth: Truth) -> list[Lack]:
    """Return what is not known of a time."""
    found = []
    if not truth.prices:
        found.append(Lack.NO_PRICES)
    elif None in known_at(truth):
        found.append(Lack.SOME_PRICES)
    if not net_w(truth.tree, truth.quarters, truth.begins_at, truth.ends_at):
        found.append(Lack.LOAD_NOT_MEASURED)
    if any(one.power_most_w is None for one in truth.mine):
        found.append(Lack.SOME_READINGS)
    return found

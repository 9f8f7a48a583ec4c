"""What a site draws besides charging: found by the quarter from its meters, and forecast by the hour of the week. Pure.

A meter shows all current; what cars drew in the same quarter is taken off. A quarter in which a car charged that told
nothing is left out: its current would be taken for the building's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from laddverk.energy.circuits import loads
from laddverk.energy.circuits.loads import Drawn, Key
from laddverk.energy.circuits.model import Circuit, CircuitId, PerPhase, Place, Reading, Tree
from laddverk.energy.planning_ahead.forecasting import HOURS_OF_WEEK, Floats, base_load
from laddverk.energy.planning_ahead.model import VOLTAGE_V

QUARTER: Final = timedelta(minutes=15)
SEEN_MIN: Final = 96  # quarters, a day, below which people's estimates stand
WEEK: Final = timedelta(days=7)


class Quarter(Struct, frozen=True, kw_only=True):
    """Means of a quarter of an hour: of a meter, or of what flows through its circuit beside charging."""

    series: UUID
    """A meter, a circuit or a source."""
    at: datetime
    current_a: PerPhase
    power_w: float | None


class DrawnQuarter(Struct, frozen=True, kw_only=True):
    """What an outlet drew in the mean of a quarter, on its own phases."""

    station_id: UUID
    evse_number: int
    at: datetime
    current_l1_a: float
    current_l2_a: float
    current_l3_a: float
    power_w: float

    @property
    def key(self) -> Key:
        """What names the outlet."""
        return self.station_id, self.evse_number


class Beside(Struct, frozen=True, kw_only=True):
    """Other load over the horizon, a row for each period."""

    current_a: dict[CircuitId, list[PerPhase]]
    """High values, by circuit, with what hangs below: what a limit must leave room for."""
    power_w: Floats | None
    """Of the whole site as (low, middle, high); None where nothing measures it."""
    seen: int
    """Quarters that were measured at the grid connection, or at the circuit that was measured the most."""


def beside_charging(
    tree: Tree, metered: Sequence[Quarter], drawn: Sequence[DrawnQuarter], silent: Collection[datetime]
) -> list[Quarter]:
    """Return what flowed through each metered circuit beside charging, by quarters.

    `metered` is by meter; quarters in `silent` are left out. Power is the meter's less the cars', below 0 where the
    site gave more than it drew; of a meter that tells none it is made of the currents.
    """
    circuit_of: dict[UUID, Circuit] = {
        circuit.meter_id: circuit for circuit in tree.circuits if circuit.meter_id is not None
    }
    places: dict[Key, Place] = {place.key: place for place in tree.places}
    by_quarter: dict[datetime, list[DrawnQuarter]] = {}
    for one in drawn:
        by_quarter.setdefault(one.at, []).append(one)
    found = []
    for each in metered:
        circuit = circuit_of.get(each.series)
        if circuit is None or each.at in silent:
            continue
        cars = [one for one in by_quarter.get(each.at, ()) if one.key in places]
        reading = Reading(circuit_id=circuit.id, at=each.at, current_a=each.current_a)
        currents = {one.key: loads.on_grid(places[one.key], _said(one), tree.wiring) for one in cars}
        load = loads.loads(tree, currents, {circuit.id: reading})[circuit.id]
        below = _below(tree, circuit.id)
        cars_w = sum(one.power_w for one in cars if places[one.key].circuit_id in below)
        power_w = sum(load.other_a) * VOLTAGE_V if each.power_w is None else each.power_w - cars_w
        found.append(Quarter(series=circuit.id, at=each.at, current_a=load.other_a, power_w=power_w))
    return found


def forecast(
    tree: Tree, quarters: Sequence[Quarter], begins_at: datetime, step: timedelta, periods: int, zone: ZoneInfo
) -> Beside:
    """Return the other load of every circuit: what was measured of it by the hour of the week, else the estimates.

    What is not measured is the estimate of the circuit and what hangs below. A circuit with less than a day of
    readings counts as not measured.
    """
    by_series: dict[UUID, list[Quarter]] = {}
    for each in quarters:
        by_series.setdefault(each.series, []).append(each)
    hours = np.array([_hour_of_week(begins_at + number * step, zone) for number in range(periods)])
    current: dict[CircuitId, Floats] = {one.id: np.tile(one.unmetered_a, (periods, 1)) for one in tree.circuits}
    power: dict[CircuitId, Floats | None] = {one.id: None for one in tree.circuits}
    for circuit in reversed(tree.circuits):  # children before their parents
        mine = by_series.get(circuit.id, [])
        if len(mine) >= SEEN_MIN:
            current[circuit.id], power[circuit.id] = _of_week(mine, begins_at, hours, zone)
        if circuit.parent_id is not None:
            current[circuit.parent_id] = current[circuit.parent_id] + current[circuit.id]
            power[circuit.parent_id] = _sum(power[circuit.parent_id], power[circuit.id])
    root = next((one.id for one in tree.circuits if one.parent_id is None), None)
    return Beside(
        current_a={key: [_phases(row) for row in rows.tolist()] for key, rows in current.items()},
        power_w=power[root] if root is not None else None,
        seen=max((len(mine) for mine in by_series.values()), default=0),
    )


def _of_week(quarters: Sequence[Quarter], now: datetime, hours: Floats, zone: ZoneInfo) -> tuple[Floats, Floats]:
    seen = np.array([_hour_of_week(each.at, zone) for each in quarters], dtype=np.int64)
    weeks_ago = np.array([(now - each.at) / WEEK for each in quarters])
    amperes = np.array([each.current_a for each in quarters], dtype=np.float64)
    watts = np.array([each.power_w or 0.0 for each in quarters], dtype=np.float64)
    high_a = np.stack([base_load(seen, weeks_ago, amperes[:, phase])[hours, 2] for phase in range(3)], axis=1)
    return high_a, base_load(seen, weeks_ago, watts)[hours]


def _sum(one: Floats | None, other: Floats | None) -> Floats | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _hour_of_week(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return (local.weekday() * 24 + local.hour) % HOURS_OF_WEEK


def _below(tree: Tree, circuit_id: CircuitId) -> set[CircuitId]:
    found = {circuit_id}
    for circuit in tree.circuits:  # parents before their children
        if circuit.parent_id in found:
            found.add(circuit.id)
    return found


def _said(each: DrawnQuarter) -> Drawn:
    return Drawn(current_a=(each.current_l1_a, each.current_l2_a, each.current_l3_a), power_w=each.power_w)


def _phases(row: Sequence[float]) -> PerPhase:
    return row[0], row[1], row[2]


def measured_w(
    quarters: Mapping[datetime, float], begins_at: datetime, step: timedelta, periods: int, otherwise: Sequence[float]
) -> list[float]:
    """Return for a time that is over what was measured by quarters, and `otherwise` where nothing was."""
    count = max(1, step // QUARTER)
    found = []
    for number in range(periods):
        at = begins_at + number * step
        here = [quarters[each] for part in range(count) if (each := at + part * QUARTER) in quarters]
        found.append(sum(here) / len(here) if here else otherwise[number])
    return found

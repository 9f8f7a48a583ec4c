"""How much flows through each circuit: what chargers draw, summed up the tree, and the other load beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import NO_CURRENT, CircuitId, PerPhase, Place, Reading, Tree, Wiring
from laddverk.energy.circuits.rules import phases_of
from laddverk.energy.model import VOLTAGE_V

Key = tuple[UUID, int]
LINE_FACTOR: Final = 3**0.5  # between lines the voltage is this times that to neutral: 400 V, or 230 V on an IT grid


class Drawn(Struct, frozen=True, kw_only=True):
    """What an outlet said that it draws: amperes by the charger's own phases, or at least the power."""

    at: datetime | None = None
    current_a: tuple[float | None, float | None, float | None] = (None, None, None)
    power_w: float | None = None


class Load(Struct, frozen=True, kw_only=True):
    """What flows through a circuit on each phase."""

    charging_a: PerPhase = NO_CURRENT
    other_a: PerPhase = NO_CURRENT
    measured_at: datetime | None = None
    """Of its own meter; None: the other load is an estimate."""

    @property
    def total_a(self) -> PerPhase:
        """All of it."""
        return added(self.charging_a, self.other_a)


def added(one: PerPhase, other: PerPhase) -> PerPhase:
    """Return the sum of two currents on each phase. On a delta grid it is on the safe side: angles are left out."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def on_grid(place: Place, drawn: Drawn, wiring: Wiring) -> PerPhase:
    """Return what an outlet draws on each phase of the grid, as it is drawn in the tree.

    Readings name the charger's phases; where only the power is known it is taken as even over its phases.
    """
    given = [max(0.0, amperes or 0.0) for amperes in drawn.current_a]
    if place.phases == 0 or not any(given):
        given = _even(place, drawn.power_w or 0.0, wiring)
    loads = [0.0, 0.0, 0.0]
    if place.phases == 1:
        for phase in phases_of(place, wiring):
            loads[phase] += max(given)
    else:
        for amperes, phase in zip(given, place.rotation.phases, strict=True):
            loads[phase] += amperes
    return loads[0], loads[1], loads[2]


def _even(place: Place, power_w: float, wiring: Wiring) -> list[float]:
    if place.phases == 1:
        return [power_w / VOLTAGE_V, 0.0, 0.0]
    of_all_three = 3 * VOLTAGE_V if wiring is Wiring.STAR_400 else LINE_FACTOR * VOLTAGE_V
    return [power_w / of_all_three] * 3


def loads(tree: Tree, currents: Mapping[Key, PerPhase], readings: Mapping[UUID, Reading]) -> dict[CircuitId, Load]:
    """Return the load of each circuit: `currents` of outlets on the grid's phases, `readings` of meters.

    Other load is what the meter shows beyond charging; without a meter it is the estimate, and what hangs below.
    """
    charging: dict[CircuitId, PerPhase] = {circuit.id: NO_CURRENT for circuit in tree.circuits}
    for place in tree.places:
        charging[place.circuit_id] = added(charging[place.circuit_id], currents.get(place.key, NO_CURRENT))
    other = {circuit.id: circuit.unmetered_a for circuit in tree.circuits}
    found: dict[CircuitId, Load] = {}
    for circuit in reversed(tree.circuits):  # children before their parents
        reading = readings.get(circuit.id)
        if reading is not None:
            other[circuit.id] = _beyond(reading.current_a, charging[circuit.id])
        found[circuit.id] = Load(
            charging_a=charging[circuit.id], other_a=other[circuit.id], measured_at=reading.at if reading else None
        )
        if circuit.parent_id is not None:
            charging[circuit.parent_id] = added(charging[circuit.parent_id], charging[circuit.id])
            other[circuit.parent_id] = added(other[circuit.parent_id], other[circuit.id])
    return found


def _beyond(all_a: PerPhase, charging_a: PerPhase) -> PerPhase:
    first, second, third = (max(0.0, one - other) for one, other in zip(all_a, charging_a, strict=True))
    return first, second, third

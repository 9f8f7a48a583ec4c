"""Makes the plan's question of what a site is: its circuits with their limits over time, and the cars on them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.circuits.limits import holding
from laddverk.energy.circuits.model import CircuitId, PerPhase, Place, Signal, Tree, Wiring
from laddverk.energy.planning_ahead.forecasting import Interval, Source
from laddverk.energy.planning_ahead.model import FLOOR_A, UNMET_PER_KWH, VOLTAGE_V, Feeder, Stay
from laddverk.energy.steering.placing import key_of

GUESSED_PER_KWH: Final = 5.0  # major currency: what lacking energy costs that nobody but a forecast asked for
EVERYWHERE: Final[PerPhase] = (1.0, 1.0, 1.0)
DELTA_FACTOR: Final = 3**0.5  # of a line's current to that of a load between lines, where all three are loaded


class Car(Struct, frozen=True, kw_only=True):
    """A car that is plugged in, or expected, as the plan has to know it."""

    place: Place
    comes_at: datetime
    hours: Interval
    """How long it stays, all in all."""
    energy_kwh: Interval
    """What it takes, all in all."""
    attained_wh: float = 0.0
    ceiling_a: float | None = None
    """What the car itself takes, where that was seen."""
    phases_seen: int | None = None


def feeders(
    tree: Tree,
    signals: Sequence[Signal],
    other_a: Mapping[CircuitId, Sequence[PerPhase]],
    begins_at: datetime,
    step_minutes: int,
    periods: int,
    zone: ZoneInfo,
) -> tuple[Feeder, ...]:
    """Return each circuit with what cars may take in each period: the lowest limit of it, other load taken off.

    `other_a` holds the other load of a circuit by period, with all that hangs below it; a circuit that is absent has
    what people estimated.
    """
    number_of = {circuit.id: number for number, circuit in enumerate(tree.circuits)}
    step = timedelta(minutes=step_minutes)
    ends_at = begins_at + periods * step
    found = []
    for circuit in tree.circuits:
        limits: list[PerPhase] = []
        at = begins_at
        while at < ends_at:
            held = holding(circuit, signals, at, zone)
            until = min(held.until or ends_at, ends_at)
            count = max(1, -((begins_at - until) // step) - len(limits))
            limits += [held.limit_a] * count
            at = begins_at + len(limits) * step
        others = other_a.get(circuit.id) or [circuit.unmetered_a] * periods
        left = tuple(_less(limit, other) for limit, other in zip(limits, others, strict=False))
        parent = -1 if circuit.parent_id is None else number_of[circuit.parent_id]
        found.append(Feeder(key=str(circuit.id), parent=parent, limit_a=left))
    return tuple(found)


def stays(
    tree: Tree, cars: Sequence[Car], begins_at: datetime, step_minutes: int, safe_quantile: bool = True
) -> tuple[Stay, ...]:
    """Return the cars as the plan's stays.

    Where a driver said when they leave or what they need, that is a promise. What is only forecast is planned for
    carefully (`safe_quantile`): it may leave as early, and want as much, as its interval says; and what is lacking of
    it costs less. A car that overstays its forecast is taken to leave after the next period.
    """
    number_of = {circuit.id: number for number, circuit in enumerate(tree.circuits)}
    step = timedelta(minutes=step_minutes)
    found = []
    for car in cars:
        use, watts_per_a = loads_of(car.place, tree.wiring, car.phases_seen)
        hours = car.hours.low if safe_quantile else car.hours.middle
        energy_kwh = car.energy_kwh.high if safe_quantile else car.energy_kwh.middle
        is_told = Source.DRIVER in (car.hours.source, car.energy_kwh.source)
        arrives = max(0, (car.comes_at - begins_at) // step)
        departs = (car.comes_at + timedelta(hours=hours) - begins_at) // step
        ceiling_a = car.place.current_max_a if car.place.phases else car.place.power_max_w / watts_per_a
        most_wh = car.energy_kwh.middle * 1000 if energy_kwh == float("inf") else energy_kwh * 1000
        found.append(
            Stay(
                key=key_of(*car.place.key),
                feeder=number_of[car.place.circuit_id],
                use=use,
                watts_per_a=watts_per_a,
                ceiling_a=min(ceiling_a, car.ceiling_a) if car.ceiling_a is not None else ceiling_a,
                wanted_wh=max(0.0, most_wh - car.attained_wh),
                arrives=arrives,
                departs=max(arrives + 1, departs),
                unmet_per_kwh=UNMET_PER_KWH if is_told else GUESSED_PER_KWH,
                floor_a=FLOOR_A if car.place.phases else 0.0,
            )
        )
    return tuple(found)


def loads_of(place: Place, wiring: Wiring, phases_seen: int | None = None) -> tuple[PerPhase, float]:
    """Return what an ampere of an outlet's limit puts on each phase of the grid, and how many watts it gives.

    As the loop counts it: a rotation that nobody verified counts on every phase, and on a 230 V IT grid only the place
    of a one-phase outlet is known, between two lines; what several lines carry is added without regard to angles.
    """
    is_star = wiring is Wiring.STAR_400
    is_single = place.phases == 1 or (phases_seen == 1 and place.phases == 3)
    watts_per_a = VOLTAGE_V if is_single else 3 * VOLTAGE_V
    if not is_star and not (place.phases == 1 and place.is_rotation_known):
        return (DELTA_FACTOR,) * 3, watts_per_a
    if not is_single or not place.is_rotation_known:
        return EVERYWHERE, watts_per_a
    lines = place.rotation.phases[: 1 if is_star else 2]
    return (float(0 in lines), float(1 in lines), float(2 in lines)), watts_per_a


def _less(limit: PerPhase, other: PerPhase) -> PerPhase:
    return (
        max(0.0, limit[0] - other[0]),
        max(0.0, limit[1] - other[1]),
        max(0.0, limit[2] - other[2]),
    )

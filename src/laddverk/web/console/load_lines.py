"""A site's electricity as lines to show: each circuit with its phases, what flows, and the outlets on it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.circuits import limits, loads
from laddverk.energy.circuits.loads import Key, Load
from laddverk.energy.circuits.model import NO_CURRENT, Circuit, CircuitId, PerPhase, Place, Reading, Signal, Tree
from laddverk.energy.circuits.queries import OutletRow
from laddverk.energy.circuits.rules import phases_of
from laddverk.web.console.circuit_words import PHASES, ROTATIONS


class Phase(Struct, frozen=True):
    """One phase of a circuit: what it carries, what may flow now, what flows."""

    name: str
    fuse_a: float
    limit_a: float
    other_a: float
    charging_a: float

    @property
    def total_a(self) -> float:
        """All that flows."""
        return self.other_a + self.charging_a

    @property
    def share(self) -> float:
        """How full it is: of what may flow now."""
        return self.total_a / self.limit_a if self.limit_a else float(self.total_a > 0)

    @property
    def left_a(self) -> float:
        """What may still flow; never below 0."""
        return max(0.0, self.limit_a - self.total_a)

    @property
    def tone(self) -> str:
        """How it looks: broken above the limit, waiting when nearly full."""
        return "broken" if self.share > 1.0 else "wait" if self.share > 0.9 else "energy"


class Hung(Struct, frozen=True):
    """An outlet where it hangs. `outlet` is None when it does not stand at the site any more."""

    place: Place
    name: str
    outlet: OutletRow | None
    current_a: PerPhase
    phases: str
    """As it is written on a board: L1, or L1-L2-L3, or DC."""


class Line(Struct, frozen=True):
    """A circuit with what flows through it and what hangs on it."""

    circuit: Circuit
    depth: int
    phases: tuple[Phase, ...]
    """Only those that are there."""
    holding: limits.Holding
    load: Load
    outlets: tuple[Hung, ...]

    @property
    def fullest(self) -> Phase:
        """The phase that is nearest to its limit."""
        return max(self.phases, key=lambda phase: phase.share)


def labels(outlets: Sequence[OutletRow], site_name: str) -> dict[Key, str]:
    """Return what outlets are called where their site is known: `3`, or `3/2` where charger 3 has several."""
    many = Counter(row.station_id for row in outlets)
    found: dict[Key, str] = {}
    for row in outlets:
        own = row.station_name.removeprefix(site_name).strip(" -·,") or row.station_name
        found[row.key] = f"{own}/{row.evse_number}" if many[row.station_id] > 1 else own
    return found


def lines(
    tree: Tree, site_name: str, outlets: Sequence[OutletRow], readings: Mapping[UUID, Reading],
    signals: Sequence[Signal], now: datetime, zone: ZoneInfo,
) -> list[Line]:  # fmt: skip
    """Return the circuits of `tree` from the grid down, each with its load and its outlets."""
    by_key, called = {row.key: row for row in outlets}, labels(outlets, site_name)
    drawn: dict[Key, PerPhase] = {place.key: _drawn(tree, place, by_key.get(place.key)) for place in tree.places}
    flows = loads.loads(tree, drawn, readings)
    depths: dict[CircuitId | None, int] = {None: -1}
    hung: dict[CircuitId, list[Hung]] = {}
    for place in tree.places:
        name = called.get(place.key) or f"{place.station_id.hex[:8]}/{place.evse_number}"
        hung.setdefault(place.circuit_id, []).append(
            Hung(place, name, by_key.get(place.key), drawn[place.key], phase_text(tree, place))
        )
    found = []
    for circuit in tree.circuits:
        depths[circuit.id] = depths[circuit.parent_id] + 1
        holding = limits.holding(circuit, signals, now, zone)
        found.append(
            Line(
                circuit, depths[circuit.id], _phases(circuit, holding, flows[circuit.id]), holding, flows[circuit.id],
                tuple(sorted(hung.get(circuit.id, ()), key=lambda one: _natural(one.name))),
            )
        )  # fmt: skip
    return found


def phase_text(tree: Tree, place: Place) -> str:
    """Return which phases of the grid an outlet uses, in the order of its own."""
    if place.phases == 0:
        return "DC"
    if place.phases == 1:
        return "-".join(PHASES[phase] for phase in phases_of(place, tree.wiring))
    return ROTATIONS[place.rotation]


def _drawn(tree: Tree, place: Place, row: OutletRow | None) -> PerPhase:
    said = row.drawn if row is not None else None
    return loads.on_grid(place, said, tree.wiring) if said is not None else NO_CURRENT


def _phases(circuit: Circuit, holding: limits.Holding, load: Load) -> tuple[Phase, ...]:
    every = zip(PHASES, circuit.limit_a, holding.limit_a, load.other_a, load.charging_a, strict=True)
    return tuple(Phase(*phase) for phase in every if phase[1])


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts `10` after `9`."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in name.replace("/", " / ").split())

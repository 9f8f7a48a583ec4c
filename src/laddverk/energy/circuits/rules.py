"""What a tree must be. Pure: a tree in; the same in order out, or a problem that names the field and the remedy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.energy.circuits.model import (
    CIRCUITS_MAX,
    DEPTH_MAX,
    LIMIT_MAX_A,
    NAME_MAX,
    PLACES_MAX,
    SOURCES_MAX,
    WEIGHT_MAX,
    WEIGHT_MIN,
    WINDOWS_MAX,
    Circuit,
    CircuitId,
    CircuitKind,
    PerPhase,
    Place,
    Signal,
    Source,
    SourceKind,
    Tree,
    Window,
    Wiring,
)
from laddverk.kernel.problems import Conflict, Invalid, TooMany

POWER_MAX_W: Final = 10_000_000.0  # of one outlet or source: more than a truck stop's largest
ENERGY_MAX_WH: Final = 1e9
RANK_MAX: Final = 9
NOTE_MAX: Final = 500
MINUTES_OF_DAY: Final = 1440
ALL_PHASES: Final = (0, 1, 2)


def checked(tree: Tree) -> Tree:
    """Return `tree` with parents before their children.

    Raises `Invalid` that names the field and the circuit, `Conflict` where a circuit stands in its own way, `TooMany`.
    """
    _few_enough(tree)
    for circuit in tree.circuits:
        _checked_circuit(circuit)
    ordered = _ordered(tree.circuits)
    by_id = {circuit.id: circuit for circuit in ordered}
    _names_differ(ordered)
    seen: set[tuple[UUID, int]] = set()
    for place in tree.places:
        _checked_place(place, by_id, tree.wiring)
        if place.key in seen:
            raise Invalid("This outlet hangs in two places.", field="outlet", remedy="Take it out of one of them.")
        seen.add(place.key)
    for source in tree.sources:
        _checked_source(source, by_id)
    return replace(tree, circuits=ordered)


def phases_of(place: Place, wiring: Wiring) -> tuple[int, ...]:
    """Return the phases of the grid (0, 1, 2) that an outlet may load, as it is drawn, known or not."""
    if place.phases != 1:
        return ALL_PHASES
    return place.rotation.phases[:1] if wiring is Wiring.STAR_400 else place.rotation.phases[:2]


def checked_signal(signal: Signal, circuit: Circuit) -> None:
    """Raise `Invalid` when a signal limits nothing, or its amperes cannot be."""
    if not all(_in(amperes, LIMIT_MAX_A) for amperes in signal.limit_a):
        raise Invalid("The limit cannot be that.", field="limit_a", remedy="Enter amperes for each phase, 0 or more.")
    if any(lower > limit for lower, limit in zip(signal.limit_a, circuit.limit_a, strict=True)):
        raise Invalid(
            "%(name)s would be allowed more than its fuse.", field="limit_a", name=circuit.name,
            remedy="Enter at most the limit of the circuit.",
        )  # fmt: skip


def _few_enough(tree: Tree) -> None:
    if len(tree.circuits) > CIRCUITS_MAX:
        raise TooMany("A site has at most %(max)s circuits.", max=CIRCUITS_MAX)
    if len(tree.places) > PLACES_MAX:
        raise TooMany("A site has at most %(max)s outlets.", max=PLACES_MAX)
    if len(tree.sources) > SOURCES_MAX:
        raise TooMany("A site has at most %(max)s sources.", max=SOURCES_MAX)


def _checked_circuit(circuit: Circuit) -> None:
    if not circuit.name.strip():
        raise Invalid("Give the circuit a name.", field="name", remedy="As it stands on the board: “Central B”, “F3”.")
    if len(circuit.name) > NAME_MAX or len(circuit.note) > NOTE_MAX:
        raise Invalid("This text is too long.", field="name" if len(circuit.name) > NAME_MAX else "note")
    _checked_limit(circuit.limit_a, "limit", circuit.name)
    if not _in(circuit.margin_a, max(circuit.limit_a)):
        raise Invalid(
            "The margin of %(name)s leaves nothing to use.", field="margin", name=circuit.name,
            remedy="Enter amperes below the fuse, or 0.",
        )  # fmt: skip
    if not all(_in(amperes, LIMIT_MAX_A) for amperes in circuit.unmetered_a):
        raise Invalid("The other load cannot be that.", field="unmetered", remedy="Enter amperes, 0 or more.")
    if len(circuit.windows) > WINDOWS_MAX:
        raise TooMany("A circuit has at most %(max)s hours with a lower limit.", max=WINDOWS_MAX)
    for window in circuit.windows:
        _checked_window(window, circuit)


def _checked_limit(limit_a: PerPhase, field: str, name: str) -> None:
    if not all(_in(amperes, LIMIT_MAX_A) for amperes in limit_a):
        raise Invalid(
            "The limit of %(name)s cannot be that.", field=field, name=name,
            remedy="Enter amperes between 0 and 6 300 for each phase.",
        )  # fmt: skip
    if not any(limit_a):
        raise Invalid(
            "The limit of %(name)s is zero on every phase.", field=field, name=name,
            remedy="Enter what the fuse is rated for. A phase that is not there stays 0.",
        )  # fmt: skip


def _checked_window(window: Window, circuit: Circuit) -> None:
    if not all(_in(amperes, LIMIT_MAX_A) for amperes in window.limit_a):
        raise Invalid("The limit of these hours cannot be that.", field="window_limit", remedy="Enter amperes.")
    if any(lower > limit for lower, limit in zip(window.limit_a, circuit.limit_a, strict=True)):
        raise Invalid(
            "In these hours %(name)s would be allowed more than its fuse.", field="window_limit", name=circuit.name,
            remedy="Enter at most the limit of the circuit.",
        )  # fmt: skip
    if not window.days or not set(window.days) <= set(range(1, 8)):
        raise Invalid("Choose the days.", field="days")
    if not (0 <= window.starts_minute < MINUTES_OF_DAY and 0 < window.ends_minute <= MINUTES_OF_DAY):
        raise Invalid("These are no times of a day.", field="starts", remedy="Write them like 17:00.")
    if window.starts_minute == window.ends_minute:
        raise Invalid("These hours begin when they end.", field="ends", remedy="A whole day is 00:00 to 24:00.")


def _in(value: float, most: float) -> bool:
    return math.isfinite(value) and 0 <= value <= most


def _ordered(circuits: Sequence[Circuit]) -> tuple[Circuit, ...]:
    """Return circuits with each parent before its children, siblings as they stood. Raises `Invalid`, `Conflict`."""
    by_id = {circuit.id: circuit for circuit in circuits}
    if len(by_id) != len(circuits):
        raise Invalid("A circuit stands there twice.", field="circuit")
    children: dict[CircuitId | None, list[Circuit]] = {}
    for circuit in circuits:
        if circuit.parent_id is not None and circuit.parent_id not in by_id:
            raise Invalid("What feeds %(name)s is not there.", field="parent", name=circuit.name)
        if (circuit.kind is CircuitKind.GRID) != (circuit.parent_id is None):
            raise Invalid(
                "The grid connection is fed by nothing, and everything else by a circuit.", field="parent",
                remedy="Choose what feeds %(name)s.", name=circuit.name,
            )  # fmt: skip
        children.setdefault(circuit.parent_id, []).append(circuit)
    if len(children.get(None, ())) > 1:
        raise Invalid(
            "A site has one connection to the grid.", field="kind",
            remedy="Make the second one a board, or a site of its own.",
        )  # fmt: skip
    found: list[Circuit] = []
    _descend(children, None, 0, found)
    if len(found) != len(circuits):
        raise Conflict(
            "A circuit cannot be fed by what it feeds itself.", field="parent", remedy="Choose another one to feed it."
        )
    return tuple(found)


def _descend(
    children: dict[CircuitId | None, list[Circuit]], parent: CircuitId | None, depth: int, found: list[Circuit]
) -> None:
    if depth > DEPTH_MAX:
        raise TooMany("At most %(max)s circuits stand above one another.", max=DEPTH_MAX)
    for circuit in children.get(parent, ()):
        found.append(circuit)
        _descend(children, circuit.id, depth + 1, found)


def _names_differ(circuits: Iterable[Circuit]) -> None:
    seen: set[str] = set()
    for circuit in circuits:
        if circuit.name.strip().casefold() in seen:
            raise Invalid(
                "Two circuits are called %(name)s.", field="name", name=circuit.name,
                remedy="Give each its own name: decisions are explained by it.",
            )  # fmt: skip
        seen.add(circuit.name.strip().casefold())


def _checked_place(place: Place, by_id: dict[CircuitId, Circuit], wiring: Wiring) -> None:
    circuit = by_id.get(place.circuit_id)
    if circuit is None:
        raise Invalid("The circuit of an outlet is not there.", field="circuit", remedy="Choose where it hangs.")
    if place.evse_number < 1:
        raise Invalid("There is no such outlet.", field="outlet")
    if place.phases not in (0, 1, 3):
        raise Invalid("An outlet has one or three phases, or is DC.", field="phases")
    if not (_in(place.current_max_a, LIMIT_MAX_A) and place.current_max_a > 0):
        raise Invalid("The outlet's current cannot be that.", field="current_max", remedy="Enter amperes, like 16.")
    if not _in(place.power_max_w, POWER_MAX_W) or (place.phases == 0 and not place.power_max_w):
        raise Invalid("The outlet's power cannot be that.", field="power_max", remedy="Enter kW; DC needs it.")
    if not 0 <= place.rank <= RANK_MAX:
        raise Invalid("The priority is 0 to 9.", field="rank")
    if not _in(place.reserved_a, place.current_max_a):
        raise Invalid(
            "More is reserved than the outlet can give.", field="reserved", remedy="Enter amperes, or nothing."
        )
    if not WEIGHT_MIN <= place.weight <= WEIGHT_MAX:
        raise Invalid(
            "The share of an outlet is 0,1 to 10.", field="weight",
            remedy="1 is as all others; 2 gets twice as much as they where a circuit is full.",
        )  # fmt: skip
    missing = [phase for phase in phases_of(place, wiring) if not circuit.limit_a[phase]]
    if missing:
        raise Invalid(
            "%(name)s has no L%(phase)s, but an outlet there needs it.", field="rotation", name=circuit.name,
            phase=missing[0] + 1, remedy="Choose another rotation, or enter the limit of that phase.",
        )  # fmt: skip


def _checked_source(source: Source, by_id: dict[CircuitId, Circuit]) -> None:
    if not source.name.strip() or len(source.name) > NAME_MAX:
        raise Invalid("Give it a name.", field="name", remedy="A short one, like “Taket”.")
    if source.circuit_id not in by_id:
        raise Invalid("Choose where it is connected.", field="circuit")
    if not (_in(source.power_max_w, POWER_MAX_W) and source.power_max_w > 0):
        raise Invalid("Its power cannot be that.", field="power", remedy="Enter kW.")
    if not _in(source.energy_wh, ENERGY_MAX_WH) or (source.kind is SourceKind.BATTERY and not source.energy_wh):
        raise Invalid("A battery holds some energy.", field="energy", remedy="Enter kWh.")

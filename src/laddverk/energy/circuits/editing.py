"""How a tree is changed: a tree and a wish in, another tree out. Pure; whether the result may be is for `rules`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from msgspec.structs import replace

from laddverk.energy.circuits.model import Circuit, CircuitId, Place, Source, SourceId, Tree, Window, Wiring
from laddverk.kernel.problems import Conflict, NotFound


def circuit_in(tree: Tree, circuit_id: UUID) -> Circuit:
    """Return a circuit of `tree`. Raises `NotFound`."""
    for circuit in tree.circuits:
        if circuit.id == circuit_id:
            return circuit
    raise NotFound("There is no such circuit.")


def with_circuit(tree: Tree, circuit: Circuit) -> Tree:
    """Return `tree` with a circuit added at the end, or put in the place of the one with the same id."""
    if any(one.id == circuit.id for one in tree.circuits):
        return replace(tree, circuits=tuple(circuit if one.id == circuit.id else one for one in tree.circuits))
    return replace(tree, circuits=(*tree.circuits, circuit))


def without_circuit(tree: Tree, circuit_id: UUID) -> Tree:
    """Return `tree` without a circuit: what it fed is fed by what fed it. Raises `NotFound`, `Conflict`.

    The grid connection goes last.
    """
    gone = circuit_in(tree, circuit_id)
    if gone.parent_id is None and len(tree.circuits) > 1:
        raise Conflict("The grid connection feeds everything else.", remedy="Remove the circuits below it first.")
    circuits = tuple(
        replace(one, parent_id=gone.parent_id) if one.parent_id == gone.id else one
        for one in tree.circuits
        if one.id != gone.id
    )
    if gone.parent_id is None:
        return replace(tree, circuits=(), places=(), sources=())
    above = gone.parent_id
    places = tuple(replace(one, circuit_id=above) if one.circuit_id == gone.id else one for one in tree.places)
    sources = tuple(replace(one, circuit_id=above) if one.circuit_id == gone.id else one for one in tree.sources)
    return replace(tree, circuits=circuits, places=places, sources=sources)


def stepped(tree: Tree, circuit_id: UUID, by: int) -> Tree:
    """Return `tree` with a circuit before (`by` -1) or after (1) its sibling, as it stands on the board."""
    moved = circuit_in(tree, circuit_id)
    siblings = [one for one in tree.circuits if one.parent_id == moved.parent_id]
    place = siblings.index(moved) + by
    if not 0 <= place < len(siblings):
        return tree
    other = siblings[place]
    swapped = {moved.id: other, other.id: moved}
    return replace(tree, circuits=tuple(swapped.get(one.id, one) for one in tree.circuits))


def with_places(tree: Tree, places: Sequence[Place]) -> Tree:
    """Return `tree` with outlets hung up, each in the one place given; those that hung elsewhere are moved."""
    given = {place.key: place for place in places}
    kept = tuple(given.pop(place.key, place) for place in tree.places)
    return replace(tree, places=(*kept, *given.values()))


def without_places(tree: Tree, keys: Collection[tuple[UUID, int]]) -> Tree:
    """Return `tree` without these outlets."""
    return replace(tree, places=tuple(place for place in tree.places if place.key not in keys))


def with_source(tree: Tree, source: Source) -> Tree:
    """Return `tree` with a source added, or put in the place of the one with the same id."""
    rest = tuple(one for one in tree.sources if one.id != source.id)
    return replace(tree, sources=(*rest, source))


def without_source(tree: Tree, source_id: SourceId) -> Tree:
    """Return `tree` without a source. Raises `NotFound`."""
    if all(one.id != source_id for one in tree.sources):
        raise NotFound("There is no such source.")
    return replace(tree, sources=tuple(one for one in tree.sources if one.id != source_id))


def wired(tree: Tree, wiring: Wiring) -> Tree:
    """Return `tree` on a grid of another kind."""
    return replace(tree, wiring=wiring)


def open_to_asking(tree: Tree, lets_ask: bool) -> Tree:
    """Return `tree` where drivers may ask to come first, or may not."""
    return replace(tree, lets_ask=lets_ask)


def below(tree: Tree, circuit_id: CircuitId) -> frozenset[CircuitId]:
    """Return a circuit and all that it feeds, directly or not. Needs parents before their children."""
    found = {circuit_id}
    for circuit in tree.circuits:
        if circuit.parent_id in found:
            found.add(circuit.id)
    return frozenset(found)


def with_window(tree: Tree, circuit_id: CircuitId, window: Window) -> Tree:
    """Return `tree` with more hours of a lower limit at a circuit."""
    return _windows(tree, circuit_id, lambda windows: (*windows, window))


def without_window(tree: Tree, circuit_id: CircuitId, place: int) -> Tree:
    """Return `tree` without the hours at `place` of a circuit's list."""
    return _windows(tree, circuit_id, lambda windows: (*windows[:place], *windows[place + 1 :]))


def _windows(tree: Tree, circuit_id: CircuitId, edit: Callable[[tuple[Window, ...]], tuple[Window, ...]]) -> Tree:
    return replace(
        tree,
        circuits=tuple(
            replace(one, windows=edit(one.windows)) if one.id == circuit_id else one for one in tree.circuits
        ),
    )

"""What an electrician should look at: what is unknown or odd in a tree that may be so nevertheless. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.energy.circuits.loads import LINE_FACTOR, Key
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Source, SourceKind, Tree, Wiring
from laddverk.energy.circuits.rules import phases_of

CROWD_MIN: Final = 3  # one-phase outlets on one phase, from which on it is worth turning some
WATTS_PER_A: Final = 690.0  # of three phases of 230 V
CURRENT_SLACK_A: Final = 0.5  # a fuse of 16 A feeds an outlet of 16 A


class Oddity(StrEnum):
    """What is unknown or odd."""

    NO_TREE = "no_tree"
    NOT_PLACED = "not_placed"
    """Outlets that stand here and hang nowhere: nothing steers them, and the tree does not count them."""
    STRAY = "stray"
    """Places of outlets that do not stand here any more."""
    NO_METER = "no_meter"
    """Nothing measures the grid connection: other load is an estimate."""
    NO_ESTIMATE = "no_estimate"
    """Neither a meter nor an estimate of other load."""
    ROTATION = "rotation"
    """Nobody has looked which phases outlets use: they count on all of them."""
    CROWDED = "crowded"
    """All one-phase outlets of a circuit are on one phase."""
    LARGER_CHILD = "larger_child"
    """A circuit's fuse is larger than the one that feeds it."""
    LARGER_OUTLET = "larger_outlet"
    """An outlet can draw more than its circuit carries, or one above: should it fail, no message saves the fuse."""
    FORGETS = "forgets"
    """Chargers that were seen to lose their lasting default at a restart."""
    LARGER_SOURCE = "larger_source"
    """A source can give more than its circuit carries."""
    SUN_UNSEEN = "sun_unseen"
    """Nothing measures what the roof gives."""
    NO_FALLBACK = "no_fallback"
    """No lasting default in the charger: without contact it gives what it can."""


GRAVE: Final = frozenset(
    {Oddity.NO_TREE, Oddity.NOT_PLACED, Oddity.NO_FALLBACK, Oddity.NO_ESTIMATE, Oddity.LARGER_OUTLET}
)


class Remark(Struct, frozen=True, kw_only=True):
    """One thing to look at: at a circuit, or at outlets."""

    oddity: Oddity
    circuit: Circuit | None = None
    keys: tuple[Key, ...] = ()

    @property
    def is_grave(self) -> bool:
        """Whether less can be given until it is known, or safety rests on it."""
        return self.oddity in GRAVE


class Standing(Struct, frozen=True, kw_only=True):
    """An outlet that stands at the site."""

    key: Key
    has_fallback: bool
    forgets: bool = False
    """It was seen to come back from a restart without its default."""


def remarks(tree: Tree, standing: Iterable[Standing]) -> list[Remark]:
    """Return what to look at, grave things first."""
    here = {one.key: one for one in standing}
    if not tree.circuits:
        return [Remark(oddity=Oddity.NO_TREE, keys=tuple(here))]
    found = [*_of_outlets(tree, here), *_of_circuits(tree)]
    return sorted(found, key=lambda one: not one.is_grave)


def _of_outlets(tree: Tree, here: Mapping[Key, Standing]) -> list[Remark]:
    placed = {place.key for place in tree.places}
    bare = tuple(key for key in here if key not in placed)
    strays = tuple(place.key for place in tree.places if place.key not in here)
    unsafe = tuple(key for key in here if key in placed and not here[key].has_fallback)
    lost = tuple(key for key in here if key in placed and here[key].forgets)
    found = (
        (Oddity.NOT_PLACED, bare), (Oddity.NO_FALLBACK, unsafe), (Oddity.FORGETS, lost), (Oddity.STRAY, strays)
    )  # fmt: skip
    return [Remark(oddity=oddity, keys=keys) for oddity, keys in found if keys]


def _of_circuits(tree: Tree) -> list[Remark]:
    by_id = {circuit.id: circuit for circuit in tree.circuits}
    on: dict[CircuitId, list[Place]] = {}
    large: dict[CircuitId, list[Key]] = {}
    for place in tree.places:
        on.setdefault(place.circuit_id, []).append(place)
        if (opened := _opened(tree.wiring, by_id, place)) is not None:
            large.setdefault(opened, []).append(place.key)
    found: list[Remark] = []
    for circuit in tree.circuits:
        parent = by_id.get(circuit.parent_id) if circuit.parent_id else None
        if parent and any(mine > above for mine, above in zip(circuit.limit_a, parent.limit_a, strict=True)):
            found.append(Remark(oddity=Oddity.LARGER_CHILD, circuit=circuit))
        if circuit.kind is CircuitKind.GRID and circuit.meter_id is None:
            oddity = Oddity.NO_METER if _has_estimate(tree) else Oddity.NO_ESTIMATE
            found.append(Remark(oddity=oddity, circuit=circuit))
        if circuit.id in large:
            found.append(Remark(oddity=Oddity.LARGER_OUTLET, circuit=circuit, keys=tuple(large[circuit.id])))
        found += _of_places(tree.wiring, circuit, on.get(circuit.id, []))
        found += _of_sources(circuit, [one for one in tree.sources if one.circuit_id == circuit.id])
    return found


def _of_sources(circuit: Circuit, sources: list[Source]) -> list[Remark]:
    large = any(one.power_max_w / WATTS_PER_A > max(circuit.limit_a) for one in sources)
    unseen = any(one.kind is SourceKind.SOLAR and one.meter_id is None for one in sources)
    found = ((Oddity.LARGER_SOURCE, large), (Oddity.SUN_UNSEEN, unseen))
    return [Remark(oddity=oddity, circuit=circuit) for oddity, is_so in found if is_so]


def _has_estimate(tree: Tree) -> bool:
    return any(any(circuit.unmetered_a) for circuit in tree.circuits)


def _opened(wiring: Wiring, by_id: Mapping[CircuitId, Circuit], place: Place) -> CircuitId | None:
    """Return the nearest circuit above an outlet that carries less than it can draw, on a phase that it uses."""
    between = LINE_FACTOR if wiring is Wiring.DELTA_230 and place.phases != 1 else 1.0
    most_a = (place.power_max_w / WATTS_PER_A if place.phases == 0 else place.current_max_a) * between
    circuit: Circuit | None = by_id[place.circuit_id]
    while circuit is not None:
        if most_a > min(circuit.limit_a[phase] for phase in phases_of(place, wiring)) + CURRENT_SLACK_A:
            return circuit.id
        circuit = by_id[circuit.parent_id] if circuit.parent_id is not None else None
    return None


def _of_places(wiring: Wiring, circuit: Circuit, places: list[Place]) -> list[Remark]:
    unknown = tuple(place.key for place in places if place.phases and not place.is_rotation_known)
    made = [Remark(oddity=Oddity.ROTATION, circuit=circuit, keys=unknown)] if unknown else []
    single = [place for place in places if place.phases == 1]
    used = Counter(place.rotation.phases[0] for place in single)
    if wiring is Wiring.STAR_400 and all(circuit.limit_a) and len(used) == 1 and len(single) >= CROWD_MIN:
        made.append(Remark(oddity=Oddity.CROWDED, circuit=circuit, keys=tuple(place.key for place in single)))
    return made

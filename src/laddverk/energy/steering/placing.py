"""A site's tree as the loop needs it: circuits with what holds now, outlets with what is verified. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import sqrt
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from laddverk.energy.circuits import limits
from laddverk.energy.circuits.loads import added
from laddverk.energy.circuits.model import Place, Signal, Tree, Wiring
from laddverk.energy.steering.abilities import PLAIN, Ability
from laddverk.energy.steering.model import Circuit, Outlet
from laddverk.energy.steering.other_load import less

WATTS_PER_A: Final = 690.0  # of a DC outlet: its power, drawn from three phases of 230 V


def key_of(station_id: UUID, evse_number: int) -> str:
    """Return the name of an outlet in the loop."""
    return f"{station_id}:{evse_number}"


def outlet_of(key: str) -> tuple[UUID, int]:
    """Return the station and the EVSE of a name."""
    station, _, number = key.rpartition(":")
    return UUID(station), int(number)


def circuits(
    tree: Tree, signals: Sequence[Signal], now: datetime, zone: ZoneInfo, metered: frozenset[UUID]
) -> tuple[Circuit, ...]:
    """Return the circuits, parents before children. `metered` are those of which a reading was ever heard."""
    places = {one.id: index for index, one in enumerate(tree.circuits)}
    holding = limits.holdings(tree, signals, now, zone)
    below = [one.unmetered_a for one in tree.circuits]
    for index in range(len(tree.circuits) - 1, 0, -1):  # children before their parents
        parent_id = tree.circuits[index].parent_id
        if parent_id is not None:
            below[places[parent_id]] = added(below[places[parent_id]], below[index])
    return tuple(
        Circuit(
            key=str(one.id),
            parent=places[one.parent_id] if one.parent_id is not None else -1,
            usable_a=holding[one.id].limit_a,
            fuse_a=one.usable_a,
            is_metered=one.meter_id is not None or one.id in metered,
            typed_a=one.unmetered_a,
            typed_below_a=less(below[index], one.unmetered_a),
        )
        for index, one in enumerate(tree.circuits)
    )


def outlets(
    tree: Tree, doubted: Collection[str] = (), abilities: Mapping[UUID, Ability] | None = None
) -> tuple[Outlet, ...]:
    """Return the outlets. An order of phases that nobody has verified is none; one that is `doubted` neither."""
    able = abilities or {}
    index_of = {one.id: index for index, one in enumerate(tree.circuits)}
    return tuple(
        _outlet(
            one,
            index_of[one.circuit_id],
            tree.wiring,
            able.get(one.station_id, PLAIN),
            is_doubted=key_of(*one.key) in doubted,
        )
        for one in tree.places
    )


def _outlet(place: Place, circuit: int, wiring: Wiring, able: Ability, *, is_doubted: bool) -> Outlet:
    is_star = wiring is Wiring.STAR_400
    # Between three lines a car of one phase may lie anywhere: there only a one-phase outlet's place is known.
    is_known = place.is_rotation_known and not is_doubted and (is_star or place.phases == 1)
    return Outlet(
        key=key_of(*place.key),
        circuit=circuit,
        phases=place.phases,
        wires=place.rotation.phases if is_known else None,
        current_max_a=place.power_max_w / WATTS_PER_A if place.phases == 0 else place.current_max_a,
        lines_factor=1.0 if is_star else sqrt(3.0),  # 690 W of DC as well: 1 A on each phase of a star, else 1.73 A
        rank=place.rank,
        reserved_a=place.reserved_a,
        weight=place.weight,
        takes_dynamic=able.takes_dynamic,
        stack_level=able.stack_level,
        in_watts=able.in_watts,
    )


def by_key(tree: Tree) -> Mapping[str, Place]:
    """Return the places by the names of their outlets."""
    return {key_of(*one.key): one for one in tree.places}

"""How outlets are hung on a circuit, many at once: what they have stays, what is said of all of them is set. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import CircuitId, Place, Rotation
from laddverk.energy.circuits.queries import OutletRow

TURNS: Final = (Rotation.RST, Rotation.STR, Rotation.TRS)
"""How electricians connect a row of chargers, so that one-phase cars spread over the phases."""


class Said(Struct, frozen=True, kw_only=True):
    """What is said of all outlets that are hung up together; None: as it is, or as the charger is registered."""

    circuit_id: CircuitId
    phases: int | None = None
    rotation: Rotation | None = None
    in_turn: bool = False
    """Begin with L1, L2, L3, L1 … in the order of the list."""
    is_rotation_known: bool | None = None
    current_max_a: float | None = None
    power_max_w: float | None = None
    """Of those of DC; others have none."""
    rank: int | None = None
    reserved_a: float | None = None
    weight: float | None = None


def hung(outlets: Iterable[OutletRow], present: Mapping[Key, Place], said: Said) -> list[Place]:
    """Return the places of `outlets` on the circuit that is said, in the order given."""
    return [_hung(row, present.get(row.key), said, turn) for turn, row in enumerate(outlets)]


def _hung(row: OutletRow, present: Place | None, said: Said, turn: int) -> Place:
    before = present or registered(row, said.circuit_id)
    rotation = TURNS[turn % len(TURNS)] if said.in_turn else said.rotation or before.rotation
    known = before.is_rotation_known and rotation is before.rotation
    return replace(
        before,
        circuit_id=said.circuit_id,
        phases=before.phases if said.phases is None else said.phases,
        rotation=rotation,
        is_rotation_known=known if said.is_rotation_known is None else said.is_rotation_known,
        current_max_a=before.current_max_a if said.current_max_a is None else said.current_max_a,
        power_max_w=before.power_max_w if said.power_max_w is None or before.phases else said.power_max_w,
        rank=before.rank if said.rank is None else said.rank,
        reserved_a=before.reserved_a if said.reserved_a is None else said.reserved_a,
        weight=before.weight if said.weight is None else said.weight,
    )


def registered(row: OutletRow, circuit_id: CircuitId) -> Place:
    """Return the place of an outlet by what is registered of it; nobody has looked at its phases."""
    return Place(
        station_id=row.station_id, evse_number=row.evse_number, circuit_id=circuit_id, phases=row.phases,
        current_max_a=float(row.current_max_a), power_max_w=float(row.power_max_w) if row.phases == 0 else 0.0,
    )  # fmt: skip

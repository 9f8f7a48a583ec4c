"""A site of the demo with all its electricity: a connection of 63 A, two boards, groups, a roof of solar cells.

Its boxes of one phase hang on L1, L2 and L3 in turn; nobody has checked the last two, as in real life.
"""

from __future__ import annotations

from typing import Final

from laddverk.cli.demo.founding import ACTOR, Placed
from laddverk.energy.circuits import service, store
from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitKind,
    PerPhase,
    Place,
    Rotation,
    Source,
    SourceId,
    SourceKind,
    Tree,
    Window,
)
from laddverk.kernel.ids import SiteId, new_id
from laddverk.platform.house import House

CODE: Final = "FURU"
SITE: Final = "SELECT id FROM site WHERE code = $1"
BUILDING_A: Final[PerPhase] = (14.0, 11.0, 12.0)  # stairs, laundry, heat pump: the highest of a winter evening
GARAGE_A: Final[PerPhase] = (2.0, 2.0, 1.0)  # lights and a gate
EVENING: Final = Window(
    limit_a=(50.0, 50.0, 50.0), days=(1, 2, 3, 4, 5), starts_minute=16 * 60, ends_minute=20 * 60, note="effektavgiften"
)
TURNS: Final = (Rotation.RST, Rotation.STR, Rotation.TRS)
UNCHECKED: Final = 2  # the last outlets, whose phases nobody has looked at


async def equip(house: House, placed: Placed) -> None:
    """Enter the site's circuits, unless it has some."""
    async with house.database.transaction() as tx:
        site_id = SiteId(await tx.value(SITE, CODE))
        if (await store.tree(tx, site_id)).version:
            return
        await service.replace_tree(
            tx, ACTOR, tree_of(site_id, placed), house.clock(), reason="enligt elritningen 2024-03", version=0
        )


def tree_of(site_id: SiteId, placed: Placed) -> Tree:
    """Return the tree: the connection, the building's board, the garage's with a group for each kind of charger."""
    grid = _circuit("Servis", CircuitKind.GRID, 63, margin_a=2.0, windows=(EVENING,))
    house = _circuit("Central A, huset", CircuitKind.BOARD, 50, grid, unmetered_a=BUILDING_A)
    garage = _circuit("Central B, garaget", CircuitKind.BOARD, 40, grid, unmetered_a=GARAGE_A)
    boxes = _circuit("Grupp 1, boxar 11 kW", CircuitKind.GROUP, 32, garage)
    posts = _circuit("Grupp 2, stolpar", CircuitKind.GROUP, 35, garage)
    outlets = [
        (station_id, number, supply)
        for stand, station_id in placed
        if stand.spot.code == CODE
        for number, supply in enumerate(stand.kind.outlets, start=1)
    ]
    places = tuple(
        Place(
            station_id=station_id, evse_number=number, circuit_id=(boxes if supply.phases == 3 else posts).id,
            phases=supply.phases, rotation=TURNS[turn % len(TURNS)], current_max_a=supply.current_max_a,
            is_rotation_known=turn < len(outlets) - UNCHECKED,
        )
        for turn, (station_id, number, supply) in enumerate(outlets)
    )  # fmt: skip
    sun = Source(
        id=SourceId(new_id()), name="Taket", kind=SourceKind.SOLAR, circuit_id=house.id, power_max_w=14_000.0
    )  # fmt: skip
    return Tree(site_id=site_id, circuits=(grid, house, garage, boxes, posts), places=places, sources=(sun,))


def _circuit(
    name: str, kind: CircuitKind, fuse_a: float, parent: Circuit | None = None, *, margin_a: float = 0.0,
    unmetered_a: PerPhase = (0.0, 0.0, 0.0), windows: tuple[Window, ...] = (),
) -> Circuit:  # fmt: skip
    return Circuit(
        id=CircuitId(new_id()), name=name, kind=kind, limit_a=(fuse_a, fuse_a, fuse_a), margin_a=margin_a,
        parent_id=parent.id if parent else None, unmetered_a=unmetered_a, windows=windows,
    )  # fmt: skip

"""Between lines, what an order of phases meant before is not taken for what it means now: somebody looks again."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from laddverk.energy.circuits import service as circuits
from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Rotation, Tree, Wiring
from laddverk.energy.steering import placing
from laddverk.kernel.ids import StationId, new_id
from laddverk.platform.migrator import known_migrations
from tests.integration.money_world import World
from tests.network import ACTOR

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AGAIN = next(one.sql for one in known_migrations() if one.name.startswith("0164"))
GRID = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(63.0,) * 3)
TURNED = (Rotation.RTS, Rotation.SRT, Rotation.TSR)


def places(station: StationId, phases: int = 1) -> tuple[Place, ...]:
    return tuple(
        Place(
            station_id=station, evse_number=number, circuit_id=GRID.id, phases=phases, rotation=rotation,
            is_rotation_known=True,
        )
        for number, rotation in enumerate(Rotation, 1)
    )  # fmt: skip


async def drawn(tx, wiring: Wiring, phases: int = 1) -> Tree:
    world = await World.built(tx)
    (site,) = await tx.values("SELECT site_id FROM station WHERE id = $1", world.station)
    tree = Tree(site_id=site, wiring=wiring, circuits=(GRID,), places=places(world.station, phases))
    return await circuits.replace_tree(tx, ACTOR, tree, NOW, reason="as drawn", version=0)


def lines(tree: Tree) -> dict[Rotation, tuple[int, ...] | None]:
    return {
        place.rotation: outlet.wires for place, outlet in zip(tree.places, placing.outlets(tree), strict=True)
    }  # fmt: skip


async def test_outlets_whose_order_names_other_lines_count_on_all_of_them_until_somebody_looks(database) -> None:
    async with database.transaction() as tx:
        before = await drawn(tx, Wiring.DELTA_230)
        await tx.execute(AGAIN)
        after = await trees.tree(tx, before.site_id)
        assert (before.version, after.version) == (1, 2)
        assert {one.rotation for one in after.places if not one.is_rotation_known} == set(TURNED)
        assert lines(after) == {each: None if each in TURNED else each.phases for each in Rotation}
        assert [one.key for one in after.places] == [one.key for one in before.places]
        assert await trees.at_version(tx, before.site_id, 1) == before
        said = await trees.newest_change(tx, before.site_id)
        assert said is not None
        assert said.change == circuits.ASKED_ANEW
        await tx.execute(AGAIN)
        assert (await trees.tree(tx, before.site_id)).version == 2


@pytest.mark.parametrize(("wiring", "phases"), [(Wiring.STAR_400, 1), (Wiring.DELTA_230, 3)])
async def test_what_counts_as_it_did_stays_as_it_was(database, wiring: Wiring, phases: int) -> None:
    async with database.transaction() as tx:
        before = await drawn(tx, wiring, phases)
        await tx.execute(AGAIN)
        assert await trees.tree(tx, before.site_id) == before


async def test_a_site_whose_turned_outlets_were_taken_out_gets_no_new_version(database) -> None:
    async with database.transaction() as tx:
        before = await drawn(tx, Wiring.DELTA_230)
        turned: list[tuple[UUID, int]] = [one.key for one in before.places if one.rotation in TURNED]
        now = await circuits.take_out(tx, ACTOR, before.site_id, turned, NOW, reason="gone", version=1)
        await tx.execute(AGAIN)
        assert await trees.tree(tx, before.site_id) == now

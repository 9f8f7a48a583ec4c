"""What flows through a site's circuits, and what an electrician should look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from laddverk.energy.circuits.checklist import Oddity, Standing, remarks
from laddverk.energy.circuits.loads import Drawn, loads, on_grid
from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitKind,
    MeterId,
    Place,
    Reading,
    Rotation,
    Tree,
    Wiring,
)
from laddverk.kernel.ids import SiteId, StationId, new_id

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
SITE = SiteId(new_id())
GRID = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(63.0, 63.0, 63.0))
BOARD = Circuit(
    id=CircuitId(new_id()), name="Central A", kind=CircuitKind.BOARD, limit_a=(40.0, 40.0, 40.0), parent_id=GRID.id,
    unmetered_a=(5.0, 4.0, 3.0),
)  # fmt: skip
STATIONS = [StationId(new_id()) for _ in range(4)]


def place(number: int = 0, **more: Any) -> Place:
    return Place(station_id=STATIONS[number], evse_number=1, circuit_id=more.pop("circuit_id", BOARD.id), **more)


def drawn(*current_a: float, power_w: float | None = None) -> Drawn:
    given = (*current_a, None, None, None)[:3]
    return Drawn(at=NOW, current_a=given, power_w=power_w)


def test_a_charger_that_is_turned_loads_the_phases_of_the_grid_it_hangs_on():
    turned = place(rotation=Rotation.STR)
    assert on_grid(turned, drawn(16.0, 10.0, 4.0), Wiring.STAR_400) == (4.0, 16.0, 10.0)
    single = place(phases=1, rotation=Rotation.TRS)
    assert on_grid(single, drawn(20.0), Wiring.STAR_400) == (0.0, 0.0, 20.0)
    assert on_grid(single, drawn(20.0), Wiring.DELTA_230) == (20.0, 0.0, 20.0)


def test_power_alone_is_taken_as_even_over_the_phases():
    assert on_grid(place(), drawn(power_w=11_040.0), Wiring.STAR_400) == (16.0, 16.0, 16.0)
    assert on_grid(place(phases=1), drawn(power_w=2_300.0), Wiring.STAR_400) == (10.0, 0.0, 0.0)
    dc = place(phases=0, power_max_w=50_000.0)
    assert [round(one, 2) for one in on_grid(dc, drawn(power_w=50_000.0), Wiring.DELTA_230)] == [125.51] * 3


def test_loads_are_summed_up_the_tree_and_a_meter_tells_the_rest():
    tree = Tree(site_id=SITE, circuits=(GRID, BOARD), places=(place(0), place(1, circuit_id=GRID.id)))
    currents = {place(0).key: (16.0, 16.0, 16.0), place(1).key: (0.0, 10.0, 0.0)}
    estimated = loads(tree, currents, {})
    assert estimated[BOARD.id].total_a == (21.0, 20.0, 19.0)
    assert estimated[GRID.id].charging_a == (16.0, 26.0, 16.0)
    assert estimated[GRID.id].other_a == (5.0, 4.0, 3.0)
    metered = loads(tree, currents, {GRID.id: Reading(circuit_id=GRID.id, at=NOW, current_a=(40.0, 20.0, 30.0))})
    assert metered[GRID.id].other_a == (24.0, 0.0, 14.0)
    assert (metered[GRID.id].measured_at, metered[BOARD.id].measured_at) == (NOW, None)


def found(tree: Tree, *standing: Standing) -> set[Oddity]:
    return {one.oddity for one in remarks(tree, standing)}


def test_what_is_unknown_is_told_grave_things_first():
    here = [Standing(key=(station, 1), has_fallback=False) for station in STATIONS]
    assert found(Tree(site_id=SITE), *here) == {Oddity.NO_TREE}
    tree = Tree(
        site_id=SITE, circuits=(GRID, BOARD),
        places=tuple(place(number, phases=1) for number in range(3)),
    )  # fmt: skip
    told = remarks(tree, here)
    assert {one.oddity for one in told} == {
        Oddity.NOT_PLACED, Oddity.NO_FALLBACK, Oddity.NO_METER, Oddity.ROTATION, Oddity.CROWDED,
    }  # fmt: skip
    assert [one.is_grave for one in told] == sorted((one.is_grave for one in told), reverse=True)


def test_what_is_larger_than_what_feeds_it_is_told():
    large = Circuit(
        id=CircuitId(new_id()), name="Central B", kind=CircuitKind.BOARD, limit_a=(80.0, 80.0, 80.0), parent_id=GRID.id
    )
    tree = Tree(site_id=SITE, circuits=(GRID, BOARD, large), places=(place(current_max_a=63.0),))
    assert found(tree) >= {Oddity.LARGER_CHILD, Oddity.LARGER_OUTLET, Oddity.STRAY}


def larger(wiring: Wiring, one: Place, *circuits: Circuit) -> list[str]:
    told = remarks(Tree(site_id=SITE, wiring=wiring, circuits=(GRID, BOARD, *circuits), places=(one,)), [])
    large = [each for each in told if each.oddity is Oddity.LARGER_OUTLET]
    assert all(each.is_grave and each.keys == (one.key,) for each in large)
    return [each.circuit.name for each in large if each.circuit]


@pytest.mark.parametrize(
    ("wiring", "more", "opened"),
    [
        (Wiring.STAR_400, {"phases": 0, "power_max_w": 27_000.0}, []),  # 39 A of 40
        (Wiring.STAR_400, {"phases": 0, "power_max_w": 29_000.0}, ["Central A"]),
        (Wiring.DELTA_230, {"phases": 0, "power_max_w": 27_000.0}, ["Central A"]),  # 68 A in each line
        (Wiring.STAR_400, {"current_max_a": 32.0}, []),
        (Wiring.DELTA_230, {"current_max_a": 32.0}, ["Central A"]),  # up to 55 A in a line
        (Wiring.DELTA_230, {"current_max_a": 32.0, "phases": 1}, []),
    ],
)
def test_an_outlet_that_can_draw_more_than_its_circuit_carries_is_grave_whatever_it_is(wiring, more, opened):
    assert larger(wiring, place(**more)) == opened


def test_an_outlet_is_told_at_the_nearest_circuit_that_carries_less_on_a_phase_that_it_uses():
    group = Circuit(
        id=CircuitId(new_id()), name="Grupp 1", kind=CircuitKind.GROUP, limit_a=(63.0, 63.0, 20.0), parent_id=BOARD.id
    )
    assert larger(Wiring.STAR_400, place(circuit_id=group.id, current_max_a=32.0), group) == ["Grupp 1"]
    assert larger(Wiring.STAR_400, place(circuit_id=group.id, current_max_a=50.0, phases=1), group) == ["Central A"]


def test_nothing_is_told_of_a_tree_that_is_known():
    grid = Circuit(
        id=GRID.id, name="Servis", kind=CircuitKind.GRID, limit_a=GRID.limit_a, meter_id=MeterId(new_id())
    )  # fmt: skip
    known = tuple(
        place(number, phases=1, rotation=rotation, is_rotation_known=True)
        for number, rotation in enumerate((Rotation.RST, Rotation.STR, Rotation.TRS))
    )
    here = [Standing(key=one.key, has_fallback=True) for one in known]
    assert not found(Tree(site_id=SITE, circuits=(grid, BOARD), places=known), *here)

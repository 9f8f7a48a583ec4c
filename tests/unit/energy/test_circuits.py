"""The tree of a site: what it must be, how it is changed, and what limits it over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from laddverk.energy.circuits import editing, limits, rules
from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitKind,
    LimitFrom,
    Place,
    Rotation,
    Signal,
    Tree,
    Window,
    Wiring,
)
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem

SITE = SiteId(new_id())
STATION = StationId(new_id())
HOME = ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)  # a Monday, 12 o'clock at home


def circuit(name: str, parent: Circuit | None = None, limit: float = 63.0, **more: Any) -> Circuit:
    kind = CircuitKind.BOARD if parent else CircuitKind.GRID
    given = {"limit_a": (limit, limit, limit), "kind": kind, "parent_id": parent.id if parent else None} | more
    return Circuit(id=CircuitId(new_id()), name=name, **given)


GRID = circuit("Servis")
BOARD = circuit("Central A", GRID, 40.0)
GROUP = circuit("Grupp 1", BOARD, 25.0)


def tree(*circuits: Circuit, **more: Any) -> Tree:
    return Tree(site_id=SITE, circuits=circuits, **more)


def place(on: Circuit, **more: Any) -> Place:
    return Place(station_id=STATION, evse_number=more.pop("evse_number", 1), circuit_id=on.id, **more)


def field_of(wrong: Tree) -> str | None:
    with pytest.raises(Problem) as refused:
        rules.checked(wrong)
    return refused.value.field


def test_parents_stand_before_their_children_whatever_order_they_came_in():
    assert rules.checked(tree(GROUP, BOARD, GRID)).circuits == (GRID, BOARD, GROUP)


def test_what_cannot_be_a_tree_is_refused_by_field():
    a = circuit("A", GRID)
    b = circuit("B", a)
    assert field_of(tree(GRID, circuit("Servis 2"))) == "kind"
    assert field_of(tree(GRID, GROUP)) == "parent"
    assert (
        field_of(tree(GRID, Circuit(id=a.id, name="A", kind=CircuitKind.BOARD, limit_a=a.limit_a, parent_id=b.id), b))
        == "parent"
    )
    assert field_of(tree(GRID, circuit("servis ", GRID))) == "name"
    assert field_of(tree(GRID, circuit("X", GRID, 0.0))) == "limit"
    assert field_of(tree(GRID, circuit("X", GRID, float("nan")))) == "limit"
    assert field_of(tree(GRID, circuit("X", GRID, margin_a=100.0))) == "margin"
    assert field_of(tree(GRID, circuit(" ", GRID))) == "name"


def test_an_outlet_hangs_in_one_place_on_phases_that_are_there():
    single = circuit("Enfas", GRID, limit_a=(0.0, 25.0, 0.0))
    assert field_of(tree(GRID, places=(place(GRID), place(GRID)))) == "outlet"
    assert field_of(tree(GRID, places=(place(BOARD),))) == "circuit"
    assert field_of(tree(GRID, single, places=(place(single),))) == "rotation"
    assert field_of(tree(GRID, places=(place(GRID, phases=0),))) == "power_max"
    assert field_of(tree(GRID, places=(place(GRID, reserved_a=40.0),))) == "reserved"
    for weight in (0.0, -1.0, 10.5, float("nan")):
        assert field_of(tree(GRID, places=(place(GRID, weight=weight),))) == "weight", weight
    on_second = place(single, phases=1, rotation=Rotation.STR)
    assert rules.checked(tree(GRID, single, places=(on_second,))).places == (on_second,)


def test_a_one_phase_outlet_loads_one_line_of_a_star_and_two_of_a_delta():
    single = place(GRID, phases=1, rotation=Rotation.TRS)
    assert rules.phases_of(single, Wiring.STAR_400) == (2,)
    assert rules.phases_of(single, Wiring.DELTA_230) == (2, 0)
    assert rules.phases_of(place(GRID), Wiring.STAR_400) == (0, 1, 2)


def test_what_a_removed_circuit_fed_hangs_on_what_fed_it():
    before = tree(GRID, BOARD, GROUP, places=(place(BOARD),))
    after = rules.checked(editing.without_circuit(before, BOARD.id))
    assert [one.parent_id for one in after.circuits] == [None, GRID.id]
    assert after.places[0].circuit_id == GRID.id
    with pytest.raises(Conflict):
        editing.without_circuit(before, GRID.id)
    with pytest.raises(NotFound):
        editing.without_circuit(before, new_id())
    assert editing.without_circuit(tree(GRID, places=(place(GRID),)), GRID.id) == tree()


def test_circuits_change_places_on_the_board_and_outlets_between_circuits():
    second = circuit("Central B", GRID)
    before = tree(GRID, BOARD, second, places=(place(BOARD),))
    assert editing.stepped(before, second.id, -1).circuits == (GRID, second, BOARD)
    assert editing.stepped(before, BOARD.id, -1) == before
    moved = editing.with_places(before, [place(second), place(second, evse_number=2)])
    assert [one.circuit_id for one in moved.places] == [second.id, second.id]
    assert editing.without_places(moved, {(STATION, 1)}).places == (place(second, evse_number=2),)
    assert editing.below(tree(GRID, BOARD, GROUP, second), BOARD.id) == {BOARD.id, GROUP.id}


def test_the_lowest_limit_holds_on_each_phase_and_says_until_when():
    evening = Window(limit_a=(30.0, 30.0, 30.0), days=(1, 2, 3, 4, 5), starts_minute=17 * 60, ends_minute=20 * 60)
    grid = circuit("Servis", margin_a=3.0, windows=(evening,))
    signal = Signal(
        circuit_id=grid.id, source=LimitFrom.DSO, key="1", starts_at=NOON + timedelta(hours=6),
        ends_at=NOON + timedelta(hours=7), limit_a=(63.0, 10.0, 63.0),
    )  # fmt: skip
    noon = limits.holding(grid, [signal], NOON, HOME)
    assert (noon.limit_a, noon.source) == ((60.0, 60.0, 60.0), None)
    assert noon.until == NOON + timedelta(hours=5)
    both = limits.holding(grid, [signal], NOON + timedelta(hours=6, minutes=1), HOME)
    assert (both.limit_a, both.source, both.until) == ((30.0, 10.0, 30.0), LimitFrom.SCHEDULE, signal.ends_at)
    saturday = limits.holding(grid, [], NOON + timedelta(days=5, hours=6), HOME)
    assert saturday.limit_a == (60.0, 60.0, 60.0)


def test_a_window_past_midnight_belongs_to_the_day_it_begins_on():
    night = Window(limit_a=(16.0, 16.0, 16.0), days=(1,), starts_minute=22 * 60, ends_minute=6 * 60)
    grid = circuit("Servis", windows=(night,))
    assert limits.holding(grid, [], NOON + timedelta(hours=16), HOME).limit_a[0] == 16.0  # 4 on Tuesday
    assert limits.holding(grid, [], NOON - timedelta(hours=8), HOME).limit_a[0] == 63.0  # 4 on Monday


def test_a_window_on_the_night_of_summer_time_follows_the_clock_on_the_wall():
    night = Window(limit_a=(16.0, 16.0, 16.0), days=(7,), starts_minute=60, ends_minute=4 * 60)
    grid = circuit("Servis", windows=(night,))
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC)  # Sunday 0 o'clock, at home; at 2 the clocks go to 3
    ends = limits.holding(grid, [], midnight + timedelta(hours=1), HOME).until
    assert ends == midnight + timedelta(hours=3)


@pytest.mark.parametrize(
    ("window", "field"),
    [
        (Window(limit_a=(64.0, 10.0, 10.0)), "window_limit"),
        (Window(limit_a=(10.0, 10.0, 10.0), days=()), "days"),
        (Window(limit_a=(10.0, 10.0, 10.0), starts_minute=60, ends_minute=60), "ends"),
    ],
)
def test_hours_that_cannot_be_are_refused(window: Window, field: str):
    assert field_of(tree(circuit("Servis", windows=(window,)))) == field


def test_a_signal_cannot_allow_more_than_the_fuse():
    signal = Signal(
        circuit_id=GRID.id, source=LimitFrom.DSO, key="1", starts_at=NOON, ends_at=NOON + timedelta(hours=1),
        limit_a=(80.0, 0.0, 0.0),
    )  # fmt: skip
    with pytest.raises(Invalid):
        rules.checked_signal(signal, GRID)

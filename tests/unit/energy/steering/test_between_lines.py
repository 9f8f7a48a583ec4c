"""On a 230 V IT grid an outlet lies between two lines: where that is verified it loads these, and no third."""

from math import sqrt
from uuid import UUID

import pytest
from msgspec.structs import replace

from laddverk.energy.allocating import allocated
from laddverk.energy.circuits import loads, model
from laddverk.energy.circuits.model import CircuitId, CircuitKind, Place, Rotation, Tree, Wiring
from laddverk.energy.planning_ahead.building import loads_of
from laddverk.energy.steering import core, envelope, hearing, placing
from laddverk.energy.steering.model import Belief, Circuit, Held, Known, Sample, SessionChanged, Trust
from laddverk.kernel.ids import SiteId, StationId

GRID = CircuitId(UUID(int=1))
NOW = 1_000_000.0


def place(number: int, rotation: Rotation, *, phases: int = 1, is_known: bool = True) -> Place:
    return Place(
        station_id=StationId(UUID(int=number)), evse_number=1, circuit_id=GRID, phases=phases, rotation=rotation,
        is_rotation_known=is_known, current_max_a=32.0,
    )  # fmt: skip


def tree(*places: Place) -> Tree:
    grid = model.Circuit(id=GRID, name="Servis", kind=CircuitKind.GRID, limit_a=(32.0,) * 3)
    return Tree(site_id=SiteId(UUID(int=9)), version=1, circuits=(grid,), places=places, wiring=Wiring.DELTA_230)


@pytest.mark.parametrize(
    ("rotation", "lines"),
    [
        (Rotation.RST, (1, 1, 0)),
        (Rotation.STR, (0, 1, 1)),
        (Rotation.TRS, (1, 0, 1)),
        (Rotation.TSR, (0, 1, 1)),
        (Rotation.RTS, (1, 0, 1)),
    ],
)
def test_a_one_phase_outlet_of_a_known_place_loads_two_lines_for_the_loop_and_for_the_plan(rotation, lines):
    (outlet,) = placing.outlets(tree(place(2, rotation)))
    assert envelope.may_load(outlet, Belief()) == lines
    assert loads_of(place(2, rotation), Wiring.DELTA_230) == (lines, 230.0)


@pytest.mark.parametrize("unknown", [place(2, Rotation.RST, is_known=False), place(2, Rotation.RST, phases=3)])
def test_any_other_may_put_root_three_on_every_line(unknown):
    (outlet,) = placing.outlets(tree(unknown))
    assert envelope.may_load(outlet, Belief()) == pytest.approx((sqrt(3),) * 3)
    assert loads_of(unknown, Wiring.DELTA_230)[0] == pytest.approx((sqrt(3),) * 3)


def test_what_dc_takes_of_a_line_is_its_power_at_the_voltage_between_the_lines():
    """50 kW are 72 A on each phase of a star, and 125 A in each line where 230 V lie between the lines."""
    dc = replace(place(2, Rotation.RST, phases=0), power_max_w=50_000.0)
    (outlet,) = placing.outlets(tree(dc))
    most_a = outlet.current_max_a * max(envelope.may_load(outlet, Belief()))
    assert most_a == pytest.approx(50_000 / (sqrt(3) * 230))
    use, watts_per_a = loads_of(dc, Wiring.DELTA_230)
    assert 50_000 / watts_per_a * max(use) == pytest.approx(most_a)
    shown = loads.on_grid(dc, loads.Drawn(power_w=50_000.0), Wiring.DELTA_230)
    assert max(shown) == pytest.approx(most_a), "as the page shows it"


def test_what_dc_measures_is_not_taken_for_what_others_draw():
    """50 kW flow as 125 A in each line: all of it at most, and at least what the angle of others leaves of it."""
    (outlet,) = placing.outlets(tree(replace(place(2, Rotation.RST, phases=0), power_max_w=50_000.0)))
    sample_a = 50_000 / placing.WATTS_PER_A
    limits = (Held(limit_a=sample_a, sent_at=NOW - 600, answered_at=NOW - 600),)
    belief = Belief(
        trust=Trust.OBEYS, is_online=True, has_session=True, session_since=NOW - 900, limits=limits,
        sample=Sample(NOW - 2, (sample_a,) * 3),
    )  # fmt: skip
    least, most = hearing.bounds(outlet, belief, NOW)
    assert least == pytest.approx((125.5 * sqrt(3) / 2,) * 3, abs=0.1)
    assert most == pytest.approx((125.5,) * 3, abs=0.1)


def test_what_it_measures_is_sure_on_a_line_but_for_the_angle_to_others():
    (outlet,) = placing.outlets(tree(place(2, Rotation.STR)))
    assert envelope.on_grid(outlet, (10.0, 0.0, 0.0)) == pytest.approx((0.0, 8.66, 8.66), abs=0.01)


def test_what_is_sure_while_a_limit_is_lowered_is_no_more_than_the_limit_at_the_angle_to_others():
    (outlet,) = placing.outlets(tree(place(2, Rotation.STR)))
    limits = tuple(Held(limit_a=each, sent_at=NOW - 1, answered_at=NOW - 1) for each in (16.0, 6.0))
    belief = Belief(
        trust=Trust.OBEYS, is_online=True, has_session=True, session_since=NOW - 60, limits=limits,
        sample=Sample(NOW - 2, (16.0, 0.0, 0.0)),
    )  # fmt: skip
    assert hearing.bounds(outlet, belief, NOW)[0] == pytest.approx((0.0, 5.2, 5.2), abs=0.01)


@pytest.mark.parametrize(("is_known", "each_a"), [(True, 16.0), (False, 6.1)])
def test_three_cars_on_three_pairs_of_lines_share_what_two_of_them_put_on_each(is_known, each_a):
    outlets = placing.outlets(
        tree(
            *(place(2 + n, one, is_known=is_known) for n, one in enumerate((Rotation.RST, Rotation.STR, Rotation.TRS)))
        )
    )
    standing = (Held(limit_a=0.0, sent_at=NOW - 900, answered_at=NOW - 899, confirmed=True),)
    known = Known(
        circuits=(Circuit(key="grid", parent=-1, usable_a=(32.0,) * 3),), outlets=outlets,
        beliefs={one.key: Belief(trust=Trust.OBEYS, is_online=True, standing=standing) for one in outlets},
    )  # fmt: skip
    decided = core.step(known, [SessionChanged(one.key, True, NOW) for one in outlets], NOW, allocated)
    assert [one.limit_a for one in decided.shares] == [each_a] * 3

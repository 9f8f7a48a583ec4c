"""Fuses as the standard has them, and a site that is the same from the same seed."""

import pytest

from laddverk.simulator.grid.fuse import Fuse, curve
from laddverk.simulator.grid.making import made
from laddverk.simulator.grid.meter import MeterFault
from laddverk.simulator.grid.outlet import BoxFault


@pytest.mark.parametrize(("rating_a", "ten_s_a"), [(16, 33), (25, 52), (63, 160), (100, 290)])
def test_a_fuse_holds_the_gate_current_of_the_standard_for_ten_seconds(rating_a, ten_s_a):
    assert curve(rating_a).holds_s(ten_s_a) == pytest.approx(10.0)


def test_a_fuse_holds_a_quarter_above_its_rating_for_ever_and_more_for_less_and_less():
    held = curve(35)
    assert held.holds_s(1.25 * 35) == float("inf")
    times = [held.holds_s(35 * factor) for factor in (1.3, 1.6, 2.0, 3.0, 8.0, 20.0)]
    assert times == sorted(times, reverse=True)
    assert times[-1] < 0.1


def test_a_fuse_opens_when_its_curve_is_used_up_and_what_would_flow_after_is_counted():
    fuse = Fuse(curve(16))
    for _ in range(9):
        fuse.carry(33.0, 1.0)
    assert not fuse.is_open
    assert fuse.above_curve_as == 0.0
    fuse.carry(33.0, 2.0)
    assert fuse.is_open
    fuse.carry(20.0, 5.0)
    assert fuse.above_curve_as == pytest.approx(4.0 * 5.0)


def test_a_fuse_that_cools_forgets():
    fuse = Fuse(curve(16))
    fuse.carry(33.0, 5.0)
    used = fuse.used
    for _ in range(1_800):
        fuse.carry(10.0, 1.0)
    assert fuse.used < used / 10


def test_the_same_seed_gives_the_same_site_and_building_whatever_fails():
    def drawn(*faults):
        world = made(7, faults)
        flows = []
        for second in range(300):
            world.pass_second(float(second))
            flows.append(world.lines[0].building.drawn_a)
        return flows

    assert drawn() == drawn(BoxFault.IGNORES, MeterFault.LOST)

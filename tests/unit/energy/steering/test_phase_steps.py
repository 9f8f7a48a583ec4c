"""Which phase each outlet uses comes out of the life of a site: the loop, the physics, a building that is restless."""

from random import Random

from bench import _energy_episode as episode
from bench._energy_told import told
from laddverk.energy.allocating import allocated
from laddverk.energy.steering import core, phase_steps, rotations
from laddverk.simulator.grid.building import Building
from laddverk.simulator.grid.fuse import Fuse, curve
from laddverk.simulator.grid.meter import Meter
from laddverk.simulator.grid.outlet import Box, Visit
from laddverk.simulator.grid.world import Line, Plug, World

LASTS_S = 5_400.0
WIRES = {"first": (0, 1, 2), "second": (1, 2, 0), "third": (2, 0, 1)}


def small_site():
    """A metered connection of 50 A with a building and three boxes, where one-phase cars come and go in turn."""
    most = (15.0, 15.0, 15.0)
    line = Line("grid", -1, Fuse(curve(50.0)), Building(Random(3), most), Meter(Random(4)))
    plugs = []
    for turn, (key, wires) in enumerate(WIRES.items()):
        comes = (200.0 * turn + 600.0 * lap for lap in range(int(LASTS_S // 600)))
        visits = [Visit(at, at + 300.0, 1, 16.0, 1e9) for at in comes]
        box = Box(Random(turn), 16.0, 3, wires, visits)
        plugs.append(
            Plug(key, 0, box, (0, 1, 2), is_verified=True, is_proven=True, keeps_standing=True, samples_every_s=10.0)
        )  # people entered RST for all of them: of two that is wrong
    return World(Random(5), [line], plugs, LASTS_S)


def test_the_life_of_a_site_tells_which_phase_each_outlet_is_on_whatever_people_entered():
    world = small_site()
    known, events, snapshots, evidence = told(world, Random(0)).known, [], {}, {}
    for second in range(int(LASTS_S)):
        events += [episode.event(one) for one in world.pass_second(float(second))]
        if second % 10:
            continue
        decided = core.step(known, events, episode.START_S + second, allocated)
        known, events = decided.known, []
        for order in decided.orders:
            episode.give(world, order, second)
        snapshots, steps = phase_steps.noticed(known, snapshots)
        for key, step in steps.items():
            evidence[key] = phase_steps.with_step(evidence.get(key, ()), step)
    found = {key: rotations.found(steps) for key, steps in evidence.items()}
    assert {key: seen and seen.phase for key, seen in found.items()} == {key: wires[0] for key, wires in WIRES.items()}
    assert {key: rotations.is_wrong((0, 1, 2), seen) for key, seen in found.items()} == {
        "first": False, "second": True, "third": True,
    }  # fmt: skip
    assert all(len(steps) <= phase_steps.STEPS_KEPT for steps in evidence.values())

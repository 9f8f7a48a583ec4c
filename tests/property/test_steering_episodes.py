"""The loop against the physics of fuses: random sites and faults, and no fuse opens; without the loop some do."""

from bench import _energy_episode as episode
from bench import _energy_rivals as rivals
from bench.energy_safety import KINDS, faults_of
from laddverk.energy.allocating import allocated
from laddverk.simulator.grid.outlet import BoxFault

ROUNDS = 2  # of every kind of fault
LASTS_S = 600.0
SEEDS_FROM = 50_000  # not those that the bench plays


def test_no_fuse_opens_whatever_fails_and_cars_are_charged_all_the_same():
    delivered = dict.fromkeys(KINDS, 0.0)
    for number, kind in enumerate(KINDS * ROUNDS):
        seed = SEEDS_FROM + number // len(KINDS)
        faults = faults_of(kind, SEEDS_FROM + number)
        found = episode.played(seed, faults, allocated, network_dies=kind == "gateway killed", lasts_s=LASTS_S)
        assert not found.opened, (kind, seed)
        assert found.above_curve_as == 0.0
        delivered[kind] += found.delivered_as
    healthy = delivered["no fault"]
    assert all(one > 0.25 * healthy for one in delivered.values()), delivered


def test_the_physics_can_open_a_fuse():
    assert any(rivals.uncontrolled(seed, ()).opened for seed in range(8))


def test_an_equal_share_that_believes_what_it_sends_uses_up_more_of_the_curve():
    seeds = range(3)
    believed = max(rivals.equal_share(seed, (BoxFault.IGNORES,)).worst_share for seed in seeds)
    ours = max(episode.played(seed, (BoxFault.IGNORES,), allocated).worst_share for seed in seeds)
    assert ours < believed / 4


def test_chargers_that_all_forget_in_one_second_open_a_small_fuse_unless_limits_are_set_in_the_chargers_themselves():
    seeds = [
        seed
        for seed in range(6)
        if episode.played(seed, (BoxFault.REBOOTS,), allocated, all_at_once=True).opened
    ]  # fmt: skip
    assert seeds  # what no network can prevent is not hidden
    for seed in seeds:
        assert not episode.played(seed, (BoxFault.REBOOTS,), allocated, all_at_once=True, in_boxes=True).opened

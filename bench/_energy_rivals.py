"""Other ways on the same physics: nobody limits, an equal share that believes what it sends, and full knowledge.

The first two show that the curve can open a fuse; the last is the most that could be delivered.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from bench._energy_episode import START_S, STEP_EVERY_S, Outcome, outcome
from laddverk.energy.allocating.model import Branch, Demand, Grant, Reason, ReasonCode, Situation
from laddverk.simulator.grid.making import made
from laddverk.simulator.grid.outlet import Limit
from laddverk.simulator.grid.world import Fault, World

EPOCH = datetime.fromtimestamp(START_S, UTC)


def uncontrolled(seed: int, faults: Collection[Fault], *, network_dies: bool = False) -> Outcome:
    """Play an episode in which nobody limits anything."""
    world = made(seed, faults, network_dies=network_dies)
    for second in range(int(world.lasts_s)):
        world.pass_second(float(second))
    return outcome(world, seed)


def equal_share(seed: int, faults: Collection[Fault], *, network_dies: bool = False) -> Outcome:
    """Play an episode with what is usually done: every 10 s each car gets an equal part of the fuse less the last
    reading of its meter, and what was sent is believed to hold.
    """
    world = made(seed, faults, network_dies=network_dies)
    sent: dict[str, float] = {}
    last: dict[str, tuple[float, float, float]] = {}
    running: set[str] = set()
    for second in range(int(world.lasts_s)):
        for one in world.pass_second(float(second)):
            if one.kind == "meter":
                last[one.key] = one.current_a
            elif one.kind == "session":
                (running.add if one.flag else running.discard)(one.key)
        if second % int(STEP_EVERY_S) or not world.is_network_up(float(second)):
            continue
        _share_equally(world, running, sent, last, second)
    return outcome(world, seed)


def _share_equally(
    world: World, running: set[str], sent: dict[str, float], last: dict[str, tuple[float, float, float]], second: int
) -> None:
    for index, line in enumerate(world.lines):
        under = world.below(index)
        below = [one for one in world.plugs if one.key in running and one.line in under]
        used = sum(sent.get(one.key, 0.0) for one in below)
        typed = max(line.building.most_a) if line.building is not None else 0.0
        other = max(0.0, max(last[line.key]) - used) if line.key in last else typed
        each = (line.fuse.curve.rating_a - other) / max(1, len(below))
        for plug in below:
            limit = each if index == 0 else min(each, sent.get(plug.key, each))
            limit = int(min(limit, plug.box.current_max_a) * 10) / 10
            sent[plug.key] = limit if limit >= 6.0 else 0.0
    for key in running:
        world.order(key, 0, "limit", sent[key], None, second)


def perfect(seed: int, faults: Collection[Fault]) -> Outcome:
    """Play an episode with somebody who knows everything in every second and whom everything obeys at once: the most
    that can be delivered at all without using up any of a fuse's curve.
    """
    world = made(seed, faults)
    for second in range(int(world.lasts_s)):
        _set_perfectly(world, float(second))
        world.pass_second(float(second))
    return outcome(world, seed)


def _set_perfectly(world: World, second: float) -> None:
    other = [line.building.drawn_a if line.building is not None else (0.0, 0.0, 0.0) for line in world.lines]
    branches = []
    for index, line in enumerate(world.lines):
        below = [other[place] for place in world.below(index)]
        first, second_, third = (line.fuse.curve.rating_a - sum(each[phase] for each in below) for phase in range(3))
        branches.append(Branch(key=line.key, parent=line.parent, limit_a=(first, second_, third)))
    demands = []
    for plug in world.plugs:
        box, visit = plug.box, plug.box.visit
        if visit is None or box.taken_as >= visit.needs_as:
            continue
        most = min(box.current_max_a, visit.current_max_a)
        demands.append(Demand(key=plug.key, branch=plug.line, use_a=box.per_ampere(visit), ceiling_a=most, since=EPOCH))
    grants = {one.key: one.limit_a for one in plain(Situation(branches=tuple(branches), demands=tuple(demands)), None)}
    for plug in world.plugs:
        plug.box.session.clear()
        plug.box.standing[:] = [Limit(grants.get(plug.key, 0.0), second)]


def plain(situation: Situation, _now: object) -> list[Grant]:
    """Return grants by letting in one after the other at 6 A, then raising all by halves of an ampere."""
    room = [list(one.limit_a) for one in situation.branches]
    granted = {one.key: 0.0 for one in situation.demands}

    def path(branch: int) -> list[int]:
        found = []
        while branch >= 0:
            found.append(branch)
            branch = situation.branches[branch].parent
        return found

    def take(demand: object, more: float) -> bool:
        use, where = demand.use_a, path(demand.branch)  # type: ignore[attr-defined]  # a Demand
        if any(room[one][phase] < use[phase] * more - 1e-9 for one in where for phase in range(3) if use[phase]):
            return False
        for one in where:
            for phase in range(3):
                room[one][phase] -= use[phase] * more
        return True

    order = sorted(situation.demands, key=lambda one: (one.attained_wh // 2_000, not one.is_on, one.since, one.key))
    going = [one for one in order if take(one, max(one.floor_a, 6.0))]
    for one in going:
        granted[one.key] = max(one.floor_a, 6.0)
    while going:
        going = [one for one in going if granted[one.key] + 0.5 <= one.ceiling_a and take(one, 0.5)]
        for one in going:
            granted[one.key] += 0.5
    return [
        Grant(key=key, limit_a=limit, reason=Reason(code=ReasonCode.CIRCUIT_FULL)) for key, limit in granted.items()
    ]

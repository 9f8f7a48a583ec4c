"""One episode: the physics of a site, second by second, under a way of steering it, with faults from a seed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from laddverk.energy.allocating.model import Branch, Demand, Grant, Reason, ReasonCode, Situation
from laddverk.energy.steering import core
from laddverk.energy.steering.model import (
    Answered,
    Belief,
    Circuit,
    Composed,
    Heard,
    Known,
    LinkChanged,
    MeterRead,
    Order,
    Outlet,
    Sampled,
    SessionChanged,
    Trust,
)
from laddverk.energy.steering.sharing import Allocate
from laddverk.simulator.grid.outlet import Limit
from laddverk.simulator.grid.world import Fault, Said, World, limited_in_boxes, made

MARGIN_SHARE = 0.02  # of the fuse, kept free: two meters of class 1. What comes between readings the curve takes
STEP_EVERY_S = 10.0
LASTS_S = 1_500.0
WAYS = ("dynamic", "watts", "")
START_S = 1_800_000_000.0
EPOCH = datetime.fromtimestamp(START_S, UTC)


@dataclass
class Outcome:
    """What came of an episode."""

    seed: int
    opened: bool
    worst_share: float
    above_rating_as: float
    above_curve_as: float
    delivered_as: float
    orders: int = 0
    alarms: set[str] = field(default_factory=set)
    unmetered_opened: bool = False
    """A fuse that opened had no meter of its own."""


def site(world: World, mix: Random | None = None) -> Known:
    """Return what the network is told of a site: its circuits and outlets as people typed them.

    With a `mix` a third of the chargers take dynamic profiles, and another third watts alone.
    """
    circuits = tuple(
        Circuit(
            key=line.key,
            parent=line.parent,
            usable_a=(line.fuse.curve.rating_a * (1 - MARGIN_SHARE),) * 3,
            is_metered=line.meter is not None,
            typed_a=_typed(world, [index]),
            typed_below_a=_typed(world, [place for place, one in enumerate(world.lines) if one.parent == index]),
        )
        for index, line in enumerate(world.lines)
    )
    outlets = tuple(
        Outlet(
            key=plug.key,
            circuit=plug.line,
            phases=plug.box.phases,
            wires=plug.typed_wires if plug.is_verified else None,
            current_max_a=plug.box.current_max_a,
            keeps_standing=plug.keeps_standing,
            takes_dynamic=way == "dynamic",
            in_watts=way == "watts",
        )
        for plug, way in ((one, mix.choice(WAYS) if mix is not None else "") for one in world.plugs)
    )
    beliefs = {plug.key: Belief(trust=Trust.OBEYS if plug.is_proven else Trust.UNKNOWN) for plug in world.plugs}
    return Known(circuits=circuits, outlets=outlets, beliefs=beliefs)


def _typed(world: World, places: Iterable[int]) -> tuple[float, float, float]:
    """All other load of circuits, as people estimate it."""
    asked = list(places)
    sums = [
        sum(building.most_a[phase] for place in asked if (building := world.lines[place].building) is not None)
        for phase in range(3)
    ]
    return sums[0], sums[1], sums[2]


def played(
    seed: int, faults: Collection[Fault], allocate: Allocate, *, network_dies: bool = False, lasts_s: float = LASTS_S,
    all_at_once: bool = False, in_boxes: bool = False, several: bool = False, is_mixed: bool = False,
) -> Outcome:  # fmt: skip
    """Play an episode with the loop. `in_boxes`: limits are set in the chargers themselves as well. `is_mixed`: the
    chargers take limits in different ways.
    """
    world = made(seed, faults, lasts_s, network_dies=network_dies, all_at_once=all_at_once, several=several)
    world = limited_in_boxes(world) if in_boxes else world
    known = site(world, Random(seed) if is_mixed else None)
    in_watts = {one.key for one in known.outlets if one.in_watts and one.phases == 3}
    events: list[Heard] = []
    orders, alarms = 0, set[str]()
    stepped_at, was_up = -1e9, True
    now = START_S
    for second in range(int(world.lasts_s)):
        said = world.pass_second(float(second))
        now = START_S + second
        if not world.is_network_up(float(second)):
            was_up = False
            continue
        if not was_up:
            known, events, was_up = core.restarted(known), [], True
        heard = [_event(one) for one in said]
        events += heard
        soon = any(isinstance(one, SessionChanged | LinkChanged) for one in heard) or _is_over(known, heard)
        if second - stepped_at < (1.0 if soon else STEP_EVERY_S):
            continue
        stepped_at = second
        decided = core.step(known, events, now, allocate)
        known, events = decided.known, []
        alarms |= {alarm.kind.value for alarm in decided.alarms}
        orders += len(decided.orders)
        for order in decided.orders:
            _give(world, order, second, order.phases or 3 if order.outlet in in_watts else None)
    return _outcome(world, seed, orders, alarms)


def _is_over(known: Known, heard: Collection[Heard]) -> bool:
    usable = {one.key: one.usable_a for one in known.circuits}
    return any(
        isinstance(one, MeterRead) and any(a > b for a, b in zip(one.current_a, usable[one.circuit], strict=True))
        for one in heard
    )


def _give(world: World, order: Order, second: float, over_phases: int | None = None) -> None:
    until = None if order.until is None else order.until - START_S + order.clock_ahead_s
    world.order(order.outlet, order.id, order.kind.value, order.limit_a, until, second, over_phases)


def _event(said: Said) -> Heard:
    at, of = START_S + said.at_s, START_S + said.of_s
    match said.kind:
        case "meter":
            return MeterRead(said.key, of, said.current_a)
        case "sample":
            return Sampled(said.key, of, said.current_a, said.clock_ahead_s)
        case "answer":
            return Answered(said.key, said.order_id, said.flag, at)
        case "composed":
            return Composed(said.key, said.order_id, at, said.limit_a)
        case "link":
            return LinkChanged(said.key, said.flag, at, said.restarted, said.clock_ahead_s)
        case _:
            return SessionChanged(said.key, said.flag, at)


def _outcome(world: World, seed: int, orders: int, alarms: set[str]) -> Outcome:
    fuses = [line.fuse for line in world.lines]
    return Outcome(
        seed, world.has_opened, world.worst_share, sum(one.above_rating_as for one in fuses),
        sum(one.above_curve_as for one in fuses), world.delivered_as, orders, alarms,
        any(line.fuse.is_open and line.meter is None for line in world.lines),
    )  # fmt: skip


# Two usual ways, on the same physics: the curve must be able to open a fuse.


def uncontrolled(seed: int, faults: Collection[Fault], *, network_dies: bool = False) -> Outcome:
    """Play an episode in which nobody limits anything."""
    world = made(seed, faults, network_dies=network_dies)
    for second in range(int(world.lasts_s)):
        world.pass_second(float(second))
    return _outcome(world, seed, 0, set())


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
    return _outcome(world, seed, 0, set())


def _share_equally(
    world: World, running: set[str], sent: dict[str, float], last: dict[str, tuple[float, float, float]], second: int
) -> None:
    for index, line in enumerate(world.lines):
        below = [one for one in world.plugs if one.key in running and (index == 0 or one.line == index)]
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
    return _outcome(world, seed, 0, set())


def _set_perfectly(world: World, second: float) -> None:
    other = [line.building.drawn_a if line.building is not None else (0.0, 0.0, 0.0) for line in world.lines]
    branches = []
    for index, line in enumerate(world.lines):
        below = [other[place] for place, one in enumerate(world.lines) if place == index or one.parent == index]
        first, second_, third = (line.fuse.curve.rating_a - sum(each[phase] for each in below) for phase in range(3))
        branches.append(Branch(key=line.key, parent=line.parent, limit_a=(first, second_, third)))
    demands = []
    for plug in world.plugs:
        box, visit = plug.box, plug.box.visit
        if visit is None or box.taken_as >= visit.needs_as:
            continue
        used = box.wires[: min(box.phases, visit.phases)]
        one, two, three = (1.0 if phase in used else 0.0 for phase in range(3))
        most = min(box.current_max_a, visit.current_max_a)
        demands.append(
            Demand(key=plug.key, branch=plug.line, use_a=(one, two, three), ceiling_a=most, since=EPOCH, weight=1.0)
        )
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


Way = Callable[..., Outcome]

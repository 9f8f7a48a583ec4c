"""One episode: the physics of a site, second by second, under a way of steering it, with faults from a seed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from random import Random

from bench._energy_told import Planned, told
from laddverk.energy.steering import core
from laddverk.energy.steering.model import (
    Answered,
    Composed,
    Heard,
    Known,
    LinkChanged,
    MeterRead,
    Order,
    Sampled,
    SessionChanged,
)
from laddverk.energy.steering.sharing import Allocate
from laddverk.simulator.grid.making import limited_in_boxes, made
from laddverk.simulator.grid.world import Fault, Said, World

STEP_EVERY_S = 10.0
LASTS_S = 1_500.0
START_S = 1_800_000_000.0


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
    is_delta: bool = False
    """The site is on a 230 V IT grid."""


def played(
    seed: int, faults: Collection[Fault], allocate: Allocate, *, network_dies: bool = False, lasts_s: float = LASTS_S,
    all_at_once: bool = False, in_boxes: bool = False, several: bool = False,
) -> Outcome:  # fmt: skip
    """Play an episode with the loop. `in_boxes`: limits are set in the chargers themselves as well.

    Every other site is planned for. When the network comes back after it was down it knows what it kept in its last
    step, as the program does.
    """
    world = made(seed, faults, lasts_s, network_dies=network_dies, all_at_once=all_at_once, several=several)
    world = limited_in_boxes(world) if in_boxes else world
    mix = Random(seed + 3)
    site = told(world, mix)
    allocate = Planned(allocate, mix) if seed % 2 else allocate
    known = site.known
    events: list[Heard] = []
    orders, alarms = 0, set[str]()
    stepped_at = -1e9
    now = START_S
    for second in range(int(world.lasts_s)):
        said = world.pass_second(float(second))
        now = START_S + second
        if not world.is_network_up(float(second)):
            events = []
            continue
        known = site.at(known, float(second))
        heard = [event(one) for one in said]
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
            give(world, order, second, order.phases or 3 if order.outlet in site.takes_watts else None)
    return outcome(world, seed, orders, alarms)


def _is_over(known: Known, heard: Collection[Heard]) -> bool:
    usable = {one.key: one.usable_a for one in known.circuits}
    return any(
        isinstance(one, MeterRead) and any(a > b for a, b in zip(one.current_a, usable[one.circuit], strict=True))
        for one in heard
    )


def give(world: World, order: Order, second: float, over_phases: int | None = None) -> None:
    """Send an order to its outlet; `over_phases`: in watts for so many phases."""
    until = None if order.until is None else order.until - START_S + order.clock_ahead_s
    world.order(order.outlet, order.id, order.kind.value, order.limit_a, until, second, over_phases)


def event(said: Said) -> Heard:
    """Return what the loop hears of something that was said."""
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


def outcome(world: World, seed: int, orders: int = 0, alarms: Collection[str] = ()) -> Outcome:
    """Return what came of an episode that is over."""
    fuses = [line.fuse for line in world.lines]
    return Outcome(
        seed, world.has_opened, world.worst_share, sum(one.above_rating_as for one in fuses),
        sum(one.above_curve_as for one in fuses), world.delivered_as, orders, set(alarms),
        any(line.fuse.is_open and line.meter is None for line in world.lines), world.is_delta,
    )  # fmt: skip

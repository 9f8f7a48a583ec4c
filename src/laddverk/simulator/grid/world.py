"""A whole site of the physics: circuits with fuses, a building, boxes with cars, meters; made from one seed.

`World.pass_second` lets everything flow for a second. What a network may hear (readings, samples, links, sessions,
answers) is left in `said`; what it wants is given to `order`, which answers after a while or never.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random
from typing import Final

from msgspec import Struct, field

from laddverk.simulator.grid.building import Building
from laddverk.simulator.grid.fuse import Fuse, curve
from laddverk.simulator.grid.meter import WRONG_SCALES, Meter, MeterFault
from laddverk.simulator.grid.outlet import ANSWERS_S, REBOOT_S, Box, BoxFault, Visit
from laddverk.simulator.grid.words import CURRENT_MIN_A, PerPhase

Fault = BoxFault | MeterFault
ROTATIONS: Final = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
FUSES_A: Final = (25.0, 35.0, 50.0, 63.0, 80.0)
HIT_MAX: Final = 3  # chargers that fail alike: one model, one firmware
UNBOUND: Final = (BoxFault.IGNORES, BoxFault.LIES, BoxFault.REBOOTS)
"""Faults in which a charger draws all that it can, whatever it was told."""
HEARS_LATE_S: Final = 2.0
CLOCKS_S: Final = (-3_600.0, -120.0, 90.0, 3_600.0)


class Line(Struct):
    """A circuit: its place in the tree, its fuse, its own building load, its meter."""

    key: str
    parent: int
    fuse: Fuse
    building: Building | None = None
    meter: Meter | None = None


class Plug(Struct):
    """An outlet on its circuit: the box, and what people believe of it."""

    key: str
    line: int
    box: Box
    typed_wires: tuple[int, int, int]
    is_verified: bool
    is_proven: bool
    """It was seen to obey before."""
    keeps_standing: bool
    samples_every_s: float
    sampled_at_s: float = -1e9
    was_online: bool = False
    was_stopped: bool = False
    had_visit: bool = False


class Said(Struct, frozen=True):
    """Something that the network hears, at `at_s`, of what was so at `of_s`."""

    kind: str
    key: str
    at_s: float
    of_s: float
    current_a: PerPhase = (0.0, 0.0, 0.0)
    flag: bool = False
    restarted: bool = False
    order_id: int = 0
    clock_ahead_s: float = 0.0
    limit_a: float = 0.0


class World(Struct):
    """The site, at an instant."""

    random: Random
    lines: list[Line]
    plugs: list[Plug]
    lasts_s: float
    network_away: tuple[float, float] | None = None
    """From when until when the network itself is down: nothing is heard or sent."""
    waiting: list[Said] = field(default_factory=list)
    delivered_as: float = 0.0
    """Ampere-seconds into cars, all phases."""

    def is_network_up(self, now_s: float) -> bool:
        """Return whether the network runs."""
        return self.network_away is None or not self.network_away[0] <= now_s < self.network_away[1]

    def pass_second(self, now_s: float) -> list[Said]:
        """Let a second pass; return what the network hears in it."""
        sums = self._charging(now_s)
        for index in range(len(self.lines) - 1, -1, -1):
            line, own = self.lines[index], sums[index]
            if line.building is not None:
                _add(own, line.building.draws_a(now_s))
            if line.parent >= 0:
                _add(sums[line.parent], own)
            line.fuse.carry(max(own), 1.0)
            shown = line.meter.says(now_s, (own[0], own[1], own[2])) if line.meter is not None else None
            if shown is not None:
                self._say(Said("meter", line.key, now_s, shown.at_s, shown.current_a))
        for plug in self.plugs:
            self._speak(plug, now_s)
        heard = [one for one in self.waiting if one.at_s <= now_s]
        self.waiting = [one for one in self.waiting if one.at_s > now_s]
        return heard if self.is_network_up(now_s) else []

    def _charging(self, now_s: float) -> list[list[float]]:
        sums = [[0.0, 0.0, 0.0] for _ in self.lines]
        for plug in self.plugs:
            flows = plug.box.pass_second(now_s)
            _add(sums[plug.line], flows)
            self.delivered_as += sum(flows)
        return sums

    def _say(self, said: Said) -> None:
        self.waiting.append(said)

    def _speak(self, plug: Plug, now_s: float) -> None:
        box = plug.box
        online = box.is_online(now_s) and self.is_network_up(now_s)
        ahead = box.clock_ahead_s if box.has(BoxFault.CLOCK_SKEW, now_s) else 0.0
        rebooted = box.fault is BoxFault.REBOOTS and abs(now_s - box.from_s - REBOOT_S) < 1.0
        if online != plug.was_online:
            plug.was_online = online
            self._say(
                Said("link", plug.key, now_s, now_s, flag=online, restarted=rebooted and online, clock_ahead_s=ahead)
            )
            if online:
                plug.had_visit = box.visit is not None and not box.stopped
                self._say(Said("session", plug.key, now_s, now_s, flag=plug.had_visit))
                return
        if not online:
            return
        has_visit = box.visit is not None and not box.stopped
        if has_visit != plug.had_visit:
            plug.had_visit = has_visit
            self._say(Said("session", plug.key, now_s + self.random.uniform(0.1, HEARS_LATE_S), now_s, flag=has_visit))
        if box.visit is not None and now_s - plug.sampled_at_s >= plug.samples_every_s:
            plug.sampled_at_s = now_s
            own = min(box.phases, box.visit.phases)
            first, second, third = (round(box.flows_a, 1) if phase < own else 0.0 for phase in range(3))
            late = self.random.uniform(0.1, HEARS_LATE_S)
            self._say(Said("sample", plug.key, now_s + late, now_s, (first, second, third), clock_ahead_s=ahead))

    def order(
        self, key: str, order_id: int, kind: str, limit_a: float, until_s: float | None, now_s: float,
        over_phases: int | None = None,
    ) -> None:  # fmt: skip
        """Send something to an outlet. A lost link loses it, or the answer to it."""
        plug = next(one for one in self.plugs if one.key == key)
        box = plug.box
        if not box.is_online(now_s) or not self.is_network_up(now_s):
            return
        if kind == "look":
            self._say(
                Said("composed", key, now_s + self.random.uniform(*ANSWERS_S), now_s, order_id=order_id,
                     limit_a=box.allowed_a(now_s))
            )  # fmt: skip
            return
        if kind == "stop":
            box.stop(now_s)
            took = True
        else:
            took = box.takes(limit_a, until_s, now_s, is_standing=kind == "standing", over_phases=over_phases)
        self._say(
            Said("answer", key, now_s + self.random.uniform(*ANSWERS_S), now_s, flag=took, order_id=order_id)
        )  # fmt: skip

    @property
    def has_opened(self) -> bool:
        """Whether any fuse has."""
        return any(line.fuse.is_open for line in self.lines)

    @property
    def worst_share(self) -> float:
        """The highest share of its curve that any fuse used up."""
        return max(line.fuse.worst for line in self.lines)


def _add(to: list[float], flows: Sequence[float]) -> None:
    for phase in range(3):
        to[phase] += flows[phase]


def made(
    seed: int, faults: Collection[Fault], lasts_s: float = 1_500.0, *, network_dies: bool = False,
    all_at_once: bool = False, several: bool = False,
) -> World:  # fmt: skip
    """Return a site from a seed, with these faults somewhere in it and at some time. The same seed gives the same
    site, cars and building, whatever fails. `all_at_once`: every charger has the fault, and in the same second.

    While the network is down nobody can react, so that only one charger of a site draws all it can meanwhile, as an
    electrician reckons with the next fault; `several`: as many as otherwise.
    """
    random = Random(seed)
    lines = _lines(random)
    plugs = _plugs(random, lines, lasts_s)
    world = World(Random(seed + 1), lines, plugs, lasts_s)
    fate = Random(seed + 2)
    for fault in faults:
        _befall(world, fault, fate, at_most=HIT_MAX if several or not network_dies or fault not in UNBOUND else 1)
    if all_at_once:
        _befall_all(world, fate)
    if network_dies:
        from_s = fate.uniform(0.2, 0.5) * lasts_s
        world.network_away = (from_s, from_s + fate.uniform(60.0, 500.0))
    return world


def _lines(random: Random) -> list[Line]:
    rating = random.choice(FUSES_A)
    share = random.uniform(0.2, 0.6)
    lines = [_line(random, "grid", -1, rating, share, is_metered=random.random() < 0.85)]
    if random.random() < 0.6:
        smaller = [one for one in (20.0, *FUSES_A) if one < rating]
        lines.append(
            _line(
                random,
                "board",
                0,
                random.choice(smaller),
                random.uniform(0.0, 0.2),
                is_metered=random.random() < 0.4,
            )
        )
    return lines


def _line(random: Random, key: str, parent: int, rating: float, share: float, *, is_metered: bool) -> Line:
    most = rating * share
    building = Building(Random(random.random()), (most, most, most), random.uniform(0.0, 1_800.0))
    meter = Meter(Random(random.random())) if is_metered else None
    return Line(key, parent, Fuse(curve(rating)), building, meter)


def _plugs(random: Random, lines: list[Line], lasts_s: float) -> list[Plug]:
    plugs = []
    for number in range(random.randint(4, 9)):
        line = random.randrange(len(lines))
        phases = random.choice((1, 3, 3))
        largest = 32.0 if lines[line].fuse.curve.rating_a >= 50.0 else 16.0
        wires = random.choice(ROTATIONS)
        box = Box(Random(random.random()), largest, phases, wires, _visits(random, largest, lasts_s))
        plugs.append(
            Plug(
                f"{number}", line, box, wires, is_verified=random.random() < 0.6, is_proven=random.random() < 0.7,
                keeps_standing=random.random() < 0.5, samples_every_s=random.choice((10.0, 15.0, 30.0)),
            )
        )  # fmt: skip
    return plugs


def _visits(random: Random, largest_a: float, lasts_s: float) -> list[Visit]:
    visits, at = [], random.uniform(0.0, lasts_s / 2)
    while at < lasts_s:
        stays = random.uniform(0.2, 0.9) * lasts_s
        current = min(largest_a, random.choice((10.0, 16.0, 16.0, 32.0)))
        late = random.uniform(20.0, 200.0) if random.random() < 0.25 else 0.0
        needs = current * stays * random.uniform(0.2, 1.5)
        visits.append(Visit(at, at + stays, random.choice((1, 3, 3)), current, needs, late))
        at += stays + random.uniform(5.0, 300.0)
    return visits


def _befall(world: World, fault: Fault, fate: Random, at_most: int) -> None:
    from_s = fate.uniform(0.1, 0.6) * world.lasts_s
    until_s = from_s + fate.uniform(60.0, world.lasts_s)
    if isinstance(fault, MeterFault):
        metered = [line.meter for line in world.lines if line.meter is not None]
        for meter in metered[: 1 + (fate.random() < 0.3)]:
            meter.fault, meter.from_s, meter.until_s = fault, from_s, until_s
            meter.scale = fate.choice(WRONG_SCALES)
        return
    whole = [one for one in world.plugs if one.box.fault is None] or world.plugs
    count = (
        len(whole) if fault is BoxFault.LINK_LOST and fate.random() < 0.3 else min(at_most, fate.randint(1, HIT_MAX))
    )
    hit = fate.sample(whole, k=min(count, len(whole)))
    for plug in hit:
        box = plug.box
        if fault is not BoxFault.LINK_LOST:  # a line may fail for all at once; what is in a box fails at its own time
            from_s = fate.uniform(0.1, 0.6) * world.lasts_s
            until_s = from_s + fate.uniform(60.0, world.lasts_s)
        box.fault, box.from_s, box.until_s = fault, from_s, until_s
        box.clock_ahead_s = fate.choice(CLOCKS_S)
        if fault is BoxFault.REBOOTS:
            plug.keeps_standing = False
        if fault is BoxFault.WRONG_ROTATION:  # what people typed is not how it is wired
            plug.typed_wires = fate.choice([one for one in ROTATIONS if one != box.wires])
            plug.is_verified = False
        if fault in (BoxFault.APPLIES_LATE, BoxFault.DRAWS_LESS, BoxFault.DRAWS_MORE):
            box.from_s, box.until_s = 0.0, world.lasts_s


def _befall_all(world: World, fate: Random) -> None:
    """Give every box the fault of the first that has one, at the same time and in the same way."""
    hit = next((one.box for one in world.plugs if one.box.fault is not None), None)
    if hit is None:
        return
    for plug in world.plugs:
        box = plug.box
        box.fault, box.from_s, box.until_s, box.clock_ahead_s = hit.fault, hit.from_s, hit.until_s, hit.clock_ahead_s
        if hit.fault is BoxFault.REBOOTS:
            plug.keeps_standing = False
        if hit.fault is BoxFault.WRONG_ROTATION:
            plug.typed_wires = fate.choice([one for one in ROTATIONS if one != box.wires])
            plug.is_verified = False


def limited_in_boxes(world: World) -> World:
    """Return a site whose electrician has set limits in the chargers themselves: together they fit beside the most
    that the building draws, whatever anybody sends.
    """
    for plug in world.plugs:
        path, index = [], plug.line
        while index >= 0:
            path.append(index)
            index = world.lines[index].parent
        each = min(_room_a(world, index) / _count(world, index) for index in path)
        plug.box.current_max_a = min(plug.box.current_max_a, int(each * 10) / 10)
    return world


def _room_a(world: World, index: int) -> float:
    below = [one for place, one in enumerate(world.lines) if place == index or one.parent == index]
    taken = sum(max(one.building.most_a) for one in below if one.building is not None)
    return world.lines[index].fuse.curve.rating_a - taken


def _count(world: World, index: int) -> int:
    return sum(one.line == index or world.lines[one.line].parent == index for one in world.plugs)


__all__ = ["CURRENT_MIN_A", "Fault", "Line", "Plug", "Said", "World", "limited_in_boxes", "made"]

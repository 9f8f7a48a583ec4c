"""Sites of the physics from a seed: trees of fuses, chargers of all kinds with their cars, and what fails there."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Final

from laddverk.simulator.grid.building import Building
from laddverk.simulator.grid.fuse import Fuse, curve
from laddverk.simulator.grid.meter import WRONG_SCALES, Meter, MeterFault
from laddverk.simulator.grid.outlet import Box, BoxFault, Visit
from laddverk.simulator.grid.world import Fault, Line, Plug, World

ROTATIONS: Final = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
FUSES_A: Final = (25.0, 35.0, 50.0, 63.0, 80.0)
SMALLEST_A: Final = 20.0
BOARD_SHARE: Final = 0.6  # of sites have a board of their own below the connection, and
SUB_BOARD_SHARE: Final = 0.4  # of those another below it
DELTA_SHARE: Final = 0.15  # of sites are on a 230 V IT grid
DC_SHARE: Final = 0.15  # of chargers
DC_A: Final = 32.0  # 22 kW on three phases
HIT_MAX: Final = 3  # chargers that fail alike: one model, one firmware
UNBOUND: Final = (BoxFault.IGNORES, BoxFault.LIES, BoxFault.REBOOTS)
"""Faults in which a charger draws all that it can, whatever it was told."""
CLOCKS_S: Final = (-3_600.0, -120.0, 90.0, 3_600.0)


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
    lines, is_delta = _lines(random), random.random() < DELTA_SHARE
    plugs = _plugs(random, lines, lasts_s, is_delta=is_delta)
    world = World(Random(seed + 1), lines, plugs, lasts_s, is_delta)
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
    for key, chance in (("board", BOARD_SHARE), ("sub-board", SUB_BOARD_SHARE)):
        above = lines[-1].fuse.curve.rating_a
        smaller = [one for one in (SMALLEST_A, *FUSES_A) if one < above]
        if not smaller or random.random() >= chance:
            break
        own = random.uniform(0.0, 0.2)
        lines.append(
            _line(random, key, len(lines) - 1, random.choice(smaller), own, is_metered=random.random() < 0.4)
        )  # fmt: skip
    return lines


def _line(random: Random, key: str, parent: int, rating: float, share: float, *, is_metered: bool) -> Line:
    most = rating * share
    building = Building(Random(random.random()), (most, most, most), random.uniform(0.0, 1_800.0))
    meter = Meter(Random(random.random())) if is_metered else None
    return Line(key, parent, Fuse(curve(rating)), building, meter)


def _plugs(random: Random, lines: list[Line], lasts_s: float, *, is_delta: bool) -> list[Plug]:
    plugs = []
    for number in range(random.randint(4, 9)):
        line = random.randrange(len(lines))
        has_room = lines[line].fuse.curve.rating_a >= 50.0
        phases = random.choice((1, 3, 3))
        if has_room and random.random() < DC_SHARE:
            phases = 0
        largest = DC_A if phases == 0 else 32.0 if has_room else 16.0
        wires = random.choice(ROTATIONS)
        box = Box(
            Random(random.random()), largest, phases, wires, _visits(random, largest, lasts_s),
            is_between_lines=is_delta,
        )  # fmt: skip
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
    under = [world.below(index) for index in range(len(world.lines))]
    for plug in world.plugs:
        above = [index for index, places in enumerate(under) if plug.line in places]
        each = min(_room_a(world, under[index], index) / _count(world, under[index]) for index in above)
        plug.box.current_max_a = min(plug.box.current_max_a, int(each * 10) / 10)
    return world


def _room_a(world: World, under: Collection[int], index: int) -> float:
    """Return what a fuse leaves beside the most that is drawn below it otherwise."""
    most = [building.most_a for place in under if (building := world.lines[place].building) is not None]
    return world.lines[index].fuse.curve.rating_a - sum(max(each) for each in most)


def _count(world: World, under: Collection[int]) -> int:
    return sum(one.line in under for one in world.plugs)

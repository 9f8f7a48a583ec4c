"""What the network is told of a simulated site: its tree as people typed it, hours with less, and what a plan wants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from random import Random
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.allocating.model import Grant, Situation
from laddverk.energy.circuits import model as typed
from laddverk.energy.circuits.model import CircuitId, CircuitKind, Place, Rotation, Tree, Wiring
from laddverk.energy.steering import placing
from laddverk.energy.steering.model import Belief, Circuit, Known, Outlet, Trust
from laddverk.energy.steering.sharing import Allocate
from laddverk.kernel.ids import SiteId, StationId
from laddverk.simulator.grid.world import Plug, World

MARGIN_SHARES: Final = (0.0, 0.0, 0.02)  # of the fuse, kept free: nothing is what a new tree has
WAYS: Final = ("plain", "dynamic", "watts")
PLANNED_FOR_S: Final = 300.0


class Hours(Struct, frozen=True):
    """A time with less than the fuse: a window that people typed, or a signal of the grid's owner."""

    from_s: float
    until_s: float
    share: float


class Told(Struct, frozen=True):
    """A site as the network knows it, and what changes for it later."""

    known: Known
    hours: Hours
    takes_watts: frozenset[str]
    """Three-phase outlets that are told watts."""

    def at(self, known: Known, second: float) -> Known:
        """Return what is known, with what its connection may carry in this second."""
        grid = self.known.circuits[0]
        share = self.hours.share if self.hours.from_s <= second < self.hours.until_s else 1.0
        first, *others = known.circuits
        now = replace(first, usable_a=tuple(each * share for each in grid.usable_a), fuse_a=grid.usable_a)
        return replace(known, circuits=(now, *others))


class Planned:
    """The allocator behind a plan that changes its mind every five minutes, and is often wrong."""

    def __init__(self, allocate: Allocate, mix: Random) -> None:
        self._allocate = allocate
        self._mix = mix
        self._until_s = 0.0
        self._targets_a: dict[str, float] = {}

    def __call__(self, situation: Situation, now: datetime) -> Sequence[Grant]:
        """Return grants, with targets drawn by lot."""
        if now.timestamp() >= self._until_s:
            self._until_s = now.timestamp() + PLANNED_FOR_S
            self._targets_a = {
                one.key: self._mix.choice((0.0, 6.0, 10.0, 40.0))
                for one in situation.demands
                if self._mix.random() < 0.7
            }
        demands = tuple(replace(one, target_a=self._targets_a.get(one.key)) for one in situation.demands)
        return self._allocate(replace(situation, demands=demands), now)


def told(world: World, mix: Random) -> Told:
    """Return what the network is told of a site. Chargers take limits in different ways; some go before others, some
    have something of their own, and for a while the connection may carry less than its fuse.
    """
    margin = mix.choice(MARGIN_SHARES)
    circuits = tuple(
        Circuit(
            key=line.key,
            parent=line.parent,
            usable_a=(line.fuse.curve.rating_a * (1 - margin),) * 3,
            is_metered=line.meter is not None,
            typed_a=_typed(world, [index]),
            typed_below_a=_typed(world, world.below(index)[1:]),
        )
        for index, line in enumerate(world.lines)
    )
    outlets = _outlets(world, mix)
    beliefs = {plug.key: Belief(trust=Trust.OBEYS if plug.is_proven else Trust.UNKNOWN) for plug in world.plugs}
    begins = mix.uniform(0.2, 0.7) * world.lasts_s
    hours = Hours(begins, begins + mix.uniform(120.0, 600.0), mix.choice((0.4, 0.7, 1.0)))
    takes_watts = frozenset(one.key for one in outlets if one.in_watts and one.phases == 3)
    return Told(Known(circuits=circuits, outlets=outlets, beliefs=beliefs), hours, takes_watts)


def _outlets(world: World, mix: Random) -> tuple[Outlet, ...]:
    """Return the outlets as the loop takes them from a tree that people typed."""
    ids = [CircuitId(UUID(int=1 + index)) for index in range(len(world.lines))]
    wiring = Wiring.DELTA_230 if world.is_delta else Wiring.STAR_400
    tree = Tree(
        site_id=SiteId(UUID(int=0)),
        wiring=wiring,
        circuits=tuple(
            typed.Circuit(
                id=ids[index], name=line.key, kind=CircuitKind.BOARD, limit_a=(line.fuse.curve.rating_a,) * 3,
                parent_id=None if line.parent < 0 else ids[line.parent],
            )
            for index, line in enumerate(world.lines)
        ),
        places=tuple(_place(plug, number, ids[plug.line], mix) for number, plug in enumerate(world.plugs)),
    )  # fmt: skip
    return tuple(
        _able(replace(one, key=plug.key, keeps_standing=plug.keeps_standing), mix.choice(WAYS))
        for one, plug in zip(placing.outlets(tree), world.plugs, strict=True)
    )


def _place(plug: Plug, number: int, circuit_id: CircuitId, mix: Random) -> Place:
    return Place(
        station_id=StationId(UUID(int=number)),
        evse_number=1,
        circuit_id=circuit_id,
        phases=plug.box.phases,
        rotation=Rotation("".join("RST"[phase] for phase in plug.typed_wires)),
        is_rotation_known=plug.is_verified,
        current_max_a=plug.box.current_max_a,
        power_max_w=plug.box.current_max_a * placing.WATTS_PER_A if plug.box.phases == 0 else 0.0,
        rank=mix.choice((0, 0, 0, 1)),
        reserved_a=mix.choice((0.0, 0.0, 0.0, 6.0)),
        weight=mix.choice((1.0, 1.0, 2.0)),
    )


def _able(outlet: Outlet, way: str) -> Outlet:
    return replace(outlet, takes_dynamic=way == "dynamic", in_watts=way == "watts")


def _typed(world: World, places: Collection[int]) -> tuple[float, float, float]:
    """All other load of circuits, as people estimate it."""
    most = [building.most_a for place in places if (building := world.lines[place].building) is not None]
    first, second, third = (sum(each[phase] for each in most) for phase in range(3))
    return first, second, third

"""Who gets how much at an instant of a replay: asked of the same function as live, and only where it matters.

Where all that is asked for fits, the allocator gives it to everybody; that is seen from the sums, without asking.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from msgspec.structs import replace

from laddverk.energy.allocating import Branch, Demand, Situation, allocated
from laddverk.energy.allocating.model import Grant, ReasonCode
from laddverk.energy.circuits.loads import added
from laddverk.energy.circuits.model import NO_CURRENT
from laddverk.energy.steering import ordering, safe_defaults
from laddverk.energy.steering.envelope import ancestors
from laddverk.energy.steering.model import DEFAULT_A, Belief, Circuit, Held, Known, Trust
from laddverk.energy.steering.other_load import highest, less
from laddverk.planning.replaying.model import Ground, PerPhase, Port
from laddverk.planning.replaying.parked import Parked, charging, instant, may_load, outlet_of

FITS_A: Final = 1e-6
NONE_STANDING: Final = Held(limit_a=0.0, sent_at=0.0, answered_at=0.0, confirmed=True)
HELD_MAX: Final = 4_096  # answers that are remembered: a site is in a few hundred states at most weeks


class Sharing:
    """What is given at one site. Remembers who holds a standing default while others charge."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._limits: tuple[PerPhase, ...] = tuple(one.limit_a for one in ground.feeders)
        circuits = tuple(Circuit(key=one.key, parent=one.parent, usable_a=one.limit_a) for one in ground.feeders)
        self._above = [ancestors(circuits, index) for index in range(len(circuits))]
        self._circuits = circuits
        self._outlets = tuple(outlet_of(port) for port in ground.ports)
        self._must_hold = any(self._may_jump(port) for port in ground.ports)
        self._held: dict[tuple[frozenset[int], frozenset[int], tuple[PerPhase, ...]], tuple[PerPhase, ...]] = {}
        self._fixed = {} if ground.is_steered else _fixed_shares(ground)

    def _may_jump(self, port: Port) -> bool:
        """Return whether a port that fails may be more than a fuse holds for a short time."""
        use = may_load(port, port.phases)
        return any(
            share * port.current_max_a > over
            for index in self._above[port.feeder]
            for share, over in zip(use, self._ground.feeders[index].over_a, strict=True)
        )

    def limit(self, limits: tuple[PerPhase, ...]) -> None:
        """Take other limits of the feeders."""
        self._limits = limits

    def share(self, parked: Sequence[Parked], now_s: float) -> tuple[tuple[Grant, ...], bool]:
        """Give each car its current; return what the allocator said, if it was asked, and whether time changes it."""
        if not self._ground.is_steered:
            for one in parked:
                one.give(self._fixed[one.port], now_s)
            return (), False
        free = self._free(parked)
        if self._all_fits(parked, free) and not any(
            one.switched_s and not one.is_on and not one.is_full for one in parked
        ):
            self._give(parked, [one.ceiling_a for one in parked], now_s)
            return (), False
        branches = tuple(
            Branch(key=feeder.key, parent=feeder.parent, limit_a=(room[0], room[1], room[2]))
            for feeder, room in zip(self._ground.feeders, free, strict=True)
        )
        demands = tuple(_demand(one, now_s) for one in parked)
        grants = allocated(
            Situation(branches=branches, demands=demands, policy=self._ground.policy), instant(now_s)
        )  # fmt: skip
        self._give(parked, [grant.limit_a for grant in grants], now_s)
        waits = any(grant.limit_a <= 0 and not one.is_full for one, grant in zip(parked, grants, strict=True))
        return grants, waits or self._free(parked) != free

    def _give(self, parked: Sequence[Parked], granted_a: Sequence[float], now_s: float) -> None:
        if self._must_hold:
            granted_a = self._raised(parked, granted_a, now_s)
        for one, limit_a in zip(parked, granted_a, strict=True):
            one.give(limit_a, now_s)

    def _raised(self, parked: Sequence[Parked], granted_a: Sequence[float], now_s: float) -> Sequence[float]:
        """Return how far the live loop raises limits, turn by turn, where the fuse must hold one charger that fails."""
        targets = {one.demand.key: limit_a for one, limit_a in zip(parked, granted_a, strict=True)}
        given = {one.demand.key: min(targets[one.demand.key], one.limit_a) for one in parked}
        circuits = tuple(
            Circuit(key=one.key, parent=one.parent, usable_a=(free[0], free[1], free[2]))
            for one, free in zip(self._circuits, self._free(parked), strict=True)
        )
        held = [
            added(added(circuit.usable_a, feeder.over_a), highest(NO_CURRENT, less(feeder.limit_a, now)))
            for circuit, feeder, now in zip(circuits, self._ground.feeders, self._limits, strict=True)
        ]
        outlets = tuple(self._outlets[one.port] for one in parked)
        while True:
            beliefs = {one.demand.key: charging(one.phases, limit_a=given[one.demand.key]) for one in parked}
            known = Known(circuits=circuits, outlets=outlets, beliefs=beliefs)
            plan = ordering.Plan(known, [NO_CURRENT] * len(circuits), given, held, now_s)
            ordering.raised(plan, targets)
            if not plan.orders:
                return [given[one.demand.key] for one in parked]
            given = {**given, **{order.outlet: order.limit_a for order in plan.orders}}

    def _free(self, parked: Sequence[Parked]) -> list[tuple[float, ...]]:
        """Return what the feeders have for cars, beside the standing defaults of outlets without one."""
        return [
            tuple(max(0.0, limit - gone) for limit, gone in zip(limits, taken, strict=True))
            for limits, taken in zip(self._limits, self._held_a(parked), strict=True)
        ]

    def _all_fits(self, parked: Sequence[Parked], free: Sequence[tuple[float, ...]]) -> bool:
        sums = [[0.0, 0.0, 0.0] for _ in free]
        for one in parked:
            use, most = one.use_a, one.ceiling_a
            for index in self._above[self._ground.ports[one.port].feeder]:
                row = sums[index]
                row[0] += use[0] * most
                row[1] += use[1] * most
                row[2] += use[2] * most
        return all(
            row[phase] <= room[phase] + FITS_A for row, room in zip(sums, free, strict=True) for phase in range(3)
        )

    def _held_a(self, parked: Sequence[Parked]) -> tuple[PerPhase, ...]:
        """Return what the standing defaults of outlets without a car take off each feeder, as the live loop does."""
        taken = frozenset(one.port for one in parked)
        charging = frozenset(one.port for one in parked if one.limit_a >= DEFAULT_A or not one.switched_s)
        key = (taken, charging, self._limits)
        if key not in self._held:
            if len(self._held) >= HELD_MAX:
                self._held.clear()
            self._held[key] = self._idle_a(taken, charging)
        return self._held[key]

    def _idle_a(self, taken: Collection[int], charging: Collection[int]) -> tuple[PerPhase, ...]:
        circuits = [
            Circuit(key=one.key, parent=one.parent, usable_a=limit)
            for one, limit in zip(self._circuits, self._limits, strict=True)
        ]
        beliefs = {
            one.key: Belief(trust=Trust.OBEYS, is_online=True, has_session=index in taken, standing=(NONE_STANDING,))
            for index, one in enumerate(self._outlets)
        }
        granted = {self._outlets[index].key: DEFAULT_A for index in charging}
        sized = safe_defaults.sized(circuits, self._outlets, beliefs, granted, [NO_CURRENT] * len(circuits))
        sums = [[0.0, 0.0, 0.0] for _ in circuits]
        for index, outlet in enumerate(self._outlets):
            if index in taken:
                continue
            use, amperes = may_load(self._ground.ports[index], outlet.phases), sized.get(outlet.key, 0.0)
            for above in self._above[outlet.circuit]:
                for phase in range(3):
                    sums[above][phase] += use[phase] * amperes
        return tuple((row[0], row[1], row[2]) for row in sums)


def _fixed_shares(ground: Ground) -> dict[int, float]:
    """Return what an installer sets in each port so that it fits at all hours: the same for all who get 6 A at least.

    Less charges no car: where not all get so much, as many do as fit, and the others are dead.
    """
    hours = [tuple(one.limit_a for one in ground.feeders), *(one.limits_a for one in ground.stretches)]
    branches = tuple(
        Branch(key=feeder.key, parent=feeder.parent, limit_a=_lowest([limits[index] for limits in hours]))
        for index, feeder in enumerate(ground.feeders)
    )
    demands = tuple(
        Demand(
            key=port.key, branch=port.feeder, use_a=may_load(port, port.phases),
            floor_a=0.0 if port.phases == 0 else min(DEFAULT_A, port.current_max_a), ceiling_a=port.current_max_a,
            since=instant(0.0),
        )
        for port in ground.ports
    )  # fmt: skip
    grants = allocated(Situation(branches=branches, demands=demands), instant(0.0))
    return {index: grant.limit_a for index, grant in enumerate(grants)}


def _lowest(limits: Sequence[PerPhase]) -> PerPhase:
    first, second, third = (min(one[phase] for one in limits) for phase in range(3))
    return first, second, third


def _demand(one: Parked, now_s: float) -> Demand:
    # A full car counts as let in: the live loop asks it again now and then, for some minutes, which is left out here.
    return replace(
        one.demand, ceiling_a=one.ceiling_a, attained_wh=one.got_wh, is_on=one.is_on or one.is_full,
        switched_at=instant(one.switched_s) if one.switched_s else None,
        idle_since=None if now_s < one.idle_s else instant(one.full_s or 0.0),
    )  # fmt: skip


def row_of(grants: Sequence[Grant]) -> tuple[str, int] | None:
    """Return the feeder and phase that most of those who get too little are held back by, or None."""
    counts: dict[tuple[str, int], int] = {}
    for grant in grants:
        reason = grant.reason
        if reason.branch is not None and reason.phase is not None and reason.code is not ReasonCode.ALL_IT_TAKES:
            counts[reason.branch, reason.phase] = counts.get((reason.branch, reason.phase), 0) + 1
    return max(sorted(counts), key=counts.__getitem__) if counts else None

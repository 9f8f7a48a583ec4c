"""Which limits to send now, and in which order: lower first, raise only what fits beside every worst case. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from laddverk.energy.circuits.model import PerPhase
from laddverk.energy.steering import sharing, unproven, verifying
from laddverk.energy.steering.envelope import ancestors, may_load, over_phases, reach, standing_most_a, summed, times
from laddverk.energy.steering.model import (
    ANSWER_S,
    CHANGE_MIN_A,
    CLOCK_SLACK_S,
    DEFAULT_A,
    LIVES_S,
    RENEWED_S,
    Belief,
    Held,
    Known,
    Order,
    OrderKind,
    Outlet,
    Trust,
    Way,
)

SAME_A: Final = 0.05  # OCPP 1.6 has one decimal
REDISTRIBUTED_A: Final = 1.0  # a smaller lowering that nothing forces is not worth a message
HELD_MAX: Final = 12  # limits of one outlet that are remembered; older ones count with the highest of them


class Plan:
    """The orders of one step, with the room that raises use up."""

    def __init__(
        self, known: Known, other: Sequence[PerPhase], worst: dict[str, float], held_a: Sequence[PerPhase], now_s: float
    ) -> None:  # fmt: skip
        self.known, self.worst, self.now_s = known, worst, now_s
        self.beliefs = dict(known.beliefs)
        self.orders: list[Order] = []
        self.next_order = known.next_order
        flows = [(one.circuit, times(may_load(one, known.beliefs[one.key]), worst[one.key])) for one in known.outlets]
        sums = summed(known.circuits, flows)
        self.room = [
            [
                usable - load - sum_
                for usable, load, sum_ in zip(circuit.usable_a, other[index], sums[index], strict=True)
            ]
            for index, circuit in enumerate(known.circuits)
        ]
        self.held_a, self.jumps = held_a, unproven.Jumps(known, worst, held_a)

    def is_tight(self, outlet: Outlet) -> bool:
        """Return whether the worst case does not fit somewhere above an outlet, on a phase that it may load."""
        mask = may_load(outlet, self.beliefs[outlet.key])
        return any(
            self.room[index][phase] < -SAME_A
            for index in ancestors(self.known.circuits, outlet.circuit)
            for phase in range(3)
            if mask[phase]
        )

    def fitting_a(self, outlet: Outlet, limit_a: float) -> float:
        """Return how much of a limit fits now, in tenths of an ampere; at least what the outlet may draw anyway."""
        return self._fitting(outlet, limit_a, is_standing=False)

    def default_fits(self, outlet: Outlet, limit_a: float) -> bool:
        """Return whether the whole of a standing default fits."""
        return self._fitting(outlet, limit_a, is_standing=True) >= limit_a

    def _fitting(self, outlet: Outlet, limit_a: float, *, is_standing: bool) -> float:
        belief, worst = self.beliefs[outlet.key], self.worst[outlet.key]
        mask = may_load(outlet, belief)
        free = min(
            (
                min(self.room[index][phase], self._room_in_a_fault(index, phase, outlet.key))
                for index in ancestors(self.known.circuits, outlet.circuit)
                for phase in range(3)
                if mask[phase]
            ),
            default=0.0,
        )
        most = worst + max(0.0, free)
        times_over = reach(outlet, belief, is_standing=is_standing)
        if times_over > 1 and most >= outlet.current_max_a:
            return limit_a  # more than that does not flow through it, whatever it was told
        most /= belief.over * times_over
        return int(min(limit_a, most) * 10 + 1e-6) / 10

    def _room_in_a_fault(self, index: int, phase: int, key: str) -> float:
        """Return what is left on a phase below what the fuse holds until we react, should another one charger fail."""
        more = self.held_a[index][phase] - self.known.circuits[index].usable_a[phase]
        return self.room[index][phase] + more - self.jumps.of_others(index, phase, key)

    def send(self, outlet: Outlet, kind: OrderKind, limit_a: float, *, is_raise: bool) -> None:
        """Add an order; what it may make the outlet draw is taken off the room, and counts from now on."""
        belief = self.beliefs[outlet.key]
        way, until = self._way(outlet, belief, kind)
        over = over_phases(outlet, belief, is_standing=kind is OrderKind.STANDING)
        level = verifying.stack_level(outlet, belief)
        order = Order(
            id=self.next_order, outlet=outlet.key, kind=kind, limit_a=limit_a, until=until,
            clock_ahead_s=belief.clock_ahead_s, is_raise=is_raise, way=way,
            stack_level=level, phases=1 if outlet.in_watts and over == 1 else None,
        )  # fmt: skip
        self.next_order += 1
        self.orders.append(order)
        told = {**belief.told_at, f"{kind.value}:{order.id}": self.now_s}
        belief = replace(belief, told_at=told)
        if kind in (OrderKind.LIMIT, OrderKind.STANDING):
            held = Held(
                limit_a=limit_a, sent_at=self.now_s, until=until, order_id=order.id, clock_ahead_s=belief.clock_ahead_s,
                is_dynamic=way is not Way.FIXED, over_phases=over, stack_level=level,
            )  # fmt: skip
            belief = (
                replace(belief, limits=_added(belief.limits, held))
                if kind is OrderKind.LIMIT
                else replace(belief, standing=_added(belief.standing, held))
            )
        self.beliefs[outlet.key] = belief
        self._count(outlet, limit_a * belief.over * reach(outlet, belief, is_standing=kind is OrderKind.STANDING))

    def _way(self, outlet: Outlet, belief: Belief, kind: OrderKind) -> tuple[Way, float | None]:
        """Return how an order is told, and until when it holds then. A dynamic profile that is surely there is changed
        as long as it holds for a while yet; its end stays, so that a change is never believed over too early.
        """
        if kind is not OrderKind.LIMIT:
            return Way.FIXED, None
        until = self.now_s + LIVES_S
        is_near = abs(belief.clock_ahead_s) <= CLOCK_SLACK_S  # its end is told in the charger's own clock
        if not outlet.takes_dynamic or belief.fails_dynamic or not is_near:
            return Way.FIXED, until
        there = verifying.newest(belief.limits)
        if there is None or there.until is None or not there.is_dynamic:
            return Way.DYNAMIC, until
        is_last = there is belief.limits[-1]  # one that had no answer is not sent again as a change of it
        is_same = is_last and there.over_phases == over_phases(outlet, belief)
        is_same = is_same and there.stack_level == verifying.stack_level(outlet, belief)
        return (Way.UPDATE, there.until) if is_same and there.until - self.now_s >= RENEWED_S else (Way.DYNAMIC, until)

    def _count(self, outlet: Outlet, worst: float) -> None:
        more = min(worst, outlet.current_max_a) - self.worst[outlet.key]
        if more <= 0.0:
            return
        self.worst[outlet.key] += more
        mask = may_load(outlet, self.beliefs[outlet.key])
        for index in ancestors(self.known.circuits, outlet.circuit):
            for phase in range(3):
                self.room[index][phase] -= more * mask[phase]

    def is_waiting(self, outlet: Outlet, kind: OrderKind) -> bool:
        """Return whether an order of this kind is on its way, and may still be answered."""
        told = self.beliefs[outlet.key].told_at
        return any(key.startswith(kind.value + ":") and self.now_s - at < ANSWER_S for key, at in told.items())


def _added(held: tuple[Held, ...], new: Held) -> tuple[Held, ...]:
    """Add a limit. Of one that is sent again unanswered only the last is remembered, for it says the same."""
    kept = tuple(one for one in held if one.answered_at is not None or one.reach_a > new.reach_a)
    if len(kept) >= HELD_MAX:
        first, second, *rest = kept
        higher = first if first.reach_a >= second.reach_a else second
        kept = (replace(higher, until=second.until if higher.until is not None else None), *rest)
    return (*kept, new)


def lowered(plan: Plan, targets: Mapping[str, float]) -> None:
    """Send what must fall, at once and without looking at anything else."""
    for outlet in plan.known.outlets:
        belief = plan.beliefs[outlet.key]
        if not (belief.is_online and belief.has_session) or outlet.key not in targets:
            continue
        aim, target = sharing.aim_a(belief, plan.now_s), targets[outlet.key]
        least = SAME_A if plan.is_tight(outlet) or target < DEFAULT_A else REDISTRIBUTED_A
        nothing_said = not belief.limits and not belief.standing
        if target < aim - least or nothing_said:
            plan.send(outlet, OrderKind.LIMIT, target, is_raise=False)


def raised(plan: Plan, targets: Mapping[str, float]) -> None:
    """Send what may rise, as far as it fits now: first who has nothing, then who has least."""
    waiting = [
        (sharing.aim_a(plan.beliefs[one.key], plan.now_s), one.key, one)
        for one in plan.known.outlets
        if one.key in targets and sharing.is_steered(plan.beliefs[one.key])
    ]
    for aim, key, outlet in sorted(waiting, key=lambda each: each[:2]):
        if targets[key] < aim + CHANGE_MIN_A or plan.is_waiting(outlet, OrderKind.LIMIT):
            continue
        fitting = plan.fitting_a(outlet, targets[key])
        if fitting >= aim + CHANGE_MIN_A and (fitting >= DEFAULT_A or outlet.phases == 0):
            plan.send(outlet, OrderKind.LIMIT, fitting, is_raise=True)


def renewed(plan: Plan, targets: Mapping[str, float]) -> None:
    """Send again what would end soon, and what had no answer."""
    for outlet in plan.known.outlets:
        belief = plan.beliefs[outlet.key]
        if not (belief.is_online and belief.has_session) or plan.is_waiting(outlet, OrderKind.LIMIT):
            continue
        last = belief.limits[-1] if belief.limits else None
        if last is None or last.until is None:
            continue
        ends_soon = last.until - plan.now_s < RENEWED_S
        is_for_others = last.over_phases != over_phases(outlet, belief)
        if ends_soon or last.answered_at is None or is_for_others:
            limit = min(last.limit_a, max(targets.get(outlet.key, last.limit_a), 0.0))
            if (
                is_for_others
                or limit > standing_most_a(outlet, belief)
                or limit < last.limit_a
                or _must_hold(belief, limit)
            ):
                plan.send(outlet, OrderKind.LIMIT, limit, is_raise=False)


def _must_hold(belief: Belief, limit_a: float) -> bool:
    """Return whether a limit says something else than the standing default that would hold after it."""
    held = verifying.newest(belief.standing)
    return held is None or abs(held.limit_a - limit_a) > SAME_A


def defaulted(plan: Plan, wanted: Mapping[str, float]) -> None:
    """Send the standing defaults that differ: lower ones at once, higher ones when they fit."""
    for outlet in plan.known.outlets:
        belief = _noted(plan, outlet, wanted.get(outlet.key, 0.0))
        if not belief.is_online or outlet.key not in wanted or plan.is_waiting(outlet, OrderKind.STANDING):
            continue
        if belief.had_standing is not None and plan.is_waiting(outlet, OrderKind.LOOK):
            continue  # what is sent now would hide what was there
        last = belief.standing[-1] if belief.standing else None
        limit = wanted[outlet.key]
        unanswered = last is not None and last.answered_at is None
        is_below = last is not None and last.stack_level != verifying.stack_level(outlet, belief)
        if last is not None and abs(last.limit_a - limit) < SAME_A and not unanswered and not is_below:
            continue
        is_raise = last is not None and limit > last.limit_a
        if is_raise and (_wavers(plan, outlet, belief) or not plan.default_fits(outlet, limit)):
            continue
        plan.send(outlet, OrderKind.STANDING, limit, is_raise=is_raise)


def _noted(plan: Plan, outlet: Outlet, default_a: float) -> Belief:
    """Note since when a DC outlet could have a standing default; return what is believed of it."""
    belief = plan.beliefs[outlet.key]
    if outlet.phases == 0 and (default_a > 0.0) is (belief.default_since is None):
        belief = replace(belief, default_since=plan.now_s if default_a > 0.0 else None)
        plan.beliefs[outlet.key] = belief
    return belief


def _wavers(plan: Plan, outlet: Outlet, belief: Belief) -> bool:
    """Return whether a DC outlet that charges was given less than a default within the time that a limit lives.

    DC has no least current: what is given may cross that of a default at any step, and each default is a lasting
    profile that the charger writes down.
    """
    if outlet.phases != 0 or not sharing.is_steered(belief) or belief.default_since is None:
        return False
    return plan.now_s - belief.default_since < LIVES_S


def looked_at(plan: Plan) -> None:
    """Ask a charger that restarted, while no car is there, whether its default still stands; once."""
    for outlet in plan.known.outlets:
        belief = plan.beliefs[outlet.key]
        if belief.had_standing is None or not belief.is_online or belief.has_session:
            continue
        if any(key.startswith(OrderKind.LOOK.value + ":") for key in belief.told_at):
            if not plan.is_waiting(outlet, OrderKind.LOOK):
                plan.beliefs[outlet.key] = replace(belief, had_standing=None)  # it does not answer: nothing is proven
            continue
        plan.send(outlet, OrderKind.LOOK, 0.0, is_raise=False)


def stopped(plan: Plan) -> None:
    """End charges that do not obey where the worst case does not fit: nothing else is left there."""
    for outlet in plan.known.outlets:
        belief = plan.beliefs[outlet.key]
        reachable = belief.is_online and belief.has_session and belief.trust is Trust.IGNORES
        if not reachable or not plan.is_tight(outlet) or plan.is_waiting(outlet, OrderKind.STOP):
            continue
        plan.send(outlet, OrderKind.STOP, 0.0, is_raise=False)

"""What follows from what is heard: readings, samples, answers, links, sessions, each in the order it happened. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from laddverk.energy.circuits.loads import added
from laddverk.energy.circuits.model import NO_CURRENT, PerPhase
from laddverk.energy.steering import other_load, verifying
from laddverk.energy.steering.envelope import COS_30, ancestors, keeps_standing, may_load, on_grid, times, worst_a
from laddverk.energy.steering.model import (
    SAMPLE_FRESH_S,
    Answered,
    Belief,
    Composed,
    Heard,
    Known,
    LinkChanged,
    Load,
    MeterRead,
    OrderKind,
    Outlet,
    Sample,
    Sampled,
    SessionChanged,
)

VOLTAGE_V: Final = 230.0
SECONDS_PER_HOUR: Final = 3_600.0


def heard(known: Known, events: Iterable[Heard], now_s: float) -> Known:
    """Return what is known after `events` and the time until now. Events of what is not known are dropped."""
    beliefs, loads = dict(known.beliefs), dict(known.loads)
    outlets = {one.key: one for one in known.outlets}
    for outlet in known.outlets:
        beliefs.setdefault(outlet.key, Belief())
    circuits = {one.key: index for index, one in enumerate(known.circuits)}
    below = _below(known)
    in_order = sorted(events, key=lambda one: one.at)
    restarts = {one.outlet: one.at for one in in_order if isinstance(one, LinkChanged) and one.restarted}
    for event in in_order:
        if isinstance(event, Sampled) and event.at < restarts.get(event.outlet, event.at):
            continue  # it may have forgotten its limits by then: no limit says what it should have drawn
        if isinstance(event, MeterRead):
            if event.circuit in circuits and event.at <= now_s + other_load.FRESH_S:
                index = circuits[event.circuit]
                draws = drawn(below[index], beliefs, event.at)
                load = loads.get(event.circuit, Load())
                loads[event.circuit] = other_load.read(known.circuits[index], load, event.at, event.current_a, draws)
        elif event.outlet in outlets:
            beliefs[event.outlet] = _one(outlets[event.outlet], beliefs[event.outlet], event)
    aged = {key: verifying.aged(belief, now_s) for key, belief in beliefs.items() if key in outlets}
    return replace(known, beliefs=aged, loads=loads)


def _one(outlet: Outlet, belief: Belief, event: Sampled | Answered | Composed | LinkChanged | SessionChanged) -> Belief:
    match event:
        case Sampled():
            belief = replace(belief, clock_ahead_s=event.clock_ahead_s)
            belief = _resting(_counted(belief, event.at), event)
            return verifying.judged(outlet, belief, Sample(event.at, event.current_a))
        case Answered():
            told = _without(belief, event.order_id)
            if f"{OrderKind.LOOK.value}:{event.order_id}" in belief.told_at:
                belief = replace(belief, had_standing=None)  # what it told was heard before; else nothing is proven
            return verifying.answered(replace(belief, told_at=told), event.order_id, event.took, event.at)
        case Composed():
            told = _without(belief, event.order_id)
            return verifying.looked(replace(belief, told_at=told), event.limit_a, event.at)
        case LinkChanged():
            return _link(outlet, belief, event)
        case SessionChanged():
            return replace(
                belief, has_session=event.is_running, session_since=event.at, limits=(), sample=None, previous=None,
                phases_seen=None, over=1.0, attained_wh=event.attained_wh, is_on=False, switched_at=0.0,
                paused_at=-1e18, nothing_since=None, had_standing=None if event.is_running else belief.had_standing,
            )  # fmt: skip


def _without(belief: Belief, order_id: int) -> dict[str, float]:
    """Return the orders that still have no answer."""
    return {name: at for name, at in belief.told_at.items() if not name.endswith(f":{order_id}")}


def _link(outlet: Outlet, belief: Belief, event: LinkChanged) -> Belief:
    booted_at = max(belief.booted_at, event.booted_at)
    belief = replace(belief, is_online=event.is_online, told_at={}, booted_at=booted_at)
    if not event.is_online:
        return belief
    belief = replace(belief, clock_ahead_s=event.clock_ahead_s)
    if event.restarted:
        before = verifying.newest(belief.standing)
        tells = before if before is not None and before.limit_a < outlet.current_max_a - verifying.TELLS_A else None
        kept = belief.standing if keeps_standing(outlet, belief) else ()
        return replace(
            belief, limits=(), standing=kept, had_standing=tells if tells and tells.confirmed else None,
            fails_dynamic=False, refusals=0, took_level=-1,
        )  # fmt: skip
    return belief


def _resting(belief: Belief, event: Sampled) -> Belief:
    """Note since when a car draws nothing though it was let in, and its charger has been told that it may."""
    if max(event.current_a) >= verifying.DRAWS_A:
        return replace(belief, nothing_since=None)
    held, from_s = verifying.in_force(belief, event.at)
    may_draw = held is not None and held.limit_a > 0 and from_s is not None and event.at >= from_s
    if belief.is_on and may_draw and belief.nothing_since is None:
        return replace(belief, nothing_since=event.at)
    return belief


def _counted(belief: Belief, at: float) -> Belief:
    """Count energy from samples, for whoever comes first next; what is paid for comes from the register instead."""
    before = belief.sample
    if before is None or not belief.has_session or at <= before.at:
        return belief
    watts = sum(before.current_a) * VOLTAGE_V
    return replace(belief, attained_wh=belief.attained_wh + watts * min(at - before.at, 300.0) / SECONDS_PER_HOUR)


def _below(known: Known) -> list[list[Outlet]]:
    """Return for each circuit the outlets on it and below."""
    found: list[list[Outlet]] = [[] for _ in known.circuits]
    for outlet in known.outlets:
        for index in ancestors(known.circuits, outlet.circuit):
            found[index].append(outlet)
    return found


def drawn(outlets: Iterable[Outlet], beliefs: Mapping[str, Belief], at: float) -> other_load.Draws:
    """Return what all outlets below a circuit draw at an instant, at least and at most."""
    least, most = NO_CURRENT, NO_CURRENT
    unplaced: dict[str, float] = {}
    for outlet in outlets:
        low, high = bounds(outlet, beliefs[outlet.key], at)
        least, most = added(least, low), added(most, high)
        unplaced |= _unplaced(outlet, beliefs[outlet.key], at)
    return other_load.Draws(least, most, unplaced)


def _unplaced(outlet: Outlet, belief: Belief, at: float) -> dict[str, float]:
    """Return what an outlet draws on one phase while nobody knows on which: nothing where that is not certain."""
    sample = belief.sample
    if outlet.wires is not None or outlet.phases == 0 or outlet.lines_factor != 1.0 or sample is None:
        return {}
    if not belief.is_online or not belief.has_session or not verifying.is_settled(belief, at):
        return {}
    alone_a = sample.most_a - min(sample.current_a)
    return {outlet.key: alone_a} if alone_a > 0.0 and (outlet.phases == 1 or belief.phases_seen == 1) else {}


def bounds(outlet: Outlet, belief: Belief, at: float) -> tuple[PerPhase, PerPhase]:
    """Return the least and the most that one outlet draws at an instant, phase by phase.

    Where the order of phases is not verified, the least on each phase is what flows on all of them.
    """
    if belief.is_online and not belief.has_session:
        return NO_CURRENT, NO_CURRENT
    sample = belief.sample
    if not belief.is_online or sample is None or at - sample.at > SAMPLE_FRESH_S or sample.at < belief.session_since:
        return NO_CURRENT, _worst(outlet, belief, at)
    # Unverified phases count as certain: the estimate is too high by what is not taken off, never too low.
    flows = _surely(outlet, sample.current_a)
    if verifying.is_settled(belief, at):
        is_at_angle = outlet.is_between_lines or outlet.is_balanced_between_lines
        return flows, times(may_load(outlet, belief), sample.most_a) if is_at_angle else flows
    lowest = min((one.limit_a for one in belief.limits or belief.standing), default=0.0)
    first, second, third = (min(current, lowest) for current in sample.current_a)
    return _surely(outlet, (first, second, third)), _worst(outlet, belief, at)


def _surely(outlet: Outlet, current_a: PerPhase) -> PerPhase:
    """Return what of an outlet's measured current certainly adds to what others put on each phase of the grid."""
    same = min(current_a)
    if outlet.is_balanced_between_lines:
        same *= outlet.lines_factor * COS_30  # others, between two lines, are 30° from it
    return on_grid(outlet, current_a) or (same, same, same)


def _worst(outlet: Outlet, belief: Belief, at: float) -> PerPhase:
    return times(may_load(outlet, belief), worst_a(outlet, belief, at, is_guarded=True))

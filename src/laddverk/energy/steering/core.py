"""One step of the loop: hear, reckon the worst, share what is left, and say what to send. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from laddverk.energy.allocating.model import Grant, Policy
from laddverk.energy.circuits.model import NO_CURRENT, PerPhase
from laddverk.energy.steering import alarming, hearing, ordering, other_load, safe_defaults, sharing, unproven
from laddverk.energy.steering.envelope import may_load, times
from laddverk.energy.steering.model import (
    DEFAULT_A,
    Belief,
    Decided,
    Heard,
    Known,
    MeterState,
    Share,
    Trust,
)
from laddverk.energy.steering.sharing import Allocate

POLICY: Final = Policy()
PAUSED_AGAIN_S: Final = 1_800.0
"""Cars take a pause and go on; some take no third change in a few minutes, and stay off until they are unplugged."""
METER_HEARD: Final = timedelta(days=1)
"""A circuit of which a reading came within this time is metered, whether somebody said so or not."""


def step(known: Known, events: Iterable[Heard], now_s: float, allocate: Allocate, policy: Policy = POLICY) -> Decided:
    """Return what to send now and what is known then. `now_s` never runs backwards; no event lies after it.

    Never raises a limit by more than fits, on every circuit and phase, beside the worst case of everything else.
    """
    known = hearing.heard(known, events, now_s)
    meters = _meters(known, now_s)
    worst = unproven.worst(known, meters, now_s, lambda each: _other(known, each, now_s))
    other = _other(known, worst, now_s)
    situation = sharing.situation(known, other, worst, now_s, policy)
    grants = {one.key: one for one in allocate(situation, sharing.instant(now_s))}
    targets = _targets(known, grants)
    plan = ordering.Plan(known, other, worst, unproven.held_a(known.circuits, meters), now_s)
    alarms, pending = alarming.alarms(known, plan.room, meters, now_s)
    worst_other = other_load.with_below(
        known.circuits, [other_load.worst(one, known.loads.get(one.key)) for one in known.circuits]
    )
    ordering.stopped(plan)
    ordering.looked_at(plan)
    ordering.lowered(plan, targets)
    ordering.defaulted(plan, safe_defaults.sized(known.circuits, known.outlets, plan.beliefs, targets, worst_other))
    ordering.renewed(plan, targets)
    ordering.raised(plan, targets)
    beliefs = {key: _switched(belief, targets.get(key), now_s) for key, belief in plan.beliefs.items()}
    return Decided(
        known=replace(known, beliefs=beliefs, next_order=plan.next_order, stepped_at=now_s, pending=pending),
        orders=tuple(plan.orders),
        shares=_shares(known, grants, targets, plan),
        alarms=alarms,
        other_a={one.key: other_load.highest(other[index], NO_CURRENT) for index, one in enumerate(known.circuits)},
        meters=meters,
    )


def _meters(known: Known, now_s: float) -> dict[str, MeterState]:
    return {
        one.key: other_load.other_load(one, known.loads.get(one.key), now_s)[1]
        for one in known.circuits
        if one.is_metered
    }


def _other(known: Known, worst: dict[str, float], now_s: float) -> list[PerPhase]:
    outlets = {one.key: one for one in known.outlets}

    def still(key: str, at: float, drawn_a: float) -> PerPhase:
        outlet = outlets.get(key)
        if outlet is None:
            return NO_CURRENT
        belief = known.beliefs[key]
        if outlet.phases != 1 and (belief.phases_seen != 1 or at < belief.session_since):
            return NO_CURRENT  # the car may use all its phases by now, or it is another one
        return times(may_load(outlet, belief), min(drawn_a, worst[key]))

    found = [other_load.other_load(one, known.loads.get(one.key), now_s, still)[0] for one in known.circuits]
    return other_load.with_below(known.circuits, found)


def _targets(known: Known, grants: dict[str, Grant]) -> dict[str, float]:
    """Return what each outlet with a session shall have. One that is not believed gets the least that charges: by
    that it can show that it obeys.
    """
    targets = {key: grant.limit_a for key, grant in grants.items()}
    for one in known.outlets:
        belief = known.beliefs[one.key]
        if belief.is_online and belief.has_session and belief.trust is not Trust.OBEYS:
            targets[one.key] = DEFAULT_A
    return targets


def _switched(belief: Belief, target: float | None, now_s: float) -> Belief:
    """Note a switch. After a pause that comes alone a car may go on when there is room; after the next it rests."""
    is_on = bool(target)
    if is_on == belief.is_on or not belief.has_session:
        return belief
    if is_on:
        return replace(belief, is_on=True, switched_at=now_s, nothing_since=None)
    is_alone = belief.nothing_since is None and now_s - belief.paused_at > PAUSED_AGAIN_S
    return replace(belief, is_on=False, switched_at=0.0 if is_alone else now_s, paused_at=now_s)


def _shares(
    known: Known, grants: dict[str, Grant], targets: dict[str, float], plan: ordering.Plan
) -> tuple[Share, ...]:
    found = []
    for one in known.outlets:
        belief = known.beliefs[one.key]
        grant = grants.get(one.key)
        if grant is not None:
            reason = msgspec.to_builtins(grant.reason)
        elif not belief.is_online:
            reason = {"code": "away"}
        elif belief.has_session:
            reason = {"code": "ignores" if belief.trust is Trust.IGNORES else "unproven"}
        else:
            continue
        limit = targets.get(one.key, plan.worst[one.key])
        found.append(Share(outlet=one.key, limit_a=limit, worst_a=plan.worst[one.key], reason=reason))
    return tuple(found)


def after(known: Known, events: Iterable[Heard], now_s: float) -> Known:
    """Return what is known after more was heard, without deciding anything: what could not even be sent."""
    return hearing.heard(known, events, now_s)

"""Who may charge at all, when there is less than 6 A for each: taken in one order, whoever fits is let in.

The order, within a priority class: reserved outlets; those let in a short while ago; then who has got least, counted
in whole quanta of energy, so that turns last long enough to be worth a switch; the first one is small, for whoever
stays but a little. Within a quantum whoever charges goes
on, then the wish with the least slack, then who loads fewest phases (which lets in as many as an exact search does),
then who came first. A wish counts for one quantum at most: it moves a car forward and starves nobody. A car that takes
nothing though it may gets what all others leave, and is asked again now and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from laddverk.energy.allocating.filling import ALIKE
from laddverk.energy.allocating.model import Demand, Policy
from laddverk.energy.allocating.rows import Floats, Ints, Rows

SECONDS_PER_HOUR: Final = 3_600.0
NO_WISH_S: Final = float("inf")
FITS: Final = 1e-7  # A; sums of floors come out a hair above the limit they fill exactly


IN, OUT, RESTS, PLANNED, TAKES_NOTHING, IDLE = range(6)
"""Whether a demand is let in, and if not, why. Plain numbers: they are compared a thousand times in a decision."""


class Admitted(NamedTuple):
    """Who is in, with what each gets at least, and which row keeps the others out."""

    kept: Ints
    """`IN`, `OUT` … for each demand."""
    low_a: Floats
    kept_by: Ints
    """The row without room, for those who are `OUT`."""


def admitted(
    rows: Rows, demands: Sequence[Demand], low_a: Floats, high_a: Floats, policy: Policy, now: datetime
) -> Admitted:
    """Let in whoever fits. `low_a` is what each must have to charge; what is reserved is kept before anything else."""
    rested_by = now - policy.off_for  # once, and not for each: a decision is taken on every event
    kept = np.array(
        [
            _kept(demand, low, high, policy, rested_by, now)
            for demand, low, high in zip(demands, low_a.tolist(), high_a.tolist(), strict=True)
        ],
        dtype=np.int64,
    )
    reserved = np.minimum(np.array([demand.reserved_a for demand in demands]), high_a)
    low = np.where(kept == IN, np.maximum(low_a, reserved), 0.0)
    kept_by = np.full(len(demands), -1)
    if (rows.loaded(low) <= rows.limit_a + ALIKE).all():
        return Admitted(kept, low, kept_by)
    ordered = order(demands, policy, now)
    free = [*rows.limit_a.tolist(), float("inf")]
    loaded, lows = rows.loaded_by_each(), low.tolist()
    floors = np.where(kept == IN, low_a, 0.0).tolist()
    for one in ordered:
        if kept[one] != IN:
            continue
        full = _taken(free, loaded[one], lows[one])
        if full is not None and lows[one] > floors[one]:  # what was reserved does not fit any more: less may
            lows[one] = floors[one]
            full = _taken(free, loaded[one], lows[one])
        if full is not None:
            kept[one], kept_by[one], lows[one] = OUT, full, 0.0
    return Admitted(kept, np.array(lows), kept_by)


def order(demands: Sequence[Demand], policy: Policy, now: datetime) -> list[int]:
    """Return the places of the demands, who comes first standing first."""
    urgent_s, stays_since = policy.urgent_within.total_seconds(), now - policy.on_for
    slack = np.array([NO_WISH_S if demand.wish is None else slack_s(demand, now) for demand in demands])
    attained = np.array([demand.attained_wh for demand in demands])
    quanta = np.where(attained < policy.first_wh, 0, 1 + attained // policy.quantum_wh) - (slack < urgent_s)
    came = [(demand.since, demand.key) for demand in demands]
    place = np.empty(len(demands), dtype=np.int64)
    place[sorted(range(len(demands)), key=came.__getitem__)] = np.arange(len(demands))
    turns = (
        place,
        np.array([sum(demand.use_a) for demand in demands]),
        slack,
        np.array([not demand.is_on for demand in demands]),
        quanta,
        np.array([not (each.is_on and each.switched_at and each.switched_at > stays_since) for each in demands]),
        np.array([-demand.rank for demand in demands]),
        np.array([demand.reserved_a <= 0 for demand in demands]),
    )
    in_turn: list[int] = np.lexsort(turns).tolist()  # the last key weighs most
    return in_turn


def slack_s(demand: Demand, now: datetime) -> float:
    """Return how long a demand could wait and still get what its driver asked for; inf without a wish."""
    if demand.wish is None:
        return NO_WISH_S
    left_wh = max(0.0, demand.wish.energy_wh - demand.attained_wh)
    if left_wh == 0:
        return NO_WISH_S  # it has what was asked for; what comes beyond that is not urgent
    fastest_w = demand.ceiling_a * demand.watts_per_a
    needs_s = left_wh / fastest_w * SECONDS_PER_HOUR if fastest_w > 0 else 0.0
    return (demand.wish.departs_at - now).total_seconds() - needs_s


def rests_until(demand: Demand, policy: Policy) -> datetime | None:
    """Return until when a demand that was switched off stays so, or one that was let in may stay."""
    if demand.switched_at is None:
        return None
    return demand.switched_at + (policy.on_for if demand.is_on else policy.off_for)


def idle_let_in(
    rows: Rows, demands: Sequence[Demand], who: Admitted, current_a: Floats, low_a: Floats, policy: Policy,
    now: datetime,
) -> tuple[Admitted, Floats]:  # fmt: skip
    """Return who is in and what each gets when those whose cars take nothing have the least of what others leave."""
    free = [*np.maximum(rows.limit_a - rows.loaded(current_a), 0.0).tolist(), float("inf")]
    kept, current, loaded = who.kept.copy(), current_a.copy(), rows.loaded_by_each()
    for one in order(demands, policy, now):
        fits = kept[one] == IDLE and _taken(free, loaded[one], low_a[one])
        if fits is None:
            kept[one], current[one] = IN, low_a[one]
    return Admitted(kept, who.low_a, who.kept_by), current


def asked_again_at(demand: Demand, policy: Policy, now: datetime) -> datetime:
    """Return when a car that takes nothing is asked again whether it would."""
    is_off = not demand.is_on and demand.switched_at is not None
    return (demand.switched_at if is_off and demand.switched_at else now) + policy.asked_again_after


def _is_idle(demand: Demand, policy: Policy, now: datetime) -> bool:
    """Return whether others go before one whose car takes nothing. One that has something reserved keeps it."""
    if demand.reserved_a > 0:
        return False
    return demand.is_on or now < asked_again_at(demand, policy, now)


def _kept(
    demand: Demand, low_a: float, high_a: float, policy: Policy, rested_by: datetime, now: datetime
) -> int:  # fmt: skip
    if demand.ceiling_a <= 0 or demand.ceiling_a < demand.floor_a:
        return TAKES_NOTHING
    if demand.idle_since is not None and _is_idle(demand, policy, now):
        return IDLE
    if high_a < low_a:
        return PLANNED
    if not demand.is_on and demand.switched_at is not None and demand.switched_at > rested_by:
        return RESTS
    return IN


def _taken(free: list[float], loaded: Sequence[tuple[int, float]], low_a: float) -> int | None:
    """Take `low_a` off the rows, or return the row on which it does not fit."""
    for row, load in loaded:
        if load * low_a > free[row] + FITS:
            return row
    for row, load in loaded:
        free[row] -= load * low_a
    return None

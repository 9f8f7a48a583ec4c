"""The allocator's one decision: who is let in, what each gets, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from laddverk.energy.allocating.admission import (
    IDLE,
    IN,
    OUT,
    PLANNED,
    RESTS,
    SECONDS_PER_HOUR,
    Admitted,
    admitted,
    asked_again_at,
    idle_let_in,
    rests_until,
)
from laddverk.energy.allocating.filling import ITSELF, filled
from laddverk.energy.allocating.model import Demand, Grant, Reason, ReasonCode, Situation
from laddverk.energy.allocating.rows import Floats, Ints, Rows, rows_of

LIMIT_DECIMALS: Final = 3  # of what grants are written with, rounded down
FINEST_A: Final = 0.001
A_HAIR_A: Final = 1e-6  # what rounding down must not take for a step less
WEIGHT_DECIMALS: Final = 6  # a sum of weights is written without what adding up left behind them
FORESEEN_S: Final = 24 * SECONDS_PER_HOUR  # nobody is told of a change further off


class _Decided(NamedTuple):
    """What has been decided, before it is put into grants."""

    rows: Rows
    who: Admitted
    current_a: Floats
    shared_a: Floats
    """As it was shared, before it is rounded and before cars that take nothing are asked again."""
    held_by: Ints


def allocated(situation: Situation, now: datetime) -> tuple[Grant, ...]:
    """Return what each demand gets at `now`, in their order. Pure: the same situation and instant, the same grants.

    Raises ValueError when the branches are no tree, or a demand hangs on none.
    """
    if not situation.demands:
        return ()
    demands = situation.demands
    rows = rows_of(situation.branches, demands)
    low, high = _bounds(demands)
    who = admitted(rows, demands, low, high, situation.policy, now)
    is_in = who.kept == IN
    tier = np.array([demand.rank for demand in demands])
    weight = np.array([demand.weight for demand in demands])
    share = filled(rows, who.low_a, np.where(is_in, high, 0.0), weight, tier)
    step = max(situation.policy.step_a, FINEST_A)
    current = np.floor((share.current_a + A_HAIR_A) / step) * step
    if (who.kept == IDLE).any():
        who, current = idle_let_in(rows, demands, who, current, low, situation.policy, now)
    return _with_reasons(situation, _Decided(rows, who, current, share.current_a, share.held_by), now)


def _bounds(demands: tuple[Demand, ...]) -> tuple[Floats, Floats]:
    """Return the least each must have to charge, and the most it may have.

    A target below the floor is rounded to the nearer of floor and nothing: the plan evens it out over its next steps.
    """
    low = np.array([demand.floor_a for demand in demands])
    high = np.array([demand.ceiling_a for demand in demands])
    if all(demand.target_a is None for demand in demands):
        return low, high
    target = np.array([np.inf if demand.target_a is None else demand.target_a for demand in demands])
    target = np.where(target < low, np.where(target >= low / 2, low, 0.0), target)
    return low, np.minimum(high, np.maximum(target, 0.0))


def _with_reasons(situation: Situation, decided: _Decided, now: datetime) -> tuple[Grant, ...]:
    demands = situation.demands
    reasons = _Reasons(situation, decided, now)
    grants = []
    for place, (limit, kept, held_by, kept_by) in enumerate(
        zip(
            np.round(decided.current_a, LIMIT_DECIMALS).tolist(), decided.who.kept.tolist(), decided.held_by.tolist(),
            decided.who.kept_by.tolist(), strict=True,
        )
    ):  # fmt: skip
        demand = demands[place]
        if kept == IN:
            reason = reasons.of_share(place, held_by)
        elif kept == OUT:
            reason = reasons.of_waiting(demand, kept_by)
        elif kept == RESTS:
            reason = Reason(code=ReasonCode.RESTING, until=rests_until(demand, situation.policy))
        elif kept == IDLE:
            again_at = asked_again_at(demand, situation.policy, now)
            reason = Reason(code=ReasonCode.TAKES_NOTHING, until=again_at)
        else:
            reason = PAUSED_BY_PLAN if kept == PLANNED else ALL_IT_TAKES
        grants.append(Grant(key=demand.key, limit_a=limit, reason=reason))
    return tuple(grants)


ALL_IT_TAKES: Final = Reason(code=ReasonCode.ALL_IT_TAKES)
AS_PLANNED: Final = Reason(code=ReasonCode.PLANNED)
PAUSED_BY_PLAN: Final = Reason(code=ReasonCode.PAUSED_BY_PLAN)


class _Reasons:
    """Makes reasons; many demands share a full row, and so its reason."""

    def __init__(self, situation: Situation, decided: _Decided, now: datetime) -> None:
        self._situation, self._decided, self._now = situation, decided, now
        self._shares: dict[int, Reason] = {}
        self._waiting: dict[tuple[int, int], Reason] = {}
        self._members: dict[int, list[int]] | None = None
        self._weights: dict[tuple[int, int], float] = {}
        self._turns_end_s: dict[int, float] = {}
        self._are_weighted = len({demand.weight for demand in situation.demands}) > 1
        self._shared_a, self._low_a = decided.shared_a.tolist(), decided.who.low_a.tolist()
        self._current_a = decided.current_a.tolist()

    def of_share(self, one: int, row: int) -> Reason:
        """Return why a demand that charges has no more."""
        demand = self._situation.demands[one]
        if row == ITSELF:
            return AS_PLANNED if demand.target_a is not None and demand.target_a < demand.ceiling_a else ALL_IT_TAKES
        if row not in self._shares:
            on_row = self._charging_on(row)
            changes = [self._changes_s(self._situation.demands[one], one) for one in on_row]
            self._shares[row] = self._reason(
                ReasonCode.CIRCUIT_FULL, row, min(changes, default=FORESEEN_S), on_row
            )  # fmt: skip
        weights = self._weights_of(one, row) if self._are_weighted else 0.0
        reason = self._shares[row]
        return replace(reason, weight=demand.weight, weights=weights) if weights else reason

    def _weights_of(self, one: int, row: int) -> float:
        """Return the weights of those who share a full row with a demand; 0 where they are alike, or it has its floor.

        Those are of its class, and have currents in proportion to their weights: whoever is held at 6 A, at their own
        most or by another circuit has what it has however much the others weigh.
        """
        demands, shared_a = self._situation.demands, self._shared_a
        if shared_a[one] <= self._low_a[one] + A_HAIR_A:
            return 0.0
        rank, level = demands[one].rank, shared_a[one] / demands[one].weight
        if (row, rank) not in self._weights:
            theirs = [
                demands[each].weight
                for each in self._charging_on(row)
                if demands[each].rank == rank and abs(shared_a[each] - demands[each].weight * level) <= A_HAIR_A
            ]
            self._weights[row, rank] = round(sum(theirs), WEIGHT_DECIMALS) if len({*theirs}) > 1 else 0.0
        return self._weights[row, rank]

    def of_waiting(self, demand: Demand, row: int) -> Reason:
        """Return why a demand gets nothing."""
        if (row, demand.rank) not in self._waiting:
            demands = self._situation.demands
            on_row = self._charging_on(row)
            alike = {one for one in on_row if demands[one].rank <= demand.rank}
            code = ReasonCode.TURN_OF_OTHERS if alike else ReasonCode.RANKED_BELOW
            turns = [self._turn_ends_s(one) if one in alike else self._changes_s(demands[one], one) for one in on_row]
            self._waiting[row, demand.rank] = self._reason(
                code if on_row else ReasonCode.NO_ROOM, row, min(turns, default=FORESEEN_S), on_row
            )
        return self._waiting[row, demand.rank]

    def _reason(self, code: ReasonCode, row: int, changes_s: float, on_row: list[int]) -> Reason:
        place, phase = self._decided.rows.branch_and_phase(row)
        branch = self._situation.branches[place]
        until = self._now + timedelta(seconds=changes_s) if changes_s < FORESEEN_S else None
        if branch.until is not None and branch.until > self._now:
            until = min(branch.until, until or branch.until)
        return Reason(code=code, branch=branch.key, phase=phase, until=until, sharing=len(on_row))

    def _charging_on(self, row: int) -> list[int]:
        if self._members is None:
            self._members = {}
            charging = (self._decided.current_a > 0)[:, None] & (self._decided.rows.load > 0)
            ones, columns = np.nonzero(charging)
            for one, its_row in zip(
                ones.tolist(), self._decided.rows.row_of[ones, columns].tolist(), strict=True
            ):  # a demand loads a row once
                self._members.setdefault(its_row, []).append(one)
        return self._members.get(row, [])

    def _changes_s(self, demand: Demand, one: int) -> float:
        """Return in how many seconds a car with a wish has what it asked for, or leaves."""
        if demand.wish is None:
            return FORESEEN_S
        left_wh = demand.wish.energy_wh - demand.attained_wh
        leaves_s = (demand.wish.departs_at - self._now).total_seconds()
        times = [self._to_get_s(demand, one, left_wh) if left_wh > 0 else 0.0, leaves_s]
        return min((time for time in times if time > 0), default=FORESEEN_S)

    def _turn_ends_s(self, one: int) -> float:
        """Return in how many seconds another's turn may come: it has what it wants, or its quantum and its time."""
        if one not in self._turns_end_s:
            policy, demand = self._situation.policy, self._situation.demands[one]
            full_wh = policy.first_wh if demand.attained_wh < policy.first_wh else policy.quantum_wh
            until = rests_until(demand, policy) if demand.is_on else None
            stays_s = (until - self._now).total_seconds() if until is not None else 0.0
            turn_s = max(stays_s, self._to_get_s(demand, one, full_wh - demand.attained_wh % full_wh))
            self._turns_end_s[one] = min(self._changes_s(demand, one), turn_s)
        return self._turns_end_s[one]

    def _to_get_s(self, demand: Demand, one: int, energy_wh: float) -> float:
        power_w = self._current_a[one] * demand.watts_per_a
        return energy_wh / power_w * SECONDS_PER_HOUR if power_w > 0 else FORESEEN_S

"""A housing co-operative on one fuse: who gets how much when nobody says when they leave or what they want.

Outlets have one phase, users are spread over the three in turn. What an outlet gives is not in the data: 16 A, or 32 A
for whoever was once charged faster than 16 A can. The allocator decides every five minutes, as it does live.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from msgspec import Struct

from bench._energy_sessions import STEP_MINUTES, HomeSession
from laddverk.energy.allocating import Branch, Demand, Policy, Situation, allocated

VOLTS = 230.0
STEP_H = STEP_MINUTES / 60
SMALL_A, LARGE_A = 16.0, 32.0
BEGINS = datetime(2019, 1, 1, tzinfo=UTC)
STARVED = 0.05
PHASES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


class HomeScore(Struct, frozen=True, kw_only=True):
    """How the nights of a site went."""

    fuse_a: float
    delivered: float
    nearly_full: float
    """The share of sessions that got 95 % or more."""
    starved: float
    """The share of sessions that got less than 5 %."""
    switches: float
    """For each session: how often it was let in or sent away, the first time counted."""
    p05: float
    violations: int
    ms_a_step: float


class _Car:
    """A car that is there."""

    def __init__(self, session: HomeSession, place: int, phase: int, ceiling_a: float) -> None:
        self.place, self.phase, self.ceiling_a = place, phase, ceiling_a
        self.departs, self.key = session.departs, f"{place}"
        hours = (session.departs - session.arrives) * STEP_H
        self.asked_wh = min(session.energy_wh, ceiling_a * VOLTS * hours)
        self.since = BEGINS + timedelta(minutes=session.arrives * STEP_MINUTES)
        self.got_wh, self.is_on, self.switches = 0.0, False, 0
        self.switched_at: datetime | None = None

    def demand(self) -> Demand:
        return Demand(
            key=self.key, branch=0, use_a=PHASES[self.phase], ceiling_a=self.ceiling_a, watts_per_a=VOLTS,
            attained_wh=self.got_wh, since=self.since, is_on=self.is_on, switched_at=self.switched_at,
        )  # fmt: skip

    def charge(self, limit_a: float, now: datetime) -> None:
        if (limit_a > 0) != self.is_on:
            self.is_on, self.switched_at, self.switches = limit_a > 0, now, self.switches + 1
        self.got_wh = min(self.asked_wh, self.got_wh + limit_a * VOLTS * STEP_H)


def ceilings_of(sessions: Sequence[HomeSession]) -> dict[str, float]:
    """Return what each user's outlet gives, in A."""
    fastest_w: dict[str, float] = defaultdict(float)
    for one in sessions:
        power_w = one.energy_wh / ((one.departs - one.arrives) * STEP_H)
        fastest_w[one.user] = max(fastest_w[one.user], power_w)
    return {user: SMALL_A if power_w <= SMALL_A * VOLTS else LARGE_A for user, power_w in fastest_w.items()}


def charged_at_home(sessions: Sequence[HomeSession], fuse_a: float, policy: Policy) -> HomeScore:
    """Charge all sessions on one fuse."""
    ceilings = ceilings_of(sessions)
    phase_of = {user: place % 3 for place, user in enumerate(sorted(ceilings))}
    cars = [_Car(one, place, phase_of[one.user], ceilings[one.user]) for place, one in enumerate(sessions)]
    branches = (Branch(key="grid", limit_a=(fuse_a, fuse_a, fuse_a)),)
    here: list[_Car] = []
    coming, violations, steps, spent_s = 0, 0, 0, 0.0
    for step in range(max(one.departs for one in sessions)):
        while coming < len(cars) and sessions[coming].arrives <= step:
            here.append(cars[coming])
            coming += 1
        here = [car for car in here if car.departs > step and car.got_wh < car.asked_wh - 1e-6]
        if not here:
            continue
        now = BEGINS + timedelta(minutes=step * STEP_MINUTES)
        began = time.process_time()
        grants = allocated(
            Situation(branches=branches, demands=tuple(car.demand() for car in here), policy=policy), now
        )
        spent_s, steps = spent_s + time.process_time() - began, steps + 1
        loaded = [0.0, 0.0, 0.0]
        for car, grant in zip(here, grants, strict=True):
            loaded[car.phase] += grant.limit_a
            car.charge(grant.limit_a, now)
        violations += max(loaded) > fuse_a + 1e-6
    shares = np.array([car.got_wh / car.asked_wh for car in cars])
    return HomeScore(
        fuse_a=fuse_a, delivered=sum(car.got_wh for car in cars) / sum(car.asked_wh for car in cars),
        nearly_full=float((shares >= 0.95).mean()), starved=float((shares < STARVED).mean()),
        switches=float(np.mean([car.switches for car in cars])), p05=float(np.quantile(shares, 0.05)),
        violations=violations, ms_a_step=spent_s / max(1, steps) * 1_000,
    )  # fmt: skip

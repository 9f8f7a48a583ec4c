"""A housing co-operative on one fuse: who gets how much when nobody says when they leave or what they want.

The sessions, and what is assumed of their chargers and phases, are those of `bench/_norway.py`. The allocator decides
every five minutes, as it does live.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from msgspec import Struct

from bench._energy_sessions import STEP_MINUTES
from bench._norway import Session
from laddverk.energy.allocating import Branch, Demand, Policy, Situation, allocated

VOLTS = 230.0
STEP = timedelta(minutes=STEP_MINUTES)
STEP_H = STEP_MINUTES / 60
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

    def __init__(self, session: Session) -> None:
        self.phase, self.ceiling_a = session.phase, session.power_w / VOLTS
        self.since, self.departs_at, self.key = session.began_at, session.ended_at, session.key
        hours = (session.ended_at - session.began_at).total_seconds() / 3_600
        self.asked_wh = min(float(session.energy_wh), session.power_w * hours)
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


def charged_at_home(sessions: Sequence[Session], fuse_a: float, policy: Policy) -> HomeScore:
    """Charge all sessions on one fuse."""
    cars = [_Car(one) for one in sessions]
    branches = (Branch(key="grid", limit_a=(fuse_a, fuse_a, fuse_a)),)
    here: list[_Car] = []
    coming, violations, steps, spent_s = 0, 0, 0, 0.0
    now = cars[0].since.replace(hour=0, minute=0)
    while coming < len(cars) or here:
        now += STEP
        while coming < len(cars) and cars[coming].since <= now:
            here.append(cars[coming])
            coming += 1
        here = [car for car in here if car.departs_at > now and car.got_wh < car.asked_wh - 1e-6]
        if not here:
            continue
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

"""A housing co-operative on one fuse: who gets how much when nobody says when they leave or what they want.

The sessions, and what is assumed of their chargers and phases, are those of `bench/_norway.py`. A decision is taken as
live: when a car comes, leaves or is full, and every five minutes. Simple rules decide the same moments beside ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
from msgspec import Struct

from bench._norway import Session
from laddverk.energy.allocating import Branch, Demand, Policy, Situation, allocated

VOLTS = 230.0
TICK = timedelta(minutes=5)
HOUR = timedelta(hours=1)
FULL_WH = 0.5
STARVED = 0.05
FLOOR_A = 6.0
QUANTUM_WH = 2_000.0
PHASES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


class HomeScore(Struct, frozen=True, kw_only=True):
    """How the nights of a site went."""

    rule: str
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


class Car:
    """A car that is there."""

    def __init__(self, session: Session) -> None:
        self.phase, self.ceiling_a = session.phase, session.power_w / VOLTS
        self.since, self.departs_at, self.key = session.began_at, session.ended_at, session.key
        self.asked_wh = min(float(session.energy_wh), session.power_w * ((self.departs_at - self.since) / HOUR))
        self.got_wh, self.limit_a, self.is_on, self.switches = 0.0, 0.0, False, 0
        self.switched_at: datetime | None = None

    def demand(self) -> Demand:
        """Return what the allocator is told of it."""
        return Demand(
            key=self.key, branch=0, use_a=PHASES[self.phase], ceiling_a=self.ceiling_a, watts_per_a=VOLTS,
            attained_wh=self.got_wh, since=self.since, is_on=self.is_on, switched_at=self.switched_at,
        )  # fmt: skip

    def told(self, limit_a: float, now: datetime) -> None:
        """Take a limit."""
        self.limit_a = limit_a
        if (limit_a > 0) != self.is_on:
            self.is_on, self.switched_at, self.switches = limit_a > 0, now, self.switches + 1

    def changes_at(self, now: datetime) -> datetime:
        """Return when it leaves or is full, whichever is first."""
        if self.limit_a <= 0:
            return self.departs_at
        full_in = HOUR * ((self.asked_wh - self.got_wh) / (self.limit_a * VOLTS)) + timedelta(microseconds=1)
        return min(self.departs_at, now + full_in)


Rule = Callable[[Sequence[Car], float, datetime], Sequence[float]]


def allocator(policy: Policy) -> Rule:
    """Return our rule."""

    def decided(here: Sequence[Car], fuse_a: float, now: datetime) -> Sequence[float]:
        branches = (Branch(key="grid", limit_a=(fuse_a,) * 3),)
        asked = Situation(branches=branches, demands=tuple(car.demand() for car in here), policy=policy)
        return [grant.limit_a for grant in allocated(asked, now)]

    return decided


def equal_share(here: Sequence[Car], fuse_a: float, _now: datetime) -> Sequence[float]:
    """First come, first let in; equal shares among them: what most load management sold today does."""
    return _shared(here, sorted(here, key=lambda car: car.since), fuse_a)


def least_attained(here: Sequence[Car], fuse_a: float, _now: datetime) -> Sequence[float]:
    """The rule of the study that set the aims: who has got fewest quanta first, whoever charges goes on; no rests."""
    turns = sorted(here, key=lambda car: (car.got_wh // QUANTUM_WH, not car.is_on, car.since))
    return _shared(here, turns, fuse_a)


def _shared(here: Sequence[Car], ordered: Sequence[Car], fuse_a: float) -> Sequence[float]:
    given: dict[str, float] = {}
    for phase in range(3):
        let_in = [car for car in ordered if car.phase == phase][: int(fuse_a / FLOOR_A)]
        left = fuse_a
        for place, car in enumerate(sorted(let_in, key=lambda car: car.ceiling_a)):
            given[car.key] = min(car.ceiling_a, left / (len(let_in) - place))
            left -= given[car.key]
    return [given.get(car.key, 0.0) for car in here]


def charged_at_home(sessions: Sequence[Session], fuse_a: float, rule: Rule, name: str = "ours") -> HomeScore:
    """Charge all sessions on one fuse."""
    cars = sorted((Car(one) for one in sessions), key=lambda car: car.since)
    here: list[Car] = []
    coming, violations, steps, spent_s = 0, 0, 0, 0.0
    now = cars[0].since
    while coming < len(cars) or here:
        while coming < len(cars) and cars[coming].since <= now:
            here.append(cars[coming])
            coming += 1
        here = [car for car in here if car.departs_at > now and car.got_wh < car.asked_wh - FULL_WH]
        began = time.process_time()
        limits = rule(here, fuse_a, now)
        spent_s, steps = spent_s + time.process_time() - began, steps + bool(here)
        loaded = [0.0, 0.0, 0.0]
        for car, limit_a in zip(here, limits, strict=True):
            loaded[car.phase] += limit_a
            car.told(limit_a, now)
        violations += max(loaded) > fuse_a + 1e-6
        until = _next(cars, coming, here, now)
        for car in here:
            car.got_wh = min(car.asked_wh, car.got_wh + car.limit_a * VOLTS * ((until - now) / HOUR))
        now = until
    return _scored(name, fuse_a, cars, violations, spent_s / max(1, steps) * 1_000)


def _next(cars: Sequence[Car], coming: int, here: Sequence[Car], now: datetime) -> datetime:
    """Return when to decide again: at an event, and while somebody lacks something, at the next tick."""
    events = [car.changes_at(now) for car in here]
    if coming < len(cars):
        events.append(cars[coming].since)
    if any(car.limit_a < car.ceiling_a for car in here):
        events.append(now + TICK)
    return min(events, default=now)


def _scored(name: str, fuse_a: float, cars: Sequence[Car], violations: int, ms_a_step: float) -> HomeScore:
    shares = np.array([car.got_wh / car.asked_wh for car in cars])
    return HomeScore(
        rule=name, fuse_a=fuse_a, delivered=sum(car.got_wh for car in cars) / sum(car.asked_wh for car in cars),
        nearly_full=float((shares >= 0.95).mean()), starved=float((shares < STARVED).mean()),
        switches=float(np.mean([car.switches for car in cars])), p05=float(np.quantile(shares, 0.05)),
        violations=violations, ms_a_step=ms_a_step,
    )  # fmt: skip

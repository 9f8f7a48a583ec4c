"""A car at a port in a replay: what it takes, what it got, and what the allocator is asked for it."""

from __future__ import annotations

from datetime import UTC, datetime
from math import sqrt
from typing import Final

from laddverk.energy.allocating import Demand
from laddverk.energy.steering import envelope
from laddverk.energy.steering.model import DEFAULT_A, Belief, Held, Outlet, Trust
from laddverk.energy.steering.sharing import IDLE_S, SPARE_A
from laddverk.planning.replaying.model import PerPhase, Port
from laddverk.planning.traces import SECONDS_PER_HOUR, Stay, watts_per_a

FULL_WH: Final = 0.5  # less than this is not worth an event


class Parked:
    """One car, from when it got its port."""

    __slots__ = (
        "asked_wh",
        "ceiling_a",
        "demand",
        "departs_s",
        "drawn_a",
        "full_s",
        "is_on",
        "left_wh",
        "likes_a",
        "limit_a",
        "phases",
        "port",
        "since_s",
        "stay",
        "switched_s",
        "takes_a",
        "use_a",
        "waited_s",
        "wants_a",
        "watts_per_a",
    )  # fmt: skip

    def __init__(self, stay: Stay, port: Port, place: int, now_s: float) -> None:
        self.stay, self.port, self.since_s = stay, place, now_s
        self.waited_s = now_s - stay.arrives_s
        self.departs_s = stay.departs_s + self.waited_s
        self.phases = phases = 0 if port.phases == 0 else 1 if 1 in (port.phases, stay.phases) else 3
        self.use_a = may_load(port, phases)
        star = watts_per_a(phases)
        self.watts_per_a = star / sqrt(3.0) if port.lines_factor != 1.0 and phases == 3 else star
        self.takes_a = min(port.current_max_a, _same_power_a(stay, phases))
        floor_a = 0.0 if phases == 0 else DEFAULT_A
        # What the live loop offers: a little more than the car is seen to take, and 6 A to one that is full.
        self.likes_a = min(port.current_max_a, max(DEFAULT_A, self.takes_a + SPARE_A))
        self.ceiling_a = self.likes_a
        self.asked_wh = self.left_wh = stay.energy_wh
        self.limit_a, self.drawn_a, self.is_on, self.switched_s = 0.0, 0.0, False, 0.0
        self.full_s: float | None = None
        self.wants_a = self.takes_a
        self.demand = Demand(
            key=port.key, branch=port.feeder, use_a=self.use_a, floor_a=floor_a, ceiling_a=self.likes_a,
            rank=port.rank, reserved_a=port.reserved_a, weight=port.weight, watts_per_a=star, since=instant(now_s),
        )  # fmt: skip

    @property
    def got_wh(self) -> float:
        """What it has charged so far."""
        return self.asked_wh - self.left_wh

    @property
    def is_full(self) -> bool:
        """Whether it takes no more."""
        return self.left_wh <= FULL_WH

    @property
    def idle_s(self) -> float:
        """From when the live loop holds that it is full, and lets others go first."""
        return float("inf") if self.full_s is None else self.full_s + IDLE_S

    def fill(self, now_s: float) -> None:
        """It is full: the live loop sees that it takes nothing, and offers it the least that charges."""
        self.full_s = now_s
        self.left_wh, self.wants_a, self.drawn_a = 0.0, 0.0, 0.0
        self.ceiling_a = min(self.likes_a, DEFAULT_A)

    def changes_s(self, now_s: float) -> float:
        """Return when it is full, or held to be, if nothing changes."""
        if self.is_full:
            return self.idle_s if now_s < self.idle_s else float("inf")
        power_w = self.drawn_a * self.watts_per_a
        return now_s + self.left_wh / power_w * SECONDS_PER_HOUR if power_w > 0 else float("inf")

    def give(self, limit_a: float, now_s: float) -> None:
        """Take a grant."""
        if (limit_a > 0) != self.is_on:
            self.is_on, self.switched_s = limit_a > 0, now_s
        self.limit_a, self.drawn_a = limit_a, min(limit_a, self.wants_a)


def outlet_of(port: Port) -> Outlet:
    """Return a port as the live loop knows an outlet."""
    return Outlet(
        key=port.key, circuit=port.feeder, phases=port.phases, wires=port.wires, current_max_a=port.current_max_a,
        lines_factor=port.lines_factor, rank=port.rank, reserved_a=port.reserved_a, weight=port.weight,
    )  # fmt: skip


def charging(phases: int, *, limit_a: float = 0.0) -> Belief:
    """Return what the live loop believes of an outlet that obeys, where a car charges on so many phases."""
    told = (Held(limit_a=limit_a, sent_at=0.0, answered_at=0.0, confirmed=True),)
    return Belief(
        trust=Trust.OBEYS, is_online=True, has_session=True, phases_seen=phases or None, standing=told, limits=told
    )  # fmt: skip


def may_load(port: Port, phases: int) -> PerPhase:
    """Return what an ampere of a car puts on each phase of the grid; all three where nobody knows the order."""
    return envelope.may_load(outlet_of(port), charging(phases))


def _same_power_a(stay: Stay, phases: int) -> float:
    """Return what a car takes on each phase at another kind of outlet: an AC charger of a car has one current for
    each phase; between DC and AC the power stays the same.
    """
    if (stay.phases == 0) == (phases == 0):
        return stay.current_a
    return stay.current_a * watts_per_a(stay.phases) / watts_per_a(phases)


def instant(seconds: float) -> datetime:
    """Return the instant of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)

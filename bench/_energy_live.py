"""The garage of Caltech charged by what ships: the allocator, the drivers' word, and the plan ahead, asked as live.

The site is drawn as anybody would draw it: the transformer's secondary with two pods below, outlets between two lines,
verified. What an outlet loads can be told in two ways. The loop adds up what outlets put on a line as if all of it
were in phase (`steering.placing`). The allocator can do more: told by how much each outlet leads, it adds currents as
vectors; the loop does not tell it yet.

The tree's lines hold, not the primary: a tree has no transformer from delta to star. Two lines that are full and
opposite load a primary line with half their limit, so lines are held at twice the primary's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from bench._energy_acn import CEILING_A, KINDS, POD_A, PODS, VOLTS, kind_of, limits_a
from bench._energy_sessions import STEP_MINUTES, Session
from laddverk.energy.allocating import Branch, Demand, Situation, Wish, allocated
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, PerPhase, Place, Rotation, Tree, Wiring
from laddverk.energy.planning_ahead import arriving
from laddverk.energy.planning_ahead.building import feeders, stays
from laddverk.energy.planning_ahead.gathering import PERIODS, WEEK, expected_stays
from laddverk.energy.planning_ahead.guiding import guided
from laddverk.energy.planning_ahead.knowing import STEP, cars_of, stays_of, used
from laddverk.energy.planning_ahead.model import STEP_MINUTES as PERIOD_MINUTES
from laddverk.energy.planning_ahead.model import Ahead, Plan
from laddverk.energy.planning_ahead.planning import planned
from laddverk.energy.planning_ahead.rolling import floor
from laddverk.energy.planning_ahead.store import Open, Past
from laddverk.energy.planning_ahead.wishing import AHEAD_MAX
from laddverk.energy.steering import placing
from laddverk.energy.steering.envelope import may_load
from laddverk.energy.steering.model import Belief
from laddverk.kernel.ids import SiteId, StationId

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
BEGINS_AT: Final = datetime(2019, 3, 1, tzinfo=UTC)
TICK: Final = timedelta(minutes=STEP_MINUTES)
PLANNED_EVERY: Final = 10 // STEP_MINUTES  # steps; and whenever a driver says something
SITE: Final = SiteId(UUID(int=1))
ROTATIONS: Final = {"AB": Rotation.RST, "BC": Rotation.STR, "CA": Rotation.TRS}
BETWEEN_LINES: Final[dict[str, tuple[PerPhase, PerPhase]]] = {
    "AB": ((1.0, 1.0, 0.0), (30.0, -30.0, 0.0)),
    "BC": ((0.0, 1.0, 1.0), (0.0, 30.0, -30.0)),
    "CA": ((1.0, 0.0, 1.0), (-30.0, 0.0, 30.0)),
}
"""What an ampere puts on each line, and by how much it leads there."""


class Counts(StrEnum):
    """How what an outlet loads is told to the allocator."""

    AS_LIVE = "as live"
    AS_VECTORS = "as vectors"


class Way(Struct, frozen=True):
    """How the live parts are asked."""

    counts: Counts
    knows: str
    """"none", "said" or "real": what drivers say when they come."""
    is_planned: bool = False
    """The site wants plans: the plan ahead is made from what is known, and guides the allocator."""


class Live:
    """The allocator of the garage, step by step, as the loop asks it; a `Rule` of `_energy_acn.charged`."""

    def __init__(self, sessions: Sequence[Session], capacity_kw: float, way: Way) -> None:
        self._sessions, self._way = sessions, way
        self._tree = _tree(sorted({one.outlet for one in sessions}), capacity_kw)
        places = {one.station_id: one for one in self._tree.places}
        self._place_of = [places[_station(one.outlet)] for one in sessions]
        self._branch_of = {one.id: index for index, one in enumerate(self._tree.circuits)}
        self._loads = _loads(self._tree, way.counts)
        self._is_on = np.zeros(len(sessions), dtype=np.bool_)
        self._switched_at: dict[int, datetime] = {}
        self._said: dict[int, Wish] = {}
        self._plan: Plan | None = None
        self._past: list[Past] = []
        self._coming = sorted(range(len(sessions)), key=lambda one: sessions[one].departs, reverse=True)

    def __call__(self, here: Sequence[int], got_wh: Floats, step: int) -> Floats:
        """Return what each car that is here may take for the next five minutes, in A."""
        now = BEGINS_AT + step * TICK
        is_news = self._hear(here, now)
        situation = Situation(
            branches=tuple(
                Branch(key=one.name, parent=-1 if one.parent_id is None else 0, limit_a=one.limit_a)
                for one in self._tree.circuits
            ),
            demands=tuple(self._demand(one, got_wh[one]) for one in here),
        )
        if self._way.is_planned:
            if self._plan is None or is_news or step % PLANNED_EVERY == 0:
                self._plan = self._planned(here, got_wh, step)
            situation = guided(situation, self._plan, now)
        limit_a = np.array([grant.limit_a for grant in allocated(situation, now)])
        for one, is_on in zip(here, limit_a > 0, strict=True):
            if is_on != self._is_on[one]:
                self._is_on[one], self._switched_at[one] = is_on, now
        return limit_a

    def _hear(self, here: Sequence[int], now: datetime) -> bool:
        """Take what the drivers of cars that are new say; return whether anybody said something."""
        new = [one for one in here if one not in self._said] if self._way.knows != "none" else []
        for one in new:
            session = self._sessions[one]
            departs, energy_wh = (
                (session.departs, session.energy_wh) if self._way.knows == "real"
                else (session.said_departs, session.said_energy_wh)
            )  # fmt: skip
            departs_at = min(BEGINS_AT + departs * TICK, now + AHEAD_MAX)  # later nobody can say
            self._said[one] = Wish(energy_wh=round(energy_wh), departs_at=departs_at)
        return bool(new)

    def _demand(self, one: int, got_wh: float) -> Demand:
        place = self._place_of[one]
        use_a, angle_deg = self._loads[place.station_id]
        return Demand(
            key=placing.key_of(*place.key), branch=self._branch_of[place.circuit_id], use_a=use_a, angle_deg=angle_deg,
            ceiling_a=CEILING_A, watts_per_a=VOLTS, attained_wh=got_wh,
            since=BEGINS_AT + self._sessions[one].arrives * TICK, is_on=bool(self._is_on[one]),
            switched_at=self._switched_at.get(one), wish=self._said.get(one),
        )  # fmt: skip

    def _planned(self, here: Sequence[int], got_wh: Floats, step: int) -> Plan:
        """Return the plan as `gathering` and `planning` make it: no price changes, and there is no other load."""
        now = BEGINS_AT + step * TICK
        begins_at = floor(now)
        self._remember(got_wh, step)
        running = [self._open(one, got_wh[one]) for one in here]
        cars = cars_of(self._tree, running, self._past, now)
        weeks = (begins_at - BEGINS_AT) / WEEK
        coming = arriving.expected(
            stays_of(self._past[::-1]), weeks, self._tree.places, used(self._past), begins_at, STEP, PERIODS,
            [car.place.key for car in cars],
        )  # fmt: skip
        found = (*stays(self._tree, cars, begins_at, PERIOD_MINUTES), *expected_stays(self._tree, coming, begins_at))
        ahead = Ahead(
            begins_at=begins_at,
            price_per_kwh=(1.0,) * PERIODS,
            feeders=feeders(self._tree, (), {}, begins_at, PERIOD_MINUTES, PERIODS, ZoneInfo("UTC")),
            stays=tuple(replace(one, watts_per_a=VOLTS, ceiling_a=CEILING_A) for one in found),
        )
        return planned(ahead, ())

    def _remember(self, got_wh: Floats, step: int) -> None:
        """Keep the sessions that are over, the newest first."""
        while self._coming and self._sessions[self._coming[-1]].departs <= step:
            one = self._coming.pop()
            session, place = self._sessions[one], self._place_of[one]
            began_at, ended_at = (BEGINS_AT + each * TICK for each in (session.arrives, session.departs))
            self._past.insert(0, Past(place.station_id, 1, "", began_at, ended_at, ended_at, round(got_wh[one])))

    def _open(self, one: int, got_wh: float) -> Open:
        place, said = self._place_of[one], self._said.get(one)
        began_at = BEGINS_AT + self._sessions[one].arrives * TICK
        departs_at, energy_wh = (None, None) if said is None else (said.departs_at, round(said.energy_wh))
        return Open(place.station_id, 1, "", began_at, round(got_wh), departs_at, energy_wh, began_at)


def _tree(outlets: Sequence[str], capacity_kw: float) -> Tree:
    secondary_a, primary_a = limits_a(capacity_kw)
    line_a = min(secondary_a, 2 * primary_a)
    root = Circuit(id=CircuitId(UUID(int=1)), name="lines", kind=CircuitKind.GRID, limit_a=(line_a,) * 3)
    pods = [
        Circuit(
            id=CircuitId(UUID(int=2 + number)), name=f"pod {number + 1}", kind=CircuitKind.GROUP, limit_a=(POD_A,) * 3,
            parent_id=root.id,
        )
        for number in range(len(PODS))
    ]  # fmt: skip
    places = [
        Place(
            station_id=_station(outlet), evse_number=1, phases=1, rotation=ROTATIONS[KINDS[kind_of(outlet)]],
            is_rotation_known=True, current_max_a=CEILING_A,
            circuit_id=next((pod.id for pod, members in zip(pods, PODS, strict=True) if outlet in members), root.id),
        )
        for outlet in outlets
    ]  # fmt: skip
    return Tree(site_id=SITE, version=1, wiring=Wiring.DELTA_230, circuits=(root, *pods), places=tuple(places))


def _loads(tree: Tree, counts: Counts) -> dict[StationId, tuple[PerPhase, PerPhase | None]]:
    """Return what an ampere of each outlet puts on each line, and by how much it leads where that is told."""
    if counts is Counts.AS_LIVE:
        told = zip(tree.places, placing.outlets(tree), strict=True)
        return {place.station_id: (may_load(outlet, Belief()), None) for place, outlet in told}
    kinds = {rotation: kind for kind, rotation in ROTATIONS.items()}
    return {place.station_id: BETWEEN_LINES[kinds[place.rotation]] for place in tree.places}


def _station(outlet: str) -> StationId:
    return StationId(UUID(int=int(outlet.removeprefix("CA-"))))

"""A whole site of the physics: circuits with fuses, a building, boxes with cars, meters.

`World.pass_second` lets everything flow for a second. What a network may hear (readings, samples, links, sessions,
answers) is left in `said`; what it wants is given to `order`, which answers after a while or never.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from msgspec import Struct, field

from laddverk.simulator.grid.building import Building
from laddverk.simulator.grid.fuse import Fuse
from laddverk.simulator.grid.meter import Meter, MeterFault
from laddverk.simulator.grid.outlet import ANSWERS_S, REBOOT_S, Box, BoxFault
from laddverk.simulator.grid.words import PerPhase

Fault = BoxFault | MeterFault
HEARS_LATE_S: Final = 2.0


class Line(Struct):
    """A circuit: its place in the tree, its fuse, its own building load, its meter."""

    key: str
    parent: int
    fuse: Fuse
    building: Building | None = None
    meter: Meter | None = None


class Plug(Struct):
    """An outlet on its circuit: the box, and what people believe of it."""

    key: str
    line: int
    box: Box
    typed_wires: tuple[int, int, int]
    is_verified: bool
    is_proven: bool
    """It was seen to obey before."""
    keeps_standing: bool
    samples_every_s: float
    sampled_at_s: float = -1e9
    was_online: bool = False
    was_stopped: bool = False
    had_visit: bool = False


class Said(Struct, frozen=True):
    """Something that the network hears, at `at_s`, of what was so at `of_s`."""

    kind: str
    key: str
    at_s: float
    of_s: float
    current_a: PerPhase = (0.0, 0.0, 0.0)
    flag: bool = False
    restarted: bool = False
    order_id: int = 0
    clock_ahead_s: float = 0.0
    limit_a: float = 0.0


class World(Struct):
    """The site, at an instant."""

    random: Random
    lines: list[Line]
    plugs: list[Plug]
    lasts_s: float
    is_delta: bool = False
    """A 230 V IT grid: one-phase cars charge between two lines."""
    network_away: tuple[float, float] | None = None
    """From when until when the network itself is down: nothing is heard or sent."""
    waiting: list[Said] = field(default_factory=list)
    delivered_as: float = 0.0
    """Ampere-seconds into cars, all phases."""

    def is_network_up(self, now_s: float) -> bool:
        """Return whether the network runs."""
        return self.network_away is None or not self.network_away[0] <= now_s < self.network_away[1]

    def below(self, index: int) -> list[int]:
        """Return a circuit and all that hang on it, by their places."""
        found = [index]
        for place in range(index + 1, len(self.lines)):  # parents stand before their children
            if self.lines[place].parent in found:
                found.append(place)
        return found

    def pass_second(self, now_s: float) -> list[Said]:
        """Let a second pass; return what the network hears in it."""
        sums = self._charging(now_s)
        for index in range(len(self.lines) - 1, -1, -1):
            line, own = self.lines[index], sums[index]
            if line.building is not None:
                _add(own, line.building.draws_a(now_s))
            if line.parent >= 0:
                _add(sums[line.parent], own)
            line.fuse.carry(max(own), 1.0)
            shown = line.meter.says(now_s, (own[0], own[1], own[2])) if line.meter is not None else None
            if shown is not None:
                self._say(Said("meter", line.key, now_s, shown.at_s, shown.current_a))
        for plug in self.plugs:
            self._speak(plug, now_s)
        heard = [one for one in self.waiting if one.at_s <= now_s]
        self.waiting = [one for one in self.waiting if one.at_s > now_s]
        return heard if self.is_network_up(now_s) else []

    def _charging(self, now_s: float) -> list[list[float]]:
        sums = [[0.0, 0.0, 0.0] for _ in self.lines]
        for plug in self.plugs:
            flows = plug.box.pass_second(now_s)
            _add(sums[plug.line], flows)
            self.delivered_as += sum(flows)
        return sums

    def _say(self, said: Said) -> None:
        self.waiting.append(said)

    def _speak(self, plug: Plug, now_s: float) -> None:
        box = plug.box
        online = box.is_online(now_s) and self.is_network_up(now_s)
        ahead = box.clock_ahead_s if box.has(BoxFault.CLOCK_SKEW, now_s) else 0.0
        rebooted = box.fault is BoxFault.REBOOTS and abs(now_s - box.from_s - REBOOT_S) < 1.0
        if online != plug.was_online:
            plug.was_online = online
            self._say(
                Said("link", plug.key, now_s, now_s, flag=online, restarted=rebooted and online, clock_ahead_s=ahead)
            )
            if online:
                plug.had_visit = box.visit is not None and not box.stopped
                self._say(Said("session", plug.key, now_s, now_s, flag=plug.had_visit))
                return
        if not online:
            return
        has_visit = box.visit is not None and not box.stopped
        if has_visit != plug.had_visit:
            plug.had_visit = has_visit
            self._say(Said("session", plug.key, now_s + self.random.uniform(0.1, HEARS_LATE_S), now_s, flag=has_visit))
        if box.visit is not None and now_s - plug.sampled_at_s >= plug.samples_every_s:
            plug.sampled_at_s = now_s
            own = box.phases_used(box.visit)
            first, second, third = (round(box.flows_a, 1) if phase < own else 0.0 for phase in range(3))
            late = self.random.uniform(0.1, HEARS_LATE_S)
            self._say(Said("sample", plug.key, now_s + late, now_s, (first, second, third), clock_ahead_s=ahead))

    def order(
        self, key: str, order_id: int, kind: str, limit_a: float, until_s: float | None, now_s: float,
        over_phases: int | None = None,
    ) -> None:  # fmt: skip
        """Send something to an outlet. A lost link loses it, or the answer to it."""
        plug = next(one for one in self.plugs if one.key == key)
        box = plug.box
        if not box.is_online(now_s) or not self.is_network_up(now_s):
            return
        if kind == "look":
            self._say(
                Said("composed", key, now_s + self.random.uniform(*ANSWERS_S), now_s, order_id=order_id,
                     limit_a=box.allowed_a(now_s))
            )  # fmt: skip
            return
        if kind == "stop":
            box.stop(now_s)
            took = True
        else:
            took = box.takes(limit_a, until_s, now_s, is_standing=kind == "standing", over_phases=over_phases)
        self._say(
            Said("answer", key, now_s + self.random.uniform(*ANSWERS_S), now_s, flag=took, order_id=order_id)
        )  # fmt: skip

    @property
    def has_opened(self) -> bool:
        """Whether any fuse has."""
        return any(line.fuse.is_open for line in self.lines)

    @property
    def worst_share(self) -> float:
        """The highest share of its curve that any fuse used up."""
        return max(line.fuse.worst for line in self.lines)


def _add(to: list[float], flows: Sequence[float]) -> None:
    for phase in range(3):
        to[phase] += flows[phase]

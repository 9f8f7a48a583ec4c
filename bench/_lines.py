"""The sockets of a town on a virtual clock: what it wishes is gathered while it moves, and done when it has moved."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from bench._plan import app_token
from laddverk.energy import service as energy
from laddverk.energy.model import Wish
from laddverk.gateway.server import Gateway
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import StationId
from laddverk.ocpp.commands import StartCharging
from laddverk.platform.house import House
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.physics.box import Box
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC

ACTOR = rule("bench")
SETTLES_WITHIN_S = 20.0  # of the wall clock: a charger that has not been answered by then has hung
GREATLY = 1e9
TICK = timedelta(microseconds=1)
UNSENT = "SELECT count(*) FROM command WHERE state IN ('queued', 'sent') AND station_id = ANY($1)"
QUICK = Patience(answer_s=30.0, reconnect_first_s=0.0, reconnect_max_s=0.02, refused_first_s=0.01)


class Clockwork:
    """The clock of the world: it shows what it is set to, and a microsecond more at each look.

    Two messages of one charger never come at the same instant: of two states that it dates alike, the later is the one
    that came later.
    """

    def __init__(self, now: datetime) -> None:
        self._now = self._shown = now

    @property
    def now(self) -> datetime:
        """What it was set to."""
        return self._now

    @now.setter
    def now(self, now: datetime) -> None:
        self._now, self._shown = now, max(self._shown, now)

    def __call__(self) -> datetime:
        self._shown += TICK
        return self._shown


def _negotiates(link: Link) -> bool:
    """Whether a car there says what it needs, which the network answers by a command."""
    charger = link.charger
    running = [outlet.charging for outlet in charger.outlets.values() if outlet.charging is not None]
    is_new = any(link.clock() - each.started_at < timedelta(minutes=10) for each in running)
    return is_new and not charger.hardware.protocol.is_16 and charger.hardware.outlets[0].phases == 0


class Lines:
    """Holds the sockets of a town: what it wishes is gathered while it moves, and done when it has moved."""

    def __init__(self, house: House, clock: Clockwork) -> None:
        self.house = house
        self.clock = clock
        self.links: dict[str, Link] = {}
        self.station_ids: dict[str, StationId] = {}
        self.gateway: Gateway | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._down: list[Box] = []
        self._up: list[Box] = []
        self._starts: list[tuple[Box, int, str]] = []
        self._limits: list[tuple[Sequence[Box], float, datetime]] = []
        self._number = 1000

    # What a town wishes.

    def down(self, box: Box) -> None:
        self._down.append(box)

    def up(self, box: Box) -> None:
        self._up.append(box)

    def start(self, box: Box, number: int, token: str) -> None:
        self._starts.append((box, number, token))

    def limit(self, boxes: Sequence[Box], amperes: float, until: datetime) -> None:
        self._limits.append((boxes, amperes, until))

    # What is done about it.

    def add(self, box: Box, url: str, password: str, station_id: StationId) -> None:
        """Give a charger its line; it is down."""
        identity = box.hardware.identity
        self.links[identity] = Link(box, url, password, clock=lambda: box.time(self.clock.now), patience=QUICK)
        self.station_ids[identity] = station_id

    async def settle(self, touched: set[str]) -> None:
        """Do what was wished, and return when all that chargers had to say is recorded and answered."""
        down, self._down = self._down, []
        for box in down:
            await self._cut(box.hardware.identity)
        up, self._up = self._up, []
        for box in up:
            identity = box.hardware.identity
            self.links[identity].lose(0)
            self._tasks[identity] = asyncio.create_task(self.links[identity].run())
            touched.add(identity)
        if self._limits:
            await self._set_limits()
        if self._starts:
            await self._start_all()
        await self._drained(touched)

    async def _drained(self, touched: set[str]) -> None:
        waiting = [self.links[identity] for identity in touched if identity in self._tasks]
        touched.clear()
        for link in waiting:
            link.wake()
        async with asyncio.timeout(SETTLES_WITHIN_S):
            for link in waiting:
                await link.drained()
        negotiating = [link for link in waiting if _negotiates(link)]
        if negotiating:
            await self._sent(negotiating)

    async def _sent(self, links: Sequence[Link]) -> None:
        """Wait until what the network answers to the wishes of cars has reached their chargers."""
        ids = [self.station_ids[link.charger.hardware.identity] for link in links]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while await self._unsent(ids):
                    await asyncio.sleep(0.002)

    async def delivered(self) -> None:
        """Wait until what the network decided has reached its chargers: nobody may come meanwhile, the clock stands."""
        connected = [self.station_ids[name] for name, link in self.links.items() if link.is_connected]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while await self._unsent(connected):
                    await asyncio.sleep(0.005)

    async def _unsent(self, ids: Sequence[StationId]) -> int:
        async with self.house.database.transaction() as tx:
            return int(await tx.value(UNSENT, ids))

    async def _cut(self, identity: str) -> None:
        task = self._tasks.pop(identity, None)
        if task is None:
            return
        self.links[identity].lose(GREATLY)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert self.gateway is not None
        connected = self.gateway._presence.connected
        while self.station_ids[identity] in connected:
            await asyncio.sleep(0.001)

    async def _start_all(self) -> None:
        wanted, self._starts = self._starts, []
        links = [self.links[box.hardware.identity] for box, _, _ in wanted]
        before = [link.counters.commands for link in links]
        async with self.house.database.transaction() as tx:
            for box, number, token in wanted:
                self._number += 1
                command = StartCharging(evse_number=number, token_uid=app_token(token), remote_start_id=self._number)
                station_id = self.station_ids[box.hardware.identity]
                await stations.request_command(tx, ACTOR, station_id, command, self.clock.now)
        await self._heard(links, before)

    async def _set_limits(self) -> None:
        wanted, self._limits = self._limits, []
        links: list[Link] = []
        async with self.house.database.transaction() as tx:
            for boxes, amperes, until in wanted:
                for box in boxes:
                    wish = Wish(evse_number=0, limit=amperes, until=until)
                    station_id = self.station_ids[box.hardware.identity]
                    await energy.set_limit(tx, ACTOR, station_id, wish, self.clock.now, reason="peak of the evening")
                    if box.online:
                        links.append(self.links[box.hardware.identity])
        await self._heard(links, [link.counters.commands for link in links])

    async def _heard(self, links: Sequence[Link], before: Sequence[int]) -> None:
        """Wait until each charger has heard a command; one that cannot be reached is not waited for."""
        self.house.hints.publish([COMMANDS_TOPIC])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                for link, count in zip(links, before, strict=True):
                    while link.is_connected and link.counters.commands <= count:
                        await asyncio.sleep(0.001)

    async def close(self) -> None:
        """Cut all lines."""
        for identity in list(self._tasks):
            await self._cut(identity)

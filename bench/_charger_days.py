"""A house on a virtual clock, with a town of ageing chargers at its real gateway: many charger-days in minutes.

The clock stands still while chargers speak, and jumps to the next thing that happens. Everything goes over loopback
sockets; the jobs of diagnosis are carried out by hand at their virtual times. What waits for the wall clock in the
gateway (its allowance for each charger) is lifted: a virtual day of messages passes in a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from laddverk import wiring
from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.certificates import jobs as certificates_jobs
from laddverk.energy import service as energy
from laddverk.energy.model import Wish
from laddverk.gateway import connection as gateway_connection
from laddverk.gateway.doorway import Allowance
from laddverk.gateway.server import Gateway
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import StationId
from laddverk.ocpp.commands import StartCharging
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.simulator.car import Supply
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import THREE_PHASE_22KW, Hardware
from laddverk.simulator.physics import nuisances, patrons
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import MODES, Mode
from laddverk.simulator.physics.town import Fault, Resident, Town, Wire
from laddverk.simulator.physics.weather import Weather
from laddverk.simulator.places import Rhythm
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC, NewConnector, NewStation, SiteDetails

ACTOR = rule("bench")
SINCE = datetime(2026, 3, 8, 5, 0, tzinfo=UTC)  # the clocks change on 29 March
ZONE = ZoneInfo("Europe/Stockholm")
WARM_UP_DAYS = 12.0  # chargers are healthy so long: baselines need it
ONSET_DAYS = 4.0  # within so many days after that faults begin
HEARTBEAT_S = 10_800
DC_150KW = Supply(0, 400.0, 150_000)
SITE_SIZE = 3
CARRIED_OUT = ("diagnostics.", "energy.", "stations.expire", "sessions.close", "sessions.expire")
"""Beginnings of the kinds of jobs that are carried out; prices, payments and mails are not needed here."""
UNSENT = "SELECT count(*) FROM command WHERE state IN ('queued', 'sent') AND station_id = ANY($1)"
SETTLES_WITHIN_S = 20.0  # of the wall clock: a charger that has not been answered by then has hung
FORGET_JOBS = "DELETE FROM job WHERE kind NOT LIKE 'diagnostics.%' AND kind NOT LIKE 'energy.%'"
QUICK = Patience(answer_s=30.0, reconnect_first_s=0.0, reconnect_max_s=0.02, refused_first_s=0.01)
GREATLY = 1e9


class Clockwork:
    """The clock of the world: it shows what it is set to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Placed:
    """One charger as it is to stand in the town."""

    identity: str
    site: int
    mode: Mode | None
    dc: bool
    number: int
    fault: Fault | None = None


@dataclass
class World:
    """A town that is connected to its house, and what is known of it beside what it says."""

    house: House
    town: Town
    clock: Clockwork
    lines: Lines
    placed: list[Placed]
    nuisances: dict[str, datetime]
    station_ids: dict[str, StationId]
    sites: dict[int, Any]
    port: int = 0

    @property
    def charger_days(self) -> float:
        """How many charger-days the whole run is."""
        return len(self.placed) * (self.town.until - self.town.since) / timedelta(days=1)


def placed(
    seed: int, modes: Sequence[Mode], *, healthy_each: int = 1, warm_up_days: float = WARM_UP_DAYS
) -> list[Placed]:
    """Return the chargers of a world: those of each mode, and healthy ones among them."""
    within_h = 24 * min(ONSET_DAYS, warm_up_days)
    found: list[Placed] = []
    site, filled = 0, 0
    for mode in modes:
        hours = 24 * warm_up_days + round(Random(f"{seed} {mode.name}").uniform(0, within_h))
        onset = SINCE + timedelta(hours=hours)
        alone = mode.stations > 1 and not mode.by_firmware
        if filled and (alone or filled >= SITE_SIZE):
            site, filled = site + 1, 0
        for number in range(mode.stations):
            found.append(_placed(seed, site, mode, number, len(found), onset))
            filled += 1
        if alone or filled >= SITE_SIZE:
            for _ in range(healthy_each):
                found.append(_placed(seed, site, None, 0, len(found), onset, dc=mode.power == "dc"))
            site, filled = site + 1, 0
    return found


def _placed(
    seed: int, site: int, mode: Mode | None, number: int, place: int, onset: datetime, *, dc: bool = False
) -> Placed:
    name = mode.name if mode else "healthy"
    fault = Fault(mode=mode, onset=onset + timedelta(hours=number)) if mode else None
    return Placed(f"S{seed}-{place:03}-{name}"[:40], site, mode, mode.power == "dc" if mode else dc, place, fault)


def box_of(one: Placed, weather: Weather, seed: int) -> Box:
    """Return the charger itself. Every other one speaks 2.0.1."""
    hardware = Hardware(
        one.identity,
        Protocol.V16 if (one.number + seed) % 2 else Protocol.V201,
        vendor="Laddbygg",
        model="Snabb 150" if one.dc else "Stolpe 22",
        serial=f"LB{one.number:06}",
        outlets=(DC_150KW if one.dc else THREE_PHASE_22KW,),
    )
    return Box(hardware, weather, Random(f"box {seed} {one.identity}"))


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


@asynccontextmanager
async def world_on(
    database: Database,
    state_dir: Path,
    seed: int,
    modes: Sequence[Mode],
    *,
    days: float,
    faulty: bool = True,
    troubled: Sequence[str] = tuple(nuisances.NUISANCES),
    healthy_each: int = 1,
    warm_up_days: float = WARM_UP_DAYS,
) -> AsyncIterator[World]:
    """Yield a world whose chargers are connected: with the faults of `modes`, or (not `faulty`) their healthy twins."""
    clock = Clockwork(SINCE)
    settings = Settings(
        state_dir=state_dir, database_url=database.dsn, ocpp_port=0, web_port=0, heartbeat_interval_s=HEARTBEAT_S
    )
    house = House(settings, secrets_in(state_dir), database, Hints(), clock, Worker(database, {}))
    wiring.subscribe_all()
    all_handlers = wiring.all_handlers(house)
    house.worker.handle({kind: work for kind, work in all_handlers.items() if kind.startswith(CARRIED_OUT)})
    await certificates_jobs.prepare(house)
    lines = Lines(house, clock)
    plan = placed(seed, modes, healthy_each=healthy_each, warm_up_days=warm_up_days)
    town = town_of(plan, lines, seed, days, faulty=faulty)
    came = nuisances.come_over(town, list(troubled), after=SINCE + timedelta(days=warm_up_days / 2))
    gateway_connection.Allowance = _unbounded  # type: ignore[misc]  # its bucket fills by the wall clock
    gateway = Gateway(house, wiring.recorders(settings), wiring.ASKERS)
    await gateway.start()
    try:
        lines.gateway = gateway
        sites, ids = await _furnish(house, gateway, lines, town, plan, seed)
        for one in town.residents:
            lines.up(one.box)
        await lines.settle(town.touched)
        yield World(house, town, clock, lines, plan, came, ids, sites)
    finally:
        await lines.close()
        await gateway.stop()
        gateway_connection.Allowance = Allowance  # type: ignore[misc]  # as above


def _unbounded() -> Allowance:
    return Allowance(GREATLY, GREATLY)


def town_of(plan: Sequence[Placed], wire: Wire, seed: int, days: float, *, faulty: bool) -> Town:
    """Return the town that a plan makes."""
    weather = Weather(seed)
    residents = [
        Resident(
            box=box_of(one, weather, seed),
            site=one.site,
            rhythm=Rhythm.FAST if one.dc else Rhythm.PUBLIC,
            per_day=6.0 if one.dc else 4.0,
            fault=one.fault if faulty else None,
        )
        for one in plan
    ]
    until = SINCE + timedelta(days=days)
    return Town(residents, wire, weather, seed=seed, since=SINCE, until=until, zone=ZONE)


async def _furnish(
    house: House, gateway: Gateway, lines: Lines, town: Town, plan: Sequence[Placed], seed: int
) -> tuple[dict[int, Any], dict[str, StationId]]:
    """Enter sites, stations and cards into the house, as staff would."""
    cards = [*nuisances.CARDS, *(card for site in {one.site for one in plan} for card in patrons.cards(seed, site, 40))]
    sites: dict[int, Any] = {}
    async with house.database.transaction() as tx:
        people = [
            NewDriver(email=f"{card.lower()}@bench.invalid", name=card, driver_group=_group(card)) for card in cards
        ]
        drivers = await access.create_drivers(tx, ACTOR, people, house.clock())
        owned = list(zip(cards, drivers, strict=True))
        tokens = [NewToken(uid=card, driver_id=driver) for card, driver in owned]
        tokens += [NewToken(uid=app_token(card), driver_id=driver, kind="app") for card, driver in owned]
        await access.create_tokens(tx, ACTOR, tokens, house.clock())
        for site in sorted({one.site for one in plan}):
            details = SiteDetails(name=f"Site {site}", code=f"B{seed % 1000}S{site}", timezone=ZONE.key)
            sites[site] = await stations.create_site(tx, ACTOR, details, house.clock())
        new = [_entered(one, sites[one.site]) for one in plan]
        keys = await stations.create_stations(tx, ACTOR, new, house.clock(), pepper=house.secrets.charger_pepper)
    url = f"ws://127.0.0.1:{gateway.port}/ocpp"
    for resident, key in zip(town.residents, keys, strict=True):
        lines.add(resident.box, url, key.password, key.station_id)
    return sites, dict(lines.station_ids)


def app_token(card: str) -> str:
    """Return the token that the owner of a card starts with from a telephone."""
    return f"AP{card[2:]}"


def _group(card: str) -> str:
    return "service" if card == nuisances.TECHNICIAN else ""


def _entered(one: Placed, site_id: Any) -> NewStation:
    supply = DC_150KW if one.dc else THREE_PHASE_22KW
    connector = NewConnector(
        evse_number=1,
        plug="ccs2" if one.dc else "type2",
        power_type="dc" if one.dc else "ac3",
        power_max_w=supply.power_max_w,
        current_max_a=int(supply.current_max_a),
    )
    return NewStation(
        site_id=site_id,
        identity=one.identity,
        name=one.identity,
        connectors=(connector,),
        power_max_w=supply.power_max_w,
    )


@dataclass
class Pace:
    """How a run went on the wall clock."""

    seconds: float = 0.0
    messages: int = 0
    watching_s: float = 0.0
    turns: int = 0
    every: dict[str, datetime] = field(default_factory=dict)


async def live(world: World, *, watch_every: timedelta, look: Any = None) -> Pace:
    """Let the town live to its end. `look(now)` is awaited after each turn of the watch."""
    pace, began = Pace(), time.perf_counter()
    town, clock = world.town, world.clock
    watch_at, tidy_at = SINCE + watch_every, SINCE + timedelta(days=1)
    handlers: dict[str, Any] = wiring.all_handlers(world.house)
    while (at := town.next_at()) is not None:
        while watch_at <= at:
            clock.now = watch_at
            await _watch(world, handlers, pace, watch_every)
            if look is not None:
                await look(watch_at)
            watch_at += watch_every
        if tidy_at <= at:
            async with world.house.database.transaction() as tx:
                await tx.execute(FORGET_JOBS)
            tidy_at += timedelta(days=1)
        clock.now = at
        town.step(at)
        await world.lines.settle(town.touched)
    pace.seconds = time.perf_counter() - began
    pace.messages = sum(link.counters.said for link in world.lines.links.values())
    return pace


async def _watch(world: World, handlers: dict[str, Any], pace: Pace, watch_every: timedelta) -> None:
    """Carry out the jobs of diagnosis that are due at this virtual instant."""
    began, now = time.perf_counter(), world.clock.now
    await world.house.worker.run_until_idle()
    for every in (one for one in wiring.recurring() if one.kind.startswith(CARRIED_OUT)):
        last = pace.every.get(every.kind)
        if last is None or now - last >= max(every.period, watch_every):
            pace.every[every.kind] = now
            async with world.house.database.transaction() as tx:
                await handlers[every.kind](tx, [{"thorough": True}])  # it alone looks at this
    await world.house.worker.run_until_idle()
    pace.turns += 1
    pace.watching_s += time.perf_counter() - began


SOME = (
    "contact_heating", "lock_wear", "handshake_ageing", "modem_dying", "cooling_clog", "silent_no_energy",
    "phase_loss", "module_loss", "stuck_finishing", "heat_and_modem",
)  # fmt: skip
"""Modes of every shape and of both kinds of chargers: a run of a few minutes."""


def chosen(names: str) -> list[Mode]:
    """Return the modes of a list with commas; `all` are all, `some` those of a short run."""
    if names == "all":
        return list(MODES.values())
    return [MODES[name] for name in (SOME if names == "some" else names.split(","))]

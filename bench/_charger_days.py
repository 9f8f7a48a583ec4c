"""A house on a virtual clock, with a town of ageing chargers at its real gateway: many charger-days in minutes.

The clock stands still while chargers speak, and jumps to the next thing that happens. Everything goes over loopback
sockets; the jobs of diagnosis are carried out by hand at their virtual times. What waits for the wall clock in the
gateway (its allowance for each charger) is lifted: a virtual day of messages passes in a second.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench._lines import ACTOR, GREATLY, Clockwork, Lines
from bench._plan import DC_150KW, HEARTBEAT_S, SINCE, WARM_UP_DAYS, ZONE, Placed, app_token, placed, town_of
from laddverk import wiring
from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.certificates import jobs as certificates_jobs
from laddverk.gateway import connection as gateway_connection
from laddverk.gateway.doorway import Allowance
from laddverk.gateway.server import Gateway
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.simulator.model import THREE_PHASE_22KW
from laddverk.simulator.physics import nuisances, patrons
from laddverk.simulator.physics.modes import Mode
from laddverk.simulator.physics.town import Town
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails

CARRIED_OUT = ("diagnostics.", "cohorts.", "energy.", "stations.expire", "sessions.close", "sessions.expire")
"""Beginnings of the kinds of jobs that are carried out; prices, payments and mails are not needed here."""
FOR_PAGES = (
    "diagnostics.health",
    "diagnostics.months",
    "diagnostics.correct",
    "diagnostics.follow",
    "energy.fetch",
    "energy.forget",
)
"""Beginnings of those that only reckon what pages show, or forget what is old: nothing is found or told by them."""
FORGET_JOBS = "DELETE FROM job WHERE kind NOT LIKE ALL ('{diagnostics.%,cohorts.%,energy.%}')"


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
    gateway = Gateway(house, wiring.recorders(settings), wiring.ASKERS)
    await gateway.start()
    with _without_allowance():
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


_worlds: list[None] = []
"""Those that live now: two may, a town and its twin."""


@contextmanager
def _without_allowance() -> Iterator[None]:
    """Lift the gateway's allowance for each charger, whose bucket fills by the wall clock, while any world lives."""
    _worlds.append(None)
    gateway_connection.Allowance = _unbounded  # type: ignore[misc]  # the bench alone may do that
    try:
        yield
    finally:
        _worlds.pop()
        if not _worlds:
            gateway_connection.Allowance = Allowance  # type: ignore[misc]  # as above


def _unbounded() -> Allowance:
    return Allowance(GREATLY, GREATLY)


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


async def live(world: World, *, watch_every: timedelta, look: Any = None, wall_s: float | None = None) -> Pace:
    """Let the town live to its end. `look(now)` is awaited after each turn of the watch.

    With `wall_s` it ends where it is after so many seconds of the wall clock, and its `until` is then.
    """
    pace, began = Pace(), time.perf_counter()
    town, clock = world.town, world.clock
    watch_at, tidy_at = SINCE + watch_every, SINCE + timedelta(days=1)
    handlers: dict[str, Any] = wiring.all_handlers(world.house)
    while (at := town.next_at()) is not None:
        if wall_s is not None and time.perf_counter() - began > wall_s:
            town.until = clock.now
            break
        while watch_at <= at:
            clock.now = watch_at
            await _watch(world, handlers, pace, watch_every)
            await world.lines.delivered()
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


def _is_carried_out(kind: str) -> bool:
    return kind.startswith(CARRIED_OUT) and not kind.startswith(FOR_PAGES)


async def _watch(world: World, handlers: dict[str, Any], pace: Pace, watch_every: timedelta) -> None:
    """Carry out the jobs of diagnosis that are due at this virtual instant."""
    began, now = time.perf_counter(), world.clock.now
    await world.house.worker.run_until_idle()
    for every in (one for one in wiring.recurring() if _is_carried_out(one.kind)):
        last = pace.every.get(every.kind)
        if last is None or now - last >= max(every.period, watch_every):
            pace.every[every.kind] = now
            async with world.house.database.transaction() as tx:
                await handlers[every.kind](tx, [{"thorough": True}])  # it alone looks at this
    await world.house.worker.run_until_idle()
    pace.turns += 1
    pace.watching_s += time.perf_counter() - began

"""The demo's site that is planned ahead: prices, a capacity tariff, a metered roof, drivers who say when they leave.

Its past is told as its meters would have: eight weeks of the building's load and of the roof, by quarters. No plan was
made in them, and the pages say so; what each of these days could have been beside the best is reckoned as every night.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from laddverk.cli.demo.circuits import CODE, SITE
from laddverk.cli.demo.founding import ACTOR
from laddverk.energy.circuits import service as circuits_service
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import CircuitKind, Source, SourceId, SourceKind, Tree
from laddverk.energy.meters import register_maps
from laddverk.energy.meters import service as meters
from laddverk.energy.meters import store as meters_store
from laddverk.energy.meters.model import Setup, Way
from laddverk.energy.planning_ahead import looking_back, service, store, store_quarters, sunshine, wishing
from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.rolling import LEARNT_FROM, floor
from laddverk.energy.planning_ahead.store import Wanted
from laddverk.energy.planning_ahead.sunshine import Position
from laddverk.energy.planning_ahead.surroundings import QUARTER, Quarter
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import SiteId, new_id
from laddverk.platform.house import House
from laddverk.simulator.meters import modbus
from laddverk.tariffs import store_spot
from laddverk.tariffs.providers.sandbox import Sandbox

AREA: Final = "SE3"
TARIFF: Final = "three-peaks-half-at-night"
ADDED_PER_KWH: Final = 0.95  # grid, tax and VAT, as in Partille
REASON: Final = "demon visar en planerad plats"
PRICED_DAYS: Final = 60
ROOF: Final = "Takets mätare"
ROOF_EVERY_S: Final = 10.0
POSITION: Final = Position(57.7334, 12.1189)
BATTERY_W: Final = 6_000.0
BATTERY_WH: Final = 13_000.0
BUILDING_W: Final = 5_200.0
TELL_EVERY_S: Final = 20.0
TELLERS: Final = 0.8  # of the drivers: the rest say nothing, as in real life
LEAVES_AT_H: Final = (6.5, 8.5)
NEEDS_WH: Final = (6_000, 26_000)
DAYS_TURNS: Final = 10  # of looking back, by some days each
WAITING: Final = """
SELECT session.id, session.energy_wh FROM session JOIN station ON station.id = session.station_id
LEFT JOIN driver_wish ON driver_wish.session_id = session.id
WHERE station.site_id = $1 AND session.ended_at IS NULL AND driver_wish.session_id IS NULL
"""


class Silent(msgspec.Struct, frozen=True):
    """A charge of which nobody has said anything."""

    id: UUID
    energy_wh: int


async def enliven(house: House) -> None:
    """Let the site be planned, and its drivers say what they need, for as long as the demo lives."""
    async with house.database.transaction() as tx:
        site_id = SiteId(await tx.value(SITE, CODE))
        tree = await circuits.tree(tx, site_id)
        is_new = not await store.wishes(tx, site_id)
    weather = Random(7)
    async with modbus.serving(lambda: _roof_a(house.clock())) as simulated:
        await _metered(house, site_id, simulated.port)
        if is_new:
            await _priced(house)
            await _told(house, site_id, tree, weather)
            async with house.database.transaction() as tx:
                await circuits_service.let_ask(tx, ACTOR, site_id, True, house.clock(), reason=REASON, version=None)
                await service.want(tx, ACTOR, _wanted(site_id), house.clock(), reason=REASON)
        random, silent = Random(), set[object]()
        for turn in range(2**62):
            await _say(house, site_id, random, silent)
            if is_new and turn < DAYS_TURNS:
                async with house.database.transaction() as tx:
                    await looking_back.look_back(tx, _wanted(site_id), house.clock())
            await asyncio.sleep(TELL_EVERY_S)


def _wanted(site_id: SiteId) -> Wanted:
    tariff = next(each for each in examples() if each.key == TARIFF)
    return Wanted(site_id, tariff, AREA, ADDED_PER_KWH)


def _roof_a(now: datetime) -> tuple[float, float, float]:
    """Return what the roof gives, as its meter tells it: against the grid, so below 0."""
    given_a = 0.6 * 14_000 * sunshine.clear_sky(now, POSITION) / 690
    return -round(given_a, 2), -round(given_a, 2), -round(given_a, 2)


async def _metered(house: House, site_id: SiteId, port: int) -> None:
    """Enter the roof's meter at the port that it has this time, and say that the roof is measured by it."""
    models, now = register_maps.known(), house.clock()
    setup = Setup(way=Way.MODBUS, host="127.0.0.1", port=port, model="eastron_sdm630", every_s=ROOF_EVERY_S)
    async with house.database.transaction() as tx:
        before = [meter for meter in await meters_store.of_site(tx, site_id) if meter.name == ROOF]
        if before:
            await meters.change(tx, ACTOR, before[0].id, ROOF, setup, models, now, reason=REASON)
            return
        made = await meters.add(tx, ACTOR, site_id, ROOF, setup, models, now, reason=REASON)
        tree = await circuits.tree(tx, site_id)
        for source in tree.sources:
            measured: Source = msgspec.structs.replace(source, meter_id=made.id)
            await circuits_service.put_source(tx, ACTOR, site_id, measured, now, reason=REASON, version=None)
        battery = Source(
            id=SourceId(new_id()), name="Batteriet i källaren", kind=SourceKind.BATTERY,
            circuit_id=tree.circuits[0].id, power_max_w=BATTERY_W, energy_wh=BATTERY_WH,
        )  # fmt: skip
        await circuits_service.put_source(tx, ACTOR, site_id, battery, now, reason=REASON, version=None)


async def _priced(house: House) -> None:
    """Keep the made-up exchange's prices of the past weeks, as they would have been fetched the day before."""
    source, today = Sandbox(), house.clock().date()
    for number in range(PRICED_DAYS):
        day = today - timedelta(days=number)
        prices = await source.day(AREA, "SEK", day)
        async with house.database.transaction() as tx:
            await store_spot.save(tx, prices, "SEK", source.name, prices[0].starts_at - timedelta(hours=11))


async def _told(house: House, site_id: SiteId, tree: Tree, weather: Random) -> None:
    """Keep what the meters of the building and the roof would have told by quarters in the past weeks."""
    grid = next(one for one in tree.circuits if one.kind is CircuitKind.GRID)
    zone, until = ZoneInfo("Europe/Stockholm"), floor(house.clock())
    clouds: dict[object, float] = {}
    found: list[Quarter] = []
    at = until - LEARNT_FROM
    while at < until:
        local = at.astimezone(zone)
        evening = 1.5 if 16 <= local.hour < 22 else 0.7 if local.hour < 6 else 1.0
        whole_w = BUILDING_W * evening * weather.uniform(0.85, 1.15)
        cloud = clouds.setdefault(local.date(), weather.uniform(0.15, 0.75))
        given_w = 14_000 * cloud * sunshine.clear_sky(at + QUARTER / 2, POSITION)
        net_w = whole_w - given_w
        shares = [0.4 * net_w / 230, 0.29 * net_w / 230, 0.31 * net_w / 230]
        current_a = (abs(shares[0]), abs(shares[1]), abs(shares[2]))
        found.append(Quarter(series=grid.id, at=at, current_a=current_a, power_w=net_w))
        for source in tree.sources:
            each_a = given_w / 690
            found.append(Quarter(series=source.id, at=at, current_a=(each_a, each_a, each_a), power_w=given_w))
        at += QUARTER
    async with house.database.transaction() as tx:
        await store_quarters.keep(tx, site_id, found)


async def _say(house: House, site_id: SiteId, random: Random, silent: set[object]) -> None:
    """Let most drivers who have come since say when they leave and what they need."""
    now = house.clock()
    async with house.database.transaction() as tx:
        for charge in await tx.fetch(Silent, WAITING, site_id):
            if charge.id in silent or random.random() > TELLERS:
                silent.add(charge.id)
                continue
            await wishing.tell(
                tx, rule("demo"), charge.id, now, departs_at=_morning(now, random),
                energy_wh=charge.energy_wh + random.randrange(*NEEDS_WH, 100), asks_priority=random.random() < 0.1,
            )  # fmt: skip


def _morning(now: datetime, random: Random) -> datetime:
    """Return when a car leaves: the next morning that is at least two hours ahead."""
    local = (now + timedelta(hours=2)).astimezone(ZoneInfo("Europe/Stockholm"))
    at = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=random.uniform(*LEAVES_AT_H))
    return (at if at > local else at + timedelta(days=1)).replace(second=0, microsecond=0)

"""What chargers of the demo show: texts for many, a message, prices while they run; a battery is swapped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from laddverk.cli.demo import energy
from laddverk.cli.demo.founding import ACTOR, Placed
from laddverk.displays import service as displays
from laddverk.displays.model import Wanted
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Problem
from laddverk.ocpp.commands import ReadVariables
from laddverk.ocpp.facts import DisplayText
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC

CLOSED: Final = (DisplayText("Stängt för service", "sv"), DisplayText("Closed for service", "en"))
SNOW: Final = (
    DisplayText("Snöröjning tisdag 06–08: flytta bilen då.", "sv"),
    DisplayText("Snow is cleared on Tuesday 06–08: move your car then.", "en"),
)
WELCOME: Final = (
    DisplayText("Välkommen! Priset visas medan du laddar.", "sv"),
    DisplayText("Welcome! The price is shown while you charge.", "en"),
)
SNOW_AT: Final = ("LIND-01", "LIND-02", "KBAC-02", "KUNG-02")
SHOWING_COSTS: Final = ("KBAC-01", "KBAC-02", "LIND-01", "LIND-02", "LIND-03", "GAML-04", "GAML-05", "KUNG-02")
SWAPPING: Final = "KBAC-02"
LOOK_EVERY_S: Final = 2.0
LOOK_TIMES: Final = 60
TAKEN_WITHIN_S: Final = 6.0  # chargers have taken their limits by then, and can be asked about them
LASTS: Final = timedelta(days=3)

IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM display_template)"
ALL_ARE_HERE: Final = (
    "SELECT count(*) = cardinality($1::uuid[]) FROM station WHERE id = ANY($1) AND protocol IS NOT NULL"
)


async def enliven(house: House, placed: Placed) -> None:
    """Once the chargers are connected, let them show texts and prices, and hold limits: once."""
    by_identity = {stand.identity: station_id for stand, station_id in placed}
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
    await _connected(house, [by_identity[one] for one in {*SHOWING_COSTS, *energy.USED_AT}])
    await _show(house, by_identity)
    await energy.set_limits(house, by_identity)
    house.hints.publish([COMMANDS_TOPIC])
    await asyncio.sleep(TAKEN_WITHIN_S)
    await energy.ask(house, by_identity)
    house.hints.publish([COMMANDS_TOPIC])


async def _connected(house: House, station_ids: list[StationId]) -> None:
    for _ in range(LOOK_TIMES):
        async with house.database.transaction() as tx:
            if await tx.value(ALL_ARE_HERE, station_ids):
                return
        await asyncio.sleep(LOOK_EVERY_S)


async def _show(house: House, by_identity: Mapping[str, StationId]) -> None:
    now = house.clock()
    async with house.database.transaction() as tx:
        await displays.add_template(tx, ACTOR, "Stängt för service", Wanted(texts=CLOSED, priority="AlwaysFront"), now)
        snow = await displays.add_template(tx, ACTOR, "Snöröjning", Wanted(texts=SNOW, priority="InFront"), now)
        chosen = [by_identity[one] for one in SNOW_AT]
        await displays.show_template(tx, ACTOR, snow, chosen, now, ends_at=now + LASTS, reason="parkeringen röjs")
        await displays.show(tx, ACTOR, by_identity[SWAPPING], Wanted(texts=WELCOME), now, reason="nya skyltar")
        for identity in SHOWING_COSTS:
            await stations.request_command(tx, ACTOR, by_identity[identity], ReadVariables(), now)
        with contextlib.suppress(Problem):
            async with tx.savepoint():
                await displays.send_tariff(tx, ACTOR, by_identity[SWAPPING], now, reason="nytt pris")
        await displays.request_swap(tx, ACTOR, by_identity[SWAPPING], "04B477E21C", now, reason="utbytesbatteri")

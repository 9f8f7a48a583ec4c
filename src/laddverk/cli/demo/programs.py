"""The grid operator's program of the demo's site with circuits: a simulated server of OpenADR 3 limits evenings."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from laddverk.cli.demo.circuits import CODE, SITE
from laddverk.cli.demo.founding import ACTOR
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import CircuitKind
from laddverk.energy.signals import listening, sealing, service, store
from laddverk.energy.signals.model import Setup, VtnId
from laddverk.kernel.ids import SiteId, new_id
from laddverk.platform.house import House
from laddverk.simulator.vtn import server
from laddverk.simulator.vtn.server import SimulatedVtn

NAME: Final = "Effektbudget, elnätet"
PROGRAM: Final = "Kapacitet vardagskvällar"
REASON: Final = "avtal om effektbudget i demon"
SECRET: Final = "demo"  # noqa: S105 - of a server on this machine that holds nothing
ZONE: Final = ZoneInfo("Europe/Stockholm")
EVENINGS: Final = 7
BEGINS_H: Final = 17
LASTS: Final = "PT3H"
MOST_KW: Final = 30.0
LOOK_EVERY_S: Final = 3_600.0


async def enliven(house: House) -> None:
    """Serve the program on loopback, and let the network ask it, for as long as the demo lives."""
    async with server.serving() as vtn:
        vtn.secret = SECRET
        program = vtn.add_program(PROGRAM)
        hosts = f"{house.settings.private_hosts},127.0.0.1:{vtn.port}".strip(",")
        house.settings = msgspec.structs.replace(house.settings, private_hosts=hosts)
        limit(vtn, program, house.clock())
        await _connected(house, vtn)
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            vtn.events.clear()
            limit(vtn, program, house.clock())


def limit(vtn: SimulatedVtn, program: str, now: datetime) -> None:
    """Limit the coming evenings."""
    today = now.astimezone(ZONE).replace(hour=BEGINS_H, minute=0, second=0, microsecond=0)
    for number in range(EVENINGS):
        begins = today + timedelta(days=number)
        vtn.limit(program, begins.astimezone(now.tzinfo), LASTS, MOST_KW, eventName=f"Kväll {begins:%Y-%m-%d}")


async def _connected(house: House, vtn: SimulatedVtn) -> None:
    """Connect the program at the port that it has this time."""
    now, hosts = house.clock(), listening.private_hosts(house)
    setup = Setup(
        url=vtn.url, program=PROGRAM, client_id=server.CLIENT_ID, every_s=60.0, silent_after_s=900.0,
        silent_a=(40.0, 40.0, 40.0),
    )  # fmt: skip
    async with house.database.transaction() as tx:
        site_id = SiteId(await tx.value(SITE, CODE))
        tree = await circuits.tree(tx, site_id)
        grid = next(one.id for one in tree.circuits if one.kind is CircuitKind.GRID)
        before = [one for one in await store.of_site(tx, site_id) if one.name == NAME]
        if before:
            secret = sealing.sealed(house.secrets, SECRET, before[0].id)
            await service.change(
                tx, ACTOR, before[0].id, grid, NAME, setup, now, reason=REASON, private_hosts=hosts, secret=secret
            )
            return
        vtn_id = VtnId(new_id())
        secret = sealing.sealed(house.secrets, SECRET, vtn_id)
        await service.add(
            tx, ACTOR, site_id, grid, NAME, setup, now, reason=REASON, private_hosts=hosts, secret=secret,
            vtn_id=vtn_id,
        )  # fmt: skip

"""`laddverk demo`: a living network around Göteborg, with three months behind it and simulated chargers in it.

places, people, prices   what there is: invented, on real streets
founding                 sets it up through the rooms' own services, once
past, telling            three months of history, told through the recorders; invoices and payments
living                   the simulated chargers, connected over sockets like any others
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from laddverk import running
from laddverk.cli.demo import (
    ahead,
    authorisation,
    certificates,
    circuits,
    displays,
    firmware,
    founding,
    living,
    mails,
    meters,
    people,
    phone,
    plans,
    programs,
    provisioning,
    studies,
    telling,
    troubles,
    uptime,
    usage,
)
from laddverk.cli.demo.places import stands
from laddverk.cli.network import Say, check_ports, prepared_database, run_in_loop, stopped_by_signals
from laddverk.cli.up import print_line
from laddverk.platform.database import RETRIABLE
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.simulator.control import Control
from laddverk.simulator.hands import Hands, serving

PART_ATTEMPTS: Final = 3
MONTHS_OF_PAST: Final = 2  # finished ones, and the present one so far


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what there is to choose."""
    parser.add_argument("--no-history", action="store_true", help="start without three months of past")
    parser.add_argument("--no-fleet", action="store_true", help="start without simulated chargers")
    parser.epilog = "The data stay in LADDVERK_STATE_DIR: a second start goes on from there. Ctrl-C stops it."


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Run the demo until it is told to stop."""
    # The past is told in months, and each is invoiced when it is told: nothing may invoice half of one meanwhile.
    chosen = msgspec.structs.replace(
        settings, demo=True, invoice_day=0, spot_source=settings.spot_source or "sandbox",
        meter_networks=f"{settings.meter_networks},{meters.NETWORK}",
        support_address=settings.support_address or mails.ADDRESS,
    )  # fmt: skip
    if settings.operator_name == Settings().operator_name:
        chosen = founding.operated(chosen)
    run_in_loop(demo(chosen, print_line, history=not given.no_history, fleet=not given.no_fleet))
    return 0


async def demo(settings: Settings, say: Say, *, history: bool = True, fleet: bool = True) -> None:
    """Run the network, found the demo in it if it is empty, tell its past, and let its chargers live."""
    check_ports(settings)
    stop = stopped_by_signals()
    tasks: list[asyncio.Task[None]] = []

    async def ready(house: House, addresses: running.Addresses) -> None:
        drivers = people.drivers(Random(people.SEED))
        since = beginning(house.clock(), ZoneInfo(settings.timezone))
        placed = await founding.found(house, drivers, since)
        phone.connect(house, carrier)
        say(greeting(addresses))
        going_on = asyncio.create_task(_go_on(house, addresses, drivers, placed))
        going_on.add_done_callback(tell_of_failure)
        tasks.append(going_on)

    def tell_of_failure(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None and not stop.is_set():
            say(f"The demo's content has stopped: {task.exception()!r}. The network itself goes on.")

    async def _go_on(
        house: House, addresses: running.Addresses, drivers: list[people.Person], placed: founding.Placed
    ) -> None:
        since = beginning(house.clock(), ZoneInfo(settings.timezone))
        await part(lambda: plans.equip(house, drivers, since))
        if history:
            await part(lambda: telling.tell(house, placed, drivers, since, say, people.SEED))
            await part(lambda: uptime.equip(house))
            await part(lambda: usage.equip(house))
        if fleet:
            for room in (provisioning, circuits, firmware, authorisation, certificates):
                await part(partial(room.equip, house, placed))
            chargers = living.fleet_of(
                stands(), drivers, house.secrets, addresses.ocpp_url, house.clock, people.SEED,
                addresses.ocpp_tls_url or "",
            )  # fmt: skip
            by_identity = {link.charger.hardware.identity: link for link in chargers.links}
            hands.control = Control(by_identity, clock=house.clock, random=Random())
            say(f"{len(chargers.links)} simulated chargers connect.")
            await asyncio.gather(
                living.live(chargers, settings.state_dir, house.clock),
                authorisation.keep_outlets(house, placed),
                displays.enliven(house, placed),
                troubles.enliven(house, placed),
                meters.enliven(house),
                ahead.enliven(house),
                programs.enliven(house),
                studies.enliven(house),
            )

    hands = Hands()
    async with (
        phone.carried(settings) as (chosen, carrier),
        serving(hands) as hands_url,
        prepared_database(msgspec.structs.replace(chosen, demo_hands_url=hands_url), say) as prepared,
    ):
        try:
            await running.run(prepared, ready=ready, stop=stop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        say("Stopping.")
    say("Stopped; everything is saved. The next start goes on from here.")


async def part(told: Callable[[], Awaitable[object]]) -> None:
    """Tell a part of the content; anew where PostgreSQL broke a deadlock with what the network does by itself.

    A part knows what it told before, as it must at the next start: nothing comes twice.
    """
    for _ in range(PART_ATTEMPTS - 1):
        with suppress(*RETRIABLE):
            await told()
            return
    await told()


def beginning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the demo's past begins: on the first day of the month, `MONTHS_OF_PAST` months before this one."""
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    for _ in range(MONTHS_OF_PAST):
        first = (first - timedelta(days=1)).replace(day=1)
    return first.astimezone(now.tzinfo)


def greeting(addresses: running.Addresses) -> str:
    """Return what is printed when the first page is up."""
    staff = "\n".join(f"    {one.email:<24}{one.role.value}" for one in people.STAFF)
    return f"""
The demo network is running.

  Console     {addresses.web_url}/console
  Portal      {addresses.web_url}/
  Mail box    {addresses.web_url}/demo/mail
  Phone       {addresses.web_url}/phone
  API         {addresses.web_url}/api/v1/openapi.json
  Chargers    {addresses.ocpp_url}

  Sign in to the console with the password {people.PASSWORD} as
{staff}
  Drivers sign in by e-mail: try {founding.example_driver()}, and read the mail in the mail box.

  Try: charge at {addresses.web_url}/u/{founding.EXAMPLE_CODE} as somebody who has read the sticker there (the sandbox
       takes no money; a simulated car plugs in by itself, and drives off after you stop),
       look in the console for the outlet that is broken in Borås and the charger that is silent in Mölndal.

Ctrl-C stops it.
"""

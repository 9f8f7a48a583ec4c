"""The present of the demo: its fleet of simulated chargers, which remember themselves from one start to the next."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

from laddverk.cli.demo.people import Person, cards_at
from laddverk.cli.demo.places import ACCENTED, AILING, BY_HAND, CANNOT_UPDATE, FAULTED, SILENT, SPOTS, Stand
from laddverk.kernel.time import Clock
from laddverk.platform.settings import Secrets
from laddverk.simulator import memory
from laddverk.simulator.abilities.firmware import Mishap, Software
from laddverk.simulator.accents import loose
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.faults import Misfortune
from laddverk.simulator.fleet import Fleet, Place
from laddverk.simulator.model import Hardware
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import MODES
from laddverk.simulator.physics.weather import Weather

SAVE_EVERY_S: Final = 20.0
MEMORY_FILE: Final = "fleet.json"
SHARE_AT_A_TIME: Final = 0.25  # of the usual number of cars
CAME_WITHIN: Final = timedelta(minutes=95)  # within the quiet that the told past leaves
CARS_AT_START_MIN: Final = 14  # also at night there is something to see


def key_of(secrets: Secrets, identity: str) -> str:
    """Return the key of a demo charger: 40 hexadecimal digits, the same at every start of this installation."""
    return hashlib.blake2b(identity.encode(), key=secrets.link_key, digest_size=20, person=b"demo charger").hexdigest()


def fleet_of(
    stands: Sequence[Stand],
    people: list[Person],
    secrets: Secrets,
    ocpp_url: str,
    clock: Clock,
    seed: int,
    tls_url: str = "",
) -> Fleet:
    """Return the fleet of the demo; `SILENT` is not in it, `FAULTED` is broken."""
    links = {stand.identity: _link(stand, secrets, ocpp_url, clock, seed, tls_url) for stand in stands}
    del links[SILENT]
    identity, number = FAULTED
    links[identity].charger.fail(number, clock(), "GroundFailure", "E-17", "Residual current above 30 mA")
    links[CANNOT_UPDATE].charger.of(Software).mishap = Mishap.FAILS
    where = [
        Place(
            spot.name,
            spot.rhythm,
            [links[stand.identity] for stand in stands if stand.spot == spot and stand.identity in links],
            cards_at(people, spot),
            idle=BY_HAND,
        )
        for spot in SPOTS
    ]
    return Fleet(where, clock=clock, random=Random(), misfortune=Misfortune(Random()))


def _link(stand: Stand, secrets: Secrets, ocpp_url: str, clock: Clock, seed: int, tls_url: str) -> Link:
    kind = stand.kind
    hardware = Hardware(
        identity=stand.identity,
        protocol=kind.protocol,
        vendor=kind.vendor,
        model=kind.model,
        serial=f"{kind.vendor[:2].upper()}{Random(f'{seed} {stand.identity}').randrange(10**8):08}",
        firmware=kind.firmware,
        outlets=kind.outlets,
    )
    charger = _ailing(hardware, seed) if stand.identity in AILING else Charger(hardware)
    for outlet in charger.outlets.values():
        outlet.register_wh = Random(f"{seed} {stand.identity} {outlet.number}").uniform(5e7, 9e7)
    accent = loose if stand.identity in ACCENTED else None
    return Link(charger, ocpp_url, key_of(secrets, stand.identity), clock=clock, accent=accent, tls_url=tls_url)


def _ailing(hardware: Hardware, seed: int) -> Charger:
    """Return a charger with a worn part: it looks fine, and its cars tell."""
    name, far = AILING[hardware.identity]
    box = Box(hardware, Weather(seed), Random(f"{seed} {hardware.identity}"))
    MODES[name].wear(box, far)
    return box


async def live(fleet: Fleet, state_dir: Path, clock: Clock) -> None:
    """Let the fleet live until cancelled, and write down every now and then what its chargers remember."""
    chargers = {link.charger.hardware.identity: link.charger for link in fleet.links}
    path = state_dir / MEMORY_FILE
    if path.exists():
        memory.recall(chargers, path.read_bytes())
        fleet.adopt(clock())
    else:
        while fleet.populate(clock(), share=SHARE_AT_A_TIME, since=CAME_WITHIN) < CARS_AT_START_MIN:
            pass
    running = asyncio.create_task(fleet.run())
    try:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            memory.save(path, chargers)
            if running.done():
                running.result()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        memory.save(path, chargers)

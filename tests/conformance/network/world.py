"""The network that transcripts are played against: one for a module, with a price, drivers and their tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.platform.database import Database
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.cluster import TestCluster
from tests.network import ACTOR, Network, network_on

TOKENS = {
    "token": "04A1B2C3D4E5F6",  # of a driver, good
    "blocked": "04B1B2C3D4E5F6",
    "expired": "04E1B2C3D4E5F6",
    "unknown": "04FFB2C3D4E5F6",
    "mate": "0401A1C3D4E5F6",  # two of one group, whose drivers the list of a charger may hold
    "mate2": "0402A1C3D4E5F6",
    "matelost": "0403A1C3D4E5F6",  # of that group, and blocked
    "master": "0404A1C3D4E5F6",
    "parting": "0405A1C3D4E5F6",  # of a driver who wants to be forgotten
}
GROUP = "FLEET7"
RESIDENTS = "residents"
PARTING = "parting@example.com"
EXPIRED_FOR = timedelta(days=30)
PRICE = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("3.50")),))


@asynccontextmanager
async def furnished(cluster: TestCluster, state_dir: Path) -> AsyncIterator[Network]:
    """Yield a network with a price, a driver and the tokens of `TOKENS`."""
    name = await cluster.cloned()
    database = await Database.connected(cluster.dsn_of(name), size_max=4)
    try:
        async with network_on(database, state_dir) as network:
            await _furnish(network)
            yield network
    finally:
        await database.close()
        await cluster.dropped(name)


async def _furnish(network: Network) -> None:
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        version = await tariffs.create(tx, ACTOR, "Standard", PRICE, now)
        await tariffs.choose(tx, ACTOR, version.tariff_id, now)
        driver, mates, parting = [
            await access.create_driver(tx, ACTOR, DriverDetails(email=email, name=email[:5], driver_group=group), now)
            for email, group in (("driver@example.com", ""), ("mates@example.com", RESIDENTS), (PARTING, RESIDENTS))
        ]
        tokens = {
            "token": NewToken(uid=TOKENS["token"], driver_id=driver),
            "blocked": NewToken(uid=TOKENS["blocked"], driver_id=driver),
            "expired": NewToken(uid=TOKENS["expired"], driver_id=driver, valid_until=now - EXPIRED_FOR),
            "mate": NewToken(uid=TOKENS["mate"], driver_id=mates, group_code=GROUP),
            "mate2": NewToken(uid=TOKENS["mate2"], driver_id=mates, group_code=GROUP),
            "matelost": NewToken(uid=TOKENS["matelost"], driver_id=mates, group_code=GROUP),
            "master": NewToken(uid=TOKENS["master"], is_master=True),
            "parting": NewToken(uid=TOKENS["parting"], driver_id=parting),
        }
        made = await access.create_tokens(tx, ACTOR, list(tokens.values()), now)
        ids = dict(zip(tokens, made, strict=True))
        for word in ("blocked", "matelost"):
            await access.block_token(tx, ACTOR, ids[word], "lost", now)

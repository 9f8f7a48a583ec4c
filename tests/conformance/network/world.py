"""The network that transcripts are played against: one for a module, with a price, drivers and their tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
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
}
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
        driver_id = await access.create_driver(tx, ACTOR, NewDriver(email="driver@example.com", name="A Driver"), now)
        ids = {
            word: await access.create_token(
                tx,
                ACTOR,
                NewToken(uid=uid, driver_id=driver_id, valid_until=now - EXPIRED_FOR if word == "expired" else None),
                now,
            )
            for word, uid in TOKENS.items()
            if word != "unknown"
        }
        await access.block_token(tx, ACTOR, ids["blocked"], "lost", now)

"""One network for each file of quirks: the tests of a file each have a station of their own in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from laddverk.platform.database import Database
from laddverk.tariffs import service as tariffs
from tests.cluster import TestCluster
from tests.conformance.quirks.charger import Field
from tests.integration.sessions.world import PER_KWH
from tests.network import ACTOR, network_on


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def field(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    """A running gateway on a database of its own."""
    name = await cluster.cloned()
    database = await Database.connected(cluster.dsn_of(name), size_max=4)
    async with network_on(database, tmp_path_factory.mktemp("state")) as network:
        async with database.transaction() as tx:
            now = network.house.clock()
            version = await tariffs.create(tx, ACTOR, "Per kWh", PER_KWH, now - timedelta(days=400))
            await tariffs.choose(tx, ACTOR, version.tariff_id, now - timedelta(days=400), site_id=network.site_id)
        yield Field(network)
    await database.close()
    await cluster.dropped(name)

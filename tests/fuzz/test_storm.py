"""Twenty thousand hostile inputs over sockets: nobody else notices, and everything can be looked at afterwards."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.platform.database import Database
from tests.fuzz.pages import looked_at
from tests.fuzz.storm import TOKENS, rained
from tests.fuzz.watch import watching
from tests.network import ACTOR, Network, network_on

INPUTS = int(os.environ.get("LADDVERK_FUZZ_INPUTS", "20000"))
SEED = int(os.environ.get("LADDVERK_FUZZ_SEED", "1"))
QUIET_P99_MAX_S = 3.0  # the test machine has two cores, and the storm is made on them too
MEMORY_GROWTH_MAX_MIB = 120.0


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as found:
        async with database.transaction() as tx:
            now = found.house.clock()
            driver_id = await access.create_driver(tx, ACTOR, NewDriver(email="d@example.com", name="A Driver"), now)
            for uid in TOKENS:
                await access.create_token(tx, ACTOR, NewToken(uid=uid, driver_id=driver_id), now)
        yield found


@pytest.mark.slow
async def test_a_storm_of_inputs_harms_nobody(network: Network, capsys: pytest.CaptureFixture[str]) -> None:
    with watching() as watch:
        storm = await rained(network, INPUTS, SEED)
        await network.house.worker.run_until_idle()
        statuses = await looked_at(network)
        with capsys.disabled():
            print(f"\n{storm.told(watch)}\npages and lists        {dict(statuses)}")
        assert not watch.errors, "\n\n".join(watch.errors)
    assert storm.inputs >= INPUTS * 0.9
    assert storm.quiet_at(0.99) < QUIET_P99_MAX_S
    quarter = storm.rss_mib[len(storm.rss_mib) // 4]
    assert storm.rss_mib[-1] - quarter < MEMORY_GROWTH_MAX_MIB
    assert statuses[200] > 30
    assert max(statuses) < 500

"""Twenty thousand hostile inputs over sockets: nobody else notices, and everything can be looked at afterwards."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.platform.database import Database
from laddverk.tariffs import service as tariffs
from tests.fuzz.pages import looked_at
from tests.fuzz.rows import wrong_rows
from tests.fuzz.storm import QUIET, QUIET_WH, TOKENS, rained
from tests.fuzz.watch import watching
from tests.integration.sessions.world import PER_KWH
from tests.network import ACTOR, Network, network_on

INPUTS = int(os.environ.get("LADDVERK_FUZZ_INPUTS", "20000"))
SEED = int(os.environ.get("LADDVERK_FUZZ_SEED", "1"))
QUIET_P99_MAX_S = 3.0  # the test machine has two cores, and the storm is made on them too
MEMORY_GROWTH_MAX_MIB = 60.0  # in the last three quarters: what is cached grows to its limits


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as found:
        async with database.transaction() as tx:
            now = found.house.clock()
            driver_id = await access.create_driver(tx, ACTOR, NewDriver(email="d@example.com", name="A Driver"), now)
            for uid in TOKENS:
                await access.create_token(tx, ACTOR, NewToken(uid=uid, driver_id=driver_id), now)
            version = await tariffs.create(tx, ACTOR, "Per kWh", PER_KWH, now - timedelta(days=400))
            await tariffs.choose(tx, ACTOR, version.tariff_id, now - timedelta(days=400))
        yield found


async def undisturbed(network: Network) -> None:
    """The quiet station charged one car, on one socket, and nothing of the storm is told of it."""
    station_id = network.station_ids[QUIET]
    sql = "SELECT array_agg(concat_ws(' ', energy_wh, ended_at IS NOT NULL, doubts)) FROM session WHERE station_id = $1"
    assert await network.value(sql, station_id) == [f"{QUIET_WH} t {{}}"]
    assert await network.value("SELECT count(*) FROM station_connection WHERE station_id = $1", station_id) == 1
    for table in ("quarantine", "station_quirk", "session_orphan"):
        assert await network.value(f"SELECT count(*) FROM {table} WHERE station_id = $1", station_id) == 0, table


@pytest.mark.slow
async def test_a_storm_of_inputs_harms_nobody(network: Network, capsys: pytest.CaptureFixture[str]) -> None:
    with watching() as watch:
        storm = await rained(network, INPUTS, SEED)
        await network.house.worker.run_until_idle()
        statuses = await looked_at(network)
        with capsys.disabled():
            print(f"\n{storm.told(watch)}\npages and lists        {dict(statuses)}")
        assert not watch.errors, "\n\n".join(watch.errors)
    async with network.house.database.transaction() as tx:
        assert await wrong_rows(tx) == []
    await undisturbed(network)
    assert storm.inputs >= INPUTS * 0.9
    assert storm.quiet_at(0.99) < QUIET_P99_MAX_S
    quarter = storm.rss_mib[len(storm.rss_mib) // 4]
    assert storm.rss_mib[-1] - quarter < MEMORY_GROWTH_MAX_MIB
    assert statuses[200] > 30
    assert max(statuses) < 500

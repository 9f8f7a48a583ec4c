"""One EVSE of a simulated charger restarts, over a socket: the others go on, and no boot is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from laddverk.ocpp.commands import Reset, ResetKind
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.integration.authorisation.field import charger_at, until, working
from tests.network import ACTOR, Network

STATE = "SELECT state FROM command ORDER BY created_at DESC LIMIT 1"
BOOTS = "SELECT booted_at FROM station"


async def outcome(network: Network, wish: Reset) -> str:
    async with network.house.database.transaction() as tx:
        await stations.request_command(tx, ACTOR, network.station_ids["CP1"], wish, network.house.clock())
    network.house.hints.publish([COMMANDS_TOPIC])

    async def over() -> str | None:
        state: str = await network.value(STATE)
        return None if state in ("queued", "sent", "accepted") else state

    found: str = await until(over)
    return found


@pytest.mark.parametrize(("protocol", "state"), [(Protocol.V201, "confirmed"), (Protocol.V16, "failed")])
async def test_one_evse_restarts_where_the_version_has_a_word_for_it(
    database: Database, tmp_path: Path, protocol: Protocol, state: str
) -> None:
    async with working(database, tmp_path) as network, charger_at(network, "CP1", protocol):
        booted = await network.value(BOOTS)
        assert await outcome(network, Reset(reset=ResetKind.HARD, evse_number=2)) == state
        assert await network.value(BOOTS) == booted

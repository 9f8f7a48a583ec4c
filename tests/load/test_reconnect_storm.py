"""All chargers come back in the same second: every one is let in, answered, and shown, and none twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation
from tests.network import ACTOR, BOOT_16, Network, ask, network_on

STATIONS = 300
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)


async def add_stations(network: Network, count: int) -> None:
    """Register many stations at once and remember their keys."""
    new = [
        NewStation(
            site_id=network.site_id,
            identity=f"S{number:04}",
            name=f"Station {number}",
            connectors=(NewConnector(evse_number=1),),
        )
        for number in range(count)
    ]
    house = network.house
    async with house.database.transaction() as tx:
        made = await stations.create_stations(tx, ACTOR, new, house.clock(), pepper=house.secrets.charger_pepper)
    network.keys.update({each.identity: key.password for each, key in zip(new, made, strict=True)})


async def come_back(network: Network, identity: str) -> int:
    """Connect, boot, say the state, and replay a whole session that happened offline; return its number."""
    free = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    at = [(START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ") for minutes in (0, 20)]
    async with network.socket(identity) as charger:
        assert (await ask(charger, "BootNotification", BOOT_16))[2]["status"] == "Accepted"
        assert (await ask(charger, "StatusNotification", free))[0] == 3
        start = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": at[0]}
        number = int((await ask(charger, "StartTransaction", start))[2]["transactionId"])
        stop = {"transactionId": number, "meterStop": 4000, "timestamp": at[1]}
        assert (await ask(charger, "StopTransaction", stop))[0] == 3
    return number


@pytest.mark.load
async def test_a_network_that_comes_back_at_once_loses_and_doubles_nothing(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path) as network:
        await add_stations(network, STATIONS)
        identities = sorted(network.keys)

        numbers = await asyncio.gather(*(come_back(network, identity) for identity in identities))
        again = await asyncio.gather(*(come_back(network, identity) for identity in identities))

        assert again == numbers
        assert len(set(numbers)) == STATIONS
        assert await network.value("SELECT count(*) FROM session WHERE ended_at IS NOT NULL") == STATIONS
        assert await network.value("SELECT sum(energy_wh) FROM session") == STATIONS * 3000
        assert await network.value("SELECT count(*) FROM station WHERE booted_at IS NOT NULL") == STATIONS
        assert await network.value("SELECT count(*) FROM quarantine") == 0

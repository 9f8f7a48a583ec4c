"""What chargers do over a socket becomes findings of the detectors of sequences."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from laddverk.certificates.model import NewEvent
from laddverk.certificates.service import events
from laddverk.diagnostics import drifting, telling
from laddverk.diagnostics.watching import Watcher
from laddverk.kernel.ids import StationId, new_id
from laddverk.platform.database import Database
from tests.integration.diagnostics.incident_field import listed, look, raised
from tests.network import BOOT_16, Network, ask, network_on

STANDING = """
INSERT INTO configuration_standing (station_id, template_id, version, state, since, differences, checked_at)
VALUES ($1, $2, 1, $3, $4, $5, $4)
"""
FINDINGS = "SELECT coalesce(array_agg(detector ORDER BY detector), '{}') FROM finding WHERE cleared_at IS NULL"


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def found(network: Network, now: datetime | None = None) -> list[str]:
    """Let the outbox and the real detectors work; return which findings stand."""
    await network.house.worker.run_until_idle()
    async with network.house.database.transaction() as tx:
        await Watcher(b"test").turn(tx, now or network.house.clock(), thorough=True)
    return list(await network.value(FINDINGS))


def later(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)


async def test_a_dangerous_code_is_found_at_once_and_another_after_a_minute(network: Network) -> None:
    await network.add_station("CP-1")
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ask(socket, "StatusNotification", {"connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure"})
        await ask(socket, "StatusNotification", {"connectorId": 2, "status": "Faulted", "errorCode": "ReaderFailure"})
        assert await found(network) == ["D06"]
        assert await found(network, later(seconds=61)) == ["D05", "D06"]
        assert await network.value("SELECT evse_number FROM finding WHERE detector = 'D05'") == 2
        await ask(socket, "StatusNotification", {"connectorId": 2, "status": "Available", "errorCode": "NoError"})
        assert await found(network, later(seconds=122)) == ["D06"]


async def test_a_charger_that_goes_away_is_found_after_a_quarter_of_an_hour_and_its_return_clears_it(
    network: Network,
) -> None:
    await network.add_station("CP-1")
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ask(socket, "StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError"})
        assert await found(network) == []
    await _until_offline(network)
    assert await found(network, later(minutes=14)) == []
    assert await found(network, later(minutes=16)) == ["D01"]
    async with network.socket("CP-1") as socket:
        await ask(socket, "Heartbeat", {})
        assert await found(network) == []


async def _until_offline(network: Network) -> None:
    while await network.value("SELECT count(*) FROM station WHERE connected_at IS NOT NULL"):
        await network.house.worker.run_until_idle()


async def test_a_boot_that_is_sent_three_times_in_one_breath_is_no_loop(network: Network) -> None:
    await network.add_station("CP-1")
    async with network.socket("CP-1") as socket:
        for _ in range(3):
            await ask(socket, "BootNotification", BOOT_16)
        assert await found(network, later(minutes=5)) == []


async def test_settings_that_drift_are_found_and_their_mending_clears_it(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    now = network.house.clock()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
    await found(network, now)  # it is watched from now on
    await _stands(network, station_id, "drifted", now, [{"component": "", "variable": "HeartbeatInterval"}])
    assert await _told(network, now) == []
    assert "D28" in await found(network, now + timedelta(minutes=16))
    said = await network.value("SELECT evidence FROM finding WHERE detector = 'D28'")
    assert "HeartbeatInterval" in json.dumps(said)

    await network.value("DELETE FROM configuration_standing RETURNING 1")  # the template does not apply to it any more
    assert "D28" not in await _told(network, now + timedelta(hours=1))


async def _stands(
    network: Network, station_id: StationId, state: str, since: datetime, differences: list[dict[str, Any]]
) -> None:
    known = [{**each, "is_known": True} for each in differences]
    async with network.house.database.transaction() as tx:
        await tx.execute(STANDING, station_id, new_id(), state, since, known)


async def _told(network: Network, now: datetime) -> list[str]:
    async with network.house.database.transaction() as tx:
        await drifting.observe(tx, now)
    return await found(network, now)


ORDER = """
INSERT INTO command (id, station_id, kind, command, state, requested_by, actor_kind, created_at, expires_at)
VALUES ($1, $2, 'change_availability', $3, 'confirmed', 'Ada', 'operator', $4, $4)
"""


@pytest.mark.parametrize("operative", [False, True])
async def test_an_outlet_that_we_took_out_of_service_long_ago_is_not_stuck(network: Network, operative: bool) -> None:
    station_id = await network.add_station("CP-1")
    long_ago = later(days=-40)
    async with network.house.database.transaction() as tx:
        given = {"type": "change_availability", "evse_number": 1, "operative": operative}
        await tx.execute(ORDER, new_id(), station_id, given, long_ago)
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ask(socket, "StatusNotification", {"connectorId": 1, "status": "Unavailable", "errorCode": "NoError"})
        await network.house.worker.run_until_idle()
        async with network.house.database.transaction() as tx:
            await telling.tell_closed(tx, network.house.clock())
        assert await found(network, later(minutes=14)) == []
        stuck = await found(network, later(minutes=31))
        assert ("D13" in stuck) is operative


async def test_what_the_house_notices_of_a_charger_is_found(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    now = network.house.clock()
    shared = NewEvent(station_id=station_id, at=now, received_at=now, kind="IdentityShared", source="house")
    async with network.house.database.transaction() as tx:
        await events.note(tx, shared)
    assert await found(network, now) == ["D31"]


async def test_what_is_only_watched_makes_no_incident(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    now = network.house.clock()
    await raised(network, station_id, now, detector="D26", since=now - timedelta(hours=7))
    await look(network, now)
    assert await listed(network, "all") == []
    await raised(network, station_id, now, detector="D27", since=now - timedelta(hours=7))
    await look(network, now)
    assert len(await listed(network, "all")) == 1

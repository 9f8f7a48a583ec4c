"""Health on a real database: scored from findings, kept by day, and measured against what came after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from laddverk.diagnostics.model import Severity
from laddverk.diagnostics.upkeep import queries_health, scoring
from laddverk.diagnostics.upkeep.queries_health import HealthFilter, HealthRow
from laddverk.diagnostics.uptime.policies import HONEST, policies_of
from laddverk.kernel.ids import new_id
from laddverk.platform.database import Database
from tests.integration.diagnostics.incident_field import cleared, raised
from tests.network import Network, network_on


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def scored(network: Network, now: datetime) -> list[HealthRow]:
    async with network.house.database.transaction() as tx:
        await scoring.keep_up(tx, now)
        return await queries_health.outlets(tx, None, HealthFilter(), limit=9)


async def test_an_outlet_loses_points_and_gets_them_back(network: Network) -> None:
    station = await network.add_station("CP-1", connectors=2)
    await network.add_station("CP-2", connectors=1)
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET epoch = 1")
    await raised(network, station, now, severity=Severity.DEGRADED, evse=1)
    first, *others = await scored(network, now)
    assert (first.station_name, first.evse_number, first.score, first.station_score) == ("CP-1", 1, 82, 82)
    assert [(one.score, one.station_score) for one in others] == [(100, 82), (100, 100)]
    assert (first.reasons[0].detector, first.reasons[0].points) == ("D01", pytest.approx(18))
    await cleared(network, station, now, evse=1)
    (first, *_) = await scored(network, now + timedelta(days=14))
    assert first.score == 91
    async with network.house.database.transaction() as tx:
        foreign = frozenset({new_id()})
        assert await queries_health.outlets(tx, foreign, HealthFilter(), limit=9) == []
        assert await queries_health.count(tx, None, HealthFilter(high=95)) == 1
        assert await queries_health.count(tx, None, HealthFilter(search="cp-2")) == 1


async def test_what_came_of_a_score_is_measured_thirty_days_later(network: Network) -> None:
    station = await network.add_station("CP-1", connectors=1)
    monday = datetime(2026, 3, 2, 4, tzinfo=UTC)
    honest = policies_of(Path("/nowhere")).named(HONEST)
    assert honest is not None
    async with network.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO station_connection"
            " (station_id, epoch, connected_at, disconnected_at, protocol, remote_address)"
            " VALUES ($1, 1, $2, $3, 'ocpp1.6', '')",
            station, monday - timedelta(days=9), monday + timedelta(days=16),
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO connector_state"
            " (station_id, evse_number, connector_number, started_at, content_key, same_since,"
            " status, received_at) VALUES ($1, 1, 1, $2, 'a', $2, 'available', $2)",
            station, monday - timedelta(days=9),
        )  # fmt: skip
        await tx.execute("UPDATE station SET epoch = 1")
        await scoring.keep_up(tx, monday)
        await scoring.keep_day(tx, monday)
        await scoring.keep_day(tx, monday)
        assert not await scoring.look_back(tx, honest, monday + timedelta(days=30))
        later = monday + timedelta(days=32)
        assert await scoring.look_back(tx, honest, later)
        assert not await scoring.look_back(tx, honest, later)
        whole = (await queries_health.bands(tx, None, date(2026, 1, 1)))[-1]
    assert (whole.outlets, whole.times) == (1, 1)
    assert whole.hours == pytest.approx(720)
    assert whole.down_in_30_days is not None
    assert 300 < whole.down_in_30_days < 400

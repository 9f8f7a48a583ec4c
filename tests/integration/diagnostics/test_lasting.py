"""What drifts and what is used, on a real database: from the memory of detectors to health and to spare parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from laddverk.diagnostics.detectors.heat import ContactHeat
from laddverk.diagnostics.detectors.wear import ContactorWear
from laddverk.diagnostics.memory import Kinds, Memory
from laddverk.diagnostics.upkeep import queries_lasting, scoring, stocking, tracking
from laddverk.kernel.ids import StationId, new_id
from laddverk.platform.database import Database
from tests.network import Network, network_on

WATCHED = "INSERT INTO station_watch (station_id, memory, heard_at) VALUES ($1, $2, $3)"
REMEMBERS = "UPDATE station_watch SET memory = $2 WHERE station_id = $1"
CHARGED = """
INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, ended_at, received_at, energy_wh)
SELECT gen_random_uuid(), $1, 1, n::text, $2::timestamptz - n * interval '15 minutes', $2, $2, 9000
FROM generate_series(1, $3) AS n
"""


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


def remembering(heard: int, rise: float, switchings: int) -> bytes:
    """Return the memory of a station whose plug, 45 degrees above the air at full load as a rule, now rises `rise`."""
    memory = Memory(Kinds((ContactHeat, ContactorWear)))
    plug, contactor = memory.copy_of(ContactHeat, 1), memory.copy_of(ContactorWear, 1)
    assert isinstance(plug, ContactHeat)
    assert isinstance(contactor, ContactorWear)
    plug.drift.baseline.centre, plug.drift.baseline.sigma = 45.0, 2.5
    plug.drift.heard, plug.last = heard, (rise - 1, rise, rise + 1)
    contactor.switchings = switchings
    return memory.packed()


async def test_a_plug_that_grows_hotter_takes_points_of_health_and_is_to_be_bought(network: Network) -> None:
    station = StationId(await network.add_station("CP-1", connectors=1))
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET epoch = 1, registered_at = $1", now - timedelta(days=400))
        await tx.execute(WATCHED, station, remembering(5, 45, 0), now)
        for day in range(24):
            at = now - timedelta(days=23 - day)
            await tx.execute(REMEMBERS, station, remembering(5 * (day + 1), 45 + day / 2, 90_000))
            await tracking.follow(tx, None, at)
            await tracking.follow(tx, None, at)
        (life,) = await queries_lasting.remaining_at(tx, [station])
        # 45 * 1.35 = 60.75 is met 4.25 degrees above the 56.5 of today, at half a degree a day.
        assert (life.detector, life.evse_number, life.aim, life.part) == ("D16", 1, "alarm", "cable_or_plug")
        assert life.days == pytest.approx(8.5, abs=0.3)
        assert life.low_days <= life.days <= life.high_days
        assert life.points == 24

        score = (await scoring.scores(tx, [station], now))[station, 1]
        kinds = {reason.kind: reason for reason in score.reasons}
        assert kinds["lasting"].points == pytest.approx(8.6, abs=0.1)
        assert kinds["worn"].part == "contactor"
        assert kinds["worn"].share == pytest.approx(0.9)
        plug = next(one for one in await stocking.spares(tx, None, now) if one.known.cause == "cable_or_plug")
        assert (plug.due, plug.need.expected > 1, plug.need.enough >= 1) == (1, True, True)
        assert not any(one.due for one in await stocking.spares(tx, frozenset({new_id()}), now))

        # A new plug: the detector begins anew, and so does the trend.
        await tx.execute(REMEMBERS, station, remembering(3, 45, 0))
        await tracking.follow(tx, None, now + timedelta(days=1))
        assert await queries_lasting.remaining_at(tx, [station]) == []


async def test_what_was_charged_is_counted_as_matings_energy_and_switchings(network: Network) -> None:
    station = StationId(await network.add_station("CP-1", connectors=2))
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET epoch = 1, registered_at = $1", now - timedelta(days=400))
        await tx.execute(CHARGED, station, now, 9_000)
        await tracking.follow(tx, None, now)
        first, second = await queries_lasting.uses_at(tx, [station])
        assert (first.sessions, first.energy_wh, first.since) == (9_000, 81_000_000, now - timedelta(days=400))
        assert first.lately == pytest.approx(90 * 24 * 4, abs=1)
        assert (second.evse_number, second.sessions) == (2, 0)
        plug, contactor = first.worn
        assert (plug.part, plug.share) == ("cable_or_plug", 0.9)
        assert (contactor.count, contactor.life) == (18_000, 100_000)
        assert plug.years is not None
        assert plug.low_years is not None
        assert plug.low_years < plug.years == pytest.approx(1_000 / (96 * 365.25), rel=0.01)
        assert second.worn[0].years is None
        due = await queries_lasting.parts_due(tx, None, {"cable_or_plug": 21, "contactor": 21})
        assert due == {"cable_or_plug": 1, "contactor": 0}
        scored = await scoring.scores(tx, [station], now)
        assert [one.kind for one in scored[station, 1].reasons] == ["worn"]
        assert (scored[station, 1].points, scored[station, 2].points) == (95, 100)

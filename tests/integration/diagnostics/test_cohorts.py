"""Cars, versions and quiet outlets on a real database: what is counted, raised and cleared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from laddverk.diagnostics.cohorts import service
from laddverk.kernel.ids import new_id
from laddverk.platform.database import Database, Transaction
from tests.network import BOOT_16, ask, network_on

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
STATIONS = 6
ADD_SITE = "INSERT INTO site (id, name, code, created_at) VALUES ($1, $2, $3, $4)"
ADD_STATION = """
INSERT INTO station (id, site_id, identity, name, vendor, model, firmware, registered_at, connected_at)
VALUES ($1, $2, $3, $3, 'Acme', 'One', $4, $5, $5)
"""
ADD_CONNECTOR = """
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, status, status_since)
VALUES ($1, 1, 1, $2, $2, 'available', $3)
"""
ADD_OUTCOME = """
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome, car_key, car_make,
    token_key, firmware, visit_key, site_id, vendor, model)
SELECT station_id, 1, ended_at - interval '20 minutes', attempt_key, ended_at, outcome, car_key, car_make, token_key,
       firmware, attempt_key, site_id, 'Acme', 'One'
FROM jsonb_to_recordset($1::jsonb) AS f (station_id uuid, attempt_key text, ended_at timestamptz, outcome text,
     car_key text, car_make text, token_key text, firmware text, site_id uuid)
"""


class Town:
    """Stations of one model at one site."""

    def __init__(self) -> None:
        self.site: UUID = new_id()
        self.stations: list[UUID] = [new_id() for _ in range(STATIONS)]
        self._count = 0

    async def build(self, tx: Transaction, firmware: str = "1.0") -> None:
        since = NOW - timedelta(days=100)
        await tx.execute(ADD_SITE, self.site, "Town", "TWN", since)
        for number, station_id in enumerate(self.stations):
            await tx.execute(ADD_STATION, station_id, self.site, f"CP-{number}", firmware, since)
            await tx.execute(ADD_CONNECTOR, station_id, f"TWN-{number}", since)

    def tried(
        self, number: int, at: datetime, outcome: str = "ok", car: str = "", firmware: str = "1.0"
    ) -> dict[str, Any]:
        self._count += 1
        return {
            "station_id": self.stations[number], "attempt_key": f"a{self._count}", "ended_at": at.isoformat(),
            "outcome": outcome, "car_key": car, "car_make": "Acme" if car else "",
            "token_key": "" if car else f"t{self._count}", "firmware": firmware, "site_id": self.site,
        }  # fmt: skip


async def add(database: Database, outcomes: Iterable[dict[str, Any]]) -> None:
    async with database.transaction() as tx:
        await tx.execute(ADD_OUTCOME, list(outcomes))


async def look(database: Database, now: datetime) -> list[Any]:
    """Compare, and return the findings that stand."""
    async with database.transaction() as tx:
        await service.look(tx, now)
        return await standing(tx)


async def standing(tx: Transaction) -> list[Any]:
    return await tx.rows(
        "SELECT detector, station_id, evse_number, family, evidence FROM finding "
        "WHERE cleared_at IS NULL ORDER BY detector"
    )


async def built(database: Database, firmware: str = "1.0") -> Town:
    town = Town()
    async with database.transaction() as tx:
        await town.build(tx, firmware)
    return town


async def test_a_car_that_fails_everywhere_is_found_and_over_when_it_charges(database: Database) -> None:
    town = await built(database)
    others = [town.tried(n, NOW - timedelta(hours=h)) for n in range(3) for h in range(1, 20)]
    fails = [town.tried(n, NOW - timedelta(hours=30 - 9 * n), "plug_no_start", car="aa11") for n in range(3)]
    await add(database, [*others, *fails[:2]])
    assert await look(database, NOW) == []
    await add(database, fails[2:])
    (found,) = await look(database, NOW)
    assert (found["detector"], found["family"], found["station_id"]) == ("D10", "vehicle", town.stations[2])
    assert found["evidence"][0]["values"]["car"] == "aa11"
    later = NOW + timedelta(days=1)
    await add(database, [town.tried(n, later - timedelta(hours=n), car="aa11") for n in range(2)])
    assert await look(database, later) == []


async def test_refused_cards_are_no_bad_car(database: Database) -> None:
    town = await built(database)
    await add(database, [town.tried(n, NOW - timedelta(hours=n), "auth_fail", car="aa11") for n in range(5)])
    assert await look(database, NOW) == []


async def test_a_version_that_does_worse_is_found_and_an_equal_one_is_not(database: Database) -> None:
    town = await built(database)
    now = NOW - timedelta(days=12)

    async def day(firmware: str, fails_in_ten: int) -> list[Any]:
        nonlocal now
        now += timedelta(days=1)
        await add(
            database,
            [
                town.tried(
                    n, now - timedelta(minutes=10 * k), "zero_energy" if k < fails_in_ten else "ok", "", firmware
                )
                for n in range(STATIONS)
                for k in range(10)
            ],
        )
        return await look(database, now)

    for _ in range(4):
        assert await day("1.0", 1) == []
    async with database.transaction() as tx:
        await tx.execute("UPDATE station SET firmware = '2.0'")
    assert await day("2.0", 1) == []
    found: list[Any] = []
    for _ in range(3):
        found = await day("2.0", 6)
    (one,) = found
    assert (one["detector"], one["family"]) == ("D30", "firmware")
    assert one["evidence"][0]["values"]["version"] == "2.0"


async def test_an_outlet_that_nobody_comes_to_is_missed_until_somebody_comes(database: Database) -> None:
    town = await built(database)
    quiet_since = NOW - timedelta(days=4)
    used = [
        town.tried(n, NOW - timedelta(days=40) + timedelta(hours=6 * k))
        for n in range(3)
        for k in range(160)
        if n or NOW - timedelta(days=40) + timedelta(hours=6 * k) < quiet_since
    ]
    await add(database, used)
    async with database.transaction() as tx:
        await service.look_for_demand(tx, NOW, "Europe/Stockholm")
        (found,) = await standing(tx)
    assert (found["detector"], found["station_id"], found["evse_number"]) == ("D32", town.stations[0], 1)
    assert 12 < found["evidence"][0]["values"]["expected"] < 20
    await add(database, [town.tried(0, NOW + timedelta(hours=2), "zero_energy")])
    async with database.transaction() as tx:
        await service.look_for_demand(tx, NOW + timedelta(hours=3), "Europe/Stockholm")
        assert await standing(tx) == []


async def test_neighbours_that_are_out_of_order_do_not_excuse_that_nobody_comes(database: Database) -> None:
    town = await built(database)
    times = [NOW - timedelta(days=40) + timedelta(hours=6 * k) for k in range(160)]
    quiet_since = NOW - timedelta(days=4)
    dead = (0, 1, 2)
    await add(database, [town.tried(n, at) for n in range(4) for at in times if n not in dead or at < quiet_since])
    async with database.transaction() as tx:
        broken = [town.stations[n] for n in dead[1:]]
        await tx.execute("UPDATE connector SET status = 'unavailable' WHERE station_id = ANY($1)", broken)
        await service.look_for_demand(tx, NOW, "Europe/Stockholm")
        (found,) = await standing(tx)
    assert found["station_id"] == town.stations[0]
    assert 10 < found["evidence"][0]["values"]["expected"] < 20


async def test_an_outlet_that_is_out_of_order_is_not_missed(database: Database) -> None:
    town = await built(database)
    await add(database, [town.tried(0, NOW - timedelta(days=44) + timedelta(hours=6 * k)) for k in range(150)])
    async with database.transaction() as tx:
        await tx.execute("UPDATE connector SET status = 'faulted' WHERE station_id = $1", town.stations[0])
        await service.look_for_demand(tx, NOW, "Europe/Stockholm")
        assert await standing(tx) == []


async def test_what_was_there_before_anything_was_compared_is_counted_once(database: Database) -> None:
    town = await built(database)
    await add(database, [town.tried(n, NOW - timedelta(days=10 * n)) for n in range(STATIONS)])
    await look(database, NOW)
    async with database.transaction() as tx:
        assert await tx.value("SELECT sum(attempts) FROM cohort_day") == STATIONS
        await tx.execute("DELETE FROM cohort_day WHERE day < '2026-02-01'")
    await look(database, NOW)
    async with database.transaction() as tx:
        assert await tx.value("SELECT sum(attempts) FROM cohort_day") < STATIONS


async def test_a_boot_tells_the_carrier_and_the_numbers_are_not_kept(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path) as network:
        station_id = await network.add_station("CP-1", connectors=1)
        for imsi in ("240071234567890", "240991234567890"):
            async with network.socket("CP-1") as socket:
                await ask(socket, "BootNotification", BOOT_16 | {"imsi": imsi, "iccid": "8946071512360089165"})
        async with database.transaction() as tx:
            rows = [dict(row) for row in await tx.rows("SELECT station_id, carrier FROM station_carrier")]
    assert rows == [{"station_id": station_id, "carrier": "24099"}]

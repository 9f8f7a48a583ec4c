"""Versions, cars and outlets side by side: what the pages say, narrow, export, and keep from whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import StationId
from tests.integration.web.console.conftest import HOSTILE, NOW, SignedIn, World

VERSIONS, CARS, OUTLETS = "/console/diagnosis/versions", "/console/diagnosis/cars", "/console/diagnosis/outlets"
DAY = """
INSERT INTO cohort_day (day, station_id, vendor, model, firmware, attempts, failed)
VALUES (($1::timestamptz AT TIME ZONE 'UTC')::date, $2, 'Acme', 'One', $3, 50, $4)
"""
CASE = """
INSERT INTO cohort_case (kind, key, station_id, since, noticed_at, last_at, detail)
VALUES ('car', 'abcdef0123456789', $1, $2, $2, $2,
        '{"is_car": true, "make": "Polestar", "stations": 3, "visits": 4, "failed": 4}')
"""
OUTCOME = """
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome, car_key, car_make,
    site_id, vendor, model, energy_wh)
SELECT $1, 1, $2::timestamptz, $3, $2::timestamptz, $4, $5, $6, site_id, 'Acme', 'One', 9000 FROM station WHERE id = $1
"""


async def run(world: World, sql: str, *args: Any) -> None:
    async with world.house.database.transaction() as tx:
        await tx.execute(sql, *args)


async def day(world: World, station: StationId, ago: int, firmware: str, failed: int) -> None:
    await run(world, DAY, NOW - timedelta(days=ago), station, firmware, failed)


async def tried(world: World, station: StationId, at: datetime, outcome: str, key: str, car: str = "") -> None:
    await run(world, OUTCOME, station, at, key, outcome, car, "Polestar" if car else "")


async def filled(world: World) -> None:
    for ago in range(20, 10, -1):
        await day(world, world.station, ago, "1.0", 1)
        await day(world, world.other_station, ago, HOSTILE, 1)
    for ago in range(9, 0, -1):
        await day(world, world.station, ago, "2.0", 10)
    await run(world, CASE, world.station, NOW - timedelta(days=2))
    for number in range(30):
        at = NOW - timedelta(days=5, minutes=number)
        await tried(world, world.station, at, "zero_energy" if number % 2 else "ok", f"a{number}")
        await tried(world, world.other_station, at, "ok", f"b{number}")
    await tried(world, world.station, NOW - timedelta(hours=5), "plug_no_start", "c1", "abcdef0123456789")


async def test_empty_pages_say_what_will_stand_there(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert "No versions to compare yet" in (await browser.open(VERSIONS)).text
    assert "No car fails everywhere" in (await browser.open(CARS)).text
    assert "Nobody has tried to charge yet" in (await browser.open(OUTLETS)).text


async def test_versions_stand_with_their_rates_and_verdicts(world: World, signed_in: SignedIn) -> None:
    await filled(world)
    browser = await signed_in(Role.OPERATOR)
    page = (await browser.open(VERSIONS)).text
    assert "No version does worse than those before it" in page  # one station alone is no regression
    assert HOSTILE not in page
    assert "90 of 450" in page
    one = (await browser.open(f"{VERSIONS}/one?vendor=Acme&model=One&firmware=2.0")).text
    assert "90 of 450" in one
    assert "20 of 1\N{NO-BREAK SPACE}000" in one  # the two versions that were there before it
    assert (await browser.open(f"{VERSIONS}/one?vendor=Acme&model=One&firmware=9.9")).status_code == 404
    rows = (await browser.open(f"{VERSIONS}.csv?q=2.0")).text.splitlines()
    assert len(rows) == 2
    assert "No version matches" in (await browser.open(f"{VERSIONS}?only=worse")).text


async def test_a_car_stands_with_its_attempts(world: World, signed_in: SignedIn) -> None:
    await filled(world)
    browser = await signed_in(Role.OPERATOR)
    page = (await browser.open(CARS)).text
    assert "Polestar" in page
    assert f'href="{CARS}/abcdef0123456789"' in page
    one = (await browser.open(f"{CARS}/abcdef0123456789")).text
    assert "4 of 4 visits" in one
    assert "Did not start" in one
    assert (await browser.open(f"{CARS}/nothing")).status_code == 404
    assert "No car matches" in (await browser.open(f"{CARS}?state=cleared")).text
    assert "abcdef0123456789" in (await browser.open(f"{CARS}.csv?state=open&q=pole")).text


async def test_outlets_stand_beside_their_model_and_site(world: World, signed_in: SignedIn) -> None:
    await filled(world)
    browser = await signed_in(Role.OPERATOR)
    page = (await browser.open(OUTLETS)).text
    assert "Fails more than its model" in page
    assert "16 of 31" in page
    assert "No outlet matches" in (await browser.open(f"{OUTLETS}?q=zzz")).text
    assert len((await browser.open(f"{OUTLETS}.csv?sort=-failed")).text.splitlines()) == 3
    for sort in ("outlet", "-failed", "attempts", "nonsense;"):
        assert (await browser.open(f"{OUTLETS}?sort={sort}")).status_code == 200


@pytest.mark.parametrize("page", [VERSIONS, CARS, OUTLETS])
async def test_a_host_sees_only_what_is_at_their_sites(world: World, signed_in: SignedIn, page: str) -> None:
    await filled(world)
    browser = await signed_in(Role.SITE_HOST, world.other_site)
    assert "2.0" not in (await browser.open(VERSIONS + ".csv")).text
    assert "Polestar" not in (await browser.open(CARS)).text
    assert (await browser.open(f"{CARS}/abcdef0123456789")).status_code == 404
    assert len((await browser.open(OUTLETS + ".csv")).text.splitlines()) == 2
    assert (await browser.open(page + "?q=%25&page=99")).status_code == 200

"""What stations need by the clock: overdue commands end and are told, frames are packed and dropped."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from laddverk.kernel.ids import new_id
from laddverk.ocpp.commands import Reset
from laddverk.platform import jobs, journal
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, Worker
from laddverk.platform.journal import Frame
from laddverk.platform.settings import Settings, secrets_in
from laddverk.stations import jobs as stations_jobs
from laddverk.stations import service
from tests.integration.stations.field import NOW, TESTS, at, with_station


async def done(database: Database, tmp_path: Path, now: datetime, kind: str) -> Hints:
    """Carry out one job as the worker does, and what it causes; return the hints."""
    house = House(
        Settings(state_dir=tmp_path), secrets_in(tmp_path), database, Hints(), lambda: now, Worker(database, {})
    )
    worker = Worker(database, stations_jobs.handlers(house))
    async with database.transaction() as tx:
        await jobs.enqueue(tx, [NewJob(kind, {}, run_at=NOW - timedelta(days=3650))])
    with house.hints.listening([f"station:{station}" for station in await _stations(database)]) as heard:
        await worker.run_until_idle()
        if kind == "stations.expire_commands":
            await asyncio.wait_for(anext(heard), 5)
    return house.hints


async def _stations(database: Database) -> list[object]:
    async with database.transaction() as tx:
        return await tx.values("SELECT id FROM station")


async def test_an_overdue_command_ends_and_its_page_is_told(database: Database, tmp_path: Path) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.request_command(tx, TESTS, key.station_id, Reset(), at(0))
    await done(database, tmp_path, at(3600), "stations.expire_commands")
    async with database.transaction() as tx:
        assert await tx.values("SELECT state FROM command") == ["expired"]


async def test_old_frames_are_packed_however_many_and_dropped_after_a_year(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station_id = new_id()
    count = 1000
    monkeypatch.setattr(journal, "COMPACT_FRAMES_MAX", 300)
    async with database.transaction() as tx:
        await journal.write(tx, [Frame(station_id, at(number), 1, number, ">", b"{}") for number in range(count)])
    await done(database, tmp_path, at(86_400), "stations.pack_frames")
    async with database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM frame") == 0
        assert await tx.value("SELECT sum(frames) FROM frame_segment") == count
    await done(database, tmp_path, NOW + timedelta(days=401), "stations.drop_old")
    async with database.transaction() as tx:
        assert await journal.read(tx, station_id, NOW + timedelta(days=999), 10) == []


def test_every_recurring_job_has_a_handler(tmp_path: Path) -> None:
    house = House(
        Settings(state_dir=tmp_path),
        secrets_in(tmp_path),
        None,
        Hints(),
        lambda: NOW,
        Worker(None, {}),  # type: ignore[arg-type]
    )
    assert {every.kind for every in stations_jobs.EVERY} <= set(stations_jobs.handlers(house))

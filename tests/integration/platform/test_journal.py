"""The frame journal: what was written is read, packed or not, and is in one place only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from laddverk.kernel.ids import new_id
from laddverk.platform import journal
from laddverk.platform.database import Database
from laddverk.platform.journal import Frame

NOW = datetime(2026, 10, 24, 12, tzinfo=UTC)
A, B = new_id(), new_id()


def frames(station_id: UUID, count: int, epoch: int = 1, start_s: float = 0) -> list[Frame]:
    """Frames a second apart, every third one from us, with bytes that are no UTF-8."""
    return [
        Frame(
            station_id,
            NOW + timedelta(seconds=start_s + number),
            epoch,
            number,
            "<" if number % 3 == 0 else ">",
            b'[2,"%d","Heartbeat",{}]\xff' % number,
        )
        for number in range(1, count + 1)
    ]


async def written(database: Database, *groups: list[Frame]) -> None:
    async with database.transaction() as tx:
        for group in groups:
            await journal.write(tx, group)


async def read(database: Database, station_id: UUID, before_s: float = 1e6, limit: int = 10_000) -> list[Frame]:
    async with database.transaction() as tx:
        return await journal.read(tx, station_id, NOW + timedelta(seconds=before_s), limit)


async def compacted(database: Database, older_than_s: float) -> int:
    async with database.transaction() as tx:
        return await journal.compact(tx, NOW + timedelta(seconds=older_than_s))


async def counts(database: Database) -> tuple[int, int]:
    async with database.transaction() as tx:
        return await tx.value("SELECT count(*) FROM frame"), await tx.value("SELECT count(*) FROM frame_segment")


async def test_packing_changes_nothing_of_what_is_read(database: Database) -> None:
    own = frames(A, 450)
    await written(database, own, frames(B, 30))
    newest_first = own[::-1]
    assert await read(database, A) == newest_first
    assert await compacted(database, 401) == 400
    assert await counts(database) == (80, 2)
    assert await read(database, A) == newest_first
    assert await read(database, A, limit=60) == newest_first[:60]
    assert await read(database, A, before_s=300, limit=150) == newest_first[151:301]
    assert await read(database, B) == frames(B, 30)[::-1]


async def test_the_frames_of_a_quiet_station_are_packed_after_an_hour(database: Database) -> None:
    await written(database, frames(A, 20))
    assert await compacted(database, 60) == 0
    assert await compacted(database, 3700) == 20
    assert await counts(database) == (0, 1)
    assert await read(database, A) == frames(A, 20)[::-1]


async def test_two_sockets_at_once_keep_their_frames_apart(database: Database) -> None:
    older, newer = frames(A, 150, epoch=1), frames(A, 150, epoch=2, start_s=0.5)
    await written(database, older, newer)
    together = sorted(older + newer, key=lambda frame: frame.received_at, reverse=True)
    await compacted(database, 1e5)
    assert await read(database, A) == together
    assert (
        await read(database, A, before_s=100, limit=20)
        == [f for f in together if f.received_at < NOW + timedelta(seconds=100)][:20]
    )


async def test_an_interrupted_move_leaves_every_frame_where_it_was(database: Database) -> None:
    own = frames(A, 300)
    await written(database, own)

    class PowerCut(Exception):
        pass

    try:
        async with database.transaction() as tx:
            assert await journal.compact(tx, NOW + timedelta(days=1)) == 300
            raise PowerCut
    except PowerCut:
        pass
    assert await counts(database) == (300, 0)
    assert await read(database, A) == own[::-1]


async def test_two_movers_at_once_move_each_frame_once(database: Database) -> None:
    own = frames(A, 500)
    await written(database, own)
    moved = await asyncio.gather(compacted(database, 1e5), compacted(database, 1e5))
    assert sum(moved) == 500
    assert await read(database, A) == own[::-1]


async def test_a_segment_is_a_fraction_of_its_frames(database: Database) -> None:
    await written(database, frames(A, 200))
    await compacted(database, 1e5)
    async with database.transaction() as tx:
        assert await tx.value("SELECT length(body) FROM frame_segment") < 200 * 25 / 3


async def test_what_is_too_old_is_dropped_and_nothing_else(database: Database) -> None:
    await written(database, frames(A, 200), frames(B, 200, start_s=1000))
    await compacted(database, 1e5)
    await written(database, frames(A, 5, epoch=2), frames(B, 5, epoch=2, start_s=1000))
    async with database.transaction() as tx:
        assert await journal.prune(tx, NOW + timedelta(seconds=500)) == 6
    assert await read(database, A) == []
    assert len(await read(database, B)) == 205

"""What a transaction writes later is there for whoever reads, and goes with the commit; callers share commits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from laddverk.platform import jobs
from laddverk.platform.database import Database, Transaction
from laddverk.platform.jobs import NewJob
from laddverk.platform.together import Together

COUNT = "SELECT count(*) FROM job"


async def count(database: Database) -> int:
    async with database.transaction() as tx:
        return int(await tx.value(COUNT))


class Refused(Exception):
    """Somebody's item cannot be written."""


async def test_what_is_written_later_is_written_at_once_for_all_and_before_it_is_read(database: Database) -> None:
    batches: list[list[Any]] = []

    async def write(_tx: Transaction, what: Sequence[int]) -> None:
        batches.append(list(what))

    async with database.transaction() as tx:
        tx.later(write, 1)
        tx.later(write, 2, 3)
        assert batches == []
        await tx.value("SELECT 1")
        assert batches == [[1, 2, 3]]
        tx.later(write, 4)
    assert batches == [[1, 2, 3], [4]], "at the latest at the commit"


async def test_jobs_of_a_transaction_are_seen_by_it_and_vanish_with_it(database: Database) -> None:
    async def refused(tx: Transaction) -> None:
        await jobs.enqueue(tx, [NewJob("add", {})])
        assert await tx.value(COUNT) == 1
        await jobs.enqueue(tx, [NewJob("add", {})])
        raise Refused

    with pytest.raises(Refused):
        await database.run(refused)
    assert await count(database) == 0


async def test_what_was_gathered_inside_a_savepoint_that_fails_is_not_written(database: Database) -> None:
    async with database.transaction() as tx:
        await jobs.enqueue(tx, [NewJob("before", {})])
        with suppress(Refused):
            async with tx.savepoint():
                await jobs.enqueue(tx, [NewJob("inside", {})])
                raise Refused
        async with tx.savepoint():
            await jobs.enqueue(tx, [NewJob("inside another", {})])
    async with database.transaction() as tx:
        assert await tx.values("SELECT kind FROM job ORDER BY kind") == ["before", "inside another"]


async def test_a_writer_may_gather_more_while_it_writes(database: Database) -> None:
    async def causes(tx: Transaction, what: Sequence[int]) -> None:
        for _ in what:
            await jobs.enqueue(tx, [NewJob("caused", {})])

    async with database.transaction() as tx:
        tx.later(causes, 1, 2)
    assert await count(database) == 2


async def test_what_comes_at_the_same_time_shares_a_commit_and_nobody_waits_for_longer(database: Database) -> None:
    sizes: list[int] = []

    async def write(tx: Transaction, what: Sequence[int]) -> None:
        sizes.append(len(what))
        await jobs.enqueue(tx, [NewJob("add", {"n": n}) for n in what])

    door = Together[int](write)
    await asyncio.gather(*(door.written(database, n) for n in range(30)))
    assert await count(database) == 30
    assert sum(sizes) == 30
    assert len(sizes) < 10


async def test_one_that_is_refused_takes_no_other_with_it(database: Database) -> None:
    async def write(tx: Transaction, what: Sequence[int]) -> None:
        await jobs.enqueue(tx, [NewJob("add", {"n": n}) for n in what])
        if 7 in what:
            raise Refused

    door = Together[int](write)
    came = await asyncio.gather(*(door.written(database, n) for n in range(10)), return_exceptions=True)
    assert [n for n, answer in enumerate(came) if isinstance(answer, Refused)] == [7]
    assert await count(database) == 9

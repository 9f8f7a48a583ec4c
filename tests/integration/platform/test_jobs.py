"""Jobs leave with the commit of their cause, are done at least once, and a poisonous one is alone with its error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from laddverk.kernel.events import Event
from laddverk.platform import jobs, outbox
from laddverk.platform.database import Database, Transaction
from laddverk.platform.jobs import Every, NewJob, Worker

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def enqueue(database: Database, *new: NewJob) -> None:
    async with database.transaction() as tx:
        await jobs.enqueue(tx, list(new))


async def count(database: Database, where: str = "true") -> int:
    async with database.transaction() as tx:
        return int(await tx.value(f"SELECT count(*) FROM job WHERE {where}"))


def collecting(into: list[Any]) -> jobs.Handler:
    async def handle(_tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        into.append([payload["n"] for payload in payloads])

    return handle


async def test_a_batch_is_handed_over_together_and_is_then_gone(database: Database) -> None:
    done: list[Any] = []
    await enqueue(database, *(NewJob("add", {"n": n}) for n in range(5)))

    await Worker(database, {"add": collecting(done)}).run_until_idle()

    assert done == [[0, 1, 2, 3, 4]]
    assert await count(database) == 0


async def test_a_job_of_a_transaction_that_fails_never_was(database: Database) -> None:
    async def enqueue_and_fail() -> None:
        async with database.transaction() as tx:
            await jobs.enqueue(tx, [NewJob("add", {"n": 1})])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await enqueue_and_fail()
    assert await count(database) == 0


async def test_a_second_job_with_the_same_key_vanishes(database: Database) -> None:
    await enqueue(database, NewJob("add", {"n": 1}, unique_key="once"))
    await enqueue(database, NewJob("add", {"n": 2}, unique_key="once"))
    assert await count(database) == 1


async def test_a_job_for_later_waits(database: Database) -> None:
    done: list[Any] = []
    await enqueue(database, NewJob("add", {"n": 1}, run_at=datetime.now(UTC) + timedelta(hours=1)))

    await Worker(database, {"add": collecting(done)}).run_until_idle()

    assert done == []
    assert await count(database) == 1


async def test_a_poisonous_job_stays_with_its_error_and_the_others_are_done(database: Database) -> None:
    done: list[int] = []

    async def handle(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for payload in payloads:
            if payload["n"] == 2:
                await tx.execute("SELECT 1 / 0")
            done.append(payload["n"])

    await enqueue(database, *(NewJob("add", {"n": n}) for n in range(4)))
    await Worker(database, {"add": handle}).run_until_idle()

    assert set(done) == {0, 1, 3}
    assert await count(database) == 1
    assert await count(database, "attempts = 1 AND last_error LIKE '%zero%' AND run_at > now()") == 1


async def test_a_job_that_always_fails_is_kept_as_failed(database: Database) -> None:
    async def handle(_tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        raise ValueError("never")

    await enqueue(database, NewJob("add", {"n": 1}))
    worker = Worker(database, {"add": handle})
    for _ in range(jobs.ATTEMPTS_MAX):
        async with database.transaction() as tx:
            await tx.execute("UPDATE job SET run_at = now()")
        await worker.run_due()

    assert await count(database, "failed_at IS NOT NULL") == 1
    assert not await worker.run_due()


async def test_two_workers_do_each_job_once(database: Database) -> None:
    done: list[Any] = []
    await enqueue(database, *(NewJob("add", {"n": n}) for n in range(500)))
    workers = [Worker(database, {"add": collecting(done)}) for _ in range(3)]

    await asyncio.gather(*(worker.run_until_idle() for worker in workers))

    assert sorted(n for batch in done for n in batch) == list(range(500))


async def test_a_recurring_job_is_due_once_in_its_period(database: Database) -> None:
    every = [Every("tick", timedelta(minutes=5))]
    for at in (NOW, NOW + timedelta(seconds=30), NOW + timedelta(minutes=5)):
        async with database.transaction() as tx:
            await jobs.schedule(tx, every, at)
    assert await count(database) == 2


class Happened(Event, frozen=True, kw_only=True):
    """Something that listeners hear of."""

    n: int


async def test_an_event_becomes_one_job_for_each_listener(database: Database) -> None:
    heard: list[Any] = []
    outbox.subscribe(Happened, "test.one")
    outbox.subscribe(Happened, "test.two")
    outbox.subscribe(Happened, "test.two")

    async with database.transaction() as tx:
        await outbox.publish(tx, [Happened(n=1), Happened(n=2)])
    await Worker(database, {"test.one": collecting(heard), "test.two": collecting(heard)}).run_until_idle()

    assert sorted(map(sorted, heard)) == [[1, 2], [1, 2]]


def test_a_job_rests_longer_each_time_it_fails_but_never_more_than_three_hours() -> None:
    delays = [jobs.delay_after(attempts) for attempts in range(20)]
    assert delays == sorted(delays)
    assert delays[0] == timedelta(seconds=5)
    assert delays[-1] == timedelta(hours=3)

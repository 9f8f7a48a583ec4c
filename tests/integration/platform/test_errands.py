"""Errands: begun in one commit, called in none, recorded in another; once, also when the process ends in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from laddverk.platform import errands, jobs
from laddverk.platform.database import Database, Transaction
from laddverk.platform.errands import Later
from laddverk.platform.jobs import NewJob, Worker


@dataclass
class Post:
    """Carries numbers to somebody outside, and notes what happens to each."""

    happened: list[str] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    later_once: set[int] = field(default_factory=set)
    poisonous: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.gate.set()

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> list[Any]:
        steps: list[Any] = []
        for number in (payload["n"] for payload in payloads):
            if number in self.poisonous:
                await tx.execute("SELECT 1 / 0")
            if number in self.later_once:
                self.later_once.discard(number)
                steps.append(Later())
            elif number < 0:
                steps.append(None)
            else:
                self.happened.append(f"begun {number}")
                steps.append(lambda number=number: self._called(number))
        return steps

    async def _called(self, number: int) -> int:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.gate.wait()
        self.under_way -= 1
        if number == 13:
            raise ConnectionResetError("nobody knows")
        return number * 2

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        for payload, answer in came:
            self.happened.append(f"recorded {payload['n']} {answer!r}")


async def enqueue(database: Database, *numbers: int) -> None:
    async with database.transaction() as tx:
        await jobs.enqueue(tx, [NewJob("carry", {"n": number}) for number in numbers])


async def jobs_left(database: Database, where: str = "true") -> int:
    async with database.transaction() as tx:
        return int(await tx.value(f"SELECT count(*) FROM job WHERE {where}"))


async def test_an_errand_is_begun_called_and_recorded_once(database: Database) -> None:
    post = Post()
    await enqueue(database, 1, 2, -1)
    await Worker(database, {"carry": post}).run_until_idle()
    assert sorted(post.happened) == ["begun 1", "begun 2", "recorded 1 2", "recorded 2 4"]
    assert await jobs_left(database) == 0


async def test_while_calls_are_out_no_connection_is_held_and_as_many_go_at_once_as_may(database: Database) -> None:
    """The pool of this test has four connections; two hundred calls wait outside, and the database still answers."""
    post = Post()
    post.gate.clear()
    await enqueue(database, *range(100, 300))
    worker, stop = Worker(database, {"carry": post}), asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(20):
        while post.under_way < errands.OUTSIDE_MAX:
            await asyncio.sleep(0.02)
    assert database.pool.get_size() - database.pool.get_idle_size() <= 2
    assert await jobs_left(database) == 200, "what is out is leased, not gone"
    post.gate.set()
    async with asyncio.timeout(20):
        while await jobs_left(database):
            await asyncio.sleep(0.02)
    stop.set()
    worker.wake()
    await running
    assert post.most == errands.OUTSIDE_MAX


async def test_there_is_never_less_than_no_room(database: Database) -> None:
    """A call that has just come back counts as out and as come for a moment; the database is asked for none, not -1."""
    post, room = Post(), []

    async def postpone(*_: object) -> None:
        raise AssertionError("nothing fails here")

    outside = errands.Outside(database, postpone, lambda: room.append(outside.free))
    await enqueue(database, *range(100, 100 + errands.OUTSIDE_MAX))
    await outside.begin("carry", post)
    await enqueue(database, 1)
    while len(room) < errands.OUTSIDE_MAX:
        await outside.waited()
        await outside.begin("carry", post)
    assert set(room) == {0}
    await outside.drained({"carry": post})


async def test_a_call_that_fails_is_recorded_with_what_it_failed_by(database: Database) -> None:
    post = Post()
    await enqueue(database, 13)
    await Worker(database, {"carry": post}).run_until_idle()
    assert post.happened == ["begun 13", "recorded 13 ConnectionResetError('nobody knows')"]


async def test_what_cannot_be_begun_now_is_begun_in_a_moment(database: Database) -> None:
    post = Post(later_once={5})
    await enqueue(database, 5, 6)
    await Worker(database, {"carry": post}).run_until_idle()
    assert post.happened.index("recorded 6 12") < post.happened.index("begun 5")
    assert await jobs_left(database) == 0


async def test_a_poisonous_errand_is_alone_with_its_error(database: Database) -> None:
    post = Post(poisonous={7})
    await enqueue(database, 6, 7, 8)
    await Worker(database, {"carry": post}).run_until_idle()
    assert {"recorded 6 12", "recorded 8 16"} <= set(post.happened)
    assert await jobs_left(database, "attempts = 1 AND last_error LIKE '%zero%' AND run_at > now()") == 1


async def test_two_workers_never_have_one_errand_out_at_once_and_a_lease_that_ran_out_is_begun_again(
    database: Database,
) -> None:
    post = Post()
    post.gate.clear()
    await enqueue(database, 1)
    first, second = Worker(database, {"carry": post}), Worker(database, {"carry": post})
    await first.run_due()
    await second.run_due()
    assert post.happened == ["begun 1"]
    async with database.transaction() as tx:
        await tx.execute("UPDATE job SET run_at = now()")  # the first process ended a minute ago
    await second.run_due()
    post.gate.set()
    await second.run_until_idle()
    assert post.happened == ["begun 1", "begun 1", "recorded 1 2"]


async def test_a_new_errand_for_the_same_thing_may_wait_while_one_is_out(database: Database) -> None:
    """The one that is out may have asked before the news came."""
    post = Post()
    post.gate.clear()
    worker = Worker(database, {"carry": post})
    for _ in range(2):
        async with database.transaction() as tx:
            await jobs.enqueue(tx, [NewJob("carry", {"n": 1}, unique_key="ask")])
        await worker.run_due()
    assert post.happened == ["begun 1", "begun 1"]
    post.gate.set()
    await worker.run_until_idle()


async def test_a_job_may_wait_for_a_while_after_the_commit(database: Database) -> None:
    async with database.transaction() as tx:
        await jobs.enqueue(tx, [NewJob("carry", {"n": 1}, after_s=30.0)])
    assert await jobs_left(database, "run_at BETWEEN now() + interval '25 seconds' AND now() + interval '31 seconds'")


async def test_a_process_that_is_asked_to_end_waits_for_what_is_out(database: Database) -> None:
    post = Post()
    post.gate.clear()
    await enqueue(database, 1)
    stop = asyncio.Event()
    worker = Worker(database, {"carry": post})
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(10):
        while not post.under_way:
            await asyncio.sleep(0.02)
    stop.set()
    worker.wake()
    asyncio.get_running_loop().call_later(0.2, post.gate.set)
    await running
    assert post.happened[-1] == "recorded 1 2"
    assert await jobs_left(database) == 0

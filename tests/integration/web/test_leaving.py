"""Whoever leaves a live page while it is made anew leaves the database's connection as it was."""

from __future__ import annotations

import asyncio
from random import Random

import anyio

from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.web import live

LEAVE = 60  # at any moment of a transaction: its BEGIN, a statement, its COMMIT


async def test_a_reader_who_leaves_breaks_no_transaction_off(database: Database) -> None:
    problems: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: problems.append(context["message"]))
    hints, random, renderings = Hints(), Random(7), 0

    async def render() -> live.Parts:
        nonlocal renderings
        async with database.transaction() as tx:
            await tx.value("SELECT pg_sleep(0.002)")
        renderings += 1
        return {}

    async def read() -> None:
        async for _ in live.changes(live.Streams(), hints, ["network"], render):
            pass

    for _ in range(LEAVE):
        async with anyio.create_task_group() as reader:
            reader.start_soon(read)
            await asyncio.sleep(random.random() * 0.004)
            reader.cancel_scope.cancel()

    assert renderings > LEAVE / 2
    assert problems == []

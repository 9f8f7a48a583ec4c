"""Writing together what comes at the same time: one transaction, and one wait for the disk, for all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from laddverk.platform.database import Away, Database, Transaction

T = TypeVar("T")

TOGETHER_MAX: Final = 100  # bounds the transaction
GATHERED_S: Final = 0.02  # while others are written already: who calls waits for the disk about as long


class Together(Generic[T]):
    """Writes items in as few transactions as come of it. Whoever hands one in waits until it is committed."""

    def __init__(self, write: Callable[[Transaction, Sequence[T]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def written(self, database: Database, item: T) -> None:
        """Return when `item` is committed; raise what kept it from it. One that is refused takes no other with it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(database))
        await future

    async def _write_all(self, database: Database) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            try:
                await self._written(database, batch)
            except Exception as error:  # noqa: BLE001 - whoever waits is told
                if len(batch) == 1 or isinstance(error, Away):
                    _tell(batch, error)
                else:
                    await self._written_alone(database, batch)
            except BaseException:
                for _, future in batch + self._waiting:
                    future.cancel()
                raise
            if not self._waiting:
                await asyncio.sleep(GATHERED_S)

    async def _written(self, database: Database, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        items = [item for item, _ in batch]
        await database.run(lambda tx: self._write(tx, items))
        _tell(batch, None)

    async def _written_alone(self, database: Database, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        for one in batch:
            try:
                await self._written(database, [one])
            except Exception as error:  # noqa: BLE001 - as above
                _tell([one], error)


def _tell(batch: Sequence[tuple[object, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, future in batch:
        if future.done():
            continue  # whoever handed it in has gone
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

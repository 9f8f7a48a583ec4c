"""PostgreSQL: a pool, and transactions that turn rows into Structs.

SQL is written in the rooms' `store.py` and `queries.py`; here is only how it is carried out. jsonb columns travel as
plain values or Structs (msgspec both ways), timestamptz as aware datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg
import msgspec

T = TypeVar("T")

Write = Callable[["Transaction", Sequence[Any]], Awaitable[None]]
"""Writes all that was gathered for it, in a statement or a few."""

POOL_SIZE_MAX: Final = 10  # a PostgreSQL connection costs about 5 MB; ten keep two cores busy
STATEMENT_TIMEOUT_S: Final = 60.0  # nothing a person or charger waits for takes longer; batch work passes its own
TRANSACTION_ATTEMPTS: Final = 4  # a deadlock or serialisation failure is retried here, never shown to a charger

RETRIABLE: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

Away = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it stops, it starts, it was told to end this connection
    asyncpg.InsufficientResourcesError,  # no disk, memory or connection left: nobody's statement is to blame
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby that has not taken over yet
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection broke in the middle of an answer
    OSError,
)
"""What is raised when the database is away or cannot work, as opposed to disagreeing with a statement."""


class Transaction:
    """One database transaction. What it returns are Structs built by column name."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self.connection = connection
        self._after_commit: list[Callable[[], None]] = []
        self._gathered: dict[Write, list[Any]] = {}

    def later(self, write: Write, *what: object) -> None:
        """Let `write` write `what` together with the like: before the next statement, and at the latest at the commit.

        So a batch costs as many statements as one of its kind, and whoever reads sees all that was written before.
        """
        self._gathered.setdefault(write, []).extend(what)

    async def write(self) -> None:
        """Write what was gathered, in the order in which its kinds came first."""
        while self._gathered:
            gathered, self._gathered = self._gathered, {}
            for write, what in gathered.items():
                await write(self, what)

    async def fetch(self, shape: type[T], sql: str, *args: object) -> list[T]:
        """Return all rows of `sql` as `shape` (a Struct whose fields are among the columns)."""
        return [_shaped(shape, row) for row in await self.rows(sql, *args)]

    async def fetch_one(self, shape: type[T], sql: str, *args: object) -> T | None:
        """Return the first row of `sql` as `shape`, or None."""
        await self.write()
        row = await self.connection.fetchrow(sql, *args)
        return None if row is None else _shaped(shape, row)

    async def value(self, sql: str, *args: object) -> Any:
        """Return the first column of the first row, or None."""
        await self.write()
        return await self.connection.fetchval(sql, *args)

    async def values(self, sql: str, *args: object) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in await self.rows(sql, *args)]

    async def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Return the rows as they are, for the few readers that stream columns on (exports)."""
        await self.write()
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *args)
        return rows

    async def execute(self, sql: str, *args: object) -> int:
        """Carry out `sql` and return how many rows it touched."""
        await self.write()
        status: str = await self.connection.execute(sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Sequence[object]]) -> None:
        """Write `records` into `table` by COPY: the cheapest way in for many rows that cannot conflict."""
        await self.write()
        await self.connection.copy_records_to_table(table, records=records, columns=columns)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only what is inside when it raises."""
        await self.write()
        try:
            async with self.connection.transaction():
                yield
                await self.write()
        except BaseException:
            self._gathered.clear()
            raise

    @asynccontextmanager
    async def planned_each(self) -> AsyncIterator[None]:
        """Plan statements inside for the values they are given, each time, instead of once for all values.

        For filters of which most are empty, and words of which some are everywhere: one plan cannot suit them all.
        """
        await self.write()
        await self.connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield
        await self.connection.execute("SET LOCAL plan_cache_mode = auto")

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once this transaction is committed; never when it is rolled back. It must not raise."""
        self._after_commit.append(callback)

    def committed(self) -> None:
        """Run what waited for the commit. Called by `Database.transaction`."""
        for callback in self._after_commit:
            callback()


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool[Any], dsn: str) -> None:
        self.pool = pool
        self.dsn = dsn

    @classmethod
    async def connected(cls, dsn: str, *, size_max: int = POOL_SIZE_MAX) -> Database:
        """Return a pool on `dsn`. Raises what is in `Away` when nothing answers there."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size_max,
            init=_prepare_connection,
            reset=_as_it_is,
            command_timeout=STATEMENT_TIMEOUT_S,
            server_settings={"application_name": "laddverk", "timezone": "UTC"},
        )
        return cls(pool, dsn)

    async def close(self) -> None:
        """Close all connections, waiting for those in use."""
        await self.pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Yield a transaction that is committed at the end, or rolled back when an exception leaves it."""
        async with self.pool.acquire() as connection:
            transaction = Transaction(connection)
            async with connection.transaction():
                yield transaction
                await transaction.write()
        transaction.committed()

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[Transaction]:
        """Yield what looks like a transaction, but each statement stands for itself: BEGIN and COMMIT are not sent.

        For one read that every request begins with, which they would make three times as long.
        """
        async with self.pool.acquire() as connection:
            transaction = Transaction(connection)
            yield transaction
            await transaction.write()
        transaction.committed()

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Return what `work` returns in a transaction of its own, retried when PostgreSQL had to break a deadlock."""
        for attempt in range(1, TRANSACTION_ATTEMPTS + 1):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except RETRIABLE:
                if attempt == TRANSACTION_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")


def _shaped(shape: type[T], row: asyncpg.Record) -> T:
    return msgspec.convert(dict(row), shape)


async def _prepare_connection(connection: asyncpg.Connection[Any]) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_to_json, decoder=msgspec.json.decode, format="text"
        )


async def _as_it_is(_connection: asyncpg.Connection[Any]) -> None:
    """Leave a connection that goes back as it is: what is set in a transaction ends with it (SET LOCAL, xact locks)."""


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()

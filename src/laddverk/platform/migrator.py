"""Brings a database to the schema of this program: plain SQL files, in order, each in one transaction.

A file is `NNNN_pre_name.sql` or `NNNN_post_name.sql`: what the old code can live with runs before the code is
switched, what it cannot runs after. What was applied is remembered with its SHA-256; an applied file never changes.

A file that begins with `-- outside a transaction: why` runs statement by statement, each committed by itself. So an
index on a table that is in use is built by `CREATE INDEX CONCURRENTLY IF NOT EXISTS name`, while others go on writing,
and much is filled without holding all of it. Its statements must bear to be done twice: broken off, it begins anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, Literal

import asyncpg
import structlog
from msgspec import Struct

from laddverk.kernel.problems import Conflict, Invalid, Unavailable

Phase = Literal["pre", "post"]

log = structlog.get_logger()

NAME: Final = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql")
ADVISORY_LOCK: Final = 0x1ADD_7E44  # any number that nobody else uses; two programs may start at once

CREATE_TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
EXISTS: Final = "SELECT to_regclass('schema_migration') IS NOT NULL"
APPLIED: Final = "SELECT name, sha256 FROM schema_migration"
RECORD: Final = "INSERT INTO schema_migration (name, sha256) VALUES ($1, $2)"

ASKED_AGAIN_S: Final = 0.2  # whether another program is done with its migrations
# Asked for, not waited for: a statement that waits is a transaction, and whoever builds an index waits for all of them.
TAKE_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
LEAVE_LOCK: Final = "SELECT pg_advisory_unlock($1)"
WAIT_AT_MOST: Final = "SELECT set_config('lock_timeout', $1, false)"
WAIT_AS_BEFORE: Final = "RESET lock_timeout"

OUTSIDE: Final = "-- outside a transaction:"
LAST_LINE: Final = re.compile(r";[ \t]*$", re.MULTILINE)
INDEX: Final = re.compile(r"CREATE (UNIQUE )?INDEX\b")
BUILT_BESIDE: Final = re.compile(r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS (?P<name>[a-z0-9_]+) ON ")
IS_HALF: Final = "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"
LONGEST: Final = """
-- Whose transaction has been open longest: most often that is who holds what is waited for.
SELECT pid, coalesce(nullif(application_name, ''), 'no name') AS program, xact_start FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
ORDER BY xact_start LIMIT 1
"""


class Patience(Struct, frozen=True):
    """How long migrations wait for others. Who wants a lock on a whole table keeps all who come later waiting too."""

    lock_s: float = 4.0  # a charger and a person at it bear that much, and most transactions are over by then
    beside_s: float = 900.0  # nobody waits behind CONCURRENTLY, and it waits for every transaction that is open
    tries: int = 5
    work_s: float = 86_400.0  # a statement's own work: it may fill a table, and a pool's connections wait a minute
    rest_s: float = 2.0  # twice as long after each try: 30 s in all, in which those who waited get on


PATIENT: Final = Patience()


class Migration(Struct, frozen=True, order=True):
    """One file of the schema's history."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The fingerprint of what it does."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def phase(self) -> str:
        """`pre` or `post`."""
        return self.name.split("_")[1]

    @property
    def is_outside(self) -> bool:
        """Whether its statements are committed one by one."""
        return self.sql.startswith(OUTSIDE)

    def statements(self) -> list[str]:
        """Return its statements: each ends with a line that ends with a semicolon. For files outside a transaction.

        Raises `Invalid` for an index that would keep others from writing, or could not be begun anew.
        """
        lines = [line for line in self.sql.splitlines() if not line.lstrip().startswith("--")]
        found = [part.strip() for part in LAST_LINE.split("\n".join(lines))]
        for statement in found:
            if INDEX.match(statement) and not BUILT_BESIDE.match(statement):
                raise Invalid("%(name)s is to say CREATE INDEX CONCURRENTLY IF NOT EXISTS name.", name=self.name)
        return [statement for statement in found if statement]


def known_migrations() -> list[Migration]:
    """Return the migrations of this program in the order they run. Raises `Invalid` for an unfitting name."""
    found = [
        Migration(entry.name, entry.read_text(encoding="utf-8"))
        for entry in files("laddverk").joinpath("migrations").iterdir()
        if entry.name.endswith(".sql")
    ]
    for migration in found:
        if NAME.fullmatch(migration.name) is None:
            raise Invalid("%(name)s is not called NNNN_pre_name.sql or NNNN_post_name.sql.", name=migration.name)
    return sorted(found)


def pending(known: Sequence[Migration], applied: dict[str, str]) -> list[Migration]:
    """Return those of `known` that are not in `applied` (name to SHA-256).

    Raises `Conflict` when an applied file has changed since, or when the database knows one that this program does
    not: then the program is older than its database.
    """
    unknown = sorted(set(applied) - {migration.name for migration in known})
    if unknown:
        raise Conflict(
            "The database was brought to a newer schema (%(name)s) than this program knows.",
            remedy="Start the newer version of Laddverk, or restore a backup made before the upgrade.",
            name=unknown[-1],
        )
    changed = [each.name for each in known if applied.get(each.name, each.sha256) != each.sha256]
    if changed:
        raise Conflict(
            "The migration %(name)s was changed after it had been applied to this database.",
            remedy="Put the file back as it was, and write what should be different into a new migration.",
            name=changed[0],
        )
    return [migration for migration in known if migration.name not in applied]


async def applied_to(connection: asyncpg.Connection[Any]) -> dict[str, str]:
    """Return the migrations that the database has, name to SHA-256; empty for a new database."""
    if not await connection.fetchval(EXISTS):
        return {}
    return {row["name"]: row["sha256"] for row in await connection.fetch(APPLIED)}


async def migrate(
    connection: asyncpg.Connection[Any],
    *,
    phase: Phase | None = None,
    known: Sequence[Migration] | None = None,
    patience: Patience = PATIENT,
) -> list[str]:
    """Apply what is pending, and return the names of what was applied now. Several programs may call it at once.

    `phase` applies only the leading migrations of that phase: `pre` before the code is switched, `post` after.
    A file that fails leaves nothing behind, or outside a transaction what it had done; those before it stay. Raises
    `Unavailable` when others hold for too long what a file is to change.
    """
    while not await connection.fetchval(TAKE_LOCK, ADVISORY_LOCK):  # noqa: ASYNC110 - another process has it
        await asyncio.sleep(ASKED_AGAIN_S)
    try:
        await connection.execute(CREATE_TABLE)
        waiting = pending(known_migrations() if known is None else known, await applied_to(connection))
        await _wait_at_most(connection, patience.lock_s)
        done: list[str] = []
        for migration in waiting:
            if phase not in (None, migration.phase):
                break
            await _applied(connection, migration, patience)
            done.append(migration.name)
        return done
    finally:
        await connection.execute(WAIT_AS_BEFORE)
        await connection.execute(LEAVE_LOCK, ADVISORY_LOCK)


async def _applied(connection: asyncpg.Connection[Any], migration: Migration, patience: Patience) -> None:
    """Apply a file, in a few tries where others are in its way."""
    for tried in range(1, patience.tries + 1):
        try:
            if migration.is_outside:
                await _step_by_step(connection, migration, patience)
            else:
                await _at_once(connection, migration, patience)
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            log.warning("migrator.others_in_the_way", migration=migration.name, tried=tried, error=str(error))
            if tried == patience.tries:
                raise await _in_the_way(connection, migration) from error
            await asyncio.sleep(patience.rest_s * 2 ** (tried - 1))


async def _at_once(connection: asyncpg.Connection[Any], migration: Migration, patience: Patience) -> None:
    async with connection.transaction():
        # Without arguments PostgreSQL takes the whole file: function bodies need no parser of ours.
        await connection.execute(migration.sql, timeout=patience.work_s)
        await connection.execute(RECORD, migration.name, migration.sha256)


async def _step_by_step(connection: asyncpg.Connection[Any], migration: Migration, patience: Patience) -> None:
    for statement in migration.statements():
        await _wait_at_most(connection, patience.beside_s if "CONCURRENTLY" in statement else patience.lock_s)
        index = BUILT_BESIDE.match(statement)
        if index is not None and await connection.fetchval(IS_HALF, index["name"]):
            # It was broken off, and finds nothing.
            await connection.execute(f"DROP INDEX CONCURRENTLY {index['name']}", timeout=patience.work_s)
        await connection.execute(statement, timeout=patience.work_s)
    await _wait_at_most(connection, patience.lock_s)
    await connection.execute(RECORD, migration.name, migration.sha256)


async def _wait_at_most(connection: asyncpg.Connection[Any], seconds: float) -> None:
    await connection.execute(WAIT_AT_MOST, f"{seconds * 1000:.0f}ms")


async def _in_the_way(connection: asyncpg.Connection[Any], migration: Migration) -> Unavailable:
    """Return what to tell the operator."""
    longest = await connection.fetchrow(LONGEST)
    seen = "none that we may see"
    if longest is not None:
        seen = f"process {longest['pid']} ({longest['program']}), since {longest['xact_start']:%Y-%m-%d %H:%M:%S} UTC"
    return Unavailable(
        "The migration %(name)s gave up: others hold what it is to change. The oldest open transaction: %(seen)s.",
        remedy="Let it end (a backup, a report, a forgotten psql), or end it: SELECT pg_terminate_backend(process)."
        " Then start again: what was applied stays, and this file begins anew.",
        name=migration.name,
        seen=seen,
    )

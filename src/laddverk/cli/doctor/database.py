"""The database: reachable, new enough, safe, with our schema, in step with our clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import asyncpg
from msgspec import Struct

from laddverk.cli.doctor.finding import Finding, fail, ok, warn
from laddverk.cli.network import connected, prepared_database
from laddverk.kernel.problems import Problem
from laddverk.kernel.time import Clock
from laddverk.platform import embedded
from laddverk.platform.embedded.cluster import data_major
from laddverk.platform.migrator import applied_to, known_migrations, pending
from laddverk.platform.settings import Settings

CLOCK_SKEW_MAX_S: Final = 2.0  # session times from one and the other are compared

FACTS: Final = """
SELECT current_setting('server_version') AS version,
       current_setting('data_checksums') = 'on' AS has_checksums,
       current_setting('fsync') = 'on' AS is_durable,
       current_setting('server_encoding') AS encoding,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       EXISTS (SELECT 1 FROM pg_timezone_names WHERE name = $1) AS knows_timezone,
       pg_size_pretty(pg_database_size(current_database())) AS size,
       clock_timestamp() AS now
"""


class Facts(Struct, frozen=True):
    """What the server says of itself."""

    version: str
    has_checksums: bool
    is_durable: bool
    encoding: str
    may_create: bool
    knows_timezone: bool
    size: str
    now: datetime


async def look_at(settings: Settings, clock: Clock) -> list[Finding]:
    """Return what is found about the database; it is started for the look when it does not run."""
    try:
        if settings.database_url is None and data_major(settings.state_dir / "postgres" / "data") is None:
            return [new_database()]
        async with prepared_database(settings, alone=False, migrated=False) as prepared:
            connection = await connected(prepared.database_url or "")
            try:
                return [finding async for finding in _of(connection, settings, clock)]
            finally:
                await connection.close()
    except Problem as problem:
        return [fail("Database", str(problem), (problem.remedy or "See docs/operations.md.") % (problem.params or {}))]
    except OSError as error:
        return [fail("Database", str(error), "Run Laddverk as the account that owns its state directory.")]


def new_database() -> Finding:
    """There is no data yet; there is something to make it with."""
    found = embedded.candidates()
    if found:
        return ok("Database", f"none yet; the first start makes one with PostgreSQL {found[0].version}")
    return fail(
        "Database",
        "there is no PostgreSQL to start.",
        "Run `make run` (it installs one), or set LADDVERK_DATABASE_URL.",
    )


async def _of(connection: asyncpg.Connection[Any], settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    row = await connection.fetchrow(FACTS, settings.timezone)
    for finding in judged(Facts(**dict(row)), settings, clock()):
        yield finding
    yield schema(await applied_to(connection))


def judged(facts: Facts, settings: Settings, now: datetime) -> list[Finding]:
    """Return what `facts` mean."""
    found = [ok("Database", f"PostgreSQL {facts.version} answers, {facts.size}")]
    if facts.encoding != "UTF8":
        found.append(
            fail("Database", f"it is in {facts.encoding}.", "Make it anew: CREATE DATABASE … ENCODING 'UTF8'.")
        )
    if not facts.may_create:
        found.append(fail("Database", "we may not create tables in it.", "GRANT CREATE ON DATABASE … TO our account."))
    if not facts.knows_timezone:
        found.append(
            fail(
                "Database",
                f"it does not know the time zone {settings.timezone}.",
                "apt-get install tzdata on the machine of the database.",
            )
        )
    if not facts.is_durable:
        found.append(fail("Database", "fsync is off: a power cut destroys it.", "Set fsync = on."))
    if not facts.has_checksums:
        found.append(
            warn("Database", "a disk that errs goes unnoticed.", "Switch data checksums on: pg_checksums --enable.")
        )
    skew_s = abs((facts.now - now).total_seconds())
    if skew_s > CLOCK_SKEW_MAX_S:
        found.append(warn("Clock", f"ours and the database's differ by {skew_s:.0f} s.", "Keep both in step by NTP."))
    return found


def schema(applied: dict[str, str]) -> Finding:
    """The schema is that of this program."""
    try:
        waiting = pending(known_migrations(), applied)
    except Problem as problem:
        return fail("Schema", str(problem), (problem.remedy or "") % (problem.params or {}))
    if waiting:
        names = ", ".join(migration.name for migration in waiting)
        return warn("Schema", f"to be applied: {names}.", "`laddverk up` does it, or `laddverk migrate`.")
    return ok("Schema", "up to date")

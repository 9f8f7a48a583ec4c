"""Brings a database to the schema of this program: plain SQL files, in order, each in one transaction.

A file is `NNNN_pre_name.sql` or `NNNN_post_name.sql`: what the old code can live with runs before the code is
switched, what it cannot runs after. What was applied is remembered with its SHA-256; an applied file never changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, Literal

import asyncpg
from msgspec import Struct

from laddverk.kernel.problems import Conflict, Invalid

Phase = Literal["pre", "post"]

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
    connection: asyncpg.Connection[Any], *, phase: Phase | None = None, known: Sequence[Migration] | None = None
) -> list[str]:
    """Apply what is pending, and return the names of what was applied now. Several programs may call it at once.

    `phase` applies only the leading migrations of that phase: `pre` before the code is switched, `post` after.
    A file that fails leaves nothing behind; those before it stay.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
    try:
        await connection.execute(CREATE_TABLE)
        waiting = pending(known_migrations() if known is None else known, await applied_to(connection))
        done: list[str] = []
        for migration in waiting:
            if phase not in (None, migration.phase):
                break
            async with connection.transaction():
                # Without arguments PostgreSQL takes the whole file: function bodies need no parser of ours.
                await connection.execute(migration.sql)
                await connection.execute(RECORD, migration.name, migration.sha256)
            done.append(migration.name)
        return done
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", ADVISORY_LOCK)

"""`laddverk migrate`: brings the database to the schema of this version, or says what that would do."""

from __future__ import annotations

import argparse

from laddverk.cli.network import connected, migrated_at, prepared_database, run_in_loop
from laddverk.platform.migrator import Phase, applied_to, known_migrations, pending
from laddverk.platform.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument(
        "--phase", choices=["pre", "post"], help="only what runs before, or after, the code is switched"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be applied, and apply nothing")


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Apply what is pending, one line each."""
    return run_in_loop(_migrate(settings, given.phase, dry_run=given.dry_run))


async def _migrate(settings: Settings, phase: Phase | None, *, dry_run: bool) -> int:
    async with prepared_database(settings, alone=False, migrated=False) as prepared:
        dsn = prepared.database_url or ""
        if dry_run:
            names = await _waiting(dsn)
            print("\n".join(f"would apply {name}" for name in names) or "nothing to apply")
        else:
            names = await migrated_at(dsn, phase)
            print("\n".join(f"applied {name}" for name in names) or "the schema is up to date")
    return 0


async def _waiting(dsn: str) -> list[str]:
    connection = await connected(dsn)
    try:
        return [migration.name for migration in pending(known_migrations(), await applied_to(connection))]
    finally:
        await connection.close()

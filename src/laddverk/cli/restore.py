"""`laddverk restore FILE`: replaces the database and its keys by a backup, whole or not at all."""

from __future__ import annotations

import argparse
from pathlib import Path

from laddverk.cli.network import connected, migrated_at, prepared_database, run_in_loop
from laddverk.kernel.time import system_clock
from laddverk.platform.backup import read_manifest, restore
from laddverk.platform.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("file", type=Path, help="what `laddverk backup` has written")
    parser.add_argument("--force", action="store_true", help="replace a database that is not empty")


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Restore the file, bring its schema up to date, and say what came back."""
    read_manifest(given.file)  # a wrong file is told before any server is started
    return run_in_loop(_restore(settings, given.file, force=given.force))


async def _restore(settings: Settings, file: Path, *, force: bool) -> int:
    async with prepared_database(settings, migrated=False) as prepared:
        dsn = prepared.database_url or ""
        await (await connected(dsn)).close()
        manifest = await restore(dsn, settings.state_dir, file, force=force, now=system_clock())
        applied = await migrated_at(dsn)
    print(
        f"Restored {sum(manifest.rows.values())} rows in {len(manifest.rows)} tables, as they were"
        f" {manifest.made_at:%Y-%m-%d %H:%M} UTC in Laddverk {manifest.laddverk}; all were counted."
    )
    for name in applied:
        print(f"applied {name}")
    return 0

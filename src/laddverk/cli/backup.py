"""`laddverk backup FILE`: the database and its keys in one file, while the network runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from laddverk import __version__
from laddverk.cli.network import connected, prepared_database, run_in_loop
from laddverk.kernel.problems import Conflict
from laddverk.kernel.time import system_clock
from laddverk.platform.backup import Manifest, back_up
from laddverk.platform.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("file", type=Path, help="where to write it; it holds secrets, so only you can read it")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Write the file and say what is in it."""
    if given.file.exists() and not given.force:
        raise Conflict(
            "The file %(file)s exists.", remedy="Choose another name, or give --force.", file=str(given.file)
        )
    manifest = run_in_loop(_back_up(settings, given.file))
    size_mb = given.file.stat().st_size / 1e6
    print(f"{given.file}: {sum(manifest.rows.values())} rows in {len(manifest.rows)} tables, {size_mb:.1f} MB.")
    print("It holds keys and personal data: keep it where nobody else can read it.")
    return 0


async def _back_up(settings: Settings, file: Path) -> Manifest:
    async with prepared_database(settings, alone=False, migrated=False) as prepared:
        dsn = prepared.database_url or ""
        await (await connected(dsn)).close()  # says in plain words when it does not answer
        return await back_up(dsn, settings.state_dir, file, now=system_clock(), version=__version__)

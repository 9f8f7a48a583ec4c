"""The test server: started by the first test that needs one, shared by all workers of a run, removed at its end."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from laddverk.platform.embedded import postmaster
from laddverk.platform.embedded.cluster import located
from laddverk.platform.embedded.server import Server
from laddverk.platform.migrator import migrate

IN_MEMORY = Path("/dev/shm")
"""A file system in memory: a database is copied in 20 ms there, and in 600 ms on a disk."""
ROOM_NEEDED = 2 * 1024**3
EXTERNAL = os.environ.get("LADDVERK_TEST_DATABASE_URL")
TEMPLATE = "laddverk_template"
PREFIX = "laddverk-tests-"


class TestCluster:
    """One server in one directory. Workers meet at a file lock; what they agreed on is in `ready.json`."""

    __test__ = False

    def __init__(self, directory: Path, worker: str) -> None:
        self.directory = directory
        self.worker = worker
        self._numbers = count(1)
        self._dsn = ""
        self._template = ""

    @staticmethod
    def place_for(pid: int) -> Path:
        """Return where the run of process `pid` has its server. Short: a socket's path may have 107 characters."""
        return _root() / f"{PREFIX}{pid}"

    def ensure_started(self) -> None:
        """Return when the server runs and has the migrated template database."""
        self.directory.mkdir(mode=0o755, exist_ok=True)
        ready = self.directory / "ready.json"
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                dsn = EXTERNAL or self._started()
                # External servers may serve several runs at once, and keep what a killed run leaves.
                template = f"{TEMPLATE}_{self.directory.name.removeprefix(PREFIX)}"
                asyncio.run(_make_template(dsn, template))
                ready.write_text(json.dumps({"dsn": dsn, "template": template}))
        agreed = json.loads(ready.read_text())
        self._dsn, self._template = agreed["dsn"], agreed["template"]

    def dsn_of(self, name: str) -> str:
        """Return the DSN of database `name` on this server."""
        return _named(self._dsn, name)

    async def cloned(self, template: str | None = None) -> str:
        """Return the name of a new database made from the migrated template, or from `template`."""
        name = f"{self._template}_{self.worker}_{next(self._numbers)}"
        connection = await asyncpg.connect(_named(self._dsn, "postgres"))
        try:
            # Files are copied rather than logged page by page: the server may lose everything in a crash anyway.
            source = f"TEMPLATE {template or self._template} STRATEGY FILE_COPY"
            await connection.execute(f"CREATE DATABASE {name} {source}")
        finally:
            await connection.close()
        return name

    async def dropped(self, name: str) -> None:
        """Remove database `name`, with whoever still is connected to it."""
        connection = await asyncpg.connect(_named(self._dsn, "postgres"))
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        finally:
            await connection.close()

    def remove(self) -> None:
        """End the server and remove all of it. Harmless when no test needed one."""
        if EXTERNAL and (self.directory / "ready.json").exists():
            self.ensure_started()
            asyncio.run(self.dropped(self._template))
        _remove(self.directory)

    @staticmethod
    def remove_abandoned() -> None:
        """Remove what runs left that were killed: their process is gone, their directory is not."""
        for directory in _root().glob(f"{PREFIX}*"):
            pid = directory.name.removeprefix(PREFIX)
            if directory.stat().st_uid == os.geteuid() and not Path("/proc", pid).exists():
                _remove(directory)

    def _started(self) -> str:
        server = Server(located(self.directory), durable=False, ends_with_us=False)
        server.start()
        server.release()
        return server.dsn


@cache
def _root() -> Path:
    """Return where test servers are put: in memory where there is room, else among the temporary files."""
    if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM_NEEDED:
        return IN_MEMORY
    return Path(tempfile.gettempdir())


async def _make_template(dsn: str, name: str) -> None:
    connection = await asyncpg.connect(_named(dsn, "postgres"))
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(_named(dsn, name))
    try:
        await migrate(connection)
    finally:
        await connection.close()


def _named(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def _remove(directory: Path) -> None:
    data = (directory / "postgres" / "data").resolve()
    if data.exists():
        postmaster.clear_away(data)
    home = (directory / "postgres").resolve()
    shutil.rmtree(directory, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)

"""Backups: one file with the whole database and the keys without which it is worth little, made while all runs.

The file is a plain zip: `database.dump` (pg_dump, custom format: any PostgreSQL administrator can read it),
`secrets.json`, and `manifest.json` with the number of rows of every table at the instant of the dump. A restore is
one transaction that ends by counting those rows: either all of it is there, or nothing has changed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
import msgspec
from msgspec import Struct

from laddverk.kernel.problems import Conflict, Invalid, NotFound, Unavailable
from laddverk.platform.embedded.account import clean_environment
from laddverk.platform.embedded.binaries import Binaries, candidates
from laddverk.platform.settings import secrets_in

FORMAT: Final = 1
CHUNK_BYTES: Final = 1 << 20
HEAD_BYTES: Final = 1 << 16  # the settings at the start of a dump are within its first few lines
LOCK_TIMEOUT_S: Final = 10  # a restore that must wait for others says so, and does not hang
DUMP, MANIFEST, SECRETS = "database.dump", "manifest.json", "secrets.json"
SECRETS_SIZE_MAX: Final = 65_536
MANIFEST_SIZE_MAX: Final = 1_000_000

TABLES: Final = """
-- The tables that hold rows themselves: partitions are, partitioned tables are not.
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""
OTHERS_CONNECTED: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
EMPTIED: Final = f"""
BEGIN;
SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s';
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""
NEWER_THAN_16: Final = b"SET transaction_timeout = 0;\n"  # written by pg_dump 17, not understood by older servers


class Manifest(Struct, frozen=True):
    """What a backup holds."""

    format: int
    made_at: datetime
    laddverk: str  # version of the program
    server_major: int
    rows: dict[str, int]  # table name to number of rows


async def back_up(dsn: str, state_dir: Path, target: Path, *, now: datetime, version: str) -> Manifest:
    """Write a backup of the database at `dsn` and of the keys in `state_dir` to `target`, readable by us alone.

    All tables are seen at one instant; the network goes on meanwhile. `target` is there whole or not at all. Raises
    `Unavailable` when PostgreSQL's programs are missing, too old for the server, or fail.
    """
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            major = connection.get_server_version().major
            rows = {row["relname"]: await _count(connection, row["relname"]) for row in await connection.fetch(TABLES)}
            manifest = Manifest(FORMAT, now, version, major, rows)
            with _appearing(target) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:
                archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
                archive.writestr(SECRETS, msgspec.json.encode(secrets_in(state_dir)))
                with archive.open(DUMP, "w", force_zip64=True) as entry:
                    _dump(dsn, snapshot, major, entry)
    finally:
        await connection.close()
    return manifest


async def restore(dsn: str, state_dir: Path, source: Path, *, force: bool, now: datetime) -> Manifest:
    """Replace the database at `dsn` and the keys in `state_dir` by what is in `source`, in one transaction.

    Keys that differ are kept beside the new ones. Raises `NotFound` or `Invalid` for a file that is no backup,
    `Conflict` when there is data and not `force`, or when somebody is connected; nothing has changed then.
    """
    manifest = read_manifest(source)
    connection = await asyncpg.connect(dsn)
    try:
        if await connection.fetch(TABLES) and not force:
            raise Conflict(
                "The database is not empty.",
                remedy="Give --force to replace everything in it by the backup; make a backup of it first.",
            )
        others = await connection.fetchval(OTHERS_CONNECTED)
        if others:
            raise Conflict(
                "%(count)s other programs are connected to the database.", remedy="Stop Laddverk first.", count=others
            )
        major = connection.get_server_version().major
    finally:
        await connection.close()
    with zipfile.ZipFile(source) as archive:
        with archive.open(DUMP) as entry:
            _load(dsn, major, manifest, entry)
        _restore_secrets(archive.read(SECRETS), state_dir, now)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """Return what the backup `source` says it holds. Raises `NotFound`, or `Invalid` when it is no backup of ours."""
    try:
        with zipfile.ZipFile(source) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sizes[MANIFEST] > MANIFEST_SIZE_MAX or sizes[SECRETS] > SECRETS_SIZE_MAX or DUMP not in sizes:
                raise KeyError(DUMP)
            manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except FileNotFoundError:
        raise NotFound("There is no file %(file)s.", file=str(source)) from None
    except (zipfile.BadZipFile, KeyError, msgspec.MsgspecError) as error:
        raise Invalid(
            "%(file)s is not a backup made by Laddverk, or is damaged.",
            remedy="Choose a file that `laddverk backup` has written to its end.",
            file=str(source),
        ) from error
    if manifest.format > FORMAT:
        raise Invalid(
            "The backup was made by Laddverk %(version)s, which is newer than this one.",
            remedy="Restore it with that version.",
            version=manifest.laddverk,
        )
    return manifest


def tools_for(server_major: int, available: list[Binaries] | None = None) -> Binaries:
    """Return programs that can dump a server of `server_major`: the same version, or the next newer one.

    Raises `Unavailable` with the remedy: pg_dump refuses a server that is newer than itself.
    """
    found = candidates("pg_dump") if available is None else available
    fitting = sorted((each for each in found if each.major >= server_major), key=lambda each: each.major)
    if not fitting:
        raise Unavailable(
            "The server is PostgreSQL %(server)s, and the programs to dump it are not here.",
            remedy="apt-get install postgresql-client-%(server)s, or upgrade Laddverk.",
            server=server_major,
        )
    return fitting[0]


async def _count(connection: asyncpg.Connection[Any], table: str) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM {_quoted(table)}"))  # noqa: S608 - quoted, from the catalogue


def _dump(dsn: str, snapshot: str, major: int, entry: IO[bytes]) -> None:
    program = tools_for(major).program("pg_dump")
    with tempfile.TemporaryFile() as words:
        place, environment = _without_password(dsn)
        process = _started(
            [program, "--format=custom", "--schema=public", f"--snapshot={snapshot}", place], words, environment
        )
        shutil.copyfileobj(_open(process.stdout), entry, CHUNK_BYTES)
        _finished(process, words, "pg_dump")


def _load(dsn: str, major: int, manifest: Manifest, entry: IO[bytes]) -> None:
    """Send SQL made of the dump to the database. The COMMIT is sent last, when all before it went well."""
    tools = tools_for(major)
    place, environment = _without_password(dsn)
    to_sql = [tools.program("pg_restore"), "--no-owner", "--no-privileges", "--schema=public", "--file=-"]
    to_server = [tools.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, place]
    with tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as reader_words, ThreadPoolExecutor(1) as pool:
        reader = _started(to_sql, reader_words, environment)
        writer = _started(to_server, words, environment)
        feeding = pool.submit(_fed, entry, _open(reader.stdin))
        sink, source = _open(writer.stdin), _open(reader.stdout)
        try:
            sink.write(EMPTIED.encode())
            head = source.read(HEAD_BYTES)
            sink.write(head if major > 16 else head.replace(NEWER_THAN_16, b""))
            shutil.copyfileobj(source, sink, CHUNK_BYTES)
            feeding.result()
            _finished(reader, reader_words, "pg_restore")
            sink.write(_checks(manifest).encode() + b"COMMIT;\n")
            sink.close()
        except BrokenPipeError:  # psql has stopped at an error, which it tells
            reader.kill()
            reader.wait()
        except BaseException:  # whatever it was: no COMMIT has been sent, so nothing has changed
            for process in (writer, reader):
                process.kill()
                process.wait()
            raise
        _finished(writer, words, "psql")


def _fed(entry: IO[bytes], pipe: IO[bytes]) -> None:
    """Give the whole of `entry` to `pipe`. Raises `Invalid` when the file is damaged."""
    try:
        shutil.copyfileobj(entry, pipe, CHUNK_BYTES)
    except BrokenPipeError:
        return  # the reader gave up, and says why
    except (zipfile.BadZipFile, EOFError) as error:
        raise Invalid(
            "The backup is damaged, and nothing was changed: %(reason)s",
            remedy="Take another copy of the file.",
            reason=str(error),
        ) from error
    finally:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


def _checks(manifest: Manifest) -> str:
    """Return SQL that fails unless every table has as many rows as when the backup was made."""
    return "".join(
        f"DO $check$ BEGIN IF (SELECT count(*) FROM public.{_quoted(table)}) <> {count:d} THEN"  # noqa: S608 - quoted
        f" RAISE EXCEPTION 'a table of the backup does not have its {count:d} rows'; END IF; END $check$;\n"
        for table, count in manifest.rows.items()
    )


def _restore_secrets(content: bytes, state_dir: Path, now: datetime) -> None:
    path = state_dir / SECRETS
    if path.exists():
        if path.read_bytes() == content:
            return
        path.rename(path.with_name(f"secrets.{now:%Y%m%dT%H%M%SZ}.json"))
    state_dir.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _without_password(dsn: str) -> tuple[str, dict[str, str]]:
    """Return `dsn` without its password, and the environment that holds it: command lines can be read by everybody."""
    parts = urlsplit(dsn)
    environment = clean_environment()
    if parts.password is not None:
        environment["PGPASSWORD"] = unquote(parts.password)
    account, at, address = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=account.partition(":")[0] + at + address)), environment


def _started(command: list[str], words: IO[bytes], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, env=environment
    )


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "the process was started with pipes"
    return pipe


def _finished(process: subprocess.Popen[bytes], words: IO[bytes], name: str) -> None:
    if process.wait() != 0:
        words.seek(0)
        raise Unavailable(
            "%(program)s failed, and nothing was changed: %(reason)s",
            program=name,
            reason=words.read().decode(errors="replace").strip()[-2000:],
        )


@contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """Yield a file that becomes `target`, forced to disk, when the block ends well, and vanishes when it does not."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

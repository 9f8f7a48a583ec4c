"""Where files lie: a port with one implementation, a directory. Names are ids of ours, never what somebody wrote.

A file comes in under `incoming`, is hashed and counted while it does, and gets its place in one rename. The database
knows which files there are; what lies here without a row is an orphan, and the daily job clears it away.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol
from uuid import UUID

from laddverk.firmware.model import Digests
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, Unavailable

FREE_BYTES_MIN: Final = 500_000_000  # the database often lives on the same disk, and must never meet a full one
FIRMWARE: Final = "firmware"
LOGS: Final = "logs"
INCOMING: Final = "incoming"


class TooLarge(Invalid):
    """More came than the limit allows."""

    status = 413
    code = "too_large"


class Shelf(Protocol):
    """Keeps files by section and id."""

    def incoming(self, size_max_bytes: int) -> Incoming:
        """Return a place for a file that is coming in. Raises `Unavailable` when there is no room."""

    def path(self, section: str, file_id: UUID) -> Path:
        """Return where a file lies."""

    def remove(self, section: str, file_id: UUID) -> None:
        """Remove a file; one that is gone already is no error."""


class Incoming:
    """A file that is coming in. Used as a context: what was not put in its place is removed at the end."""

    def __init__(self, directory: Path, size_max_bytes: int) -> None:
        self.size_bytes = 0
        self._max = size_max_bytes
        self._directory = directory
        self.path = directory / INCOMING / new_id().hex
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._sha256, self._sha512 = hashlib.sha256(), hashlib.sha512()
        self._md5 = hashlib.md5(usedforsecurity=False)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises `TooLarge` beyond the limit."""
        self.size_bytes += len(chunk)
        if self.size_bytes > self._max:
            raise TooLarge("The file is larger than %(max)s bytes.", field="file", max=self._max)
        self._file.write(chunk)
        for digest in (self._sha256, self._sha512, self._md5):
            digest.update(chunk)

    def digests(self) -> Digests:
        """Return the fingerprints of what came."""
        return Digests(self._sha256.digest(), self._sha512.digest(), self._md5.digest(), self.size_bytes)

    def beginning(self, length: int = 4096) -> bytes:
        """Return the first bytes of what came."""
        self._file.flush()
        with self.path.open("rb") as file:
            return file.read(length)

    def put(self, section: str, file_id: UUID) -> None:
        """Give the file its place, safely on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        target = self._directory / section / file_id.hex
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path.replace(target)

    def __enter__(self) -> Incoming:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


class DirectoryShelf:
    """Keeps files in a directory, `files` in the state directory by default."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def incoming(self, size_max_bytes: int) -> Incoming:
        """Return a place for a file that is coming in. Raises `Unavailable` when the disk is nearly full."""
        (self.directory / INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self.directory).free < FREE_BYTES_MIN:
            raise Unavailable("There is no room for files left on the disk.")
        return Incoming(self.directory, size_max_bytes)

    def path(self, section: str, file_id: UUID) -> Path:
        """Return where a file lies."""
        return self.directory / section / file_id.hex

    def remove(self, section: str, file_id: UUID) -> None:
        """Remove a file; one that is gone already is no error."""
        self.path(section, file_id).unlink(missing_ok=True)

    def files(self, section: str) -> list[tuple[UUID, float]]:
        """Return the ids of the files in a section and when each was last changed, in seconds since 1970."""
        found = []
        for path in (self.directory / section).glob("*"):
            try:
                found.append((UUID(path.name), path.stat().st_mtime))
            except (ValueError, FileNotFoundError):
                continue  # not one of ours, or gone meanwhile
        return found

"""What PostgreSQL says of itself in `postmaster.pid`, and how to end a server that its Laddverk left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from laddverk.kernel.problems import Unavailable

POLL_S: Final = 0.02
FAST_SHUTDOWN_TIMEOUT_S: Final = 30.0  # a checkpoint of a busy server on a slow disk
IMMEDIATE_SHUTDOWN_TIMEOUT_S: Final = 5.0
STATUS_LINE: Final = 7  # counted from 0; see miscadmin.h, LOCK_FILE_LINE_PM_STATUS


class Postmaster(Struct, frozen=True):
    """A server as its pid file describes it. The file outlives a server that was killed."""

    pid: int
    status: str  # starting, ready, stopping, standby, or empty when it has not said yet

    @property
    def is_ready(self) -> bool:
        """Whether it says that it takes connections."""
        return self.status == "ready"


def described(data_dir: Path) -> Postmaster | None:
    """Return what the pid file of `data_dir` says, or None when there is none or it is being written."""
    try:
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        return Postmaster(int(lines[0]), lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else "")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def serves(pid: int, data_dir: Path) -> bool:
    """Return whether process `pid` is a PostgreSQL server of `data_dir`: it works in that directory and owns it.

    A pid file may be old and its number in use by another program by now; that one must not be touched.
    """
    try:
        place = Path(f"/proc/{pid}/cwd").readlink()
        owner = Path(f"/proc/{pid}").stat().st_uid
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return False
    return place == data_dir and owner == data_dir.stat().st_uid and name.startswith("postgres")


def clear_away(data_dir: Path, socket_dir: Path | None = None) -> None:
    """End a server of `data_dir` that nobody watches, and remove the lock files of one that is gone.

    To be called under the lock of the state directory: then no Laddverk is behind that server any more.
    PostgreSQL takes any process with a lock file's number for its server, even a dead one that a container's first
    process has not taken note of, and would refuse to start.
    """
    if not data_dir.exists():
        return
    left = described(data_dir)
    if left is not None and serves(left.pid, data_dir):
        end(left.pid, data_dir)
    # The children of a server that was killed see that within moments, and hold its shared memory until then.
    for child in [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]:
        if serves(child, data_dir):
            end(child, data_dir)
    (data_dir / "postmaster.pid").unlink(missing_ok=True)
    for lock in socket_dir.glob(".s.PGSQL.*.lock") if socket_dir is not None else ():
        lock.unlink(missing_ok=True)


def end(pid: int, data_dir: Path) -> None:
    """Stop server `pid`: first cleanly (sessions are ended, all is written), then at once (recovered at the start)."""
    for number, timeout_s in (
        (signal.SIGINT, FAST_SHUTDOWN_TIMEOUT_S),
        (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_TIMEOUT_S),
        (signal.SIGKILL, IMMEDIATE_SHUTDOWN_TIMEOUT_S),
    ):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not serves(pid, data_dir):
                return
            time.sleep(POLL_S)
    raise Unavailable(
        "The database server with process number %(pid)s does not end.",
        remedy="Look for a disk that does not answer, and end it by hand: kill -9 %(pid)s",
        pid=pid,
    )

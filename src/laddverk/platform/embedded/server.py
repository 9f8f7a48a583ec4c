"""The running server: started, watched, started again when it dies, and stopped with us.

It must not outlive us. The kernel tells it when the *thread* that started it is gone (`PR_SET_PDEATHSIG`), so it is
started from the thread that lives as long as the program; only the waiting is done elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, Final

from laddverk.kernel.problems import Conflict, Unavailable
from laddverk.platform.embedded import postmaster
from laddverk.platform.embedded.account import clean_environment
from laddverk.platform.embedded.binaries import Binaries
from laddverk.platform.embedded.cluster import PORT, Cluster, create, located

READY_TIMEOUT_S: Final = 600.0  # recovery after a crash replays up to max_wal_size; minutes on a slow disk
WATCH_S: Final = 0.5
RESTART_PAUSE_MAX_S: Final = 30.0  # a server that dies at once again is not started in a circle
STEADY_S: Final = 60.0  # after this long the next death counts as the first
LOG_SIZE_MAX: Final = 10_000_000
LOG_TAIL_BYTES: Final = 1500
PR_SET_PDEATHSIG: Final = 1

_libc = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: the child may not import


class Server:
    """One PostgreSQL server on one state directory. Not started by making it."""

    def __init__(self, cluster: Cluster, *, durable: bool = True, ends_with_us: bool = True) -> None:
        """`durable=False` and `ends_with_us=False` are for tests: no fsync, and a server that several processes use."""
        self.cluster = cluster
        self.durable = durable
        self.ends_with_us = ends_with_us
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Where a client finds it."""
        return self.cluster.dsn

    @property
    def pid(self) -> int | None:
        """The server's process number, or None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Take the lock, make the data if needed, start the server and wait until it takes connections."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start the server without waiting for it. Call it from the program's main thread."""
        if self._lock is None:
            self._lock = locked(self.cluster.state_dir)
        postmaster.clear_away(self.cluster.data_dir, self.cluster.socket_dir)
        create(self.cluster, durable=self.durable)
        with _opened_log(self.cluster.log_file) as log:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program with fixed options
                [
                    self.cluster.binaries.program("postgres"),
                    *("-D", str(self.cluster.data_dir)),
                    *("-p", str(PORT)),
                    *("-c", "listen_addresses="),
                    *("-c", f"unix_socket_directories={self.cluster.socket_dir}"),
                    *("-c", "unix_socket_permissions=0700"),
                    *("-c", "logging_collector=off"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.cluster.home,
                env=clean_environment(),
                umask=0o077,
                start_new_session=True,  # Ctrl-C is for us: we still need the database while we stop
                preexec_fn=_ending_with(os.getpid()) if self.ends_with_us else None,
                **self.cluster.account.popen_options(),
            )

    def wait_ready(self) -> None:
        """Return when the server takes connections. Raises `Unavailable` with its last words when it does not."""
        process = self._process
        assert process is not None, "launch() comes first"
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            said = postmaster.described(self.cluster.data_dir)
            if said is not None and said.pid == process.pid and said.is_ready:
                return
            if process.poll() is not None:
                break
            time.sleep(postmaster.POLL_S)
        raise Unavailable(
            "The database server did not start. It said: %(words)s",
            remedy="The whole story is in %(log)s. A full disk and missing rights are the usual causes.",
            words=last_words(self.cluster.log_file),
            log=str(self.cluster.log_file),
        )

    def stop(self) -> None:
        """End the server cleanly and let go of the lock. Harmless when it does not run."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(postmaster.FAST_SHUTDOWN_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(postmaster.IMMEDIATE_SHUTDOWN_TIMEOUT_S)
        self.release()

    def release(self) -> None:
        """Let go of the lock and of the server, which goes on when it does not end with us."""
        self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def watch(self, on_restart: Callable[[], None] = lambda: None) -> None:
        """Start the server again whenever it dies, until cancelled. Runs in the main thread's loop."""
        deaths = 0
        steady_since = time.monotonic()
        while True:
            await asyncio.sleep(WATCH_S)
            if self.pid is not None:
                continue
            deaths = 1 if time.monotonic() - steady_since > STEADY_S else deaths + 1
            await asyncio.sleep(min(2.0 ** (deaths - 1) - 1, RESTART_PAUSE_MAX_S))
            with contextlib.suppress(Unavailable, OSError):  # died again: the next round waits longer
                self.launch()
                await asyncio.to_thread(self.wait_ready)
                on_restart()
            steady_since = time.monotonic()


@asynccontextmanager
async def running(
    state_dir: Path, *, available: list[Binaries] | None = None, on_restart: Callable[[], None] = lambda: None
) -> AsyncIterator[str]:
    """Yield the DSN of a server on `state_dir` that lives as long as the block, restarted if it dies meanwhile.

    Raises `Conflict` when another Laddverk uses `state_dir`, `Unavailable` when no server can be started.
    """
    server = Server(located(state_dir, available))
    watch: asyncio.Task[None] | None = None
    try:
        server.launch()
        await asyncio.to_thread(server.wait_ready)
        watch = asyncio.create_task(server.watch(on_restart))
        yield server.dsn
    finally:
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def reaching(state_dir: Path) -> AsyncIterator[str]:
    """Yield the DSN of the server on `state_dir`: the one that a running Laddverk has, else one started for the block.

    For commands such as `backup`, which work beside a running network as well as without one.
    """
    async with AsyncExitStack() as stack:
        try:
            dsn = await stack.enter_async_context(running(state_dir))
        except Conflict:
            dsn = _dsn_of_another(state_dir)
        yield dsn


def _dsn_of_another(state_dir: Path) -> str:
    cluster = located(state_dir)
    said = postmaster.described(cluster.data_dir)
    if said is None or not said.is_ready:
        raise Unavailable(
            "Another Laddverk holds this state directory, and its database is not ready.",
            remedy="Wait until it has started, or stop it.",
        )
    return cluster.dsn


def locked(state_dir: Path) -> IO[str]:
    """Return the open lock file of `state_dir`, held until closed. Raises `Conflict` when it is taken."""
    lock = (state_dir / "postgres.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise Conflict(
            "Another Laddverk (process %(holder)s) already runs on the data in %(place)s.",
            remedy="Stop that one, or choose another LADDVERK_STATE_DIR and other ports for this one.",
            holder=holder,
            place=str(state_dir),
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def is_locked(state_dir: Path) -> bool:
    """Return whether a Laddverk runs on `state_dir`. Changes nothing."""
    try:
        with (state_dir / "postgres.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def last_words(log_file: Path) -> str:
    """Return the end of the server's log, for people to read."""
    try:
        content = log_file.read_bytes()[-LOG_TAIL_BYTES:]
    except OSError:
        return "nothing"
    return content.decode(errors="replace").strip() or "nothing"


def _opened_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > LOG_SIZE_MAX:
        path.replace(path.with_suffix(".log.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # statements may show who charged where
    return os.fdopen(descriptor, "ab")


def _ending_with(parent_pid: int) -> Callable[[], None]:
    """Return what the child does before it becomes PostgreSQL: ask for SIGINT, a clean stop, when we die."""

    def prepare() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent_pid:  # we died in between, and the kernel had nobody to tell
            os._exit(1)

    return prepare

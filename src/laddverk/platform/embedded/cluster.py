"""Where the database lives on disk, and how it is made: in one piece, or not at all.

`state_dir/postgres` is the home of the data when the server's account can enter it. It cannot when we are root and a
parent directory is closed (a clone under /root): then `state_dir/postgres` is a link to a place below
`/var/lib/laddverk`, and programs that the account cannot execute are copied there too. Nothing is opened to others.

As root we never write into the home ourselves: its owner could have put a link there. The log and the lock are
therefore in the state directory, and files in the home are written by the account.
"""

from __future__ import annotations

import hashlib
import locale
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from laddverk.kernel.problems import Unavailable
from laddverk.platform.embedded.account import Account, account_for, can_enter, can_execute, run_as
from laddverk.platform.embedded.binaries import Binaries, candidates, chosen

REACHABLE_ROOT: Final = Path("/var/lib/laddverk")
OWNER_SUFFIX: Final = ".of"  # of the file beside a home there that says whose it is
DATABASE: Final = "laddverk"
SUPERUSER: Final = "laddverk"
PORT: Final = 5432  # only names the socket file
SOCKET_PATH_MAX: Final = 107  # sun_path of Linux without its closing zero
SOCKET_NAME: Final = f".s.PGSQL.{PORT}"

# Written once, into postgresql.conf, where whoever runs the network may change them.
SETTINGS: Final = """
# Laddverk: a small server beside the program. For a big network use one of its own and LADDVERK_DATABASE_URL.
shared_buffers = 32MB                  # the hot part; the rest is in the system's own cache, and not counted twice
effective_cache_size = 512MB
work_mem = 8MB
maintenance_work_mem = 64MB
max_connections = 60                   # pools of ten; the rest for commands and people
max_wal_size = 512MB
min_wal_size = 80MB
wal_compression = on                   # frames and samples compress well; disks are slower than processors
checkpoint_timeout = 15min
random_page_cost = 1.1                 # solid-state disks
jit = off                              # statements are short; compiling them costs more than running them
max_parallel_workers_per_gather = 1
timezone = 'UTC'
log_timezone = 'UTC'
log_min_duration_statement = 2s        # what a person would have to wait for
"""


class Cluster(Struct, frozen=True):
    """A database on disk, the programs that serve it and the account they run as."""

    state_dir: Path
    home: Path
    binaries: Binaries
    account: Account
    socket_dir: Path

    @property
    def data_dir(self) -> Path:
        """PostgreSQL's own directory."""
        return self.home / "data"

    @property
    def log_file(self) -> Path:
        """What the server says, one file, turned when it is opened and too big."""
        return self.state_dir / "postgres.log"

    @property
    def dsn(self) -> str:
        """Where a client finds it."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={self.socket_dir}&port={PORT}"


def located(state_dir: Path, available: list[Binaries] | None = None) -> Cluster:
    """Return the cluster of `state_dir`, whose home exists afterwards; its data may not exist yet.

    Raises `Conflict` or `Unavailable` with the remedy when no account or no program fits.
    """
    state_dir = state_dir.resolve()
    state_dir.mkdir(parents=True, exist_ok=True)
    account = account_for(state_dir / "postgres" / "data")
    home = _home(state_dir, account)
    binaries = chosen(candidates() if available is None else available, data_major(home / "data"))
    return Cluster(state_dir, home, _executable(binaries, account), account, _socket_dir(home, account))


def data_major(data_dir: Path) -> int | None:
    """Return the major version that wrote `data_dir`, or None when there is no data."""
    try:
        return int((data_dir / "PG_VERSION").read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None


def create(cluster: Cluster, *, durable: bool = True) -> None:
    """Make the data directory with an empty database, unless it exists. Half-made ones of a killed run are removed.

    `durable=False` is for tests: nothing is forced to disk.
    """
    if cluster.data_dir.exists():
        return
    fresh = cluster.home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    initdb = [
        cluster.binaries.program("initdb"),
        f"--pgdata={fresh}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        f"--locale={_locale()}",
        "--locale-provider=libc",
        "--data-checksums",
        # The socket's directory is closed to all but the account and root, who can read the data files as well.
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    ]
    run_as(cluster.account, initdb if durable else [*initdb, "--no-sync"], cwd=cluster.home)
    settings = SETTINGS if durable else SETTINGS + "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n"
    run_as(cluster.account, ["/bin/sh", "-c", 'cat >> "$1"', "sh", fresh / "postgresql.conf"], cwd=fresh, text=settings)
    single = [cluster.binaries.program("postgres"), "--single", "-D", str(fresh), "template1"]
    run_as(cluster.account, single, cwd=fresh, text=f"CREATE DATABASE {DATABASE}\n")
    fresh.rename(cluster.data_dir)


def _home(state_dir: Path, account: Account) -> Path:
    wanted = state_dir / "postgres"
    if wanted.exists():
        home = wanted.resolve()
    else:
        wanted.unlink(missing_ok=True)  # a link whose target was removed
        home = _closed_directory(wanted, account)
        if not can_enter(account, home):
            home.rmdir()
            home = _new_reachable_home(state_dir, account)
            wanted.symlink_to(home)
    if not can_enter(account, home):
        raise Unavailable(
            "The account %(account)s cannot enter %(place)s, where the database should live.",
            remedy="Choose a LADDVERK_STATE_DIR that it can reach, or let it pass the directories above.",
            account=account.name,
            place=str(home),
        )
    return home


def _closed_directory(path: Path, account: Account) -> Path:
    """Return `path` as a directory that `account` and root alone can enter. Raises `Unavailable` when it is another's.

    Only what we have just made is given away: what was there before may be a link that somebody laid for us.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid or status.st_mode & 0o077:
            raise Unavailable(
                "The directory %(place)s is not closed to all but the account %(account)s.",
                remedy="Remove it, or choose another LADDVERK_STATE_DIR.",
                place=str(path),
                account=account.name,
            ) from None
    else:
        os.chown(path, account.uid, account.gid)
    return path


def _new_reachable_home(state_dir: Path, account: Account) -> Path:
    """Return a closed directory of `account` with a new name: a second clone in the same place is a second network."""
    REACHABLE_ROOT.mkdir(parents=True, exist_ok=True)
    _remove_abandoned()
    home = Path(tempfile.mkdtemp(prefix="data-", dir=REACHABLE_ROOT))
    os.chown(home, account.uid, account.gid)
    home.with_suffix(OWNER_SUFFIX).write_text(str(state_dir), encoding="utf-8")
    return home


def _remove_abandoned() -> None:
    """Remove homes whose state directory was a temporary one and is gone: nobody can come back to them.

    A state directory elsewhere may be on a disk that is not mounted now; its data are never touched.
    """
    for owner in REACHABLE_ROOT.glob(f"data-*{OWNER_SUFFIX}"):
        state_dir = Path(owner.read_text(encoding="utf-8"))
        if state_dir.is_relative_to(Path(tempfile.gettempdir()).resolve()) and not state_dir.exists():
            shutil.rmtree(owner.with_suffix(""), ignore_errors=True)
            owner.unlink(missing_ok=True)


def _executable(binaries: Binaries, account: Account) -> Binaries:
    """Return `binaries` where `account` can execute them: a copy when a directory on the way is closed to it."""
    if can_execute(account, binaries.program("postgres")):
        return binaries
    target = REACHABLE_ROOT / "engines" / f"{binaries.version}-{_digest(binaries.prefix)}"
    if not can_execute(account, str(target / "bin" / "postgres")):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as workshop:
            copy = Path(workshop) / "engine"
            shutil.copytree(
                binaries.prefix, copy, symlinks=True, ignore=shutil.ignore_patterns("*.a", "doc", "include")
            )
            copy.rename(target)
    return Binaries(target, binaries.version)


def _socket_dir(home: Path, account: Account) -> Path:
    """Return a closed directory whose path is short enough for a Unix socket in it."""
    if len(os.fsencode(home / "socket" / SOCKET_NAME)) <= SOCKET_PATH_MAX:
        # Below the home, which is closed already; made by the account, for we write nothing there as root.
        run_as(account, ["/bin/mkdir", "-p", "-m", "0700", home / "socket"], cwd=home)
        return home / "socket"
    # Sticky /tmp: a directory of ours cannot be replaced by others, and one of others is refused.
    return _closed_directory(Path("/tmp") / f"laddverk-{account.uid}-{_digest(home)}", account)  # noqa: S108


def _locale() -> str:
    """Return a locale in which upper and lower case of å, ä and ö are known, or plain C where there is none."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def remove(state_dir: Path) -> None:
    """Remove `state_dir` with its database, wherever that is. For throw-away networks: nothing may run on it."""
    home = (state_dir / "postgres").resolve()
    shutil.rmtree(state_dir, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    if home.is_relative_to(REACHABLE_ROOT):
        home.with_suffix(OWNER_SUFFIX).unlink(missing_ok=True)


@contextmanager
def throw_away(prefix: str = "laddverk-") -> Iterator[Path]:
    """Yield a new state directory that the server's account can come to, and remove it and its database at the end."""
    state_dir = Path(tempfile.mkdtemp(prefix=prefix))
    state_dir.chmod(0o755)  # what is closed in it is closed by itself
    try:
        yield state_dir
    finally:
        remove(state_dir)

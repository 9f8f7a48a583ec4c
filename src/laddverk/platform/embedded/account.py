"""Who the server runs as. PostgreSQL refuses to run as root, and should not have root's rights anyway."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from laddverk.kernel.problems import Conflict, Unavailable

ROOT_UID: Final = 0
PREFERRED: Final = ("laddverk", "nobody")  # an account an administrator made for us, else one that every Linux has
PROGRAM_TIMEOUT_S: Final = 300  # initdb on a slow disk takes seconds; more than minutes means it hangs


class Account(Struct, frozen=True):
    """An account of the operating system."""

    uid: int
    gid: int
    name: str

    @property
    def is_ours(self) -> bool:
        """Whether we run as this account already."""
        return self.uid == os.geteuid()

    def popen_options(self) -> dict[str, Any]:
        """Return what `subprocess` needs to start a program as this account: nothing when it is ours."""
        return {} if self.is_ours else {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(data_dir: Path) -> Account:
    """Return the account that serves `data_dir`: its owner, or for new data ourselves, or an unprivileged one for root.

    Raises `Conflict` when the data belongs to somebody whom we cannot become.
    """
    ours = os.geteuid()
    owner = _owner(data_dir)
    if owner is None:
        return _named(ours) if ours != ROOT_UID else _unprivileged()
    if ours not in (owner, ROOT_UID):
        raise Conflict(
            "The database in %(place)s belongs to the account %(owner)s.",
            remedy="Start Laddverk as root or as %(owner)s, or choose another LADDVERK_STATE_DIR.",
            place=str(data_dir),
            owner=_named(owner).name,
        )
    if owner == ROOT_UID:
        raise Conflict(
            "The database in %(place)s belongs to root, and PostgreSQL refuses to run as root.",
            remedy="Give it to another account: chown -R nobody %(place)s",
            place=str(data_dir),
        )
    return _named(owner)


def run_as(account: Account, command: Sequence[str | Path], *, cwd: Path, text: str = "") -> str:
    """Return what `command` prints, run as `account` with `text` as its input. Raises `Unavailable` when it fails."""
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - the callers name fixed programs
            command,
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            cwd=cwd,
            env=clean_environment(),
            umask=0o077,
            timeout=PROGRAM_TIMEOUT_S,
            check=False,
            **account.popen_options(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(
            "%(program)s could not be started as %(account)s: %(reason)s",
            remedy="Run `laddverk doctor`.",
            program=Path(command[0]).name,
            account=account.name,
            reason=str(error),
        ) from error
    if done.returncode != 0:
        raise Unavailable(
            "%(program)s failed: %(reason)s",
            remedy="Run `laddverk doctor`; a full disk and missing rights are the usual causes.",
            program=Path(command[0]).name,
            reason=(done.stderr or done.stdout).strip()[-2000:],
        )
    return done.stdout


def can_enter(account: Account, directory: Path) -> bool:
    """Return whether `account` can come to `directory` and write there, asked of the operating system itself."""
    return _succeeds(account, ["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(directory)])


def can_execute(account: Account, program: str) -> bool:
    """Return whether `account` can start `program`: a parent directory may be closed, a mount may be noexec."""
    return _succeeds(account, [program, "--version"])


def clean_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: nothing of ours leaks in, no PG… variable misleads them."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _succeeds(account: Account, command: list[str]) -> bool:
    try:
        run_as(account, command, cwd=Path("/"))
    except Unavailable:
        return False
    return True


def _owner(data_dir: Path) -> int | None:
    try:
        return data_dir.stat().st_uid
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise Conflict(
            "The database in %(place)s cannot be reached by us.",
            remedy="Start Laddverk as the account that made it, or choose another LADDVERK_STATE_DIR.",
            place=str(data_dir),
        ) from error


def _named(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # containers run under numbers that have no name
        return Account(uid, os.getegid() if uid == os.geteuid() else uid, f"number {uid}")
    return Account(uid, entry.pw_gid, entry.pw_name)


def _unprivileged() -> Account:
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise Unavailable(
        "PostgreSQL must not run as root, and there is neither an account laddverk nor nobody to run it as.",
        remedy="Create one (useradd --system laddverk), or start Laddverk as an ordinary user.",
    )

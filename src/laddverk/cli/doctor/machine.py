"""The machine: Python, packages, ports, disk, rights, clock, documents."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from laddverk.cli.doctor.finding import Finding, fail, ok, warn
from laddverk.cli.network import refusal
from laddverk.kernel.problems import Problem
from laddverk.platform.embedded.server import is_locked
from laddverk.platform.settings import Settings

PYTHON_MIN: Final = (3, 11)
DISK_FAIL_BYTES: Final = 300_000_000  # a new database takes 50 MB, its log files up to 512 MB
DISK_WARN_BYTES: Final = 3_000_000_000
TIME_ERROR: Final = 5  # what adjtimex(2) returns for a clock that nothing keeps in step
TIMEX_BYTES: Final = 512  # more than the kernel's struct timex

PACKAGES: Final = {
    "aiosmtplib": "mails",
    "argon2": "passwords",
    "asyncpg": "the database",
    "babel": "languages",
    "jinja2": "pages",
    "litestar": "the web",
    "msgspec": "messages",
    "segno": "QR codes",
    "stripe": "card payments",
    "structlog": "logs",
    "typst": "PDF documents",
    "uuid_utils": "ids",
    "uvicorn": "the web",
    "uvloop": "speed",
    "websockets": "chargers",
}


def look_at(settings: Settings) -> Iterator[Finding]:
    """Yield what is found about the machine."""
    yield python()
    yield packages()
    yield disk(settings.state_dir)
    yield rights(settings.state_dir)
    yield secret_file(settings.state_dir / "secrets.json")
    yield port(settings, settings.web_port, "web", "LADDVERK_WEB_PORT")
    yield port(settings, settings.ocpp_port, "chargers", "LADDVERK_OCPP_PORT")
    yield clock()
    yield documents()


def python() -> Finding:
    """Python is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= PYTHON_MIN:
        return ok("Python", version)
    return fail("Python", f"{version} is too old.", "Install Python 3.11 or newer and run make again.")


def packages() -> Finding:
    """All packages are installed."""
    missing = [f"{name} ({purpose})" for name, purpose in PACKAGES.items() if find_spec(name) is None]
    if not missing:
        return ok("Packages", f"all {len(PACKAGES)} are installed")
    return fail("Packages", f"missing: {', '.join(missing)}.", "Run `make run`: it installs what requirements/ names.")


def disk(state_dir: Path) -> Finding:
    """There is room for data to grow."""
    free = shutil.disk_usage(existing(state_dir)).free
    text = f"{free / 1e9:.1f} GB free for {state_dir}"
    if free < DISK_FAIL_BYTES:
        return fail("Disk", f"{text}: the database would stop.", "Free some space, or move LADDVERK_STATE_DIR.")
    if free < DISK_WARN_BYTES:
        return warn("Disk", f"{text}: that is little for a network.", "Free some space, or move LADDVERK_STATE_DIR.")
    return ok("Disk", text)


def rights(state_dir: Path) -> Finding:
    """We may write where the data lives."""
    place = existing(state_dir)
    if os.access(place, os.W_OK | os.X_OK):
        return ok("State directory", f"{state_dir} can be written")
    return fail(
        "State directory",
        f"{place} cannot be written by us.",
        "Choose another LADDVERK_STATE_DIR, or run Laddverk as the account that owns it.",
    )


def secret_file(path: Path) -> Finding:
    """The keys are there, and for us alone."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        readable = os.access(path, os.R_OK)
    except (FileNotFoundError, PermissionError):
        return ok("Keys", f"none yet; they are made at the first start in {path}")
    if not readable:
        return fail("Keys", f"{path} cannot be read by us.", "Run Laddverk as the account that owns the file.")
    if mode & 0o077:
        return fail("Keys", f"others can read {path}.", f"chmod 600 {path}, and give the chargers new passwords.")
    return ok("Keys", "present, and readable by us alone")


def port(settings: Settings, number: int, purpose: str, variable: str) -> Finding:
    """The port can be listened on, or is in use by the Laddverk of this very directory."""
    subject = f"Port for {purpose}"
    error = refusal(settings.host, number)
    if error is not None:
        if error.errno == errno.EADDRINUSE and is_locked(settings.state_dir):
            return ok(subject, f"{number} is in use; a Laddverk is running here")
        reason = "is in use by another program" if error.errno == errno.EADDRINUSE else f"is refused: {error.strerror}"
        return fail(subject, f"{settings.host}:{number} {reason}.", f"Stop that program, or set {variable} to another.")
    return ok(subject, f"{settings.host}:{number} is free" if number else "any free one")


def clock() -> Finding:
    """The clock is kept in step: bills and certificates hang on it."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))  # all zero: only asks
    except (AttributeError, OSError):
        return ok("Clock", "cannot be asked on this system")
    if state == TIME_ERROR:
        return warn(
            "Clock",
            "nothing keeps it in step, as far as the kernel knows.",
            "Run chrony or systemd-timesyncd here, or on the host of this container.",
        )
    return ok("Clock", "kept in step")


def documents() -> Finding:
    """Invoices can be typeset, with letters that Swedish needs."""
    try:
        import typst  # here, for it takes time and the other lines do not need it

        typst.compile(b'#set text(lang: "sv")\nR\xc3\xa4kning p\xc3\xa5 \xc3\xb6re', format="pdf")
    except (ImportError, RuntimeError, Problem) as error:
        return fail("Documents", f"PDF files cannot be made: {error}", "Run `make run` to install typst again.")
    return ok("Documents", "PDF files can be made")


def existing(path: Path) -> Path:
    """Return `path`, or the nearest directory above it that exists."""
    place = path.resolve()
    while not place.exists():
        place = place.parent
    return place

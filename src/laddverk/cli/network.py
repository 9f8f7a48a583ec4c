"""A network from start to stop: the database under it, the schema in it, and a clean end on Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec
import uvloop

from laddverk.kernel.problems import Conflict, Unavailable
from laddverk.platform import embedded
from laddverk.platform.migrator import Phase, migrate
from laddverk.platform.settings import Settings

T = TypeVar("T")

CONNECT_TIMEOUT_S: Final = 15.0
SERVER_MAJOR_MIN: Final = 15  # the oldest that the suite runs against

Say = Callable[[str], None]
"""Tells the person at the terminal what is going on."""


def silent(_: str) -> None:
    """Tell nobody."""


def run_in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, run in the main thread on the fast loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@asynccontextmanager
async def prepared_database(
    settings: Settings, say: Say = silent, *, alone: bool = True, migrated: bool = True
) -> AsyncIterator[Settings]:
    """Yield `settings` with the `database_url` of a database that answers and, if `migrated`, has our schema.

    That is the external one when it is set, else the embedded one, which ends with the block. `alone=False` joins the
    embedded server of a Laddverk that is running. Raises `Conflict` or `Unavailable` with the remedy.
    """
    async with contextlib.AsyncExitStack() as stack:
        if settings.database_url is not None:
            dsn = settings.database_url
            say(f"Using the database at {without_password(dsn)}")
        elif alone:
            say(f"Starting PostgreSQL in {settings.state_dir}")
            dsn = await stack.enter_async_context(
                embedded.running(settings.state_dir, on_restart=lambda: say("PostgreSQL had died; it runs again."))
            )
        else:
            dsn = await stack.enter_async_context(embedded.reaching(settings.state_dir))
        if migrated:
            for name in await migrated_at(dsn):
                say(f"Applied {name}")
        yield msgspec.structs.replace(settings, database_url=dsn)


async def migrated_at(dsn: str, phase: Phase | None = None) -> list[str]:
    """Bring the database at `dsn` to our schema and return what was applied."""
    connection = await connected(dsn)
    try:
        return await migrate(connection, phase=phase)
    finally:
        await connection.close()


async def connected(dsn: str) -> asyncpg.Connection[Any]:
    """Return a connection to `dsn`. Raises `Unavailable` in plain words when there is none to be had."""
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, TimeoutError) as error:
        raise Unavailable(
            "The database at %(place)s does not let us in: %(reason)s",
            remedy="See that it runs, that the network lets us through, and that LADDVERK_DATABASE_URL has the right"
            " name and password.",
            place=without_password(dsn),
            reason=str(error) or type(error).__name__,
        ) from error
    major = connection.get_server_version().major
    if major < SERVER_MAJOR_MIN:
        await connection.close()
        raise Unavailable(
            "The database server is PostgreSQL %(major)s; Laddverk needs %(needed)s or newer.",
            remedy="Upgrade the server, or leave LADDVERK_DATABASE_URL away to use the embedded one.",
            major=major,
            needed=SERVER_MAJOR_MIN,
        )
    return connection


def check_ports(settings: Settings) -> None:
    """Raise `Conflict` with the remedy when one of our ports cannot be listened on, before anything is started."""
    for host, port, purpose, variable in (
        (settings.host, settings.web_port, "pages", "LADDVERK_WEB_PORT"),
        (settings.host, settings.ocpp_port, "chargers", "LADDVERK_OCPP_PORT"),
        (settings.host, settings.ocpp_tls_port, "chargers with TLS", "LADDVERK_OCPP_TLS_PORT"),
        (settings.host, settings.ocpp_legacy_tls_port, "chargers with older TLS", "LADDVERK_OCPP_LEGACY_TLS_PORT"),
        (settings.ftp_host, settings.ftp_port, "old chargers' files", "LADDVERK_FTP_PORT"),
    ):
        if port is None:
            continue
        error = refusal(host, port)
        if error is not None:
            raise Conflict(
                "We cannot listen for %(purpose)s on %(host)s port %(port)s: %(reason)s",
                remedy="Stop the program that has it, or set %(variable)s to another port.",
                purpose=purpose,
                host=host,
                port=port,
                reason=error.strerror or str(error),
                variable=variable,
            )


def refusal(host: str, port: int) -> OSError | None:
    """Return why `port` of `host` cannot be listened on, or None."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
    except OSError as error:
        return error
    return None


def stopped_by_signals() -> asyncio.Event:
    """Return an event that Ctrl-C and SIGTERM set. A second Ctrl-C ends the program at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask)
    return stop


def without_password(dsn: str) -> str:
    """Return `dsn` as it may be shown and logged."""
    try:
        parts = urlsplit(dsn)
    except ValueError:
        return "an address that cannot be read"
    account, at, address = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=account.partition(":")[0] + at + address, query=""))

"""A throw-away Laddverk for one replay: database, program, sites, stations, drivers and the tariff, and its removal."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

import laddverk
from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.cli.network import Say, prepared_database
from laddverk.cli.replay.source import Row
from laddverk.kernel.actors import rule
from laddverk.kernel.problems import Unavailable
from laddverk.platform import embedded
from laddverk.platform.database import Database, Transaction
from laddverk.platform.settings import Settings
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff

ACTOR: Final = rule("replay")
READY_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 20.0
LOG_TAIL_CHARS: Final = 2000
FOUNDED_BEFORE: Final = timedelta(days=1)  # a tariff holds from when it was made, and the first session needs one
WORKING_DAYS: Final = (0, 1, 2, 3, 4)


class Network(Struct, frozen=True):
    """A running Laddverk, and how to get at it."""

    settings: Settings
    database: Database
    ocpp_url: str
    log: Path


class Placed(Struct, frozen=True):
    """A station that was set up for one user."""

    identity: str
    password: str
    card: str


@asynccontextmanager
async def prepared(currency: str, zone: ZoneInfo, say: Say) -> AsyncIterator[Network]:
    """Yield an empty network in a directory of its own, which is removed at the end. Its program does not run yet."""
    with embedded.throw_away("laddverk-replay-") as place:
        settings = Settings(
            state_dir=place,
            web_port=free_port(),
            ocpp_port=free_port(),
            currency=currency,
            timezone=zone.key,
            operator_name="Replay",
            invoice_day=0,  # the replay invoices month by month itself
            log_level="warning",
        )
        async with prepared_database(settings, say) as ready:
            database = await Database.connected(ready.database_url or "", size_max=2)
            try:
                url = f"ws://{settings.host}:{settings.ocpp_port}/ocpp"
                yield Network(ready, database, url, place / "laddverk.log")
            finally:
                await database.close()


@asynccontextmanager
async def running(settings: Settings, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `laddverk up` as a process of its own, so that it shares nothing with the simulators; stop it at the end.

    Yields it once chargers can connect. Raises `Unavailable` with its last words when it does not start.
    """
    with log.open("ab") as output:
        command = (sys.executable, "-m", "laddverk.cli.main", "up")
        process = await asyncio.create_subprocess_exec(
            *command, stdout=output, stderr=output, env=_environment(settings)
        )  # fmt: skip
    try:
        await _until_open(settings, log, process)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LADDVERK_")}
    fields = msgspec.structs.asdict(settings)
    given = {f"LADDVERK_{name.upper()}": str(value) for name, value in fields.items() if value not in (None, "")}
    source = str(Path(laddverk.__file__).parents[1])
    path = os.pathsep.join(filter(None, (source, kept.get("PYTHONPATH", ""))))
    return {**kept, **given, "PYTHONPATH": path}


async def _until_open(settings: Settings, log: Path, process: asyncio.subprocess.Process) -> None:
    deadline = asyncio.get_running_loop().time() + READY_TIMEOUT_S
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.ocpp_port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise Unavailable(
        "The network for the simulators did not start. It said: %(words)s", words=log_tail(log) or "nothing"
    )


def log_tail(path: Path) -> str:
    """Return the last words of the program."""
    return path.read_text(errors="replace")[-LOG_TAIL_CHARS:] if path.exists() else ""


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# What stands in it.


async def furnish(
    tx: Transaction, rows: Sequence[Row], currency: str, zone: ZoneInfo, *, pepper: bytes
) -> dict[str, Placed]:
    """Set up a site for each location, a station, a driver and a card for each user, and the tariff.

    Returns what was placed, by user.
    """
    now = min(row.started_at for row in rows) - FOUNDED_BEFORE
    sites = {}
    for name in sorted({row.site for row in rows}):
        details = SiteDetails(name=name, code=_code(name), timezone=zone.key, municipality="Norway")
        sites[name] = await stations.create_site(tx, ACTOR, details, now)
    users = {row.user: row.site for row in rows}
    keys = await stations.create_stations(
        tx,
        ACTOR,
        [
            NewStation(site_id=sites[site], identity=user, name=user, connectors=(NewConnector(evse_number=1),))
            for user, site in users.items()
        ],
        now,
        pepper=pepper,
    )
    cards = await _enrol(tx, list(users), now)
    version = await tariffs.create(tx, ACTOR, "By time of day", tariff(currency), now)
    await tariffs.choose(tx, ACTOR, version.tariff_id, now)
    return {user: Placed(user, key.password, cards[user]) for user, key in zip(users, keys, strict=True)}


async def _enrol(tx: Transaction, users: Sequence[str], now: datetime) -> dict[str, str]:
    """Make a driver with one card for each user; return the cards."""
    drivers = await access.create_drivers(
        tx, ACTOR, [NewDriver(email=f"{user.lower()}@replay.invalid", name=user) for user in users], now
    )
    cards = {user: card(user) for user in users}
    tokens = [NewToken(uid=cards[user], driver_id=driver) for user, driver in zip(users, drivers, strict=True)]
    await access.create_tokens(tx, ACTOR, tokens, now)
    return cards


def card(user: str) -> str:
    """Return the number of a user's card: seven bytes, as many cards have, always the same for the same user."""
    return "04" + hashlib.blake2b(user.encode(), digest_size=6).hexdigest().upper()


def _code(site: str) -> str:
    return "".join(letter for letter in site.upper() if letter.isalnum())[:8]


def tariff(currency: str) -> Tariff:
    """Return the tariff of the replay: dearer on working days from 06 to 22, local time."""
    by_day = Restriction(weekdays=WORKING_DAYS, from_time="06:00", to_time="22:00")
    return Tariff(
        currency=currency,
        vat_percent=Decimal(25),
        components=(
            Component(dimension=Dimension.ENERGY, price=Decimal("2.49"), when=by_day),
            Component(dimension=Dimension.ENERGY, price=Decimal("1.79")),
        ),
    )

"""Connections of chargers: who may connect, and when each came and went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.stations.admission import Admission
from laddverk.stations.model import Credential, IdentityShared, KeyGuessed, Knock, StationOffline, StationOnline
from laddverk.stations.service.credentials import proven
from laddverk.stations.service.quirks import flagged
from laddverk.stations.store import connections as store
from laddverk.stations.store import credentials

FLAPS_MAX: Final = 3  # living connections displaced from several addresses within FLAPS_WITHIN: no bad link does that
FLAPS_WITHIN: Final = timedelta(minutes=5)
ALARMS_MAX: Final = 200  # addresses that try keys; staff look at the latest few
KNOCKS_MAX: Final = 1000  # a scan of the internet must not fill the disk; the oldest go first
REASON_LENGTH_MAX: Final = 200  # of a close reason; the protocol allows 123 bytes


async def credential(tx: Transaction, identity: str) -> Credential | None:
    """Return what the gateway needs to let the station with this OCPP identity in; None when it is unknown."""
    return await store.credential(tx, identity)


class Guesses(Struct, frozen=True):
    """Failed attempts of one address, or of all together when it is empty, since they were last told."""

    remote_address: str
    attempts: int
    identities: int


class Entrance(Struct, frozen=True, kw_only=True):
    """How a charger came in, when more is known than that it did."""

    admission: Admission
    tls: str = ""
    """Version and cipher suite, when there is TLS."""
    contested: bool = False
    """It displaces a connection that was still alive."""


async def open_connection(
    tx: Transaction,
    station_id: StationId,
    protocol: str,
    remote_address: str,
    now: datetime,
    entrance: Entrance | None = None,
) -> int:
    """Record that a charger connected and return the epoch of the connection.

    The newest connection counts from now on, whatever becomes of the older one (quirk 15). Publishes `StationOnline`
    when there was none, `IdentityShared` when living connections from several addresses displace each other. A new key
    that is used for the first time replaces the old one, and a security profile is raised by being used. Raises
    `LookupError` when there is no such station.
    """
    opened = await store.open_connection(
        tx,
        station_id,
        protocol,
        remote_address,
        now,
        profile=entrance.admission.profile if entrance else None,
        tls=entrance.tls if entrance else "",
        contested=entrance.contested if entrance else False,
    )
    if not opened.was_connected:
        await outbox.publish(tx, [StationOnline(station_id=station_id, at=now)])
    if entrance is not None:
        await proven(tx, station_id, entrance.admission, now)
        if entrance.contested:
            await _watch_for_two(tx, station_id, opened.epoch, now)
    return opened.epoch


async def _watch_for_two(tx: Transaction, station_id: StationId, epoch: int, now: datetime) -> None:
    """Hold the station and publish `IdentityShared` when living connections keep displacing each other (T3)."""
    recent = await store.recent(tx, station_id, epoch - FLAPS_MAX - 2, now - FLAPS_WITHIN)
    if recent.contests >= FLAPS_MAX and recent.addresses > 1:
        why = f"{recent.addresses} addresses connect in turn: is the key in two hands?"
        await flagged(tx, station_id, now, why)
        if await credentials.hold(tx, station_id, why, now):
            await outbox.publish(tx, [IdentityShared(station_id=station_id, at=now)])


async def close_connection(
    tx: Transaction, station_id: StationId, epoch: int, code: int | None, reason: str | None, now: datetime
) -> None:
    """Record that connection `epoch` ended. Publishes `StationOffline`, unless a newer connection is open."""
    reason = reason[:REASON_LENGTH_MAX].replace("\x00", "") if reason else None
    if await store.close_connection(tx, station_id, epoch, code, reason, now):
        await outbox.publish(tx, [StationOffline(station_id=station_id, at=now)])


async def disconnect_all(tx: Transaction, now: datetime) -> None:
    """Record that no charger is connected: the gateway has just started, and its predecessor may have been killed."""
    stations = await store.close_all(tx, now)
    await outbox.publish(tx, [StationOffline(station_id=station_id, at=now) for station_id in stations])


async def seen(tx: Transaction, stations: Sequence[tuple[StationId, datetime]]) -> list[StationId]:
    """Record when stations were last heard of. An older instant changes nothing.

    Returns the stations that somebody else was writing about just now: they are to be told again, later.
    """
    return await store.seen(tx, stations) if stations else []


async def record_knocks(tx: Transaction, knocks: Sequence[Knock]) -> None:
    """Record who was not let in. At most `KNOCKS_MAX` pairs of identity and address are kept, the latest."""
    if knocks:
        await store.record_knocks(tx, knocks, KNOCKS_MAX)


async def record_guesses(tx: Transaction, guesses: Sequence[Guesses], now: datetime) -> None:
    """Record who tries keys, and publish `KeyGuessed` for each that was not known within the hour."""
    for guess in guesses:
        if await credentials.alarm(
            tx, "guessing", guess.remote_address, guess.attempts, guess.identities, now, ALARMS_MAX
        ):
            told = KeyGuessed(remote_address=guess.remote_address, at=now, attempts=guess.attempts)
            await outbox.publish(tx, [told])


async def acknowledge_guesses(tx: Transaction, actor: Actor, now: datetime) -> None:
    """Mark the alarms about guessing as seen. Needs stations:write."""
    actor.require(Permission.STATIONS_WRITE)
    if await credentials.seen_alarms(tx, actor.name or actor.kind, now):
        await audit.write(tx, actor, "guessing.acknowledged", "network", None, at=now)


async def homes(tx: Transaction, limit: int) -> list[tuple[str, str]]:
    """Return (address, identity) of where stations connected last: from there they are not taken for guessers."""
    return [(home.remote_address, home.identity) for home in await credentials.homes(tx, limit)]


async def shut_out(tx: Transaction, station_ids: Sequence[StationId]) -> tuple[set[StationId], set[StationId]]:
    """Return which of these stations are retired, and which are held."""
    rows = await credentials.standing(tx, station_ids)
    return {row.id for row in rows if row.retired}, {row.id for row in rows if row.held and not row.retired}


async def forget_knocks(tx: Transaction, actor: Actor, identity: str) -> None:
    """Take an identity off the list of those who knock, until it knocks again. Needs stations:write."""
    actor.require(Permission.STATIONS_WRITE)
    await store.forget_knocks(tx, [identity])

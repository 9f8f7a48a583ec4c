"""Connections of chargers: who may connect, and when each came and went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.stations.model import Credential, IdentityShared, Knock, StationOffline, StationOnline
from laddverk.stations.service.reporting import flagged
from laddverk.stations.store import connections as store

FLAPS_MAX: Final = 3  # times that one connection may displace another within FLAPS_WITHIN, from several addresses
FLAPS_WITHIN: Final = timedelta(minutes=5)
KNOCKS_MAX: Final = 1000  # a scan of the internet must not fill the disk; the oldest go first
REASON_LENGTH_MAX: Final = 200  # of a close reason; the protocol allows 123 bytes


async def credential(tx: Transaction, identity: str) -> Credential | None:
    """Return what the gateway needs to let the station with this OCPP identity in; None when it is unknown."""
    return await store.credential(tx, identity)


async def open_connection(
    tx: Transaction, station_id: StationId, protocol: str, remote_address: str, now: datetime
) -> int:
    """Record that a charger connected and return the epoch of the connection.

    The newest connection counts from now on, whatever becomes of the older one (quirk 15). Publishes `StationOnline`
    when there was none, `IdentityShared` when several addresses displace each other. Raises `LookupError` when there
    is no such station.
    """
    opened = await store.open_connection(tx, station_id, protocol, remote_address, now)
    if not opened.was_connected:
        await outbox.publish(tx, [StationOnline(station_id=station_id, at=now)])
    else:
        await _watch_for_two(tx, station_id, opened.epoch, now)
    return opened.epoch


async def _watch_for_two(tx: Transaction, station_id: StationId, epoch: int, now: datetime) -> None:
    """Publish `IdentityShared` once when connections from several addresses keep displacing each other (T3)."""
    recent = await store.recent(tx, station_id, epoch - FLAPS_MAX - 1, now - FLAPS_WITHIN)
    if recent.connections > FLAPS_MAX and recent.addresses > 1:
        await outbox.publish(tx, [IdentityShared(station_id=station_id, at=now)])
        await flagged(tx, station_id, now, f"{recent.addresses} addresses connect in turn: is the key in two hands?")


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


async def seen(tx: Transaction, stations: Sequence[tuple[StationId, datetime]]) -> None:
    """Record when stations were last heard of. An older instant changes nothing."""
    if stations:
        await store.seen(tx, stations)


async def record_knocks(tx: Transaction, knocks: Sequence[Knock]) -> None:
    """Record who was not let in. At most `KNOCKS_MAX` pairs of identity and address are kept, the latest."""
    if knocks:
        await store.record_knocks(tx, knocks, KNOCKS_MAX)


async def forget_knocks(tx: Transaction, actor: Actor, identity: str) -> None:
    """Take an identity off the list of those who knock, until it knocks again. Needs stations:write."""
    actor.require(Permission.STATIONS_WRITE)
    await store.forget_knocks(tx, [identity])

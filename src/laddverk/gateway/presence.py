"""Who is connected: one connection for each station, the newest, and commands for nobody else.

A newcomer has proved who it is before it gets here. Whether it displaces a charger that is alive or a ghost that the
network left behind is asked of the old socket by a ping: a ghost never keeps a charger out, and two that are both
alive are noticed (quirk 15; T3 and T4 of the security study).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

import structlog
from msgspec import Struct
from websockets.exceptions import ConnectionClosed

from laddverk.certificates import service as certificates
from laddverk.gateway import limits
from laddverk.gateway.connection import REPLACED, Connection
from laddverk.gateway.entrance import Visitor
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Away, Transaction
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC, DOORS_TOPIC, Credential

log = structlog.get_logger()

RETIRED: Final = 4003
"""Close code of our own: the station was taken out of the network."""
REVOKED: Final = 4004
"""Close code of our own: the certificate on which the connection stands opens no more."""

Make = Callable[[int], Connection]
"""Makes the connection, given its epoch."""


class Ending(Struct, frozen=True):
    """When and how a connection ended."""

    station_id: StationId
    epoch: int
    code: int | None
    reason: str | None
    at: datetime


class Presence:
    """The connections of one gateway."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.connected: dict[StationId, Connection] = {}
        self.reachable: dict[StationId, Connection] = {}
        """Those that get commands: not the ones whose key is in two hands, nor while it is being found out."""
        self._entering: WeakValueDictionary[StationId, asyncio.Lock] = WeakValueDictionary()
        self._endings: list[Ending] = []
        """Of connections that ended while the database was away; no more than there were connections."""
        self._closing: set[asyncio.Task[None]] = set()

    async def enter(self, visitor: Visitor, protocol: str, make: Make) -> Connection:
        """Record the connection of a station and put it in the place of an older one. Raises what is in `Away`."""
        credential = visitor.credential
        station_id = credential.station_id
        turn = self._entering.setdefault(station_id, asyncio.Lock())
        async with turn:
            older = self.connected.get(station_id)
            self.reachable.pop(station_id, None)
            contested = older is not None and await is_alive(older)
            try:
                connection = await self._recorded(visitor, protocol, make, contested=contested)
            except Away:
                if older is not None and self.connected.get(station_id) is older and credential.held_since is None:
                    self.reachable[station_id] = older
                raise
            self.connected[station_id] = connection
            if credential.held_since is None and not (contested and await self._is_held(station_id)):
                self.reachable[station_id] = connection
            if older is not None:
                log.info("gateway.replaced", station=credential.identity, was_alive=contested)
                self._close_later(older, REPLACED, "a newer connection of this station took over")
        self._house.hints.publish([f"station:{station_id}", "now"])
        return connection

    async def _recorded(self, visitor: Visitor, protocol: str, make: Make, *, contested: bool) -> Connection:
        credential, now = visitor.credential, self._house.clock()
        entrance = stations.Entrance(admission=visitor.admission, tls=visitor.tls, contested=contested)
        topics: list[str] = []
        async with self._house.database.transaction() as tx:
            epoch = await stations.open_connection(tx, credential.station_id, protocol, visitor.address, now, entrance)
            if visitor.stands_on is not None:
                await certificates.used(tx, credential.station_id, visitor.stands_on, now)
            if await self._changes_weak_key(tx, credential, now):
                topics.append(COMMANDS_TOPIC)
        self._house.hints.publish(topics)
        self._house.worker.wake()
        return make(epoch)

    async def _changes_weak_key(self, tx: Transaction, credential: Credential, now: datetime) -> bool:
        if not credential.key_weak:
            return False
        return await stations.replace_weak_key(tx, credential.station_id, now, self._house.secrets.charger_pepper)

    async def _is_held(self, station_id: StationId) -> bool:
        async with self._house.database.transaction() as tx:
            _, held = await stations.shut_out(tx, [station_id])
        return station_id in held

    async def leave(self, connection: Connection) -> None:
        """Record the end of a connection. An older one's late end leaves a newer one alone."""
        for table in (self.connected, self.reachable):
            if table.get(connection.station_id) is connection:
                del table[connection.station_id]
        ending = Ending(
            connection.station_id,
            connection.epoch,
            connection.socket.close_code,
            connection.socket.close_reason,
            self._house.clock(),
        )
        try:
            await self._record([ending])
        except Away as error:
            log.warning("gateway.close_recorded_later", station=connection.identity, error=repr(error))
            self._endings.append(ending)
        self._house.hints.publish([f"station:{connection.station_id}", "now"])

    async def write_down(self) -> None:
        """Record the ends that could not be recorded when they happened. Raises what is in `Away`."""
        if self._endings:
            recorded = len(self._endings)
            await self._record(self._endings[:recorded])
            del self._endings[:recorded]

    async def _record(self, endings: Sequence[Ending]) -> None:
        async with self._house.database.transaction() as tx:
            for ending in endings:
                await stations.close_connection(
                    tx, ending.station_id, ending.epoch, ending.code, ending.reason, ending.at
                )

    async def mind(self) -> None:
        """Close the connections of stations that are retired, and hold the commands of the held. For ever."""
        with self._house.hints.listening([DOORS_TOPIC]) as hints:
            while True:
                try:
                    await self._look_at_standing()
                except Away:
                    pass  # whoever keeps the books notices, and closes all
                except Exception:
                    log.exception("gateway.standing_not_looked_at")
                try:
                    await asyncio.wait_for(anext(hints), limits.DOORS_POLL_S)
                except TimeoutError:
                    continue

    async def _look_at_standing(self) -> None:
        if not self.connected:
            return
        async with self._house.database.transaction() as tx:
            retired, held = await stations.shut_out(tx, list(self.connected))
            revoked = await certificates.ended(tx, self._certificates()) - retired
        self._turn_out(retired, RETIRED, "this station is retired")
        self._turn_out(revoked, REVOKED, "the certificate of this station was revoked")
        for station_id, connection in self.connected.items():
            if station_id in held:
                self.reachable.pop(station_id, None)
            elif station_id not in self.reachable and station_id not in self._entering:
                self.reachable[station_id] = connection

    def _certificates(self) -> dict[StationId, bytes]:
        """Return the certificates on which connections stand."""
        return {
            station_id: connection.socket.stands_on
            for station_id, connection in self.connected.items()
            if isinstance(connection.socket, Visitor) and connection.socket.stands_on is not None
        }

    def _turn_out(self, station_ids: Iterable[StationId], code: int, reason: str) -> None:
        for station_id in station_ids:
            connection = self.connected.get(station_id)
            if connection is not None:
                self._close_later(connection, code, reason)

    def _close_later(self, connection: Connection, code: int, reason: str) -> None:
        """Close a connection without waiting for it: a ghost takes its time."""
        task = asyncio.create_task(connection.close(code, reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        await asyncio.gather(*(connection.close(code, reason) for connection in list(self.connected.values())))


async def is_alive(connection: Connection) -> bool:
    """Return whether the charger at the other end answers a ping at once. A ghost does not."""
    try:
        answered = await connection.socket.ping()
        async with asyncio.timeout(limits.PROOF_OF_LIFE_S):
            await answered
    except (TimeoutError, ConnectionClosed):
        return False
    return True

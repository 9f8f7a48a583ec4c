"""The listener for chargers: handshake, one connection for each station, and what happens when the database is away."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http
from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from laddverk.gateway import limits
from laddverk.gateway.asking import NOBODY, AskerTable, Outside
from laddverk.gateway.connection import Connection
from laddverk.gateway.dispatcher import Dispatcher
from laddverk.gateway.doorkeeper import Doorkeeper, refusal
from laddverk.gateway.entrance import Entrance, Visitor, Way
from laddverk.gateway.presence import Presence
from laddverk.gateway.tls import tls_of
from laddverk.gateway.treatment import Treatment, spoken
from laddverk.gateway.window import Entry, RecorderTable, Window
from laddverk.kernel.ids import StationId
from laddverk.ocpp import quirks
from laddverk.ocpp.facts import HeartbeatReceived
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.stations import service as stations
from laddverk.stations.admission import Door

log = structlog.get_logger()


class Gateway:
    """All chargers of this process."""

    def __init__(self, house: House, recorders: RecorderTable, askers: AskerTable = NOBODY) -> None:
        self._house = house
        self._outside = Outside(house, askers)
        self._window = Window(house.database, recorders, self._committed)
        self._presence = Presence(house)
        self._doorkeeper = Doorkeeper(house)
        self._dispatcher = Dispatcher(
            house.database,
            house.hints,
            house.clock,
            self._presence.reachable,
            lambda: house.worker.wake(),
            house.secrets.charger_pepper,
            house.secrets.link_key,
        )
        self._known = quirks.registry_of(house.settings.quirks_dir)
        self._tls = tls_of(house.settings)
        self._entrance = Entrance(
            _ways(house.settings), self._tls, house.settings.sockets_per_address, self._doorkeeper.note_knock
        )
        self._seen: set[StationId] = set()
        self._database_away = False
        self._new_certificates = asyncio.Event()
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The port that is listened on without TLS."""
        port = self._entrance.port(Door.PLAIN)
        if port is None:
            raise RuntimeError("the gateway is not started")
        return port

    def port_of(self, door: Door) -> int | None:
        """Return the port of a door, or None when it is not open."""
        return self._entrance.port(door)

    def take_new_certificates(self) -> None:
        """Look at the certificate files now. Also safe in the handler of a signal."""
        self._new_certificates.set()

    async def start(self) -> None:
        """Listen, and begin to commit and dispatch."""
        if self._tls is not None:
            await asyncio.to_thread(self._tls.refresh)
        async with self._house.database.transaction() as tx:
            await stations.disconnect_all(tx, self._house.clock())
        await self._doorkeeper.settle_in()
        self._tasks = [
            asyncio.create_task(self._window.run()),
            asyncio.create_task(self._dispatcher.run()),
            asyncio.create_task(self._presence.mind()),
            asyncio.create_task(self._keep_books()),
            asyncio.create_task(self._keep_certificates()),
        ]
        server = serve(
            self._serve,
            process_request=self._admit,
            server_header=None,
            compression=None,
            open_timeout=limits.HANDSHAKE_TIMEOUT_S,
            ping_interval=None,  # each connection pings in its charger's own way
            close_timeout=limits.CLOSE_TIMEOUT_S,
        )
        server.create_server = partial(self._listen, server)
        self._server = await server
        gc.freeze()  # what start-up made lives for ever: a full collection need not look at it
        gc.set_threshold(*limits.GC_THRESHOLDS)

    async def _listen(self, server: Server) -> Any:
        """Open the entrance; each socket that it brings in becomes a `Visitor` of `server`."""
        await self._entrance.open(lambda: self._visitor(server))
        return self._entrance

    def _visitor(self, server: Server) -> Visitor:
        # Extensions are none: with compression, some bytes could become a frame without end.
        protocol = ServerProtocol(
            select_subprotocol=lambda _, offered: self._select_subprotocol(visitor, offered),
            max_size=limits.FRAME_BYTES_MAX,
        )
        visitor = Visitor(
            protocol,
            server,
            ping_interval=None,
            close_timeout=limits.CLOSE_TIMEOUT_S,
            max_queue=limits.SOCKET_QUEUE_MAX,
        )
        return visitor

    async def stop(self) -> None:
        """Close all sockets, commit what is left, and stop listening."""
        if self._server is not None:
            self._server.close(close_connections=True, code=CloseCode.GOING_AWAY, reason="restarting")
            await self._server.wait_closed()
        try:
            await self._window.drain()
            await self._flush_books()
        except Away as error:
            log.warning("gateway.stopped_without_database", error=repr(error))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # The handshake

    async def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """Return None to go on with the upgrade, or the answer that refuses it."""
        if self._database_away or len(self._presence.connected) >= limits.STATIONS_MAX:
            return refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, ("Retry-After", "30"))
        return await self._doorkeeper.admit(_visiting(socket), request)

    @staticmethod
    def _select_subprotocol(visitor: Visitor, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        protocol = spoken(offered, quirks.read(visitor.credential.quirks)) if offered else None
        return Subprotocol(protocol.value) if protocol else None

    # The connection

    async def _serve(self, socket: ServerConnection) -> None:
        visitor = _visiting(socket)
        treatment = Treatment(visitor.credential, self._known)
        protocol = self._spoken(visitor, treatment)
        if protocol is None:
            self._doorkeeper.note_knock(visitor.credential.identity, visitor.address, "no_subprotocol")
            await visitor.close(CloseCode.PROTOCOL_ERROR, "no common OCPP version was offered")
            return
        make = partial(self._connection, visitor, protocol, treatment)
        try:
            connection = await self._presence.enter(visitor, protocol.value, make)
        except Away:
            await visitor.close(CloseCode.TRY_AGAIN_LATER, "the database is away")
            return
        try:
            await connection.serve()
        finally:
            await self._presence.leave(connection)

    @staticmethod
    def _spoken(socket: ServerConnection, treatment: Treatment) -> Protocol | None:
        if socket.subprotocol:
            return Protocol(socket.subprotocol)
        offers = socket.request is not None and "Sec-WebSocket-Protocol" in socket.request.headers
        return None if offers else spoken((), treatment.quirks)

    def _connection(self, visitor: Visitor, protocol: Protocol, treatment: Treatment, epoch: int) -> Connection:
        credential = visitor.credential
        connection = Connection(
            visitor,
            station_id=credential.station_id,
            identity=credential.identity,
            epoch=epoch,
            protocol=protocol,
            clock_offset_ms=credential.clock_offset_ms,
            treatment=treatment,
            window=self._window,
            clock=self._house.clock,
        )
        connection.outside = self._outside
        return connection

    # After a commit, and from time to time

    def _committed(self, entries: Sequence[Entry]) -> None:
        touched: set[StationId] = set()
        for entry in entries:
            for fact in entry.facts:
                self._seen.add(fact.station_id)
                if not isinstance(fact, HeartbeatReceived):
                    touched.add(fact.station_id)
        if touched:
            self._house.hints.publish([*(f"station:{station_id}" for station_id in touched), "now"])
            self._house.worker.wake()

    async def _keep_books(self) -> None:
        """Write down knocks and "last seen" now and then, and notice when the database goes and comes back."""
        while True:
            await asyncio.sleep(limits.DATABASE_PROBE_S if self._database_away else limits.KNOCKS_FLUSH_S)
            try:
                await self._flush_books()
            except Away as error:
                await self._shut_out(error)
            except Exception:
                log.exception("gateway.books_not_kept")  # the next look must come: it alone notices a lost database
            else:
                if self._database_away:
                    log.info("gateway.database_is_back")
                self._database_away = False

    async def _flush_books(self) -> None:
        self._window.flush()
        await self._presence.write_down()
        seen, self._seen = self._seen, set()
        now = self._house.clock()
        async with self._house.database.transaction() as tx:
            await tx.value("SELECT 1")
            await self._doorkeeper.write_down(tx, now)
        if seen:  # by itself: a window may hold some of these stations, which are then told again
            moments = [(station_id, now) for station_id in sorted(seen)]
            self._seen.update(await self._house.database.run(lambda tx: stations.seen(tx, moments)))

    async def _keep_certificates(self) -> None:
        """Take new certificate files into use. Sockets that are open keep theirs."""
        while self._tls is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new_certificates.wait(), limits.CERTIFICATES_POLL_S)
            self._new_certificates.clear()
            try:
                await asyncio.to_thread(self._tls.refresh)
            except (OSError, ValueError) as error:
                log.error("tls.not_refreshed", error=str(error))

    async def _shut_out(self, error: BaseException) -> None:
        """The database is away: close all sockets, so that chargers queue instead of losing messages (law 1)."""
        if not self._database_away:
            log.error("gateway.database_away", error=repr(error))
        self._database_away = True
        await self._presence.close_all(CloseCode.TRY_AGAIN_LATER, "the database is away; keep your messages")


def _visiting(socket: ServerConnection) -> Visitor:
    if not isinstance(socket, Visitor):
        raise TypeError("this socket did not come by the entrance")
    return socket


def _ways(settings: Settings) -> list[Way]:
    ports = {
        Door.PLAIN: settings.ocpp_port,
        Door.TLS: settings.ocpp_tls_port,
        Door.LEGACY_TLS: settings.ocpp_legacy_tls_port,
    }
    return [Way(door, settings.host, port) for door, port in ports.items() if port is not None]

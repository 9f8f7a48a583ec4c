"""The listener for chargers: handshake, one connection for each station, and what happens when the database is away."""

from __future__ import annotations

import asyncio
import gc
import http
from collections.abc import Sequence
from datetime import datetime

import structlog
from msgspec import Struct
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from laddverk.gateway import limits
from laddverk.gateway.asking import NOBODY, AskerTable, Outside
from laddverk.gateway.connection import REPLACED, Connection
from laddverk.gateway.dispatcher import Dispatcher
from laddverk.gateway.doorway import FailureLimit, credentials_in, identity_in
from laddverk.gateway.treatment import Treatment, spoken
from laddverk.gateway.window import Entry, RecorderTable, Window
from laddverk.kernel.ids import StationId
from laddverk.ocpp import quirks
from laddverk.ocpp.facts import HeartbeatReceived
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import Credential, Knock

log = structlog.get_logger()


class Ending(Struct, frozen=True):
    """When and how a connection ended."""

    station_id: StationId
    epoch: int
    code: int | None
    reason: str | None
    at: datetime


class Gateway:
    """All chargers of this process."""

    def __init__(self, house: House, recorders: RecorderTable, askers: AskerTable = NOBODY) -> None:
        self._house = house
        self._outside = Outside(house, askers)
        self._window = Window(house.database, recorders, self._committed)
        self._connections: dict[StationId, Connection] = {}
        self._dispatcher = Dispatcher(
            house.database, house.hints, house.clock, self._connections, lambda: house.worker.wake()
        )
        self._known = quirks.registry_of(house.settings.quirks_dir)
        self._failures = FailureLimit()
        self._handshakes = asyncio.Semaphore(limits.HANDSHAKES_AT_ONCE)
        self._knocks: list[Knock] = []
        self._seen: set[StationId] = set()
        self._endings: list[Ending] = []
        """Of connections that ended while the database was away; no more than there were connections."""
        self._database_away = False
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._server is None:
            raise RuntimeError("the gateway is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen, and begin to commit and dispatch."""
        settings = self._house.settings
        async with self._house.database.transaction() as tx:
            await stations.disconnect_all(tx, self._house.clock())
        self._tasks = [
            asyncio.create_task(self._window.run()),
            asyncio.create_task(self._dispatcher.run()),
            asyncio.create_task(self._keep_books()),
        ]
        self._server = await serve(
            self._serve,
            settings.host,
            settings.ocpp_port,
            process_request=self._admit,
            select_subprotocol=self._select_subprotocol,
            server_header=None,
            compression=None,
            open_timeout=limits.HANDSHAKE_TIMEOUT_S,
            ping_interval=None,  # each connection pings in its charger's own way
            close_timeout=limits.CLOSE_TIMEOUT_S,
            max_size=limits.FRAME_BYTES_MAX,
            max_queue=limits.SOCKET_QUEUE_MAX,
        )
        gc.freeze()  # what start-up made lives for ever: a full collection need not look at it
        gc.set_threshold(*limits.GC_THRESHOLDS)

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
        if self._database_away or len(self._connections) >= limits.STATIONS_MAX:
            return _refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, ("Retry-After", "30"))
        address = _address(socket)
        now = self._house.clock()
        if self._failures.is_reached(address, now):
            return _refusal(http.HTTPStatus.TOO_MANY_REQUESTS, ("Retry-After", "60"))
        identity = identity_in(request.path)
        if identity is None:
            return _refusal(http.HTTPStatus.NOT_FOUND)
        async with self._handshakes:
            try:
                credential, reason = await self._recognised(identity, request.headers.get("Authorization"))
            except Away as error:
                log.error("gateway.database_away", error=repr(error))
                return _refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, ("Retry-After", "30"))
        if credential is None:
            self._failures.failed(address, now)
            self._note_knock(identity, address, reason)
            return _refusal(
                http.HTTPStatus.UNAUTHORIZED, ("WWW-Authenticate", 'Basic realm="laddverk", charset="UTF-8"')
            )
        socket.credential = credential  # type: ignore[attr-defined]  # carried from the handshake to `_serve`
        return None

    async def _recognised(self, identity: str, authorization: str | None) -> tuple[Credential | None, str]:
        """Return the station's credential when the key is right, else None and the reason for staff."""
        given = credentials_in(authorization)
        async with self._house.database.transaction() as tx:
            credential = await stations.credential(tx, identity)
        if given is None:
            return None, "no_credentials" if credential else "unknown_station"
        pepper = self._house.secrets.charger_pepper
        matches = await stations.matched(pepper, credential, given.password)  # same work for unknown stations
        if credential is None:
            return None, "unknown_station"
        if given.user != identity or not matches:
            return None, "wrong_key"
        if credential.retired:
            return None, "retired_station"
        return credential, ""

    def _select_subprotocol(self, socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        credential: Credential = socket.credential  # type: ignore[attr-defined]  # set by `_admit`
        protocol = spoken(offered, quirks.read(credential.quirks)) if offered else None
        return Subprotocol(protocol.value) if protocol else None

    def _note_knock(self, identity: str, address: str, reason: str) -> None:
        if len(self._knocks) < limits.KNOCKS_WAITING_MAX:
            self._knocks.append(Knock(identity, address, reason, self._house.clock()))

    # The connection

    async def _serve(self, socket: ServerConnection) -> None:
        credential: Credential = socket.credential  # type: ignore[attr-defined]  # set by `_admit`
        treatment = Treatment(credential, self._known)
        protocol = self._spoken(socket, treatment)
        if protocol is None:
            self._note_knock(credential.identity, _address(socket), "no_subprotocol")
            await socket.close(CloseCode.PROTOCOL_ERROR, "no common OCPP version was offered")
            return
        try:
            connection = await self._opened(socket, credential, protocol, treatment)
        except Away:
            await socket.close(CloseCode.TRY_AGAIN_LATER, "the database is away")
            return
        try:
            await connection.serve()
        finally:
            await self._closed(connection)

    @staticmethod
    def _spoken(socket: ServerConnection, treatment: Treatment) -> Protocol | None:
        if socket.subprotocol:
            return Protocol(socket.subprotocol)
        offers = socket.request is not None and "Sec-WebSocket-Protocol" in socket.request.headers
        return None if offers else spoken((), treatment.quirks)

    async def _opened(
        self, socket: ServerConnection, credential: Credential, protocol: Protocol, treatment: Treatment
    ) -> Connection:
        """Record the connection and put it in the place of an older one, which is closed (quirk 15)."""
        async with self._house.database.transaction() as tx:
            epoch = await stations.open_connection(
                tx, credential.station_id, protocol.value, _address(socket), self._house.clock()
            )
        connection = Connection(
            socket,
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
        older = self._connections.get(credential.station_id)
        self._connections[credential.station_id] = connection
        if older is not None:
            log.info("gateway.replaced", station=credential.identity)
            await older.close(REPLACED, "a newer connection of this station took over")
        self._house.hints.publish([f"station:{credential.station_id}", "now"])
        return connection

    async def _closed(self, connection: Connection) -> None:
        """Record the end. An older connection's late end leaves a newer one alone."""
        if self._connections.get(connection.station_id) is connection:
            del self._connections[connection.station_id]
        ending = Ending(
            connection.station_id,
            connection.epoch,
            connection.socket.close_code,
            connection.socket.close_reason,
            self._house.clock(),
        )
        try:
            await self._record_endings([ending])
        except Away as error:
            log.warning("gateway.close_recorded_later", station=connection.identity, error=repr(error))
            self._endings.append(ending)
        self._house.hints.publish([f"station:{connection.station_id}", "now"])

    async def _record_endings(self, endings: Sequence[Ending]) -> None:
        async with self._house.database.transaction() as tx:
            for ending in endings:
                await stations.close_connection(
                    tx, ending.station_id, ending.epoch, ending.code, ending.reason, ending.at
                )

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
        if self._endings:
            recorded = len(self._endings)
            await self._record_endings(self._endings[:recorded])
            del self._endings[:recorded]
        seen, self._seen = self._seen, set()
        knocks, self._knocks = self._knocks, []
        now = self._house.clock()
        async with self._house.database.transaction() as tx:
            await tx.value("SELECT 1")
            if seen:
                await stations.seen(tx, [(station_id, now) for station_id in seen])
            if knocks:
                await stations.record_knocks(tx, knocks)

    async def _shut_out(self, error: BaseException) -> None:
        """The database is away: close all sockets, so that chargers queue instead of losing messages (law 1)."""
        if not self._database_away:
            log.error("gateway.database_away", error=repr(error))
        self._database_away = True
        await asyncio.gather(
            *(
                connection.close(CloseCode.TRY_AGAIN_LATER, "the database is away; keep your messages")
                for connection in list(self._connections.values())
            )
        )


def _address(socket: ServerConnection) -> str:
    peer = socket.remote_address
    return str(peer[0]) if peer else "unknown"


def _refusal(status: http.HTTPStatus, *headers: tuple[str, str]) -> Response:
    """Return the same short answer whatever the reason: nothing tells a known station from an unknown one (T6)."""
    body = f"{status.value} {status.phrase}\n".encode()
    standard = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Connection", "close")]
    return Response(status.value, status.phrase, Headers([*standard, *headers]), body)

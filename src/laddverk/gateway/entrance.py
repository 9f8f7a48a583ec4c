"""The entrance for chargers: listening sockets with and without TLS, and everything before the first HTTP byte is read.

Who floods us, speaks the wrong protocol for the port, or fails the TLS handshake is turned away here with one short
line in the log and a reason for staff (quirk 5), and costs one file descriptor for at most some seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from msgspec import Struct
from websockets.asyncio.server import ServerConnection

from laddverk.gateway import limits
from laddverk.gateway.certificates import shown_certificate
from laddverk.gateway.tls import Tls
from laddverk.stations.admission import CERTIFICATE, Admission, Door, ShownCertificate
from laddverk.stations.model import Credential

log = structlog.get_logger()

TLS_HANDSHAKE: Final = 0x16  # the first byte of a TLS connection
HTTP_BEGINS: Final = b"GET "  # of every WebSocket handshake
PEEKED: Final = 4
SHOWN_BYTES: Final = 16  # of what is no handshake, in the log
SPEAKS_TLS: Final = b"This port speaks TLS: use wss:// here.\n"
PLAIN_ON_TLS: Final = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: " + str(len(SPEAKS_TLS)).encode() + b"\r\n\r\n" + SPEAKS_TLS
)

TOO_OLD: Final = {"NO_SHARED_CIPHER", "UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "INAPPROPRIATE_FALLBACK",
                  "NO_SUITABLE_SIGNATURE_ALGORITHM", "NO_SHARED_SIGNATURE_ALGORITHMS", "UNSUPPORTED_SSL_VERSION",
                  "WRONG_VERSION_NUMBER", "WRONG_SSL_VERSION"}  # fmt: skip
"""OpenSSL's reasons that mean: it knows no TLS that is offered here."""

TLS_NOT_HERE: Final = b"\x15\x03\x01\x00\x02\x02\x46"
"""The alert "protocol version" to who tries TLS where there is none: it fails at once instead of timing out."""

READ_AWAY_BYTES: Final = 65_536  # what is left unread would turn our last words into a reset

NoteKnock = Callable[[str, str, str], None]
"""Is told identity (empty: not known yet), address and reason of whoever is turned away."""


class Way(Struct, frozen=True):
    """A port to listen on, and as what."""

    door: Door
    host: str
    port: int


class Visitor(ServerConnection):
    """A socket at the door: how it came, and as whom it was let in."""

    door: Door = Door.PLAIN
    address: str = "unknown"
    """Where it comes from; behind a proxy, what the proxy says."""
    entrance: Entrance
    credential: Credential
    admission: Admission
    stands_on: bytes | None = None
    """SHA-256 of the certificate that opened the door to it; None when something else did."""
    admitted = False
    is_gone = False

    def let_in(self, credential: Credential, admission: Admission) -> None:
        """Remember as whom it is let in."""
        self.credential, self.admission = credential, admission
        shown = self.certificate if admission.profile == CERTIFICATE else None
        self.stands_on = shown.sha256 if shown is not None else None
        self.admitted = True
        self.entrance.waits_no_more(self.peer)

    @property
    def peer(self) -> str:
        """The address at the other end of the socket."""
        return peer_of(self.remote_address)

    @property
    def certificate(self) -> ShownCertificate | None:
        """The client certificate that was shown, signed by an authority that we take."""
        layer = self.transport.get_extra_info("ssl_object")
        return shown_certificate(layer.getpeercert(binary_form=True)) if layer is not None else None

    @property
    def tls(self) -> str:
        """TLS version and cipher suite; empty without TLS."""
        layer = self.transport.get_extra_info("ssl_object")
        cipher = layer.cipher() if layer is not None else None
        return f"{layer.version()} {cipher[0]}" if cipher else ""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the entrance that the socket is gone."""
        if not self.is_gone:
            self.is_gone = True
            self.entrance.left(self.peer, admitted=self.admitted)
        super().connection_lost(exc)


class Entrance:
    """Listens, and brings in who speaks the right protocol. Stands where `websockets` expects an `asyncio.Server`."""

    def __init__(self, ways: Sequence[Way], tls: Tls | None, per_address_max: int, note_knock: NoteKnock) -> None:
        self._ways = ways
        self._tls = tls
        self._per_address_max = per_address_max
        self._note_knock = note_knock
        self._listening: list[tuple[Door, socket.socket]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._present: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._serving = False

    async def open(self, make: Callable[[], Visitor]) -> None:
        """Listen on every way. Raises `OSError` when a port is taken."""
        loop = asyncio.get_running_loop()
        for way in self._ways:
            found = await loop.getaddrinfo(way.host, way.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, _, _, _, address in dict.fromkeys(found):
                self._listening.append((way.door, _listening_socket(family, address)))
        self._serving = True
        for door, listening in self._listening:
            self._start(self._accept(door, listening, make))

    def port(self, door: Door) -> int | None:
        """Return the port of `door`, or None when it is not open."""
        return next((int(one.getsockname()[1]) for kind, one in self._listening if kind is door), None)

    def left(self, peer: str, *, admitted: bool) -> None:
        """Note that a socket of `peer` is gone."""
        _discount(self._present, peer)
        if not admitted:
            self.waits_no_more(peer)

    def waits_no_more(self, peer: str) -> None:
        """Note that a socket of `peer` is past the handshake."""
        _discount(self._waiting, peer)

    # What `websockets` calls of an `asyncio.Server`

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening sockets."""
        return tuple(listening for _, listening in self._listening)

    def is_serving(self) -> bool:
        """Whether anybody is let in."""
        return self._serving

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that all this runs in."""
        return asyncio.get_running_loop()

    def close(self) -> None:
        """Listen no more, and turn away who is not in yet."""
        self._serving = False
        for task in self._tasks:
            task.cancel()

    async def wait_closed(self) -> None:
        """Return when nothing listens any more."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _, listening in self._listening:
            listening.close()

    # One socket after another

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, door: Door, listening: socket.socket, make: Callable[[], Visitor]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError as error:
                log.error("gateway.cannot_accept", error=str(error))
                await asyncio.sleep(limits.ACCEPT_PAUSE_S)
                continue
            peer = peer_of(address)
            if self._is_too_many(peer):
                self._note_knock("", peer, "too_many_sockets")
                accepted.close()
                continue
            self._present[peer] += 1
            self._waiting[peer] += 1
            self._start(self._bring_in(door, accepted, peer, make))

    def _is_too_many(self, peer: str) -> bool:
        if self._waiting[peer] >= limits.HANDSHAKES_WAITING_MAX:
            return True
        return 0 < self._per_address_max <= self._present[peer]

    async def _bring_in(self, door: Door, accepted: socket.socket, peer: str, make: Callable[[], Visitor]) -> None:
        """Hand a socket over to `websockets` once its first bytes fit the door; else turn it away."""
        visitor: Visitor | None = None
        handed_over = False
        try:
            reason = await self._wrong_protocol(door, accepted)
            if reason is not None:
                if reason:
                    self._note_knock("", peer, reason)
                return
            visitor = make()
            visitor.door, visitor.address, visitor.entrance = door, peer, self
            await asyncio.get_running_loop().connect_accepted_socket(_factory(visitor), accepted, **self._layer(door))
            handed_over = True
        except (OSError, EOFError, TimeoutError) as error:
            if door is not Door.PLAIN:
                why = why_tls_failed(error)
                log.info("gateway.tls_failed", peer=peer, why=why, error=str(error)[:200])
                self._note_knock("", peer, why)
        finally:
            if not handed_over:
                accepted.close()
            if not handed_over and not (visitor is not None and visitor.is_gone):
                self.left(peer, admitted=False)

    def _layer(self, door: Door) -> dict[str, Any]:
        """Return what `connect_accepted_socket` needs for the TLS of `door`: nothing for the plain one."""
        context = self._tls.context(door) if self._tls is not None else None
        if context is None:
            return {}
        return {"ssl": context, "ssl_handshake_timeout": limits.HANDSHAKE_TIMEOUT_S}

    async def _wrong_protocol(self, door: Door, accepted: socket.socket) -> str | None:
        """Return None when the first bytes are what `door` is for, else the reason; empty when nobody needs to know."""
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(limits.HANDSHAKE_TIMEOUT_S):
            first = await _first_bytes(accepted)
        if not first:
            return ""
        if door is Door.PLAIN:
            if first[0] == TLS_HANDSHAKE:
                log.info("gateway.tls_on_plain_port", peer=peer_of(accepted.getpeername()))
                _say(accepted, TLS_NOT_HERE)
                return "tls_on_plain_port"
            if not HTTP_BEGINS.startswith(first[:PEEKED]):
                log.info("gateway.not_http", peer=peer_of(accepted.getpeername()), begins=first.hex())
                _say(accepted, b"")
                return "not_http"
        elif first[0] != TLS_HANDSHAKE:
            log.info("gateway.plain_on_tls_port", peer=peer_of(accepted.getpeername()), begins=first.hex())
            _say(accepted, PLAIN_ON_TLS)
            return "plain_on_tls_port"
        return None


def _factory(visitor: Visitor) -> Callable[[], Visitor]:
    return lambda: visitor


def _listening_socket(family: int, address: Any) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(limits.BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


async def _first_bytes(accepted: socket.socket) -> bytes:
    """Return the first bytes that came, and leave them there to be read; nothing when the other side has gone."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[None] = loop.create_future()
    loop.add_reader(accepted.fileno(), _done, arrived)
    try:
        await arrived
    finally:
        loop.remove_reader(accepted.fileno())
    return accepted.recv(SHOWN_BYTES, socket.MSG_PEEK)


def _say(accepted: socket.socket, last_words: bytes) -> None:
    """Send `last_words` to who is turned away, so that they arrive before the end."""
    with contextlib.suppress(OSError):
        accepted.recv(READ_AWAY_BYTES)
        accepted.send(last_words)
        accepted.shutdown(socket.SHUT_WR)


def _done(arrived: asyncio.Future[None]) -> None:
    if not arrived.done():
        arrived.set_result(None)


def why_tls_failed(error: Exception) -> str:
    """Return the reason for a failed TLS handshake, as staff are told it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls_foreign_certificate"
    reason = str(getattr(error, "reason", "") or "").upper().replace(" ", "_")
    if reason in TOO_OLD:
        return "tls_too_old"
    if "ALERT" in reason and any(word in reason for word in ("UNKNOWN_CA", "CERTIFICATE", "BAD_CERT")):
        return "tls_distrusts_us"
    return "tls_failed"


def peer_of(address: Any) -> str:
    """Return the host in a socket address."""
    return str(address[0]) if address else "unknown"


def _discount(counter: Counter[str], key: str) -> None:
    if counter[key] <= 1:
        del counter[key]
    else:
        counter[key] -= 1

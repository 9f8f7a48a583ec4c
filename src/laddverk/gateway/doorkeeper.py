"""The doorkeeper: decides before the WebSocket upgrade who comes in, and remembers who did not.

Known and unknown stations are refused alike: same status, same body, after the same time (T6). Unknown stations are
never created; they are noted as knocks, for staff to see (T1, T2, T5 of the security study).
"""

from __future__ import annotations

import asyncio
import http
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

import msgspec
import structlog
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from laddverk.certificates import service as certificates
from laddverk.gateway import limits
from laddverk.gateway.doorway import credentials_in, identity_in
from laddverk.gateway.entrance import Visitor
from laddverk.gateway.guessing import Guard
from laddverk.platform.database import Away, Transaction
from laddverk.platform.house import House
from laddverk.platform.settings import networks_in
from laddverk.stations import admission, keys
from laddverk.stations import service as stations
from laddverk.stations.admission import Admission, Door, Refusal, ShownCertificate
from laddverk.stations.model import Credential, Knock

log = structlog.get_logger()

FORWARDED_FOR: Final = "X-Forwarded-For"
FORWARDED_PROTO: Final = "X-Forwarded-Proto"
RENEW: Final = "renew"
CHALLENGE: Final = ("WWW-Authenticate", 'Basic realm="laddverk", charset="UTF-8"')

Networks = tuple[IPv4Network | IPv6Network, ...]


class TooBusy(Exception):
    """The check would have to wait for too many slow ones."""


class Doorkeeper:
    """Stands at all doors of one gateway."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._guard = Guard()
        self._handshakes = asyncio.Semaphore(limits.HANDSHAKES_AT_ONCE)
        self._slow_checks = 0
        self._knocks: list[Knock] = []
        self._listed = networks_in(house.settings.station_networks)
        self._proxies = networks_in(house.settings.station_proxies)

    async def settle_in(self) -> None:
        """Learn from where stations came before, so that no neighbour's failures hold them back after a restart."""
        async with self._house.database.transaction() as tx:
            homes = await stations.homes(tx, limits.HOMES_REMEMBERED)
        self._guard.at_home(reversed(homes))

    async def admit(self, visitor: Visitor, request: Request) -> Response | None:
        """Return None to go on with the upgrade, or the answer that refuses it."""
        loop = asyncio.get_running_loop()
        came_s = loop.time()
        visitor.door, visitor.address = self._way_of(visitor, request)
        identity = identity_in(request.path)
        if identity is None:
            return refusal(http.HTTPStatus.NOT_FOUND)
        if not self._guard.may_try(visitor.address, identity, came_s):
            return refusal(http.HTTPStatus.TOO_MANY_REQUESTS, ("Retry-After", "60"))
        try:
            credential, decided = await self._decided(visitor, request, identity)
        except (*Away, TooBusy) as error:
            log.error("gateway.cannot_check", error=repr(error))
            return refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, ("Retry-After", "30"))
        if isinstance(decided, Admission) and credential is not None:
            self._guard.succeeded(visitor.address, identity)
            visitor.let_in(credential, decided)
            return None
        self._guard.failed(visitor.address, identity, came_s)
        self.note_knock(identity, visitor.address, str(decided))
        await asyncio.sleep(max(0.0, came_s + self._guard.refusal_s(loop.time()) - loop.time()))
        return refusal(http.HTTPStatus.UNAUTHORIZED, CHALLENGE)

    async def _decided(
        self, visitor: Visitor, request: Request, identity: str
    ) -> tuple[Credential | None, Admission | Refusal]:
        given = credentials_in(request.headers.get("Authorization"))
        async with self._handshakes, self._house.database.transaction() as tx:
            credential = await stations.credential(tx, identity)
            certificate = await _looked_up(tx, credential, visitor.certificate)
        match = await self._matched(credential, given.password) if given is not None else None
        shown = admission.Shown(
            door=visitor.door,
            from_listed_network=is_in(visitor.address, self._listed),
            user=given.user if given is not None else None,
            key=match,
            certificate=certificate,
        )
        may_renew = self._house.settings.expired_certificates == RENEW
        return credential, admission.decide(credential, shown, self._house.clock(), expired_may_renew=may_renew)

    async def _matched(self, credential: Credential | None, password: bytes) -> keys.Match | None:
        """Return which key `password` is. Slow checks wait in a line of their own, which has an end."""
        pepper = self._house.secrets.charger_pepper
        if not keys.is_slow(credential):
            return keys.match(pepper, credential, password)
        if self._slow_checks >= limits.SLOW_CHECKS_MAX:
            raise TooBusy
        self._slow_checks += 1
        try:
            return await stations.matched(pepper, credential, password)
        finally:
            self._slow_checks -= 1

    def _way_of(self, visitor: Visitor, request: Request) -> tuple[Door, str]:
        """Return by which door and from where somebody came, believing what our own proxies say and nobody else."""
        if visitor.door is not Door.PLAIN or not self._proxies or not is_in(visitor.peer, self._proxies):
            return visitor.door, visitor.peer
        hops = [hop.strip() for value in request.headers.get_all(FORWARDED_FOR) for hop in value.split(",")]
        address = hops[-1] if hops and is_address(hops[-1]) else visitor.peer
        is_plain = request.headers.get(FORWARDED_PROTO, "https").strip().lower() in ("http", "ws")
        return (Door.PLAIN if is_plain else Door.TLS), address

    # What is told to staff

    def note_knock(self, identity: str, address: str, reason: str) -> None:
        """Note somebody who was not let in. In a flood the later ones are only counted by the guard."""
        if len(self._knocks) < limits.KNOCKS_WAITING_MAX:
            self._knocks.append(Knock(identity, address, reason, self._house.clock()))

    async def write_down(self, tx: Transaction, now: datetime) -> None:
        """Record who was not let in since the last time, and who tries keys."""
        knocks, self._knocks = self._knocks, []
        if knocks:
            await stations.record_knocks(tx, knocks)
        guesses = self._guard.told(asyncio.get_running_loop().time())
        for guess in guesses:
            log.warning("gateway.guessing", address=guess.remote_address or "many", attempts=guess.attempts)
        if guesses:
            await stations.record_guesses(tx, guesses, now)


async def _looked_up(
    tx: Transaction, credential: Credential | None, certificate: ShownCertificate | None
) -> ShownCertificate | None:
    """Return the certificate with what we know of it: one that we issued may have been revoked since."""
    if credential is None or certificate is None:
        return certificate
    issue = await certificates.issue(tx, credential.station_id, certificate.sha256)
    return msgspec.structs.replace(certificate, issue=issue)


def is_address(text: str) -> bool:
    """Return whether `text` is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_in(address: str, networks: Networks) -> bool:
    """Return whether `address` is in one of `networks`."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in networks)


def refusal(status: http.HTTPStatus, *headers: tuple[str, str]) -> Response:
    """Return the same short answer whatever the reason: nothing tells a known station from an unknown one (T6)."""
    body = f"{status.value} {status.phrase}\n".encode()
    standard = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Connection", "close")]
    return Response(status.value, status.phrase, Headers([*standard, *headers]), body)

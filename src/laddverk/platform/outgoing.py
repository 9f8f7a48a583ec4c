"""Calls to servers of others: one request, bounded in time and size, to an address that was checked before (T18, T19).

A name is resolved once and the socket goes to what was checked, so that nothing can change in between. Redirects are
not followed. Addresses that chargers and partners give are asked only where the caller lists their host.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httptools
from msgspec import Struct

TIMEOUT_S: Final = 5.0  # who asks waits with a car at the cable
BYTES_MAX: Final = 64 * 1024  # an OCSP answer has 2 KB, a contract certificate some 17 KB
HEADERS_MAX: Final = 100
PORTS: Final = {"http": 80, "https": 443}
NAT64: Final = IPv6Network("64:ff9b::/96")  # an IPv4 address in disguise

Address = IPv4Address | IPv6Address


class NotAllowed(Exception):
    """The address is none that we ask. Nothing was sent."""


class NoAnswer(Exception):
    """Nobody answered, too late, or with something that is no answer."""


class Fetched(Struct, frozen=True):
    """What a server answered."""

    status: int
    content_type: str
    body: bytes
    retry_after: str = ""
    """When to come back, as it said (RFC 9110, 10.2.3)."""
    date: str = ""
    """What its clock showed, as it said (RFC 9110, 6.6.1)."""


class _Reading:
    """Collects an answer, up to a limit. The names are those that the parser calls."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._chunks: list[bytes] = []
        self._size = 0
        self._headers = 0
        self.content_type = ""
        self.retry_after = ""
        self.date = ""
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        if self._headers > HEADERS_MAX:
            raise NoAnswer("it has too many headers")
        if name.lower() == b"content-type":
            self.content_type = value.decode("latin-1")[:200]
        elif name.lower() == b"retry-after":
            self.retry_after = value.decode("latin-1").strip()[:40]
        elif name.lower() == b"date":
            self.date = value.decode("latin-1").strip()[:40]

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._bytes_max:
            raise NoAnswer(f"the answer is larger than {self._bytes_max} bytes")
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        self.is_complete = True

    @property
    def body(self) -> bytes:
        return b"".join(self._chunks)


async def fetch(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    hosts: Collection[str] | None = None,
    private_hosts: Collection[str] = (),
    tls: ssl.SSLContext | None = None,
    timeout_s: float = TIMEOUT_S,
    bytes_max: int = BYTES_MAX,
) -> Fetched:
    """Return the answer to one request.

    With `hosts` (`name` or `name:port`) only these are asked; None is for an address that the operator set. Private and
    loopback addresses are refused unless the host is among `private_hosts`, or the operator set the address. Raises
    `NotAllowed` and `NoAnswer`, never anything else.
    """
    parts = checked(url, hosts)
    may_be_private = hosts is None or _is_listed(parts, private_hosts)
    try:
        async with asyncio.timeout(timeout_s):
            address = await _resolved(parts, may_be_private=may_be_private)
            return await _ask(address, parts, _request(method, parts, body, headers or {}), tls, bytes_max)
    except TimeoutError:
        raise NoAnswer(f"no answer within {timeout_s:g} s") from None
    except (OSError, asyncio.IncompleteReadError, httptools.HttpParserError, ValueError) as error:
        cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
        raise (cause if isinstance(cause, NoAnswer) else NoAnswer(f"{type(error).__name__}: {error}")) from None


def checked(url: str, hosts: Collection[str] | None) -> SplitResult:
    """Return the parts of `url`. Raises `NotAllowed` when its form or its host is none that we ask."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("the address cannot be read") from None
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise NotAllowed("only http:// and https:// addresses are asked")
    if parts.username is not None or parts.password is not None or not url.isprintable() or " " in url:
        raise NotAllowed("the address holds what does not belong in it")
    if not parts.hostname.isascii():
        raise NotAllowed("the host is not written in ASCII")
    if hosts is not None and not _is_listed(parts, hosts):
        raise NotAllowed(f"{parts.netloc} is not listed")
    return parts


def _is_listed(parts: SplitResult, hosts: Collection[str]) -> bool:
    host = (parts.hostname or "").lower().rstrip(".")
    port = parts.port or PORTS[parts.scheme]
    listed = {entry.strip().lower().rstrip(".") for entry in hosts}
    return f"{host}:{port}" in listed or (host in listed and port in PORTS.values())


async def _resolved(parts: SplitResult, *, may_be_private: bool) -> str:
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # SOCK_STREAM
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise NoAnswer(f"{host} has no address")
    if not may_be_private and not all(is_public(ip_address(address.partition("%")[0])) for address in addresses):
        raise NotAllowed(f"{host} is at an address that is not public")
    return addresses[0]


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _request(method: str, parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    given = {"host": host, "content-length": str(len(body)), "connection": "close", "accept-encoding": "identity"}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (given | dict(headers)).items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise NotAllowed("a header holds a line break")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


async def _ask(address: str, parts: SplitResult, request: bytes, tls: ssl.SSLContext | None, bytes_max: int) -> Fetched:
    port = parts.port or PORTS[parts.scheme]
    context = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        address, port, ssl=context, server_hostname=parts.hostname if context else None
    )
    try:
        writer.write(request)
        await writer.drain()
        reading = _Reading(bytes_max)
        parser = httptools.HttpResponseParser(reading)
        while not reading.is_complete:
            data = await reader.read(16_384)
            if not data:
                break
            parser.feed_data(data)
        if not reading.is_complete:
            raise NoAnswer("the connection ended before the answer did")
        return Fetched(parser.get_status_code(), reading.content_type, reading.body, reading.retry_after, reading.date)
    finally:
        writer.close()

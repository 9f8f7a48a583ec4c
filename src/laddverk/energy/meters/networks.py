"""Where meters and brokers may be: in the networks that the operator lists, and never at our own doors."""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address, ip_address
from typing import Final

from laddverk.energy.meters.model import Unreadable, Why
from laddverk.platform.outgoing import Address
from laddverk.platform.settings import Settings, networks_in

RESOLVE_S: Final = 3.0


async def address_of(host: str, port: int, settings: Settings) -> str:
    """Return the address to connect to: looked up once, and checked. Raises `Unreadable`."""
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # SOCK_STREAM
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Unreadable(Why.NAME_UNKNOWN, f"{host}: {error}") from None
    for entry in found:
        text = str(entry[4][0]).partition("%")[0]
        if is_allowed(ip_address(text), port, settings):
            return text
    raise Unreadable(Why.NOT_ALLOWED, f"{host}:{port}")


def is_allowed(address: Address, port: int, settings: Settings) -> bool:
    """Return whether a meter may be at an address. Link-local ones never: there a cloud keeps its secrets. Pure."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback and port in own_ports(settings):
        return False
    return any(address in network for network in networks_in(settings.meter_networks))


def own_ports(settings: Settings) -> frozenset[int]:
    """Return the ports that we listen on ourselves."""
    ports = (
        settings.web_port, settings.ocpp_port, settings.ocpp_tls_port, settings.ocpp_legacy_tls_port, settings.ftp_port,
    )  # fmt: skip
    return frozenset(port for port in ports if port)

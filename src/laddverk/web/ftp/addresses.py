"""What stands in PORT, EPRT, PASV and EPSV (RFC 959, RFC 2428): where a data connection goes. Pure."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address
from typing import Final

from laddverk.kernel.problems import Invalid

PORT_MIN: Final = 1024  # below are services that nobody receives files with (RFC 2577)
PORT_MAX: Final = 65_535
SIX_NUMBERS: Final = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})", re.ASCII)
EXTENDED: Final = re.compile(r"\|[12]\|([0-9A-Fa-f.:]{2,45})\|(\d{1,5})\|", re.ASCII)
RANGE: Final = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)


def plain(address: str) -> str:
    """Return an address in one form: `::ffff:10.0.0.1`, as a socket for both families says it, is `10.0.0.1`."""
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if found.version == 6 else None
    return str(mapped or found)


def active_port(told: str, peer: str, *, extended: bool) -> int | None:
    """Return the port of `peer` that PORT or EPRT names; None when it names another address or a low port."""
    match = (EXTENDED if extended else SIX_NUMBERS).fullmatch(told.strip())
    if match is None:
        return None
    if extended:
        address, port = match.group(1), int(match.group(2))
    else:
        numbers = [int(group) for group in match.groups()]
        if max(numbers) > 255:
            return None
        address, port = ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]
    try:
        is_its_own = plain(address) == plain(peer)
    except ValueError:
        return None
    return port if is_its_own and PORT_MIN <= port <= PORT_MAX else None


def passive_reply(address: str, port: int) -> str | None:
    """Return what PASV answers in brackets, or None for an address that it cannot tell: it knows only IPv4."""
    try:
        four = IPv4Address(address)
    except ValueError:
        return None
    return ",".join([*str(four).split("."), str(port // 256), str(port % 256)])


def ports_in(text: str) -> range:
    """Return the ports of a range like `50000-50019`; `0-0` is any free port. Raises `Invalid`."""
    match = RANGE.fullmatch(text.strip())
    first, last = (int(match.group(1)), int(match.group(2))) if match else (1, 0)
    is_any = first == last == 0
    if not is_any and not PORT_MIN <= first <= last <= PORT_MAX:
        raise Invalid(
            "This is no range of ports: %(text)s",
            field="LADDVERK_FTP_PASSIVE_PORTS",
            remedy="Write it like 50000-50019.",
            text=text[:50],
        )
    return range(first, last + 1)

"""Words of the phones in browsers, and what Asterisk is told of one. Pure."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

PREFIX: Final = "+4600"
"""Numbers of web clients: no telephone network has them."""
DIGITS: Final = 11  # with the prefix the 15 of E.164
REALM: Final = "laddverk"
CODECS: Final = "alaw,ulaw"  # what telephone networks speak: nothing is converted on the way
CONTACT_S: Final = 120  # how long a browser that fell silent is still rung


class Phone(Struct, frozen=True, kw_only=True):
    """A phone in a browser as it is kept."""

    operator_id: UUID
    number: str
    minted_at: datetime
    expires_at: datetime


class IceServer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who helps sound through firewalls (RTCIceServer)."""

    urls: list[str]
    username: str = ""
    credential: str = ""


class Account(Struct, frozen=True, kw_only=True):
    """What a browser needs to be a phone. Told once."""

    url: str
    user: str
    password: str
    number: str
    expires_s: int
    ice: list[IceServer]


class Thing(Struct, frozen=True):
    """An object of Asterisk's configuration, as ARI pushes it."""

    kind: str
    name: str
    fields: tuple[tuple[str, str], ...] = ()


def number_of(operator_id: UUID) -> str:
    """Return the number at which somebody's browser is rung: always the same."""
    digest = hashlib.blake2b(operator_id.bytes, digest_size=8).digest()
    return f"{PREFIX}{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}d}"


def name_of(number: str) -> str:
    """Return what Asterisk calls the phone at `number`: its digits."""
    return number.removeprefix("+")


def is_browser(number: str) -> bool:
    """Return whether a number is that of a browser."""
    return number.startswith(PREFIX) and len(number) == len(PREFIX) + DIGITS


def things_of(number: str, password: str) -> tuple[Thing, ...]:
    """Return what Asterisk has to know of a phone, in the order in which it is made.

    The password itself is not among it. An endpoint in a context that nobody wrote may call nobody.
    """
    name = name_of(number)
    known = hashlib.md5(f"{name}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()  # RFC 3261, 22.4
    return (
        Thing("auth", name, (("auth_type", "md5"), ("username", name), ("realm", REALM), ("md5_cred", known))),
        Thing(
            "aor",
            name,
            (
                ("max_contacts", "1"), ("remove_existing", "yes"), ("default_expiration", str(CONTACT_S)),
                ("maximum_expiration", str(CONTACT_S)), ("minimum_expiration", "30"),
            ),
        ),
        Thing(
            "endpoint",
            name,
            (
                ("context", "laddverk-phones"), ("disallow", "all"), ("allow", CODECS), ("webrtc", "yes"),
                ("auth", name), ("aors", name), ("direct_media", "no"), ("allow_transfer", "no"),
            ),
        ),
    )  # fmt: skip


def things_without(number: str) -> tuple[Thing, ...]:
    """Return what Asterisk is to forget of a phone, in that order."""
    return tuple(Thing(kind, name_of(number)) for kind in ("endpoint", "aor", "auth"))


def ice_servers(url: str, secret: str, user: str, expires_at: datetime) -> list[IceServer]:
    """Return the servers at `url` (by commas), with a password that ends by itself.

    The way of coturn's `use-auth-secret`: the name is when it ends and whose it is, the password its HMAC-SHA1.
    """
    urls = [each.strip() for each in url.split(",") if each.strip()]
    if not urls:
        return []
    if not secret:
        return [IceServer(urls=urls)]
    name = f"{int(expires_at.timestamp())}:{user}"
    proof = b64encode(hmac.digest(secret.encode(), name.encode(), "sha1")).decode()
    return [IceServer(urls=urls, username=name, credential=proof)]

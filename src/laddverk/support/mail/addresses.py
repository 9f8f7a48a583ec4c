"""The signed address of a case, and the number in a subject: how answers find their case. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from typing import Final

from laddverk.platform.settings import Secrets

SIGNATURE_BYTES: Final = 10  # 80 bits in 16 letters: nobody guesses it, and it fits into the 64 of a local part
LOCAL_MAX: Final = 64  # RFC 5321 4.5.3.1.1
SIGNED: Final = re.compile(r"(\d{1,15})-([a-z2-7]{16})")
TAG: Final = re.compile(r"\[#(\d{1,15})\]")


def signed_address(secrets: Secrets, support_address: str, number: int) -> str:
    """Return the address that answers in case `number` go to: `support+2001-…@example.se`."""
    local, _, domain = support_address.rpartition("@")
    return f"{local}+{number}-{_signature(secrets, number)}@{domain}"


def number_in(secrets: Secrets, support_address: str, recipients: Iterable[str]) -> int | None:
    """Return the case that one of `recipients` was signed for by us; None for none. Servers may change the case."""
    for address in recipients:
        extension = _extension(support_address, address)
        found = SIGNED.fullmatch(extension) if extension else None
        if found is not None and hmac.compare_digest(found[2], _signature(secrets, int(found[1]))):
            return int(found[1])
    return None


def is_for_support(support_address: str, address: str) -> bool:
    """Return whether mail to `address` is for us: the address of support, or that of a case."""
    return address.lower() == support_address.lower() or _extension(support_address, address) is not None


def tagged_number(subject: str) -> int | None:
    """Return the number that a subject names, `[#2001]`. By itself it proves nothing."""
    found = TAG.search(subject)
    return int(found[1]) if found else None


def tagged(subject: str, number: int) -> str:
    """Return `subject` with the number of its case, once."""
    return f"{TAG.sub('', subject).strip()} [#{number}]".strip()


def _extension(support_address: str, address: str) -> str | None:
    """Return what stands after the `+` of an address of support; None for another address."""
    local, _, domain = support_address.lower().rpartition("@")
    given, _, given_domain = address.lower().rpartition("@")
    name, plus, extension = given.partition("+")
    return extension if plus and name == local and given_domain == domain and len(given) <= LOCAL_MAX else None


def _signature(secrets: Secrets, number: int) -> str:
    digest = hashlib.blake2b(f"mail:{number}".encode(), key=secrets.link_key[:64], digest_size=SIGNATURE_BYTES).digest()
    return b32encode(digest).decode().lower()

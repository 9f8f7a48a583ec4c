"""The secret addresses that a carrier tells us at: its calls are not signed, so a stranger must not know where."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from laddverk.platform.house import House
from laddverk.platform.settings import Secrets

PATH: Final = "/webhooks/46elks/"  # where callers without cookies are let in
DELIVERED: Final = "delivered"
TEXT: Final = "text"
SECRET_BYTES: Final = 16  # 128 bits: nobody guesses it


def secret(secrets: Secrets) -> str:
    """Return the part of our carrier's addresses that nobody else knows."""
    return hashlib.blake2b(b"46elks", key=secrets.link_key[:64], digest_size=SECRET_BYTES).hexdigest()


def address(house: House, what: str) -> str:
    """Return the address at which our carrier tells us `what`."""
    return f"{house.settings.web_url}{PATH}{secret(house.secrets)}/{what}"


def is_ours(secrets: Secrets, given: str) -> bool:
    """Return whether somebody knows the secret."""
    return hmac.compare_digest(given.encode(), secret(secrets).encode())

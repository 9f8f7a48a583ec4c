"""Codes of six digits that are read back: drawn, kept as keyed digests, and compared. Pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from datetime import timedelta
from enum import StrEnum
from typing import Final

from laddverk.platform.settings import Secrets

DIGITS: Final = 6
LASTS: Final = timedelta(minutes=10)
TRIES_MAX: Final = 5
UNIQUE_KEY: Final = "support-code:"
"""What the unique key of each message with a code begins with: its digits are blanked once the code is over."""


class Way(StrEnum):
    """How a code goes out."""

    SMS = "sms"
    EMAIL = "email"


def drawn() -> str:
    """Draw a code."""
    return f"{random.randbelow(10**DIGITS):0{DIGITS}}"


def digest(secrets: Secrets, purpose: str, about: str, text: str) -> bytes:
    """Return a text as it is kept: keyed, for a million guesses are soon made. 16 bytes."""
    return hashlib.blake2b(f"{purpose}:{about}:{text}".encode(), key=secrets.link_key[:64], digest_size=16).digest()


def is_right(kept: bytes, secrets: Secrets, purpose: str, about: str, typed: str) -> bool:
    """Whether what somebody typed, with blanks or not, is the code whose digest is kept."""
    given = "".join(each for each in typed if each.isdecimal() and each.isascii())[: DIGITS + 1]
    return hmac.compare_digest(digest(secrets, purpose, about, given), kept)

"""What a handshake says: the identity in its path, the credentials in its header; and how fast may be spoken. Pure."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from laddverk.gateway import limits

IDENTITY_MAX = 48  # OCPP 2.0.1 allows 48 characters of identity; 1.6 leaves it open


class Credentials(Struct, frozen=True):
    """HTTP Basic credentials. The password is bytes: chargers send raw keys (quirk 6)."""

    user: str
    password: bytes


def identity_in(target: str) -> str | None:
    """Return the station identity in a request target, or None when the path is not one of ours.

    Accepts doubled and trailing slashes (quirk 2), the absolute form (quirk 3), and percent-encoding once (quirk 4).
    """
    path = urlsplit(target).path if "://" in target[:12] else target.partition("?")[0].partition("#")[0]
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) < 2 or segments[0].lower() != "ocpp":
        return None
    identity = unquote(segments[-1])
    if not 1 <= len(identity) <= IDENTITY_MAX or ":" in identity or not identity.isprintable():
        return None
    return identity


def credentials_in(header: str | None) -> Credentials | None:
    """Return the Basic credentials in an Authorization header, or None when there are none that can be read."""
    scheme, _, encoded = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return Credentials(user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


class Allowance:
    """A token bucket: how long a sender must wait before its next message is handled (T15)."""

    __slots__ = ("_burst", "_last_s", "_left", "_per_s")

    def __init__(self, per_s: float = limits.MESSAGES_PER_S, burst: float = limits.MESSAGES_BURST) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._last_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Take one message at `now_s` (a monotonic clock) and return the seconds to wait first; 0 when allowed."""
        if self._last_s is not None:
            self._left = min(self._burst, self._left + (now_s - self._last_s) * self._per_s)
        self._last_s = now_s
        self._left -= 1
        return max(0.0, -self._left / self._per_s)

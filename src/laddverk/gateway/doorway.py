"""The doorway: who may open a socket. Decided before the WebSocket upgrade, the same way for known and unknown.

What is pure stands first: reading identity and credentials from a handshake, limiting failures. Unknown stations are
never created here; they are noted as knocks, for staff to see (T1, T2, T5 of the security study).
"""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from laddverk.gateway import limits
from laddverk.ocpp.protocol import Protocol

PREFERENCE: tuple[Protocol, ...] = (Protocol.V201, Protocol.V21, Protocol.V16)
"""Which version is chosen when a charger offers several: the newest that is handled in every message first."""

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


def protocol_among(offered: Sequence[str], pinned: str | None = None) -> Protocol | None:
    """Return the version to speak of those `offered`, or None when there is none in common.

    `pinned` is a station's own setting: the version to assume when it offers nothing at all (quirk 1).
    """
    names = {name.strip().lower() for name in offered}
    if not names and pinned:
        return Protocol(pinned) if pinned in set(Protocol) else None
    return next((protocol for protocol in PREFERENCE if protocol.value in names), None)


class FailureLimit:
    """Counts failed handshakes of each address within a minute. Only the failing address is held back, so that
    nobody can lock a genuine station out.
    """

    def __init__(self, per_minute: int = limits.FAILED_HANDSHAKES_PER_MIN) -> None:
        self._per_minute = per_minute
        self._failures: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def failed(self, address: str, now: datetime) -> None:
        """Note a failure of `address`."""
        minute = int(now.timestamp() // 60)
        seen, count = self._failures.pop(address, (minute, 0))
        self._failures[address] = (minute, count + 1 if seen == minute else 1)
        if len(self._failures) > limits.FAILURES_REMEMBERED:
            self._failures.popitem(last=False)

    def is_reached(self, address: str, now: datetime) -> bool:
        """Return whether `address` has failed too often in this minute."""
        minute, count = self._failures.get(address, (0, 0))
        return minute == int(now.timestamp() // 60) and count >= self._per_minute


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

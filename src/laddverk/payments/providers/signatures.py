"""Signed webhook bodies: HMAC-SHA256 over the time and the body, as Stripe and the sandbox send them. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from laddverk.payments.providers.port import Forged

TOLERANCE_S: Final = 300  # as Stripe's own libraries: covers a slow delivery, not a replay of yesterday's
HEADER_MAX: Final = 2048  # real ones have under 300 characters
SECONDS: Final = re.compile(r"[0-9]{1,12}")
BAD: Final = "The signature of this webhook is not good."


def signed(secret: str, body: bytes, at: datetime) -> str:
    """Return the signature header of `body`: `t=<unix seconds>,v1=<hex>`."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def check(secret: str, header: str, body: bytes, now: datetime) -> None:
    """Raise `Forged` unless one of the `v1` signatures in `header` is that of `body` and its time is near `now`."""
    parts = [part.partition("=") for part in header[:HEADER_MAX].split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    given = [value for name, _, value in parts if name.strip() == "v1"]
    if not secret or len(times) != 1 or not SECONDS.fullmatch(times[0]) or not given:
        raise Forged(BAD)
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_S:
        raise Forged("This webhook is too old.")
    wanted = _digest(secret, int(times[0]), body).encode()
    if not any(hmac.compare_digest(wanted, value.encode(errors="replace")) for value in given):
        raise Forged(BAD)


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()

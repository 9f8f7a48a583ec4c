"""When a certificate is renewed, and when its end is an alarm. Pure; staggered, so that not all ask on one night."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

MONTH: Final = timedelta(days=30)
RETRY_EVERY: Final = timedelta(days=1)
RETRY_SOON: Final = timedelta(hours=6)  # in the last week
LAST_WEEK: Final = timedelta(days=7)
SPREAD: Final = 0.25  # of the time for renewal, over which the first asking is spread
ALARM_DAYS: Final = (30, 14, 7, 0)
"""Days before its end at which a certificate that was not renewed is an alarm."""


def window(not_before: datetime, not_after: datetime) -> timedelta:
    """Return how long before its end a certificate may be renewed: a third of its life, or a month if that is more.

    Never more than half of its life: one of some days would else be renewed all the time.
    """
    life = not_after - not_before
    return max(life / 3, min(MONTH, life / 2))


def renew_at(not_before: datetime, not_after: datetime, station_id: UUID) -> datetime:
    """Return when a charger is first asked for a new request: early in the window, at a moment of its own."""
    wide = window(not_before, not_after)
    return not_after - wide + wide * SPREAD * share(station_id)


def share(station_id: UUID) -> float:
    """Return a number from 0 to 1 that is the station's own: the same for ever, and evenly spread over stations."""
    digest = hashlib.blake2b(station_id.bytes, digest_size=8, person=b"renewal").digest()
    return int.from_bytes(digest, "big") / 2**64


def ask_again_at(now: datetime, not_after: datetime, station_id: UUID) -> datetime:
    """Return when to ask once more, should no request have come: each day, in the last week four times a day."""
    if not_after - now <= LAST_WEEK:
        return now + RETRY_SOON
    return now + RETRY_EVERY + timedelta(hours=share(station_id))


def alarm_due(not_after: datetime, now: datetime, last: int | None) -> int | None:
    """Return the alarm that is due (30, 14, 7 or 0 days left) and was not given yet; None when there is none."""
    left = not_after - now
    due = [days for days in ALARM_DAYS if left <= timedelta(days=days)]
    reached = min(due, default=None)
    return reached if reached is not None and (last is None or reached < last) else None

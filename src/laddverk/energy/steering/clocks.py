"""A charger whose clock is behind ours, told apart from one that queued what it says. Pure.

A time that is long ago is legal: chargers queue when they are offline. But a queue is emptied faster than it was
filled, so that its messages come ever less late; a clock that is behind makes all of them late by the same, from the
start of the charge on, and while the charger is connected. Only that is believed: an old reading taken for a new one
could hide what a car draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

BEHIND_MIN: Final = timedelta(seconds=45)  # less is a slow line, and times of limits allow for it
BEHIND_MAX: Final = timedelta(days=2)  # a clock further off says nothing
SAME: Final = timedelta(seconds=6)  # between messages of one clock: lines are not always as quick
SAME_START: Final = timedelta(seconds=20)  # a start waits for the card to be known and the cable to be locked
SPAN_MIN: Final = timedelta(seconds=15)  # readings of one breath prove nothing
READINGS_MIN: Final = 3
NOTHING: Final = timedelta()


class Came(Struct, frozen=True):
    """When something was, as far as is known, and when we heard of it."""

    at: datetime
    received_at: datetime

    @property
    def late(self) -> timedelta:
        """How late it came."""
        return self.received_at - self.at


def behind(
    readings: Sequence[Came], start: Came | None, connected_at: datetime | None, known: timedelta = NOTHING
) -> timedelta:
    """Return by how much a charger's clock is behind; nothing where that is not certain.

    `readings` are its latest of a charge, in any order; `start` is how that charge began. `known` is what was believed
    of the clock before: then the start need not be of this connection.
    """
    if connected_at is None or len(readings) < READINGS_MIN:
        return NOTHING
    ordered = sorted(readings, key=lambda one: one.received_at)
    late = [one.late for one in ordered]
    usual = sorted(late)[len(late) // 2]
    is_steady = max(late) - min(late) <= SAME and ordered[-1].at - ordered[0].at >= SPAN_MIN
    if not is_steady or not BEHIND_MIN <= usual <= BEHIND_MAX or ordered[0].received_at < connected_at:
        return NOTHING
    began_so = start is not None and start.received_at >= connected_at and abs(start.late - usual) <= SAME_START
    return usual if began_so or abs(known - usual) <= SAME else NOTHING

"""Time: instants are aware datetimes in UTC; local time exists only in tariffs and on screens (law 5).

The clock is passed in. `system_clock` is read in `running` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present instant, in UTC."""


def system_clock() -> datetime:
    """Return the present instant of this machine, in UTC."""
    return datetime.now(UTC)


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Return the real seconds from `earlier` to `later`.

    Both are taken to UTC first: Python subtracts two datetimes of one time zone by their wall clocks, and would be an
    hour wrong over a night in which the clocks change.
    """
    return (later.astimezone(UTC) - earlier.astimezone(UTC)).total_seconds()

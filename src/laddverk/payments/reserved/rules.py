"""When to reserve more for a running session, and when to stop it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

RAISE_AHEAD: Final = timedelta(minutes=6)  # the bank may take some tries to answer
STOP_AHEAD: Final = timedelta(seconds=30)  # until somebody looks again, and the charger has done what it is asked
RAISES_MAX: Final = 10  # Stripe raises one authorisation ten times at the most
ENDS_SOON: Final = timedelta(hours=2)  # to stop, price and capture, mishaps included


class Does(StrEnum):
    """What is to be done about a running session's money."""

    NOTHING = "nothing"
    RAISE = "raise"
    STOP = "stop"


class Step(Struct, frozen=True):
    """What is to be done, and for a raise up to which amount in all."""

    does: Does
    to_minor: int = 0


class Reserve(Struct, frozen=True, kw_only=True):
    """What is reserved for a session and what may be done about it, in minor units."""

    reserved_minor: int
    can_raise: bool
    step_minor: int
    max_minor: int
    stops: bool


def next_step(reserve: Reserve, soon_minor: int | None, ahead_minor: int | None) -> Step:
    """Return what to do for a session that will cost `soon_minor` in `STOP_AHEAD` and `ahead_minor` in `RAISE_AHEAD`.

    A price that nobody knows (None) does nothing. A raise goes in whole steps, and never above the most.
    """
    reserved = reserve.reserved_minor
    if ahead_minor is None or ahead_minor <= reserved:
        return Step(Does.NOTHING)
    if reserve.can_raise and reserved < reserve.max_minor:
        steps = -(-(ahead_minor - reserved) // max(1, reserve.step_minor))
        return Step(Does.RAISE, min(reserve.max_minor, reserved + steps * max(1, reserve.step_minor)))
    if reserve.stops and soon_minor is not None and soon_minor > reserved:
        return Step(Does.STOP)
    return Step(Does.NOTHING)


def ends_soon(capture_before: datetime | None, now: datetime) -> bool:
    """Return whether a reserve ends so soon that what it is for must be captured now."""
    return capture_before is not None and capture_before - now < ENDS_SOON

"""Words of promises: what is promised to whom, and how a case stands by it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

MINUTES_MAX: Final = 60 * 24 * 90  # a quarter of a year of work: later is no promise


class Promise(Struct, frozen=True, kw_only=True):
    """How soon we answer and solve, for the cases that fit. What is empty fits all."""

    id: UUID
    name: str
    position: int = 0
    priorities: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    site_ids: tuple[UUID, ...] = ()
    account_ids: tuple[UUID, ...] = ()
    """Customers: drivers who are members of one of these."""
    hours_id: UUID | None = None
    """None: around the clock."""
    answer_minutes: int | None = None
    solve_minutes: int | None = None
    only_by_rule: bool = False
    """Fits no case by itself: a rule at opening gives it."""


class How(StrEnum):
    """How a promise stands."""

    RUNS = "runs"
    NEAR = "near"
    LATE = "late"
    PAUSED = "paused"
    KEPT = "kept"
    BROKEN = "broken"


class Ring(Struct, frozen=True, kw_only=True):
    """What a row shows of a case's promises: the one that is due next."""

    what: str
    """`answer` or `solve`."""
    how: How
    due_at: datetime
    share: float
    """How much of its time is gone, 0 to 1."""

"""Visits: attempts of one person at one site that follow each other. Pure.

Who is the same token (or car) is the same person; where nobody can be named it is whoever stood at that outlet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

GAP_MAX: Final = timedelta(minutes=15)


class Tried(Struct, frozen=True, kw_only=True):
    """An attempt, as far as visits go."""

    station_id: UUID
    evse_number: int
    began_at: datetime
    attempt_key: str
    ended_at: datetime
    person: str


class Visit(Struct, frozen=True):
    """To which visit an attempt belongs, and whether it began it."""

    visit_key: str
    first: bool


Place = tuple[UUID, int, datetime, str]
"""What names an attempt: station, EVSE, when it began, its key."""


def place(tried: Tried) -> Place:
    """Return what names an attempt."""
    return tried.station_id, tried.evse_number, tried.began_at, tried.attempt_key


def visits(tried: Iterable[Tried]) -> dict[Place, Visit]:
    """Return the visit of each attempt at one site. A visit is named by its first attempt."""
    by_person: dict[str, list[Tried]] = {}
    for one in set(tried):
        by_person.setdefault(one.person or f"{one.station_id} {one.evse_number}", []).append(one)
    found: dict[Place, Visit] = {}
    for attempts in by_person.values():
        until: datetime | None = None
        key = ""
        for one in sorted(attempts, key=_order):
            first = until is None or one.began_at - until > GAP_MAX
            if first:
                key = _key(one)
            until = one.ended_at if until is None or first else max(until, one.ended_at)
            found[place(one)] = Visit(key, first)
    return found


def _order(tried: Tried) -> tuple[datetime, str, int, str]:
    return tried.began_at, str(tried.station_id), tried.evse_number, tried.attempt_key


def _key(tried: Tried) -> str:
    content = " ".join(map(str, place(tried)))
    return hashlib.blake2b(content.encode(), digest_size=12).hexdigest()

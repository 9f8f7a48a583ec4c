"""Each outage of many chargers, as drivers saw it, a few chargers at a time: nothing is too many to list in a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.uptime import gathering, store
from laddverk.diagnostics.uptime.counting import count
from laddverk.diagnostics.uptime.gathering import Course
from laddverk.diagnostics.uptime.hours import Length
from laddverk.diagnostics.uptime.model import Outage, Policy
from laddverk.diagnostics.uptime.store import OutletRow
from laddverk.platform.database import Transaction

MONTHS_OF: Final = {Length.MONTH: 1, Length.QUARTER: 3, Length.YEAR: 12}
MONTHS_AT_ONCE: Final = 24  # chargers times months in one reading: tens of milliseconds in which nobody else is served

Opened = Callable[[], AbstractAsyncContextManager[Transaction]]
"""What begins a transaction."""


class OutageRow(Struct, frozen=True, kw_only=True):
    """One outage, as drivers saw it."""

    outlet: OutletRow
    outage: Outage


def rows_of(policy: Policy, courses: Iterable[Course], start: datetime, end: datetime) -> list[OutageRow]:
    """Return the outages that `policy` counts between two instants, by outlet in the order given. Pure."""
    return [
        OutageRow(outlet=course.outlet, outage=outage)
        for course in courses
        for outage in count(policy, course.intervals, course.exempt, start, end).outages
    ]


async def each(
    opened: Opened, stations: Sequence[UUID], policy: Policy, length: Length, span: tuple[datetime, datetime],
    now: datetime,
) -> AsyncIterator[list[OutageRow]]:  # fmt: skip
    """Yield the outages of some chargers at a time, by their names, and of each the latest first.

    Each reading is a transaction of its own: a slow reader holds none open.
    """
    async with opened() as tx:
        names = {one.station_id: (one.station_name, one.station_id) for one in await store.outlets(tx, stations)}
    ordered = sorted(names, key=lambda one: names[one])
    at_once = MONTHS_AT_ONCE // MONTHS_OF[length]
    for first in range(0, len(ordered), at_once):
        async with opened() as tx:
            read = await gathering.courses(tx, ordered[first : first + at_once], *span, now)
        found = sorted(rows_of(policy, read, *span), key=lambda one: one.outage.start, reverse=True)
        yield sorted(found, key=lambda one: names[one.outlet.station_id])

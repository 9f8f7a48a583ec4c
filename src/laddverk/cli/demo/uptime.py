"""The demo's uptime: a site with opening hours, outages that two people excuse, and months worked out at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.uptime import service
from laddverk.diagnostics.uptime.hours import Opening
from laddverk.diagnostics.uptime.service import NewExclusion
from laddverk.kernel.actors import Actor, Permission
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

IS_TOLD: Final = "SELECT count(*) FROM uptime_exclusion"
STAFF: Final = "SELECT id, name FROM operator WHERE role IN ('admin', 'operator') ORDER BY email LIMIT 2"
FAULTS: Final = """
-- The longest faults of the past, one a site: what somebody may have an excuse for.
SELECT * FROM (
    SELECT DISTINCT ON (station.site_id) station.site_id, s.station_id, s.evse_number, s.started_at, s.ended_at
    FROM connector_state s JOIN station ON station.id = s.station_id
    WHERE s.status = 'faulted' AND s.ended_at IS NOT NULL AND s.evse_number > 0 AND s.ended_at < $1
    ORDER BY station.site_id, s.ended_at - s.started_at DESC) one
ORDER BY ended_at - started_at DESC LIMIT 3
"""
GARAGE: Final = "SELECT id FROM site WHERE name ILIKE '%P-hus%' ORDER BY name LIMIT 1"


class Fault(Struct, frozen=True, kw_only=True):
    """A fault of the past."""

    site_id: UUID
    station_id: UUID
    evse_number: int
    started_at: datetime
    ended_at: datetime


class _Person(Struct, frozen=True):
    id: UUID
    name: str


EXCUSES: Final = (
    ("vandalism", "Police report 5000-K1104531-26; photos in the folder of the site"),
    ("utility", "Notice 2026-4417 of the grid company: work on the cable"),
    ("vehicle", "A car drove into the post; its insurer has admitted it"),
)


async def equip(house: House) -> None:
    """Write a few excuses into the ledger, give a garage its opening hours, and have the months worked out: once."""
    now = house.clock()
    async with house.database.transaction() as tx:
        if await tx.value(IS_TOLD):
            return
        people = [Actor("operator", one.id, one.name, frozenset(Permission)) for one in await tx.fetch(_Person, STAFF)]
        await _open(tx, people, now)
        await _excuse(tx, people, now)
        await enqueue(tx, [NewJob("diagnostics.correct", {}), NewJob("diagnostics.months", {})])
    house.worker.wake()


async def _open(tx: Transaction, people: Sequence[Actor], now: datetime) -> None:
    garage = await tx.value(GARAGE)
    if garage is not None and people:
        hours = [Opening(day, 6 * 60, 24 * 60) for day in range(1, 8)]
        await service.set_hours(tx, people[0], garage, date(now.year - 1, 1, 1), hours, now)


async def _excuse(tx: Transaction, people: Sequence[Actor], now: datetime) -> None:
    if len(people) < 2:
        return
    faults = await tx.fetch(Fault, FAULTS, now - timedelta(hours=1))
    for number, (fault, (reason, evidence)) in enumerate(zip(faults, EXCUSES, strict=False)):
        new = NewExclusion(
            site_id=fault.site_id, station_id=fault.station_id, evse_number=fault.evse_number,
            from_at=fault.started_at, until_at=fault.ended_at, reason=reason, evidence=evidence,
        )  # fmt: skip
        identity = await service.propose(tx, people[0], new, now)
        if number < len(EXCUSES) - 1:
            await service.decide(tx, people[1], identity, "approved", "", now)

"""What is read of the life of parts: what remains by trends, and what outlets were used. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.upkeep.trends import FEATURES
from laddverk.diagnostics.upkeep.wear import Used, Worn, due_within, worn
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

REMAINING: Final = """
SELECT station_id, evse_number, detector, aim, limit_value, level, usual, slope, points, span_days, days, low_days,
       high_days, reckoned_at
FROM remaining_life WHERE station_id = ANY($1) ORDER BY days, station_id, evse_number, detector
"""
USES: Final = """
SELECT use.station_id, use.evse_number, use.sessions, use.energy_wh, use.lately, use.switchings, use.loaded,
       station.registered_at AS since, use.counted_at
FROM outlet_use AS use JOIN station ON station.id = use.station_id
WHERE use.station_id = ANY($1) ORDER BY use.station_id, use.evse_number
"""
DRIFT_DUE: Final = """
SELECT life.detector, life.days FROM remaining_life AS life JOIN station ON station.id = life.station_id
WHERE station.retired_at IS NULL AND life.days <= $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
"""
SOON: Final = """
-- What a trend will end soon, where nobody has to go yet.
SELECT life.station_id, life.evse_number, life.detector, life.aim, life.days, life.low_days, life.high_days,
       life.reckoned_at, station.name AS station_name, site.name AS site_name
FROM remaining_life AS life JOIN station ON station.id = life.station_id JOIN site ON site.id = station.site_id
WHERE station.retired_at IS NULL AND life.days <= $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND NOT EXISTS (SELECT FROM work_order WHERE work_order.station_id = life.station_id
                  AND work_order.evse_number IN (0, life.evse_number)
                  AND work_order.state IN ('planned', 'assigned', 'on_site'))
ORDER BY life.days, station.name LIMIT 50
"""
# Only what may be near its end: a hundredth of a fleet. The lives are those of `wear`.
USED_MUCH: Final = """
SELECT use.station_id, use.evse_number, use.sessions, use.energy_wh, use.lately, use.switchings, use.loaded,
       station.registered_at AS since, use.counted_at
FROM outlet_use AS use JOIN station ON station.id = use.station_id
WHERE station.retired_at IS NULL AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND (use.sessions > 5000 OR use.switchings > 50000 OR use.loaded > 3000)
"""


class Life(Struct, frozen=True, kw_only=True):
    """What remains of something at one outlet."""

    station_id: StationId
    evse_number: int
    detector: str
    aim: str
    limit_value: float
    level: float
    usual: float
    slope: float
    points: int
    span_days: float
    days: float
    low_days: float
    high_days: float
    reckoned_at: datetime

    def on(self, days: float) -> date:
        """Return the day that lies so many days after it was reckoned."""
        return (self.reckoned_at + timedelta(days=days)).date()

    @property
    def part(self) -> str:
        """What will have to be changed."""
        return FEATURES[self.detector].part if self.detector in FEATURES else ""


class Soon(Struct, frozen=True, kw_only=True):
    """Something that a trend will end soon."""

    station_id: StationId
    evse_number: int
    detector: str
    aim: str
    days: float
    low_days: float
    high_days: float
    reckoned_at: datetime
    station_name: str
    site_name: str

    @property
    def on(self) -> date:
        """When it is probably over."""
        return (self.reckoned_at + timedelta(days=self.days)).date()


class Use(Used, frozen=True, kw_only=True):
    """The counters of one outlet."""

    station_id: StationId
    evse_number: int
    counted_at: datetime

    @property
    def worn(self) -> tuple[Worn, ...]:
        """How far its plug and contactor are used up."""
        return worn(self)


class _DriftDue(Struct, frozen=True):
    detector: str
    days: float


async def remaining_at(tx: Transaction, stations: Sequence[UUID]) -> list[Life]:
    """Return what remains of what at these stations: what is over first. Empty where trends are no basis."""
    return await tx.fetch(Life, REMAINING, list(stations))


async def due_soon(tx: Transaction, sites: frozenset[UUID] | None, within_days: float) -> list[Soon]:
    """Return what trends will end within some days, and for which nobody has to go yet."""
    return await tx.fetch(Soon, SOON, None if sites is None else list(sites), within_days)


async def uses_at(tx: Transaction, stations: Sequence[UUID]) -> list[Use]:
    """Return the counters of the outlets of these stations."""
    return await tx.fetch(Use, USES, list(stations))


async def parts_due(tx: Transaction, sites: frozenset[UUID] | None, within_days: dict[str, int]) -> dict[str, int]:
    """Return of how many outlets a part is over within its days of `within_days`, by trend or by counter."""
    listed = None if sites is None else list(sites)
    found = dict.fromkeys(within_days, 0)
    for due in await tx.fetch(_DriftDue, DRIFT_DUE, listed, float(max(within_days.values(), default=0))):
        part = FEATURES[due.detector].part if due.detector in FEATURES else ""
        if due.days <= within_days.get(part, -1):
            found[part] += 1
    for use in await tx.fetch(Use, USED_MUCH, listed):
        for part, days in within_days.items():
            found[part] += part in due_within(use.worn, days)
    return found

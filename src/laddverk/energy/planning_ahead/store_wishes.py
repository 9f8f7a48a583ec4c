"""What drivers say of charges that run, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

TELL: Final = """
INSERT INTO driver_wish (session_id, departs_at, energy_wh, asks_priority, told_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (session_id) DO UPDATE
SET departs_at = excluded.departs_at, energy_wh = excluded.energy_wh, asks_priority = excluded.asks_priority,
    told_at = excluded.told_at
"""
RUNNING_AT: Final = """
SELECT session.station_id, session.evse_number, driver_wish.departs_at, driver_wish.energy_wh,
       driver_wish.asks_priority AND coalesce(plan_wish.lets_ask, false) AS goes_first, driver_wish.told_at
FROM station JOIN session ON session.station_id = station.id AND session.ended_at IS NULL
JOIN driver_wish ON driver_wish.session_id = session.id
LEFT JOIN plan_wish ON plan_wish.site_id = station.site_id
WHERE station.site_id = $1 ORDER BY session.station_id, session.evse_number, session.started_at
"""
CHARGE: Final = """
SELECT session.id AS session_id, session.station_id, session.evse_number, station.site_id, site.timezone,
       coalesce(session.driver_id::text, session.token_uid, '') AS who, session.started_at, session.ended_at,
       session.energy_wh, session.power_w, coalesce(plan_wish.lets_ask, false) AS lets_ask,
       driver_wish.departs_at, driver_wish.energy_wh AS asked_wh, coalesce(driver_wish.asks_priority, false)
       AS asks_priority
FROM session JOIN station ON station.id = session.station_id JOIN site ON site.id = station.site_id
LEFT JOIN plan_wish ON plan_wish.site_id = station.site_id
LEFT JOIN driver_wish ON driver_wish.session_id = session.id
WHERE session.id = $1
"""


class Told(Struct, frozen=True):
    """What was said of the session that runs at an outlet."""

    station_id: UUID
    evse_number: int
    departs_at: datetime | None
    energy_wh: int | None
    goes_first: bool
    """It was asked for, and the site lets drivers ask."""
    told_at: datetime


class Charge(Struct, frozen=True):
    """A session as its driver's wish needs it."""

    session_id: UUID
    station_id: UUID
    evse_number: int
    site_id: SiteId
    timezone: str
    who: str
    started_at: datetime
    ended_at: datetime | None
    energy_wh: int
    power_w: int | None
    lets_ask: bool
    departs_at: datetime | None
    asked_wh: int | None
    asks_priority: bool


async def tell(
    tx: Transaction, session_id: UUID, departs_at: datetime | None, energy_wh: int | None, asks_priority: bool,
    now: datetime,
) -> None:  # fmt: skip
    """Keep what was said of a session in place of what was said before."""
    await tx.execute(TELL, session_id, departs_at, energy_wh, asks_priority, now)


async def running_at(tx: Transaction, site_id: UUID) -> Collection[Told]:
    """Return what was said of the sessions that run at a site."""
    return await tx.fetch(Told, RUNNING_AT, site_id)


async def charge(tx: Transaction, session_id: UUID) -> Charge | None:
    """Return a session with what its driver said, or None."""
    return await tx.fetch_one(Charge, CHARGE, session_id)

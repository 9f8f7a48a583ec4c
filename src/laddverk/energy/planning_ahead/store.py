"""Wishes for plans, plans, and the stays that they are made of, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.planning_ahead.capacity_tariffs import CapacityTariff
from laddverk.energy.planning_ahead.model import Plan
from laddverk.energy.planning_ahead.store_said import SAID_FROM
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

STAYS_LATEST: Final = 2_000  # of a site; older habits say nothing

WISHES: Final = """
SELECT site_id, tariff, area, added_per_kwh, level_kw FROM plan_wish WHERE $1::uuid IS NULL OR site_id = $1
ORDER BY site_id
"""
WANT: Final = """
INSERT INTO plan_wish (site_id, tariff, area, added_per_kwh, wanted_at, wanted_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (site_id) DO UPDATE
SET tariff = excluded.tariff, area = excluded.area, added_per_kwh = excluded.added_per_kwh, level_kw = 0,
    wanted_at = excluded.wanted_at, wanted_by = excluded.wanted_by
"""
UNWANT: Final = "DELETE FROM plan_wish WHERE site_id = $1"
KEEP_LEVEL: Final = "UPDATE plan_wish SET level_kw = $2 WHERE site_id = $1"
KEEP_PLAN: Final = """
INSERT INTO site_plan (site_id, made_at, plan) VALUES ($1, $2, $3) ON CONFLICT (site_id, made_at) DO NOTHING
"""
LATEST_PLAN: Final = "SELECT made_at, plan FROM site_plan WHERE site_id = $1 ORDER BY made_at DESC LIMIT 1"
DROP_OLD: Final = "DELETE FROM site_plan WHERE made_at < $1"
OPEN: Final = f"""
-- Who is plugged in, what it has had, and what was said of it.
SELECT session.station_id, session.evse_number, coalesce(session.driver_id::text, session.token_uid, '') AS who,
       session.started_at, session.energy_wh, said.departs_at AS departure_at, said.energy_wh AS asked_wh,
       said.told_at AS asked_at, coalesce(drew.phases = 1, false) AS is_on_one_phase
FROM session
{SAID_FROM}
LEFT JOIN LATERAL (  -- the latest reading in which it charged: how many phases the car uses
    SELECT (current_l1_a > 2)::int + (current_l2_a > 2)::int + (current_l3_a > 2)::int AS phases FROM sample
    WHERE sample.station_id = session.station_id AND sample.transaction_key = session.transaction_key
      AND greatest(current_l1_a, current_l2_a, current_l3_a) > 2
    ORDER BY sample.at DESC LIMIT 1
) AS drew ON true
WHERE session.station_id = ANY($1) AND session.ended_at IS NULL
ORDER BY session.station_id, session.evse_number, session.started_at
"""  # noqa: S608 - made of constants
PAST: Final = """
SELECT session.station_id, session.evse_number, coalesce(session.driver_id::text, session.token_uid, '') AS who,
       session.started_at, coalesce(session.charging_ended_at, session.ended_at, session.sampled_at) AS drew_until,
       session.ended_at, session.energy_wh
FROM session
WHERE session.station_id = ANY($1) AND session.started_at > $2
  AND coalesce(session.ended_at, session.sampled_at) > session.started_at
ORDER BY session.started_at DESC, session.id LIMIT $3
"""


class Wanted(Struct, frozen=True):
    """A site that is to be planned, and how."""

    site_id: SiteId
    tariff: CapacityTariff
    area: str
    added_per_kwh: float
    level_kw: float = 0.0


class Kept(Struct, frozen=True):
    """A plan, and when it was made."""

    made_at: datetime
    plan: Plan


class Open(Struct, frozen=True):
    """A session that runs."""

    station_id: UUID
    evse_number: int
    who: str
    started_at: datetime
    energy_wh: int
    departure_at: datetime | None
    asked_wh: int | None
    """Of the whole session."""
    asked_at: datetime | None
    is_on_one_phase: bool = False
    """Its readings show current on one phase alone, whatever the outlet has."""


class Past(Struct, frozen=True):
    """A session that was, or is: what it took and until when."""

    station_id: UUID
    evse_number: int
    who: str
    started_at: datetime
    drew_until: datetime
    ended_at: datetime | None
    energy_wh: int


async def wishes(tx: Transaction, site_id: SiteId | None = None) -> list[Wanted]:
    """Return the sites that want plans (or the one, if it does)."""
    return await tx.fetch(Wanted, WISHES, site_id)


async def want(tx: Transaction, wanted: Wanted, by: str, now: datetime) -> None:
    """Keep that a site wants plans; its level is learnt anew."""
    await tx.execute(WANT, wanted.site_id, wanted.tariff, wanted.area, wanted.added_per_kwh, now, by)


async def unwant(tx: Transaction, site_id: SiteId) -> bool:
    """Forget that a site wants plans; return whether it did."""
    return bool(await tx.execute(UNWANT, site_id))


async def keep_level(tx: Transaction, site_id: SiteId, level_kw: float) -> None:
    """Keep what the cap rule has learnt."""
    await tx.execute(KEEP_LEVEL, site_id, level_kw)


async def keep(tx: Transaction, site_id: SiteId, made_at: datetime, plan: Plan) -> None:
    """Keep a plan."""
    await tx.execute(KEEP_PLAN, site_id, made_at, plan)


async def latest(tx: Transaction, site_id: SiteId) -> Kept | None:
    """Return the newest plan of a site, or None."""
    return await tx.fetch_one(Kept, LATEST_PLAN, site_id)


async def drop_old(tx: Transaction, before: datetime) -> int:
    """Forget plans made before; return how many."""
    return await tx.execute(DROP_OLD, before)


async def open_sessions(tx: Transaction, stations: Sequence[UUID], now: datetime) -> list[Open]:
    """Return the sessions that run at these stations."""
    return await tx.fetch(Open, OPEN, list(stations), now)


async def past_sessions(tx: Transaction, stations: Sequence[UUID], since: datetime) -> list[Past]:
    """Return the latest sessions at these stations that began after `since`, the newest first."""
    return await tx.fetch(Past, PAST, list(stations), since, STAYS_LATEST)

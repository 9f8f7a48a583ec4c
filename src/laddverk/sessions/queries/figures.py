"""What the network does: today, day by day, and at each outlet now. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.sessions.queries.sites import Sites


class Today(Struct, frozen=True):
    """What a day has brought so far."""

    sessions: int
    energy_wh: int
    money_minor: dict[str, int]
    """By currency."""
    started_well: int
    """Sessions that delivered energy, or still run."""


TODAY = """
-- Currencies are never added to each other (failure mode 42).
SELECT coalesce(sum(sessions), 0)::bigint AS sessions, coalesce(sum(energy_wh), 0)::bigint AS energy_wh,
       coalesce(jsonb_object_agg(currency, price_minor) FILTER (WHERE price_minor IS NOT NULL), '{}') AS money_minor,
       coalesce(sum(started_well), 0)::bigint AS started_well
FROM (
    SELECT currency, count(*) FILTER (WHERE NOT reservation_expired) AS sessions, sum(energy_wh) AS energy_wh,
           sum(price_minor)::bigint AS price_minor,
           count(*) FILTER (WHERE energy_wh > 0 OR ended_at IS NULL) AS started_well
    FROM session JOIN station ON station.id = session.station_id
    WHERE started_at >= $2 AND started_at < $3 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
    GROUP BY currency
) AS by_currency
"""


async def between(tx: Transaction, sites: Sites, since: datetime, until: datetime) -> Today:
    """Return what the sessions that started between two instants add up to."""
    found = await tx.fetch_one(Today, TODAY, None if sites is None else list(sites), since, until)
    return found or Today(0, 0, {}, 0)


class Day(Struct, frozen=True):
    """One local day."""

    day: datetime
    energy_wh: int
    money_minor: dict[str, int]
    """By currency."""
    sessions: int


DAYS = """
SELECT day, coalesce(sum(energy_wh), 0)::bigint AS energy_wh, coalesce(sum(sessions), 0)::bigint AS sessions,
       coalesce(jsonb_object_agg(currency, price_minor) FILTER (WHERE price_minor IS NOT NULL), '{}') AS money_minor
FROM generate_series(date_trunc('day', $2::timestamptz AT TIME ZONE $4),
                     date_trunc('day', $3::timestamptz AT TIME ZONE $4), interval '1 day') AS day
LEFT JOIN (
    SELECT date_trunc('day', session.started_at AT TIME ZONE $4) AS started_on, session.currency,
           sum(session.energy_wh) AS energy_wh, sum(session.price_minor)::bigint AS price_minor, count(*) AS sessions
    FROM session JOIN station ON station.id = session.station_id
    WHERE session.started_at >= $2 AND session.started_at <= $3
      AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
      AND ($5::uuid IS NULL OR station.site_id = $5)
    GROUP BY started_on, session.currency
) AS found ON found.started_on = day
GROUP BY day ORDER BY day
"""


async def days(
    tx: Transaction, sites: Sites, since: datetime, until: datetime, timezone: str, site_id: UUID | None = None
) -> list[Day]:
    """Return each local day between two instants, also those on which nothing happened."""
    rows = await tx.rows(DAYS, None if sites is None else list(sites), since, until, timezone, site_id)
    return [Day(row["day"], row["energy_wh"], row["money_minor"], row["sessions"]) for row in rows]


class LiveOutlet(Struct, frozen=True, kw_only=True):
    """A connector in the line of its site, with what flows through it now."""

    site_id: UUID
    site_name: str
    station_id: UUID
    station_name: str
    evse_number: int
    connector_number: int
    status: str
    connected: bool
    power_max_w: int
    session_id: UUID | None
    power_w: int | None


OUTLETS = """
SELECT site.id AS site_id, site.name AS site_name, station.id AS station_id, station.name AS station_name,
       connector.evse_number, connector.connector_number, connector.status,
       station.connected_at IS NOT NULL AS connected, connector.power_max_w, running.id AS session_id, running.power_w
FROM connector
JOIN station ON station.id = connector.station_id AND station.retired_at IS NULL
JOIN site ON site.id = station.site_id AND site.retired_at IS NULL
LEFT JOIN LATERAL (
    SELECT id, power_w FROM session
    WHERE session.station_id = connector.station_id AND session.evse_number = connector.evse_number
      AND session.ended_at IS NULL
    ORDER BY started_at DESC LIMIT 1
) AS running ON true
WHERE connector.evse_number > 0 AND connector.connector_number > 0
  AND ($1::uuid[] IS NULL OR site.id = ANY($1)) AND ($2::uuid IS NULL OR site.id = $2)
ORDER BY site.name, site.id, station.name, station.id, connector.evse_number, connector.connector_number
LIMIT 2000
"""


async def outlets(tx: Transaction, sites: Sites, site_id: UUID | None = None) -> list[LiveOutlet]:
    """Return every connector with what flows through it, in the order of the sites."""
    return await tx.fetch(LiveOutlet, OUTLETS, None if sites is None else list(sites), site_id)

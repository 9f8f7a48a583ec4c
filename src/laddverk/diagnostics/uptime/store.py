"""The facts that timelines are made of, for many outlets at once. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.uptime.hours import Opening
from laddverk.kernel.ids import SiteId, StationId
from laddverk.ocpp.facts import Status
from laddverk.platform.database import Transaction

ROWS_MAX: Final = 400_000  # states of one reading: a hundred outlets in a month of quarrel

OUTLETS: Final = """
SELECT station.id AS station_id, station.site_id, station.name AS station_name, site.name AS site_name, site.timezone,
       connector.evse_number, max(connector.power_max_w) AS power_max_w, min(connector.code) AS code,
       (SELECT min(connected_at) FROM station_connection WHERE station_id = station.id) AS first_at, station.retired_at
FROM station JOIN site ON site.id = station.site_id JOIN connector ON connector.station_id = station.id
WHERE station.id = ANY($1) AND connector.evse_number > 0
GROUP BY station.id, site.id, connector.evse_number
ORDER BY site.name, station.name, connector.evse_number
"""


class OutletRow(Struct, frozen=True, kw_only=True):
    """One outlet (EVSE): where it is, and since when it is in service (None: it never connected)."""

    station_id: StationId
    site_id: SiteId
    station_name: str
    site_name: str
    timezone: str
    evse_number: int
    power_max_w: int
    code: str
    first_at: datetime | None
    retired_at: datetime | None


async def outlets(tx: Transaction, stations: Sequence[UUID]) -> list[OutletRow]:
    """Return the outlets of these stations."""
    return await tx.fetch(OutletRow, OUTLETS, list(stations))


SAID: Final = """
SELECT station_id, evse_number, connector_number, started_at, ended_at, status,
       coalesce(nullif(vendor_error_code, ''), error_code) AS error_code
FROM connector_state
WHERE station_id = ANY($1) AND started_at < $3 AND (ended_at IS NULL OR ended_at > $2)
ORDER BY station_id, started_at LIMIT $4
"""


class SaidRow(Struct, frozen=True, kw_only=True):
    """What a place said of itself."""

    station_id: StationId
    evse_number: int
    connector_number: int
    started_at: datetime
    ended_at: datetime | None
    status: Status
    error_code: str | None


async def said(tx: Transaction, stations: Sequence[UUID], start: datetime, end: datetime) -> list[SaidRow]:
    """Return what these stations said that held at some time between `start` and `end`."""
    return await tx.fetch(SaidRow, SAID, list(stations), start, end, ROWS_MAX)


LINKS: Final = """
SELECT station_id, connected_at AS from_at,
       least(disconnected_at, lead(connected_at) OVER (PARTITION BY station_id ORDER BY epoch)) AS until_at
FROM station_connection
WHERE station_id = ANY($1) AND connected_at < $3 AND (disconnected_at IS NULL OR disconnected_at > $2)
"""


class SpanRow(Struct, frozen=True, kw_only=True):
    """A span of a station, of one of its outlets where a number is given, and a word for what it is about."""

    station_id: StationId
    evse_number: int | None = None
    from_at: datetime
    until_at: datetime | None = None
    word: str = ""


async def links(tx: Transaction, stations: Sequence[UUID], start: datetime, end: datetime) -> list[SpanRow]:
    """Return when these stations were connected."""
    return await tx.fetch(SpanRow, LINKS, list(stations), start, end)


ORDERS: Final = """
SELECT station_id, (command->>'evse_number')::int AS evse_number, coalesce(sent_at, created_at) AS at,
       (command->>'operative')::boolean AS operative
FROM command
WHERE station_id = ANY($1) AND kind = 'change_availability' AND outcome IN ('Accepted', 'Scheduled') AND created_at < $2
ORDER BY station_id, at
"""


class OrderRow(Struct, frozen=True, kw_only=True):
    """An order of ours to be in order or out of order, which the charger took."""

    station_id: StationId
    evse_number: int | None
    at: datetime
    operative: bool


async def orders(tx: Transaction, stations: Sequence[UUID], end: datetime) -> list[OrderRow]:
    """Return our orders before `end`, the oldest first."""
    return await tx.fetch(OrderRow, ORDERS, list(stations), end)


FOUND: Final = """
-- What detectors found that says how an outlet was, and that nobody has called a mistake.
SELECT f.station_id, nullif(f.evse_number, 0) AS evse_number, f.since AS from_at, f.cleared_at AS until_at,
       CASE WHEN f.detector IN ('D07', 'D25') THEN 'silent' WHEN f.detector = 'D18' THEN 'power'
            ELSE 'payment' END AS word
FROM finding f LEFT JOIN incident i ON i.id = f.incident_id
WHERE f.station_id = ANY($1) AND f.since < $3 AND (f.cleared_at IS NULL OR f.cleared_at > $2)
  AND (f.detector IN ('D07', 'D25', 'D18') OR f.detector = 'D11' AND f.family = 'payment')
  AND i.state IS DISTINCT FROM 'false'
"""

PLANNED: Final = """
SELECT station.id AS station_id, q.evse_number, q.from_at, least(q.until_at, q.ended_at) AS until_at
FROM quiet_span q JOIN station ON station.id = q.station_id OR q.station_id IS NULL AND station.site_id = q.site_id
WHERE station.id = ANY($1) AND q.kind = 'maintenance' AND q.from_at < $3 AND q.until_at > $2
  AND (q.ended_at IS NULL OR q.ended_at > q.from_at)
"""

PROVEN: Final = """
SELECT station_id, evse_number, from_at, until_at FROM uptime_correction
WHERE station_id = ANY($1) AND from_at < $3 AND until_at > $2
"""

EXEMPT: Final = """
SELECT station.id AS station_id, e.evse_number, e.from_at, e.until_at, e.reason AS word
FROM uptime_exclusion e
JOIN station ON station.id = e.station_id OR e.station_id IS NULL AND station.site_id = e.site_id
WHERE station.id = ANY($1) AND e.state = 'approved' AND e.from_at < $3 AND e.until_at > $2
"""


async def spans(
    tx: Transaction, statement: str, stations: Sequence[UUID], start: datetime, end: datetime
) -> list[SpanRow]:
    """Return the spans of one kind (`FOUND`, `PLANNED` …) that touch the time from `start` to `end`."""
    return await tx.fetch(SpanRow, statement, list(stations), start, end)


HOURS: Final = """
SELECT site_id, valid_from, openings FROM site_hours WHERE site_id = ANY($1) ORDER BY site_id, valid_from
"""


class HoursRow(Struct, frozen=True, kw_only=True):
    """The opening hours of a site from a local day on; none: always open."""

    site_id: SiteId
    valid_from: date
    openings: tuple[Opening, ...]


async def hours(tx: Transaction, sites: Iterable[UUID]) -> list[HoursRow]:
    """Return the opening hours of these sites, as they were changed."""
    return await tx.fetch(HoursRow, HOURS, list(sites))


DEMAND: Final = """
-- Energy of each outlet by hour of the local week, each session spread evenly over its time.
SELECT s.station_id, s.evse_number,
       ((extract(isodow FROM h.at) - 1) * 24 + extract(hour FROM h.at))::int AS hour,
       sum(s.energy_wh * extract(epoch FROM least(h.at + interval '1 hour', s.until) - greatest(h.at, s.since))
           / extract(epoch FROM s.until - s.since))::float8 AS energy_wh
FROM (SELECT station_id, evse_number, energy_wh, started_at AT TIME ZONE timezone AS since,
             least(ended_at, started_at + interval '2 days') AT TIME ZONE timezone AS until
      FROM session
      WHERE station_id = ANY($1) AND started_at >= $2 AND started_at < $3 AND ended_at > started_at AND energy_wh > 0) s
CROSS JOIN LATERAL generate_series(date_trunc('hour', s.since), s.until, interval '1 hour') AS h (at)
WHERE s.until > s.since AND h.at < s.until
GROUP BY 1, 2, 3
"""


class DemandRow(Struct, frozen=True, kw_only=True):
    """Energy in one hour of the week, of all weeks together."""

    station_id: StationId
    evse_number: int
    hour: int
    energy_wh: float


async def demand(tx: Transaction, stations: Sequence[UUID], start: datetime, end: datetime) -> list[DemandRow]:
    """Return what these stations' outlets gave by hour of the week."""
    return await tx.fetch(DemandRow, DEMAND, list(stations), start, end)


CORRECT: Final = """
-- Sessions that went on while their station was not connected, of reconnections since $1: proof that it worked.
WITH gap AS (
    SELECT c.station_id, c.disconnected_at AS from_at, n.connected_at AS until_at
    FROM station_connection n CROSS JOIN LATERAL (
        SELECT station_id, disconnected_at FROM station_connection
        WHERE station_id = n.station_id AND epoch < n.epoch ORDER BY epoch DESC LIMIT 1) c
    WHERE n.connected_at >= $1 AND c.disconnected_at < n.connected_at - interval '1 minute'
)
INSERT INTO uptime_correction (station_id, evse_number, from_at, until_at, session_id, recorded_at)
SELECT g.station_id, s.evse_number, greatest(s.started_at, g.from_at),
       least(coalesce(s.ended_at, s.sampled_at), g.until_at), s.id, $2
FROM gap g JOIN session s ON s.station_id = g.station_id AND s.started_at < g.until_at
     AND coalesce(s.ended_at, s.sampled_at) > g.from_at
WHERE s.energy_wh > 0 AND least(coalesce(s.ended_at, s.sampled_at), g.until_at) > greatest(s.started_at, g.from_at)
ON CONFLICT (station_id, evse_number, from_at, session_id) DO UPDATE
SET until_at = excluded.until_at, recorded_at = excluded.recorded_at
WHERE excluded.until_at > uptime_correction.until_at
"""


async def correct(tx: Transaction, since: datetime, now: datetime) -> None:
    """Record what replayed sessions prove of the time before reconnections since `since`."""
    await tx.execute(CORRECT, since, now)

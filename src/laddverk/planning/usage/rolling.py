"""Makes the hours of whole sites anew from their sessions and states: SQL and nothing else.

Every statement takes sites, since when and until when (`$1`, `$2`, `$3`, alike long); the beginnings are full hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

DUE_SHOWN: Final = """
WITH due AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until)),
outlet AS (SELECT o.*, d.since, d.until FROM due d JOIN usage_outlet o USING (site_id))
"""

# A car that stands longer than 40 days was forgotten, and so was a session; a state in which a car stands is believed
# for a week. These bounds are also what lets the statement look at few rows.
VISITS_SHOWN: Final = f"""{DUE_SHOWN},
visit AS MATERIALIZED (
    SELECT o.site_id, o.plug, o.station_id, o.evse_number, o.since, o.until, o.timezone, v.started_at, v.ended_at,
           v.energy_wh, v.price_minor - coalesce(v.vat_minor, 0) AS net_minor, v.currency,
           least(coalesce(v.ended_at, o.until), v.started_at + interval '40 days', o.until) AS left_at,
           least(greatest(least(coalesce(v.charging_ended_at, v.ended_at, o.until), coalesce(v.ended_at, o.until)),
                          v.started_at), v.started_at + interval '40 days') AS full_at
    FROM outlet o JOIN session v USING (station_id, evse_number)
    WHERE v.started_at < o.until AND v.started_at >= o.since - interval '40 days'
      AND (v.ended_at IS NULL OR v.ended_at > o.since OR v.started_at >= o.since)
)
"""  # noqa: S608 - made of constants
STATES_SHOWN: Final = """,
said AS (
    SELECT o.*, t.status, t.started_at, coalesce(t.ended_at, o.until) AS ended_at
    FROM outlet o
    JOIN connector c USING (station_id, evse_number)
    CROSS JOIN LATERAL (
        (SELECT status, started_at, ended_at FROM connector_state x
         WHERE x.station_id = o.station_id AND x.evse_number = o.evse_number
           AND x.connector_number = c.connector_number AND x.started_at < o.since
         ORDER BY x.started_at DESC, x.content_key DESC LIMIT 1)
        UNION ALL
        (SELECT status, started_at, ended_at FROM connector_state x
         WHERE x.station_id = o.station_id AND x.evse_number = o.evse_number
           AND x.connector_number = c.connector_number AND x.started_at >= o.since AND x.started_at < o.until)
    ) t
),
stand (site_id, plug, station_id, evse_number, what, span) AS (
    SELECT site_id, plug, station_id, evse_number, 'busy', tstzrange(greatest(started_at, since), left_at)
    FROM visit WHERE left_at > greatest(started_at, since)
    UNION ALL
    SELECT site_id, plug, station_id, evse_number, 'charging',
           tstzrange(greatest(started_at, since), least(full_at, until))
    FROM visit WHERE least(full_at, until) > greatest(started_at, since)
    UNION ALL
    SELECT site_id, plug, station_id, evse_number, 'busy',
           tstzrange(greatest(started_at, since), least(ended_at, until, started_at + interval '7 days'))
    FROM said
    WHERE status IN ('occupied', 'preparing', 'charging', 'suspended_ev', 'suspended_evse', 'finishing')
      AND least(ended_at, until, started_at + interval '7 days') > greatest(started_at, since)
    UNION ALL
    SELECT site_id, plug, station_id, evse_number, 'out', tstzrange(greatest(started_at, since), least(ended_at, until))
    FROM said
    WHERE status IN ('faulted', 'unavailable') AND least(ended_at, until) > greatest(started_at, since)
),
joined AS (
    SELECT site_id, plug, station_id, evse_number,
           coalesce(range_agg(span) FILTER (WHERE what = 'busy'), '{}') AS busy,
           coalesce(range_agg(span) FILTER (WHERE what = 'charging'), '{}') AS charging,
           coalesce(range_agg(span) FILTER (WHERE what = 'out'), '{}') AS out_of_order
    FROM stand GROUP BY site_id, plug, station_id, evse_number
),
span AS MATERIALIZED (
    SELECT site_id, plug, station_id, evse_number, what, lower(one) AS from_at, upper(one) AS until_at
    FROM joined
    CROSS JOIN LATERAL (VALUES ('busy', busy), ('charging', charging), ('out', out_of_order - busy)) AS k (what, spans)
    CROSS JOIN LATERAL unnest(spans) AS one
)
"""

FORGET_HOURS: Final = """
DELETE FROM usage_hour h USING unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until),
    usage_outlet o
WHERE o.site_id = d.site_id AND h.station_id = o.station_id AND h.evse_number = o.evse_number
  AND h.hour >= d.since AND h.hour < d.until
"""
FORGET_DAYS: Final = """
DELETE FROM usage_day h USING unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until),
    usage_outlet o
WHERE o.site_id = d.site_id AND h.station_id = o.station_id AND h.evse_number = o.evse_number
  AND h.day >= (d.since AT TIME ZONE o.timezone)::date AND h.day <= (d.until AT TIME ZONE o.timezone)::date
"""
FORGET_POOLS: Final = """
DELETE FROM usage_pool_hour h
USING unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until)
WHERE h.site_id = d.site_id AND h.hour >= d.since AND h.hour < d.until
"""

MAKE_HOURS: Final = f"""
-- A session's energy up to an instant is rounded, and an hour gets the difference: so its hours sum to the session.
{VISITS_SHOWN}{STATES_SHOWN},
lasted AS (
    SELECT station_id, evse_number, hour, what,
           extract(epoch FROM least(until_at, hour + interval '1 hour') - greatest(from_at, hour)) AS seconds
    FROM span
    CROSS JOIN LATERAL generate_series(date_trunc('hour', from_at, 'UTC'), until_at - interval '1 microsecond',
                                       interval '1 hour') AS hour
),
flowed AS (
    SELECT station_id, evse_number, hour,
           CASE WHEN full_at > started_at THEN
               round(energy_wh * extract(epoch FROM least(full_at, hour + interval '1 hour') - started_at)
                     / extract(epoch FROM full_at - started_at))
             - round(energy_wh * extract(epoch FROM greatest(started_at, hour) - started_at)
                     / extract(epoch FROM full_at - started_at))
           ELSE energy_wh END AS energy_wh
    FROM visit
    CROSS JOIN LATERAL generate_series(
        date_trunc('hour', greatest(started_at, since), 'UTC'),
        greatest(least(full_at, until) - interval '1 microsecond', greatest(started_at, since)), interval '1 hour'
    ) AS hour
    WHERE ended_at IS NOT NULL AND (full_at > since OR full_at = started_at AND started_at >= since)
),
whole AS (
    SELECT station_id, evse_number, date_trunc('hour', started_at, 'UTC') AS hour, count(*) AS began,
           count(ended_at) AS ended, coalesce(sum(extract(epoch FROM ended_at - started_at)), 0) AS stay_s,
           count(*) FILTER (WHERE ended_at IS NOT NULL AND energy_wh = 0) AS empty,
           coalesce(sum(energy_wh) FILTER (WHERE ended_at IS NOT NULL), 0) AS session_wh,
           coalesce(sum(net_minor) FILTER (WHERE ended_at IS NOT NULL AND currency = $4::text), 0) AS revenue_minor,
           coalesce(sum(energy_wh) FILTER (WHERE ended_at IS NOT NULL AND currency = $4 AND net_minor IS NOT NULL), 0)
               AS sold_wh,
           count(net_minor) FILTER (WHERE ended_at IS NOT NULL AND currency = $4) AS priced
    FROM visit WHERE started_at >= since
    GROUP BY station_id, evse_number, date_trunc('hour', started_at, 'UTC')
),
every (station_id, evse_number, hour, busy_s, charging_s, out_s, energy_wh, began, ended, stay_s, empty, session_wh,
       revenue_minor, sold_wh, priced) AS (
    SELECT station_id, evse_number, hour, CASE what WHEN 'busy' THEN seconds ELSE 0 END,
           CASE what WHEN 'charging' THEN seconds ELSE 0 END, CASE what WHEN 'out' THEN seconds ELSE 0 END,
           0::numeric, 0::bigint, 0::bigint, 0::numeric, 0::bigint, 0::numeric, 0::numeric, 0::numeric, 0::bigint
    FROM lasted
    UNION ALL
    SELECT station_id, evse_number, hour, 0, 0, 0, energy_wh, 0, 0, 0, 0, 0, 0, 0, 0 FROM flowed
    UNION ALL
    SELECT station_id, evse_number, hour, 0, 0, 0, 0, began, ended, stay_s, empty, session_wh, revenue_minor, sold_wh,
           priced
    FROM whole
)
INSERT INTO usage_hour
SELECT station_id, evse_number, hour, sum(busy_s), sum(charging_s), sum(out_s), sum(energy_wh), sum(began), sum(ended),
       sum(stay_s), sum(empty), sum(session_wh), sum(revenue_minor), sum(sold_wh), sum(priced)
FROM every GROUP BY station_id, evse_number, hour
"""  # noqa: S608 - made of constants

MAKE_DAYS: Final = f"""
{DUE_SHOWN}
INSERT INTO usage_day (station_id, evse_number, day, busy_s, charging_s, out_s, energy_wh, began, ended, stay_s, empty,
                       session_wh, revenue_minor, sold_wh, priced)
SELECT o.station_id, o.evse_number, (h.hour AT TIME ZONE o.timezone)::date, sum(busy_s), sum(charging_s), sum(out_s),
       sum(energy_wh), sum(began), sum(ended), sum(stay_s), sum(empty), sum(session_wh), sum(revenue_minor),
       sum(sold_wh), sum(priced)
FROM outlet o JOIN usage_hour h USING (station_id, evse_number)
WHERE h.hour >= date_trunc('day', o.since, o.timezone)
  AND h.hour < date_trunc('day', o.until, o.timezone) + interval '25 hours'
  AND (h.hour AT TIME ZONE o.timezone)::date <= (o.until AT TIME ZONE o.timezone)::date
GROUP BY o.station_id, o.evse_number, (h.hour AT TIME ZONE o.timezone)::date
"""  # noqa: S608 - made of constants

MAKE_POOLS: Final = f"""
-- Between two edges nothing changes: how many outlets stood there, had a car, charged or were out of order.
-- `$2` is an hour early here, to see whether all were taken just before the first session; that hour is not written.
{VISITS_SHOWN}{STATES_SHOWN},
edge (site_id, plug, at, busy, charging, out_of_order, ports) AS (
    SELECT site_id, plug, from_at, (what = 'busy')::int, (what = 'charging')::int, (what = 'out')::int, 0 FROM span
    UNION ALL
    SELECT site_id, plug, until_at, -(what = 'busy')::int, -(what = 'charging')::int, -(what = 'out')::int, 0 FROM span
    UNION ALL
    SELECT site_id, plug, greatest(opened_at, since), 0, 0, 0, 1 FROM outlet
    WHERE opened_at < until AND coalesce(closed_at, until) > since
    UNION ALL
    SELECT site_id, plug, least(closed_at, until), 0, 0, 0, -1 FROM outlet
    WHERE opened_at < until AND closed_at > since
    UNION ALL
    SELECT site_id, plug, hour, 0, 0, 0, 0
    FROM (SELECT DISTINCT site_id, plug, since, until FROM outlet) pool,
        generate_series(since, until, interval '1 hour') AS hour
),
running AS (
    SELECT site_id, plug, at, sum(sum(busy)) OVER w AS busy, sum(sum(charging)) OVER w AS charging,
           sum(sum(out_of_order)) OVER w AS out_of_order, sum(sum(ports)) OVER w AS ports, lead(at) OVER w AS next_at
    FROM edge GROUP BY site_id, plug, at WINDOW w AS (PARTITION BY site_id, plug ORDER BY at)
),
judged AS (
    SELECT *, busy > 0 AND busy + out_of_order >= ports AS is_full FROM running WHERE next_at > at
),
stretch AS (
    SELECT *, date_trunc('hour', at, 'UTC') AS hour, extract(epoch FROM next_at - at) AS seconds,
           is_full AND NOT lead(is_full) OVER (PARTITION BY site_id, plug ORDER BY at) AS frees
    FROM judged
),
waited AS (
    SELECT v.site_id, v.plug, date_trunc('hour', v.started_at, 'UTC') AS hour, count(*) AS waited
    FROM visit v
    WHERE EXISTS (SELECT FROM stretch s WHERE s.site_id = v.site_id AND s.plug = v.plug AND s.frees
                  AND s.next_at BETWEEN v.started_at - interval '10 minutes' AND v.started_at)
    GROUP BY 1, 2, 3
),
flowed AS (
    SELECT o.site_id, o.plug, h.hour, sum(h.energy_wh) AS energy_wh, sum(h.began) AS began
    FROM outlet o JOIN usage_hour h USING (station_id, evse_number)
    WHERE h.hour >= o.since AND h.hour < o.until GROUP BY o.site_id, o.plug, h.hour
)
INSERT INTO usage_pool_hour
SELECT s.site_id, s.plug, s.hour, max(ports), max(busy), coalesce(sum(seconds) FILTER (WHERE is_full), 0),
       coalesce(sum(seconds) FILTER (WHERE busy = 0 AND out_of_order > 0 AND out_of_order >= ports), 0),
       coalesce(sum(seconds) FILTER (WHERE busy > 0 AND busy >= ports), 0),
       coalesce(sum(seconds) FILTER (WHERE charging > 0 AND charging >= ports), 0),
       sum(busy * seconds), sum(charging * seconds), sum(out_of_order * seconds),
       coalesce(max(f.energy_wh), 0), coalesce(max(f.began), 0), coalesce(max(w.waited), 0)
FROM stretch s JOIN due d USING (site_id)
LEFT JOIN flowed f USING (site_id, plug, hour) LEFT JOIN waited w USING (site_id, plug, hour)
WHERE s.hour >= d.since + interval '1 hour'
GROUP BY s.site_id, s.plug, s.hour
HAVING max(busy) > 0 OR max(out_of_order) > 0 OR max(f.began) > 0 OR max(f.energy_wh) > 0
"""  # noqa: S608 - made of constants

TAKE_DUE: Final = """
WITH taken AS (DELETE FROM usage_due RETURNING station_id, since, site_id)
SELECT coalesce(t.site_id, s.site_id) AS site_id, date_trunc('hour', min(t.since), 'UTC') AS since
FROM taken t LEFT JOIN station s ON s.id = t.station_id
WHERE coalesce(t.site_id, s.site_id) IS NOT NULL
GROUP BY coalesce(t.site_id, s.site_id)
"""
GOING_ON: Final = """
-- Sites where a car stands, or something is out of order: time passes there.
SELECT s.site_id, date_trunc('hour', m.until, 'UTC') AS since
FROM (
    SELECT station_id FROM session WHERE ended_at IS NULL
    UNION
    SELECT station_id FROM connector WHERE status NOT IN ('available', 'unknown', 'reserved')
) x JOIN station s ON s.id = x.station_id JOIN usage_made m USING (site_id)
GROUP BY s.site_id, m.until
"""
PUT_BACK: Final = "INSERT INTO usage_due (site_id, since) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])"
MADE: Final = """
INSERT INTO usage_made SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
ON CONFLICT (site_id) DO UPDATE SET until = greatest(usage_made.until, excluded.until)
"""


class Due(Struct, frozen=True, kw_only=True):
    """From when on a site's hours are to be made anew."""

    site_id: UUID
    since: datetime


async def take_due(tx: Transaction) -> list[Due]:
    """Return what was noted, which is then no longer noted."""
    return await tx.fetch(Due, TAKE_DUE)


async def going_on(tx: Transaction) -> list[Due]:
    """Return the sites at which time passes, since they were last made."""
    return await tx.fetch(Due, GOING_ON)


async def put_back(tx: Transaction, later: Sequence[Due]) -> None:
    """Note again what is left for the next turn."""
    if later:
        await tx.execute(PUT_BACK, [one.site_id for one in later], [one.since for one in later])


async def make(tx: Transaction, due: Sequence[Due], until: Sequence[datetime], currency: str) -> None:
    """Make the hours, days and pools of some sites anew between two instants; the hours before stand."""
    args = [one.site_id for one in due], [one.since for one in due], list(until)
    for forget in (FORGET_HOURS, FORGET_DAYS, FORGET_POOLS):
        await tx.execute(forget, *args)
    await tx.execute(MAKE_HOURS, *args, currency)
    await tx.execute(MAKE_DAYS, *args)
    await tx.execute(MAKE_POOLS, args[0], [since - timedelta(hours=1) for since in args[1]], args[2])
    await tx.execute(MADE, args[0], args[2])

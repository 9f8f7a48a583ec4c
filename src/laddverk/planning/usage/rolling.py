"""Counts stretches of sites anew from their sessions and states: SQL and nothing else.

Every statement takes sites, since when and until when (`$1`, `$2`, `$3`, alike long): full hours, the first of a local
day each, the ends as well or now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from laddverk.planning.usage.due import Due
from laddverk.planning.usage.queries import SUMMED_COLUMNS, SUMS_COLUMNS
from laddverk.platform.database import Transaction

HOURS: Final = 24

# Numbers stand for outlets, pools (a site's outlets with the same plug) and classes (of these, the same model).
DUE_SHOWN: Final = """
WITH due AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until)),
outlet AS MATERIALIZED (
    SELECT row_number() OVER ()::int AS outlet, dense_rank() OVER (ORDER BY site_id, plug)::int AS pool,
           dense_rank() OVER (ORDER BY site_id, plug, model)::int AS class,
           dense_rank() OVER (ORDER BY timezone)::int AS zone, (date_part('epoch', since) / 3600)::int AS since_h, *
    FROM (
        SELECT o.station_id, o.evse_number, o.site_id, o.plug, o.timezone, o.opened_at, o.closed_at, d.since, d.until,
               concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, '')) AS model, d.since - interval '1 hour' AS early,
               w.area, w.added_per_kwh
        FROM due d JOIN usage_outlet o USING (site_id) LEFT JOIN plan_wish w USING (site_id)
    ) AS standing
),
pools AS MATERIALIZED (SELECT DISTINCT pool, site_id, plug, zone, since, since_h, until FROM outlet),
classes AS MATERIALIZED (SELECT DISTINCT class, site_id, plug, model FROM outlet),
-- The local day and hour of each hour, looked up once; in the night in which the clock goes back one is there twice.
clock AS MATERIALIZED (
    SELECT zone, h, local::date AS day, extract(hour FROM local)::int AS slot
    FROM (SELECT zone, timezone, min(since_h) AS first, (max(date_part('epoch', until)) / 3600)::int AS last
          FROM outlet GROUP BY zone, timezone) z,
        generate_series(first - 1, last) AS h,
        LATERAL (SELECT to_timestamp(h * 3600.0) AT TIME ZONE timezone) AS t (local)
)
"""

# A car that stands longer than 40 days was forgotten, and so was a session; a state in which a car stands is believed
# for a week. These bounds are also what lets the statement look at few rows. What is looked at begins an hour early, to
# see whether all were taken just before the first session; that hour is not written.
VISITS_SHOWN: Final = """,
visit AS MATERIALIZED (
    SELECT o.outlet, o.pool, o.zone, o.since, o.since_h, o.early, o.until, v.started_at, v.ended_at, v.energy_wh,
           v.price_minor - coalesce(v.vat_minor, 0) AS net_minor,
           v.ended_at IS NOT NULL AND v.price_minor IS NOT NULL AND coalesce(v.currency = $4::text, false) AS is_sold,
           least(coalesce(v.ended_at, o.until), v.started_at + interval '40 days', o.until) AS left_at,
           least(greatest(least(coalesce(v.charging_ended_at, v.ended_at, o.until), coalesce(v.ended_at, o.until)),
                          v.started_at), v.started_at + interval '40 days') AS full_at
    FROM outlet o JOIN session v USING (station_id, evse_number)
    WHERE v.started_at < o.until AND v.started_at >= o.early - interval '40 days'
      AND (v.ended_at IS NULL OR v.ended_at > o.early OR v.started_at >= o.early)
)
"""
SPANS_SHOWN: Final = """,
said AS (
    SELECT o.outlet, o.early, o.until, t.status, t.started_at, coalesce(t.ended_at, o.until) AS ended_at
    FROM outlet o
    JOIN connector c USING (station_id, evse_number)
    CROSS JOIN LATERAL (
        (SELECT status, started_at, ended_at FROM connector_state x
         WHERE x.station_id = o.station_id AND x.evse_number = o.evse_number
           AND x.connector_number = c.connector_number AND x.started_at < o.early
         ORDER BY x.started_at DESC, x.content_key DESC LIMIT 1)
        UNION ALL
        (SELECT status, started_at, ended_at FROM connector_state x
         WHERE x.station_id = o.station_id AND x.evse_number = o.evse_number
           AND x.connector_number = c.connector_number AND x.started_at >= o.early AND x.started_at < o.until)
    ) t
),
stand (outlet, what, span) AS (
    SELECT outlet, 'busy', tstzrange(greatest(started_at, early), left_at)
    FROM visit WHERE left_at > greatest(started_at, early)
    UNION ALL
    SELECT outlet, 'charging', tstzrange(greatest(started_at, early), least(full_at, until))
    FROM visit WHERE least(full_at, until) > greatest(started_at, early)
    UNION ALL
    SELECT outlet, 'busy',
           tstzrange(greatest(started_at, early), least(ended_at, until, started_at + interval '7 days'))
    FROM said
    WHERE status IN ('occupied', 'preparing', 'charging', 'suspended_ev', 'suspended_evse', 'finishing')
      AND least(ended_at, until, started_at + interval '7 days') > greatest(started_at, early)
    UNION ALL
    SELECT outlet, 'out', tstzrange(greatest(started_at, early), least(ended_at, until))
    FROM said
    WHERE status IN ('faulted', 'unavailable') AND least(ended_at, until) > greatest(started_at, early)
),
joined AS (
    SELECT outlet, coalesce(range_agg(span) FILTER (WHERE what = 'busy'), '{}') AS busy,
           coalesce(range_agg(span) FILTER (WHERE what = 'charging'), '{}') AS charging,
           coalesce(range_agg(span) FILTER (WHERE what = 'out'), '{}') AS out_of_order
    FROM stand GROUP BY outlet
),
span AS MATERIALIZED (
    SELECT o.outlet, o.pool, o.since_h, k.busy, k.charging, k.out_of_order, lower(one) AS from_at,
           upper(one) AS until_at, date_part('epoch', lower(one)) AS from_s, date_part('epoch', upper(one)) AS until_s
    FROM joined j JOIN outlet o USING (outlet)
    CROSS JOIN LATERAL (VALUES (j.busy, 1, 0, 0), (j.charging, 0, 1, 0), (j.out_of_order - j.busy, 0, 0, 1))
        AS k (spans, busy, charging, out_of_order)
    CROSS JOIN LATERAL unnest(spans) AS one
)
"""
HOURS_SHOWN: Final = """,
lasted AS (
    SELECT outlet, h, busy, charging, out_of_order,
           least(until_s, h * 3600.0::float8 + 3600) - greatest(from_s, h * 3600.0::float8) AS seconds
    FROM (
        SELECT outlet, busy, charging, out_of_order, from_s, until_s,
               generate_series(greatest(floor(from_s / 3600)::int, since_h), ceil(until_s / 3600)::int - 1) AS h
        FROM span
    ) s
),
flowed AS (
    -- A session's energy up to an instant is rounded, and an hour gets the difference: so its hours sum to the session.
    SELECT outlet, h,
           CASE WHEN full_s > 0 THEN
               round(energy_wh * least(full_s, h * 3600.0::float8 + 3600 - started_s) / full_s)
             - round(energy_wh * greatest(0, h * 3600.0::float8 - started_s) / full_s)
           ELSE energy_wh END AS energy_wh
    FROM (
        SELECT outlet, energy_wh, started_s, full_s,
               generate_series(
                   greatest(floor(started_s / 3600)::int, since_h),
                   greatest(ceil(least(started_s + full_s, until_s) / 3600)::int - 1, floor(started_s / 3600)::int)
               ) AS h
        FROM (
            SELECT outlet, since_h, energy_wh, date_part('epoch', started_at) AS started_s,
                   date_part('epoch', full_at - started_at) AS full_s, date_part('epoch', until) AS until_s
            FROM visit WHERE ended_at IS NOT NULL AND energy_wh > 0 AND (full_at > since OR started_at >= since)
        ) v
    ) v
),
whole AS MATERIALIZED (
    SELECT v.outlet, v.pool, c.day, c.slot, v.h, count(*)::int AS began, count(ended_at)::int AS ended,
           coalesce(sum(date_part('epoch', ended_at - started_at)), 0) AS stay_s,
           count(*) FILTER (WHERE ended_at IS NOT NULL AND energy_wh = 0)::int AS empty,
           coalesce(sum(energy_wh) FILTER (WHERE ended_at IS NOT NULL), 0)::bigint AS session_wh,
           coalesce(sum(net_minor) FILTER (WHERE is_sold), 0)::bigint AS revenue_minor,
           coalesce(sum(energy_wh) FILTER (WHERE is_sold), 0)::bigint AS sold_wh,
           count(*) FILTER (WHERE is_sold)::int AS priced
    FROM (SELECT *, floor(date_part('epoch', started_at) / 3600)::int AS h FROM visit WHERE started_at >= since) v
    JOIN clock c USING (zone, h)
    GROUP BY v.outlet, v.pool, c.day, c.slot, v.h
),
here AS MATERIALIZED (
    SELECT outlet, h, sum(busy_s) AS busy_s, sum(charging_s) AS charging_s, sum(out_s) AS out_s,
           sum(energy_wh) AS energy_wh
    FROM (
        SELECT outlet, h, busy * seconds AS busy_s, charging * seconds AS charging_s, out_of_order * seconds AS out_s,
               0::float8 AS energy_wh
        FROM lasted
        UNION ALL
        SELECT outlet, h, 0, 0, 0, energy_wh FROM flowed
    ) parts GROUP BY outlet, h
)
"""
FACTS_SHOWN: Final = """,
-- The exchange's price of each hour in which anything happened where it is known.
rate AS MATERIALIZED (
    SELECT area, h, price
    FROM (
        SELECT DISTINCT area, h FROM (SELECT outlet, h FROM here UNION ALL SELECT outlet, h FROM whole) x
        JOIN outlet USING (outlet) WHERE area IS NOT NULL
    ) needed CROSS JOIN LATERAL (
        SELECT avg(price)::float8 AS price FROM spot_price p
        WHERE p.area = needed.area AND p.currency = $4::text AND p.starts_at >= to_timestamp(h * 3600.0)
          AND p.starts_at < to_timestamp(h * 3600.0 + 3600)
    ) spot WHERE price IS NOT NULL
),
fact AS MATERIALIZED (
    SELECT p.*, class, zone, coalesce(energy_wh * (price + added_per_kwh) / 10, 0) AS cost_minor,
           CASE WHEN price IS NULL THEN 0 ELSE energy_wh END AS cost_wh,
           CASE WHEN price IS NULL THEN 0 ELSE revenue_minor END AS costed_minor
    FROM (
        SELECT outlet, h, busy_s, charging_s, out_s, energy_wh, 0 AS began, 0 AS ended, 0::float8 AS stay_s, 0 AS empty,
               0::bigint AS session_wh, 0::bigint AS revenue_minor, 0::bigint AS sold_wh, 0 AS priced
        FROM here
        UNION ALL
        SELECT outlet, h, 0, 0, 0, 0, began, ended, stay_s, empty, session_wh, revenue_minor, sold_wh, priced FROM whole
    ) p JOIN outlet USING (outlet) LEFT JOIN rate USING (area, h)
)
"""
POOLS_SHOWN: Final = """,
edge (pool, at, busy, charging, out_of_order, ports) AS (
    SELECT pool, from_at, busy, charging, out_of_order, 0 FROM span
    UNION ALL
    SELECT pool, until_at, -busy, -charging, -out_of_order, 0 FROM span
    UNION ALL
    SELECT pool, greatest(opened_at, early), 0, 0, 0, 1 FROM outlet
    WHERE opened_at < until AND coalesce(closed_at, until) > early
    UNION ALL
    SELECT pool, least(closed_at, until), 0, 0, 0, -1 FROM outlet WHERE opened_at < until AND closed_at > early
),
-- Between two edges nothing changes: how many outlets stood there, had a car, charged or were out of order.
stretch AS MATERIALIZED (
    SELECT r.*, busy > 0 AND busy + out_of_order >= ports AS is_full,
           busy = 0 AND out_of_order > 0 AND out_of_order >= ports AS is_dark
    FROM (
        SELECT pool, at, lead(at) OVER w AS next_at, sum(busy) OVER w AS busy, sum(charging) OVER w AS charging,
               sum(out_of_order) OVER w AS out_of_order, sum(ports) OVER w AS ports
        FROM edge WINDOW w AS (PARTITION BY pool ORDER BY at)
    ) r WHERE next_at > at
),
freed AS MATERIALIZED (
    SELECT pool, next_at AS at
    FROM (SELECT pool, next_at, is_full, lead(is_full) OVER (PARTITION BY pool ORDER BY at) AS is_full_next
          FROM stretch) s
    WHERE is_full AND NOT is_full_next
),
waited AS MATERIALIZED (
    -- Of a session and the places that became free before it, the latest tells.
    SELECT pool, floor(date_part('epoch', at) / 3600)::int AS h, count(*)::int AS waited
    FROM (
        SELECT pool, at, is_visit,
               max(freed_at) OVER (PARTITION BY pool ORDER BY at, is_visit ROWS UNBOUNDED PRECEDING) AS freed_at
        FROM (
            SELECT pool, at, false AS is_visit, at AS freed_at FROM freed
            UNION ALL
            SELECT pool, started_at, true, NULL FROM visit WHERE started_at >= since
        ) both_kinds
    ) followed
    WHERE is_visit AND freed_at >= at - interval '10 minutes' GROUP BY 1, 2
),
closed AS MATERIALIZED (
    SELECT pool, h, coalesce(sum(seconds) FILTER (WHERE is_full), 0) AS full_s,
           coalesce(sum(seconds) FILTER (WHERE is_dark), 0) AS dark_s,
           coalesce(sum(seconds) FILTER (WHERE busy > 0 AND busy >= ports), 0) AS full_busy_s,
           coalesce(sum(seconds) FILTER (WHERE charging > 0 AND charging >= ports), 0) AS full_charging_s
    FROM (
        SELECT s.*, least(next_s, h * 3600.0::float8 + 3600) - greatest(at_s, h * 3600.0::float8) AS seconds
        FROM (
            SELECT s.*, generate_series(greatest(floor(at_s / 3600)::int, since_h), ceil(next_s / 3600)::int - 1) AS h
            FROM (SELECT *, date_part('epoch', at) AS at_s, date_part('epoch', next_at) AS next_s
                  FROM stretch JOIN pools USING (pool) WHERE is_full OR is_dark) s
        ) s
    ) by_hour GROUP BY pool, h
)
"""


def _by_slot(value: str) -> str:
    """Return the SQL of an array of sums by the local hour."""
    return f"ARRAY[{', '.join(f'coalesce(sum({value}) FILTER (WHERE slot = {at}), 0)::int' for at in range(HOURS))}]"


POOL_DAYS_SHOWN: Final = f""",
used AS (
    SELECT pool, day, max(ports)::int AS ports, max(taken_max) AS taken_max
    FROM (
        SELECT s.pool, s.ports, s.taken_max, f.day + generate_series(0, l.day - f.day) AS day
        FROM (
            -- What lay in the same hours is one first: there are as many stretches as beginnings and ends.
            SELECT pool, p.zone, greatest(floor(date_part('epoch', at) / 3600)::int, since_h) AS first_h,
                   ceil(date_part('epoch', next_at) / 3600)::int - 1 AS last_h, max(ports) AS ports,
                   max(busy / nullif(ports, 0)::float8) AS taken_max
            FROM stretch s JOIN pools p USING (pool) WHERE (busy > 0 OR out_of_order > 0) AND next_at > since
            GROUP BY 1, 2, 3, 4
        ) s
        JOIN clock f ON f.zone = s.zone AND f.h = s.first_h JOIN clock l ON l.zone = s.zone AND l.h = s.last_h
    ) s GROUP BY pool, day
),
came AS (SELECT pool, day, {_by_slot("began")} AS began FROM whole GROUP BY pool, day),
shut AS (
    SELECT pool, day, sum(full_s) AS full_s, sum(dark_s) AS dark_s,
           {_by_slot("round((full_s + dark_s) * 1000)")} AS closed_ms, {_by_slot("round(full_s * 1000)")} AS full_ms,
           {_by_slot("round(full_busy_s * 1000)")} AS full_busy_ms,
           {_by_slot("round(full_charging_s * 1000)")} AS full_charging_ms
    FROM closed JOIN pools USING (pool) JOIN clock USING (zone, h) GROUP BY pool, day
),
waiting AS (
    SELECT pool, day, sum(waited)::int AS waited FROM waited JOIN pools USING (pool) JOIN clock USING (zone, h)
    GROUP BY pool, day
)
"""  # noqa: S608 - made of constants

COUNT: Final = f"""
{DUE_SHOWN}{VISITS_SHOWN}{SPANS_SHOWN}{HOURS_SHOWN}{FACTS_SHOWN}{POOLS_SHOWN}{POOL_DAYS_SHOWN},
days AS (
    INSERT INTO usage_day (station_id, evse_number, day, {SUMMED_COLUMNS})
    SELECT o.station_id, o.evse_number, day, {SUMMED_COLUMNS}
    FROM (SELECT outlet, c.day, {SUMS_COLUMNS} FROM fact JOIN clock c USING (zone, h) GROUP BY outlet, c.day) f
    JOIN outlet o USING (outlet)
),
hours AS (
    INSERT INTO usage_class_hour (site_id, plug, model, hour, {SUMMED_COLUMNS})
    SELECT c.site_id, c.plug, c.model, to_timestamp(h * 3600.0), {SUMMED_COLUMNS}
    FROM (SELECT class, h, {SUMS_COLUMNS} FROM fact GROUP BY class, h) f JOIN classes c USING (class)
),
full_hours AS (
    INSERT INTO usage_full_hour (site_id, plug, hour, full_s, dark_s, full_busy_s, full_charging_s, waited)
    SELECT p.site_id, p.plug, to_timestamp(h * 3600.0), coalesce(full_s, 0), coalesce(dark_s, 0),
           coalesce(full_busy_s, 0), coalesce(full_charging_s, 0), coalesce(waited, 0)
    FROM closed FULL JOIN waited USING (pool, h) JOIN pools p USING (pool)
)
INSERT INTO usage_pool_day (site_id, plug, day, ports, taken_max, full_s, dark_s, waited, began, closed_ms, full_ms,
                            full_busy_ms, full_charging_ms)
SELECT p.site_id, p.plug, day, coalesce(u.ports, 0), coalesce(u.taken_max, 0), coalesce(s.full_s, 0),
       coalesce(s.dark_s, 0), coalesce(w.waited, 0), c.began, s.closed_ms, s.full_ms, s.full_busy_ms, s.full_charging_ms
FROM used u FULL JOIN came c USING (pool, day) LEFT JOIN shut s USING (pool, day) LEFT JOIN waiting w USING (pool, day)
JOIN pools p USING (pool)
"""  # noqa: S608 - made of constants

FORGET_DAYS: Final = """
DELETE FROM usage_day h USING unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until),
    usage_outlet o
WHERE o.site_id = d.site_id AND h.station_id = o.station_id AND h.evse_number = o.evse_number
  AND h.day >= (d.since AT TIME ZONE o.timezone)::date
  AND h.day <= (date_bin('1 hour', d.until - interval '1 microsecond', timestamptz '2000-01-01 00:00Z')
                AT TIME ZONE o.timezone)::date
"""
FORGET_CLASS_HOURS: Final = """
DELETE FROM usage_class_hour h
USING unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until)
WHERE h.site_id = d.site_id AND h.hour >= d.since AND h.hour < d.until
"""
FORGET_FULL_HOURS: Final = """
DELETE FROM usage_full_hour h
USING unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until)
WHERE h.site_id = d.site_id AND h.hour >= d.since AND h.hour < d.until
"""
FORGET_POOL_DAYS: Final = """
DELETE FROM usage_pool_day h
USING unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until), site i
WHERE i.id = d.site_id AND h.site_id = d.site_id AND h.day >= (d.since AT TIME ZONE i.timezone)::date
  AND h.day <= (date_bin('1 hour', d.until - interval '1 microsecond', timestamptz '2000-01-01 00:00Z')
                AT TIME ZONE i.timezone)::date
"""


async def count(tx: Transaction, due: Sequence[Due], currency: str) -> None:
    """Count stretches anew: days of outlets, hours of classes, days of pools. Sums of these are `summing`'s."""
    args = [one.site_id for one in due], [one.since for one in due], [one.until for one in due]
    for forget in (FORGET_DAYS, FORGET_CLASS_HOURS, FORGET_FULL_HOURS, FORGET_POOL_DAYS):
        await tx.execute(forget, *args)
    await tx.execute(COUNT, *args, currency)

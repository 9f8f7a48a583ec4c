"""The figures of usage asked of the raw rows, minute by minute: written apart from how they are counted.

`FACTS` lays down once what is true of each outlet in each minute and hour; everything else is sums of it. It holds for
sessions, states and chargers whose times are whole minutes.
"""

from __future__ import annotations

from typing import Final

from laddverk.planning.usage.reading import By

OUTLETS: Final = """
CREATE TEMP TABLE raw_outlet ON COMMIT DROP AS
SELECT DISTINCT ON (c.station_id, c.evse_number) c.station_id, c.evse_number, t.site_id, c.plug,
       t.vendor || ' ' || t.model AS model, c.power_max_w AS power_w, coalesce(t.retired_at, 'infinity') AS closed_at,
       least(t.registered_at, (SELECT min(started_at) FROM session v WHERE v.station_id = t.id)) AS opened_at
FROM connector c JOIN station t ON t.id = c.station_id ORDER BY 1, 2, c.power_max_w DESC
"""
FACTS: Final = """
-- Seconds and energy of each minute; of a session as a whole when it began; how long each outlet stood in each hour.
CREATE TEMP TABLE raw_fact ON COMMIT DROP AS
WITH charge AS (
    SELECT *, least(coalesce(ended_at, $1::timestamptz), started_at + interval '40 days') AS left_at,
           greatest(started_at, least(charging_ended_at, ended_at, $1, started_at + interval '40 days')) AS full_at,
           ended_at IS NOT NULL AND price_minor IS NOT NULL AND currency = 'SEK' AS is_sold
    FROM session
),
busy AS (
    SELECT station_id, evse_number, at
    FROM charge, generate_series(started_at, left_at - interval '1 minute', interval '1 minute') AS at
    UNION
    SELECT station_id, evse_number, at
    FROM connector_state, generate_series(started_at, coalesce(ended_at, $1) - interval '1 minute', interval '1 minute')
        AS at
    WHERE status = 'finishing'
),
charging AS (
    SELECT DISTINCT station_id, evse_number, at
    FROM charge, generate_series(started_at, full_at - interval '1 minute', interval '1 minute') AS at
),
broken AS (
    SELECT station_id, evse_number, at
    FROM connector_state, generate_series(started_at, coalesce(ended_at, $1) - interval '1 minute', interval '1 minute')
        AS at
    WHERE status IN ('faulted', 'unavailable')
    EXCEPT TABLE busy
),
said (station_id, evse_number, at, what, value) AS (
    SELECT *, 'busy_s', 60::float8 FROM busy
    UNION ALL SELECT *, 'charging_s', 60 FROM charging
    UNION ALL SELECT *, 'out_s', 60 FROM broken
    UNION ALL
    SELECT station_id, evse_number, at, 'energy_wh',
           energy_wh / greatest(1, extract(epoch FROM full_at - started_at)::float8 / 60)
    FROM charge, generate_series(started_at, greatest(full_at - interval '1 minute', started_at), interval '1 minute')
        AS at
    WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT station_id, evse_number, started_at, whole.*
    FROM charge, LATERAL (VALUES
        ('began', 1::float8), ('ended', (ended_at IS NOT NULL)::int),
        ('stay_s', coalesce(extract(epoch FROM ended_at - started_at), 0)),
        ('empty', (ended_at IS NOT NULL AND energy_wh = 0)::int),
        ('session_wh', CASE WHEN ended_at IS NOT NULL THEN energy_wh ELSE 0 END),
        ('revenue_minor', CASE WHEN is_sold THEN price_minor - vat_minor ELSE 0 END),
        ('sold_wh', CASE WHEN is_sold THEN energy_wh ELSE 0 END), ('priced', is_sold::int)
    ) AS whole
    UNION ALL
    SELECT station_id, evse_number, h, stood.*
    FROM raw_outlet, generate_series(date_trunc('hour', opened_at), $1, interval '1 hour') AS h,
        LATERAL (SELECT extract(epoch FROM least(closed_at, $1, h + interval '1 hour') - greatest(opened_at, h))::float8
                        AS seconds) AS s,
        LATERAL (VALUES ('port_s', seconds), ('rated_wh', seconds * power_w / 3600)) AS stood
    WHERE seconds > 0
)
SELECT o.site_id, o.plug, o.model, said.*, at AT TIME ZONE 'Europe/Stockholm' AS local
FROM said JOIN raw_outlet o USING (station_id, evse_number)
"""
COSTS: Final = """
-- Of each fact in an hour whose price is known at its site: what its energy cost, and its revenue.
INSERT INTO raw_fact (site_id, plug, model, station_id, evse_number, at, local, what, value)
SELECT f.site_id, plug, model, station_id, evse_number, at, local, told.*
FROM raw_fact f JOIN (
    SELECT w.site_id, date_trunc('hour', p.starts_at) AS hour, sum(p.price) / count(*) + w.added_per_kwh AS per_kwh
    FROM plan_wish w JOIN spot_price p ON p.area = w.area AND p.currency = 'SEK' GROUP BY 1, 2, w.added_per_kwh
) paid ON paid.site_id = f.site_id AND paid.hour = date_trunc('hour', f.at)
CROSS JOIN LATERAL (VALUES
    ('cost_minor', CASE WHEN what = 'energy_wh' THEN value / 1000 * per_kwh * 100 END),
    ('cost_wh', CASE WHEN what = 'energy_wh' THEN value END),
    ('costed_minor', CASE WHEN what = 'revenue_minor' THEN value END)
) AS told (what, value)
WHERE f.what IN ('energy_wh', 'revenue_minor') AND f.value <> 0 AND told.value IS NOT NULL
"""
POOLS: Final = """
-- A site's outlets with one plug in each minute in which any had a car or was out of order.
CREATE TEMP TABLE raw_pool ON COMMIT DROP AS
SELECT *, busy + broken >= ports AS is_closed, busy > 0 AND busy + broken >= ports AS is_full
FROM (
    SELECT site_id, plug, at, local, count(*) FILTER (WHERE what = 'busy_s') AS busy,
           count(*) FILTER (WHERE what = 'out_s') AS broken,
           (SELECT count(*) FROM raw_outlet o WHERE o.site_id = f.site_id AND o.plug = f.plug
            AND o.opened_at <= f.at AND o.closed_at > f.at) AS ports
    FROM raw_fact f WHERE what IN ('busy_s', 'out_s') GROUP BY site_id, plug, at, local
) counted
"""

CHOSEN: Final = "at >= $1 AND at < $2 AND ($3::uuid[] IS NULL OR site_id = ANY($3))"
NAMES: Final = (
    "busy_s", "charging_s", "out_s", "energy_wh", "began", "ended", "stay_s", "empty", "session_wh", "revenue_minor",
    "sold_wh", "priced", "cost_minor", "cost_wh", "costed_minor", "port_s", "rated_wh",
)  # fmt: skip
KEYS: Final = {
    By.SITE: "site_id::text", By.MODEL: "model", By.PLUG: "plug", By.OUTLET: "station_id || '/' || evse_number",
    By.HOUR: "to_char(local, 'HH24')", By.WEEKDAY: "to_char(local, 'ID')", By.MONTH: "to_char(local, 'YYYY-MM')",
    By.SEASON: "CASE WHEN to_char(local, 'MM') IN ('12', '01', '02') THEN 'winter'"
               " WHEN to_char(local, 'MM') IN ('03', '04', '05') THEN 'spring'"
               " WHEN to_char(local, 'MM') IN ('06', '07', '08') THEN 'summer' ELSE 'autumn' END",
}  # fmt: skip


def by(key: str) -> str:
    """Return the SQL of every sum and every figure of a group, by an expression."""
    sums = ", ".join(f"coalesce(sum(value) FILTER (WHERE what = '{name}'), 0) AS {name}" for name in NAMES)
    return f"""
    WITH grouped AS (SELECT {key} AS key, {sums} FROM raw_fact WHERE {CHOSEN} GROUP BY 1)
    SELECT *, busy_s / nullif(port_s, 0) AS time_utilisation, busy_s / nullif(port_s - out_s, 0) AS able_utilisation,
           charging_s / nullif(port_s, 0) AS charging_utilisation,
           energy_wh / nullif(rated_wh, 0) AS energy_utilisation,
           energy_wh / nullif(charging_s / 3600, 0) AS charging_power_w,
           began / nullif(port_s / 86400, 0) AS sessions_per_port_day,
           energy_wh / nullif(port_s / 86400, 0) AS energy_per_port_day_wh, stay_s / nullif(ended, 0) AS stay_s_mean,
           session_wh / nullif(ended, 0) AS session_wh_mean, 1 - charging_s / nullif(busy_s, 0) AS idle_share,
           began / nullif(busy_s / 3600, 0) AS turnover_per_h, empty / nullif(ended, 0) AS empty_share,
           revenue_minor / nullif(sold_wh / 1000, 0) AS revenue_per_kwh_minor,
           revenue_minor / nullif(port_s / 86400, 0) AS revenue_per_port_day_minor,
           CASE WHEN cost_wh > 0 OR costed_minor > 0 THEN costed_minor - cost_minor END AS margin_minor
    FROM grouped
    """


HEAT: Final = f"""
SELECT (to_char(local, 'ID')::int - 1) * 24 + to_char(local, 'HH24')::int AS slot,
       sum(value) FILTER (WHERE what = 'busy_s') / sum(value) FILTER (WHERE what = 'port_s') AS share
FROM raw_fact WHERE {CHOSEN} GROUP BY 1
"""
CURVE: Final = f"""
SELECT coalesce(sum(value) FILTER (WHERE what = 'energy_wh'), 0) AS energy_wh
FROM raw_fact WHERE {CHOSEN} GROUP BY date_trunc('hour', at) ORDER BY 1 DESC
"""
RATED_W: Final = """
SELECT sum(power_w) FROM raw_outlet
WHERE opened_at < $2 AND closed_at > $1 AND ($3::uuid[] IS NULL OR site_id = ANY($3))
"""
ROOM: Final = f"""
SELECT max(busy::float8 / ports) FILTER (WHERE ports > 0) AS taken_max, 60 * count(*) FILTER (WHERE is_full) AS full_s
FROM raw_pool WHERE {CHOSEN}
"""
POOL_S: Final = """
SELECT sum(seconds)::float8 FROM (
    SELECT extract(epoch FROM max(least(closed_at, $2)) - min(greatest(opened_at, $1))) AS seconds FROM raw_outlet
    WHERE ($3::uuid[] IS NULL OR site_id = ANY($3)) GROUP BY site_id, plug
) AS stood
"""
WAITED: Final = """
SELECT count(*) FROM session s JOIN raw_outlet o USING (station_id, evse_number)
WHERE s.started_at >= $1 AND s.started_at < $2 AND ($3::uuid[] IS NULL OR o.site_id = ANY($3)) AND EXISTS (
    SELECT 1 FROM raw_pool a LEFT JOIN raw_pool b
        ON (b.site_id, b.plug, b.at) = (a.site_id, a.plug, a.at + interval '1 minute')
    WHERE (a.site_id, a.plug) = (o.site_id, o.plug) AND a.is_full AND b.is_full IS NOT TRUE
      AND a.at BETWEEN s.started_at - interval '11 minutes' AND s.started_at - interval '1 minute'
)
"""
UNSEEN: Final = f"""
-- Each pool by hour of the week: hours that it stood, without room, and who came; where it was seldom open, the rate is
-- that of the same hour of all days.
WITH pool AS (
    SELECT site_id, plug, min(greatest(opened_at, $1)) AS since, max(least(closed_at, $2)) AS until
    FROM raw_outlet WHERE $3::uuid[] IS NULL OR site_id = ANY($3) GROUP BY site_id, plug
),
stood AS (
    SELECT site_id, plug, to_char(h AT TIME ZONE 'Europe/Stockholm', 'ID') AS day,
           to_char(h AT TIME ZONE 'Europe/Stockholm', 'HH24') AS hour,
           sum(extract(epoch FROM least(until, h + interval '1 hour') - greatest(since, h)))::float8 / 3600 AS hours
    FROM pool, generate_series(date_trunc('hour', since), until - interval '1 second', interval '1 hour') AS h
    GROUP BY 1, 2, 3, 4
),
shut AS (
    SELECT site_id, plug, to_char(local, 'ID') AS day, to_char(local, 'HH24') AS hour, count(*) / 60::float8 AS hours
    FROM raw_pool WHERE is_closed AND {CHOSEN} GROUP BY 1, 2, 3, 4
),
came AS (
    SELECT site_id, plug, to_char(local, 'ID') AS day, to_char(local, 'HH24') AS hour, sum(value) AS began
    FROM raw_fact WHERE what = 'began' AND {CHOSEN} GROUP BY 1, 2, 3, 4
),
slot AS (
    SELECT site_id, plug, day, hour, s.hours - coalesce(f.hours, 0) AS open_h, coalesce(f.hours, 0) AS shut_h,
           coalesce(c.began, 0) AS began
    FROM stood s LEFT JOIN shut f USING (site_id, plug, day, hour) LEFT JOIN came c USING (site_id, plug, day, hour)
),
rate AS (
    SELECT *, CASE WHEN open_h >= 4 THEN began / open_h
                   WHEN sum(open_h) OVER w >= 0.25 THEN sum(began) OVER w / sum(open_h) OVER w ELSE 0 END AS arriving
    FROM slot WINDOW w AS (PARTITION BY site_id, plug, hour)
)
SELECT sum(shut_h * arriving) FROM rate
"""
ATTEMPTS: Final = """
SELECT count(*) AS attempts, count(*) FILTER (WHERE is_failed) AS failed,
       count(*) FILTER (WHERE is_failed AND is_again) AS retries
FROM (
    SELECT a.outcome NOT IN ('ok', 'excluded', 'no_auth') AS is_failed,
           EXISTS (SELECT 1 FROM session_outcome b JOIN raw_outlet p USING (station_id, evse_number)
                   WHERE p.site_id = o.site_id AND b.token_key = a.token_key AND b.attempt_key <> a.attempt_key
                     AND b.began_at >= a.began_at AND b.began_at <= a.ended_at + interval '30 minutes') AS is_again
    FROM session_outcome a JOIN raw_outlet o USING (station_id, evse_number)
    WHERE a.began_at >= $1 AND a.began_at < $2 AND ($3::uuid[] IS NULL OR o.site_id = ANY($3))
) tried
"""

"""The same questions as the views of usage, asked of the raw sessions: what rolled-up rows are compared with.

Each takes when the period begins and ends, and the sites (None: all). A site's or outlet's name is left out: it costs
both sides the same. Time with a car is that of sessions; states of outlets are left out, which favours the raw side.
"""

from __future__ import annotations

from typing import Final

from laddverk.planning.usage.reading import By

CUT: Final = """
WITH cut AS (
    SELECT v.started_at, v.ended_at, v.energy_wh, v.price_minor - v.vat_minor AS net_minor, t.site_id, t.vendor,
           t.model, c.plug, v.station_id, v.evse_number, greatest(v.started_at, $1) AS since,
           least(v.ended_at, $2) AS until, least(coalesce(v.charging_ended_at, v.ended_at), v.ended_at) AS full_at
    FROM session v JOIN station t ON t.id = v.station_id
    JOIN connector c ON c.station_id = v.station_id AND c.evse_number = v.evse_number
    WHERE v.started_at < $2 AND v.ended_at > $1 AND v.started_at >= $1::timestamptz - interval '40 days'
      AND ($3::uuid[] IS NULL OR t.site_id = ANY($3))
)
"""
SUMS: Final = """
    sum(date_part('epoch', until - since)) AS busy_s, count(*) FILTER (WHERE started_at >= $1) AS began,
    sum(energy_wh) FILTER (WHERE started_at >= $1) AS session_wh,
    sum(net_minor) FILTER (WHERE started_at >= $1) AS revenue_minor
"""
KEYS: Final = {
    By.SITE: "site_id", By.MODEL: "vendor, model", By.PLUG: "plug", By.OUTLET: "station_id, evse_number",
}  # fmt: skip
PLACE: Final = "h AT TIME ZONE 'Europe/Stockholm'"
TIMES: Final = {
    By.HOUR: f"extract(hour FROM {PLACE})", By.WEEKDAY: f"extract(isodow FROM {PLACE})",
    By.MONTH: f"date_trunc('month', {PLACE})", By.SEASON: f"extract(month FROM {PLACE})::int % 12 / 3",
}  # fmt: skip
HOURLY: Final = f"""{CUT},
hourly AS (
    SELECT h, cut.*, date_part('epoch', least(until, h + interval '1 hour') - greatest(since, h)) AS seconds
    FROM cut, generate_series(date_trunc('hour', since), until - interval '1 microsecond', interval '1 hour') AS h
)
"""


def by(group: By) -> str:
    """Return the SQL of the figures by a group."""
    if group in KEYS:
        return f"{CUT} SELECT {KEYS[group]}, {SUMS} FROM cut GROUP BY {KEYS[group]}"
    return f"""{HOURLY} SELECT {TIMES[group]} AS key, sum(seconds) AS busy_s,
        count(*) FILTER (WHERE h = date_trunc('hour', started_at)) AS began FROM hourly GROUP BY 1"""


HEAT: Final = f"""{HOURLY}
SELECT extract(isodow FROM {PLACE})::int AS day, extract(hour FROM {PLACE})::int AS hour, sum(seconds) AS busy_s
FROM hourly GROUP BY 1, 2
"""
CURVE: Final = f"""{CUT},
-- The energy lies evenly over the time in which the car charged.
flow AS (
    SELECT h, energy_wh * date_part('epoch', least(full_at, h + interval '1 hour') - greatest(started_at, h))
              / greatest(date_part('epoch', full_at - started_at), 1) AS energy_wh
    FROM cut, generate_series(date_trunc('hour', since), least(full_at, $2) - interval '1 microsecond',
                              interval '1 hour') AS h
)
SELECT sum(energy_wh) AS energy_wh FROM flow GROUP BY h ORDER BY 1 DESC
"""

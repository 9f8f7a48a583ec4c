"""Adds up what was counted: days of classes, months, attempts to charge, the whole network. SQL and nothing else.

As in `rolling`, statements of stretches take sites, since when and until when. What is added up covers whole days and
whole months of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from laddverk.planning.usage.due import Due
from laddverk.planning.usage.queries import NETWORK, SUMMED_COLUMNS, SUMS_COLUMNS
from laddverk.platform.database import Transaction

# Days as the place has them; `month` and `months_end` are those that hold them.
SPAN_SHOWN: Final = """
WITH span AS (
    SELECT d.site_id, d.since, d.until, i.timezone, (d.since AT TIME ZONE i.timezone)::date AS first,
           (e.until AT TIME ZONE i.timezone)::date AS last,
           date_trunc('month', d.since AT TIME ZONE i.timezone)::date AS month,
           (date_trunc('month', e.until AT TIME ZONE i.timezone) + interval '1 month')::date AS months_end
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (site_id, since, until)
    JOIN site i ON i.id = d.site_id,
        LATERAL (SELECT date_bin('1 hour', d.until - interval '1 microsecond', timestamptz '2000-01-01 00:00Z'))
            AS e (until)
)
"""


def _by_week(days: str) -> str:
    """Return the SQL of sums by hour of the local week, packed, of arrays by hour of the day."""
    sums = (
        f"int4send(coalesce(sum({days}[{hour}]) FILTER (WHERE weekday = {day}), 0)::int)"
        for day in range(1, 8)
        for hour in range(1, 25)
    )
    packed = (
        f"SELECT string_agg(one, '' ORDER BY n) FROM unnest(ARRAY[{', '.join(sums)}]) WITH ORDINALITY AS u (one, n)"  # noqa: S608 - made of constants
    )
    return f"({packed})"


FORGET_CLASS_DAYS: Final = f"""
{SPAN_SHOWN}
DELETE FROM usage_class_day c USING span s WHERE c.site_id = s.site_id AND c.day >= s.first AND c.day <= s.last
"""  # noqa: S608 - made of constants
MAKE_CLASS_DAYS: Final = f"""
{SPAN_SHOWN}
INSERT INTO usage_class_day (site_id, plug, model, day, {SUMMED_COLUMNS})
SELECT o.site_id, o.plug, concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, '')), d.day, {SUMS_COLUMNS}
FROM span s JOIN usage_outlet o USING (site_id)
JOIN usage_day d ON d.station_id = o.station_id AND d.evse_number = o.evse_number
     AND d.day >= s.first AND d.day <= s.last
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - made of constants
FORGET_CLASS_MONTHS: Final = f"""
{SPAN_SHOWN}
DELETE FROM usage_class_month c USING span s
WHERE c.site_id = s.site_id AND c.month >= s.month AND c.month < s.months_end
"""  # noqa: S608 - made of constants
MAKE_CLASS_MONTHS: Final = f"""
{SPAN_SHOWN}
INSERT INTO usage_class_month (site_id, plug, model, month, {SUMMED_COLUMNS})
SELECT d.site_id, d.plug, d.model, date_trunc('month', d.day)::date, {SUMS_COLUMNS}
FROM span s JOIN usage_class_day d ON d.site_id = s.site_id AND d.day >= s.month AND d.day < s.months_end
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - made of constants
FORGET_MONTHS: Final = f"""
{SPAN_SHOWN}
DELETE FROM usage_month m USING span s, usage_outlet o
WHERE o.site_id = s.site_id AND m.station_id = o.station_id AND m.evse_number = o.evse_number
  AND m.month >= s.month AND m.month < s.months_end
"""  # noqa: S608 - made of constants
MAKE_MONTHS: Final = f"""
{SPAN_SHOWN}
INSERT INTO usage_month (station_id, evse_number, month, {SUMMED_COLUMNS})
SELECT d.station_id, d.evse_number, date_trunc('month', d.day)::date, {SUMS_COLUMNS}
FROM span s JOIN usage_outlet o USING (site_id)
JOIN usage_day d ON d.station_id = o.station_id AND d.evse_number = o.evse_number
     AND d.day >= s.month AND d.day < s.months_end
GROUP BY 1, 2, 3
"""  # noqa: S608 - made of constants
FORGET_POOL_MONTHS: Final = f"""
{SPAN_SHOWN}
DELETE FROM usage_pool_month p USING span s
WHERE p.site_id = s.site_id AND p.month >= s.month AND p.month < s.months_end
"""  # noqa: S608 - made of constants
MAKE_POOL_MONTHS: Final = f"""
{SPAN_SHOWN},
days AS MATERIALIZED (
    SELECT p.*, date_trunc('month', p.day)::date AS month, extract(isodow FROM day)::int AS weekday
    FROM span s JOIN usage_pool_day p ON p.site_id = s.site_id AND p.day >= s.month AND p.day < s.months_end
),
came AS (
    SELECT site_id, plug, month, max(ports) AS ports, max(taken_max) AS taken_max, sum(full_s) AS full_s,
           sum(dark_s) AS dark_s, sum(waited) AS waited, {_by_week("began")} AS began
    FROM days GROUP BY site_id, plug, month
),
shut AS (
    SELECT site_id, plug, month, {_by_week("closed_ms")} AS closed_ms, {_by_week("full_ms")} AS full_ms,
           {_by_week("full_busy_ms")} AS full_busy_ms, {_by_week("full_charging_ms")} AS full_charging_ms
    FROM days WHERE closed_ms IS NOT NULL GROUP BY site_id, plug, month
)
INSERT INTO usage_pool_month (site_id, plug, month, ports, taken_max, full_s, dark_s, waited, began, closed_ms, full_ms,
                              full_busy_ms, full_charging_ms)
SELECT site_id, plug, month, ports, taken_max, full_s, dark_s, waited, began, closed_ms, full_ms, full_busy_ms,
       full_charging_ms
FROM came LEFT JOIN shut USING (site_id, plug, month)
"""  # noqa: S608 - made of constants
FORGET_ATTEMPTS: Final = f"""
{SPAN_SHOWN}
DELETE FROM usage_attempt_day a USING span s WHERE a.site_id = s.site_id AND a.day >= s.first AND a.day <= s.last
"""  # noqa: S608 - made of constants
MAKE_ATTEMPTS: Final = f"""
-- Attempts that failed, and what the same person (or, unnamed, whoever stood at that outlet) did in the next half hour.
{SPAN_SHOWN},
outlet AS (SELECT o.*, s.first, s.last FROM span s JOIN usage_outlet o USING (site_id)),
tried AS (
    SELECT a.began_at, a.ended_at, a.attempt_key, o.site_id AS at_site, o.plug, o.first, o.last, o.timezone,
           concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, '')) AS at_model,
           a.outcome NOT IN ('ok', 'excluded', 'no_auth') AS failed,
           coalesce(nullif(a.token_key, ''), nullif(a.car_key, ''), a.station_id || '/' || a.evse_number) COLLATE "C"
               AS person
    FROM outlet o JOIN session_outcome a USING (station_id, evse_number)
    WHERE a.began_at >= o.first::timestamp AT TIME ZONE o.timezone
      AND a.began_at < (o.last + 1)::timestamp AT TIME ZONE o.timezone + interval '1 hour'
),
followed AS (
    SELECT *, lead(began_at) OVER (PARTITION BY at_site, person ORDER BY began_at, attempt_key) AS next_at
    FROM tried
)
INSERT INTO usage_attempt_day (site_id, plug, model, day, attempts, failed, retries)
SELECT at_site, plug, at_model, (began_at AT TIME ZONE timezone)::date, count(*), count(*) FILTER (WHERE failed),
       count(*) FILTER (WHERE failed AND next_at <= ended_at + interval '30 minutes')
FROM followed WHERE (began_at AT TIME ZONE timezone)::date <= last
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - made of constants
FORGET_ATTEMPT_MONTHS: Final = f"""
{SPAN_SHOWN}
DELETE FROM usage_attempt_month a USING span s
WHERE a.site_id = s.site_id AND a.month >= s.month AND a.month < s.months_end
"""  # noqa: S608 - made of constants
MAKE_ATTEMPT_MONTHS: Final = f"""
{SPAN_SHOWN}
INSERT INTO usage_attempt_month (site_id, plug, model, month, attempts, failed, retries)
SELECT a.site_id, a.plug, a.model, date_trunc('month', a.day)::date, sum(attempts), sum(failed), sum(retries)
FROM span s JOIN usage_attempt_day a ON a.site_id = s.site_id AND a.day >= s.month AND a.day < s.months_end
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - made of constants
DAYS: Final = (FORGET_CLASS_DAYS, MAKE_CLASS_DAYS)
MONTHS: Final = (
    FORGET_CLASS_MONTHS, MAKE_CLASS_MONTHS, FORGET_MONTHS, MAKE_MONTHS, FORGET_POOL_MONTHS, MAKE_POOL_MONTHS,
    FORGET_ATTEMPTS, MAKE_ATTEMPTS, FORGET_ATTEMPT_MONTHS, MAKE_ATTEMPT_MONTHS,
)  # fmt: skip

NOTE_NETWORK: Final = """
-- A local day has hours of two days in UTC, and is the day of either.
INSERT INTO usage_network_due
SELECT DISTINCT first + n
FROM (SELECT since::date - 1 AS first, until::date + 1 AS last
      FROM unnest($1::timestamptz[], $2::timestamptz[]) AS d (since, until)) d, generate_series(0, last - first) AS n
ON CONFLICT DO NOTHING
"""
TAKE_NETWORK: Final = """
DELETE FROM usage_network_due WHERE day IN (SELECT day FROM usage_network_due ORDER BY day DESC LIMIT $1) RETURNING day
"""
IS_NETWORK_DUE: Final = "SELECT EXISTS (SELECT FROM usage_network_due)"
FORGET_NETWORK_HOURS: Final = f"""
DELETE FROM usage_class_hour
WHERE site_id = '{NETWORK}' AND hour >= $1::date AND hour < $2::date + 1
"""  # noqa: S608 - made of constants
MAKE_NETWORK_HOURS: Final = f"""
-- Site by site, as the primary key has them; without OFFSET PostgreSQL reads all of the table.
INSERT INTO usage_class_hour (site_id, plug, model, hour, {SUMMED_COLUMNS})
SELECT '{NETWORK}', plug, model, hour, {SUMS_COLUMNS}
FROM (SELECT id AS site_id FROM site) s CROSS JOIN LATERAL (
    SELECT plug, model, hour, {SUMMED_COLUMNS} FROM usage_class_hour h
    WHERE h.site_id = s.site_id AND hour >= $1::date AND hour < $2::date + 1 OFFSET 0
) h
GROUP BY plug, model, hour
"""  # noqa: S608 - made of constants
FORGET_NETWORK_DAYS: Final = f"""
DELETE FROM usage_class_day
WHERE site_id = '{NETWORK}' AND day >= $1::date AND day <= $2::date
"""  # noqa: S608 - made of constants
MAKE_NETWORK_DAYS: Final = f"""
INSERT INTO usage_class_day (site_id, plug, model, day, {SUMMED_COLUMNS})
SELECT '{NETWORK}', plug, model, day, {SUMS_COLUMNS}
FROM usage_class_day
WHERE day >= $1::date AND day <= $2::date AND site_id <> '{NETWORK}'
GROUP BY plug, model, day
"""  # noqa: S608 - made of constants
NETWORK_SUMS: Final = (FORGET_NETWORK_HOURS, MAKE_NETWORK_HOURS, FORGET_NETWORK_DAYS, MAKE_NETWORK_DAYS)


async def add_up(tx: Transaction, done: Sequence[Due]) -> None:
    """Add up what was counted of these stretches, and note that the network's days are to follow."""
    sites, since, until = [one.site_id for one in done], [one.since for one in done], [one.until for one in done]
    for statement in (*DAYS, *MONTHS):
        await tx.execute(statement, sites, since, until)
    await tx.execute(NOTE_NETWORK, since, until)


async def add_up_network(tx: Transaction, days_max: int) -> bool:
    """Add up so many noted days of the whole network, the latest first; return whether more are noted."""
    for first, last in runs(await tx.values(TAKE_NETWORK, days_max)):
        for statement in NETWORK_SUMS:
            await tx.execute(statement, first, last)
    return bool(await tx.value(IS_NETWORK_DUE))


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return the days as runs without a gap: the first and the last of each."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return found

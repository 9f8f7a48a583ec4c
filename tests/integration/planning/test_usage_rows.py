"""Hours of use agree with what a minute-by-minute count of the raw rows finds, and late facts make them anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from laddverk.planning.usage.service import keep_up
from laddverk.platform.database import Database, Transaction
from tests.integration.planning.usage_field import NOW, OTHER_SITE, SITE, START, build, live, state, visit

MINUTES = """
-- What each outlet was in each minute, asked of the raw rows.
WITH minute AS (
    SELECT c.station_id, c.evse_number, t.site_id, c.plug, m AS at,
        EXISTS (SELECT 1 FROM session s WHERE s.station_id = c.station_id AND s.evse_number = c.evse_number
                AND s.started_at <= m AND (s.ended_at IS NULL OR s.ended_at > m))
        OR EXISTS (SELECT 1 FROM connector_state s WHERE s.station_id = c.station_id AND s.evse_number = c.evse_number
                AND s.started_at <= m AND (s.ended_at IS NULL OR s.ended_at > m) AND s.status = 'finishing') AS busy,
        EXISTS (SELECT 1 FROM session s WHERE s.station_id = c.station_id AND s.evse_number = c.evse_number
                AND s.started_at <= m AND coalesce(s.charging_ended_at, s.ended_at, 'infinity') > m) AS charging,
        EXISTS (SELECT 1 FROM connector_state s WHERE s.station_id = c.station_id AND s.evse_number = c.evse_number
                AND s.started_at <= m AND (s.ended_at IS NULL OR s.ended_at > m)
                AND s.status IN ('faulted', 'unavailable')) AS broken
    FROM connector c JOIN station t ON t.id = c.station_id,
        generate_series($1::timestamptz, $2::timestamptz - interval '1 minute', interval '1 minute') AS m
)
"""
HOURS = f"""{MINUTES}
SELECT station_id, evse_number, date_trunc('hour', at) AS hour, 60 * count(*) FILTER (WHERE busy) AS busy_s,
       60 * count(*) FILTER (WHERE charging) AS charging_s, 60 * count(*) FILTER (WHERE broken AND NOT busy) AS out_s
FROM minute GROUP BY 1, 2, 3 HAVING bool_or(busy OR broken) ORDER BY 1, 2, 3
"""
POOLS = f"""{MINUTES},
pool AS (
    SELECT site_id, plug, at, count(*) AS ports, count(*) FILTER (WHERE busy) AS busy,
           count(*) FILTER (WHERE charging) AS charging, count(*) FILTER (WHERE broken AND NOT busy) AS broken
    FROM minute GROUP BY 1, 2, 3
)
SELECT site_id, plug, date_trunc('hour', at) AS hour, max(ports) AS ports, max(busy) AS busy_max,
       60 * count(*) FILTER (WHERE busy > 0 AND busy + broken = ports) AS full_s,
       60 * count(*) FILTER (WHERE broken = ports) AS dark_s, 60 * count(*) FILTER (WHERE busy = ports) AS full_busy_s,
       60 * count(*) FILTER (WHERE charging = ports) AS full_charging_s
FROM pool GROUP BY 1, 2, 3 HAVING max(busy) > 0 OR max(broken) > 0 ORDER BY 1, 2, 3
"""
WAITED = f"""{MINUTES},
pool AS (
    SELECT site_id, plug, at, count(*) FILTER (WHERE busy) > 0
           AND count(*) FILTER (WHERE busy OR broken) = count(*) AS is_full
    FROM minute GROUP BY 1, 2, 3
)
SELECT count(*) FROM session s JOIN station t ON t.id = s.station_id
JOIN connector c ON c.station_id = s.station_id AND c.evse_number = s.evse_number
WHERE EXISTS (SELECT 1 FROM pool a JOIN pool b ON b.site_id = a.site_id AND b.plug = a.plug
              AND b.at = a.at + interval '1 minute'
              WHERE a.site_id = t.site_id AND a.plug = c.plug AND a.is_full AND NOT b.is_full
                AND b.at BETWEEN s.started_at - interval '10 minutes' AND s.started_at)
"""
MADE_HOURS = """
SELECT station_id, evse_number, hour, busy_s, charging_s, out_s FROM usage_hour
WHERE busy_s + out_s > 0 ORDER BY 1, 2, 3
"""
MADE_POOLS = """
SELECT site_id, plug, hour, ports, busy_max, full_s, dark_s, full_busy_s, full_charging_s FROM usage_pool_hour
WHERE busy_s + out_s > 0 ORDER BY 1, 2, 3
"""
DAYS_RAW = """
SELECT station_id, evse_number, (hour AT TIME ZONE 'Europe/Stockholm')::date AS day, round(sum(busy_s)) AS busy_s,
       sum(energy_wh) AS energy_wh, sum(began) AS began
FROM usage_hour GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
DAYS = """
SELECT station_id, evse_number, day, round(busy_s) AS busy_s, energy_wh, began FROM usage_day ORDER BY 1, 2, 3
"""
WHOLE_RAW = """
SELECT sum(energy_wh) FILTER (WHERE ended_at IS NOT NULL) AS energy_wh, count(*) AS began, count(ended_at) AS ended,
       sum(extract(epoch FROM ended_at - started_at)) AS stay_s,
       count(*) FILTER (WHERE ended_at IS NOT NULL AND energy_wh = 0) AS empty,
       sum(price_minor - vat_minor) FILTER (WHERE ended_at IS NOT NULL) AS revenue_minor,
       count(price_minor) FILTER (WHERE ended_at IS NOT NULL) AS priced
FROM session
"""
WHOLE = """
SELECT sum(energy_wh) AS energy_wh, sum(began) AS began, sum(ended) AS ended, sum(stay_s) AS stay_s,
       sum(empty) AS empty, sum(revenue_minor) AS revenue_minor, sum(priced) AS priced
FROM usage_hour
"""
EVERYTHING = """
SELECT 'hour', h::text FROM usage_hour h UNION ALL SELECT 'day', d::text FROM usage_day d
UNION ALL SELECT 'pool', p::text FROM usage_pool_hour p ORDER BY 1, 2
"""


async def all_of(tx: Transaction, sql: str, *args: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await tx.rows(sql, *args)]


async def brought_up(database: Database, now: datetime = NOW) -> None:
    while await database.run(lambda tx: keep_up(tx, "SEK", now)):
        pass


async def test_hours_days_and_pools_are_what_the_raw_rows_say_minute_by_minute(database: Database) -> None:
    random = Random(84)
    async with database.transaction() as tx:
        await build(tx)
        for site in (0, 10):
            for who, evse in ((0, 1), (0, 2), (1, 1), (1, 2), (2, 1)):
                await live(tx, random, site + who, evse)
    await brought_up(database)
    async with database.transaction() as tx:
        assert await all_of(tx, MADE_HOURS) == await all_of(tx, HOURS, START, NOW)
        assert await all_of(tx, MADE_POOLS) == await all_of(tx, POOLS, START, NOW)
        waited = await tx.value("SELECT sum(waited) FROM usage_pool_hour")
        assert waited == await tx.value(WAITED, START, NOW)
        assert waited > 0
        assert await all_of(tx, DAYS) == await all_of(tx, DAYS_RAW)
        assert await all_of(tx, WHOLE) == await all_of(tx, WHOLE_RAW)
        assert await tx.value("SELECT count(*) FROM usage_pool_hour WHERE full_s > full_busy_s") > 0


async def test_facts_in_any_order_at_any_time_make_the_same_rows(database: Database) -> None:
    """Told one by one, late and changed, with turns in between, or all at once: the rows are the same."""
    async with database.transaction() as tx:
        await build(tx, sites=1)
        going_on = await visit(tx, START + timedelta(hours=50), None, energy_wh=4_000)
    await brought_up(database, NOW - timedelta(days=2))
    await brought_up(database, NOW - timedelta(minutes=95))
    async with database.transaction() as tx:
        late = await visit(tx, START + timedelta(hours=3), START + timedelta(hours=30), evse=2, energy_wh=9_000)
        await state(tx, "faulted", START + timedelta(hours=80), None, who=1)
        assert await tx.value("SELECT count(*) FROM usage_due") == 2
    await brought_up(database)
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE session SET started_at = started_at + interval '5 hours', energy_wh = 8000, price_minor = 300,"
            " vat_minor = 60, currency = 'SEK' WHERE id = $1",
            late,
        )
        await tx.execute("UPDATE session SET ended_at = started_at + interval '7 minutes' WHERE id = $1", going_on)
    await brought_up(database)
    async with database.transaction() as tx:
        bit_by_bit = await all_of(tx, EVERYTHING)
        for table in ("usage_hour", "usage_day", "usage_pool_hour", "usage_outlet", "usage_made"):
            await tx.execute(f"DELETE FROM {table}")
    await brought_up(database)
    async with database.transaction() as tx:
        assert await all_of(tx, EVERYTHING) == bit_by_bit
        assert len(bit_by_bit) > 40


async def test_a_reading_of_a_session_that_goes_on_makes_nothing_anew(database: Database) -> None:
    async with database.transaction() as tx:
        await build(tx, sites=1)
        charge = await visit(tx, START, None)
    await brought_up(database)
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE session SET energy_wh = 5, power_w = 11000, sampled_at = $2 WHERE id = $1", charge, NOW
        )
        assert await tx.value("SELECT count(*) FROM usage_due") == 0


async def test_a_charger_that_moves_takes_its_hours_along(database: Database) -> None:
    async with database.transaction() as tx:
        await build(tx)
        await visit(tx, START, START + timedelta(days=3), who=2, energy_wh=30_000)
    await brought_up(database)
    async with database.transaction() as tx:
        await tx.execute("UPDATE station SET site_id = $2 WHERE site_id = $1", SITE, OTHER_SITE)
    await brought_up(database)
    async with database.transaction() as tx:
        assert await tx.values("SELECT DISTINCT site_id::text FROM usage_pool_hour") == [
            "00000000-0000-0000-0000-000000000002"
        ]
        assert await tx.value("SELECT max(ports) FROM usage_pool_hour WHERE plug = 'ccs2'") == 2
        assert await tx.value("SELECT sum(energy_wh) FROM usage_hour") == 30_000

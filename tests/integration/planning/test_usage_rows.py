"""Hours of use agree with what a minute-by-minute count of the raw rows finds, and late facts make them anew."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from laddverk.planning.usage import service
from laddverk.planning.usage.censoring import Numbers
from laddverk.planning.usage.periods import Cover
from laddverk.planning.usage.service import keep_up
from laddverk.planning.usage.weeks import weeks
from laddverk.platform.database import Database, Transaction
from tests.integration.planning.usage_field import NOW, OTHER_SITE, SITE, START, build, live, state, visit

MINUTES = """
-- What each outlet was in each minute, asked of the raw rows.
WITH minute AS (
    SELECT c.station_id, c.evse_number, t.site_id, c.plug, t.vendor || ' ' || t.model AS model, m AS at,
           (m AT TIME ZONE 'Europe/Stockholm')::date AS day,
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
SELECT site_id, plug, model, date_trunc('hour', at) AS hour, 60 * count(*) FILTER (WHERE busy) AS busy_s,
       60 * count(*) FILTER (WHERE charging) AS charging_s
FROM minute GROUP BY 1, 2, 3, 4 HAVING bool_or(busy) ORDER BY 1, 2, 3, 4
"""
DAYS = f"""{MINUTES}
SELECT station_id, evse_number, day, 60 * count(*) FILTER (WHERE busy) AS busy_s,
       60 * count(*) FILTER (WHERE charging) AS charging_s, 60 * count(*) FILTER (WHERE broken AND NOT busy) AS out_s
FROM minute GROUP BY 1, 2, 3 HAVING bool_or(busy OR broken) ORDER BY 1, 2, 3
"""
POOL_SHOWN = f"""{MINUTES},
pool AS (
    SELECT site_id, plug, at, day, count(*) AS ports, count(*) FILTER (WHERE busy) AS busy,
           count(*) FILTER (WHERE charging) AS charging, count(*) FILTER (WHERE broken AND NOT busy) AS broken
    FROM minute GROUP BY 1, 2, 3, 4
)
"""
FULL = f"""{POOL_SHOWN}
SELECT site_id, plug, date_trunc('hour', at) AS hour, 60 * count(*) FILTER (WHERE busy > 0 AND busy + broken = ports),
       60 * count(*) FILTER (WHERE broken = ports), 60 * count(*) FILTER (WHERE busy = ports),
       60 * count(*) FILTER (WHERE charging = ports)
FROM pool GROUP BY 1, 2, 3 HAVING bool_or(busy + broken = ports) ORDER BY 1, 2, 3
"""
POOL_DAYS = f"""{POOL_SHOWN}
SELECT site_id, plug, day, max(ports), round(max(busy::numeric / ports), 6),
       60 * count(*) FILTER (WHERE busy > 0 AND busy + broken = ports), 60 * count(*) FILTER (WHERE broken = ports)
FROM pool GROUP BY 1, 2, 3 HAVING bool_or(busy + broken > 0) ORDER BY 1, 2, 3
"""
POOL_SLOTS = f"""{POOL_SHOWN}
-- Seconds without room by hour of the local week; and how many came.
SELECT site_id, plug,
       (extract(isodow FROM day)::int - 1) * 24 + extract(hour FROM at AT TIME ZONE 'Europe/Stockholm')::int AS slot,
       60 * count(*) FILTER (WHERE busy + broken = ports) AS closed_s,
       60 * count(*) FILTER (WHERE busy > 0 AND busy + broken = ports) AS full_s,
       60 * count(*) FILTER (WHERE busy = ports) AS full_busy_s, 60 * count(*) FILTER (WHERE charging = ports)
FROM pool GROUP BY 1, 2, 3 HAVING bool_or(busy + broken = ports) ORDER BY 1, 2, 3
"""
CAME = """
SELECT t.site_id, c.plug,
       (extract(isodow FROM v.started_at AT TIME ZONE 'Europe/Stockholm')::int - 1) * 24
       + extract(hour FROM v.started_at AT TIME ZONE 'Europe/Stockholm')::int AS slot, count(*)
FROM session v JOIN station t ON t.id = v.station_id
JOIN connector c ON c.station_id = v.station_id AND c.evse_number = v.evse_number
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
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
SELECT site_id, plug, model, hour, busy_s, charging_s FROM usage_class_hour
WHERE busy_s > 0 AND site_id <> '00000000-0000-0000-0000-000000000000' ORDER BY 1, 2, 3, 4
"""
MADE_DAYS = """
SELECT station_id, evse_number, day, busy_s, charging_s, out_s FROM usage_day WHERE busy_s + out_s > 0 ORDER BY 1, 2, 3
"""
MADE_FULL = """
SELECT site_id, plug, hour, full_s, dark_s, full_busy_s, full_charging_s FROM usage_full_hour
WHERE full_s + dark_s > 0 ORDER BY 1, 2, 3
"""
MADE_POOL_DAYS = """
SELECT site_id, plug, day, ports, round(taken_max::numeric, 6), full_s, dark_s FROM usage_pool_day
WHERE taken_max > 0 OR dark_s > 0 OR full_s > 0 ORDER BY 1, 2, 3
"""
SUMMED = """
round(sum(busy_s)::numeric, 3), round(sum(charging_s)::numeric, 3), round(sum(out_s)::numeric, 3), sum(energy_wh),
sum(began), sum(ended), round(sum(stay_s)::numeric, 3), sum(empty), sum(session_wh), sum(revenue_minor), sum(sold_wh),
sum(priced), round(sum(cost_minor)::numeric, 3), sum(cost_wh), sum(costed_minor)
"""
OUTLETS = "usage_day JOIN usage_outlet o USING (station_id, evse_number)"
MODEL = "concat_ws(' ', o.vendor, o.model)"
NETWORK = "site_id = '00000000-0000-0000-0000-000000000000'"
SAME_SUMS = (
    # The same of the days of outlets, and of what was added up of them.
    (
        f"SELECT site_id, plug, {MODEL}, day, {SUMMED} FROM {OUTLETS} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        f"SELECT site_id, plug, model, day, {SUMMED} FROM usage_class_day WHERE NOT {NETWORK}"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    ),
    (
        f"SELECT site_id, plug, {MODEL}, date_trunc('month', day)::date, {SUMMED} FROM {OUTLETS}"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        f"SELECT site_id, plug, model, month, {SUMMED} FROM usage_class_month GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    ),
    (
        f"SELECT station_id, evse_number, date_trunc('month', day)::date, {SUMMED} FROM usage_day"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        f"SELECT station_id, evse_number, month, {SUMMED} FROM usage_month GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    ),
    (
        f"SELECT plug, {MODEL}, day, {SUMMED} FROM {OUTLETS} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        f"SELECT plug, model, day, {SUMMED} FROM usage_class_day WHERE {NETWORK} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    ),
    (
        f"SELECT plug, model, hour, {SUMMED} FROM usage_class_hour WHERE NOT {NETWORK}"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        f"SELECT plug, model, hour, {SUMMED} FROM usage_class_hour WHERE {NETWORK} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    ),
    (
        f"SELECT {SUMMED} FROM usage_day",
        f"SELECT {SUMMED} FROM usage_class_hour WHERE NOT {NETWORK}",
    ),
)
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
FROM usage_day
"""
TABLES = (
    "usage_day", "usage_month", "usage_class_hour", "usage_class_day", "usage_class_month", "usage_full_hour",
    "usage_pool_day", "usage_pool_month", "usage_attempt_day", "usage_attempt_month",
)  # fmt: skip
EVERYTHING = " UNION ALL ".join(f"SELECT '{name}', t::text FROM {name} t" for name in TABLES) + " ORDER BY 1, 2"


DAY = date(2026, 10, 23)
NONE = DAY, date(1, 1, 1)
AS_MONTH = Cover(month=date(2026, 10, 1), months_end=date(2026, 11, 1), head=NONE, tail=NONE)
AS_DAYS = Cover(month=DAY, months_end=DAY, head=(DAY, DAY), tail=(DAY + timedelta(days=1), DAY + timedelta(days=4)))
POOLS = [(site, plug) for site in (SITE, OTHER_SITE) for plug in ("ccs2", "type2")]


def slots_of(first: Numbers, *more: Numbers) -> list[tuple[Any, ...]]:
    """Return where the first of these arrays is not zero: site, plug, hour of the week, and what each has there."""
    rows, at = first.nonzero()
    return [
        (*POOLS[row], hour, *(each[row, hour] for each in (first, *more)))
        for row, hour in zip(rows.tolist(), at.tolist(), strict=True)
    ]


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
        assert await all_of(tx, MADE_DAYS) == await all_of(tx, DAYS, START, NOW)
        assert await all_of(tx, MADE_FULL) == await all_of(tx, FULL, START, NOW)
        assert await all_of(tx, MADE_POOL_DAYS) == await all_of(tx, POOL_DAYS, START, NOW)
        for read_as in (AS_MONTH, AS_DAYS):
            week = await weeks(tx, POOLS, read_as)
            assert slots_of(week.closed_s, week.full_s, week.full_busy_s, week.full_charging_s) == await all_of(
                tx, POOL_SLOTS, START, NOW
            )
            assert slots_of(week.began) == await all_of(tx, CAME)
        for waits in ("usage_full_hour", "usage_pool_day", "usage_pool_month"):
            waited = await tx.value(f"SELECT sum(waited) FROM {waits}")
            assert waited == await tx.value(WAITED, START, NOW)
        assert waited > 0
        for counted, added_up in SAME_SUMS:
            assert await all_of(tx, counted) == await all_of(tx, added_up)
        assert await all_of(tx, WHOLE) == await all_of(tx, WHOLE_RAW)
        assert await tx.value("SELECT count(*) FROM usage_full_hour WHERE full_s > full_busy_s") > 0


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
        for table in (*TABLES, "usage_outlet", "usage_made"):
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
        for table in ("usage_class_hour", "usage_class_day", "usage_class_month", "usage_pool_day", "usage_pool_month"):
            sites = await tx.values(f"SELECT DISTINCT site_id FROM {table} ORDER BY 1")
            assert [site for site in sites if site.int] == [OTHER_SITE], table
        assert await tx.value("SELECT max(ports) FROM usage_pool_day WHERE plug = 'ccs2'") == 2
        assert await tx.value("SELECT sum(energy_wh) FROM usage_day") == 30_000


async def broken_off(tx: Transaction) -> None:
    """Take a turn that breaks at its very end, and so is as if it had not begun."""
    await keep_up(tx, "SEK", NOW)
    raise ZeroDivisionError


async def test_a_back_fill_is_told_may_be_broken_off_and_ends_with_the_same_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(130)
    async with database.transaction() as tx:
        await build(tx)
        for who, evse in ((0, 1), (1, 2), (10, 1), (12, 1)):
            await live(tx, random, who, evse)
    await brought_up(database)
    async with database.transaction() as tx:
        in_one_go = await all_of(tx, EVERYTHING)
        assert (await service.behind(tx, NOW)).done_share == 1
        for table in (*TABLES, "usage_made"):
            await tx.execute(f"DELETE FROM {table}")
        await tx.execute("INSERT INTO usage_due (site_id, since) SELECT id, $1 FROM site", START)
    monkeypatch.setattr(service, "OUTLET_DAYS_AT_ONCE", 5)
    monkeypatch.setattr(service, "DAYS_LEAST", 1)
    shares, more = [], True
    while more:
        async with database.transaction() as tx:
            shares.append((await service.behind(tx, NOW)).done_share)
        with pytest.raises(ZeroDivisionError):
            await database.run(broken_off)
        async with database.transaction() as tx:
            assert (await service.behind(tx, NOW)).done_share == shares[-1]
        more = await database.run(lambda tx: keep_up(tx, "SEK", NOW))
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert len(set(shares)) >= 5
    async with database.transaction() as tx:
        assert await all_of(tx, EVERYTHING) == in_one_go


async def test_a_late_change_counts_only_its_own_days_anew(database: Database) -> None:
    async with database.transaction() as tx:
        await build(tx, sites=1)
        old = await visit(tx, START, START + timedelta(hours=2), energy_wh=5_000)
        await visit(tx, START + timedelta(days=2), START + timedelta(days=2, hours=2), energy_wh=7_000)
    await brought_up(database)
    async with database.transaction() as tx:
        await tx.execute("UPDATE usage_day SET priced = 77")  # whatever is counted anew loses it
        await tx.execute("UPDATE session SET price_minor = 100, vat_minor = 20, currency = 'SEK' WHERE id = $1", old)
    await brought_up(database)
    async with database.transaction() as tx:
        assert await tx.values("SELECT priced FROM usage_day ORDER BY day") == [1, 77]
        assert await tx.value("SELECT sum(revenue_minor) FROM usage_month") == 80

"""How fast usage is read from its rolled-up rows, beside the same asked of the raw sessions in the same run.

Fills an embedded PostgreSQL with sessions made by SQL (`--sessions`, two years, one charger with two outlets for each
2,000 of them), rolls them up through the very job of the program, and asks for a year by site: rolled up, and raw.
Prints seconds, rows and sizes, and as its last line one JSON object. Both must agree.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from laddverk.planning.usage import reading
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.service import keep_up
from laddverk.platform import embedded, migrator
from laddverk.platform.database import Database

SESSIONS_EACH: Final = 2_000  # of a charger with two outlets in two years: 1.4 a day and outlet
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAYS: Final = 730
FILL: Final = """
WITH site AS (
    INSERT INTO site (id, name, code, created_at)
    SELECT gen_random_uuid(), 'Site ' || n, 'S' || lpad(n::text, 6, '0'), $2
    FROM generate_series(1, greatest(1, $1 / 10)) n RETURNING id, name
),
station AS (
    INSERT INTO station (id, site_id, identity, name, vendor, model, registered_at)
    SELECT gen_random_uuid(), s.id, 'C' || n, 'C' || n, 'Alfa', 'M' || n % 5, $2
    FROM generate_series(1, $1) n JOIN site s ON s.name = 'Site ' || (n - 1) % greatest(1, $1 / 10) + 1
    RETURNING id, identity
)
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, power_max_w)
SELECT id, e, 1, identity || '-' || e, identity || '*' || e, 11000 FROM station, generate_series(1, 2) e
"""
SESSIONS: Final = """
INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, ended_at, charging_ended_at, received_at,
                     energy_wh, price_minor, vat_minor, currency)
SELECT gen_random_uuid(), c.station_id, c.evse_number, n::text || c.evse_number, at, at + stays, at + stays * random(),
       at, (random() * 30000)::int, 5000, 1000, 'SEK'
FROM connector c, generate_series(1, $1::int) n,
    LATERAL (SELECT $2::timestamptz + n * ($3::interval / $1) + random() * interval '2 hours',
                    interval '20 minutes' + random() * interval '7 hours') AS drawn (at, stays)
"""
RAW: Final = """
WITH cut AS (
    SELECT t.site_id, v.energy_wh, greatest(v.started_at, $1) AS since, least(v.ended_at, $2) AS until, v.started_at,
           v.price_minor - v.vat_minor AS net_minor
    FROM session v JOIN station t ON t.id = v.station_id
    WHERE v.started_at < $2 AND v.ended_at > $1
)
SELECT site_id, sum(extract(epoch FROM until - since)) AS busy_s, count(*) FILTER (WHERE started_at >= $1) AS began,
       sum(net_minor) FILTER (WHERE started_at >= $1) AS revenue_minor
FROM cut GROUP BY site_id
"""
RAW_HOURS: Final = """
SELECT date_trunc('hour', hour) AS hour,
       sum(extract(epoch FROM least(v.ended_at, hour + interval '1 hour') - greatest(v.started_at, hour))) AS busy_s
FROM session v, generate_series(date_trunc('hour', v.started_at), v.ended_at, interval '1 hour') AS hour
WHERE v.started_at < $2 AND v.ended_at > $1 AND hour >= $1 AND hour < $2 GROUP BY 1
"""
SIZE: Final = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class WHERE relname = ANY($1)"


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """Return how long `work` takes, seconds, and what it returns."""
    begins = time.perf_counter()
    found = await work()
    return time.perf_counter() - begins, found


async def fill(database: Database, sessions: int) -> None:
    """Write chargers and so many sessions."""
    stations = max(1, sessions // SESSIONS_EACH)
    since = NOW - timedelta(days=DAYS)
    async with database.transaction() as tx:
        await tx.connection.execute(FILL, stations, since, timeout=3_600)
        each = sessions // (stations * 2)
        await tx.connection.execute(SESSIONS, each, since, timedelta(days=DAYS - 2), timeout=3_600)
    for table in ("session", "connector", "station"):
        await database.pool.execute(f"ANALYZE {table}", timeout=600)


async def roll(database: Database) -> int:
    """Roll everything up through the job of the program; return how many turns it took."""
    turns = 1
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        turns += 1
    for table in ("usage_hour", "usage_day", "usage_pool_hour"):
        await database.pool.execute(f"VACUUM ANALYZE {table}", timeout=600)
    return turns


async def compare(database: Database) -> dict[str, float]:
    """Ask for the last year by site, and for its hours: rolled up, and raw. Raises where they disagree."""
    chosen = Chosen(first=date(2025, 1, 1), last=date(2025, 12, 31), zone="Europe/Stockholm")
    async with database.transaction() as tx:
        rolled_s, found = await timed(lambda: reading.read(tx, chosen, "SEK", NOW))
        raw_s, raw = await timed(lambda: tx.connection.fetch(RAW, chosen.since, chosen.until, timeout=3_600))
        hours_s, hours = await timed(lambda: tx.connection.fetch(RAW_HOURS, chosen.since, chosen.until, timeout=3_600))
    assert sum(row["began"] for row in raw) == found.whole.sums.began
    assert sum(row["revenue_minor"] for row in raw) == found.whole.sums.revenue_minor
    # Two cars at one outlet at once, as chance draws them, count twice here and once there.
    assert found.whole.sums.busy_s <= float(sum(row["busy_s"] for row in raw)) + 1
    return {"page_s": rolled_s, "raw_by_site_s": raw_s, "raw_by_hour_s": hours_s, "hours": len(hours)}


async def run(sessions: int) -> dict[str, float]:
    """Fill, roll up, compare; return what was measured."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="laddverk-bench-")))
        database = await Database.connected(await stack.enter_async_context(embedded.running(directory)))
        stack.push_async_callback(database.close)
        async with database.pool.acquire() as connection:
            await migrator.migrate(connection)
        fill_s, _ = await timed(lambda: fill(database, sessions))
        roll_s, turns = await timed(lambda: roll(database))
        measured = await compare(database)
        rolled_bytes = await database.pool.fetchval(SIZE, ["usage_hour", "usage_day", "usage_pool_hour"])
        return {
            "sessions": await database.pool.fetchval("SELECT count(*) FROM session"), "fill_s": fill_s,
            "roll_s": roll_s, "turns": turns, "rolled_rows": await database.pool.fetchval(
                "SELECT (SELECT count(*) FROM usage_hour) + (SELECT count(*) FROM usage_pool_hour)"),
            "rolled_bytes": rolled_bytes, "raw_bytes": await database.pool.fetchval(SIZE, ["session"]), **measured,
        }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200_000, help="10000000 is the size that is promised")
    measured = asyncio.run(run(parser.parse_args().sessions))
    for name, value in measured.items():
        print(f"{name:<16}{value:>16,.2f}" if isinstance(value, float) else f"{name:<16}{value:>16,}")
    print(json.dumps({"bench": "analytics"} | {name: round(value, 3) for name, value in measured.items()}))


if __name__ == "__main__":
    main()

"""Fills a database with years of use for the bench of analytics: sites of all sizes, sessions with a rhythm, faults,
attempts, prices of energy.

Everything is drawn from hashes of row numbers, so two runs of one size make the same rows. Sites are skewed as in the
field: a few car parks with hundreds of outlets, most with a few; every fifth charger is a fast one; two visits at most
in a half day, in the morning and in the evening, and never two cars at one outlet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from bench._desk_history import DRAWING, FILL_TIMEOUT_S, filling

SPAN: Final = timedelta(days=730)
SESSIONS_EACH: Final = 2_000  # of a charger with two outlets in two years: 1.4 a day and outlet
TABLES: Final = ("session", "session_outcome", "connector_state")

FIELD: Final = """
WITH sites AS (
    INSERT INTO site (id, name, code, created_at)
    SELECT id_of($2, n, 'site'), 'Site ' || n, 'S' || lpad(n::text, 6, '0'), $2
    FROM generate_series(1, greatest(4, $1 / 5)) n
), stations AS (
    INSERT INTO station (id, site_id, identity, name, vendor, model, registered_at)
    SELECT id_of($2, n, 'station'), id_of($2, site_n, 'site'), 'C' || n, 'C' || n, 'Alfa',
           CASE WHEN n % 5 = 0 THEN 'Fast ' || site_n % 3 ELSE 'Wall ' || site_n % 5 END,
           $2 - drawn(n, 1) * interval '90 days'
    FROM (SELECT n, 1 + floor(greatest(4, $1 / 5) * (n / $1::float8) ^ 2)::int AS site_n
          FROM generate_series(0, $1 - 1) n) AS placed
)
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, plug, power_max_w, status)
SELECT id_of($2, n, 'station'), e, 1, 'C' || n || '-' || e, 'C' || n || '*' || e,
       CASE WHEN n % 5 = 0 THEN 'ccs2' ELSE 'type2' END, CASE WHEN n % 5 = 0 THEN 150000 ELSE 11000 END, 'available'
FROM generate_series(0, $1 - 1) n, generate_series(1, 2) e
"""
OUTLETS: Final = """
CREATE TABLE bench_outlet AS
SELECT row_number() OVER (ORDER BY station_id, evse_number) AS o, station_id, evse_number, plug = 'ccs2' AS is_fast
FROM connector
"""
SESSIONS: Final = """
-- The n-th visit of an outlet begins in the n-th of equal parts of the time, moved to six or fifteen o'clock.
INSERT INTO session (id, number, station_id, evse_number, transaction_key, started_at, ended_at, charging_ended_at,
                     received_at, energy_wh, price_minor, vat_minor, currency, priced_at)
SELECT id_of(at, k, 'session'), k, station_id, evse_number, k::text, at, at + stays, at + stays * flows, at, energy_wh,
       energy_wh * 45 / 100, energy_wh * 9 / 100, 'SEK', at + stays
FROM (
    SELECT o.station_id, o.evse_number, n * $3::bigint + o.o AS k,
           $2::timestamptz + floor(n * $4::float8 / $1) * interval '12 hours'
               + (6 - 3 * (floor(n * $4::float8 / $1)::bigint % 2)) * interval '1 hour'
               + drawn(n * $3::bigint + o.o, 2) * interval '4 hours' AS at,
           CASE WHEN is_fast THEN interval '8 minutes' + drawn(n * $3::bigint + o.o, 3) * interval '50 minutes'
                ELSE interval '20 minutes' + drawn(n * $3::bigint + o.o, 3) ^ 2 * interval '7 hours 20 minutes' END
               AS stays,
           0.3 + 0.7 * drawn(n * $3::bigint + o.o, 4) AS flows,
           (drawn(n * $3::bigint + o.o, 5) * 30000)::int AS energy_wh
    FROM generate_series(0, $1::bigint - 1) n CROSS JOIN bench_outlet o
) AS drawn_one
"""
ATTEMPTS: Final = """
-- Each session is an attempt; after one in twenty, somebody else failed before it, and half of them tried again.
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, session_id, outcome, token_key)
SELECT station_id, evse_number, started_at, transaction_key, ended_at, id, 'ok', 't' || hashint8(number) % 300000
FROM session
UNION ALL
SELECT station_id, evse_number, started_at - interval '5 minutes', 'f' || transaction_key,
       started_at - interval '4 minutes', NULL, 'plug_no_start',
       't' || hashint8(number) % 300000 + CASE WHEN number % 40 = 0 THEN 1000000 ELSE 0 END
FROM session WHERE number % 20 = 0
"""
FAULTS: Final = """
-- Each outlet is out of order for some hours about once a month.
WITH fault AS (
    SELECT o.*, n, $1::timestamptz + (n + 0.9 * drawn(o.o * 1000 + n, 6)) * interval '30 days' AS at,
           drawn(o.o * 1000 + n, 7) * interval '9 hours' AS lasts
    FROM bench_outlet o, generate_series(0, 23) n
)
INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key, ended_at, same_since,
                             status, received_at)
SELECT station_id, evse_number, 1, at, 'f' || n, at + lasts, at, 'faulted', at FROM fault
UNION ALL
SELECT station_id, evse_number, 1, at + lasts, 'a' || n,
       lead(at) OVER (PARTITION BY station_id, evse_number ORDER BY at), at + lasts, 'available', at + lasts
FROM fault
"""
PRICES: Final = """
INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)
SELECT 'SE3', 'SEK', at, at + interval '1 hour', 0.3 + drawn(extract(epoch FROM at)::bigint, 8), 'bench', at
FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS at
"""
PLANNED: Final = """
INSERT INTO plan_wish (site_id, tariff, area, added_per_kwh, wanted_at, wanted_by)
SELECT id, '{}', 'SE3', 0.5, $1, 'bench' FROM (SELECT id, row_number() OVER (ORDER BY code) n FROM site) s
WHERE n % 10 = 1
"""
DUE: Final = """
INSERT INTO usage_due (station_id, since)
SELECT station_id, min(at) FROM (
    SELECT station_id, min(started_at) AS at FROM session GROUP BY station_id
    UNION ALL SELECT station_id, min(began_at) FROM session_outcome GROUP BY station_id
) x GROUP BY station_id
"""


async def fill(connection: asyncpg.Connection[Any], sessions: int, now: datetime) -> None:
    """Write sites, chargers, `sessions`, attempts, faults and prices until `now`; all of it is due to be counted."""
    since, stations = now - SPAN, max(20, sessions // SESSIONS_EACH)
    each = sessions // (stations * 2)
    await connection.execute(DRAWING)
    async with filling(connection, TABLES):
        for sql, *args in (
            (FIELD, stations, since), (OUTLETS,),
            (SESSIONS, each, since, stations * 2, float(SPAN.days * 2 - 2)), (ATTEMPTS,), (FAULTS, since),
            (PRICES, since, now), (PLANNED, since),
        ):  # fmt: skip
            await connection.execute(sql, *args, timeout=FILL_TIMEOUT_S)
        await connection.execute(f"TRUNCATE usage_due; {DUE}", timeout=FILL_TIMEOUT_S)
    await connection.execute("SELECT setval('session_number_seq', $1)", sessions + 1)
    await connection.execute(
        "VACUUM (ANALYZE) session, session_outcome, connector_state, connector, station, site", timeout=FILL_TIMEOUT_S
    )
    await connection.execute("CREATE TABLE bench_filled (sessions bigint, filled_at timestamptz)")
    await connection.execute("INSERT INTO bench_filled VALUES ($1, $2)", sessions, now)

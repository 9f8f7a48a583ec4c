"""Fills a database with years of charging for the bench of the desk: chargers, drivers, sessions, money; by SQL.

Everything is drawn from hashes of row numbers, so two runs of one size make the same rows. Skewed as in the field: some
drivers charge a thousand times as often as others. Rows are lean: no frozen tariff, price lines or ledger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

SPAN: Final = timedelta(days=730)
SESSIONS_EACH: Final = 2_000  # of a charger with two outlets in two years
STATIONS_MIN: Final = 20
SESSIONS_OF_DRIVER: Final = 40  # on average; the squared draw gives a few of them thousands
SERIES: Final = "BENCH"  # of invoices
MEMORY: Final = ("maintenance_work_mem = '1GB'", "work_mem = '192MB'")  # while filling, where a query sorts all rows
SPEED: Final = ("fsync = off", "full_page_writes = off", "max_wal_size = '6GB'", "autovacuum = off")
FILL_TIMEOUT_S: Final = 7_200

# A number in 0..1 that belongs to a row and a purpose, and an id whose first half is its time, as those of the program.
DRAWING: Final = """
CREATE FUNCTION drawn(n bigint, purpose bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashint8extended(n, purpose) & 1073741823) / 1073741824.0::float8
$$;
CREATE FUNCTION id_of(at timestamptz, n bigint, salt text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
            || overlay(substr(md5(salt || n), 1, 19) placing '8' from 4 for 1))::uuid
$$
"""
STAGED: Final = """
CREATE UNLOGGED TABLE staged_session (
    n bigint, id uuid, outlet int, driver_n int, way text, started_at timestamptz, ended_at timestamptz, energy_wh int,
    price_minor int, payment_id uuid, start_id uuid
)
"""
FIELD: Final = """
WITH sites AS (
    INSERT INTO site (id, name, code, municipality, created_at)
    SELECT id_of($2, n, 'site'), 'Parkering ' || (ARRAY['Hamnen', 'Torget', 'Sjukhuset', 'Stationen', 'Skolan',
           'Stranden'])[1 + n % 6] || ' ' || n, 'S' || lpad(n::text, 5, '0'), 'Kommun ' || n % 60, $2
    FROM generate_series(1, greatest(4, $1 / 10)) n
), stations AS (
    INSERT INTO station (id, site_id, identity, name, vendor, model, firmware, serial, protocol, registered_at, epoch,
                         connected_at, disconnected_at, last_seen_at, status)
    SELECT id_of($2, n, 'station'), id_of($2, 1 + n % greatest(4, $1 / 10), 'site'), 'CP' || lpad(n::text, 6, '0'),
           'Laddare ' || n, 'Maker ' || n % 7, 'Model ' || n % 20, '1.' || n % 9, 'SN' || n,
           (ARRAY['ocpp1.6', 'ocpp2.0.1'])[1 + n % 2], $2, 3,
           CASE WHEN n % 50 > 0 THEN $3::timestamptz - interval '3 hours' END,
           CASE WHEN n % 50 = 0 THEN $3::timestamptz - interval '2 hours' END, $3, 'available'
    FROM generate_series(0, $1 - 1) n
)
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, status, status_since)
SELECT id_of($2, n / 2, 'station'), 1 + n % 2, 1,
       'S' || lpad((1 + n / 2 % greatest(4, $1 / 10))::text, 5, '0') || '-' || lpad((n / 2)::text, 4, '0')
       || '-' || (1 + n % 2),
       'SE*LAD*E' || n, CASE WHEN n % 90 = 0 THEN 'faulted' ELSE 'available' END, $3::timestamptz - interval '1 hour'
FROM generate_series(0, $1 * 2 - 1) n
"""
DRIVERS: Final = """
WITH drivers AS (
    INSERT INTO driver (id, email, name, phone, language, created_at)
    SELECT id_of($2, n, 'driver'), 'driver' || n || '@example.com',
           ($3::text[])[1 + (drawn(n, 1) ^ 2 * cardinality($3))::int % cardinality($3)] || ' '
           || ($4::text[])[1 + (drawn(n, 2) ^ 2 * cardinality($4))::int % cardinality($4)],
           '070-' || lpad(n::text, 7, '0'), CASE WHEN n % 8 = 0 THEN 'en' ELSE 'sv' END, $2
    FROM generate_series(0, $1 - 1) n
), plates AS (
    INSERT INTO driver_plate (plate, driver_id, added_at, added_by)
    SELECT chr(65 + n / 676000 % 26) || chr(65 + n / 26000 % 26) || chr(65 + n / 1000 % 26)
           || lpad((n % 1000)::text, 3, '0'), id_of($2, n, 'driver'), $2, 'bench'
    FROM generate_series(0, $1 - 1) n WHERE n % 2 = 0
), methods AS (
    INSERT INTO payment_method (id, driver_id, provider, customer_ref, method_ref, brand, last4, expires, created_at)
    SELECT id_of($2, n, 'method'), id_of($2, n, 'driver'), 'stripe', 'cus_' || n, 'pm_' || n, 'visa',
           lpad((drawn(n, 3) * 9999)::int::text, 4, '0'), '12/29', $2
    FROM generate_series(0, $1 - 1) n WHERE n % 3 = 0
)
INSERT INTO token (id, driver_id, uid, label, created_at)
SELECT id_of($2, n, 'token'), id_of($2, n, 'driver'), '04' || upper(substr(md5('tag' || n), 1, 12)), 'Tag', $2
FROM generate_series(0, $1 - 1) n
"""
# Outlets take turns, so that no two of the latest sessions are at one outlet.
DRAW: Final = """
INSERT INTO staged_session
SELECT n, id_of(at, n, 'session'), (n * 1000003 % ($2 * 2))::int, (drawn(n, 4) ^ 2 * ($3 - 1))::int, way, at, over_at,
       energy_wh, CASE WHEN over_at IS NOT NULL THEN energy_wh * 45 / 100 END,
       CASE WHEN way <> 'tag' THEN id_of(at, n, 'payment') END, CASE WHEN way <> 'tag' THEN id_of(at, n, 'start') END
FROM (
    SELECT n, at, energy_wh, CASE WHEN at + stays < $4::timestamptz THEN at + stays END AS over_at,
           CASE WHEN which < 0.75 THEN 'tag' WHEN which < 0.8 THEN 'app' WHEN which < 0.93 THEN 'card'
                ELSE 'swish' END AS way
    FROM (
        SELECT n, $4::timestamptz - ($1 - n) * ($5::interval / $1) - drawn(n, 5) * interval '40 minutes' AS at,
               interval '20 minutes' + drawn(n, 6) ^ 2 * interval '9 hours' AS stays,
               (drawn(n, 7) * 30000)::int AS energy_wh, drawn(n, 8) AS which
        FROM generate_series(1, $1::bigint) n OFFSET 0  -- a fence: each is reckoned once
    ) AS first_part OFFSET 0
) AS one
"""
# Who is meant by the numbers that were drawn.
STATIONS_STAGED: Final = """
CREATE UNLOGGED TABLE staged_station AS
SELECT n AS outlet, id_of($1, n / 2, 'station') AS id, 1 + n % 2 AS evse_number
FROM generate_series(0, $2::int * 2 - 1) n
"""
DRIVERS_STAGED: Final = """
CREATE UNLOGGED TABLE staged_driver AS
SELECT n AS driver_n, id_of($1, n, 'driver') AS id, id_of($1, n, 'token') AS token_id,
       '04' || upper(substr(md5('tag' || n), 1, 12)) AS uid,
       CASE WHEN n % 3 = 0 THEN id_of($1, n, 'method') END AS method_id
FROM generate_series(0, $2::int - 1) n
"""
SESSIONS: Final = """
INSERT INTO session (id, number, station_id, evse_number, transaction_key, token_uid, token_id, driver_id,
                     start_request_id, payment_id, settlement, started_at, ended_at, charging_ended_at, received_at,
                     register_start_wh, register_end_wh, energy_wh, price_minor, vat_minor, vat_percent, currency,
                     priced_at)
SELECT s.id, n, at.id, evse_number, n::text, CASE way WHEN 'tag' THEN who.uid ELSE 'ONCE' || n END,
       CASE way WHEN 'tag' THEN who.token_id END, CASE WHEN way IN ('tag', 'app') THEN who.id END,
       start_id, payment_id, CASE way WHEN 'tag' THEN 'invoice' ELSE 'payment' END, started_at, ended_at,
       ended_at - interval '5 minutes', started_at, 0, energy_wh, energy_wh, price_minor, price_minor / 5, 25,
       CASE WHEN price_minor IS NOT NULL THEN 'SEK' END, ended_at
FROM staged_session s JOIN staged_station at USING (outlet) JOIN staged_driver who USING (driver_n)
"""
STARTS: Final = """
INSERT INTO start_request (id, remote_start_id, station_id, evse_number, driver_id, token_uid, payment_id, created_at,
                           expires_at, session_id)
SELECT start_id, n, at.id, evse_number, CASE way WHEN 'app' THEN who.id END, 'ONCE' || n, payment_id,
       started_at - interval '1 minute', started_at + interval '4 minutes', s.id
FROM staged_session s JOIN staged_station at USING (outlet) JOIN staged_driver who USING (driver_n)
WHERE start_id IS NOT NULL
"""
PAYMENTS: Final = """
INSERT INTO payment (id, purpose, session_id, start_request_id, driver_id, provider, provider_ref, method_id, state,
                     currency, amount_minor, authorised_minor, captured_minor, due_minor, created_at, updated_at)
SELECT payment_id, 'session', s.id, start_id, CASE way WHEN 'app' THEN who.id END,
       CASE way WHEN 'swish' THEN 'swish' ELSE 'stripe' END, 'pi_' || md5('pay' || n),
       CASE WHEN way = 'app' THEN who.method_id END,
       CASE WHEN price_minor IS NULL THEN 'authorised' ELSE 'captured' END, 'SEK', 30000, 30000,
       coalesce(price_minor, 0), price_minor, started_at - interval '1 minute', coalesce(ended_at, started_at)
FROM staged_session s JOIN staged_driver who USING (driver_n) WHERE payment_id IS NOT NULL
"""
CARDS: Final = """
INSERT INTO payment_card (payment_id, brand, last4)
SELECT payment_id, 'visa', lpad((drawn(n, 9) * 9999)::int::text, 4, '0') FROM staged_session WHERE way = 'card'
"""
SWISHES: Final = """
INSERT INTO swish_attempt (id, payment_id, number, kind, state, payer_last4, payment_reference, created_at, looked_at)
SELECT id_of(started_at, n, 'swish'), payment_id, 1, 'phone', 'paid', lpad((n % 10000)::text, 4, '0'),
       upper(md5('swish' || n)), started_at, started_at
FROM staged_session WHERE way = 'swish'
"""
# A bill a month of the last year for each driver; what stands on them is not made.
INVOICES: Final = """
INSERT INTO invoice (id, series, number, kind, driver_id, period, currency, gross_minor, net_minor, vat_minor,
                     paid_minor, vat, seller, buyer, reference, issued_at, due_on)
SELECT id_of(month, number, 'invoice'), $1, number, 'invoice', id, (month - interval '1 month')::date, 'SEK', gross,
       gross * 4 / 5, gross / 5, CASE WHEN ago > 2 THEN gross ELSE 0 END, '[]', '{}', '{}', 10000000 + number || '7',
       month,
       (month + interval '1 month')::date
FROM (
    SELECT id, ago, date_trunc('month', $2::timestamptz) - ago * interval '1 month' AS month,
           1 + driver_n * 12 + ago AS number,
           (drawn(driver_n * 12 + ago, 10) * 60000)::int AS gross
    FROM staged_driver, generate_series(0, 11) ago OFFSET 0
) AS one
"""
HEARD: Final = """
WITH states AS (
    INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key, ended_at,
                                 same_since, status, received_at)
    SELECT at.id, evse_number, 1, started_at, n::text, ended_at, started_at, 'charging', started_at
    FROM staged_session JOIN staged_station at USING (outlet) WHERE n > $1::bigint - 10 * $2
), readings AS (
    INSERT INTO sample (station_id, evse_number, at, transaction_key, received_at, energy_wh, power_w, current_l1_a)
    SELECT at.id, evse_number, started_at + minute * interval '5 minutes', n::text, started_at, minute * 500, 7000, 16
    FROM staged_session JOIN staged_station at USING (outlet), generate_series(1, 12) minute
    WHERE n > $1::bigint - 2 * $2
)
INSERT INTO authorisation (station_id, id, at, received_at, token_uid, driver_id, status)
SELECT at.id, id_of(started_at, n, 'shown'), started_at, started_at, who.uid, who.id, 'Accepted'
FROM staged_session JOIN staged_station at USING (outlet) JOIN staged_driver who USING (driver_n)
WHERE way = 'tag' AND n > $1::bigint - 100 * $2
"""
FIRST_NAMES: Final = """
Anna Erik Maria Lars Karin Anders Eva Johan Kerstin Per Lena Nils Birgitta Jan Marie Mikael Ingrid Hans Emma Peter
Malin Fredrik Sara Daniel Elin Oskar Maja Hugo Alva Noah Fatima Ali Olga Björn Åsa Örjan Ebba Wilma Sixten Tove
"""
LAST_SYLLABLES: Final = (
    ("Anders", "Johans", "Karls", "Nils", "Eriks", "Lars", "Ols", "Pers", "Svens", "Gustafs"),
    ("Lind", "Berg", "Ek", "Sjö", "Strand", "Holm", "Ny", "Hög", "Söder", "Väster", "Norr", "Öst", "Björk", "Gran"),
    ("ström", "lund", "gren", "qvist", "berg", "man", "dal", "fors", "stedt", "blad", "kvist", "mark", "ås", "vik"),
)  # fmt: skip


def last_names() -> list[str]:
    """Return family names, the common ones first."""
    plain, first, second = LAST_SYLLABLES
    return [f"{each}son" for each in plain] + [one + other for one in first for other in second]


@asynccontextmanager
async def filling(connection: asyncpg.Connection[Any], tables: Sequence[str]) -> AsyncIterator[None]:
    """Let rows be written without indexes, triggers and the disk's word for each; all of it is back afterwards."""
    for setting in SPEED:
        await connection.execute(f"ALTER SYSTEM SET {setting}")
    await connection.execute("SELECT pg_reload_conf()")
    for setting in (*MEMORY, "synchronous_commit = off", "session_replication_role = replica"):
        await connection.execute(f"SET {setting}")
    taken = await connection.fetch(TAKEN, list(tables))
    for each in taken:
        await connection.execute(each["away"])
    yield
    for each in taken:
        await connection.execute(each["back"], timeout=FILL_TIMEOUT_S)
    for setting in (*SPEED, *MEMORY, "synchronous_commit", "session_replication_role"):
        kind = "ALTER SYSTEM RESET" if setting in SPEED else "RESET"
        await connection.execute(f"{kind} {setting.partition(' ')[0]}")
    await connection.execute("SELECT pg_reload_conf()")


# Constraints that nothing refers to, and plain indexes: what is quicker made once at the end.
TAKEN: Final = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS away,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS back
FROM pg_constraint WHERE contype = 'u' AND conrelid::regclass::text = ANY($1)
  AND conindid NOT IN (SELECT conindid FROM pg_constraint WHERE contype = 'f')
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid::regclass::text = ANY($1) AND NOT indisprimary
  AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)
"""
TABLES: Final = (
    "session", "payment", "start_request", "payment_card", "swish_attempt", "invoice", "driver", "token",
    "authorisation", "sample", "connector_state", "driver_plate",
)  # fmt: skip


async def fill(connection: asyncpg.Connection[Any], sessions: int, now: datetime) -> None:
    """Write chargers, drivers, and `sessions` with their money. Leaves `staged_session` for whoever fills on."""
    since, stations = now - SPAN, max(STATIONS_MIN, sessions // SESSIONS_EACH)
    drivers = max(50, sessions // SESSIONS_OF_DRIVER)
    await connection.execute("INSERT INTO invoice_series VALUES ($1, 10000000)", SERIES)
    for sql, *args in (
        (FIELD, stations, since, now), (DRIVERS, drivers, since, FIRST_NAMES.split(), last_names()),
        (DRAW, sessions, stations, drivers, now, SPAN), (STATIONS_STAGED, since, stations),
        (DRIVERS_STAGED, since, drivers), ("ANALYZE staged_session, staged_station, staged_driver",), (SESSIONS,),
        (STARTS,), (PAYMENTS,), (CARDS,), (SWISHES,), (INVOICES, SERIES, now), (HEARD, sessions, stations),
    ):  # fmt: skip
        await connection.execute(sql, *args, timeout=FILL_TIMEOUT_S)
    await connection.execute("SELECT setval('session_number_seq', $1), setval('remote_start_seq', $1)", sessions)

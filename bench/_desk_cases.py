"""Fills a database with support cases for the bench of the desk: words, calls, chats, deeds, incidents; by SQL.

A few cases are open, most are closed; some people have hundreds. Words are drawn as in a language: the common ones
stand in most cases, the rare ones in a few. Needs `_desk_history.fill` before, in the same connection.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any, Final

import asyncpg

from bench._desk_history import FILL_TIMEOUT_S, SPAN
from laddverk.support.model import KINDS
from laddverk.support.situations import book

SENTENCES: Final = 5_000
WORDS_IN_SENTENCE: Final = 12
SEED: Final = 11
COMMON: Final = """
laddaren och inte jag att det är på en av kabeln bilen uttaget betalningen startar stannade fungerar fick har när
kortet swish pengarna tillbaka fast lossnar appen taggen faktura kvitto fel röd lampa skärmen svart väntar långsamt
effekt parkeringen laddning avbröts dubbelt drogs belopp kronor idag igår kväll hjälp tack hej vänligen ring mejla
nummer bil plats regn snö kyla kontakt handske lås öppna stäng omstart nätverk offline upptaget bokad reserverad
"""
SYLLABLES: Final = "ba be bi bo dra fe fi ga gre ha hi ju ka ki la li ma me mi na ne pa pe ra ri sa se ta te ti va ve"
RARE_WORDS: Final = 6_000
SUBJECTS: Final = (
    "Laddningen startar inte", "Kabeln sitter fast", "Betalt två gånger", "Fel på fakturan", "Laddar långsamt",
    "Skärmen är svart", "Taggen fungerar inte", "Vill ha kvitto", "Laddningen stannade", "Swish gick inte igenom",
    "Platsen är blockerad", "Fråga om priset",
)  # fmt: skip
STAFF: Final = 30
TEAMS: Final = 6
TABLES: Final = (
    "support_case", "case_entry", "support_contact", "case_deed", "command", "phone_call", "chat", "chat_line",
    "support_mail", "support_rating", "support_attachment", "audit_log", "driver_report", "incident", "incident_event",
    "finding", "support_relation",
)  # fmt: skip

DESK: Final = """
WITH staff AS (
    INSERT INTO operator (id, email, name, role, password_hash, created_at)
    SELECT id_of($1, n, 'staff'), 'agent' || n || '@example.com', 'Agent ' || n, 'support', '', $1
    FROM generate_series(1, $2::int) n
), teams AS (
    INSERT INTO support_team (id, name, members)
    SELECT id_of($1, n, 'team'), 'Team ' || n,
           (SELECT array_agg(id_of($1, m, 'staff')) FROM generate_series(1, $2::int) m WHERE m % $3::int = n % $3::int)
    FROM generate_series(1, $3::int) n
)
INSERT INTO support_macro (id, name, scope, texts, changed_at)
SELECT id_of($1, n, 'macro'), 'Macro ' || n, 'all', '{"sv": "Hej {{name}}", "en": "Hi {{name}}"}', $1
FROM generate_series(1, 30) n
"""
STAGE: Final = """
CREATE UNLOGGED TABLE staged_case AS
SELECT n, id_of(at, n, 'case') AS id, at, CASE WHEN drawn(n, 21) < 0.7
           THEN greatest(1, ($3 - ($2 - n) * ($3::float8 / $2) - drawn(n, 22) * 50)::bigint) END AS session_n,
       (drawn(n, 23) ^ 2 * ($5 - 1))::int AS other_driver, drawn(n, 24) < 0.4 AS is_drivers,
       (drawn(n, 25) ^ 2 * $2 / 3)::int AS stranger,
       CASE WHEN n > $2 - greatest(40, $2 * 15 / 10000) THEN 'open'
            WHEN n > $2 - greatest(60, $2 * 25 / 10000) THEN 'waiting' ELSE 'closed' END AS state,
       at + (drawn(n, 26) ^ 3) * interval '3 days' + interval '5 minutes' AS over_at,
       id_of($1, 1 + (drawn(n, 27) * ($6 - 1))::int, 'staff') AS assignee_id,
       1 + (drawn(n, 27) * ($6 - 1))::int AS assignee,
       (drawn(n, 28) * 2)::int AS tags
FROM (SELECT n, $4::timestamptz - ($2::bigint - n) * ($7::interval / $2::bigint)
                - drawn(n, 20) * interval '10 minutes' AS at
      FROM generate_series(1, $2::bigint) n) AS one
"""
CASES: Final = """
INSERT INTO support_case (id, number, subject, kind, state, waits_for, channel, priority, verified, driver_id,
                          contact_name, contact_email, contact_phone, site_id, station_id, evse_number, session_id,
                          payment_id, incident_id, report_id, assignee_id, assignee_name, outcome, situation, team_id,
                          tags, snoozed_until, merged_into_id, answer_due_at, solve_due_at, created_at, created_by,
                          answered_at, closed_at, closed_by, changed_at)
SELECT c.id, c.n + 2000,
       ($5::text[])[1 + c.n % cardinality($5)] || CASE WHEN c.n % 5 = 0 THEN ' ref' || c.n ELSE '' END,
       ($4::text[])[1 + (drawn(c.n, 30) ^ 2 * cardinality($4))::int % cardinality($4)], c.state,
       CASE WHEN c.state = 'waiting' THEN 'driver' ELSE '' END,
       (ARRAY['phone', 'email', 'chat', 'portal', 'sms', 'desk'])[1 + (drawn(c.n, 31) ^ 2 * 6)::int % 6],
       1 + (drawn(c.n, 32) * 3)::int, CASE WHEN who.driver_id IS NULL THEN '' ELSE 'account' END, who.driver_id,
       CASE WHEN who.driver_id IS NULL THEN 'Person ' || c.stranger ELSE '' END,
       CASE WHEN who.driver_id IS NULL AND c.stranger % 2 = 0 THEN 'person' || c.stranger || '@example.org' ELSE '' END,
       CASE WHEN who.driver_id IS NULL AND c.stranger % 2 = 1 THEN '+4673' || lpad(c.stranger::text, 7, '0')
            ELSE '' END,
       station.site_id, station.id, CASE WHEN station.id IS NULL THEN 0 ELSE 1 + coalesce(s.outlet, 0) % 2 END, s.id,
       s.payment_id, NULL, CASE WHEN c.n % 7 = 0 AND station.id IS NOT NULL THEN id_of(c.at, c.n, 'report') END,
       CASE WHEN c.state = 'closed' OR c.n % 3 > 0 THEN c.assignee_id END,
       CASE WHEN c.state = 'closed' OR c.n % 3 > 0 THEN 'Agent ' || c.assignee ELSE '' END,
       CASE WHEN c.state = 'closed' THEN (ARRAY['solved', 'explained', 'money_back', 'no_answer'])[1 + c.n % 4]
            ELSE '' END,
       ($6::text[])[1 + (drawn(c.n, 33) ^ 2 * cardinality($6))::int % cardinality($6)],
       id_of($1, 1 + c.n % 6, 'team'),
       (ARRAY['tag' || (drawn(c.n, 34) ^ 3 * 60)::int, 'tag' || (drawn(c.n, 35) ^ 3 * 60)::int])[1:c.tags],
       CASE WHEN c.state = 'open' AND c.n % 9 = 0 THEN $2::timestamptz + interval '1 day' END,
       CASE WHEN c.n % 100 = 0 AND c.state = 'closed' THEN first_of.id END,
       c.at + interval '2 hours', c.at + interval '1 day', c.at, 'Driver',
       CASE WHEN c.state <> 'open' OR c.n % 2 = 0 THEN c.at + interval '20 minutes' END,
       CASE WHEN c.state = 'closed' THEN c.over_at END,
       CASE WHEN c.state = 'closed' THEN 'Agent ' || c.assignee ELSE '' END,
       CASE WHEN c.state = 'closed' THEN c.over_at ELSE c.at + interval '30 minutes' END
FROM staged_case c
LEFT JOIN staged_session s ON s.n = c.session_n
LEFT JOIN staged_case first_of ON first_of.n = c.n - 1
LEFT JOIN station ON station.id = CASE WHEN s.id IS NOT NULL THEN id_of($1, s.outlet / 2, 'station')
                                       WHEN drawn(c.n, 36) < 0.5 THEN id_of($1, c.n % $3::int, 'station') END,
LATERAL (SELECT CASE WHEN s.way IN ('tag', 'app') THEN id_of($1, s.driver_n, 'driver')
                     WHEN s.id IS NULL AND c.is_drivers THEN id_of($1, c.other_driver, 'driver') END AS driver_id
) AS who
"""
ENTRIES: Final = """
INSERT INTO case_entry (case_id, id, at, kind, channel, by_kind, by_name, text, params, body)
SELECT c.id, id_of(c.at, c.n * 16 + i, 'entry'), c.at + i * interval '7 minutes',
       (ARRAY['machine', 'message_in', 'message_out', 'note', 'message_in', 'message_out', 'call', 'message_out'])[i],
       CASE i WHEN 1 THEN '' ELSE 'email' END,
       (ARRAY['machine', 'driver', 'person', 'person', 'driver', 'person', 'person', 'person'])[i],
       CASE WHEN i IN (3, 4, 6, 7, 8) THEN 'Agent ' || c.assignee ELSE '' END,
       CASE i WHEN 1 THEN 'Opened by the driver' ELSE '' END, '{}',
       CASE i WHEN 1 THEN '' ELSE a.body || ' ' || b.body
                                  || CASE WHEN drawn(c.n, i) < 0.1 THEN ' ref' || c.n ELSE '' END END
FROM staged_case c, generate_series(1, 8) i
JOIN staged_sentence a ON true JOIN staged_sentence b ON true
WHERE i <= 2 + (drawn(c.n, 40) ^ 2 * 6.99)::int
  AND a.n = (drawn(c.n * 16 + i, 41) * ($1 - 1))::int AND b.n = (drawn(c.n * 16 + i, 42) * ($1 - 1))::int
"""
BESIDE: Final = (
    """
INSERT INTO support_contact (id, at, channel, key, site_id, station_id, driver_id, session_id, case_id, situation,
                             settled_at, settled_by)
SELECT id_of(c.at, c.n, 'contact'), c.at, shown.channel, 'case:' || c.id, shown.site_id, shown.station_id,
       shown.driver_id, shown.session_id, c.id, shown.situation, c.over_at, 'human'
FROM staged_case c JOIN support_case shown ON shown.id = c.id
""",
    """
WITH deeds AS (
    INSERT INTO case_deed (id, case_id, at, by_name, deed, station_id, command_id, state)
    SELECT id_of(c.at, c.n, 'deed'), c.id, c.at + interval '10 minutes', 'Agent ' || c.assignee, 'unlock',
           shown.station_id, id_of(c.at, c.n, 'command'), 'done'
    FROM staged_case c JOIN support_case shown ON shown.id = c.id WHERE c.n % 4 = 0 AND shown.station_id IS NOT NULL
    RETURNING command_id, station_id, at
)
INSERT INTO command (id, station_id, kind, command, state, requested_by, actor_kind, created_at, expires_at, sent_at,
                     answered_at, finished_at, outcome)
SELECT command_id, station_id, 'unlock_connector',
       '{"type": "unlock_connector", "evse_number": 1, "connector_number": 1}',
       'confirmed', 'Agent', 'operator', at, at + interval '1 minute', at, at, at, 'Unlocked'
FROM deeds
""",
    """
INSERT INTO phone_call (id, key, provider, direction, phone, started_at, driver_id, station_id, site_id, case_id,
                        queued_at, taken_by, taken_name, taken_at, answered_at, ended_at, ended_how, wrapped_up_at)
SELECT id_of(c.at, c.n, 'call'), '46elks:' || c.n, '46elks', 'in', '+4673' || lpad(c.stranger::text, 7, '0'), c.at,
       shown.driver_id, shown.station_id, shown.site_id, c.id, c.at, c.assignee_id, 'Agent ' || c.assignee,
       c.at + interval '1 minute', c.at + interval '1 minute', c.at + interval '5 minutes', 'hung_up',
       c.at + interval '6 minutes'
FROM staged_case c JOIN support_case shown ON shown.id = c.id WHERE shown.channel = 'phone'
""",
    """
WITH chats AS (
    INSERT INTO chat (id, opened_at, changed_at, language, state, driver_id, station_id, case_id, seen_at,
                      read_at, closed_at)
    SELECT id_of(c.at, c.n, 'chat'), c.at, c.at, 'sv', CASE WHEN c.state = 'open' THEN 'with_us' ELSE 'closed' END,
           shown.driver_id, shown.station_id, c.id, c.at, c.at, CASE WHEN c.state <> 'open' THEN c.over_at END
    FROM staged_case c JOIN support_case shown ON shown.id = c.id WHERE shown.channel = 'chat' RETURNING id, opened_at
)
INSERT INTO chat_line (id, chat_id, at, who, body)
SELECT gen_random_uuid(), id, opened_at + i * interval '1 minute', (ARRAY['driver', 'machine', 'agent'])[1 + i % 3],
       'Hej, det gäller laddningen'
FROM chats, generate_series(1, 6) i
""",
    """
INSERT INTO support_mail (id, at, inbox, message_id, fingerprint, sender, subject, verdict, case_id,
                          entry_id, raw, raw_size)
SELECT id_of(c.at, c.n, 'mail'), c.at, 'lmtp', c.n || '@example.org', '', 'person' || c.stranger || '@example.org',
       shown.subject, 'opened', c.id, id_of(c.at, c.n * 16 + 2, 'entry'),
       decode(repeat(md5(c.n::text), 20), 'hex'), 3000
FROM staged_case c JOIN support_case shown ON shown.id = c.id WHERE shown.channel = 'email'
""",
    """
INSERT INTO support_rating (case_id, is_good, at)
SELECT id, n % 6 > 0, over_at FROM staged_case WHERE state = 'closed' AND n % 5 = 0
""",
    """
INSERT INTO support_attachment (id, case_id, entry_id, at, name, media_type, content)
SELECT id_of(at, n, 'file'), id, id_of(at, n * 16 + 2, 'entry'), at, 'kvitto.txt', 'text/plain',
       convert_to(repeat('kvitto ', 40), 'UTF8')
FROM staged_case WHERE n % 20 = 0
""",
    """
INSERT INTO support_relation (one_id, other_id, at, by_name)
SELECT least(id, before), greatest(id, before), at, 'Agent 1'
FROM (SELECT id, at, n, lag(id, 3) OVER (ORDER BY n) AS before FROM staged_case) AS near
WHERE n % 100 = 50 AND before IS NOT NULL
""",
    """
INSERT INTO audit_log (id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id)
SELECT id_of(at, n * 2 + i, 'audit'), at + i * interval '9 minutes', 'operator', assignee_id, 'Agent ' || assignee,
       'support_case.read', 'support_case', id
FROM staged_case, generate_series(0, 1) i
""",
)
INCIDENTS: Final = """
WITH problems AS (
    INSERT INTO incident (id, number, scope, scope_key, site_id, station_id, evse_number, stations, sites, family,
                          severity, found_severity, confidence, state, since, opens_at, raised_at, last_at, reports,
                          closed_at, changed_at)
    SELECT id_of(c.at, c.n, 'incident'), 5000 + c.n / 50, 'evse', c.n::text, shown.site_id, shown.station_id,
           1, ARRAY[shown.station_id], ARRAY[shown.site_id], 'connectivity', 2, 2, 0.9,
           CASE WHEN c.state = 'closed' THEN 'closed' ELSE 'new' END, c.at, c.at, c.at, c.at, 1,
           CASE WHEN c.state = 'closed' THEN c.over_at END, c.over_at
    FROM staged_case c JOIN support_case shown ON shown.id = c.id WHERE c.n % 50 = 0 AND shown.station_id IS NOT NULL
    RETURNING id, since, station_id, scope_key::bigint AS n
), events AS (
    INSERT INTO incident_event (incident_id, id, at, by_kind, text)
    SELECT id, gen_random_uuid(), since + i * interval '20 minutes', 'machine', 'Seen again'
    FROM problems, generate_series(1, 4) i
), found AS (
    INSERT INTO finding (id, detector, station_id, evse_number, family, severity, since, raised_at, last_at,
                         incident_id, cleared_at, changed_at)
    SELECT gen_random_uuid(), 'silent', station_id, 1, 'connectivity', 2, since, since, since, id, since,
           since
    FROM problems
)
INSERT INTO driver_report (id, station_id, evse_number, at, kind, person_key, incident_id)
SELECT shown.report_id, shown.station_id, 1, shown.created_at, 'no_start', shown.id::text,
       problems.id
FROM staged_case c JOIN support_case shown ON shown.id = c.id
LEFT JOIN problems ON problems.n = c.n
WHERE shown.report_id IS NOT NULL
"""


def sentences() -> list[tuple[int, str]]:
    """Return sentences whose words are drawn by Zipf's law: the n-th as often as one to n."""
    draws = random.Random(SEED)
    rare = ["".join(draws.choices(SYLLABLES.split(), k=draws.randint(2, 4))) for _ in range(RARE_WORDS)]
    words = COMMON.split() + rare
    weights = [1 / (place + 8) for place in range(len(words))]
    return [(n, " ".join(draws.choices(words, weights, k=WORDS_IN_SENTENCE))) for n in range(SENTENCES)]


async def fill(connection: asyncpg.Connection[Any], cases: int, sessions: int, now: datetime) -> None:
    """Write the desk, and `cases` with everything that hangs on them."""
    since = now - SPAN
    stations = await connection.fetchval("SELECT count(*) FROM station")
    drivers = await connection.fetchval("SELECT count(*) FROM driver")
    await connection.execute("CREATE UNLOGGED TABLE staged_sentence (n int PRIMARY KEY, body text)")
    await connection.copy_records_to_table("staged_sentence", records=sentences(), columns=("n", "body"))
    situations = ["", *sorted(each.key for each in book.catalogue())]
    for sql, *args in (
        (DESK, since, STAFF, TEAMS), (STAGE, since, cases, sessions, now, drivers, STAFF, SPAN),
        ("ANALYZE staged_case",), (CASES, since, now, stations, list(KINDS), list(SUBJECTS), situations),
        (ENTRIES, SENTENCES), ("ANALYZE support_case",), *((each,) for each in BESIDE), (INCIDENTS,),
        ("SELECT setval('case_number_seq', 3000 + max(n)) FROM staged_case",),
        ("SELECT setval('incident_number_seq', 6000 + max(n)) FROM staged_case",),
    ):  # fmt: skip
        await connection.execute(sql, *args, timeout=FILL_TIMEOUT_S)

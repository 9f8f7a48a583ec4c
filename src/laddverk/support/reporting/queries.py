"""What reports read. Reads only; whoever sees some sites only sees the cases of those."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.promising import store as promising
from laddverk.support.promising.hours import ALWAYS, Hours
from laddverk.support.reporting import figures
from laddverk.support.reporting.model import By, Calls, CaseTimes, Contacts, Figures, Group, Refunds, Span, Thought

CASES_MAX: Final = 20_000  # whose times are worked out one by one; the newest, where a period has more
AGAIN_WITHIN: Final = timedelta(days=7)

TIMES: Final = """
SELECT created_at, answered_at, closed_at, answer_due_at, solve_due_at, paused_at, paused_s, promise_id,
       created_by = 'driver' AS is_drivers
FROM support_case
WHERE created_at >= $1 AND created_at < $2 AND merged_into_id IS NULL
  AND ($3::uuid[] IS NULL OR site_id = ANY($3)) AND ($4::uuid IS NULL OR site_id = $4)
ORDER BY created_at DESC LIMIT $5
"""
CONTACTS: Final = """
SELECT count(*)::int AS contacts, count(*) FILTER (WHERE settled_by <> '')::int AS settled,
       count(*) FILTER (WHERE settled_by = 'self')::int AS alone,
       count(*) FILTER (WHERE energy_at IS NOT NULL)::int AS with_energy,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM energy_at - at)::float8)
           FILTER (WHERE energy_at IS NOT NULL) AS energy_median_s,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM energy_at - at)::float8)
           FILTER (WHERE energy_at IS NOT NULL) AS energy_p90_s,
       count(*) FILTER (WHERE driver_id IS NOT NULL)::int AS known,
       count(*) FILTER (WHERE driver_id IS NOT NULL AND again)::int AS again,
       (SELECT count(*)::int FROM session JOIN station ON station.id = session.station_id
        WHERE session.started_at >= $1 AND session.started_at < $2
          AND ($3::uuid[] IS NULL OR station.site_id = ANY($3))
          AND ($4::uuid IS NULL OR station.site_id = $4)) AS sessions
FROM (SELECT support_contact.*,
             lead(at) OVER (PARTITION BY driver_id ORDER BY at) < at + $5::interval AS again
      FROM support_contact WHERE at >= $1 AND at < $2::timestamptz + $5::interval
        AND ($3::uuid[] IS NULL OR site_id = ANY($3)) AND ($4::uuid IS NULL OR site_id = $4)) AS contact
WHERE at < $2
"""
CALLS: Final = """
SELECT count(*)::int AS calls, count(queued_at)::int AS queued,
       count(*) FILTER (WHERE queued_at IS NOT NULL AND answered_at IS NULL AND callback_at IS NULL
                        AND ended_at IS NOT NULL)::int AS abandoned,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - queued_at)::float8)
           FILTER (WHERE answered_at IS NOT NULL AND queued_at IS NOT NULL) AS wait_median_s
FROM phone_call WHERE direction = 'in' AND started_at >= $1 AND started_at < $2
  AND ($3::uuid[] IS NULL OR site_id = ANY($3)) AND ($4::uuid IS NULL OR site_id = $4)
"""
THOUGHT: Final = """
SELECT count(*) FILTER (WHERE is_good)::int AS good, count(*) FILTER (WHERE NOT is_good)::int AS bad
FROM support_rating JOIN support_case ON support_case.id = support_rating.case_id
WHERE support_rating.at >= $1 AND support_rating.at < $2
  AND ($3::uuid[] IS NULL OR site_id = ANY($3)) AND ($4::uuid IS NULL OR site_id = $4)
"""
REFUNDS: Final = """
SELECT count(*)::int AS refunds,
       count(*) FILTER (WHERE NOT EXISTS (SELECT FROM case_deed WHERE case_deed.refund_id = payment_refund.id)
                        AND requested_by NOT IN (SELECT name FROM operator))::int AS by_rule
FROM payment_refund JOIN payment ON payment.id = payment_refund.payment_id
LEFT JOIN session ON session.id = payment.session_id LEFT JOIN station ON station.id = session.station_id
WHERE payment_refund.created_at >= $1 AND payment_refund.created_at < $2 AND payment_refund.state <> 'failed'
  AND ($3::uuid[] IS NULL OR station.site_id = ANY($3)) AND ($4::uuid IS NULL OR station.site_id = $4)
"""
# Cases by what is asked for, and beside them who needed none; with the period before; the most first. Of no case it is
# not known what kind it was.
GROUPED: Final = """
SELECT key, max(name) AS name, count(*) FILTER (WHERE is_case AND at >= $1)::int AS cases,
       count(*) FILTER (WHERE is_case AND at < $1)::int AS before,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - at)::float8)
           FILTER (WHERE at >= $1 AND answered_at IS NOT NULL) AS answered_median_s,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - at)::float8)
           FILTER (WHERE at >= $1 AND closed_at IS NOT NULL) AS solved_median_s,
       count(*) FILTER (WHERE NOT is_case AND at >= $1)::int AS alone,
       count(*) FILTER (WHERE NOT is_case AND at < $1)::int AS alone_before
FROM (SELECT came.is_case, came.at, came.answered_at, came.closed_at,
             CASE $5 WHEN 'kind' THEN came.kind WHEN 'situation' THEN came.situation
                     WHEN 'channel' THEN came.channel WHEN 'site' THEN came.site_id::text
                     WHEN 'model' THEN nullif(btrim(station.vendor || ' ' || station.model), '')
                     ELSE came.firmware END AS key,
             CASE $5 WHEN 'site' THEN site.name ELSE '' END AS name
      FROM (SELECT true AS is_case, created_at AS at, answered_at, closed_at, kind, situation, channel, site_id,
                   station_id, firmware
            FROM support_case WHERE created_at >= $6 AND created_at < $2 AND merged_into_id IS NULL
            UNION ALL
            SELECT false, at, NULL, NULL, '', situation, channel, site_id, station_id, firmware
            FROM support_contact
            WHERE at >= $6 AND at < $2 AND case_id IS NULL AND settled_by = 'self') AS came
      LEFT JOIN station ON station.id = came.station_id LEFT JOIN site ON site.id = came.site_id
      WHERE ($3::uuid[] IS NULL OR came.site_id = ANY($3)) AND ($4::uuid IS NULL OR came.site_id = $4)) AS grouped
WHERE key IS NOT NULL AND key <> '' GROUP BY key
HAVING count(*) FILTER (WHERE at >= $1) > 0
ORDER BY count(*) FILTER (WHERE at >= $1) DESC, key LIMIT 200
"""
DAILY: Final = """
SELECT day::date AS day, count(support_case.id)::int AS cases
FROM generate_series($1::timestamptz AT TIME ZONE $5, $2::timestamptz AT TIME ZONE $5 - interval '1 second',
                     $6::interval) AS day
LEFT JOIN support_case ON support_case.created_at >= day AT TIME ZONE $5
     AND support_case.created_at < (day + $6::interval) AT TIME ZONE $5 AND support_case.created_at < $2
     AND support_case.merged_into_id IS NULL
     AND ($3::uuid[] IS NULL OR site_id = ANY($3)) AND ($4::uuid IS NULL OR site_id = $4)
GROUP BY day ORDER BY day LIMIT 400
"""


class Day(Struct, frozen=True):
    """How many cases were opened from a day on."""

    day: date
    cases: int


def _args(span: Span) -> tuple[object, ...]:
    return span.since, span.until, None if span.sites is None else list(span.sites), span.site_id


async def read(tx: Transaction, span: Span, now: datetime) -> Figures:
    """Return a period in numbers."""
    args = _args(span)
    cases = await tx.fetch(CaseTimes, TIMES, *args, CASES_MAX)
    contacts = await tx.fetch_one(Contacts, CONTACTS, *args, AGAIN_WITHIN)
    calls = await tx.fetch_one(Calls, CALLS, *args)
    thought = await tx.fetch_one(Thought, THOUGHT, *args)
    refunds = await tx.fetch_one(Refunds, REFUNDS, *args)
    assert contacts is not None
    assert calls is not None
    assert thought is not None
    assert refunds is not None
    by_promise, desk = await _hours(tx)
    return Figures(
        times=figures.times_of(cases, by_promise, desk, now), contacts=contacts, calls=calls, thought=thought,
        refunds=refunds,
    )  # fmt: skip


async def _hours(tx: Transaction) -> tuple[dict[UUID, Hours], Hours]:
    """Return the hours of each promise, and those of the desk: the first there are, else around the clock."""
    hours = {one.id: one for one in await promising.hours(tx, removed=True)}
    current = await promising.hours(tx)
    promises = await promising.promises(tx)
    by_promise = {one.id: hours.get(one.hours_id, ALWAYS) if one.hours_id else ALWAYS for one in promises}
    return by_promise, current[0] if current else ALWAYS


async def groups(tx: Transaction, span: Span, by: By, before: datetime) -> list[Group]:
    """Return cases, and who needed none, by what is asked for; `before` is when the period before began."""
    return await tx.fetch(Group, GROUPED, *_args(span), by.value, before)


async def volume(tx: Transaction, span: Span, zone: str, step: timedelta) -> list[Day]:
    """Return how many cases were opened in each step of a period, from its first local day on."""
    return await tx.fetch(Day, DAILY, *_args(span), zone, step)

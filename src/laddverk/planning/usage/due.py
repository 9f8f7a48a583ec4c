"""Which stretches of which sites are to be counted anew: what was noted, and where time passes. SQL and little else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

BACK_FILL_DAYS: Final = 3  # of every outlet: what sessions of the last days leave to count is less
_BEFORE: Final = timedelta(hours=1)  # an end is no part of its day: an hour before it is
DAYS_SHOWN: Final = """
-- The first full hour (UTC) of the local day of each instant; and of the day after, for ends.
, day AS (
    SELECT n.site_id,
           date_bin('1 hour', date_trunc('day', n.since, i.timezone) + interval '59 minutes 59 seconds',
                    timestamptz '2000-01-01 00:00Z') AS since,
           coalesce(date_bin('1 hour', (date_trunc('day', n.until AT TIME ZONE i.timezone) + interval '1 day')
                                       AT TIME ZONE i.timezone + interval '59 minutes 59 seconds',
                             timestamptz '2000-01-01 00:00Z'), 'infinity') AS until
    FROM noted n JOIN site i ON i.id = n.site_id
)
"""
TAKE_DUE: Final = f"""
-- Taken: the stretches that do not touch, whole local days, without what is still to come.
WITH taken AS (DELETE FROM usage_due RETURNING station_id, since, site_id, until),
noted AS (
    SELECT coalesce(t.site_id, s.site_id) AS site_id, t.since, t.until
    FROM taken t LEFT JOIN station s ON s.id = t.station_id
    WHERE t.since < $1::timestamptz
    UNION ALL
    SELECT * FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[])
    UNION ALL
    -- A car stands there, or something is out of order: time passes.
    SELECT DISTINCT s.site_id, m.until, NULL::timestamptz
    FROM (
        SELECT station_id FROM session WHERE ended_at IS NULL
        UNION ALL
        SELECT station_id FROM connector WHERE status NOT IN ('available', 'unknown', 'reserved')
    ) x JOIN station s ON s.id = x.station_id JOIN usage_made m USING (site_id)
    WHERE m.until < $1
){DAYS_SHOWN},
joined AS (SELECT site_id, range_agg(tstzrange(since, until)) AS spans FROM day WHERE since < until GROUP BY site_id),
outlets AS (SELECT site_id, count(*)::int AS outlets FROM usage_outlet GROUP BY site_id)
SELECT j.site_id, lower(one) AS since, least(upper(one), $1) AS until, coalesce(o.outlets, 0) AS outlets
FROM joined j CROSS JOIN LATERAL unnest(spans) AS one LEFT JOIN outlets o USING (site_id)
WHERE lower(one) < $1
ORDER BY lower(one), j.site_id
"""  # noqa: S608 - made of constants
PUT_BACK: Final = """
INSERT INTO usage_due (site_id, since, until) SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
"""
MADE: Final = """
INSERT INTO usage_made SELECT site_id, max(until) FROM unnest($1::uuid[], $2::timestamptz[]) AS d (site_id, until)
GROUP BY site_id
ON CONFLICT (site_id) DO UPDATE SET until = greatest(usage_made.until, excluded.until)
"""
BEHIND: Final = """
-- What is noted now, in outlets × days, beside what there is in all: both up to an instant.
WITH noted AS (
    SELECT coalesce(d.site_id, s.site_id) AS site_id, d.since, least(d.until, $1::timestamptz) AS until
    FROM usage_due d LEFT JOIN station s ON s.id = d.station_id WHERE d.since < $1
),
joined AS (
    SELECT site_id, range_agg(tstzrange(since, greatest(coalesce(until, $1), since))) AS spans
    FROM noted GROUP BY site_id
),
left_to_do AS (
    SELECT site_id, sum(extract(epoch FROM upper(one) - lower(one)) / 86400)::float8 AS days
    FROM joined CROSS JOIN LATERAL unnest(spans) AS one GROUP BY site_id
),
outlet AS (
    SELECT site_id, count(*)::float8 AS outlets,
           sum(extract(epoch FROM $1 - least(opened_at, $1)) / 86400)::float8 AS days
    FROM usage_outlet GROUP BY site_id
)
SELECT coalesce(sum(least(coalesce(l.days, 0) * o.outlets, o.days)), 0)::float8 AS left_days,
       coalesce(sum(o.days), 0) AS all_days, coalesce(sum(o.outlets), 0) AS outlets
FROM outlet o LEFT JOIN left_to_do l USING (site_id)
"""


class Noted(Struct, frozen=True, kw_only=True):
    """What else is to be counted anew: a site from an instant on."""

    site_id: UUID
    since: datetime


class Due(Struct, frozen=True, kw_only=True):
    """A stretch of a site: whole hours, that begin and end with a local day, or end now."""

    site_id: UUID
    since: datetime
    until: datetime
    outlets: int
    """How many the site has."""


class Behind(Struct, frozen=True, kw_only=True):
    """How much is still to be counted, in outlets × days."""

    left_days: float
    all_days: float
    outlets: float

    @property
    def is_back_fill(self) -> bool:
        """More is left than what a day or two of everything come to."""
        return self.left_days > BACK_FILL_DAYS * self.outlets

    @property
    def done_share(self) -> float:
        """How much of everything is counted, 0 to 1."""
        return 1 - self.left_days / self.all_days if self.all_days else 1.0


async def take(tx: Transaction, others: Sequence[Noted], now: datetime) -> list[Due]:
    """Return what was noted, with `others` and the sites at which time passes; the earliest first.

    What was noted is then no longer noted, not even what is still to come: that is counted when it has come.
    """
    whole = [one.site_id for one in others], [one.since for one in others], [None] * len(others)
    return await tx.fetch(Due, TAKE_DUE, now, *whole)


async def put_back(tx: Transaction, later: Sequence[Due], now: datetime) -> None:
    """Note again what is left for another turn; what was to be counted until now is, until whenever that will be."""
    if later:
        ends = [one.until - _BEFORE if one.until < now else None for one in later]
        await tx.execute(PUT_BACK, [one.site_id for one in later], [one.since for one in later], ends)


async def made(tx: Transaction, done: Sequence[Due]) -> None:
    """Remember how far sites were counted."""
    await tx.execute(MADE, [one.site_id for one in done], [one.until for one in done])


async def behind(tx: Transaction, now: datetime) -> Behind:
    """Return how much is still to be counted of everything up to `now`."""
    return await tx.fetch_one(Behind, BEHIND, now) or Behind(left_days=0, all_days=0, outlets=0)

"""Days and months of planned sites that are over, and the truth that they are made of, in PostgreSQL. SQL only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.planning_ahead.days import DayFound, MonthFound
from laddverk.energy.planning_ahead.store import Past
from laddverk.energy.planning_ahead.store_said import SAID_FROM
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

SESSIONS_MAX: Final = 20_000  # of one site and month; a thousand outlets have so many
STAYED: Final = f"""
-- Sessions that touch a time, with what was asked for and the most that the car was seen to draw.
SELECT session.id, session.station_id, session.evse_number, session.started_at, session.ended_at,
       coalesce(session.charging_ended_at, session.ended_at, session.sampled_at, session.started_at) AS drew_until,
       session.energy_wh, said.energy_wh AS asked_wh,
       drew.power_w::double precision AS power_most_w, coalesce(drew.phases = 1, false) AS is_on_one_phase
FROM session
{SAID_FROM}
LEFT JOIN LATERAL (
    SELECT max(coalesce(power_w, 230 * (coalesce(current_l1_a, 0) + coalesce(current_l2_a, 0)
                                        + coalesce(current_l3_a, 0)))) AS power_w,
           max((coalesce(current_l1_a, 0) > 2)::int + (coalesce(current_l2_a, 0) > 2)::int
               + (coalesce(current_l3_a, 0) > 2)::int) AS phases
    FROM sample
    WHERE sample.station_id = session.station_id AND sample.evse_number = session.evse_number
      AND sample.transaction_key = ANY(ARRAY[session.transaction_key, ''])
      AND sample.at >= session.started_at AND sample.at <= coalesce(session.ended_at, 'infinity')
) AS drew ON true
WHERE session.station_id = ANY($1) AND session.started_at < $3 AND coalesce(session.ended_at, 'infinity') > $2
ORDER BY session.started_at, session.id LIMIT $4
"""  # noqa: S608 - made of constants
PAST: Final = """
SELECT session.station_id, session.evse_number, coalesce(session.driver_id::text, session.token_uid, '') AS who,
       session.started_at, coalesce(session.charging_ended_at, session.ended_at, session.sampled_at) AS drew_until,
       session.ended_at, session.energy_wh
FROM session
WHERE session.station_id = ANY($1) AND session.started_at > $2 AND session.started_at < $3
  AND coalesce(session.ended_at, session.sampled_at) > session.started_at
ORDER BY session.started_at DESC, session.id LIMIT $4
"""
PRICES: Final = """
SELECT starts_at, ends_at, price, fetched_at FROM spot_price
WHERE area = $1 AND currency = $2 AND ends_at > $3 AND starts_at < $4 ORDER BY starts_at
"""
PLANNED_BETWEEN: Final = "SELECT count(*) FROM site_plan WHERE site_id = $1 AND made_at >= $2 AND made_at < $3"
KEEP_DAY: Final = """
INSERT INTO site_day (site_id, day, made_at, found) VALUES ($1, $2, $3, $4)
ON CONFLICT (site_id, day) DO UPDATE SET made_at = excluded.made_at, found = excluded.found
"""
DAYS: Final = """
SELECT day, made_at, found FROM site_day WHERE site_id = $1 AND day >= $2 AND day < $3 ORDER BY day DESC
"""
KEEP_MONTH: Final = """
INSERT INTO site_month (site_id, month, made_at, found) VALUES ($1, $2, $3, $4)
ON CONFLICT (site_id, month) DO UPDATE SET made_at = excluded.made_at, found = excluded.found
"""
MONTHS: Final = "SELECT month, made_at, found FROM site_month WHERE site_id = $1 ORDER BY month DESC LIMIT $2"


class Stayed(Struct, frozen=True, kw_only=True):
    """A session that was, or still is, as a day that is over sees it."""

    id: UUID
    station_id: UUID
    evse_number: int
    started_at: datetime
    ended_at: datetime | None
    drew_until: datetime
    energy_wh: int
    asked_wh: int | None
    power_most_w: float | None
    is_on_one_phase: bool


class Price(Struct, frozen=True):
    """What the exchange asked for a kWh, and when that became known here."""

    starts_at: datetime
    ends_at: datetime
    price: Decimal
    fetched_at: datetime


class Day(Struct, frozen=True):
    """A day as it is kept."""

    day: date
    made_at: datetime
    found: DayFound


class KeptMonth(Struct, frozen=True):
    """A month as it is kept."""

    month: date
    made_at: datetime
    found: MonthFound


async def stayed(tx: Transaction, stations: Sequence[UUID], since: datetime, until: datetime) -> list[Stayed]:
    """Return the sessions at stations that touch a time, the earliest first."""
    return await tx.fetch(Stayed, STAYED, list(stations), since, until, SESSIONS_MAX)


async def past(tx: Transaction, stations: Sequence[UUID], since: datetime, until: datetime) -> list[Past]:
    """Return the sessions at stations that began between two instants, the newest first."""
    return await tx.fetch(Past, PAST, list(stations), since, until, SESSIONS_MAX)


async def prices(tx: Transaction, area: str, currency: str, since: datetime, until: datetime) -> list[Price]:
    """Return what is known of a zone's prices that touch a time."""
    return await tx.fetch(Price, PRICES, area, currency, since, until)


async def plans_between(tx: Transaction, site_id: SiteId, since: datetime, until: datetime) -> int:
    """Return how many plans were made for a site in a time."""
    return int(await tx.value(PLANNED_BETWEEN, site_id, since, until))


async def keep_day(tx: Transaction, site_id: SiteId, day: date, now: datetime, found: DayFound) -> None:
    """Keep what a day was."""
    await tx.execute(KEEP_DAY, site_id, day, now, found)


async def days(tx: Transaction, site_id: SiteId, since: date, until: date) -> list[Day]:
    """Return the days that are kept from `since` to before `until`, the newest first."""
    return await tx.fetch(Day, DAYS, site_id, since, until)


async def keep_month(tx: Transaction, site_id: SiteId, month: date, now: datetime, found: MonthFound) -> None:
    """Keep what a month was, so far or in all."""
    await tx.execute(KEEP_MONTH, site_id, month, now, found)


async def months(tx: Transaction, site_id: SiteId, most: int) -> list[KeptMonth]:
    """Return the latest months that are kept, the newest first."""
    return await tx.fetch(KeptMonth, MONTHS, site_id, most)

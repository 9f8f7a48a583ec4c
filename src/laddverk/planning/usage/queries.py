"""What the pages of usage read: sums of the rolled-up rows. Reads only; each knows whose sites may be seen."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.planning.usage.figures import Sums
from laddverk.platform.database import Transaction

Sites = frozenset[UUID] | None
"""Those that may be seen and are wanted; None for all."""


class Chosen(Struct, frozen=True, kw_only=True):
    """What is looked at: local days, both inclusive, and which outlets. Empty is all."""

    first: date
    last: date
    zone: str
    """Whose midnights bound the period."""
    sites: Sites = None
    plugs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Vendor and model, with a space between."""

    @property
    def since(self) -> datetime:
        """The instant at which the period begins."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The instant at which it ends."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def outlets(self) -> tuple[object, ...]:
        """What narrows the outlets, as `OUTLET_CONDITIONS` takes it."""
        return (
            None if self.sites is None else list(self.sites),
            list(self.plugs) or None,
            list(self.models) or None,
        )


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


OUTLET_CONDITIONS: Final = """
    ($1::uuid[] IS NULL OR o.site_id = ANY($1)) AND ($2::text[] IS NULL OR o.plug = ANY($2))
    AND ($3::text[] IS NULL OR concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, '')) = ANY($3))
"""
SUMS_COLUMNS: Final = """
    sum(busy_s) AS busy_s, sum(charging_s) AS charging_s, sum(out_s) AS out_s, sum(energy_wh)::bigint AS energy_wh,
    sum(began)::bigint AS began, sum(ended)::bigint AS ended, sum(stay_s) AS stay_s, sum(empty)::bigint AS empty,
    sum(session_wh)::bigint AS session_wh, sum(revenue_minor)::bigint AS revenue_minor,
    sum(sold_wh)::bigint AS sold_wh, sum(priced)::bigint AS priced
"""

OUTLETS: Final = f"""
SELECT o.*, s.name AS station_name, i.name AS site_name, i.code AS site_code
FROM usage_outlet o JOIN station s ON s.id = o.station_id JOIN site i ON i.id = o.site_id
WHERE {OUTLET_CONDITIONS}
ORDER BY i.name, s.name, o.evse_number
"""  # noqa: S608 - made of constants
BY_OUTLET: Final = f"""
SELECT station_id, evse_number, {SUMS_COLUMNS}
FROM usage_day d
WHERE day >= $1 AND day <= $2 AND ($3::uuid[] IS NULL OR station_id = ANY($3))
GROUP BY station_id, evse_number
"""  # noqa: S608 - made of constants
BY_DAY: Final = f"""
SELECT day, {SUMS_COLUMNS}
FROM usage_day d JOIN usage_outlet o USING (station_id, evse_number)
WHERE {OUTLET_CONDITIONS} AND day >= $4 AND day <= $5
GROUP BY day ORDER BY day
"""  # noqa: S608 - made of constants
HOURS_OF_OUTLETS: Final = f"""
SELECT hour, sum(h.busy_s) AS busy_s, sum(h.charging_s) AS charging_s, sum(h.energy_wh)::bigint AS energy_wh,
       sum(h.began)::bigint AS began
FROM usage_outlet o JOIN usage_hour h USING (station_id, evse_number)
WHERE {OUTLET_CONDITIONS} AND hour >= $4 AND hour < $5
GROUP BY hour ORDER BY hour
"""  # noqa: S608 - made of constants
HOURS_OF_POOLS: Final = """
SELECT hour, sum(busy_s) AS busy_s, sum(charging_s) AS charging_s, sum(energy_wh)::bigint AS energy_wh,
       sum(began)::bigint AS began
FROM usage_pool_hour
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND ($2::text[] IS NULL OR plug = ANY($2)) AND hour >= $3 AND hour < $4
GROUP BY hour ORDER BY hour
"""
POOLS: Final = """
SELECT site_id, plug, sum(full_s) AS full_s, sum(full_busy_s) AS full_busy_s, sum(full_charging_s) AS full_charging_s,
       max(busy_max::float8 / nullif(ports, 0)) AS taken_max, max(ports) AS ports, sum(busy_s) AS busy_s,
       sum(charging_s) AS charging_s, sum(out_s) AS out_s, sum(energy_wh)::bigint AS energy_wh,
       max(energy_wh) AS hour_max_wh, sum(began)::bigint AS began, sum(waited)::bigint AS waited
FROM usage_pool_hour
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND ($2::text[] IS NULL OR plug = ANY($2)) AND hour >= $3 AND hour < $4
GROUP BY site_id, plug
"""
WEEK: Final = """
-- By pool and hour of the local week: arrivals, and seconds without room.
SELECT p.site_id, p.plug, extract(isodow FROM hour AT TIME ZONE i.timezone)::int - 1 AS weekday,
       extract(hour FROM hour AT TIME ZONE i.timezone)::int AS hour, sum(began)::bigint AS began, sum(full_s) AS full_s,
       sum(dark_s) AS dark_s, sum(full_busy_s) AS full_busy_s, sum(full_charging_s) AS full_charging_s
FROM usage_pool_hour p JOIN site i ON i.id = p.site_id
WHERE ($1::uuid[] IS NULL OR p.site_id = ANY($1)) AND ($2::text[] IS NULL OR plug = ANY($2))
  AND p.hour >= $3 AND p.hour < $4
GROUP BY 1, 2, 3, 4
"""
COSTS: Final = """
-- What the energy cost, hour by hour, at sites whose price is known: the exchange's price and what people typed on top.
WITH spot AS (
    SELECT area, currency, date_trunc('hour', starts_at, 'UTC') AS hour, avg(price) AS price
    FROM spot_price WHERE starts_at >= $3 AND starts_at < $4 AND currency = $5::text GROUP BY 1, 2, 3
)
SELECT p.site_id, sum(energy_wh * (spot.price + w.added_per_kwh)) / 10.0 AS cost_minor,
       sum(energy_wh)::bigint AS energy_wh
FROM usage_pool_hour p JOIN plan_wish w USING (site_id) JOIN spot ON spot.area = w.area AND spot.hour = p.hour
WHERE ($1::uuid[] IS NULL OR p.site_id = ANY($1)) AND ($2::text[] IS NULL OR plug = ANY($2))
  AND p.hour >= $3 AND p.hour < $4
GROUP BY p.site_id
"""
ATTEMPTS: Final = f"""
-- Attempts that failed, and what the same person (or, unnamed, whoever stood at that outlet) did in the next half hour.
WITH tried AS (
    SELECT a.*, o.site_id AS at_site, a.outcome NOT IN ('ok', 'excluded', 'no_auth') AS failed,
           coalesce(nullif(a.token_key, ''), nullif(a.car_key, ''), a.station_id || '/' || a.evse_number) AS person
    FROM session_outcome a JOIN usage_outlet o USING (station_id, evse_number)
    WHERE {OUTLET_CONDITIONS} AND a.began_at >= $4 AND a.began_at < $5::timestamptz + interval '30 minutes'
),
followed AS (
    SELECT *, lead(began_at) OVER (PARTITION BY at_site, person ORDER BY began_at, attempt_key) AS next_at FROM tried
)
SELECT count(*) AS attempts, count(*) FILTER (WHERE failed) AS failed,
       count(*) FILTER (WHERE failed AND next_at <= ended_at + interval '30 minutes') AS retries
FROM followed WHERE began_at < $5
"""  # noqa: S608 - made of constants


class Outlet(Struct, frozen=True, kw_only=True):
    """An outlet, with where it stands."""

    station_id: UUID
    evse_number: int
    site_id: UUID
    site_name: str
    site_code: str
    station_name: str
    plug: str
    vendor: str
    model: str
    power_w: int
    timezone: str
    opened_at: datetime
    closed_at: datetime | None

    @property
    def model_name(self) -> str:
        """Vendor and model."""
        return " ".join(filter(None, (self.vendor, self.model)))


class OutletSums(Sums, frozen=True, kw_only=True):
    """The sums of an outlet."""

    station_id: UUID
    evse_number: int


class DaySums(Sums, frozen=True, kw_only=True):
    """The sums of a local day."""

    day: date


class HourSums(Struct, frozen=True, kw_only=True):
    """The sums of an hour."""

    hour: datetime
    busy_s: float
    charging_s: float
    energy_wh: int
    began: int


class PoolSums(Struct, frozen=True, kw_only=True):
    """The sums of a site's outlets with one plug."""

    site_id: UUID
    plug: str
    full_s: float
    full_busy_s: float
    full_charging_s: float
    taken_max: float | None
    ports: int
    busy_s: float
    charging_s: float
    out_s: float
    energy_wh: int
    hour_max_wh: int
    began: int
    waited: int


class WeekHour(Struct, frozen=True, kw_only=True):
    """A pool in one hour of the local week; weekday 0 is Monday."""

    site_id: UUID
    plug: str
    weekday: int
    hour: int
    began: int
    full_s: float
    full_busy_s: float
    full_charging_s: float
    dark_s: float


class Cost(Struct, frozen=True, kw_only=True):
    """What a site's energy cost, as far as it is known."""

    site_id: UUID
    cost_minor: float
    energy_wh: int
    """Of the hours whose price is known."""


class Attempts(Struct, frozen=True, kw_only=True):
    """How many tried to charge, failed, and tried again within half an hour."""

    attempts: int = 0
    failed: int = 0
    retries: int = 0


async def outlets(tx: Transaction, chosen: Chosen) -> list[Outlet]:
    """Return the outlets that are looked at, whether or not they stood there at that time."""
    return await tx.fetch(Outlet, OUTLETS, *chosen.outlets)


async def by_outlet(tx: Transaction, chosen: Chosen, among: list[Outlet]) -> list[OutletSums]:
    """Return the sums of each of `among` at which anything happened."""
    stations = None if chosen.outlets == (None, None, None) else list({one.station_id for one in among})
    return await tx.fetch(OutletSums, BY_OUTLET, chosen.first, chosen.last, stations)


async def by_day(tx: Transaction, chosen: Chosen) -> list[DaySums]:
    """Return the sums of each local day on which anything happened."""
    return await tx.fetch(DaySums, BY_DAY, *chosen.outlets, chosen.first, chosen.last)


async def by_hour(tx: Transaction, chosen: Chosen) -> list[HourSums]:
    """Return the sums of each hour in which anything happened."""
    sites, plugs, models = chosen.outlets
    if models:
        return await tx.fetch(HourSums, HOURS_OF_OUTLETS, sites, plugs, models, chosen.since, chosen.until)
    return await tx.fetch(HourSums, HOURS_OF_POOLS, sites, plugs, chosen.since, chosen.until)


async def pools(tx: Transaction, chosen: Chosen) -> list[PoolSums]:
    """Return each pool at which anything happened. Models do not narrow it: a driver takes any outlet that fits."""
    return await tx.fetch(PoolSums, POOLS, *chosen.outlets[:2], chosen.since, chosen.until)


async def week(tx: Transaction, chosen: Chosen) -> list[WeekHour]:
    """Return each pool by hour of the local week."""
    return await tx.fetch(WeekHour, WEEK, *chosen.outlets[:2], chosen.since, chosen.until)


async def costs(tx: Transaction, chosen: Chosen, currency: str) -> list[Cost]:
    """Return what the energy cost, for the sites of which that is known."""
    return await tx.fetch(Cost, COSTS, *chosen.outlets[:2], chosen.since, chosen.until, currency)


async def attempts(tx: Transaction, chosen: Chosen) -> Attempts:
    """Return how attempts went."""
    return await tx.fetch_one(Attempts, ATTEMPTS, *chosen.outlets, chosen.since, chosen.until) or Attempts()

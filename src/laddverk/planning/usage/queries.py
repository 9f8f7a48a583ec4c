"""What the pages of usage read: sums of what was counted. Reads only; each knows whose sites may be seen.

Long periods are read as whole months and the days at their ends; all sites together as the network's own rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from laddverk.planning.usage.censoring import Numbers
from laddverk.planning.usage.figures import Sums
from laddverk.planning.usage.periods import Cover
from laddverk.platform.database import Transaction

NETWORK: Final = UUID(int=0)  # where the sums of all sites together stand
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
    def places(self) -> tuple[object, ...]:
        """What narrows rows of classes, as `PLACE_CONDITIONS` takes it: of sites, or of the whole network."""
        return ([NETWORK] if self.sites is None else list(self.sites), *self.outlets[1:])

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
PLACE_CONDITIONS: Final = """
    site_id = ANY($1::uuid[]) AND ($2::text[] IS NULL OR plug = ANY($2)) AND ($3::text[] IS NULL OR model = ANY($3))
"""
SITE_CONDITIONS: Final = f"""
    site_id <> '{NETWORK}' AND ($1::uuid[] IS NULL OR site_id = ANY($1))
    AND ($2::text[] IS NULL OR plug = ANY($2))
"""
EDGE_CONDITIONS: Final = "(day >= $6 AND day <= $7 OR day >= $8 AND day <= $9)"
SUMMED_COLUMNS: Final = """
    busy_s, charging_s, out_s, energy_wh, began, ended, stay_s, empty, session_wh, revenue_minor, sold_wh, priced,
    cost_minor, cost_wh, costed_minor
"""
SUMS_COLUMNS: Final = """
    sum(busy_s) AS busy_s, sum(charging_s) AS charging_s, sum(out_s) AS out_s, sum(energy_wh)::bigint AS energy_wh,
    sum(began)::bigint AS began, sum(ended)::bigint AS ended, sum(stay_s) AS stay_s, sum(empty)::bigint AS empty,
    sum(session_wh)::bigint AS session_wh, sum(revenue_minor)::bigint AS revenue_minor,
    sum(sold_wh)::bigint AS sold_wh, sum(priced)::bigint AS priced, sum(cost_minor) AS cost_minor,
    sum(cost_wh)::bigint AS cost_wh, sum(costed_minor)::bigint AS costed_minor
"""

OUTLETS: Final = f"""
SELECT o.*, s.name AS station_name, i.name AS site_name, i.code AS site_code
FROM usage_outlet o JOIN station s ON s.id = o.station_id JOIN site i ON i.id = o.site_id
WHERE {OUTLET_CONDITIONS}
ORDER BY i.name, s.name, o.evse_number
"""  # noqa: S608 - made of constants
CHOICES: Final = f"""
SELECT DISTINCT o.site_id, i.name AS site_name, o.plug,
       concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, '')) AS model
FROM usage_outlet o JOIN site i ON i.id = o.site_id WHERE {OUTLET_CONDITIONS}
"""  # noqa: S608 - made of constants
CLASSES: Final = f"""
-- Classes, with how long their outlets stood there between two instants.
SELECT site_id, coalesce(i.name, '') AS site_name, plug, model, outlets, port_s, rated_wh
FROM (
    SELECT CASE WHEN $6 THEN o.site_id ELSE '{NETWORK}' END AS site_id, o.plug,
           concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, '')) AS model,
           count(*) AS outlets, sum(seconds) AS port_s, sum(seconds * power_w / 3600) AS rated_wh
    FROM usage_outlet o, LATERAL (
        SELECT greatest(0, date_part('epoch', least(o.closed_at, $5) - greatest(o.opened_at, $4))) AS seconds
    ) stood
    WHERE {OUTLET_CONDITIONS} GROUP BY 1, 2, 3
) c LEFT JOIN site i ON i.id = c.site_id
"""  # noqa: S608 - made of constants
STOOD: Final = f"""
SELECT coalesce(array_agg(date_part('epoch', opened_at)), '{{}}') AS opened_s,
       coalesce(array_agg(coalesce(date_part('epoch', closed_at), 'infinity')), '{{}}') AS closed_s,
       coalesce(array_agg(power_w), '{{}}') AS power_w
FROM usage_outlet o WHERE {OUTLET_CONDITIONS}
"""  # noqa: S608 - made of constants
POOL_SPANS: Final = f"""
SELECT o.site_id, o.plug, o.timezone, min(greatest(opened_at, $4)) AS since, max(least(closed_at, $5)) AS until
FROM usage_outlet o WHERE {OUTLET_CONDITIONS}
  AND opened_at < $5 AND (closed_at IS NULL OR closed_at > greatest($4, opened_at))
GROUP BY o.site_id, o.plug, o.timezone
"""  # noqa: S608 - made of constants
BY_CLASS: Final = f"""
SELECT site_id, plug, model, {SUMS_COLUMNS}
FROM (
    SELECT site_id, plug, model, {SUMMED_COLUMNS} FROM usage_class_month
    WHERE month >= $4 AND month < $5 AND {SITE_CONDITIONS} AND ($3::text[] IS NULL OR model = ANY($3))
    UNION ALL
    SELECT site_id, plug, model, {SUMMED_COLUMNS} FROM usage_class_day
    WHERE {EDGE_CONDITIONS} AND {SITE_CONDITIONS} AND ($3::text[] IS NULL OR model = ANY($3))
) parts GROUP BY site_id, plug, model
"""  # noqa: S608 - made of constants
BY_CLASS_OF_ALL: Final = f"""
SELECT site_id, plug, model, {SUMS_COLUMNS} FROM usage_class_day
WHERE {PLACE_CONDITIONS} AND day >= $4 AND day <= $5 GROUP BY site_id, plug, model
"""  # noqa: S608 - made of constants
BY_OUTLET: Final = f"""
SELECT station_id, evse_number, {SUMS_COLUMNS}
FROM (
    SELECT station_id, evse_number, {SUMMED_COLUMNS} FROM usage_month
    WHERE month >= $2 AND month < $3 AND ($1::uuid[] IS NULL OR station_id = ANY($1))
    UNION ALL
    SELECT station_id, evse_number, {SUMMED_COLUMNS} FROM usage_day
    WHERE (day >= $4 AND day <= $5 OR day >= $6 AND day <= $7) AND ($1::uuid[] IS NULL OR station_id = ANY($1))
) parts GROUP BY station_id, evse_number
"""  # noqa: S608 - made of constants
BY_DAY: Final = f"""
SELECT day, {SUMS_COLUMNS} FROM usage_class_day WHERE {PLACE_CONDITIONS} AND day >= $4 AND day <= $5
GROUP BY day ORDER BY day
"""  # noqa: S608 - made of constants
HOURS: Final = f"""
SELECT coalesce(array_agg(at_s), '{{}}') AS at_s, coalesce(array_agg(busy_s), '{{}}') AS busy_s,
       coalesce(array_agg(charging_s), '{{}}') AS charging_s, coalesce(array_agg(energy_wh), '{{}}') AS energy_wh,
       coalesce(array_agg(began), '{{}}') AS began
FROM (
    SELECT date_part('epoch', hour) AS at_s, sum(busy_s) AS busy_s, sum(charging_s) AS charging_s,
           sum(energy_wh)::bigint AS energy_wh, sum(began)::bigint AS began
    FROM usage_class_hour WHERE {PLACE_CONDITIONS} AND hour >= $4 AND hour < $5
    GROUP BY hour ORDER BY hour
) each_hour
"""  # noqa: S608 - made of constants
DAY_HOURS: Final = f"""
-- By the hour of the local day; `$6` is whose.
SELECT date_part('hour', hour AT TIME ZONE $6::text)::int AS hour, {SUMS_COLUMNS}
FROM usage_class_hour WHERE {PLACE_CONDITIONS} AND hour >= $4 AND hour < $5 GROUP BY 1
"""  # noqa: S608 - made of constants
POOLS: Final = f"""
SELECT site_id, plug, max(ports) AS ports, max(taken_max) AS taken_max, sum(full_s) AS full_s, sum(dark_s) AS dark_s,
       sum(waited)::bigint AS waited
FROM (
    SELECT site_id, plug, ports, taken_max, full_s, dark_s, waited FROM usage_pool_month
    WHERE month >= $3 AND month < $4 AND {SITE_CONDITIONS}
    UNION ALL
    SELECT site_id, plug, ports, taken_max, full_s, dark_s, waited FROM usage_pool_day
    WHERE (day >= $5 AND day <= $6 OR day >= $7 AND day <= $8) AND {SITE_CONDITIONS}
) parts GROUP BY site_id, plug
"""  # noqa: S608 - made of constants
ATTEMPTS: Final = f"""
SELECT coalesce(sum(attempts), 0)::bigint AS attempts, coalesce(sum(failed), 0)::bigint AS failed,
       coalesce(sum(retries), 0)::bigint AS retries
FROM (
    SELECT attempts, failed, retries FROM usage_attempt_month
    WHERE month >= $4 AND month < $5 AND {SITE_CONDITIONS} AND ($3::text[] IS NULL OR model = ANY($3))
    UNION ALL
    SELECT attempts, failed, retries FROM usage_attempt_day
    WHERE {EDGE_CONDITIONS} AND {SITE_CONDITIONS} AND ($3::text[] IS NULL OR model = ANY($3))
) parts
"""  # noqa: S608 - made of constants
AS_ASKED: Final = "SET LOCAL plan_cache_mode = force_custom_plan"


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


class Choice(Struct, frozen=True, kw_only=True):
    """A class that may be chosen, whenever it stood there."""

    site_id: UUID
    site_name: str
    plug: str
    model: str
    """Vendor and model."""


class ClassStood(Choice, frozen=True, kw_only=True):
    """A class, and how long its outlets stood there in the period."""

    outlets: int
    port_s: float
    rated_wh: float


class ClassSums(Sums, frozen=True, kw_only=True):
    """The sums of a class."""

    site_id: UUID
    plug: str
    model: str


class OutletSums(Sums, frozen=True, kw_only=True):
    """The sums of an outlet."""

    station_id: UUID
    evse_number: int


class DaySums(Sums, frozen=True, kw_only=True):
    """The sums of a local day."""

    day: date


class HourSums(Sums, frozen=True, kw_only=True):
    """The sums of an hour of the local day, over all days."""

    hour: int
    """0 to 23."""


class Hours(Struct, frozen=True, kw_only=True):
    """The hours in which anything happened, in their order: alike long arrays."""

    at_s: Numbers
    """Their beginnings, seconds since 1970."""
    busy_s: Numbers
    charging_s: Numbers
    energy_wh: Numbers
    began: Numbers

    def each(self) -> Iterator[tuple[float, ...]]:
        """Yield hour by hour: its beginning, energy, seconds with a car, charging, and who came."""
        parts = self.at_s, self.energy_wh, self.busy_s, self.charging_s, self.began
        return zip(*(part.tolist() for part in parts), strict=True)


class Stood(Struct, frozen=True, kw_only=True):
    """Since when and until when outlets stood there: alike long arrays, seconds since 1970."""

    opened_s: Numbers
    closed_s: Numbers
    """Infinite where it still stands."""
    power_w: Numbers


class PoolSpan(Struct, frozen=True, kw_only=True):
    """From when to when anything stood at a pool in the period."""

    site_id: UUID
    plug: str
    timezone: str
    since: datetime
    until: datetime


class PoolSums(Struct, frozen=True, kw_only=True):
    """The sums of a site's outlets with one plug."""

    site_id: UUID
    plug: str
    ports: int
    taken_max: float
    full_s: float
    dark_s: float
    waited: int


class Attempts(Struct, frozen=True, kw_only=True):
    """How many tried to charge, failed, and tried again within half an hour."""

    attempts: int = 0
    failed: int = 0
    retries: int = 0


async def outlets(tx: Transaction, chosen: Chosen) -> list[Outlet]:
    """Return the outlets that are looked at, whether or not they stood there at that time."""
    return await tx.fetch(Outlet, OUTLETS, *chosen.outlets)


async def choices(tx: Transaction, chosen: Chosen) -> list[Choice]:
    """Return what can be chosen among, whether or not it stood there at that time."""
    return await tx.fetch(Choice, CHOICES, *chosen.outlets)


async def classes(tx: Transaction, chosen: Chosen, until: datetime, *, is_by_site: bool) -> list[ClassStood]:
    """Return the classes that are looked at, with how long they stood there from the period's beginning `until`.

    Of each site, or of all sites together, whose id is `NETWORK`.
    """
    return await tx.fetch(ClassStood, CLASSES, *chosen.outlets, chosen.since, until, is_by_site)


async def stood(tx: Transaction, chosen: Chosen) -> Stood:
    """Return since when and until when each outlet that is looked at stood there."""
    return Stood(**_arrays((await tx.rows(STOOD, *chosen.outlets))[0]))


async def pool_spans(tx: Transaction, chosen: Chosen, until: datetime) -> list[PoolSpan]:
    """Return the pools at which anything stood in the period, which ends at `until`."""
    return await tx.fetch(PoolSpan, POOL_SPANS, *chosen.outlets, chosen.since, until)


async def by_class(tx: Transaction, chosen: Chosen, cover: Cover, *, is_by_site: bool) -> list[ClassSums]:
    """Return the sums of each class at which anything happened, of each site or, of the whole network, of all."""
    if not is_by_site:
        return await tx.fetch(ClassSums, BY_CLASS_OF_ALL, *chosen.places, chosen.first, chosen.last)
    return await tx.fetch(ClassSums, BY_CLASS, *chosen.outlets, *cover.args)


async def by_outlet(tx: Transaction, chosen: Chosen, among: list[Outlet], cover: Cover) -> list[OutletSums]:
    """Return the sums of each of `among` at which anything happened, and maybe of others at their stations."""
    stations = None if chosen.outlets == (None, None, None) else list({one.station_id for one in among})
    return await tx.fetch(OutletSums, BY_OUTLET, stations, *cover.args)


async def by_day(tx: Transaction, chosen: Chosen) -> list[DaySums]:
    """Return the sums of each local day on which anything happened."""
    return await tx.fetch(DaySums, BY_DAY, *chosen.places, chosen.first, chosen.last)


async def by_day_hour(tx: Transaction, chosen: Chosen) -> list[HourSums]:
    """Return the sums of each hour of the local day in which anything happened."""
    return await tx.fetch(HourSums, DAY_HOURS, *chosen.places, chosen.since, chosen.until, chosen.zone)


async def by_hour(tx: Transaction, chosen: Chosen) -> Hours:
    """Return the sums of each hour in which anything happened."""
    return Hours(**_arrays((await tx.rows(HOURS, *chosen.places, chosen.since, chosen.until))[0]))


async def pools(tx: Transaction, chosen: Chosen, cover: Cover) -> list[PoolSums]:
    """Return each pool at which anything happened. Models do not narrow it: a driver takes any outlet that fits."""
    return await tx.fetch(PoolSums, POOLS, *chosen.outlets[:2], *cover.args)


async def attempts(tx: Transaction, chosen: Chosen, cover: Cover) -> Attempts:
    """Return how attempts went."""
    return await tx.fetch_one(Attempts, ATTEMPTS, *chosen.outlets, *cover.args) or Attempts()


async def as_asked(tx: Transaction) -> None:
    """Let each statement be planned for what is asked: a plan for any period and any sites reads far more."""
    await tx.execute(AS_ASKED)


def _arrays(row: Any) -> dict[str, Numbers]:
    return {name: np.array(values, dtype=np.float64) for name, values in row.items()}

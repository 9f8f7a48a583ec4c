"""What reports of uptime read: which chargers, their incidents and how those were mended, prices. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import Family
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction

Sites = frozenset[UUID] | None

STATIONS: Final = """
SELECT id FROM station
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND ($2::uuid IS NULL OR site_id = $2) AND ($3::uuid IS NULL OR id = $3)
  AND registered_at < $5 AND (retired_at IS NULL OR retired_at > $4)
ORDER BY id
"""


async def stations(
    tx: Transaction,
    sites: Sites,
    start: datetime,
    end: datetime,
    *,
    site: UUID | None = None,
    station: UUID | None = None,
) -> list[UUID]:
    """Return the chargers that stood there between `start` and `end`, of a site or all that may be seen."""
    return await tx.values(STATIONS, listed(sites), site, station, start, end)


class Place(Struct, frozen=True, kw_only=True):
    """What a report is about: a charger, a site, or all sites of a host."""

    site_id: SiteId | None = None
    site_name: str
    """The host's name where it is about several sites."""
    timezone: str
    station_id: StationId | None = None
    station_name: str = ""
    host_id: UUID | None = None
    host_sites: frozenset[UUID] = frozenset()

    @property
    def sites(self) -> frozenset[UUID]:
        """The sites that it is about."""
        return self.host_sites if self.site_id is None else frozenset({self.site_id})


SITE: Final = """
SELECT id AS site_id, name AS site_name, timezone FROM site WHERE id = $2 AND ($1::uuid[] IS NULL OR id = ANY($1))
"""
STATION: Final = """
SELECT site.id AS site_id, site.name AS site_name, site.timezone, station.id AS station_id, station.name AS station_name
FROM station JOIN site ON site.id = station.site_id
WHERE station.id = $2 AND ($1::uuid[] IS NULL OR site.id = ANY($1))
"""


async def site(tx: Transaction, sites: Sites, identity: UUID) -> Place | None:
    """Return a site, or None where it may not be seen."""
    return await tx.fetch_one(Place, SITE, listed(sites), identity)


async def station(tx: Transaction, sites: Sites, identity: UUID) -> Place | None:
    """Return a charger, or None where it may not be seen."""
    return await tx.fetch_one(Place, STATION, listed(sites), identity)


INCIDENTS: Final = """
SELECT family, count(*) AS incidents,
       sum(extract(epoch FROM coalesce(quiet_since, closed_at, $4) - since))::float8 AS lasted_s,
       sum(extract(epoch FROM raised_at - since))::float8 AS noticed_s, count(raised_at) AS noticed,
       sum(extract(epoch FROM acknowledged_at - raised_at))::float8 AS taken_s,
       count(acknowledged_at - raised_at) AS taken,
       coalesce(sum((SELECT sum(cost_minor) FROM incident_closing c WHERE c.incident_id = incident.id)), 0)::bigint
           AS cost_minor
FROM incident
WHERE stations && $1 AND since >= $2 AND since < $3 AND state NOT IN ('held', 'false', 'merged')
GROUP BY family ORDER BY lasted_s DESC, incidents DESC
"""


class Cause(Struct, frozen=True, kw_only=True):
    """The incidents of one family: how many, how long, how soon noticed and taken on, what they cost."""

    family: Family
    incidents: int
    lasted_s: float
    noticed_s: float | None
    noticed: int
    taken_s: float | None
    taken: int
    cost_minor: int


async def causes(
    tx: Transaction, stations: Sequence[UUID], start: datetime, end: datetime, now: datetime
) -> list[Cause]:
    """Return the incidents that began in the period, by family, those that lasted longest first."""
    return await tx.fetch(Cause, INCIDENTS, list(stations), start, end, now)


FIXES: Final = """
-- Mended from here: a step of self-healing cured it, and nobody was sent. First time: of the first visits to a problem
-- that a charge has judged, those after which charging worked.
WITH visit AS (
    SELECT DISTINCT ON (coalesce(incident_id, id)) coalesce(incident_id, id), verdict
    FROM work_order WHERE station_id = ANY($1) AND done_at >= $2 AND done_at < $3 AND state <> 'cancelled'
    ORDER BY coalesce(incident_id, id), done_at),
mended AS (
    SELECT EXISTS (SELECT FROM remedy WHERE incident_id = incident.id AND NOT dry AND verdict = 'cured') AS cured,
           EXISTS (SELECT FROM work_order WHERE incident_id = incident.id AND state <> 'cancelled') AS visited
    FROM incident WHERE stations && $1 AND since >= $2 AND since < $3 AND state = 'closed')
SELECT (SELECT count(*) FROM mended WHERE cured AND NOT visited)::int AS remote,
       (SELECT count(*) FROM mended WHERE cured OR visited)::int AS mended,
       (SELECT count(*) FROM visit WHERE verdict = 'proved')::int AS first_time,
       (SELECT count(*) FROM visit WHERE verdict <> '')::int AS judged
"""


class Fixes(Struct, frozen=True):
    """How problems were mended: from here or by going there, and whether the first visit was enough."""

    remote: int = 0
    mended: int = 0
    """By self-healing or by a visit; what went away by itself was not mended."""
    first_time: int = 0
    judged: int = 0
    """First visits that the next charge has proved or disproved."""

    @property
    def remote_share(self) -> float | None:
        """0 to 1; None where nothing was mended."""
        return self.remote / self.mended if self.mended else None

    @property
    def first_time_share(self) -> float | None:
        """0 to 1; None where no visit was judged yet."""
        return self.first_time / self.judged if self.judged else None


async def fixes(tx: Transaction, stations: Sequence[UUID], start: datetime, end: datetime) -> Fixes:
    """Return how the problems of these chargers were mended: those that began, and visits made, in the period."""
    return await tx.fetch_one(Fixes, FIXES, list(stations), start, end) or Fixes()


PRICE: Final = """
SELECT (sum(price_minor - coalesce(vat_minor, 0)) * 1000.0 / nullif(sum(energy_wh), 0))::float8
FROM session WHERE station_id = ANY($1) AND started_at >= $2 AND started_at < $3 AND energy_wh > 0
  AND price_minor IS NOT NULL AND currency = $4
"""


async def price_per_kwh(
    tx: Transaction, stations: Sequence[UUID], start: datetime, end: datetime, currency: str
) -> float | None:
    """Return what a kilowatt-hour was sold for, in minor units without VAT; None where none was."""
    price: float | None = await tx.value(PRICE, list(stations), start, end, currency)
    return price


HOSTS: Final = """
SELECT o.id, o.name, array_agg(os.site_id) AS sites FROM operator o JOIN operator_site os ON os.operator_id = o.id
GROUP BY o.id ORDER BY o.name
"""


class Host(Struct, frozen=True):
    """Somebody who sees some sites only."""

    id: UUID
    name: str
    sites: frozenset[UUID]


async def hosts(tx: Transaction) -> list[Host]:
    """Return the hosts of sites, with theirs."""
    return await tx.fetch(Host, HOSTS)


HOURS: Final = """
SELECT valid_from, openings, author, changed_at FROM site_hours WHERE site_id = $1 ORDER BY valid_from DESC
"""


class HoursShown(Struct, frozen=True, kw_only=True):
    """Opening hours and who entered them."""

    valid_from: date
    openings: list[dict[str, int]]
    author: str
    changed_at: datetime


async def hours(tx: Transaction, site_id: UUID) -> list[HoursShown]:
    """Return the opening hours of a site, the newest first."""
    return await tx.fetch(HoursShown, HOURS, site_id)


def listed(sites: Sites) -> list[UUID] | None:
    """Return the sites somebody may see as a parameter of SQL: null means all."""
    return None if sites is None else list(sites)

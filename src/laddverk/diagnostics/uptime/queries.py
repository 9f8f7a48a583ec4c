"""What reports of uptime read: which chargers, how attempts went, incidents, sums by site, exclusions. Reads only."""

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
    return await tx.values(STATIONS, _listed(sites), site, station, start, end)


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
    return await tx.fetch_one(Place, SITE, _listed(sites), identity)


async def station(tx: Transaction, sites: Sites, identity: UUID) -> Place | None:
    """Return a charger, or None where it may not be seen."""
    return await tx.fetch_one(Place, STATION, _listed(sites), identity)


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


BY_SITE: Final = """
SELECT site.id AS site_id, site.name AS site_name, count(DISTINCT (m.station_id, m.evse_number)) AS outlets,
       count(DISTINCT m.station_id) AS stations,
       sum(m.eligible_s) FILTER (WHERE m.policy = $4) AS eligible_s,
       sum(m.outage_s) FILTER (WHERE m.policy = $4) AS outage_s,
       sum(m.excluded_s) FILTER (WHERE m.policy = $4) AS excluded_s,
       sum(m.outages) FILTER (WHERE m.policy = 'honest') AS outages,
       coalesce(sum(m.lost_wh) FILTER (WHERE m.policy = 'honest'), 0)::bigint AS lost_wh,
       max(m.worked_out_at) AS worked_out_at
FROM uptime_month m JOIN station ON station.id = m.station_id JOIN site ON site.id = station.site_id
WHERE m.month >= $2 AND m.month < $3 AND m.evse_number > 0 AND ($1::uuid[] IS NULL OR site.id = ANY($1))
  AND ($5 = '' OR site.name ILIKE '%' || $5 || '%')
GROUP BY site.id
HAVING sum(m.eligible_s) FILTER (WHERE m.policy = $4) > 0
"""


class SiteLine(Struct, frozen=True, kw_only=True):
    """A site in the overview: its outlets together, by one policy."""

    site_id: SiteId
    site_name: str
    outlets: int
    stations: int
    eligible_s: float
    outage_s: float
    excluded_s: float
    outages: int | None
    lost_wh: int
    worked_out_at: datetime

    @property
    def uptime(self) -> float:
        """0 to 1."""
        return 1 - (self.outage_s - self.excluded_s) / self.eligible_s


async def by_site(
    tx: Transaction, sites: Sites, first: date, after: date, policy: str, search: str = ""
) -> list[SiteLine]:
    """Return the sites with what was worked out of their months, the worst first."""
    lines = await tx.fetch(SiteLine, BY_SITE, _listed(sites), first, after, policy, search)
    return sorted(lines, key=lambda one: (one.uptime, one.site_name))


TOTALS: Final = """
SELECT policy, sum(eligible_s) AS eligible_s, sum(outage_s) AS outage_s, sum(excluded_s) AS excluded_s,
       avg((outage_s - excluded_s) / eligible_s) AS mean_down, count(*) AS outlets
FROM (SELECT m.policy, m.station_id, m.evse_number, sum(m.eligible_s) AS eligible_s, sum(m.outage_s) AS outage_s,
             sum(m.excluded_s) AS excluded_s
      FROM uptime_month m JOIN station ON station.id = m.station_id
      WHERE m.month >= $2 AND m.month < $3 AND m.evse_number > 0 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
      GROUP BY 1, 2, 3 HAVING sum(m.eligible_s) > 0) outlet
GROUP BY policy
"""


class Total(Struct, frozen=True, kw_only=True):
    """All outlets together, by one policy."""

    policy: str
    eligible_s: float
    outage_s: float
    excluded_s: float
    mean_down: float
    """The mean of the outlets' own figures, as laws that look at each of them have it."""
    outlets: int

    def uptime(self, weighting: str) -> float:
        """0 to 1."""
        return 1 - (self.mean_down if weighting == "mean" else (self.outage_s - self.excluded_s) / self.eligible_s)


async def totals(tx: Transaction, sites: Sites, first: date, after: date) -> dict[str, Total]:
    """Return the network by policy, as far as its months were worked out."""
    return {one.policy: one for one in await tx.fetch(Total, TOTALS, _listed(sites), first, after)}


AT_RISK: Final = """
SELECT coalesce(sum(energy_day_wh), 0)::bigint FROM incident
WHERE state IN ('new', 'acknowledged', 'in_work', 'verifying') AND hidden_by = '' AND severity <= 2
  AND ($1::uuid[] IS NULL OR sites && $1)
"""


async def at_risk_wh(tx: Transaction, sites: Sites) -> int:
    """Return what would be charged in the next 24 hours where something is wrong now."""
    return int(await tx.value(AT_RISK, _listed(sites)))


CONDITIONS: Final = """
SELECT CASE WHEN station.connected_at IS NULL THEN 'unknown' WHEN c.status = 'faulted' THEN 'down_fault'
            WHEN c.status = 'unavailable' THEN 'down_ordered' WHEN f.detector IN ('D07', 'D25') THEN 'silent'
            WHEN f.detector IS NOT NULL THEN 'degraded' WHEN c.status IN ('available', 'reserved') THEN 'up_idle'
            WHEN c.status = 'unknown' THEN 'unknown' ELSE 'up_use' END AS state, count(*) AS outlets
FROM connector c JOIN station ON station.id = c.station_id
LEFT JOIN LATERAL (SELECT detector FROM finding WHERE station_id = c.station_id AND evse_number IN (0, c.evse_number)
                   AND cleared_at IS NULL AND detector IN ('D07', 'D25', 'D18') ORDER BY severity LIMIT 1) f ON true
WHERE c.evse_number > 0 AND c.connector_number > 0 AND station.retired_at IS NULL AND station.epoch > 0
  AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
GROUP BY 1
"""


class StateCount(Struct, frozen=True):
    """How many connectors are in a state now."""

    state: str
    outlets: int


async def conditions(tx: Transaction, sites: Sites) -> dict[str, int]:
    """Return how many connectors are in each state now."""
    return {one.state: one.outlets for one in await tx.fetch(StateCount, CONDITIONS, _listed(sites))}


_EXCLUSIONS: Final = """
SELECT e.id, e.site_id, site.name AS site_name, e.station_id, station.name AS station_name, e.evse_number, e.from_at,
       e.until_at, e.reason, e.evidence, e.author_id, e.author, e.created_at, e.state, e.decided_by, e.decided_at,
       e.decided_why, site.timezone
FROM uptime_exclusion e JOIN site ON site.id = e.site_id LEFT JOIN station ON station.id = e.station_id
"""
EXCLUSIONS: Final = (
    _EXCLUSIONS
    + """
WHERE ($1::uuid[] IS NULL OR e.site_id = ANY($1)) AND ($2 = '' OR e.state = $2)
  AND ($3 = '' OR concat_ws(' ', site.name, station.name, e.evidence, e.author) ILIKE '%' || $3 || '%')
ORDER BY e.from_at DESC, e.id LIMIT $4 OFFSET $5
"""
)
COUNT_EXCLUSIONS: Final = """
SELECT count(*)
FROM uptime_exclusion e JOIN site ON site.id = e.site_id LEFT JOIN station ON station.id = e.station_id
WHERE ($1::uuid[] IS NULL OR e.site_id = ANY($1)) AND ($2 = '' OR e.state = $2)
  AND ($3 = '' OR concat_ws(' ', site.name, station.name, e.evidence, e.author) ILIKE '%' || $3 || '%')
"""
EXCLUSIONS_OF: Final = (
    _EXCLUSIONS
    + """
WHERE e.site_id = ANY($1) AND ($2::uuid IS NULL OR e.station_id IS NULL OR e.station_id = $2)
  AND e.from_at < $4 AND e.until_at > $3 AND e.state <> 'refused'
ORDER BY e.from_at DESC LIMIT 200
"""
)


class ExclusionRow(Struct, frozen=True, kw_only=True):
    """A line of the ledger of exclusions."""

    id: UUID
    site_id: SiteId
    site_name: str
    station_id: StationId | None
    station_name: str | None
    evse_number: int | None
    from_at: datetime
    until_at: datetime
    reason: str
    evidence: str
    author_id: UUID | None
    author: str
    created_at: datetime
    state: str
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    timezone: str


async def exclusions(
    tx: Transaction, sites: Sites, state: str = "", search: str = "", *, limit: int = 50, offset: int = 0
) -> list[ExclusionRow]:
    """Return the ledger, the latest outage first."""
    return await tx.fetch(ExclusionRow, EXCLUSIONS, _listed(sites), state, search, limit, offset)


async def count_exclusions(tx: Transaction, sites: Sites, state: str = "", search: str = "") -> int:
    """Return how many there are."""
    return int(await tx.value(COUNT_EXCLUSIONS, _listed(sites), state, search))


async def exclusions_of(tx: Transaction, place: Place, start: datetime, end: datetime) -> list[ExclusionRow]:
    """Return those that touch a place's period; refused ones say nothing."""
    return await tx.fetch(ExclusionRow, EXCLUSIONS_OF, list(place.sites), place.station_id, start, end)


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


CODES: Final = """
SELECT seen.vendor, seen.model, raw, times, first_at, last_at, last_station, last_info, station.name AS station_name
FROM code_seen seen LEFT JOIN station ON station.id = seen.last_station
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
ORDER BY last_at DESC LIMIT $2
"""


class CodeRow(Struct, frozen=True, kw_only=True):
    """A code as chargers of a maker wrote it, and how often."""

    vendor: str
    model: str
    raw: str
    times: int
    first_at: datetime
    last_at: datetime
    last_station: StationId
    last_info: str
    station_name: str | None


async def codes(tx: Transaction, sites: Sites, limit: int = 5_000) -> list[CodeRow]:
    """Return the codes that came, the latest first."""
    return await tx.fetch(CodeRow, CODES, _listed(sites), limit)


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


def _listed(sites: Sites) -> list[UUID] | None:
    return None if sites is None else list(sites)

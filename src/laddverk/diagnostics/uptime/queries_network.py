"""What the overview of uptime reads: the network by policy and by site, what is wrong now and what it puts at risk."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.uptime.queries import Sites, listed
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

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
    lines = await tx.fetch(SiteLine, BY_SITE, listed(sites), first, after, policy, search)
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
    return {one.policy: one for one in await tx.fetch(Total, TOTALS, listed(sites), first, after)}


AT_RISK: Final = """
SELECT coalesce(sum(energy_day_wh), 0)::bigint FROM incident
WHERE state IN ('new', 'acknowledged', 'in_work', 'verifying') AND hidden_by = '' AND severity <= 2
  AND ($1::uuid[] IS NULL OR sites && $1)
"""


async def at_risk_wh(tx: Transaction, sites: Sites) -> int:
    """Return what would be charged in the next 24 hours where something is wrong now."""
    return int(await tx.value(AT_RISK, listed(sites)))


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
    return {one.state: one.outlets for one in await tx.fetch(StateCount, CONDITIONS, listed(sites))}

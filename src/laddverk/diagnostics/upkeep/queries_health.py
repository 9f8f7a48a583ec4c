"""What pages read of the health of outlets: the worst first, and whether the score tells the truth."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.upkeep.health import BANDS, Reason
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction
from laddverk.stations.queries.narrowing import Sites, as_list, like_text

_WHERE: Final = """
FROM health_now AS health JOIN station ON station.id = health.station_id JOIN site ON site.id = station.site_id
WHERE station.retired_at IS NULL AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', station.name, station.vendor, station.model, site.name) ILIKE '%' || $2 || '%')
  AND ($3::uuid IS NULL OR station.site_id = $3) AND health.score BETWEEN $4 AND $5
"""
_LIST_COLUMNS: Final = """
SELECT station.id AS station_id, station.name AS station_name, station.vendor, station.model, site.id AS site_id,
       site.name AS site_name, health.evse_number, health.score,
       (SELECT min(score) FROM health_now AS own WHERE own.station_id = station.id) AS station_score,
       health.reasons, health.scored_at
"""
_ORDER: Final = "ORDER BY health.score, site.name, station.name, health.evse_number LIMIT $6 OFFSET $7"
LIST: Final = _LIST_COLUMNS + _WHERE + _ORDER
COUNT: Final = "SELECT count(*) " + _WHERE
BY_BAND: Final = """
SELECT health.score::int AS score, count(*)::int AS outlets
FROM health_now AS health JOIN station ON station.id = health.station_id
WHERE station.retired_at IS NULL AND ($1::uuid[] IS NULL OR station.site_id = ANY($1)) GROUP BY 1
"""
CAME: Final = """
SELECT day.score::int AS score, count(*)::int AS times, sum(day.next_hours)::float8 AS hours,
       sum(day.next_down_hours)::float8 AS down_hours
FROM health_day AS day JOIN station ON station.id = day.station_id
WHERE day.next_hours > 0 AND day.day >= $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1)) GROUP BY 1
"""
SITES: Final = """
SELECT DISTINCT site.id, site.name FROM health_now JOIN station ON station.id = health_now.station_id
JOIN site ON site.id = station.site_id WHERE $1::uuid[] IS NULL OR site.id = ANY($1) ORDER BY site.name LIMIT 200
"""


class HealthRow(Struct, frozen=True, kw_only=True):
    """One outlet in the list."""

    station_id: StationId
    station_name: str
    vendor: str
    model: str
    site_id: SiteId
    site_name: str
    evse_number: int
    score: int
    station_score: int
    """The health of its station: that of the worst of its outlets."""
    reasons: tuple[Reason, ...]
    scored_at: datetime


class HealthFilter(Struct, frozen=True, kw_only=True):
    """What the list is narrowed to."""

    search: str = ""
    site_id: UUID | None = None
    low: int = 0
    high: int = 100


class Band(Struct, frozen=True, kw_only=True):
    """Scores of a band: how many outlets have them now, and what came of those who had them."""

    low: int
    high: int
    outlets: int
    times: int
    """Scores of the past whose 30 days are over."""
    hours: float
    down_hours: float

    @property
    def down_in_30_days(self) -> float | None:
        """Hours out of order in 30 days of service; None where no score is old enough."""
        return self.down_hours / self.hours * 720 if self.hours else None


class SiteName(Struct, frozen=True):
    """A site that has outlets in the list."""

    id: SiteId
    name: str


class _Now(Struct, frozen=True):
    score: int
    outlets: int


class _Came(Struct, frozen=True):
    score: int
    times: int
    hours: float
    down_hours: float


def _given(sites: Sites, wanted: HealthFilter) -> tuple[Any, ...]:
    return (as_list(sites), like_text(wanted.search), wanted.site_id, wanted.low, wanted.high)


async def outlets(
    tx: Transaction, sites: Sites, wanted: HealthFilter, *, limit: int, offset: int = 0
) -> list[HealthRow]:
    """Return outlets at these sites, the worst first."""
    return await tx.fetch(HealthRow, LIST, *_given(sites, wanted), limit, offset)


async def count(tx: Transaction, sites: Sites, wanted: HealthFilter) -> int:
    """Return how many there are."""
    return int(await tx.value(COUNT, *_given(sites, wanted)))


async def bands(tx: Transaction, sites: Sites, since: date) -> list[Band]:
    """Return the bands, the worst first, with what came of scores since a day."""
    now = await tx.fetch(_Now, BY_BAND, as_list(sites))
    came = await tx.fetch(_Came, CAME, as_list(sites), since)
    return [
        Band(
            low=low, high=high,
            outlets=sum(one.outlets for one in now if low <= one.score <= high),
            times=sum(one.times for one in came if low <= one.score <= high),
            hours=sum(one.hours for one in came if low <= one.score <= high),
            down_hours=sum(one.down_hours for one in came if low <= one.score <= high),
        )
        for low, high in BANDS
    ]  # fmt: skip


async def sites_of(tx: Transaction, sites: Sites) -> list[SiteName]:
    """Return the sites that have outlets in the list."""
    return await tx.fetch(SiteName, SITES, as_list(sites))

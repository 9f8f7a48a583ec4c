"""Sites with what stands at them, and stickers to be printed. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.stations.queries.conditions import STATION_CONDITIONS
from laddverk.stations.queries.narrowing import Sites, as_list, like_text


class SiteRow(Struct, frozen=True, kw_only=True):
    """A site with what stands at it."""

    id: UUID
    name: str
    code: str
    address: str
    municipality: str
    latitude: float | None
    longitude: float | None
    timezone: str
    created_at: datetime
    retired_at: datetime | None
    stations: int
    silent: int
    broken: int
    outlets: int
    busy: int
    power_max_w: int


SITES = (
    STATION_CONDITIONS  # noqa: S608 - made of constants
    + """
SELECT site.*, coalesce(at_site.stations, 0) AS stations, coalesce(at_site.silent, 0) AS silent,
       coalesce(at_site.broken, 0) AS broken, coalesce(at_site.outlets, 0) AS outlets,
       coalesce(at_site.busy, 0) AS busy, coalesce(at_site.power_max_w, 0) AS power_max_w
FROM site LEFT JOIN (
    SELECT site_id, count(*) AS stations, count(*) FILTER (WHERE condition = 'silent') AS silent,
           count(*) FILTER (WHERE condition IN ('broken', 'partly')) AS broken,
           sum(jsonb_array_length(outlets))::bigint AS outlets, sum(busy)::bigint AS busy,
           sum(power_max_w)::bigint AS power_max_w
    FROM shown WHERE condition <> 'retired' GROUP BY site_id
) AS at_site ON at_site.site_id = site.id
WHERE ($1::uuid[] IS NULL OR site.id = ANY($1)) AND ($2::uuid IS NULL OR site.id = $2)
  AND ($3 = '' OR concat_ws(' ', site.name, site.code, site.address, site.municipality) ILIKE '%' || $3 || '%')
  AND ($4 OR site.retired_at IS NULL)
ORDER BY
    CASE WHEN $5 = 'municipality' THEN municipality END, CASE WHEN $5 = '-municipality' THEN municipality END DESC,
    CASE WHEN $5 = 'stations' THEN stations END, CASE WHEN $5 = '-stations' THEN stations END DESC,
    CASE WHEN $5 = '-name' THEN site.name END DESC, site.name
LIMIT 1000
"""
)


async def sites(tx: Transaction, allowed: Sites, search: str = "", sort: str = "name") -> list[SiteRow]:
    """Return the sites that may be seen, without those that are retired."""
    return await tx.fetch(SiteRow, SITES, as_list(allowed), None, like_text(search), False, sort)


async def site(tx: Transaction, allowed: Sites, site_id: UUID) -> SiteRow | None:
    """Return one site, or None when there is none or it may not be seen."""
    return await tx.fetch_one(SiteRow, SITES, as_list(allowed), site_id, "", True, "name")


class SiteName(Struct, frozen=True):
    """A site to be chosen from a list."""

    id: UUID
    name: str
    municipality: str


NAMES = """
SELECT id, name, municipality FROM site
WHERE ($1::uuid[] IS NULL OR id = ANY($1)) AND retired_at IS NULL
  AND ($2 = '' OR concat_ws(' ', name, code, address, municipality) ILIKE '%' || $2 || '%')
ORDER BY name LIMIT 1000
"""


async def site_names(tx: Transaction, allowed: Sites, search: str = "") -> list[SiteName]:
    """Return the sites that may be seen to choose from; what stands at them is not looked at."""
    return await tx.fetch(SiteName, NAMES, as_list(allowed), like_text(search))


class Sticker(Struct, frozen=True, kw_only=True):
    """What a sticker on a connector shows."""

    code: str
    station_name: str
    site_name: str
    evse_number: int
    plug: str
    power_max_w: int


STICKERS = """
SELECT connector.code, station.name AS station_name, site.name AS site_name, evse_number, plug, connector.power_max_w
FROM connector JOIN station ON station.id = connector.station_id JOIN site ON site.id = station.site_id
WHERE ($1::uuid IS NULL OR station.id = $1) AND ($2::uuid IS NULL OR site.id = $2)
  AND ($3::uuid[] IS NULL OR site.id = ANY($3)) AND station.retired_at IS NULL
  AND evse_number > 0 AND connector_number > 0
ORDER BY site.name, station.name, evse_number, connector_number LIMIT 500
"""


async def stickers(tx: Transaction, sites: Sites, *, station_id: UUID | None, site_id: UUID | None) -> list[Sticker]:
    """Return the stickers of a station or a whole site."""
    return await tx.fetch(Sticker, STICKERS, station_id, site_id, as_list(sites))

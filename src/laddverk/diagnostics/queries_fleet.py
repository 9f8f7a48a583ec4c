"""The fleet at a glance: every charger with its condition, its worst open problem and its health. SQL only."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.stations.queries.conditions import STATION_CONDITIONS
from laddverk.stations.queries.listing import Outlet
from laddverk.stations.queries.narrowing import Sites, as_list, like_text

CHOICES_MAX: Final = 300  # of models or versions in a list to choose from; the search finds the others

_TROUBLED_FROM: Final = """
, troubled AS (  -- a car that fails everywhere is no problem of the chargers where it tried
    SELECT DISTINCT ON (each.station_id) each.station_id, id AS incident_id, number AS incident_number,
           family, severity, count(*) OVER (PARTITION BY each.station_id)::int AS incidents
    FROM incident, unnest(stations) AS each (station_id)
    WHERE state IN ('new', 'acknowledged', 'in_work', 'verifying') AND hidden_by = '' AND scope <> 'car'
    ORDER BY each.station_id, severity, since
), health AS (
    SELECT station_id, min(score)::int AS score FROM health_now GROUP BY station_id
), fleet AS (
    SELECT shown.*, troubled.incident_id, troubled.incident_number, troubled.family, troubled.severity,
           coalesce(troubled.incidents, 0) AS incidents, health.score
    FROM shown LEFT JOIN troubled ON troubled.station_id = shown.id LEFT JOIN health ON health.station_id = shown.id
)
"""
_NARROWED: Final = """
FROM fleet
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND retired_at IS NULL
  AND ($2 = '' OR concat_ws(' ', name, identity, site_name, vendor, model, serial, firmware) ILIKE '%' || $2 || '%')
  AND ($3::uuid IS NULL OR site_id = $3)
  AND ($4 = '' OR condition = $4)
  AND ($5 = '' OR concat_ws(' ', nullif(vendor, ''), nullif(model, '')) = $5)
  AND ($6 = '' OR firmware = $6)
  AND ($7 = '' OR ($7 = 'open' AND incidents > 0) OR ($7 = 'none' AND incidents = 0)
       OR ($7 = 'poor' AND score < 80))
"""
FLEET: Final = (
    STATION_CONDITIONS
    + _TROUBLED_FROM
    + "SELECT *"
    + _NARROWED
    + """
ORDER BY
    CASE WHEN $8 = 'name' THEN name END, CASE WHEN $8 = '-name' THEN name END DESC,
    CASE WHEN $8 = 'site' THEN site_name END, CASE WHEN $8 = '-site' THEN site_name END DESC,
    CASE WHEN $8 = 'model' THEN concat_ws(' ', vendor, model, firmware) END,
    CASE WHEN $8 = '-model' THEN concat_ws(' ', vendor, model, firmware) END DESC,
    CASE WHEN $8 = 'health' THEN score END NULLS LAST, CASE WHEN $8 = '-health' THEN score END DESC NULLS LAST,
    severity NULLS LAST, array_position('{broken,partly,silent,closed,new,busy,free}'::text[], condition),
    score NULLS LAST, name, id
LIMIT $9 OFFSET $10
"""
)
COUNT: Final = STATION_CONDITIONS + _TROUBLED_FROM + "SELECT count(*)" + _NARROWED
TRIED: Final = """
SELECT station_id, count(*)::int AS attempts, count(*) FILTER (WHERE outcome = 'ok')::int AS ok FROM session_outcome
WHERE station_id = ANY($1) AND began_at > $2 AND outcome NOT IN ('excluded', 'no_auth') GROUP BY station_id
"""
MODELS: Final = """
SELECT concat_ws(' ', nullif(vendor, ''), nullif(model, '')) AS word, count(*)::int AS stations FROM station
WHERE retired_at IS NULL AND model <> '' AND ($1::uuid[] IS NULL OR site_id = ANY($1))
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $2
"""
VERSIONS: Final = """
SELECT firmware AS word, count(*)::int AS stations FROM station
WHERE retired_at IS NULL AND firmware <> '' AND ($1::uuid[] IS NULL OR site_id = ANY($1))
  AND ($3 = '' OR concat_ws(' ', nullif(vendor, ''), nullif(model, '')) = $3)
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $2
"""


class FleetRow(Struct, frozen=True, kw_only=True):
    """A charger at a glance. Family, severity and number are those of its worst open problem."""

    id: StationId
    name: str
    identity: str
    site_id: UUID
    site_name: str
    vendor: str
    model: str
    firmware: str
    connected_at: datetime | None
    retired_at: datetime | None
    condition: str
    condition_since: datetime | None
    outlets: list[Outlet] = []
    incident_id: UUID | None
    incident_number: int | None
    family: str | None
    severity: int | None
    incidents: int
    score: int | None
    """0 to 100, that of the worst of its outlets; None: not scored yet."""


class FleetFilter(Struct, frozen=True, kw_only=True):
    """What the list is narrowed to; empty texts narrow nothing. `trouble`: open, none or poor (health below 80)."""

    search: str = ""
    site_id: UUID | None = None
    condition: str = ""
    model: str = ""
    """Maker and model with a space between."""
    firmware: str = ""
    trouble: str = ""


class Choice(Struct, frozen=True):
    """A model or version to choose, and how many chargers have it."""

    word: str
    stations: int


class Tried(Struct, frozen=True):
    """How attempts at one charger went."""

    station_id: StationId
    attempts: int
    ok: int


def _given(sites: Sites, wanted: FleetFilter) -> tuple[object, ...]:
    return (
        as_list(sites), like_text(wanted.search), wanted.site_id, wanted.condition, wanted.model, wanted.firmware,
        wanted.trouble,
    )  # fmt: skip


async def fleet(
    tx: Transaction, sites: Sites, wanted: FleetFilter, sort: str, *, limit: int, offset: int = 0
) -> list[FleetRow]:
    """Return chargers; by `sort` worst (what is wrong first), name, site, model or health, with `-` for descending."""
    return await tx.fetch(FleetRow, FLEET, *_given(sites, wanted), sort, limit, offset)


async def count(tx: Transaction, sites: Sites, wanted: FleetFilter) -> int:
    """Return how many there are."""
    return int(await tx.value(COUNT, *_given(sites, wanted)))


async def tried(tx: Transaction, stations: list[StationId], since: datetime) -> dict[UUID, Tried]:
    """Return how attempts at these chargers went since then."""
    return {one.station_id: one for one in await tx.fetch(Tried, TRIED, stations, since)}


async def models(tx: Transaction, sites: Sites) -> list[Choice]:
    """Return the models there are, the most frequent first."""
    return await tx.fetch(Choice, MODELS, as_list(sites), CHOICES_MAX)


async def versions(tx: Transaction, sites: Sites, model: str) -> list[Choice]:
    """Return the firmware there is, of one model or of all, the most frequent first."""
    return await tx.fetch(Choice, VERSIONS, as_list(sites), CHOICES_MAX, model)

"""What screens and programs read of circuits: sites with their trees, outlets with what they draw. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.loads import Drawn
from laddverk.energy.circuits.model import Version
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction
from laddverk.stations.queries.narrowing import Sites, as_list, like_text

OUTLETS_MAX: Final = 5_000  # of a page of sites

SITES_FROM: Final = """
FROM site
LEFT JOIN LATERAL (SELECT version, tree FROM circuit_tree WHERE site_id = site.id ORDER BY version DESC LIMIT 1) AS kept
       ON true
LEFT JOIN LATERAL (
    SELECT count(DISTINCT (connector.station_id, connector.evse_number)) AS outlets
    FROM connector JOIN station ON station.id = connector.station_id
    WHERE station.site_id = site.id AND station.retired_at IS NULL AND connector.evse_number > 0
) AS standing ON true
WHERE site.retired_at IS NULL AND ($1::uuid[] IS NULL OR site.id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', site.name, site.code, site.municipality) ILIKE '%' || $2 || '%')
  AND CASE $3 WHEN 'with' THEN coalesce(jsonb_array_length(kept.tree->'circuits'), 0) > 0
              WHEN 'without' THEN coalesce(jsonb_array_length(kept.tree->'circuits'), 0) = 0 ELSE true END
"""
LIST: Final = (
    """
SELECT site.id, site.name, site.municipality, site.timezone, coalesce(kept.version, 0) AS version,
       coalesce(jsonb_array_length(kept.tree->'circuits'), 0) AS circuits, standing.outlets
"""
    + SITES_FROM
    + " ORDER BY coalesce(jsonb_array_length(kept.tree->'circuits'), 0) = 0, site.name, site.id LIMIT $4 OFFSET $5"
)
COUNT: Final = "SELECT count(*) " + SITES_FROM

OUTLETS: Final = """
-- One row for each EVSE: who it is, what it can, what it does and what it last said that it draws.
SELECT station.site_id, station.id AS station_id, station.name AS station_name, station.identity,
       station.connected_at IS NOT NULL AS is_connected, outlet.*,
       running.id AS session_id, running.power_w, running.charging_state, drawn.at AS sampled_at,
       drawn.current_l1_a, drawn.current_l2_a, drawn.current_l3_a, drawn.power_w AS sampled_power_w,
       EXISTS (SELECT FROM charging_profile AS profile
               WHERE profile.station_id = station.id AND profile.evse_number IN (0, outlet.evse_number)
                 AND profile.condition = 'installed'
                 AND profile.purpose IN ('TxDefaultProfile', 'ChargingStationMaxProfile')
                 AND profile.profile->>'valid_until' IS NULL) AS has_fallback
FROM station
JOIN LATERAL (
    SELECT evse_number, min(code) AS code, max(power_max_w) AS power_max_w, max(current_max_a) AS current_max_a,
           CASE WHEN bool_or(power_type = 'dc') THEN 0 WHEN bool_or(power_type = 'ac3') THEN 3 ELSE 1 END AS phases,
           (array_agg(status ORDER BY status_since DESC NULLS LAST))[1] AS status
    FROM connector WHERE station_id = station.id AND evse_number > 0 GROUP BY evse_number
) AS outlet ON true
LEFT JOIN LATERAL (
    SELECT id, transaction_key, power_w, charging_state FROM session
    WHERE session.station_id = station.id AND session.evse_number = outlet.evse_number AND session.ended_at IS NULL
    ORDER BY started_at DESC LIMIT 1
) AS running ON true
LEFT JOIN LATERAL (
    SELECT at, current_l1_a, current_l2_a, current_l3_a, power_w FROM sample
    WHERE sample.station_id = station.id AND sample.transaction_key = running.transaction_key
    ORDER BY at DESC LIMIT 1
) AS drawn ON true
WHERE station.site_id = ANY($1) AND station.retired_at IS NULL
ORDER BY station.site_id, station.name, station.id, outlet.evse_number LIMIT $2
"""
VERSIONS: Final = """
SELECT version, made_at, made_by, change, params, reason, undoes FROM circuit_tree
WHERE site_id = $1 ORDER BY version DESC LIMIT $2 OFFSET $3
"""
COUNT_VERSIONS: Final = "SELECT count(*) FROM circuit_tree WHERE site_id = $1"


class SiteRow(Struct, frozen=True):
    """A site, and how much of its electricity is known."""

    id: SiteId
    name: str
    municipality: str
    timezone: str
    version: int
    circuits: int
    outlets: int


class OutletRow(Struct, frozen=True, kw_only=True):
    """An outlet (EVSE) that stands at a site."""

    site_id: SiteId
    station_id: StationId
    station_name: str
    identity: str
    is_connected: bool
    evse_number: int
    code: str
    power_max_w: int
    current_max_a: int
    phases: int
    status: str
    session_id: UUID | None
    power_w: int | None
    charging_state: str | None
    sampled_at: datetime | None
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None
    sampled_power_w: float | None
    has_fallback: bool

    @property
    def key(self) -> tuple[StationId, int]:
        """What names an outlet."""
        return self.station_id, self.evse_number

    @property
    def drawn(self) -> Drawn | None:
        """What it last said in the session that runs; None while none runs, or nothing was said."""
        if self.session_id is None or (self.sampled_at is None and self.power_w is None):
            return None
        return Drawn(
            at=self.sampled_at,
            current_a=(self.current_l1_a, self.current_l2_a, self.current_l3_a),
            power_w=self.sampled_power_w if self.sampled_power_w is not None else self.power_w,
        )


async def sites(tx: Transaction, seen: Sites, search: str, known: str, *, limit: int, offset: int = 0) -> list[SiteRow]:
    """Return sites, those with circuits first. `known` is with, without or all."""
    return await tx.fetch(SiteRow, LIST, as_list(seen), like_text(search), known, limit, offset)


async def count_sites(tx: Transaction, seen: Sites, search: str, known: str) -> int:
    """Return how many there are."""
    return int(await tx.value(COUNT, as_list(seen), like_text(search), known))


async def outlets(tx: Transaction, of: Sequence[UUID]) -> list[OutletRow]:
    """Return the outlets of these sites, which the caller has seen that may be shown."""
    return await tx.fetch(OutletRow, OUTLETS, list(of), OUTLETS_MAX)


async def versions(tx: Transaction, site_id: UUID, *, limit: int, offset: int = 0) -> list[Version]:
    """Return what was changed in a site's tree, newest first."""
    return await tx.fetch(Version, VERSIONS, site_id, limit, offset)


async def count_versions(tx: Transaction, site_id: UUID) -> int:
    """Return how many changes there were."""
    return int(await tx.value(COUNT_VERSIONS, site_id))

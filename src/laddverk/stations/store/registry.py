"""Sites, stations and connectors as staff enter them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction
from laddverk.stations.keys import StoredKey
from laddverk.stations.model import NewConnector, NewStation, SiteDetails, StationDetails

INSERT_SITE = """
INSERT INTO site (id, name, code, address, municipality, latitude, longitude, timezone, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def insert_site(tx: Transaction, site_id: SiteId, site: SiteDetails, now: datetime) -> None:
    """Add a site."""
    await tx.execute(
        INSERT_SITE, site_id, site.name, site.code, site.address, site.municipality,
        site.latitude, site.longitude, site.timezone, now,
    )  # fmt: skip


UPDATE_SITE = """
UPDATE site SET name = $2, code = $3, address = $4, municipality = $5, latitude = $6, longitude = $7, timezone = $8
WHERE id = $1
"""


async def update_site(tx: Transaction, site_id: SiteId, site: SiteDetails) -> bool:
    """Change a site; return whether it exists."""
    touched = await tx.execute(
        UPDATE_SITE, site_id, site.name, site.code, site.address, site.municipality,
        site.latitude, site.longitude, site.timezone,
    )  # fmt: skip
    return touched > 0


class SiteRow(Struct, frozen=True):
    """A site, as registering needs it."""

    id: SiteId
    code: str
    retired_at: datetime | None = None


LOCK_SITES = "SELECT id, code, retired_at FROM site WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"


async def lock_sites(tx: Transaction, site_ids: Sequence[SiteId]) -> dict[SiteId, SiteRow]:
    """Return the sites, locked: two people who register stations at one site get different numbers."""
    return {site.id: site for site in await tx.fetch(SiteRow, LOCK_SITES, list(site_ids))}


RETIRE_SITE = """
UPDATE site SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL
AND NOT EXISTS (SELECT FROM station WHERE site_id = $1 AND retired_at IS NULL)
"""


async def retire_site(tx: Transaction, site_id: SiteId, now: datetime) -> bool:
    """Retire a site without stations in service; return whether that could be done."""
    return await tx.execute(RETIRE_SITE, site_id, now) > 0


INSERT_STATIONS = """
INSERT INTO station (id, site_id, identity, name, key_hash, key_salt, key_scheme, key_weak, vendor, model, power_max_w,
                     quirks, security_profile, registered_at, key_since)
SELECT id, site_id, identity, name, key_hash, key_salt, key_scheme, key_weak, vendor, model, power_max_w,
       quirks::jsonb, security_profile, $14, $14
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[], $8::bool[],
            $9::text[], $10::text[], $11::int[], $12::text[], $13::smallint[])
     AS given (id, site_id, identity, name, key_hash, key_salt, key_scheme, key_weak, vendor, model, power_max_w,
               quirks, security_profile)
"""


async def insert_stations(
    tx: Transaction,
    stations: Sequence[tuple[StationId, NewStation]],
    keys: Sequence[StoredKey],
    now: datetime,
) -> None:
    """Add stations with their keys, aligned."""
    new = [station for _, station in stations]
    await tx.execute(
        INSERT_STATIONS,
        [station_id for station_id, _ in stations],
        [station.site_id for station in new],
        [station.identity for station in new],
        [station.name for station in new],
        [key.hash for key in keys],
        [key.salt for key in keys],
        [key.scheme for key in keys],
        [key.weak for key in keys],
        [station.vendor for station in new],
        [station.model for station in new],
        [station.power_max_w for station in new],
        [msgspec.json.encode(station.quirks).decode() for station in new],
        [station.security_profile for station in new],
        now,
    )


class StationRow(Struct, frozen=True, kw_only=True):
    """A station, as changing it needs it."""

    id: StationId
    site_id: SiteId
    identity: str
    name: str
    site_code: str
    retired_at: datetime | None = None
    quirks: dict[str, Any] = {}


LOCK_STATIONS = """
SELECT s.id, s.site_id, s.identity, s.name, site.code AS site_code, s.retired_at, s.quirks
FROM station s JOIN site ON site.id = s.site_id
WHERE s.id = ANY($1) ORDER BY s.id FOR NO KEY UPDATE OF s
"""


async def lock_stations(tx: Transaction, station_ids: Sequence[StationId]) -> dict[StationId, StationRow]:
    """Return the stations, locked against other changes by staff."""
    return {row.id: row for row in await tx.fetch(StationRow, LOCK_STATIONS, list(station_ids))}


UPDATE_STATION = """
UPDATE station SET site_id = $2, name = $3, power_max_w = $4, quirks = $5, clock_offset_ms = $6 WHERE id = $1
"""


async def update_station(tx: Transaction, station_id: StationId, details: StationDetails) -> None:
    """Change what staff may change of a station."""
    await tx.execute(
        UPDATE_STATION, station_id, details.site_id, details.name, details.power_max_w, details.quirks,
        details.clock_offset_ms,
    )  # fmt: skip


RETIRE_STATION = """
UPDATE station SET retired_at = $2, key_hash = NULL, key_salt = NULL, next_key_hash = NULL, next_key_salt = NULL,
       next_key_sealed = NULL, certificate_sha256 = NULL, held_since = NULL
WHERE id = $1
"""


async def retire_station(tx: Transaction, station_id: StationId, now: datetime) -> None:
    """Take a station out of the network: it can no longer connect."""
    await tx.execute(RETIRE_STATION, station_id, now)


class ConnectorRow(Struct, frozen=True):
    """What makes connectors different from each other."""

    station_id: StationId
    evse_number: int
    connector_number: int
    code: str


CONNECTORS_OF = """
SELECT station_id, evse_number, connector_number, code FROM connector WHERE station_id = ANY($1)
"""


async def connectors_of(tx: Transaction, station_ids: Sequence[StationId]) -> list[ConnectorRow]:
    """Return the connectors of these stations."""
    return await tx.fetch(ConnectorRow, CONNECTORS_OF, list(station_ids))


STATION_NUMBERS = """
SELECT DISTINCT split_part(code, '-', 2)::int FROM connector
WHERE code LIKE $1 || '-%' AND split_part(code, '-', 2) ~ '^[0-9]{1,8}$'
"""


async def station_numbers(tx: Transaction, site_code: str) -> list[int]:
    """Return the station numbers that are on stickers with this site code, wherever they stand today."""
    return await tx.values(STATION_NUMBERS, site_code)


INSERT_CONNECTORS = """
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, plug, power_type, power_max_w,
                       current_max_a, found_by_itself)
SELECT *, $10 FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
                          $9::int[])
ON CONFLICT (station_id, evse_number, connector_number) DO NOTHING
"""


class CodedConnector(Struct, frozen=True):
    """A connector with the codes that make it known to people."""

    station_id: UUID
    connector: NewConnector
    code: str
    public_evse_id: str


async def insert_connectors(tx: Transaction, coded: Sequence[CodedConnector], *, found_by_itself: bool) -> int:
    """Add connectors that are not there yet and return how many those were."""
    new = [one.connector for one in coded]
    return await tx.execute(
        INSERT_CONNECTORS,
        [one.station_id for one in coded],
        [connector.evse_number for connector in new],
        [connector.connector_number for connector in new],
        [one.code for one in coded],
        [one.public_evse_id for one in coded],
        [connector.plug for connector in new],
        [connector.power_type for connector in new],
        [connector.power_max_w for connector in new],
        [connector.current_max_a for connector in new],
        found_by_itself,
    )


UPDATE_CONNECTOR = """
UPDATE connector SET plug = $4, power_type = $5, power_max_w = $6, current_max_a = $7, found_by_itself = false
WHERE station_id = $1 AND evse_number = $2 AND connector_number = $3
"""


async def update_connector(tx: Transaction, station_id: StationId, connector: NewConnector) -> bool:
    """Change what staff know of a connector; return whether it exists. From now on it counts as entered by staff."""
    touched = await tx.execute(
        UPDATE_CONNECTOR, station_id, connector.evse_number, connector.connector_number, connector.plug,
        connector.power_type, connector.power_max_w, connector.current_max_a,
    )  # fmt: skip
    return touched > 0


REMOVE_CONNECTOR = """
DELETE FROM connector WHERE station_id = $1 AND evse_number = $2 AND connector_number = $3 AND found_by_itself
"""


async def remove_found_connector(
    tx: Transaction, station_id: StationId, evse_number: int, connector_number: int
) -> bool:
    """Delete a connector that only the charger ever spoke of; its timeline stays. Return whether it was one."""
    return await tx.execute(REMOVE_CONNECTOR, station_id, evse_number, connector_number) > 0

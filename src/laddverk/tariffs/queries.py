"""What screens read of tariffs. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.tariffs.model import Tariff
from laddverk.tariffs.store import FITS


class Use(Struct, frozen=True):
    """Where a tariff is used: at a station, a site, or (neither) in the whole network; for one driver group or all."""

    id: UUID
    site_id: UUID | None = None
    site_name: str | None = None
    station_id: UUID | None = None
    station_name: str | None = None
    driver_group: str | None = None
    evse_number: int | None = None
    connector_number: int | None = None
    driver_id: UUID | None = None
    driver_name: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    label: str = ""

    @property
    def last_at(self) -> datetime | None:
        """The last moment at which it applies: `valid_until` is that after it."""
        return self.valid_until - timedelta(seconds=1) if self.valid_until else None


class TariffRow(Struct, frozen=True, kw_only=True):
    """A tariff with its newest version and its uses."""

    id: UUID
    name: str
    created_at: datetime
    retired_at: datetime | None
    version_id: UUID | None
    number: int | None
    changed_at: datetime | None
    body: Tariff | None
    uses: list[Use]


TARIFFS = """
SELECT tariff.id, tariff.name, tariff.created_at, tariff.retired_at, newest.id AS version_id, newest.number,
       newest.created_at AS changed_at, newest.body, coalesce(used.uses, '[]'::jsonb) AS uses
FROM tariff
LEFT JOIN LATERAL (
    SELECT * FROM tariff_version WHERE tariff_version.tariff_id = tariff.id ORDER BY number DESC LIMIT 1
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', tariff_choice.id, 'site_id', site.id, 'site_name', site.name,
                     'station_id', station.id, 'station_name', station.name,
                     'driver_group', tariff_choice.driver_group, 'evse_number', tariff_choice.evse_number,
                     'connector_number', tariff_choice.connector_number, 'driver_id', driver.id,
                     'driver_name', driver.name, 'valid_from', tariff_choice.valid_from,
                     'valid_until', tariff_choice.valid_until, 'label', tariff_choice.label)
                     ORDER BY site.name, station.name, tariff_choice.valid_from) AS uses
    FROM tariff_choice LEFT JOIN driver ON driver.id = tariff_choice.driver_id
    LEFT JOIN site ON site.id = tariff_choice.site_id
    LEFT JOIN station ON station.id = tariff_choice.station_id
    WHERE tariff_choice.tariff_id = tariff.id
      AND ($2::uuid[] IS NULL OR coalesce(station.site_id, site.id) IS NULL
           OR coalesce(station.site_id, site.id) = ANY($2))
) AS used ON true
WHERE ($1::uuid IS NULL OR tariff.id = $1) AND ($2::uuid[] IS NULL OR used.uses IS NOT NULL)
  AND ($3 = '' OR tariff.name ILIKE '%' || $3 || '%' OR EXISTS (
        SELECT FROM jsonb_array_elements(used.uses) AS its
        WHERE concat_ws(' ', its ->> 'site_name', its ->> 'station_name', its ->> 'driver_group', its ->> 'label')
              ILIKE '%' || $3 || '%'))
  AND CASE $4 WHEN '' THEN true
              WHEN 'used' THEN tariff.retired_at IS NULL AND used.uses IS NOT NULL
              WHEN 'unused' THEN tariff.retired_at IS NULL AND used.uses IS NULL
              WHEN 'campaign' THEN used.uses @? '$[*] ? (@.valid_from != null || @.valid_until != null)'
              WHEN 'spot' THEN newest.body @? '$.components[*].spot.area'
              WHEN 'retired' THEN tariff.retired_at IS NOT NULL
              ELSE false END
ORDER BY tariff.retired_at IS NOT NULL, tariff.name LIMIT $5 OFFSET $6
"""
MOST = 500  # tariffs that a choice among all of them offers


async def tariffs(tx: Transaction, sites: Collection[UUID] | None) -> list[TariffRow]:
    """Return the tariffs with their newest version and their uses, those that are retired at the end.

    `sites` are the only ones that may be seen: then only what applies there, with those uses. None means all.
    """
    return await found(tx, sites, "", "", MOST)


async def found(
    tx: Transaction, sites: Collection[UUID] | None, text: str, state: str, limit: int, offset: int = 0
) -> list[TariffRow]:
    """Return the tariffs of `tariffs` that a search finds: by their name, where they apply, or a campaign's name.

    `state` is used, unused, campaign, spot, retired or '' for all.
    """
    return await tx.fetch(TariffRow, TARIFFS, None, None if sites is None else list(sites), text, state, limit, offset)


async def tariff(tx: Transaction, sites: Collection[UUID] | None, tariff_id: UUID) -> TariffRow | None:
    """Return one tariff, or None when there is none or it may not be seen."""
    return await tx.fetch_one(TariffRow, TARIFFS, tariff_id, None if sites is None else list(sites), "", "", 1, 0)


class Unpriced(Struct, frozen=True):
    """A charger at which somebody without an account finds no price at some outlet, and so cannot start (AFIR 5)."""

    id: UUID
    name: str
    site_name: str
    evse_numbers: list[int]


UNPRICED = f"""
-- Outlets for which no tariff is chosen that everybody gets now.
SELECT station.id, station.name, site.name AS site_name,
       array_agg(DISTINCT connector.evse_number ORDER BY connector.evse_number) AS evse_numbers
FROM connector JOIN station ON station.id = connector.station_id AND station.retired_at IS NULL
JOIN site ON site.id = station.site_id
CROSS JOIN LATERAL (SELECT '' AS driver_group, connector.evse_number, connector.connector_number,
                           NULL::uuid AS driver_id, $2::timestamptz AS at) AS wish
WHERE connector.evse_number > 0 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND NOT EXISTS (SELECT FROM tariff_choice AS choice JOIN tariff ON tariff.id = choice.tariff_id WHERE {FITS})
GROUP BY station.id, site.id ORDER BY site.name, station.name LIMIT $3
"""  # noqa: S608 - only constants of this room


async def unpriced(tx: Transaction, sites: Collection[UUID] | None, now: datetime, limit: int) -> list[Unpriced]:
    """Return chargers with an outlet that has no price for everybody, by site and name."""
    return await tx.fetch(Unpriced, UNPRICED, None if sites is None else list(sites), now, limit)


class VersionRow(Struct, frozen=True, kw_only=True):
    """One version of a tariff."""

    id: UUID
    number: int
    body: Tariff
    created_at: datetime
    created_by: str


VERSIONS = "SELECT * FROM tariff_version WHERE tariff_id = $1 ORDER BY number DESC LIMIT 200"


async def versions(tx: Transaction, tariff_id: UUID) -> list[VersionRow]:
    """Return the versions of a tariff, the newest first."""
    return await tx.fetch(VersionRow, VERSIONS, tariff_id)


VERSION_BODY = "SELECT body FROM tariff_version WHERE id = $1"


class _Body(Struct, frozen=True):
    body: Tariff


async def version_body(tx: Transaction, version_id: UUID | None) -> Tariff | None:
    """Return the prices of one version; None when there is none."""
    row = None if version_id is None else await tx.fetch_one(_Body, VERSION_BODY, version_id)
    return None if row is None else row.body


STRONGEST = """
-- The strongest connector at which everybody is offered a tariff: what the law asks of ad-hoc prices depends on it.
SELECT coalesce(max(coalesce(connector.power_max_w, station.power_max_w)), 0)
FROM tariff_choice AS choice
JOIN station ON station.retired_at IS NULL AND (choice.station_id = station.id OR choice.site_id = station.site_id
                                                OR (choice.station_id IS NULL AND choice.site_id IS NULL))
LEFT JOIN connector ON connector.station_id = station.id
     AND (choice.evse_number IS NULL OR connector.evse_number = choice.evse_number)
     AND (choice.connector_number IS NULL OR connector.connector_number = choice.connector_number)
WHERE choice.tariff_id = $1 AND choice.driver_group IS NULL AND choice.driver_id IS NULL
"""


async def strongest_w(tx: Transaction, tariff_id: UUID) -> int:
    """Return the power of the strongest connector at which everybody gets a tariff; 0 where there is none."""
    return int(await tx.value(STRONGEST, tariff_id))


CURRENCIES: Final = """
-- A tariff has the currency of its first version.
SELECT DISTINCT coalesce(version.body ->> 'currency', 'SEK') AS currency
FROM tariff_choice AS choice
JOIN tariff ON tariff.id = choice.tariff_id AND tariff.retired_at IS NULL
JOIN tariff_version AS version ON version.tariff_id = tariff.id AND version.number = 1
WHERE choice.valid_until IS NULL OR choice.valid_until > $1
ORDER BY currency
"""


async def currencies_in_use(tx: Transaction, now: datetime) -> list[str]:
    """Return the currencies of all prices that apply somewhere, or will."""
    return await tx.values(CURRENCIES, now)

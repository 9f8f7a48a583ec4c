"""Tariffs in PostgreSQL. Functions take a transaction and return Structs; no decision is made here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import StationId, TariffId, TariffVersionId, new_id
from laddverk.platform.database import Transaction
from laddverk.tariffs.model import Candidate, Choice, Place, Tariff, TariffVersion, Wish

INSERT_TARIFF: Final = """
INSERT INTO tariff (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING
"""

LOCK_TARIFF: Final = "SELECT id FROM tariff WHERE id = $1 AND retired_at IS NULL FOR NO KEY UPDATE"

INSERT_VERSION: Final = """
-- The tariff row is locked, so numbers have no gaps and no twins.
INSERT INTO tariff_version (id, tariff_id, number, body, created_at, created_by)
VALUES ($1, $2, (SELECT coalesce(max(number), 0) + 1 FROM tariff_version WHERE tariff_id = $2), $3, $4, $5)
"""

VERSIONS: Final = """
SELECT version.id, version.tariff_id, tariff.name, version.number, version.body, version.created_at
FROM tariff_version AS version JOIN tariff ON tariff.id = version.tariff_id
WHERE version.id = ANY($1)
"""

NEWEST: Final = """
SELECT version.id, version.tariff_id, tariff.name, version.number, version.body, version.created_at
FROM tariff_version AS version JOIN tariff ON tariff.id = version.tariff_id
WHERE version.tariff_id = $1 ORDER BY version.number DESC LIMIT 1
"""

NUMBERED: Final = """
SELECT version.id, version.tariff_id, tariff.name, version.number, version.body, version.created_at
FROM tariff_version AS version JOIN tariff ON tariff.id = version.tariff_id
WHERE version.tariff_id = $1 AND version.number = $2
"""

FITS_PLACE: Final = """
    tariff.retired_at IS NULL
    AND (choice.station_id = station.id OR choice.site_id = station.site_id
         OR (choice.station_id IS NULL AND choice.site_id IS NULL))
    AND (choice.evse_number IS NULL OR choice.evse_number = wish.evse_number)
    AND (choice.connector_number IS NULL OR choice.connector_number = wish.connector_number)
    AND (choice.driver_group IS NULL OR choice.driver_group = wish.driver_group)
    AND (choice.driver_id IS NULL OR choice.driver_id = wish.driver_id)
"""

FITS: Final = f"""
    {FITS_PLACE}
    AND (choice.valid_from IS NULL OR choice.valid_from <= wish.at)
    AND (choice.valid_until IS NULL OR choice.valid_until > wish.at)
"""

ORDER: Final = """
    choice.driver_id IS NULL, choice.connector_number IS NULL, choice.evse_number IS NULL, choice.station_id IS NULL,
    choice.site_id IS NULL, choice.driver_group IS NULL, choice.valid_until IS NULL, choice.valid_from DESC NULLS LAST,
    choice.id
"""

CHOSEN: Final = f"""
-- For each wish the most specific choice: one customer's own, then connector, EVSE, station, site and network; a driver
-- group before everybody; what ends before what does not. The version is the newest that existed at the instant; for a
-- time before the first version, the first.
SELECT wish.position, version.id AS version_id
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::uuid[], $6::timestamptz[]) WITH ORDINALITY
     AS wish (station_id, driver_group, evse_number, connector_number, driver_id, at, position)
JOIN station ON station.id = wish.station_id
CROSS JOIN LATERAL (
    SELECT choice.tariff_id FROM tariff_choice AS choice JOIN tariff ON tariff.id = choice.tariff_id
    WHERE {FITS} ORDER BY {ORDER} LIMIT 1
) AS best
CROSS JOIN LATERAL (
    SELECT id FROM tariff_version
    WHERE tariff_id = best.tariff_id
    ORDER BY (created_at <= wish.at) DESC, CASE WHEN created_at <= wish.at THEN number END DESC, number
    LIMIT 1
) AS version
"""  # noqa: S608 - only constants of this file

CANDIDATES: Final = f"""
-- Every choice that fits one wish, in the order in which they count.
SELECT choice.id, choice.tariff_id, tariff.name AS tariff_name, choice.site_id, choice.station_id, choice.evse_number,
       choice.connector_number, choice.driver_group, choice.driver_id, choice.valid_from, choice.valid_until,
       choice.label
FROM (VALUES ($1::uuid, $2::text, $3::int, $4::int, $5::uuid, $6::timestamptz))
     AS wish (station_id, driver_group, evse_number, connector_number, driver_id, at)
JOIN station ON station.id = wish.station_id
CROSS JOIN tariff_choice AS choice JOIN tariff ON tariff.id = choice.tariff_id
WHERE {FITS} ORDER BY {ORDER} LIMIT 100
"""  # noqa: S608 - only constants of this file

WISHED: Final = """
FROM (VALUES ($1::uuid, $2::text, $3::int, $4::int, $5::uuid))
     AS wish (station_id, driver_group, evse_number, connector_number, driver_id)
JOIN station ON station.id = wish.station_id
CROSS JOIN tariff_choice AS choice JOIN tariff ON tariff.id = choice.tariff_id
"""

CHOICE_INSTANTS: Final = f"""
-- When choices that concern one wish begin or end.
SELECT DISTINCT edge.at {WISHED}
CROSS JOIN LATERAL (VALUES (choice.valid_from), (choice.valid_until)) AS edge (at)
WHERE {FITS_PLACE} AND edge.at > $6 AND edge.at <= $7
ORDER BY edge.at LIMIT 20
"""

SAVE_CHOICE: Final = """
INSERT INTO tariff_choice (id, tariff_id, site_id, station_id, evse_number, connector_number, driver_group, driver_id,
                           valid_from, valid_until, label)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (coalesce(station_id, site_id, '00000000-0000-0000-0000-000000000000'), coalesce(evse_number, 0),
             coalesce(connector_number, 0), coalesce(driver_group, ''),
             coalesce(driver_id, '00000000-0000-0000-0000-000000000000'),
             coalesce(valid_from, '-infinity'), coalesce(valid_until, 'infinity'))
DO UPDATE SET tariff_id = excluded.tariff_id, label = excluded.label
RETURNING id
"""

DELETE_CHOICE: Final = "DELETE FROM tariff_choice WHERE id = $1"

CHOICES: Final = """
SELECT id, tariff_id, site_id, station_id, driver_group, evse_number, connector_number, driver_id, valid_from,
       valid_until, label
FROM tariff_choice ORDER BY id
"""

RETIRE: Final = "UPDATE tariff SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL"

CHOICES_OF: Final = "SELECT count(*) FROM tariff_choice WHERE tariff_id = $1"

POWER_MAX: Final = """
-- The strongest connector of the station, the site or the network that the choice speaks of, W.
SELECT max(connector.power_max_w) FROM connector JOIN station ON station.id = connector.station_id
WHERE ($1::uuid IS NULL OR station.site_id = $1) AND ($2::uuid IS NULL OR station.id = $2)
      AND ($3::int IS NULL OR connector.evse_number = $3) AND ($4::int IS NULL OR connector.connector_number = $4)
"""


SITE_OF: Final = "SELECT site_id FROM station WHERE id = $1"

HAS_DRIVER: Final = "SELECT 1 FROM driver WHERE id = $1"


class _Wished(Struct, frozen=True):
    position: int
    version_id: UUID


async def insert_tariff(tx: Transaction, name: str, now: datetime) -> TariffId | None:
    """Make a tariff without versions; None when the name is taken."""
    tariff_id = TariffId(new_id())
    return tariff_id if await tx.execute(INSERT_TARIFF, tariff_id, name, now) else None


async def lock_tariff(tx: Transaction, tariff_id: TariffId) -> bool:
    """Lock a tariff until `tx` ends; False when there is none in use."""
    return await tx.value(LOCK_TARIFF, tariff_id) is not None


async def insert_version(tx: Transaction, tariff_id: TariffId, body: Tariff, now: datetime, by: str) -> TariffVersionId:
    """Add the next version."""
    version_id = TariffVersionId(new_id())
    await tx.execute(INSERT_VERSION, version_id, tariff_id, body, now, by)
    return version_id


async def versions(tx: Transaction, version_ids: Sequence[TariffVersionId]) -> dict[UUID, TariffVersion]:
    """Return versions by their id."""
    found = await tx.fetch(TariffVersion, VERSIONS, list(version_ids)) if version_ids else []
    return {version.id: version for version in found}


async def newest(tx: Transaction, tariff_id: TariffId) -> TariffVersion | None:
    """Return the newest version of a tariff."""
    return await tx.fetch_one(TariffVersion, NEWEST, tariff_id)


async def numbered(tx: Transaction, tariff_id: TariffId, number: int) -> TariffVersion | None:
    """Return one version of a tariff by its number."""
    return await tx.fetch_one(TariffVersion, NUMBERED, tariff_id, number)


async def chosen(tx: Transaction, wishes: Sequence[Wish], at: Sequence[datetime]) -> list[TariffVersion | None]:
    """Return the version that applies to each wish, or None where no tariff was chosen."""
    wished = await tx.fetch(
        _Wished,
        CHOSEN,
        [wish.station_id for wish in wishes],
        [wish.driver_group for wish in wishes],
        [wish.evse_number for wish in wishes],
        [wish.connector_number for wish in wishes],
        [wish.driver_id for wish in wishes],
        list(at),
    )
    found = await versions(tx, [TariffVersionId(wish) for wish in {row.version_id for row in wished}])
    answers: list[TariffVersion | None] = [None] * len(wishes)
    for row in wished:
        answers[row.position - 1] = found[row.version_id]
    return answers


async def candidates(tx: Transaction, wish: Wish, at: datetime) -> list[Candidate]:
    """Return every choice that fits a wish, the one that counts first."""
    return await tx.fetch(
        Candidate,
        CANDIDATES,
        wish.station_id,
        wish.driver_group,
        wish.evse_number,
        wish.connector_number,
        wish.driver_id,
        at,
    )


async def choice_instants(tx: Transaction, wish: Wish, after: datetime, until: datetime) -> list[datetime]:
    """Return when choices that concern a wish begin or end, after one instant and until another, in order."""
    return await tx.values(
        CHOICE_INSTANTS,
        wish.station_id,
        wish.driver_group,
        wish.evse_number,
        wish.connector_number,
        wish.driver_id,
        after,
        until,
    )


async def label_at(tx: Transaction, wish: Wish, at: datetime) -> str:
    """Return what the choice that counts for a wish at an instant is called; '' when it has no name."""
    found = await candidates(tx, wish, at)
    return found[0].label if found else ""


async def save_choice(tx: Transaction, tariff_id: TariffId, place: Place) -> UUID:
    """Let `tariff_id` apply there, instead of what applied there before."""
    found = await tx.value(
        SAVE_CHOICE,
        new_id(),
        tariff_id,
        place.site_id,
        place.station_id,
        place.evse_number,
        place.connector_number,
        place.driver_group,
        place.driver_id,
        place.valid_from,
        place.valid_until,
        place.label,
    )
    return msgspec.convert(found, UUID)


async def delete_choice(tx: Transaction, choice_id: UUID) -> bool:
    """Forget a choice; False when there was none."""
    return await tx.execute(DELETE_CHOICE, choice_id) > 0


async def choices(tx: Transaction) -> list[Choice]:
    """Return all choices."""
    return await tx.fetch(Choice, CHOICES)


async def retire(tx: Transaction, tariff_id: TariffId, now: datetime) -> bool:
    """Take a tariff out of use; False when it was not in use."""
    return await tx.execute(RETIRE, tariff_id, now) > 0


async def is_chosen(tx: Transaction, tariff_id: TariffId) -> bool:
    """Return whether any choice names the tariff."""
    return bool(await tx.value(CHOICES_OF, tariff_id))


async def power_max_w(tx: Transaction, place: Place) -> int:
    """Return the power of the strongest connector there; 0 without connectors."""
    asked = (place.site_id, place.station_id, place.evse_number, place.connector_number)
    return await tx.value(POWER_MAX, *asked) or 0


async def site_of(tx: Transaction, station_id: StationId) -> UUID | None:
    """Return the site of a station; None when there is no such station."""
    found: UUID | None = await tx.value(SITE_OF, station_id)
    return found


async def has_driver(tx: Transaction, driver_id: UUID) -> bool:
    """Return whether there is such a driver."""
    return await tx.value(HAS_DRIVER, driver_id) is not None

"""What chargers bend, as staff look at it: one charger, and all of one model. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.stations.queries import Sites, as_list, like_text


class BentRow(Struct, frozen=True, kw_only=True):
    """One kind of thing that a charger bends, at one place of its messages."""

    kind: str
    place: str
    count: int
    first_at: datetime
    last_at: datetime
    example: str


BENT = """
SELECT kind, place, count, first_at, last_at, example FROM station_quirk
WHERE station_id = $1 ORDER BY count DESC, kind, place LIMIT $2
"""


async def bent(tx: Transaction, station_id: UUID, limit: int = 200) -> list[BentRow]:
    """Return what a charger bends, the most frequent first."""
    return await tx.fetch(BentRow, BENT, station_id, limit)


class WayRow(Struct, frozen=True):
    """A kind of thing that a charger bends, wherever it does so."""

    kind: str
    count: int
    last_at: datetime


WAYS = """
SELECT kind, sum(count)::bigint AS count, max(last_at) AS last_at FROM station_quirk WHERE station_id = $1
GROUP BY kind ORDER BY count DESC, kind LIMIT $2
"""


async def ways(tx: Transaction, station_id: UUID, limit: int) -> list[WayRow]:
    """Return in which ways a charger bends what it says, the most frequent first."""
    return await tx.fetch(WayRow, WAYS, station_id, limit)


class BootRow(Struct, frozen=True):
    """How the boots of a charger are answered."""

    boot_answer: str
    boot_interval_s: int | None


BOOT = "SELECT boot_answer, boot_interval_s FROM station WHERE id = $1"


async def boot(tx: Transaction, station_id: UUID) -> BootRow:
    """Return how the boots of a charger are answered: as usual, if it is not there."""
    return await tx.fetch_one(BootRow, BOOT, station_id) or BootRow("Accepted", None)


class ModelRow(Struct, frozen=True, kw_only=True):
    """The chargers that say the same of themselves: vendor and model."""

    vendor: str
    model: str
    stations: int
    firmwares: int
    bent: int
    """Messages, or parts of them, that had to be bent."""
    kinds: int


MODELS = """
SELECT s.vendor, s.model, count(*) AS stations, count(DISTINCT s.firmware) AS firmwares,
       coalesce(sum(q.bent), 0)::bigint AS bent, coalesce(max(q.kinds), 0) AS kinds
FROM station s
LEFT JOIN LATERAL (SELECT sum(count) AS bent, count(DISTINCT kind) AS kinds
                   FROM station_quirk WHERE station_id = s.id) q ON true
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND s.retired_at IS NULL
  AND (s.vendor || s.model) <> '' AND s.vendor || ' ' || s.model ILIKE '%' || $2 || '%'
GROUP BY s.vendor, s.model ORDER BY stations DESC, s.vendor, s.model LIMIT $3 OFFSET $4
"""
COUNT_MODELS = """
SELECT count(*) FROM (
    SELECT FROM station s
    WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND s.retired_at IS NULL
      AND (s.vendor || s.model) <> '' AND s.vendor || ' ' || s.model ILIKE '%' || $2 || '%'
    GROUP BY s.vendor, s.model) AS found
"""


async def models(tx: Transaction, sites: Sites, search: str, limit: int, offset: int) -> list[ModelRow]:
    """Return the models of the chargers at `sites`, the most frequent first."""
    return await tx.fetch(ModelRow, MODELS, as_list(sites), like_text(search), limit, offset)


async def count_models(tx: Transaction, sites: Sites, search: str) -> int:
    """Return how many models `models` finds in all."""
    found: int = await tx.value(COUNT_MODELS, as_list(sites), like_text(search))
    return found


class KindRow(Struct, frozen=True, kw_only=True):
    """One kind of thing that the chargers of a model bend."""

    kind: str
    place: str
    count: int
    stations: int
    last_at: datetime


KINDS = """
SELECT q.kind, q.place, sum(q.count)::bigint AS count, count(*) AS stations, max(q.last_at) AS last_at
FROM station_quirk q JOIN station s ON s.id = q.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND s.retired_at IS NULL AND s.vendor = $2 AND s.model = $3
GROUP BY q.kind, q.place ORDER BY count DESC, q.kind, q.place LIMIT $4
"""


async def kinds(tx: Transaction, sites: Sites, vendor: str, model: str, limit: int = 200) -> list[KindRow]:
    """Return what the chargers of one model bend, the most frequent first."""
    return await tx.fetch(KindRow, KINDS, as_list(sites), vendor, model, limit)


class FirmwareRow(Struct, frozen=True, kw_only=True):
    """How many chargers of a model run one firmware."""

    firmware: str
    stations: int


FIRMWARES = """
SELECT firmware, count(*) AS stations FROM station
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND retired_at IS NULL AND vendor = $2 AND model = $3
GROUP BY firmware ORDER BY stations DESC, firmware LIMIT $4
"""


async def firmwares(tx: Transaction, sites: Sites, vendor: str, model: str, limit: int = 50) -> Sequence[FirmwareRow]:
    """Return the firmware that the chargers of one model run, the most frequent first."""
    return await tx.fetch(FirmwareRow, FIRMWARES, as_list(sites), vendor, model, limit)

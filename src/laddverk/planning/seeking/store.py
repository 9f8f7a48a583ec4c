"""Wishes for chargers in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.planning.seeking.rules import Wish
from laddverk.platform.database import Transaction

ADD: Final = """
INSERT INTO place_wish (id, at, driver_id, sender, place, note, latitude, longitude)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
COUNT_RECENT: Final = """
SELECT count(*) FROM place_wish WHERE at > $3 AND (sender = $1 OR ($2::uuid IS NOT NULL AND driver_id = $2))
"""
WISH_SHOWN: Final = """
SELECT id, at, coalesce(driver_id::text, encode(sender, 'hex')) AS who, place, note, latitude, longitude, state,
       decided_by, decided_at
FROM place_wish
"""
LISTED_NARROWED: Final = """
WHERE ($1 = '' OR state = $1) AND ($2 = '' OR place ILIKE '%' || $2 || '%' OR note ILIKE '%' || $2 || '%')
"""
LISTED: Final = WISH_SHOWN + LISTED_NARROWED + "ORDER BY at DESC, id OFFSET $3 LIMIT $4"
COUNTED_FROM: Final = "SELECT count(*) FROM place_wish"
COUNTED: Final = COUNTED_FROM + LISTED_NARROWED
DECIDE: Final = """
UPDATE place_wish SET state = $2, decided_at = $3, decided_by = $4 WHERE id = $1 RETURNING place
"""
SITE_PLACES: Final = """
SELECT id, name, latitude, longitude FROM site
WHERE retired_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL
"""


class SitePlace(Struct, frozen=True):
    """Where a site is."""

    id: UUID
    name: str
    latitude: float
    longitude: float


async def add(tx: Transaction, wish: Wish, driver: UUID | None, sender: bytes) -> None:
    """Keep a wish."""
    await tx.execute(ADD, wish.id, wish.at, driver, sender, wish.place, wish.note, wish.latitude, wish.longitude)


async def count_recent(tx: Transaction, sender: bytes, driver: UUID | None, since: datetime) -> int:
    """Return how many wishes came from an address or a driver since."""
    return int(await tx.value(COUNT_RECENT, sender, driver, since))


async def wishes(tx: Transaction, state: str, search: str, offset: int, limit: int) -> list[Wish]:
    """Return wishes, the newest first."""
    return await tx.fetch(Wish, LISTED, state, search, offset, limit)


async def count(tx: Transaction, state: str, search: str) -> int:
    """Return how many wishes there are."""
    return int(await tx.value(COUNTED, state, search))


async def decide(tx: Transaction, identity: UUID, state: str, by: str, now: datetime) -> str | None:
    """Keep what was decided of a wish; return its place, or None where there is no such wish."""
    place: str | None = await tx.value(DECIDE, identity, state, now, by)
    return place


async def site_places(tx: Transaction) -> list[SitePlace]:
    """Return where the sites are."""
    return await tx.fetch(SitePlace, SITE_PLACES)

"""Wishes for chargers in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.planning.seeking.rules import Spill, Wish
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
SPILLS: Final = """
SELECT s.id AS site_id, s.name AS site_name, s.latitude, s.longitude, r.refused_month
FROM site_refusal r JOIN site s ON s.id = r.site_id
WHERE s.retired_at IS NULL AND s.latitude IS NOT NULL AND s.longitude IS NOT NULL
"""
SITES_AFTER: Final = """
SELECT id FROM site WHERE retired_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2
"""
KEEP_REFUSALS: Final = """
INSERT INTO site_refusal (site_id, refused_month, reckoned_at)
SELECT site_id, refused_month, $3 FROM unnest($1::uuid[], $2::float8[]) AS t (site_id, refused_month)
ON CONFLICT (site_id) DO UPDATE SET refused_month = EXCLUDED.refused_month, reckoned_at = EXCLUDED.reckoned_at
"""


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


async def spills(tx: Transaction) -> list[Spill]:
    """Return where the sites are, and how many drivers each sends away in a month, as last reckoned."""
    return await tx.fetch(Spill, SPILLS)


async def sites_after(tx: Transaction, site: UUID | None, limit: int) -> list[UUID]:
    """Return the ids of some sites, in order, that come after one; from the first where it is None."""
    return await tx.values(SITES_AFTER, site, limit)


async def keep_refusals(tx: Transaction, refused: Mapping[UUID, float], now: datetime) -> None:
    """Keep how many drivers sites send away in a month."""
    await tx.execute(KEEP_REFUSALS, list(refused), list(refused.values()), now)

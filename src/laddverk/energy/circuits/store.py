"""Trees and signals in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import Signal, SignalRow, Tree, Version
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction

VERSION_MAX: Final = 2**31 - 1  # as PostgreSQL's integer

LATEST: Final = """
SELECT tree, version FROM circuit_tree WHERE site_id = $1 ORDER BY version DESC LIMIT 1
"""
LOCK_SITE: Final = "SELECT id FROM site WHERE id = $1 FOR NO KEY UPDATE"
AT_VERSION: Final = "SELECT tree, version FROM circuit_tree WHERE site_id = $1 AND version = $2"
ALL: Final = """
SELECT DISTINCT ON (site_id) tree, version FROM circuit_tree
WHERE $1::uuid[] IS NULL OR site_id = ANY($1) ORDER BY site_id, version DESC
"""
INSERT: Final = """
INSERT INTO circuit_tree (site_id, version, tree, made_at, made_by, change, params, reason, undoes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
NEWEST_CHANGE: Final = """
SELECT version, made_at, made_by, change, params, reason, undoes FROM circuit_tree
WHERE site_id = $1 ORDER BY version DESC LIMIT 1
"""
SIGNALS: Final = """
SELECT circuit_id, source, key, starts_at, ends_at, limit_a, note FROM circuit_signal
WHERE site_id = ANY($1) AND ends_at > $2 AND taken_at IS NULL ORDER BY circuit_id, starts_at, source, key
"""
SIGNAL_ROWS: Final = """
-- With those that somebody took away, and those that are over since an instant.
SELECT circuit_id, source, key, starts_at, ends_at, limit_a, note, told_at, told_by, taken_at, taken_by
FROM circuit_signal WHERE site_id = $1 AND ends_at > $2 ORDER BY starts_at, circuit_id, source, key LIMIT $3
"""
OF_SENDER: Final = """
SELECT circuit_id, source, key, starts_at, ends_at, limit_a, note FROM circuit_signal
WHERE circuit_id = $1 AND source = $2 AND starts_with(key, $3) AND ends_at > $4 FOR UPDATE
"""
KEEP_SIGNAL: Final = """
-- What a person took away stays so while it says the same; a new limit or other times hold.
INSERT INTO circuit_signal AS kept
       (site_id, circuit_id, source, key, starts_at, ends_at, limit_a, note, told_at, told_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (circuit_id, source, key) DO UPDATE
SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, limit_a = excluded.limit_a, note = excluded.note,
    told_at = excluded.told_at, told_by = excluded.told_by,
    taken_at = CASE WHEN (kept.starts_at, kept.ends_at, kept.limit_a)
                         = (excluded.starts_at, excluded.ends_at, excluded.limit_a) THEN kept.taken_at END
"""
TAKE_SIGNAL: Final = """
UPDATE circuit_signal SET taken_at = $5, taken_by = $6
WHERE site_id = $1 AND circuit_id = $2 AND source = $3 AND key = $4 AND ends_at > $5 AND taken_at IS NULL
"""
PUT_BACK_SIGNAL: Final = """
UPDATE circuit_signal SET taken_at = NULL, taken_by = ''
WHERE site_id = $1 AND circuit_id = $2 AND source = $3 AND key = $4 AND ends_at > $5 AND taken_at IS NOT NULL
"""
DROP_SIGNAL: Final = "DELETE FROM circuit_signal WHERE site_id = $1 AND circuit_id = $2 AND source = $3 AND key = $4"
COUNT_SIGNALS: Final = "SELECT count(*) FROM circuit_signal WHERE site_id = $1 AND ends_at > $2"
STATIONS_OF: Final = "SELECT id FROM station WHERE site_id = $1 AND retired_at IS NULL"
IS_PLACED: Final = """
-- Whether an outlet hangs on a circuit of its site's tree as it is now.
SELECT EXISTS (
    SELECT FROM station
    JOIN LATERAL (
        SELECT tree FROM circuit_tree WHERE site_id = station.site_id ORDER BY version DESC LIMIT 1
    ) AS now ON true
    CROSS JOIN LATERAL jsonb_array_elements(now.tree->'places') AS place
    WHERE station.id = $1 AND place->>'station_id' = $1::text AND (place->>'evse_number')::int = $2
)
"""
DROP_OLD: Final = "DELETE FROM circuit_signal WHERE ends_at < $1"


class _Kept(Struct, frozen=True):
    tree: Tree
    version: int


async def tree(tx: Transaction, site_id: SiteId) -> Tree:
    """Return a site's tree as it is now: empty and of version 0 where nobody has entered one."""
    kept = await tx.fetch_one(_Kept, LATEST, site_id)
    return kept.tree if kept is not None else Tree(site_id=site_id)


async def locked(tx: Transaction, site_id: SiteId) -> Tree | None:
    """Return a site's tree, which nobody else changes until `tx` ends; None: there is no such site."""
    if await tx.value(LOCK_SITE, site_id) is None:
        return None
    return await tree(tx, site_id)


async def at_version(tx: Transaction, site_id: SiteId, version: int) -> Tree | None:
    """Return a site's tree as it was, or None. Version 0 is the empty one."""
    if not 0 <= version <= VERSION_MAX:
        return None
    if version == 0:
        return Tree(site_id=site_id)
    kept = await tx.fetch_one(_Kept, AT_VERSION, site_id, version)
    return None if kept is None else kept.tree


async def trees(tx: Transaction, sites: Collection[UUID] | None = None) -> list[Tree]:
    """Return the trees of these sites (None: of all) as they are now; sites without circuits are not among them."""
    kept = await tx.fetch(_Kept, ALL, None if sites is None else list(sites))
    return [one.tree for one in kept if one.tree.circuits]


async def add(tx: Transaction, made: Tree, change: Version) -> None:
    """Keep a new version of a tree; `made` carries its number."""
    await tx.execute(
        INSERT, made.site_id, made.version, made, change.made_at, change.made_by, change.change, change.params,
        change.reason, change.undoes,
    )  # fmt: skip


async def newest_change(tx: Transaction, site_id: SiteId) -> Version | None:
    """Return what was done last, or None."""
    return await tx.fetch_one(Version, NEWEST_CHANGE, site_id)


async def signals(tx: Transaction, sites: Sequence[UUID], after: datetime) -> list[Signal]:
    """Return the signals of these sites that are not over at `after`."""
    return await tx.fetch(Signal, SIGNALS, list(sites), after)


async def keep_signal(tx: Transaction, site_id: SiteId, signal: Signal, by: str, now: datetime) -> None:
    """Keep a signal; the same key of the same sender replaces what was said before."""
    await tx.execute(
        KEEP_SIGNAL, site_id, signal.circuit_id, signal.source, signal.key, signal.starts_at, signal.ends_at,
        list(signal.limit_a), signal.note, now, by,
    )  # fmt: skip


async def signal_rows(tx: Transaction, site_id: UUID, after: datetime, limit: int) -> list[SignalRow]:
    """Return a site's signals that were not over at `after`, with those that were taken away."""
    return await tx.fetch(SignalRow, SIGNAL_ROWS, site_id, after, limit)


async def of_sender(tx: Transaction, circuit_id: UUID, source: str, prefix: str, after: datetime) -> list[Signal]:
    """Return the signals whose keys begin so, locked: those of one sender."""
    return await tx.fetch(Signal, OF_SENDER, circuit_id, source, prefix, after)


async def take_signal(
    tx: Transaction, site_id: SiteId, circuit_id: UUID, source: str, key: str, now: datetime, by: str
) -> bool:
    """Let a signal hold no more, and remember it; return whether there was one that held or would."""
    return bool(await tx.execute(TAKE_SIGNAL, site_id, circuit_id, source, key, now, by))


async def put_back_signal(
    tx: Transaction, site_id: SiteId, circuit_id: UUID, source: str, key: str, now: datetime
) -> bool:
    """Let a signal that was taken away hold again; return whether there was one."""
    return bool(await tx.execute(PUT_BACK_SIGNAL, site_id, circuit_id, source, key, now))


async def drop_signal(tx: Transaction, site_id: SiteId, circuit_id: UUID, source: str, key: str) -> bool:
    """Forget a signal; return whether there was one."""
    return bool(await tx.execute(DROP_SIGNAL, site_id, circuit_id, source, key))


async def count_signals(tx: Transaction, site_id: SiteId, now: datetime) -> int:
    """Return how many signals of a site are not over."""
    return int(await tx.value(COUNT_SIGNALS, site_id, now))


async def drop_old(tx: Transaction, before: datetime) -> int:
    """Forget signals that ended before; return how many."""
    return await tx.execute(DROP_OLD, before)


async def is_placed(tx: Transaction, station_id: StationId, evse_number: int) -> bool:
    """Return whether an outlet hangs on a circuit: load management says what it may draw."""
    return bool(await tx.value(IS_PLACED, station_id, evse_number))


async def stations_of(tx: Transaction, site_id: SiteId) -> frozenset[UUID]:
    """Return the stations that stand at a site."""
    return frozenset(await tx.values(STATIONS_OF, site_id))

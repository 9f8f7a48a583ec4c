"""Programs of OpenADR and what was heard of them in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.signals.model import Heard, Vtn
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

VTN_COLUMNS: Final = "SELECT id, site_id, circuit_id, name, setup, secret, made_at, changed_at FROM vtn "
ALL: Final = VTN_COLUMNS + "WHERE retired_at IS NULL ORDER BY id"
ONE: Final = VTN_COLUMNS + "WHERE id = $1 AND retired_at IS NULL"
OF_SITE: Final = VTN_COLUMNS + "WHERE site_id = $1 AND retired_at IS NULL ORDER BY name, id"
LOCK_SITE: Final = "SELECT id FROM site WHERE id = $1 FOR NO KEY UPDATE"
COUNT: Final = "SELECT count(*) FROM vtn WHERE site_id = $1 AND retired_at IS NULL"
PUT: Final = """
INSERT INTO vtn (id, site_id, circuit_id, name, setup, secret, made_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE
SET circuit_id = excluded.circuit_id, name = excluded.name, setup = excluded.setup, secret = excluded.secret,
    changed_at = excluded.changed_at, heard = '{}'
"""
RETIRE: Final = "UPDATE vtn SET retired_at = $2, secret = NULL WHERE id = $1 AND retired_at IS NULL"
HEARD: Final = "SELECT id, heard FROM vtn WHERE id = ANY($1)"
KEEP_HEARD: Final = "UPDATE vtn SET heard = $2 WHERE id = $1 AND retired_at IS NULL AND changed_at = $3"


class _Row(Struct, frozen=True):
    id: UUID
    heard: Heard


async def vtns(tx: Transaction) -> list[Vtn]:
    """Return every program that is asked."""
    return await tx.fetch(Vtn, ALL)


async def vtn(tx: Transaction, vtn_id: UUID) -> Vtn | None:
    """Return a program, or None."""
    return await tx.fetch_one(Vtn, ONE, vtn_id)


async def of_site(tx: Transaction, site_id: UUID) -> list[Vtn]:
    """Return the programs of a site by name."""
    return await tx.fetch(Vtn, OF_SITE, site_id)


async def lock_site(tx: Transaction, site_id: UUID) -> bool:
    """Let nobody else add programs to a site until `tx` ends; return whether there is such a site."""
    return await tx.value(LOCK_SITE, site_id) is not None


async def count(tx: Transaction, site_id: SiteId) -> int:
    """Return how many programs limit a site."""
    return int(await tx.value(COUNT, site_id))


async def put(tx: Transaction, kept: Vtn) -> None:
    """Keep a program, new or changed; what was heard of it is forgotten."""
    await tx.execute(
        PUT, kept.id, kept.site_id, kept.circuit_id, kept.name, kept.setup, kept.secret, kept.made_at, kept.changed_at
    )


async def retire(tx: Transaction, vtn_id: UUID, now: datetime) -> None:
    """Ask a program no more; its secret is gone."""
    await tx.execute(RETIRE, vtn_id, now)


async def heard(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Heard]:
    """Return what was heard of programs last."""
    return {row.id: row.heard for row in await tx.fetch(_Row, HEARD, list(ids))}


async def keep_heard(tx: Transaction, kept: Vtn, said: Heard) -> bool:
    """Keep what was heard; nothing when the program was changed or removed meanwhile. Return whether it was kept."""
    return bool(await tx.execute(KEEP_HEARD, kept.id, said, kept.changed_at))
